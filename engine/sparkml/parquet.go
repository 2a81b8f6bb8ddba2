package sparkml

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v14/parquet"
	"github.com/apache/arrow/go/v14/parquet/file"
	"github.com/apache/arrow/go/v14/parquet/schema"
)

// table is the Parquet data of a stage: the rows of all part files, a column for each leaf of the schema.
type table struct {
	what   string // for errors: "data"
	rows   int
	leaves map[string]*leaf
	sparse map[string]bool // vectors and matrices of one row that were saved without their zeros
	left   int             // values that it may still hold
}

// leaf is a column as Parquet has it: the values that exist, and for every entry how deep it is defined and at which
// list level it repeats. Numbers and booleans are in nums, texts in strs.
type leaf struct {
	nums     []float64
	strs     []string
	def, rep []int16
	maxDef   int16
	listDef  []int16 // by list level: an entry defined at least so deep is an element of that list
	text     bool
}

// maxData bounds the size of one part file.
const maxData = 1 << 30

// A table may hold so many values in all, and so many more for each byte of its files: a few bytes can claim any
// number of equal values, and a vector saved without its zeros any length.
const (
	maxValues     = 1 << 24
	valuesPerByte = 64
)

// spend takes n values of 8 bytes from what the table may hold.
func (t *table) spend(n int) error {
	if n < 0 || n > t.left {
		return fmt.Errorf("%s claims more values than a model of its size has: it is damaged", t.what)
	}
	t.left -= n
	return nil
}

// readTable reads the Parquet files of a folder. A column's name is its path without what Parquet puts between:
// nodeData.split.featureIndex, labelsArray, categoryMaps.value.key.
func readTable(fsys fs.FS, dir string) (*table, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the folder %s is missing: save() writes the model's numbers there as Parquet", dir)
	}
	if err != nil {
		return nil, err
	}
	t := &table{what: dir, leaves: map[string]*leaf{}, sparse: map[string]bool{}, left: maxValues}
	files := 0
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(e.Name(), ".parquet") {
			continue
		}
		files++
		name := path.Join(dir, e.Name())
		b, err := readPart(fsys, name, maxData)
		if err == nil {
			err = t.add(b)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if files == 0 {
		return nil, fmt.Errorf("the folder %s has no Parquet file: was save() interrupted?", dir)
	}
	for _, name := range slices.Sorted(maps.Keys(t.leaves)) { // a part file may lack columns of the others
		if !t.leaves[name].sound(t.rows) {
			return nil, fmt.Errorf("the part files of %s do not fit together: the column %s does not have %d rows", dir, name, t.rows)
		}
	}
	return t, nil
}

// add appends a file's rows. The reader panics on some damaged files; that is an error here.
func (t *table) add(b []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("not a sound Parquet file: %v", p)
		}
	}()
	r, err := file.NewParquetReader(bytes.NewReader(b))
	if err != nil {
		return fmt.Errorf("not a sound Parquet file: %w", err)
	}
	defer r.Close()
	t.left += len(b) * valuesPerByte
	t.rows += int(r.NumRows())
	sc := r.MetaData().Schema
	for c := range sc.NumColumns() {
		col := sc.Column(c)
		l, err := t.leaf(col)
		if err != nil {
			return err
		}
		for g := range r.NumRowGroups() {
			chunk, err := r.RowGroup(g).Column(c)
			if err == nil {
				err = l.read(t, chunk)
			}
			if err != nil {
				return fmt.Errorf("column %s: %w", col.Path(), err)
			}
		}
		if !l.sound(t.rows) {
			return fmt.Errorf("column %s: its levels do not make %d rows", col.Path(), t.rows)
		}
	}
	return nil
}

// sound checks what the functions below rely on: as many rows and values as the levels say, and no element outside a
// list.
func (l *leaf) sound(rows int) bool {
	starts, values, inner := 0, 0, false
	for i, d := range l.def {
		r := l.rep[i]
		if d < 0 || d > l.maxDef || r < 0 || int(r) > len(l.listDef) || i == 0 && r != 0 || r == 2 && !inner {
			return false
		}
		if r == 0 {
			starts++
		}
		if d == l.maxDef {
			values++
		}
		inner = len(l.listDef) > 0 && (d >= l.listDef[0] || inner && r != 0)
	}
	return starts == rows && values == len(l.nums)+len(l.strs)
}

// leaf gives the leaf of a file's column. All part files have the same schema.
func (t *table) leaf(col *schema.Column) (*leaf, error) {
	name := col.Path()
	for _, s := range []string{".list.element", ".bag.array", ".key_value", ".array"} {
		name = strings.ReplaceAll(name, s, "")
	}
	l := &leaf{maxDef: col.MaxDefinitionLevel(), text: col.PhysicalType() == parquet.Types.ByteArray}
	def := l.maxDef
	for n := col.SchemaNode(); n != nil && n.Parent() != nil; n = n.Parent() {
		if n.RepetitionType() == parquet.Repetitions.Repeated {
			l.listDef = append(l.listDef, def)
		}
		if n.RepetitionType() != parquet.Repetitions.Required {
			def--
		}
	}
	slices.Reverse(l.listDef)
	old, ok := t.leaves[name]
	if !ok {
		t.leaves[name] = l
		return l, nil
	}
	if old.maxDef != l.maxDef || old.text != l.text || !slices.Equal(old.listDef, l.listDef) {
		return nil, fmt.Errorf("column %s: it has another type than in the part files before", col.Path())
	}
	return old, nil
}

