package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"
)

// Config says where a model is and how to ask for it. Only URL is required.
type Config struct {
	// URL is the model's own, http://host:8080/openscoring/model/name; see ModelURL.
	URL string
	// User and Password, or Token, become the Authorization header. They are in no
	// text that this package makes.
	User, Password, Token string
	// Header is sent with each request. May be nil.
	Header http.Header
	// TLS is for https; nil takes the machine's certificates.
	TLS *tls.Config

	Timeout        time.Duration // of one try, from connecting to the answer's last byte; default 30 s
	ConnectTimeout time.Duration // of connecting, TLS included; default 5 s
	Retries        int           // tries after the first; 0 is none, DefaultRetries is usual
	BatchSize      int           // rows of a request at most; default 1,000
	MaxConcurrent  int           // requests under way at most, for the model; default 16
	MaxBytes       int64         // of an answer; default 64 MiB, at most 1 GiB

	// Wait passes the time between two tries, or ends with ctx. nil waits by the
	// clock; a test need not.
	Wait func(ctx context.Context, d time.Duration) error
}

// Defaults and limits of a Config.
const (
	DefaultTimeout        = 30 * time.Second
	DefaultConnectTimeout = 5 * time.Second
	DefaultRetries        = 3
	DefaultBatchSize      = 1000
	DefaultMaxConcurrent  = 16
	DefaultMaxBytes       = 64 << 20
	MostBytes             = 1 << 30
)

func (c *Config) setDefaults() {
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if c.ConnectTimeout <= 0 {
		c.ConnectTimeout = DefaultConnectTimeout
	}
	if c.BatchSize <= 0 {
		c.BatchSize = DefaultBatchSize
	}
	if c.MaxConcurrent <= 0 {
		c.MaxConcurrent = DefaultMaxConcurrent
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = DefaultMaxBytes
	}
	c.MaxBytes = min(c.MaxBytes, MostBytes)
	if c.Wait == nil {
		c.Wait = waitByClock
	}
}

func waitByClock(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ModelURL makes a model's own URL of what a person gives: the URL of a server's
// API and a model's name, or the model's URL alone. A URL without a path is taken
// as Openscoring's default, /openscoring.
func ModelURL(base, model string) (string, error) {
	u, err := url.Parse(base)
	switch {
	case !strings.Contains(base, "://"):
		return "", errors.New("the url has no http:// or https:// at its beginning: http://host:port/openscoring was expected")
	case err != nil:
		return "", errors.New("the url cannot be read: http://host:port/openscoring was expected") // its error would show what is in it
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return "", fmt.Errorf("url %s: http://host:port/openscoring was expected", shown(u))
	case u.User != nil:
		return "", fmt.Errorf("url %s has a user in it: give user and password as options, which are not shown", shown(u))
	case u.Fragment != "":
		return "", fmt.Errorf("url %s has a fragment", shown(u))
	}
	segments := strings.Split(strings.Trim(u.Path, "/"), "/")
	last, parent := segments[len(segments)-1], ""
	if len(segments) > 1 {
		parent = segments[len(segments)-2]
	}
	switch {
	case parent == "model" && (model == "" || model == last):
		u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
		return u.String(), nil
	case parent == "model":
		return "", fmt.Errorf("url %s is that of model %s, and the option says %s", shown(u), last, model)
	case model == "":
		return "", fmt.Errorf("url %s names no model: give model = 'name' beside it, or the model's own url, which ends in /model/name", shown(u))
	case !modelName.MatchString(model):
		return "", fmt.Errorf("model %s: a name is letters, digits, points, hyphens and underscores, of which a letter or digit is first", model)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/openscoring"
	}
	if last != "model" {
		u.Path = path.Join(u.Path, "model")
	}
	u.Path, u.RawPath = path.Join(u.Path, model), ""
	return u.String(), nil
}

// modelName is what Openscoring takes as a model's name.
var modelName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]*$`)

// shown is a URL as people may see it: without a user and without a query, which
// may hold a key.
func shown(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
