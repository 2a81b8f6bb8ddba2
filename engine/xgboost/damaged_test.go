package xgboost

import (
	"bytes"
	"os"
	"strings"
	"testing"

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
	doc, ubj := read(t, "logistic.json"), read(t, "logistic_ubj.ubj")
	change := func(from, to string) string {
		if !strings.Contains(doc, from) {
			t.Fatalf("no %s in the document", from)
		}
		return strings.Replace(doc, from, to, 1)
	}
	for _, c := range []struct{ doc, want string }{
		{"", "the document is empty, expected JSON or UBJSON"},
		{"binf\x00\x00", "this is the old binary format"},
		{"tree\nversion=v4", "expected a JSON or UBJSON object, found \"t\""},
		{"{}", `expected a member "learner", found nothing`},
		{`{"a":1}`, `expected a member "learner", found only a`},
		{doc[:len(doc)-1], "expected a comma or the object's end, found its end"},
		{doc + "x", "expected the end of the document, found 'x'"},
		{doc[:300], "found its end"},
		{change(`"binary:logistic"`, `"binary:mine"`), `learner.objective.name (byte`},
		{change(`"binary:logistic"`, `"binary:mine"`), `"binary:mine" is not supported, expected one of reg:squarederror`},
		{change(`"name":"gbtree"`, `"name":"oak"`), "expected one of gbtree, dart, gblinear"},
		{change(`"num_feature":"5","num_target"`, `"num_feature":"4","num_target"`), "expected 4 names, one for each feature, found 5"},
		{change(`"num_feature":"5","num_target"`, `"num_feature":"999999999","num_target"`), "more than the"},
		{change(`"num_class":"0"`, `"num_class":"x"`), `expected a whole number, found "x"`},
		{change(`"num_feature":"5","num_target"`, `"num_feature":-5,"num_target"`), "num_feature (byte"},
		{change(`"num_feature":"5","num_target"`, `"num_feature":-5,"num_target"`), "expected a whole number from 0 to 2147483647, found -5"},
		{change(`"num_class":"0"`, `"num_class":0.5`), "expected a whole number from 0 to 2147483647, found 0.5"},
		{change(`"num_class":"0"`, `"num_class":4294967296`), "expected a whole number from 0 to 2147483647, found 4.294967296e+09"},
		{change(`"num_parallel_tree":"1"`, `"num_parallel_tree":4611686018427387904`), "expected a whole number from 0 to 2147483647"},
		{change(`"base_score":"[`, `"base_score":"[1,2,`), "expected 1 or 1 numbers"},
		{change(`["a","b"`, `["a","A"`), `are both called "A"`},
		{change(`"left_children":[1,`, `"left_children":[1,1,`), "expected"},
		{change(`"left_children":[1,`, `"left_children":[9999,`), "leads to node 9999"},
		{change(`"left_children":[1,`, `"left_children":[0,`), "is reached in two ways"},
		{change(`"left_children":[1,`, `"left_children":[1.5,`), "expected whole numbers of 32 bits, found 1.5 at 0"},
		{change(`"split_indices":[`, `"split_indices":[true,"x",`), "has both numbers and other values"},
		{change(`"split_indices"`, `"split_indexes"`), `expected a member "split_indices"`},
		{change(`"size_leaf_vector":"1"`, `"size_leaf_vector":"3"`), "multi_output_tree"},
		{strings.Repeat(`{"a":`, 100), "nested deeper than 64 levels"},
		{strings.Replace(read(t, "frame.json"), `"offsets":[0,4`, `"offsets":[0,999`, 1), "expected offsets that rise to"},
		{ubj[:200], "expected a value, found the document's end"},
		{ubj[:len(ubj)-1], "found the document's end"},
		{"{" + "L\x00\x00\x00\x00\x00\x00\x00\x01a[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff", "a list has length 9.223372036854776e+18, but 9 bytes are left"},
		{"{L\x00\x00\x00\x00\x00\x00\x00\x01aq", "found the marker 'q'"},
	} {
		_, err := Load(strings.NewReader(c.doc))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q...: %v\nexpected: %s", c.doc, err, c.want)
		}
	}
}

// TestManyParallelTrees loads a document whose layers are said to be larger than all its trees: it has no whole round.
func TestManyParallelTrees(t *testing.T) {
	for _, n := range []string{"2147483647", `"2147483647"`} {
		doc := strings.Replace(read(t, "logistic.json"), `"num_parallel_tree":"1"`, `"num_parallel_tree":`+n, 1)
		m, err := Load(strings.NewReader(doc))
		if err != nil || m.Trees() == 0 {
			t.Errorf("%s: %v", n, err)
		}
	}
}

// FuzzLoad loads damaged documents of both formats: no panic, and what loads can score.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"tiny.json", "tiny_ubj.ubj", "gblinear.json", "gblinear_softprob.ubj", "stump.json"} {
		f.Add([]byte(read(f, name)))
	}
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
		cols := make([][]string, len(m.Inputs()))
		for i := range cols {
			cols[i] = []string{"", "3"}
		}
		in := columnsOf(t, mem, m, cols)
		defer release(in)
		out, err := m.Score(mem, 2, in, nil)
		if err != nil {
			t.Fatal(err)
		}
		release(out)
	})
}

// BenchmarkLoad reads a model of either format.
func BenchmarkLoad(b *testing.B) {
	for _, name := range []string{"dart_softprob.json", "softprob.ubj"} {
		doc := read(b, name)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				if _, err := Load(strings.NewReader(doc)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