// chunkOf reads a column chunk of T through its typed reader.
func chunkOf[T any](t *table, l *leaf, read func(int64, []T, []int16, []int16) (int64, int, error), put func(T)) error {
	const size = 4096
	vals, def, rep := make([]T, size), make([]int16, size), make([]int16, size)
	for {
		n, got, err := read(size, vals, def, rep)
		if err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		if err := t.spend(int(n)); err != nil {
			return err
		}
		for _, v := range vals[:got] {
			put(v)
		}
		l.def = append(l.def, def[:n]...)
		l.rep = append(l.rep, rep[:n]...)
	}
}

func number[T int32 | int64 | float32 | float64](l *leaf) func(T) {
	return func(v T) { l.nums = append(l.nums, float64(v)) }
}

func (l *leaf) read(t *table, chunk file.ColumnChunkReader) error {
	switch c := chunk.(type) {
	case *file.Int32ColumnChunkReader:
		return chunkOf(t, l, c.ReadBatch, number[int32](l))
	case *file.Int64ColumnChunkReader:
		return chunkOf(t, l, c.ReadBatch, number[int64](l))
	case *file.Float32ColumnChunkReader:
		return chunkOf(t, l, c.ReadBatch, number[float32](l))
	case *file.Float64ColumnChunkReader:
		return chunkOf(t, l, c.ReadBatch, number[float64](l))
	case *file.BooleanColumnChunkReader:
		return chunkOf(t, l, c.ReadBatch, func(v bool) {
			x := 0.0
			if v {
				x = 1
			}
			l.nums = append(l.nums, x)
		})
	case *file.ByteArrayColumnChunkReader:
		var spent error
		err := chunkOf(t, l, c.ReadBatch, func(v parquet.ByteArray) {
			if spent == nil {
				spent = t.spend(len(v) / 8)
			}
			if spent == nil {
				l.strs = append(l.strs, string(v))
			}
		})
		return errors.Join(err, spent)
	}
	return fmt.Errorf("a %s, which Spark ML's data does not have", chunk.Type())
}

// column finds a column at a list depth.
func (t *table) column(name string, depth int, text bool) (*leaf, error) {
	l, ok := t.leaves[name]
	if !ok {
		return nil, fmt.Errorf("%s has no column %s; is it the data of another class of model?", t.what, name)
	}
	if len(l.listDef) != depth || l.text != text {
		return nil, fmt.Errorf("the column %s of %s has another type than Spark ML gives it", name, t.what)
	}
	return l, nil
}

// scalars gives a column's numbers, missing where there is none.
func (t *table) scalars(name string, missing float64) ([]float64, error) {
	l, err := t.column(name, 0, false)
	if err != nil {
		return nil, err
	}
	return flat(l, l.nums, missing), nil
}

func flat[T any](l *leaf, vals []T, missing T) []T {
	out := make([]T, len(l.def))
	k := 0
	for i := range out {
		out[i] = missing
		if l.def[i] == l.maxDef {
			out[i] = vals[k]
			k++
		}
	}
	return out
}

// lists gives a column of arrays of numbers.
func (t *table) lists(name string) ([][]float64, error) {
	l, err := t.column(name, 1, false)
	if err != nil {
		return nil, err
	}
	return listed(l, l.nums), nil
}

func listed[T any](l *leaf, vals []T) [][]T {
	var out [][]T
	k := 0
	for i, d := range l.def {
		if l.rep[i] == 0 {
			out = append(out, nil)
		}
		if d == l.maxDef {
			out[len(out)-1] = append(out[len(out)-1], vals[k])
			k++
		}
	}
	return out
}

// listed2 gives arrays of arrays.
func listed2[T any](l *leaf, vals []T) [][][]T {
	var out [][][]T
	k := 0
	for i, d := range l.def {
		if l.rep[i] == 0 {
			out = append(out, nil)
		}
		row := &out[len(out)-1]
		if l.rep[i] <= 1 && d >= l.listDef[0] {
			*row = append(*row, nil)
		}
		if d == l.maxDef {
			in := &(*row)[len(*row)-1]
			*in = append(*in, vals[k])
			k++
		}
	}
	return out
}

// one checks that there is one row.
func (t *table) one() error {
	if t.rows != 1 {
		return fmt.Errorf("%s has %d rows, expected 1", t.what, t.rows)
	}
	return nil
}

// number gives a column's value in the only row.
func (t *table) number(name string) (float64, error) {
	if err := t.one(); err != nil {
		return 0, err
	}
	xs, err := t.scalars(name, 0)
	if err != nil {
		return 0, err
	}
	return xs[0], nil
}
