package openscoring

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// admin says whether a request may change models or read documents. A server with
// a token wants the token, always. Without one, the request has to come from this
// machine and be made for this machine: that keeps out pages of other sites in a
// browser here (by Origin and Sec-Fetch-Site), requests for another host's name,
// and what a proxy here passes on, if it says so in a header. A proxy that says
// nothing and puts this machine's name in Host cannot be told from a local
// program: behind a proxy, a server needs a token.
func (s *Server) admin(r *http.Request) bool {
	if s.cfg.Token != "" {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(s.cfg.Token))
		return ok && subtle.ConstantTimeCompare(a[:], b[:]) == 1
	}
	return isLoopback(r.RemoteAddr) && isLoopback(r.Host) && !passedOn(r.Header) && s.origin.Check(r) == nil
}

// passedOn says whether a proxy put its mark on a request.
func passedOn(h http.Header) bool {
	for name := range h {
		switch {
		case name == "Forwarded", name == "Via", name == "X-Real-Ip", strings.HasPrefix(name, "X-Forwarded-"):
			return true
		}
	}
	return false
}

// isLoopback says whether an address, with or without a port, is this machine's
// own.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = strings.Trim(addr, "[]")
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
