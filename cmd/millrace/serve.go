package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/openscoring"
)

const serveLong = `Serve answers HTTP requests for models as Openscoring 2.x does, under /openscoring/model: deploy (PUT), list and
describe (GET), score one record, a batch or a CSV document (POST), undeploy (DELETE). Beside them are /metrics
(Prometheus), /healthz, /openapi.json, and a page at / that lets a person try a model.

What lies in the folder --models is deployed at the start under its name: PMML documents (*.pmml), models of XGBoost
(*.json, *.ubj), LightGBM (*.txt) and ONNX (*.onnx), and directories that Spark ML saved. What is deployed by a request
is kept there.

Deploying, undeploying and reading documents is only for requests with the token. A server without a token takes
them from programs of this machine; behind a proxy give it a token, as not every proxy says that it passes a request
on. Ctrl-C stops when the requests under way are answered.`

// serveFlags are the settings of serve.
type serveFlags struct {
	listen, cert, key string
	maxBody, buffered string
	cfg               openscoring.Config
}

func (a *app) serveCommand() *cobra.Command {
	var s serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve models over HTTP, compatible with Openscoring",
		Long:  serveLong,
		Example: "  millrace serve --models models --listen 127.0.0.1:8080\n" +
			"  curl -X PUT --data-binary @forest.pmml -H 'Content-type: text/xml' http://localhost:8080/openscoring/model/forest",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), s) },
	}
	f := cmd.Flags()
	f.StringVar(&s.cfg.Dir, "models", "", "the `folder` of the models; it is made if it is not there (none: models are kept in memory)")
	f.StringVar(&s.listen, "listen", "127.0.0.1:8080", "the `address` to listen on; port 0 is any free one")
	f.StringVar(&s.cfg.Token, "token", "", "only who sends this `token` (Authorization: Bearer) may deploy, from anywhere (none: only programs of this machine may); also MILLRACE_SERVE_TOKEN, which other users of the machine cannot see")
	f.StringVar(&s.cert, "tls-cert", "", "serve TLS with the certificate chain of this PEM `file`")
	f.StringVar(&s.key, "tls-key", "", "the PEM `file` of its private key")
	f.StringVar(&s.maxBody, "max-body", "64MiB", "the longest body of a request, unpacked: a number, or one with KiB, MiB, GiB")
	f.IntVar(&s.cfg.MaxRows, "max-rows", 100_000, "the most records of a request; fewer for a model of many fields")
	f.IntVar(&s.cfg.MaxConcurrency, "max-concurrency", 0, "the most requests that are computed, and the most bodies over 1 MiB that are in memory, at a time; others wait (0: 4 a processor)")
	f.StringVar(&s.buffered, "max-buffered", "256MiB", "the most that bodies up to 1 MiB and answers take in memory at a time; requests beyond it are refused with 503")
	f.DurationVar(&s.cfg.Timeout, "timeout", 0, "the time for reading a request, for waiting, and for writing its answer, each (default 30s)")
	f.DurationVar(&s.cfg.Grace, "grace", 0, "the time for requests under way when the server stops (default 10s)")
	return cmd
}

// serve answers requests until an interrupt.
func (a *app) serve(ctx context.Context, s serveFlags) error {
	var err error
	if s.cfg.MaxBody, err = parseBytes(s.maxBody); err != nil {
		return usageError{fmt.Errorf("--max-body %s: %w", s.maxBody, err)}
	}
	if s.cfg.MaxBuffered, err = parseBytes(s.buffered); err != nil {
		return usageError{fmt.Errorf("--max-buffered %s: %w", s.buffered, err)}
	}
	certificates, err := s.certificates()
	if err != nil {
		return err
	}
	if s.cfg.Token == "" {
		s.cfg.Token = os.Getenv("MILLRACE_SERVE_TOKEN")
	}
	level := slog.LevelWarn
	if a.verbose {
		level = slog.LevelDebug
	}
	s.cfg.Logger = slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))
	srv, err := openscoring.New(s.cfg)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", s.listen, err)
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	scheme := "http"
	if certificates != nil {
		scheme = "https"
	}
	fmt.Fprintf(a.out, "serving %s on %s://%s\n", modelNames(srv.Models()), scheme, l.Addr())
	return srv.Serve(ctx, l, certificates)
}

// modelNames is what a server has, in words.
func modelNames(ids []string) string {
	switch {
	case len(ids) == 0:
		return "no models yet"
	case len(ids) <= 5:
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s models", catalog.Thousands(int64(len(ids))))
}

// certificates reads the TLS settings; nil is without TLS.
func (s *serveFlags) certificates() (*tls.Config, error) {
	switch {
	case s.cert == "" && s.key == "":
		return nil, nil
	case s.cert == "" || s.key == "":
		return nil, usageError{errors.New("--tls-cert and --tls-key were expected together")}
	}
	pair, err := tls.LoadX509KeyPair(s.cert, s.key)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert %s, --tls-key %s: %w", s.cert, s.key, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// parseBytes reads a number of bytes, with or without a unit.
func parseBytes(s string) (int64, error) {
	digits, unit := s, int64(1)
	for _, u := range []struct {
		suffix string
		bytes  int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}} {
		if d, ok := strings.CutSuffix(s, u.suffix); ok {
			digits, unit = strings.TrimSpace(d), u.bytes
		}
	}
	var n int64
	var rest string
	if c, _ := fmt.Sscanf(digits, "%d%s", &n, &rest); c != 1 || n <= 0 || n > (1<<62)/unit {
		return 0, errors.New("a number of bytes was expected, like 1048576 or 64MiB")
	}
	return n * unit, nil
}
