package sparkml

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"strings"
)

// metadata is the JSON document that every saved stage has.
type metadata struct {
	Class    string                     `json:"class"`
	Version  string                     `json:"sparkVersion"`
	UID      string                     `json:"uid"`
	Params   map[string]json.RawMessage `json:"paramMap"`
	Defaults map[string]json.RawMessage `json:"defaultParamMap"`

	// Beside these, what the class adds.
	Features int `json:"numFeatures"`
	Classes  int `json:"numClasses"`
	Trees    int `json:"numTrees"`
}

// kind is the class without its package.
func (md *metadata) kind() string { return md.Class[strings.LastIndexByte(md.Class, '.')+1:] }

// float is a number of a parameter; JSON has no NaN and infinities, so Spark writes them as strings.
type float float64

// UnmarshalJSON reads a number or what Spark writes for NaN and the infinities.
func (f *float) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `"NaN"`:
		*f = float(math.NaN())
	case `"Inf"`, `"Infinity"`:
		*f = float(math.Inf(1))
	case `"-Inf"`, `"-Infinity"`:
		*f = float(math.Inf(-1))
	default:
		return json.Unmarshal(b, (*float64)(f))
	}
	return nil
}

// text gives a parameter that is a string, or otherwise a default.
func (md *metadata) text(name, otherwise string) (string, error) {
	_, err := md.param(name, &otherwise)
	return otherwise, err
}

// number gives a parameter that is a number, or otherwise a default.
func (md *metadata) number(name string, otherwise float64) (float64, error) {
	f := float(otherwise)
	_, err := md.param(name, &f)
	return float64(f), err
}

// flag gives a parameter that is a boolean, or otherwise a default.
func (md *metadata) flag(name string, otherwise bool) (bool, error) {
	_, err := md.param(name, &otherwise)
	return otherwise, err
}

// invalid is what a stage does with values it cannot use.
type invalid uint8

const (
	fail invalid = iota
	skip
	keep
)

// String is the parameter's text.
func (v invalid) String() string { return [...]string{"error", "skip", "keep"}[v] }

// invalid gives the parameter handleInvalid.
func (md *metadata) invalid() (invalid, error) {
	s, err := md.text("handleInvalid", "error")
	if err != nil {
		return 0, err
	}
	switch s {
	case "error":
		return fail, nil
	case "skip":
		return skip, nil
	case "keep":
		return keep, nil
	}
	return 0, fmt.Errorf("handleInvalid is %q, expected error, skip or keep", s)
}

// maxMetadata bounds the size of a stage's metadata: labels are the largest thing in it.
const maxMetadata = 256 << 20

// Load reads the directory fsys, which Spark ML's save() wrote: metadata/part-*, for most stages Parquet files in
// data, and for a PipelineModel a folder of each stage in stages. Hidden files and _SUCCESS are ignored. An error says
// what is missing, damaged or not supported, and in which stage.
func Load(fsys fs.FS) (m *Model, err error) {
	defer func() {
		if p := recover(); p != nil { // numbers that contradict each other in a way that no check foresaw
			m, err = nil, fmt.Errorf("the directory is damaged: its parts contradict each other (%v)", p)
		}
	}()
	md, err := readStage(fsys)
	if err != nil {
		return nil, err
	}
	b := &builder{byName: map[string]int{}}
	if err := b.read(fsys, md, 0); err != nil {
		return nil, err
	}
	m = &Model{class: md.Class, uid: md.UID, version: md.Version}
	if err := b.finish(m); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Kind(), err)
	}
	return m, nil
}

// readStage reads the metadata of a saved stage.
func readStage(fsys fs.FS) (*metadata, error) {
	raw, err := readMetadata(fsys)
	if err != nil {
		return nil, err
	}
	return parseMetadata(raw)
}

func parseMetadata(raw []byte) (*metadata, error) {
	md := new(metadata)
	if err := json.Unmarshal(raw, md); err != nil {
		return nil, fmt.Errorf("spark ML metadata: not the JSON document that Spark writes: %w", err)
	}
	if md.Class == "" {
		return nil, errors.New(`spark ML metadata: it has no "class", so it does not say which stage this is`)
	}
	return md, nil
}

// modelsInside says which folders of a directory that is no model are some: people name the one above.
func modelsInside(fsys fs.FS) string {
	const most = 5
	var found []string
	entries, _ := fs.ReadDir(fsys, ".") // what cannot be read has none to offer
	for _, e := range entries {
		if !e.IsDir() || len(found) > most {
			continue
		}
		if info, err := fs.Stat(fsys, path.Join(e.Name(), "metadata")); err == nil && info.IsDir() {
			found = append(found, e.Name())
		}
	}
	switch {
	case len(found) == 0:
		return ""
	case len(found) > most:
		found = append(found[:most], "others")
	}
	return ". There is one in " + strings.Join(found, ", ")
}

// readMetadata gives the only record of metadata/part-*.
func readMetadata(fsys fs.FS) ([]byte, error) {
	entries, err := fs.ReadDir(fsys, "metadata")
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("no Spark ML model: the directory has no folder metadata; expected what save() writes (metadata/part-00000)%s", modelsInside(fsys))
		}
		return nil, fmt.Errorf("spark ML metadata: %w", err)
	}
	var found []byte
	parts := 0
	for _, e := range entries {
		if e.IsDir() || !strings.HasPrefix(e.Name(), "part-") {
			continue
		}
		parts++
		b, err := readPart(fsys, path.Join("metadata", e.Name()), maxMetadata)
		if err != nil {
			return nil, fmt.Errorf("spark ML metadata: %w", err)
		}
		for line := range bytes.Lines(b) {
			if line = bytes.TrimSpace(line); len(line) == 0 {
				continue
			}
			if found != nil {
				return nil, errors.New("spark ML metadata: more than one record; the folder seems to hold several models")
			}
			found = line
		}
	}
	switch {
	case parts == 0:
		return nil, errors.New("no Spark ML model: the folder metadata has no part-* file; was save() interrupted?")
	case found == nil:
		return nil, errors.New("spark ML metadata: its part files are empty")
	}
	return found, nil
}

func readPart(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: %d bytes are more than the %d expected at most", name, info.Size(), limit)
	}
	var b bytes.Buffer
	_, err = bufio.NewReader(f).WriteTo(&b)
	return b.Bytes(), err
}

// param gives a parameter: as set, else its default; false if there is none.
func (md *metadata) param(name string, into any) (bool, error) {
	raw, ok := md.Params[name]
	if !ok {
		raw, ok = md.Defaults[name]
	}
	if !ok || string(raw) == "null" {
		return false, nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return false, fmt.Errorf("%s: parameter %s: %w", md.Class, name, err)
	}
	return true, nil
}
