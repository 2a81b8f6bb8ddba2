package model

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

// Format makes models of one kind: what a name after CREATE MODEL ... USING
// means.
type Format interface {
	// Name is the word after USING, lower case.
	Name() string
	// Options specifies the options.
	Options() []connector.Option
	// Load reads a model. Version is a checksum of what was read. An error is in the
	// user's words.
	Load(options map[string]string) (m catalog.Model, version string, err error)
}

// Remote is a Format whose Load asks a server for the model: also while a script
// is only checked, since the columns of its predictions are known nowhere else.
type Remote interface {
	Format
	// LoadContext is Load, and ends with ctx.
	LoadContext(ctx context.Context, options map[string]string) (m catalog.Model, version string, err error)
}

// Formats are the formats that millrace knows, in the order in which people are
// told of them.
func Formats() []Format {
	return []Format{pmmlFormat{}, sparkmlFormat{}, xgboostFormat{}, lightgbmFormat{}, onnxFormat{}, openscoringFormat{}}
}

// Named is the format of that name.
func Named(name string) (Format, bool) {
	for _, f := range Formats() {
		if f.Name() == name {
			return f, true
		}
	}
	return nil, false
}

// pathOptions are the options of a model that is read from a path.
var pathOptions = []connector.Option{
	{Name: "path", Read: true, Required: true, Help: "the model's file or directory"},
}

// pathError says what is wrong with a path in the user's words, and names the
// nearest entry of its folder.
func pathError(what, path string, err error) error {
	if path == "" {
		return fmt.Errorf("path is empty: a %s was expected", what)
	}
	if !os.IsNotExist(err) {
		return fmt.Errorf("%s %s: %w", what, path, err)
	}
	msg := fmt.Sprintf("%s %s does not exist", what, path)
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	entries, rerr := os.ReadDir(dir)
	if rerr != nil {
		return fmt.Errorf("%s: neither does its folder", msg)
	}
	names := make([]string, len(entries))
	for i, d := range entries {
		names[i] = d.Name()
	}
	if near := catalog.Nearest(base, names); near != "" {
		return fmt.Errorf("%s: did you mean %s?", msg, filepath.Join(dir, near))
	}
	return fmt.Errorf("%s", msg)
}
