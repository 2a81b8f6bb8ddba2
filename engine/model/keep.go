package model

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"os"

	"github.com/millrace-sql/millrace/engine/sparkml"
)

// Keeper is a Format whose models are a file or a directory: a change of it can be
// seen, and a copy of it is the same model. Without it a model cannot be loaded
// again when its file changes, nor can a query score again with an earlier one.
type Keeper interface {
	Format
	// Path is the file or the directory of a model with these options. Load reads
	// nothing else.
	Path(options map[string]string) string
	// At is the options of the same model at another path.
	At(options map[string]string, path string) map[string]string
	// Sum is the version that Load would give for what is at a path, whether or not
	// it is a model.
	Sum(path string) (version string, err error)
}

// atPath makes a Keeper of a format whose option path is all that Load reads.
// The version is the SHA-256 of a file, and sparkml's checksum of a directory.
type atPath struct{}

// Path is option path.
func (atPath) Path(options map[string]string) string { return options["path"] }

// At replaces option path.
func (atPath) At(options map[string]string, path string) map[string]string {
	moved := maps.Clone(options)
	moved["path"] = path
	return moved
}

// Sum reads what is at the path.
func (atPath) Sum(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		sum, _, err := sparkml.Checksum(os.DirFS(path))
		return sum, err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
