package model

import (
	"fmt"
	"io"
	"os"

	"github.com/millrace-sql/millrace/catalog"
)

// Reader is a Format whose models are single documents, wherever they come from.
type Reader interface {
	Format
	// Read is Load for a document that has no path; an error does not name one.
	Read(r io.Reader, options map[string]string) (m catalog.Model, version string, err error)
}

// loadFile is Load of a Reader: it reads the document at option path.
func loadFile(f Reader, options map[string]string) (catalog.Model, string, error) {
	path := options["path"]
	in, err := os.Open(path)
	if err != nil {
		return nil, "", pathError("model file", path, err)
	}
	defer in.Close()
	m, version, err := f.Read(in, options)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	return m, version, nil
}
