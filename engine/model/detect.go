package model

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

// Lookup is Named for a format of files or directories whose name a person gave, in
// any case: an error names those that there are, and the nearest one.
func Lookup(name string) (Format, error) {
	names := FileFormats()
	if f, ok := Named(strings.ToLower(name)); ok && slices.Contains(names, f.Name()) {
		return f, nil
	}
	hint := ""
	if near := catalog.Nearest(strings.ToLower(name), names); near != "" {
		hint = fmt.Sprintf(" (did you mean %s?)", near)
	}
	return nil, fmt.Errorf("%s is no format of models%s: %s was expected", name, hint, alternatives(names))
}

// FileFormats are the names of the formats whose models are files or directories.
func FileFormats() []string {
	var names []string
	for _, f := range Formats() {
		for _, o := range f.Options() {
			if o.Name == "path" {
				names = append(names, f.Name())
			}
		}
	}
	return names
}

// CheckOptions refuses options that a format does not have. An error names the
// nearest one.
func CheckOptions(f Format, options map[string]string) error {
	_, err := connector.CheckOptions(f.Options(), options)
	return err
}

// alternatives lists names: "a, b or c".
func alternatives(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// detected is how much of a file is looked at to tell its format.
const detected = 64 << 10

// Detect tells the format of a file or directory from what it holds. An error
// says that it cannot be told.
func Detect(path string) (format string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", pathError("model", path, err)
	}
	if info.IsDir() {
		return "sparkml", nil
	}
	head, err := readHead(path)
	if err != nil {
		return "", pathError("model", path, err)
	}
	if format, err = DetectDocument(head); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return format, nil
}

// readHead reads as much of a file as is looked at.
func readHead(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, detected))
}

// others are documents that are no models here, by how they begin.
var others = []struct{ prefix, what string }{
	{"\x1f\x8b", "it is packed by gzip: unpack it first"},
	{"PK\x03\x04", "it is a zip archive: a model's own document was expected"},
	{"\x89HDF", "it is an HDF5 file: save the model as ONNX"},
	{"\x80", "it is a Python pickle: save the model as PMML, as ONNX, or with its library's save_model"},
}

// foreign says what a document is that is known and no model; empty for others.
func foreign(head []byte) string {
	for _, o := range others {
		if bytes.HasPrefix(head, []byte(o.prefix)) {
			return o.what
		}
	}
	return ""
}

// DetectDocument tells the format of a document from its first bytes: XML is
// PMML; a JSON object, UBJSON and XGBoost's old binary form are XGBoost's; text
// that begins with the word tree is LightGBM's; a protocol buffer of ONNX's fields
// is ONNX.
func DetectDocument(head []byte) (format string, err error) {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	first, _, _ := bytes.Cut(text, []byte{'\n'})
	switch {
	case len(text) == 0:
		return "", errors.New("it is empty: a model was expected")
	case text[0] == '<', bytes.HasPrefix(text, []byte("\xff\xfe<")), bytes.HasPrefix(text, []byte("\xfe\xff\x00<")):
		return "pmml", nil
	case text[0] == '{', bytes.HasPrefix(text, []byte("binf")):
		return "xgboost", nil
	case string(bytes.TrimRight(first, " \t\r")) == "tree":
		return "lightgbm", nil
	}
	if what := foreign(head); what != "" {
		return "", errors.New(what)
	}
	if isONNX(head) {
		return "onnx", nil
	}
	return "", fmt.Errorf("it is none of the formats of models (%s): PMML begins with <, XGBoost's JSON and UBJSON with {, LightGBM's text with the word tree",
		strings.Join(FileFormats(), ", "))
}

// onnxFields are the fields of ONNX's ModelProto, by number: true for those that
// are integers, false for those that have a length.
var onnxFields = map[uint64]bool{1: true, 2: false, 3: false, 4: false, 5: true, 6: false, 7: false, 8: false, 14: false, 20: false, 25: false, 26: false}

// isONNX reports whether a document is a protocol buffer of those fields, as far
// as it is there, with a graph or at least the version of its form.
func isONNX(b []byte) bool {
	seen := false
	for len(b) > 0 {
		key, n := varint(b)
		if n == 0 {
			return seen
		}
		b = b[n:]
		integer, known := onnxFields[key>>3]
		wire := uint64(2)
		if integer {
			wire = 0
		}
		if !known || key&7 != wire {
			return false
		}
		value, n := varint(b)
		if n == 0 {
			return seen && len(b) < 10
		}
		seen = seen || key>>3 == 1 || key>>3 == 7
		b = b[n:]
		if !integer {
			b = b[min(value, uint64(len(b))):]
		}
	}
	return seen
}

// varint reads a number of a protocol buffer; n is 0 if it is not whole.
func varint(b []byte) (x uint64, n int) {
	for i, c := range b[:min(len(b), 10)] {
		x |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return x, i + 1
		}
	}
	return 0, 0
}
