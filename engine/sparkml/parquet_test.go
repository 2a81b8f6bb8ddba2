package sparkml

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/apache/arrow/go/v14/parquet"
	"github.com/apache/arrow/go/v14/parquet/file"
	"github.com/apache/arrow/go/v14/parquet/schema"
)

// parquetOf writes a file of one column, of whole numbers or of texts.
func parquetOf[T int32 | string](t *testing.T, name string, values ...T) []byte {
	t.Helper()
	var b bytes.Buffer
	node := schema.NewInt32Node(name, parquet.Repetitions.Required, -1)
	if _, text := any(values).([]string); text {
		node = schema.NewByteArrayNode(name, parquet.Repetitions.Required, -1)
	}
	root, err := schema.NewGroupNode("spark_schema", parquet.Repetitions.Required, schema.FieldList{node}, -1)
	if err != nil {
		t.Fatal(err)
	}
	w := file.NewParquetWriter(&b, root)
	col, err := w.AppendRowGroup().NextColumn()
	if err != nil {
		t.Fatal(err)
	}
	switch c := col.(type) {
	case *file.Int32ColumnChunkWriter:
		_, err = c.WriteBatch(any(values).([]int32), nil, nil)
	case *file.ByteArrayColumnChunkWriter:
		var all []parquet.ByteArray
		for _, s := range any(values).([]string) {
			all = append(all, parquet.ByteArray(s))
		}
		_, err = c.WriteBatch(all, nil, nil)
	}
	if err = errors.Join(err, col.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPartsDiffer adds part files whose columns are not those of the others, before and after these.
func TestPartsDiffer(t *testing.T) {
	for _, c := range []struct {
		model, part string
		data        []byte
		want        string
	}{
		{"forest_classifier", "zz", parquetOf[int32](t, "treeID", 0, 1), "the part files of data do not fit together: the column nodeData"},
		{"forest_classifier", "zz", parquetOf[int32](t, "more", 0, 1), "column more: its levels do not make"},
		{"forest_classifier", "aa", parquetOf[int32](t, "more", 0, 1), "column treeID: its levels do not make"},
		{"kmeans", "zz", parquetOf(t, "clusterIdx", "a", "b"), "has another type than in the part files before"},
	} {
		m := copyOf(t, c.model)
		m["data/"+c.part+".parquet"] = &fstest.MapFile{Data: c.data}
		if _, err := Load(m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %s: %v, want %s", c.model, c.part, err, c.want)
		}
	}
}

// broken is a file system whose folders panic.
type broken struct{}

func (broken) Open(string) (fs.File, error) { panic("no such luck") }

func TestLoadRecovers(t *testing.T) {
	m, err := Load(broken{})
	if m != nil || err == nil || !strings.Contains(err.Error(), "the directory is damaged") {
		t.Errorf("%v, %v", m, err)
	}
}

// TestClaims reads more values than a table may hold.
func TestClaims(t *testing.T) {
	t.Run("equal values", func(t *testing.T) {
		b := parquetOf(t, "x", make([]int32, 1<<17)...)
		for _, c := range []struct {
			left int
			ok   bool
		}{{1 << 17, true}, {1<<17 - 1, false}} {
			tb := &table{what: "data", leaves: map[string]*leaf{}, left: c.left - len(b)*valuesPerByte}
			if err := tb.add(b); (err == nil) != c.ok {
				t.Errorf("%d values of %d: %v", 1<<17, c.left, err)
			}
		}
	})
	t.Run("equal texts", func(t *testing.T) {
		b := parquetOf(t, "x", strings.Repeat("a", 800), strings.Repeat("a", 800))
		for _, c := range []struct {
			left int
			ok   bool
		}{{202, true}, {201, false}} {
			tb := &table{what: "data", leaves: map[string]*leaf{}, left: c.left - len(b)*valuesPerByte}
			if err := tb.add(b); (err == nil) != c.ok {
				t.Errorf("2 texts of 100 words, of %d: %v", c.left, err)
			}
		}
	})
	number := func(x float64) *leaf { return &leaf{nums: []float64{x}, def: []int16{0}, rep: []int16{0}} }
	empty := func() *leaf { return &leaf{maxDef: 1, def: []int16{0}, rep: []int16{0}, listDef: []int16{1}} }
	t.Run("matrix", func(t *testing.T) {
		for _, c := range []struct {
			rows, cols float64
			want       string
		}{
			{1 << 27, 0, "claims more values"}, {1 << 28, 0, "is damaged"}, {0, 1 << 28, "is damaged"},
			{1 << 20, 1 << 20, "is damaged"}, {1 << 13, 1 << 12, "claims more values"}, {3, 0, ""},
		} {
			tb := &table{what: "data", rows: 1, sparse: map[string]bool{}, left: maxValues, leaves: map[string]*leaf{
				"m.type": number(1), "m.numRows": number(c.rows), "m.numCols": number(c.cols), "m.isTransposed": number(0),
				"m.values": empty(), "m.colPtrs": empty(), "m.rowIndices": empty(),
			}}
			m, err := tb.matrix("m")
			if c.want == "" && (err != nil || len(m) != int(c.rows)) {
				t.Errorf("%v x %v: %d rows, %v", c.rows, c.cols, len(m), err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v x %v: %v, want %s", c.rows, c.cols, err, c.want)
			}
		}
	})
	t.Run("vector", func(t *testing.T) {
		for n, ok := range map[float64]bool{maxValues: true, maxValues + 1: false} {
			tb := &table{what: "data", rows: 1, sparse: map[string]bool{}, left: maxValues, leaves: map[string]*leaf{
				"v.type": number(0), "v.size": number(n), "v.indices": empty(), "v.values": empty(),
			}}
			if _, err := tb.vector("v"); (err == nil) != ok {
				t.Errorf("%v values: %v", n, err)
			}
		}
	})
}
