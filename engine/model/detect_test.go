package model

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDetect tells the format of every model among the test data, which other
// programs wrote.
func TestDetect(t *testing.T) {
	for _, c := range []struct {
		glob, want string
		least      int
	}{
		{"pmml/models/*", "pmml", 10}, {"iris/*.pmml", "pmml", 1}, {"iris/index_to_class", "sparkml", 1}, {"sparkml/*/model", "sparkml", 50},
		{"xgboost/*.json", "xgboost", 20}, {"xgboost/*.ubj", "xgboost", 3}, {"lightgbm/*.txt", "lightgbm", 20},
		{"onnx/*/*.onnx", "onnx", 20},
	} {
		paths, err := filepath.Glob("../../testdata/" + c.glob)
		if err != nil || len(paths) < c.least {
			t.Fatalf("%s: %d files, %v", c.glob, len(paths), err)
		}
		for _, p := range paths {
			if got, err := Detect(p); got != c.want {
				t.Errorf("%s: %q, %v, want %s", p, got, err, c.want)
			}
		}
	}
}

func TestDetectDocument(t *testing.T) {
	// A ModelProto: ir_version 8, producer_name "x", a graph of 3 bytes, opset_import.
	const proto = "\x08\x08\x12\x01x\x3a\x03abc\x42\x02\x10\x0d"
	for _, c := range []struct{ doc, want, err string }{
		{"\xef\xbb\xbf \n<PMML", "pmml", ""},
		{"\xff\xfe<\x00P\x00", "pmml", ""},
		{" {\"learner\":{}}", "xgboost", ""},
		{"{L\x00", "xgboost", ""},
		{"binf\x00", "xgboost", ""},
		{"tree\nversion=v4\n", "lightgbm", ""},
		{"tree\r\nversion=v3\r\n", "lightgbm", ""},
		{"trees are green\n", "", "none of the formats"},
		{"a,b\n1,2\n", "", "none of the formats of models (pmml, sparkml, xgboost, lightgbm"},
		{"", "", "it is empty"},
		{" \n", "", "it is empty"},
		{proto, "onnx", ""},
		{proto[:4], "onnx", ""},
		{proto[:8], "onnx", ""},
		{proto + "\x08", "onnx", ""},
		{proto + "\x0b\x01", "", "none of the formats"},
		{"\x12\x01x", "", "none of the formats"},
		{"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "", "none of the formats"},
		{"\x80\x04\x95", "", "Python pickle"},
		{"PK\x03\x04", "", "zip archive"},
		{"\x1f\x8b\x08", "", "gzip"},
		{"\x89HDF\r\n", "", "HDF5"},
	} {
		got, err := DetectDocument([]byte(c.doc))
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q: %q, %v, want %s%s", c.doc, got, err, c.want, c.err)
		}
	}
}

func TestDetectFaults(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "model.json"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Detect(filepath.Join(dir, "model.jsn")); err == nil || !strings.Contains(err.Error(), "model.jsn does not exist: did you mean "+filepath.Join(dir, "model.json")+"?") {
		t.Error(err)
	}
	if _, err := Detect(filepath.Join(dir, "model.json")); err == nil || !strings.Contains(err.Error(), "model.json: it is none of the formats") {
		t.Error(err)
	}
}

// TestLoadFaults gives a format what is none of its models: an error says what it
// seems to be.
func TestLoadFaults(t *testing.T) {
	dir := t.TempDir()
	zip := filepath.Join(dir, "model.zip")
	if err := os.WriteFile(zip, []byte("PK\x03\x04 and more"), 0o600); err != nil {
		t.Fatal(err)
	}
	const data = "../../testdata/"
	for _, c := range []struct{ format, path, want string }{
		{"pmml", data + "xgboost/frame.json", "frame.json: PMML: the document is empty or ends early; it looks like a model of the format xgboost"},
		{"xgboost", data + "pmml/several.pmml", "; it looks like a model of the format pmml"},
		{"onnx", data + "lightgbm/binary.txt", "; it looks like a model of the format lightgbm"},
		{"lightgbm", data + "pmml/several.pmml", "; it looks like a model of the format pmml"},
		{"sparkml", data + "xgboost/frame.json", "it is a file: Spark ML saves a model as a directory; it looks like a model of the format xgboost"},
		{"pmml", data + "iris/index_to_class", "index_to_class is a directory: only models of the format sparkml are directories"},
		{"lightgbm", data, " is a directory: "},
		{"xgboost", zip, "; it is a zip archive"},
		{"pmml", zip, "; it is a zip archive"},
		{"sparkml", zip, "; it is a zip archive"},
		{"pmml", "", "path is empty: a model file was expected"},
		{"onnx", "", "path is empty: a model file was expected"},
		{"sparkml", "", "path is empty: a model directory was expected"},
	} {
		f, err := Lookup(c.format)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err = f.Load(map[string]string{"path": c.path}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %q: %v, want %s", c.format, c.path, err, c.want)
		}
	}
}

func TestLookup(t *testing.T) {
	for _, name := range FileFormats() {
		if f, err := Lookup(strings.ToUpper(name)); err != nil || f.Name() != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Lookup("xgbost"); err == nil || !strings.HasPrefix(err.Error(), "xgbost is no format of models (did you mean xgboost?): pmml, sparkml, xgboost") {
		t.Error(err)
	}
	if _, err := Lookup("openscoring"); err == nil || !strings.Contains(err.Error(), "is no format of models") {
		t.Error(err)
	}
	f, err := Lookup("onnx")
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckOptions(f, map[string]string{"path": "x", "features": "a"}); err != nil {
		t.Error(err)
	}
	if err := CheckOptions(f, map[string]string{"path": "x", "feature": "a"}); err == nil || !strings.Contains(err.Error(), "features") {
		t.Error(err)
	}
	if _, err := Lookup("forest"); err == nil || strings.Contains(err.Error(), "did you mean") {
		t.Error(err)
	}
}

func FuzzDetectDocument(f *testing.F) {
	f.Add([]byte("\x08\x08\x3a\x03abc"))
	f.Add([]byte("tree\n"))
	f.Fuzz(func(t *testing.T, head []byte) {
		format, err := DetectDocument(head)
		if (format == "") != (err != nil) {
			t.Errorf("%q: %q, %v", head, format, err)
		}
	})
}
