package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"github.com/millrace-sql/millrace/engine/connector"
)

// common are the settings that sources and sinks share.
type common struct {
	servers        string
	clientID       string
	requestTimeout time.Duration
	retryBackoff   time.Duration
	tls            *tls.Config
	sasl           sasl.Mechanism
	autoCreate     bool
}

func (s *settings) common() (c common, err error) {
	c.servers = s.text(optServers, "")
	if len(splitList(c.servers)) == 0 {
		return c, &connector.OptionError{Option: optServers, Msg: "option kafka.bootstrap.servers is empty", Hint: "name a server, host:port, or 'embedded'"}
	}
	c.clientID = s.text(optClientID, defaultClientID)
	if c.requestTimeout, err = s.millis(optRequestTimeout, 30*time.Second); err != nil {
		return c, err
	}
	if c.retryBackoff, err = s.millis(optRetryBackoff, 100*time.Millisecond); err != nil {
		return c, err
	}
	if c.autoCreate, err = s.bool(optAllowAutoCreate, true); err != nil {
		return c, err
	}
	protocol, err := s.oneOf(optSecurity, "PLAINTEXT", "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
	if err != nil {
		return c, err
	}
	if strings.HasSuffix(protocol, "SSL") {
		if c.tls, err = s.tlsConfig(); err != nil {
			return c, err
		}
	}
	if strings.HasPrefix(protocol, "SASL") {
		c.sasl, err = s.saslMechanism()
	}
	return c, err
}

// tlsConfig reads the ssl.* options: PEM files and PEM texts.
func (s *settings) tlsConfig() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	for _, k := range []string{optTruststoreType, optKeystoreType} {
		if s.has(k) && !strings.EqualFold(s.text(k, ""), "PEM") {
			return nil, &connector.OptionError{Option: k, Msg: fmt.Sprintf("option %s is %q", k, s.opts[k]), Hint: "only PEM is read: convert the store with keytool and openssl"}
		}
	}
	ca, from, err := s.pem(optTruststoreCerts, optTruststore, optCALocation)
	if err != nil {
		return nil, err
	}
	if ca != nil {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(ca) {
			return nil, notPEM(from, "certificate")
		}
	}
	if err := s.clientCertificate(c); err != nil {
		return nil, err
	}
	if s.has(optEndpointCheck) && s.text(optEndpointCheck, "") == "" {
		skipNameCheck(c)
	}
	return c, nil
}

// clientCertificate reads our own certificate, where one is given. A keystore
// file holds the certificate and the key.
func (s *settings) clientCertificate(c *tls.Config) error {
	cert, from, err := s.pem(optKeystoreChain, optKeystore, optCertLocation)
	if err != nil || cert == nil {
		return err
	}
	key, _, err := s.pem(optKeystoreKey, optKeystore, optKeyLocation)
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return &connector.OptionError{Option: from, Msg: fmt.Sprintf("option %s: %v", from, err), Hint: "certificate and key must be PEM, the key not encrypted"}
	}
	c.Certificates = []tls.Certificate{pair}
	return nil
}

// pem gives the first of a text option and file options that is set, and its
// name.
func (s *settings) pem(text string, files ...string) ([]byte, string, error) {
	if s.has(text) {
		return []byte(s.opts[text]), text, nil
	}
	for _, f := range files {
		if !s.has(f) {
			continue
		}
		b, err := os.ReadFile(s.opts[f])
		if err != nil {
			return nil, f, &connector.OptionError{Option: f, Msg: fmt.Sprintf("option %s: %v", f, err)}
		}
		return b, f, nil
	}
	return nil, "", nil
}

func notPEM(option, what string) error {
	return &connector.OptionError{Option: option, Msg: fmt.Sprintf("option %s holds no %s in PEM form", option, what), Hint: "a Java keystore (JKS, PKCS12) must be converted with keytool and openssl"}
}

// skipNameCheck verifies the chain but not the server's name: what an empty
// ssl.endpoint.identification.algorithm asks for.
func skipNameCheck(c *tls.Config) {
	c.InsecureSkipVerify = true
	roots := c.RootCAs
	c.VerifyConnection = func(cs tls.ConnectionState) error {
		opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, cert := range cs.PeerCertificates[1:] {
			opts.Intermediates.AddCert(cert)
		}
		_, err := cs.PeerCertificates[0].Verify(opts)
		return err
	}
}

func (s *settings) saslMechanism() (sasl.Mechanism, error) {
	user, password, err := s.credentials()
	if err != nil {
		return nil, err
	}
	name, err := s.oneOf(optMechanism, "", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
	if err != nil {
		return nil, err
	}
	switch name {
	case "SCRAM-SHA-256":
		return scram.Mechanism(scram.SHA256, user, password)
	case "SCRAM-SHA-512":
		return scram.Mechanism(scram.SHA512, user, password)
	}
	return plain.Mechanism{Username: user, Password: password}, nil
}

var jaasField = regexp.MustCompile(`(username|password)\s*=\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')`)

// credentials come from the login module line that Java clients take, or from
// two options of their own.
func (s *settings) credentials() (user, password string, err error) {
	if s.has(optUsername) || s.has(optPassword) {
		return s.opts[optUsername], s.opts[optPassword], nil
	}
	found := map[string]string{}
	for _, m := range jaasField.FindAllStringSubmatch(s.opts[optJaas], -1) {
		found[m[1]] = unescape(m[2][1 : len(m[2])-1])
	}
	if len(found) < 2 {
		return "", "", &connector.OptionError{Option: optJaas, Msg: "option kafka.sasl.jaas.config names no username and password",
			Hint: `it reads: org.apache.kafka.common.security.scram.ScramLoginModule required username="..." password="...";`}
	}
	return found["username"], found["password"], nil
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
