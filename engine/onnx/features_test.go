package onnx

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// TestFeatures names the columns of inputs.
func TestFeatures(t *testing.T) {
	var refused []denseCase
	readJSON(t, filepath.Join(denseData, "refused.json"), &refused)
	docs := map[string][]byte{}
	for _, c := range append(refused, denseCases(t)...) {
		docs[c.Name] = c.Model
	}
	for _, c := range []struct{ document, features, want string }{
		{"mlp_relu", "", "X_0 X_1 X_2 X_3"},
		{"mlp_relu", "a b c d", "a b c d"},
		{"mlp_relu", "x", "x[]"},
		{"mlp_relu", "a b", "error: ONNX model: the option features has 2 names, the inputs have 4 columns"},
		{"mlp_named", "", "sepal_length sepal_width petal_length petal_width"},
		{"mlp_named", "a b c d", "a b c d"},
		{"mlp_columns", "", "sepal_length sepal_width petal_length petal_width"},
		{"torch_tabular", "", "numbers_0 numbers_1 numbers_2 numbers_3 numbers_4 numbers_5 category"},
		{"torch_tabular", "n c", "n[] c"},
		{"vector_input", "", "A B_0 B_1 B_2 B_3 B_4"},
		{"unknown width", "a b c", "a b c"},
		{"same names", "p q", "p q"},
		{"same names", "p P", `error: ONNX model: two input columns are called "P": SQL finds an input by its name; give them names with the option features`},
	} {
		m, err := Load(bytes.NewReader(docs[c.document]), strings.Fields(c.features)...)
		got := fmt.Sprintf("error: %v", err)
		if err == nil {
			var names []string
			for _, f := range m.Inputs() {
				if f.Type.ID() == arrow.LIST {
					f.Name += "[]"
				}
				names = append(names, f.Name)
			}
			got = strings.Join(names, " ")
		}
		if got != c.want {
			t.Errorf("%s with %q: %s\nexpected %s", c.document, c.features, got, c.want)
		}
	}
}

// TestPropertyNames reads the names of features in a document's properties.
func TestPropertyNames(t *testing.T) {
	for _, c := range []struct{ key, text, want string }{
		{"feature_names", `["a", "b c"]`, "[a b c]"}, {"feature_names_in_", "a, b", "[a b]"}, {"features", "x", "[x]"}, {"names", "a,b", "[]"},
	} {
		m := &Model{doc: &document{metadata: map[string]string{c.key: c.text}}}
		if got := fmt.Sprint(m.propertyNames()); got != c.want {
			t.Errorf("%s = %s gives %s, expected %s", c.key, c.text, got, c.want)
		}
	}
}

// TestUnknownWidth scores a document that does not say how many columns it has.
func TestUnknownWidth(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	var refused []denseCase
	readJSON(t, filepath.Join(denseData, "refused.json"), &refused)
	for _, c := range refused {
		if c.Name != "unknown width" {
			continue
		}
		m, err := Load(bytes.NewReader(c.Model), "a", "b")
		if err != nil {
			t.Fatal(err)
		}
		in := []arrow.Array{column(t, mem, arrow.PrimitiveTypes.Float64, -1.0, 2.0), column(t, mem, arrow.PrimitiveTypes.Float64, 3.0, -4.0)}
		defer freeAll(in)
		out, err := m.Score(mem, 2, in, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer freeAll(out)
		if got := fmt.Sprint(out[0]); got != "[[0 3] [2 0]]" {
			t.Errorf("%s, expected [[0 3] [2 0]]", got)
		}
		return
	}
	t.Error("the document is missing")
}
