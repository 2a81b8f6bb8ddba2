package openscoring

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// admin says whether a request may change models or read documents: it carries
// the token, or it comes from this machine and was made for this machine. The
// second half keeps out what a browser or a proxy on this machine passes on:
// pages of other sites (by Origin and Sec-Fetch-Site) and requests for another
// host's name.
func (s *Server) admin(r *http.Request) bool {
	if s.cfg.Token != "" {
		if given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
			a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(s.cfg.Token))
			return subtle.ConstantTimeCompare(a[:], b[:]) == 1
		}
	}
	return isLoopback(r.RemoteAddr) && isLoopback(r.Host) && s.origin.Check(r) == nil
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
