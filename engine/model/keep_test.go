package model

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// examples are one model of some formats; of the others any in the folder of their
// name will do.
var examples = map[string]string{
	"pmml":     "iris/RandomForestIris.pmml",
	"sparkml":  "iris/index_to_class",
	"lightgbm": "lightgbm/binary.txt",
}

// TestKeepers: the checksum that a Keeper gives is the version that Load gives,
// and a copy is the same model.
func TestKeepers(t *testing.T) {
	for _, f := range Formats() {
		k, ok := f.(Keeper)
		if !ok {
			continue
		}
		t.Run(f.Name(), func(t *testing.T) {
			path := filepath.Join("../../testdata", examples[f.Name()])
			if examples[f.Name()] == "" {
				path = firstThatLoads(t, k, "../../testdata/"+f.Name())
			}
			options := map[string]string{"path": path, "reload": "true"}
			_, version, err := k.Load(options)
			if err != nil {
				t.Fatal(err)
			}
			copied := filepath.Join(t.TempDir(), filepath.Base(path))
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.IsDir() {
				err = os.CopyFS(copied, os.DirFS(path))
			} else {
				var text []byte
				if text, err = os.ReadFile(path); err == nil {
					err = os.WriteFile(copied, text, 0o600)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			moved := k.At(options, copied)
			if k.Path(options) != path || k.Path(moved) != copied || moved["reload"] != "true" {
				t.Errorf("the copy of %v has the options %v", options, moved)
			}
			for _, p := range []string{path, copied} {
				if sum, err := k.Sum(p); err != nil || sum != version {
					t.Errorf("the checksum of %s is %s, %v; the version %s", p, sum, err, version)
				}
			}
			if _, again, err := k.Load(moved); err != nil || again != version {
				t.Errorf("the copy loads with version %s, %v", again, err)
			}
			if _, err := k.Sum(copied + ".no"); !os.IsNotExist(err) {
				t.Errorf("what is not there has the checksum error %v", err)
			}
		})
	}
}

// firstThatLoads is a model of the format below a folder.
func firstThatLoads(t *testing.T, k Keeper, dir string) (found string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if _, _, err := k.Load(map[string]string{"path": path}); err == nil {
			found = path
			return fs.SkipAll
		}
		return nil
	})
	if err != nil || found == "" {
		t.Fatalf("nothing in %s loads: %v", dir, err)
	}
	return found
}
