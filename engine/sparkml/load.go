package sparkml

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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
}

// maxMetadata bounds the size of a stage's metadata: labels are the largest thing in it.
const maxMetadata = 256 << 20

// Load reads the directory fsys, which Spark ML's save() wrote: metadata/part-* and, for some stages, data. Hidden
// files and _SUCCESS are ignored. An error says what is missing or which class is not supported.
func Load(fsys fs.FS) (*Model, error) {
	raw, err := readMetadata(fsys)
	if err != nil {
		return nil, err
	}
	var md metadata
	if err := json.Unmarshal(raw, &md); err != nil {
		return nil, fmt.Errorf("spark ML metadata: not the JSON document that Spark writes: %w", err)
	}
	if md.Class == "" {
		return nil, errors.New(`spark ML metadata: it has no "class", so it does not say which stage this is`)
	}
	st, err := open(&md)
	if err != nil {
		return nil, err
	}
	m := &Model{class: md.Class, uid: md.UID, version: md.Version, stage: st}
	m.inputs, m.outputs = st.fields()
	return m, nil
}

// readMetadata gives the only record of metadata/part-*.
func readMetadata(fsys fs.FS) ([]byte, error) {
	entries, err := fs.ReadDir(fsys, "metadata")
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errors.New("no Spark ML model: the directory has no folder metadata; expected what save() writes (metadata/part-00000)")
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
		b, err := readPart(fsys, path.Join("metadata", e.Name()))
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

func readPart(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxMetadata {
		return nil, fmt.Errorf("%s: %d bytes are more than the %d expected at most", name, info.Size(), maxMetadata)
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
