package kafka

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-sql/millrace/engine/broker"
	"github.com/millrace-sql/millrace/engine/connector"
)

// newFakeBrokers starts several brokers, for what one alone cannot show.
func newFakeBrokers(t testing.TB, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestLeaderMoves(t *testing.T) {
	c := newFakeBrokers(t, kfake.NumBrokers(3), kfake.SeedTopics(2, "iris"))
	addr := strings.Join(c.ListenAddrs(), ",")
	k := kgoClient(t, addr)
	s := openSource(t, table(addr, "subscribe", "iris"))
	s.missing = time.Minute
	snk := openSink(t, table(addr, "topic", "iris"), keyed)
	tk := newTask(t)
	at := 0
	for round := range 6 {
		produce(t, k, records("iris", 0, at, at+10)...)
		if err := c.MoveTopicPartition("iris", 0, int32(round%3)); err != nil {
			t.Fatal(err)
		}
		to, err := s.Plan(t.Context(), connector.Offsets{"iris/0": int64(at), "iris/1": 0}, connector.Limit{})
		if err != nil || to["iris/0"] != int64(at+10) {
			t.Fatalf("round %d: plan %v, %v", round, to, err)
		}
		if err := c.MoveTopicPartition("iris", 0, int32((round+1)%3)); err != nil {
			t.Fatal(err)
		}
		wantValues(t, values(t, s, "iris/0", int64(at), int64(at+10)), numbered(at, at+10))
		at += 10
		rec := jsonRecord(t, tk, keyed, fmt.Sprintf(`{"key":null,"value":"v%d","partition":0}`, at))
		if err := c.MoveTopicPartition("iris", 0, int32(round%3)); err != nil {
			t.Fatal(err)
		}
		if err := write(t.Context(), snk, tk, rec); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		wantValues(t, values(t, s, "iris/0", int64(at), int64(at+1)), numbered(at, at+1))
		at++
	}
}

// TestBrokerGoesAndComes stops the broker under a reading query and starts it
// again on the same port: the query goes on and nothing is lost.
func TestBrokerGoesAndComes(t *testing.T) {
	dir := t.TempDir()
	start := func() *broker.Broker {
		b, err := broker.Start(t.Context(), broker.Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := start()
	addr := b.Addr()
	createTopic(t, addr, "iris", 1)
	produce(t, kgoClient(t, addr), records("iris", 0, 0, 50)...)

	var st status
	src, err := New().OpenSource(t.Context(), testEnv(addr, &st), table(addr, "subscribe", "iris"))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	s := src.(*source)
	wantValues(t, values(t, s, "iris/0", 0, 20), numbered(0, 20))
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	type plan struct {
		to  connector.Offsets
		err error
	}
	planned, read := make(chan plan, 1), make(chan []string, 1)
	go func() {
		to, err := s.Plan(context.Background(), connector.Offsets{"iris/0": 20}, connector.Limit{})
		planned <- plan{to, err}
	}()
	go func() {
		out, err := valuesErr(context.Background(), t, s, "iris/0", 5, 40)
		if err != nil {
			t.Error(err)
		}
		read <- out
	}()
	deadline := time.Now().Add(20 * time.Second)
	for !strings.Contains(st.get(), "broker "+addr+" is away: ") || !strings.Contains(st.get(), ", next attempt in ") {
		if time.Now().After(deadline) {
			t.Fatalf("status is %q", st.get())
		}
	}
	b = start()
	defer b.Close()
	if b.Addr() != addr {
		t.Fatalf("the broker came back at %s instead of %s", b.Addr(), addr)
	}
	if p := <-planned; p.err != nil || p.to["iris/0"] != 50 {
		t.Errorf("plan %v, %v", p.to, p.err)
	}
	wantValues(t, <-read, numbered(5, 40))
	if st.get() != "" {
		t.Errorf("status stays %q", st.get())
	}
	produce(t, kgoClient(t, addr), records("iris", 0, 50, 60)...)
	wantValues(t, values(t, s, "iris/0", 40, 60), numbered(40, 60))
}

// TestSinkThroughRestarts writes while the broker goes and comes: every row is
// there, in order, and none twice.
func TestSinkThroughRestarts(t *testing.T) {
	dir := t.TempDir()
	b, err := broker.Start(t.Context(), broker.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	addr := b.Addr()
	createTopic(t, addr, "out", 1)
	snk := openSink(t, table(addr, "topic", "out"), valueOnly)
	tk := newTask(t)
	n := 0
	epoch := func() error {
		var rows []string
		for range 10 {
			rows = append(rows, fmt.Sprintf(`{"value":"v%d"}`, n))
			n++
		}
		return write(context.Background(), snk, tk, jsonRecord(t, tk, valueOnly, rows...))
	}
	for range 3 {
		if err := epoch(); err != nil {
			t.Fatal(err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- epoch() }()
		if b, err = broker.Start(t.Context(), broker.Config{Dir: dir}); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	defer b.Close()
	src := openSource(t, table(addr, "subscribe", "out", "startingOffsets", "earliest"))
	latest, err := src.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantValues(t, values(t, src, "out/0", 0, latest["out/0"]), numbered(0, n))
}

// TestOpenWhileAway opens a source before its broker is up.
func TestOpenWhileAway(t *testing.T) {
	dir := t.TempDir()
	b, err := broker.Start(t.Context(), broker.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	addr := b.Addr()
	createTopic(t, addr, "iris", 1)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	var st status
	opened := make(chan error, 1)
	go func() {
		s, err := New().OpenSource(context.Background(), testEnv(addr, &st), table(addr, "subscribe", "iris"))
		if err == nil {
			err = s.Close()
		}
		opened <- err
	}()
	deadline := time.Now().Add(20 * time.Second)
	for !strings.Contains(st.get(), "is away") {
		if time.Now().After(deadline) {
			t.Fatalf("status is %q", st.get())
		}
	}
	if b, err = broker.Start(t.Context(), broker.Config{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New().OpenSource(ctx, testEnv(addr, nil), table("127.0.0.1:1", "subscribe", "iris")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled open: %v", err)
	}
}

func TestTopicMadeAnew(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	k := kgoClient(t, addr, kgo.MetadataMinAge(10*time.Millisecond))
	createTopic(t, addr, topic, 2)
	produce(t, k, records(topic, 0, 0, 100)...)
	strict := openSource(t, table(addr, "subscribe", topic, "kafka.metadata.max.age.ms", "1"))
	lax := openSource(t, table(addr, "subscribe", topic, "kafka.metadata.max.age.ms", "1", "failOnDataLoss", "false"))
	from := connector.Offsets{topic + "/0": 80, topic + "/1": 0}
	wantValues(t, values(t, strict, topic+"/0", 70, 80), numbered(70, 80))
	deleteTopic(t, addr, topic)

	if _, err := strict.Plan(t.Context(), from, connector.Limit{}); err == nil || !strings.Contains(err.Error(), topic+"/0, "+topic+"/1 are gone") {
		t.Errorf("deleted: %v", err)
	}
	// A range that was planned before can still be fetched ahead, or is gone.
	if _, err := valuesErr(t.Context(), t, openSourceOf(t, strict), topic+"/0", 80, 90); err == nil || !strings.Contains(err.Error(), topic+"/0 is gone") {
		t.Errorf("reading what is deleted: %v", err)
	}
	createTopicAgain(t, addr, topic, 1)
	produce(t, kgoClient(t, addr), records(topic, 0, 0, 20)...)
	if _, err := strict.Plan(t.Context(), connector.Offsets{topic + "/0": 80}, connector.Limit{}); err == nil || !strings.Contains(err.Error(), "offset was changed from 80 to 20") {
		t.Errorf("made anew: %v", err)
	}
	to, err := lax.Plan(t.Context(), from, connector.Limit{})
	if err != nil || len(to) != 1 || to[topic+"/0"] != 20 {
		t.Errorf("made anew, lax: %v, %v", to, err)
	}
	produce(t, kgoClient(t, addr), records(topic, 0, 20, 25)...)
	wantValues(t, values(t, lax, topic+"/0", 20, 25), numbered(20, 25))
}

// openSourceOf makes another source with the same settings, knowing nothing yet.
func openSourceOf(t testing.TB, s *source) *source {
	t.Helper()
	c := s.cluster
	cl := &cluster{transport: c.transport, addr: c.addr, servers: c.servers, timeout: c.timeout, backoff: c.backoff, logger: c.logger, topics: map[string]topicInfo{}}
	return newSource(s.table, s.sourceConfig, cl)
}

// createTopicAgain makes a topic that was just deleted: a broker may still be at
// it.
func createTopicAgain(t testing.TB, addr, topic string, partitions int) {
	t.Helper()
	s := &sink{sinkConfig: &sinkConfig{}, cluster: openSource(t, table(addr, "subscribePattern", "none")).cluster}
	s.autoCreate, s.requestTimeout = true, 5*time.Second
	deadline := time.Now().Add(20 * time.Second)
	for {
		n, err := s.partitions(t.Context(), topic)
		if err == nil && n == partitions {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("topic %s: %d partitions, %v", topic, n, err)
		}
		s.cluster.forget(topic)
	}
}

// TestTLSAndSCRAM speaks to brokers that want both, with a certificate of their
// own.
func TestTLSAndSCRAM(t *testing.T) {
	cert, ca := selfSigned(t)
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			c := newFakeBrokers(t, kfake.NumBrokers(2), kfake.SeedTopics(1, "iris"), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{cert}}),
				kfake.EnableSASL(), kfake.Superuser(mechanism, "ada", `p"w`))
			addr := strings.Join(c.ListenAddrs(), ",")
			secure := func(password string, more ...string) []string {
				return append([]string{"subscribe", "iris", "startingOffsets", "earliest",
					"kafka.security.protocol", "sasl_ssl", "kafka.sasl.mechanism", mechanism, "kafka.ssl.truststore.type", "PEM", "kafka.ssl.truststore.location", ca,
					"kafka.sasl.jaas.config", fmt.Sprintf(`x.LoginModule required username="ada" password="%s";`, password)}, more...)
			}
			snk := openSink(t, table(addr, secure(`p\"w`, "topic", "iris")...), valueOnly)
			tk := newTask(t)
			if err := write(t.Context(), snk, tk, jsonRecord(t, tk, valueOnly, `{"value":"v0"}`)); err != nil {
				t.Fatal(err)
			}
			s := openSource(t, table(addr, secure(`p\"w`)...))
			wantValues(t, values(t, s, "iris/0", 0, 1), numbered(0, 1))

			_, err := New().OpenSource(t.Context(), testEnv(addr, nil), table(addr, secure(`p\"w`, "kafka.ssl.truststore.location", emptyTrust(t))...))
			if err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("unknown authority: %v", err)
			}
			// A broker says so when a password is wrong; kfake would only hang up.
			c.ControlKey(int16(kmsg.SASLAuthenticate), func(r kmsg.Request) (kmsg.Response, error, bool) {
				c.KeepControl()
				resp := r.ResponseKind().(*kmsg.SASLAuthenticateResponse)
				resp.ErrorCode = int16(kafkago.SASLAuthenticationFailed)
				return resp, nil, true
			})
			_, err = New().OpenSource(t.Context(), testEnv(addr, nil), table(addr, secure("wrong")...))
			if !errors.Is(err, kafkago.SASLAuthenticationFailed) {
				t.Errorf("wrong password: %v", err)
			}
		})
	}
}

// TestClientCertificate speaks to a broker that wants to know who we are, and
// whose certificate is for another name.
func TestClientCertificate(t *testing.T) {
	server, ca := selfSigned(t)
	client, clientFile := selfSigned(t)
	pool := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(client.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(leaf)
	c := newFakeBrokers(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "iris"),
		kfake.TLS(&tls.Config{Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}))
	addr := strings.Replace(c.ListenAddrs()[0], "127.0.0.1", "localhost", 1)
	options := []string{"subscribe", "iris", "kafka.security.protocol", "SSL", "kafka.ssl.ca.location", ca,
		"kafka.ssl.keystore.location", keystore(t, client, clientFile)}
	_, err = New().OpenSource(t.Context(), testEnv(addr, nil), table(addr, options...))
	if err == nil || !strings.Contains(err.Error(), "wanted to match localhost") {
		t.Errorf("another name: %v", err)
	}
	s := openSource(t, table(addr, append(options, "kafka.ssl.endpoint.identification.algorithm", "")...))
	if o, err := s.Latest(t.Context()); err != nil || len(o) != 1 {
		t.Errorf("%v, %v", o, err)
	}
}

// keystore writes a certificate and its key into one file.
func keystore(t *testing.T, cert tls.Certificate, certFile string) string {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keystore.pem")
	if err := os.WriteFile(path, append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEmbedded(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	s, err := New().OpenSource(t.Context(), testEnv(addr, nil), table("embedded", "subscribe", topic))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	_, err = New().OpenSource(t.Context(), connector.Env{}, table("embedded", "subscribe", topic))
	if err == nil || !strings.Contains(err.Error(), "there is no embedded broker here") {
		t.Errorf("without: %v", err)
	}
	away := errors.New("no port")
	env := connector.Env{Embedded: func(context.Context) (string, error) { return "", away }}
	if _, err := New().OpenSink(t.Context(), env, table("embedded", "topic", topic), valueOnly); !errors.Is(err, away) {
		t.Errorf("failing: %v", err)
	}
}

// TestCloseLeavesNothing closes a source in the middle of a range, with a fetch
// under way, and a sink.
func TestCloseLeavesNothing(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	createTopic(t, addr, topic, 1)
	k := kgoClient(t, addr, kgo.ProducerBatchCompression(kgo.NoCompression()))
	for i := 0; i < 100; i += 10 {
		produce(t, k, records(topic, 0, i, i+10)...)
	}
	k.Close()
	tk := newTask(t)
	before := runtime.NumGoroutine()
	for range 5 {
		src, err := New().OpenSource(t.Context(), testEnv(addr, nil), table(addr, "subscribe", topic, "kafka.max.partition.fetch.bytes", "300"))
		if err != nil {
			t.Fatal(err)
		}
		for c, err := range src.Read(t.Context(), connector.Range{Split: topic + "/0", To: 100}) {
			if err != nil {
				t.Fatal(err)
			}
			c.Release()
			break
		}
		if err := src.Close(); err != nil {
			t.Fatal(err)
		}
		for _, err := range src.Read(t.Context(), connector.Range{Split: topic + "/1", To: 100}) {
			if err == nil {
				t.Error("a closed source gave a chunk")
			}
		}
		snk, err := New().OpenSink(t.Context(), testEnv(addr, nil), table(addr, "topic", topic), valueOnly)
		if err != nil {
			t.Fatal(err)
		}
		if err := write(t.Context(), snk.(*sink), tk, jsonRecord(t, tk, valueOnly, `{"value":"x"}`)); err != nil {
			t.Fatal(err)
		}
		if err := snk.Close(); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(20 * time.Second)
	for runtime.NumGoroutine() > before {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines before, %d after", before, runtime.NumGoroutine())
		}
		runtime.Gosched()
	}
}

// selfSigned makes a certificate for the loopback address and its file.
func selfSigned(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

// emptyTrust is a file that trusts some other authority.
func emptyTrust(t *testing.T) string {
	t.Helper()
	_, path := selfSigned(t)
	return path
}
