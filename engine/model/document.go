package model

import (
	"errors"
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
	in, err := openDocument(path)
	if err != nil {
		return nil, "", err
	}
	defer in.Close()
	m, version, err := f.Read(in, options)
	if err != nil {
		return nil, "", loadFault(f, path, err)
	}
	return m, version, nil
}

// openDocument opens the file of a model.
func openDocument(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, pathError("model file", path, err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("model file %s is a directory: only models of the format sparkml are directories", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, pathError("model file", path, err)
	}
	return f, nil
}

// loadFault is why there is no model of a format at a path. It says what there
// seems to be instead.
func loadFault(f Format, path string, err error) error {
	head, rerr := readHead(path)
	if rerr != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if what := foreign(head); what != "" {
		return fmt.Errorf("%s: %w; %s", path, err, what)
	}
	if found, derr := DetectDocument(head); derr == nil && found != f.Name() {
		return fmt.Errorf("%s: %w; it looks like a model of the format %s", path, err, found)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// faults tells a task which rows have no score and why. Missing is the format's
// mark of an error about a missing value: the task gets catalog's.
func faults(t catalog.Task, missing error) func(row int, err error) {
	return func(row int, err error) {
		if errors.Is(err, missing) {
			err = catalog.Missing(err)
		}
		t.Fault(row, "predict", err)
	}
}
