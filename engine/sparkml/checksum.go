package sparkml

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
)

// Checksum identifies a saved directory: a SHA-256 in hex over the names and
// contents of all its files that are not hidden, and their size in bytes.
func Checksum(dir fs.FS) (sum string, size int64, err error) {
	h := sha256.New()
	err = fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		b, err := fs.ReadFile(dir, path)
		fmt.Fprintf(h, "%s %d\n", path, len(b))
		h.Write(b)
		size += int64(len(b))
		return err
	})
	return hex.EncodeToString(h.Sum(nil)), size, err
}
