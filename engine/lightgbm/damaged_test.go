package lightgbm

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(data + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestDamaged gives documents that are refused, and with what words.
func TestDamaged(t *testing.T) {
	change := func(name, from, to string) string {
		doc := read(t, name)
		if !strings.Contains(doc, from) {
			t.Fatalf("no %s in %s", from, name)
		}
		return strings.Replace(doc, from, to, 1)
	}
	doc := read(t, "binary.txt")
	for _, c := range []struct{ doc, want string }{
		{"", "it is cut off"},
		{"{}", "line 1: expected the word tree, found \"{}\""},
		{doc[:len(doc)/4], "without the line \"end of trees\": it is cut off"},
		{change("binary.txt", "max_feature_idx=4", "max_feature_idx=5"), "feature_names: expected 6 names, as max_feature_idx says, found 5"},
		{change("binary.txt", "max_feature_idx=4", "max_feature_idx=999999999"), "more than the"},
		{change("binary.txt", "max_feature_idx=4", "max_feature=4"), "expected a line max_feature_idx=..., found none"},
		{change("binary.txt", "feature_names=a b", "feature_names=a A"), `are both called "A"`},
		{change("binary.txt", "objective=binary", "objective=mine"), `line 7: objective: "mine" is not supported, expected one of regression`},
		{change("binary.txt", "sigmoid:1", "sigmoid:x"), "binary needs sigmoid:NUMBER"},
		{change("binary.txt", "num_tree_per_iteration=1", "num_tree_per_iteration=3"), "does not go with 3 trees"},
		{change("multiclass.txt", "num_class:3", "num_class:4"), "of 4 outputs does not go with 3 trees"},
		{change("binary.txt", "num_leaves=", "num_leaves=1"), "tree 0, line"},
		{change("binary.txt", "num_leaves=", "num_leaves=-"), "expected a whole number of at least 1"},
		{change("binary.txt", "left_child=1 ", "left_child=99 "), "leads to 99, expected a split below"},
		{change("binary.txt", "left_child=1 ", "left_child=0 "), "is reached in two ways"},
		{change("binary.txt", "split_feature=", "split_feature=9"), "tests feature 9"},
		{change("binary.txt", "threshold=", "threshold=x"), `threshold: expected a number, found "x`},
		{change("category.txt", "cat_boundaries=0 ", "cat_boundaries=0 0 "), "cat_boundaries: expected"},
		{change("category.txt", "cat_boundaries=0 ", "cat_boundaries=7 "), "cat_boundaries: expected numbers that rise to"},
		{change("linear.txt", "num_features=0", "num_features=-1"), "num_features: leaf 0 has -1"},
		{change("pandas.txt", "pandas_categorical:[[", "pandas_categorical:["), "pandas_categorical: expected a list of lists"},
	} {
		_, err := Load(strings.NewReader(c.doc))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v\nexpected: %s", err, c.want)
		}
	}
}

// FuzzLoad loads damaged documents: no panic, and what loads can score.
func FuzzLoad(f *testing.F) {
	doc := read(f, "tiny.txt")
	doc = doc[:strings.Index(doc, "end of trees")] + "end of trees\n"
	f.Add([]byte(doc))
	f.Add([]byte(strings.Replace(doc, "objective=regression", "average_output\nobjective=custom", 1)))
	f.Add([]byte(strings.Replace(doc, "feature_infos=", "feature_infos=x", 1) + `pandas_categorical:[["a", "b"]]`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		m, err := Load(bytes.NewReader(doc))
		if err != nil {
			return
		}
		if len(m.Inputs()) > 100 || len(m.Outputs()) > 100 {
			return
		}
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		defer mem.AssertSize(t, 0)
		var in []arrow.Array
		for _, f := range m.Inputs() {
			b := array.NewBuilder(mem, f.Type)
			b.AppendNull()
			if d, ok := b.(*array.Float64Builder); ok {
				d.Append(2.5)
			} else {
				b.(*array.StringBuilder).Append("east")
			}
			in = append(in, b.NewArray())
			b.Release()
		}
		defer release(in)
		out, err := m.Score(mem, 2, in, nil)
		if err != nil {
			t.Fatal(err)
		}
		release(out)
	})
}

// BenchmarkLoad reads a model.
func BenchmarkLoad(b *testing.B) {
	doc := read(b, "deep.txt")
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, err := Load(strings.NewReader(doc)); err != nil {
			b.Fatal(err)
		}
	}
}
