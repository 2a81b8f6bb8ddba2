package openscoring

import (
	_ "embed"
	"net/http"
	"strconv"
)

//go:embed page.html
var page []byte

//go:embed openapi.json
var openAPI []byte

// servePage is a page that lists the models and lets a person try one. It loads
// nothing from elsewhere.
func servePage(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	static(w, r, "text/html; charset=utf-8", page)
}

func serveOpenAPI(w http.ResponseWriter, r *http.Request) {
	static(w, r, "application/json", openAPI)
}

func static(w http.ResponseWriter, r *http.Request, contentType string, body []byte) {
	if !readOnly(w, r) {
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// readOnly refuses what is neither GET nor HEAD.
func readOnly(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusMethodNotAllowed)
	_, _ = w.Write(appendMessage(nil, http.StatusText(http.StatusMethodNotAllowed)))
	return false
}

// serveHealth says that the server answers, and how many models it has.
func (s *Server) serveHealth(w http.ResponseWriter, r *http.Request) {
	body := `{"status":"ok","models":` + strconv.Itoa(len(s.store.all())) + `,"leftOut":` + strconv.Itoa(len(s.faults)) + "}\n"
	static(w, r, "application/json", []byte(body))
}
