package file

import (
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fileURI writes an absolute path as Java's Path.toUri does: everything that a
// URI's path may not hold is percent-encoded; letters beyond ASCII stay.
func fileURI(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive's letter
	}
	var b strings.Builder
	b.WriteString("file://")
	for i := 0; i < len(path); {
		r, n := utf8.DecodeRuneInString(path[i:])
		if plainInURI(r, n) {
			b.WriteString(path[i : i+n])
		} else {
			for _, c := range []byte(path[i : i+n]) {
				b.WriteByte('%')
				b.WriteByte(hexDigits[c>>4])
				b.WriteByte(hexDigits[c&15])
			}
		}
		i += n
	}
	return b.String()
}

const hexDigits = "0123456789ABCDEF"

func plainInURI(r rune, size int) bool {
	switch {
	case r >= utf8.RuneSelf:
		return !(r == utf8.RuneError && size == 1) && !unicode.IsControl(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.Z, r)
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	}
	return strings.ContainsRune("/-_.!~*'(),;:$&+=@", r)
}

// pathOf reads a path out of a log: a file: URI, or a path.
func pathOf(uri string) string {
	rest, ok := strings.CutPrefix(uri, "file:")
	if !ok {
		return filepath.FromSlash(uri)
	}
	if strings.HasPrefix(rest, "//") {
		rest = rest[2:]
		// An authority, if there is one, ends where the path begins.
		if i := strings.IndexByte(rest, '/'); i > 0 {
			rest = rest[i:]
		}
	}
	if plain, err := url.PathUnescape(rest); err == nil {
		rest = plain
	}
	if runtime.GOOS == "windows" && len(rest) > 2 && rest[2] == ':' {
		rest = rest[1:]
	}
	return filepath.FromSlash(rest)
}
