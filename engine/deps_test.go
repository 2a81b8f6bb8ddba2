package engine_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/millrace-sql/millrace/"

// imports is who may import whom among the packages of this module. Tests are
// free.
var imports = map[string][]string{
	"catalog":         {},
	"sql":             {},
	"sql/plan":        {"sql", "catalog"},
	"engine/codec":    {},
	"engine/pmml":     {},
	"engine/sparkml":  {},
	"engine/boosted":  {},
	"engine/xgboost":  {"engine/boosted"},
	"engine/lightgbm": {"engine/boosted"},
	"engine/onnx":     {"engine/boosted"},
	"engine/model": {
		"catalog", "engine/connector", "engine/pmml", "engine/sparkml", "engine/boosted", "engine/xgboost", "engine/lightgbm", "engine/onnx", "engine/openscoring/client",
	},
	"engine/openscoring":        {"catalog", "engine/codec", "engine/disk", "engine/pmml", "engine/sparkml", "engine/model"},
	"engine/openscoring/client": {"catalog", "engine/codec"},
	"engine/broker":             {},
	"engine/disk":               {},
	"engine/checkpoint":         {"engine/disk"},
	"engine/function":           {"sql", "catalog", "engine/codec"},
	"engine/connector":          {"catalog", "engine/codec"},
	"engine/connector/kafka":    {"catalog", "engine/codec", "engine/connector"},
	"engine/connector/file":     {"catalog", "engine/codec", "engine/connector", "engine/disk"},
	"engine/connector/memory":   {"catalog", "engine/codec", "engine/connector"},
	"engine/connector/console":  {"catalog", "engine/codec", "engine/connector"},
	"engine/exec":               {"sql", "sql/plan", "catalog", "engine/codec", "engine/connector"},
	"engine/enginetest":         {"engine/disk"},
	"engine": {
		"sql", "sql/plan", "catalog", "engine/codec", "engine/model", "engine/broker", "engine/disk",
		"engine/checkpoint", "engine/function", "engine/connector", "engine/connector/kafka", "engine/connector/file",
		"engine/connector/memory", "engine/connector/console", "engine/exec",
	},
	"cmd/millrace": {"sql", "catalog", "engine", "engine/codec", "engine/openscoring"},
}

// only is which outside package may be imported by which of ours.
var only = map[string][]string{
	"github.com/xwb1989/sqlparser":  {"sql"},
	"github.com/segmentio/kafka-go": {"engine/connector/kafka"},
	"github.com/twmb/franz-go":      {"engine/broker"},
	"github.com/spf13/cobra":        {"cmd/millrace"},
	"github.com/peterh/liner":       {"cmd/millrace"},
	"github.com/jedib0t/go-pretty":  {"cmd/millrace"},
	"github.com/gofrs/flock":        {"engine/broker", "engine/disk"},
	"google.golang.org/protobuf":    {"engine/onnx"},
}

func TestImports(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	seen := 0
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, known := imports[name]
		if !known {
			t.Errorf("package %s is not in the table of imports: say what it may import", name)
		}
		seen++
		for _, imp := range p.Imports {
			if ours, ok := strings.CutPrefix(imp, module); ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s must not import %s", name, ours)
			}
			for prefix, who := range only {
				if (imp == prefix || strings.HasPrefix(imp, prefix+"/")) && !slices.Contains(who, name) {
					t.Errorf("%s must not import %s", name, imp)
				}
			}
		}
	}
	if seen < len(imports) {
		t.Errorf("go list named %d packages, the table has %d", seen, len(imports))
	}
}
