package model

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/openscoring/client"
)

// openscoringFormat is models that an Openscoring server, or millrace serve, holds.
type openscoringFormat struct{}

// Name is openscoring.
func (openscoringFormat) Name() string { return "openscoring" }

// Options say where the server is and how to ask it.
func (openscoringFormat) Options() []connector.Option {
	return []connector.Option{
		{Name: "url", Read: true, Required: true, Help: "the server's API (http://host:8080/openscoring), or the model's own url (.../model/name)"},
		{Name: "model", Read: true, Help: "the model's name on the server, if url is the server's"},
		{Name: "timeout", Read: true, Default: "30s", Help: "of one request"},
		{Name: "connectTimeout", Read: true, Default: "5s", Help: "of connecting"},
		{Name: "retries", Read: true, Default: "3", Help: "tries after the first, when there was no answer, or 408, 429 or 5xx"},
		{Name: "batchSize", Read: true, Default: "1000", Help: "rows of a request at most"},
		{Name: "maxConcurrent", Read: true, Default: "16", Help: "requests under way at most, of all queries"},
		{Name: "maxBytes", Read: true, Default: "67108864", Help: "of an answer"},
		{Name: "user", Read: true, Help: "for basic authentication, with password"},
		{Name: "password", Read: true},
		{Name: "token", Read: true, Help: "for bearer authentication"},
		{Name: "header.*", Read: true, Help: "any header of the requests"},
		{Name: "tls.caFile", Read: true, Help: "certificates to trust, PEM, instead of the machine's"},
		{Name: "tls.insecureSkipVerify", Read: true, Default: "false", Help: "true: any certificate will do"},
	}
}

// Load asks the server for the model's description.
func (f openscoringFormat) Load(options map[string]string) (catalog.Model, string, error) {
	return f.LoadContext(context.Background(), options)
}

// LoadContext is Load, and ends with ctx.
func (openscoringFormat) LoadContext(ctx context.Context, options map[string]string) (catalog.Model, string, error) {
	cfg, err := remoteConfig(options)
	if err != nil {
		return nil, "", err
	}
	m, err := client.Open(ctx, cfg)
	if err != nil {
		return nil, "", &connector.OptionError{Option: "url", Msg: err.Error()}
	}
	return m, m.Version(), nil
}

// remoteConfig reads the options, whose keys are in lower case.
func remoteConfig(options map[string]string) (client.Config, error) {
	r := optionReader{options: options}
	cfg := client.Config{
		User: options["user"], Password: options["password"], Token: options["token"],
		Timeout:        r.duration("timeout", client.DefaultTimeout),
		ConnectTimeout: r.duration("connectTimeout", client.DefaultConnectTimeout),
		Retries:        int(r.number("retries", client.DefaultRetries, 0, 100)),
		BatchSize:      int(r.number("batchSize", client.DefaultBatchSize, 1, 1_000_000)),
		MaxConcurrent:  int(r.number("maxConcurrent", client.DefaultMaxConcurrent, 1, 10_000)),
		MaxBytes:       r.number("maxBytes", client.DefaultMaxBytes, 1, client.MostBytes),
		Header:         r.headers(),
		TLS:            r.tls(),
	}
	var err error
	if cfg.URL, err = client.ModelURL(options["url"], options["model"]); err != nil {
		r.fail("url", "%v", err)
	}
	switch {
	case cfg.Token != "" && (cfg.User != "" || cfg.Password != ""):
		r.fail("token", "token and user are two ways to say who is asking: give one")
	case cfg.Password != "" && cfg.User == "":
		r.fail("password", "password is without user")
	}
	return cfg, r.err
}

// optionReader reads the values of options; err is the first fault.
type optionReader struct {
	options map[string]string
	err     error
}

func (r *optionReader) fail(option, format string, args ...any) {
	if r.err == nil {
		r.err = &connector.OptionError{Option: strings.ToLower(option), Msg: fmt.Sprintf(format, args...)}
	}
}

func (r *optionReader) duration(name string, absent time.Duration) time.Duration {
	text, ok := r.options[strings.ToLower(name)]
	if !ok {
		return absent
	}
	d, err := time.ParseDuration(strings.ReplaceAll(text, " ", ""))
	if err != nil || d <= 0 {
		r.fail(name, "%s is %q: a time such as 10s or 500ms was expected", name, text)
	}
	return d
}

func (r *optionReader) number(name string, absent, least, most int64) int64 {
	text, ok := r.options[strings.ToLower(name)]
	if !ok {
		return absent
	}
	x, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || x < least || x > most {
		r.fail(name, "%s is %q: a number from %d to %d was expected", name, text, least, most)
	}
	return x
}

// headerName is what a header's name is made of, in lower case.
const headerName = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"

// headers are those of the options header.<name>. Their values may be secret and
// are in no message.
func (r *optionReader) headers() http.Header {
	h := http.Header{}
	for key, value := range r.options {
		name, ok := strings.CutPrefix(key, "header.")
		switch {
		case !ok:
			continue
		case strings.Trim(name, headerName) != "" || name == "":
			r.fail(key, "%q is no name of a header", name)
		case slices.Contains([]string{"host", "connection", "content-length", "content-type", "transfer-encoding"}, name):
			r.fail(key, "header %s is not free: requests have their own", name)
		case strings.ContainsFunc(value, func(c rune) bool { return c < 0x20 && c != '\t' || c == 0x7f }):
			r.fail(key, "the value of header %s has control characters", name)
		}
		h.Set(name, value)
	}
	return h
}

func (r *optionReader) tls() *tls.Config {
	cfg := &tls.Config{}
	if path, ok := r.options["tls.cafile"]; ok {
		pem, err := os.ReadFile(path)
		if err != nil {
			r.fail("tls.caFile", "%v", pathError("file of certificates", path, err))
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) && err == nil {
			r.fail("tls.caFile", "%s holds no certificate in PEM", path)
		}
	}
	if text, ok := r.options["tls.insecureskipverify"]; ok {
		skip, err := strconv.ParseBool(strings.ToLower(text))
		if err != nil {
			r.fail("tls.insecureSkipVerify", "tls.insecureSkipVerify is %q: true or false was expected", text)
		}
		cfg.InsecureSkipVerify = skip
	}
	return cfg
}
