package sparkml

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
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
	t := &table{what: dir, leaves: map[string]*leaf{}, sparse: map[string]bool{}}
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
	t.rows += int(r.NumRows())
	sc := r.MetaData().Schema
	for c := range sc.NumColumns() {
		col := sc.Column(c)
		l := t.leaf(col)
		for g := range r.NumRowGroups() {
			chunk, err := r.RowGroup(g).Column(c)
			if err == nil {
				err = l.read(chunk)
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

func (t *table) leaf(col *schema.Column) *leaf {
	name := col.Path()
	for _, s := range []string{".list.element", ".bag.array", ".key_value", ".array"} {
		name = strings.ReplaceAll(name, s, "")
	}
	l, ok := t.leaves[name]
	if !ok {
		l = &leaf{maxDef: col.MaxDefinitionLevel(), text: col.PhysicalType() == parquet.Types.ByteArray}
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
		t.leaves[name] = l
	}
	return l
}

// chunkOf reads a column chunk of T through its typed reader.
func chunkOf[T any](l *leaf, read func(int64, []T, []int16, []int16) (int64, int, error), put func(T)) error {
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

func (l *leaf) read(chunk file.ColumnChunkReader) error {
	switch c := chunk.(type) {
	case *file.Int32ColumnChunkReader:
		return chunkOf(l, c.ReadBatch, number[int32](l))
	case *file.Int64ColumnChunkReader:
		return chunkOf(l, c.ReadBatch, number[int64](l))
	case *file.Float32ColumnChunkReader:
		return chunkOf(l, c.ReadBatch, number[float32](l))
	case *file.Float64ColumnChunkReader:
		return chunkOf(l, c.ReadBatch, number[float64](l))
	case *file.BooleanColumnChunkReader:
		return chunkOf(l, c.ReadBatch, func(v bool) {
			x := 0.0
			if v {
				x = 1
			}
			l.nums = append(l.nums, x)
		})
	case *file.ByteArrayColumnChunkReader:
		return chunkOf(l, c.ReadBatch, func(v parquet.ByteArray) { l.strs = append(l.strs, string(v)) })
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

// maxDim bounds the length of vectors and the number of a matrix's entries.
const maxDim = 1 << 27

// vectors gives a column of Spark's vectors, dense.
func (t *table) vectors(name string) ([][]float64, error) {
	kinds, err := t.scalars(name+".type", -1)
	if err != nil {
		return nil, err
	}
	sizes, err := t.scalars(name+".size", 0)
	if err != nil {
		return nil, err
	}
	idx, err := t.lists(name + ".indices")
	if err != nil {
		return nil, err
	}
	vals, err := t.lists(name + ".values")
	if err != nil {
		return nil, err
	}
	if len(sizes) != len(kinds) || len(idx) != len(kinds) || len(vals) != len(kinds) {
		return nil, fmt.Errorf("the column %s of %s is damaged", name, t.what)
	}
	out := make([][]float64, len(kinds))
	for r := range out {
		if kinds[r] != 0 {
			out[r] = vals[r]
			continue
		}
		t.sparse[name] = true
		n := int(sizes[r])
		if n < 0 || n > maxDim || len(idx[r]) != len(vals[r]) {
			return nil, fmt.Errorf("the vector %s of %s is damaged", name, t.what)
		}
		out[r] = make([]float64, n)
		for k, i := range idx[r] {
			if i < 0 || int(i) >= n {
				return nil, fmt.Errorf("the vector %s of %s has the index %v, but %d values", name, t.what, i, n)
			}
			out[r][int(i)] = vals[r][k]
		}
	}
	return out, nil
}

// vector gives the vector of the only row.
func (t *table) vector(name string) ([]float64, error) {
	if err := t.one(); err != nil {
		return nil, err
	}
	vs, err := t.vectors(name)
	if err != nil {
		return nil, err
	}
	return vs[0], nil
}

// matrix gives the matrix of the only row, by rows.
func (t *table) matrix(name string) ([][]float64, error) {
	if err := t.one(); err != nil {
		return nil, err
	}
	var head [4]float64
	for i, f := range []string{"type", "numRows", "numCols", "isTransposed"} {
		x, err := t.scalars(name+"."+f, -1)
		if err != nil {
			return nil, err
		}
		head[i] = x[0]
	}
	var part [3][]float64
	for i, f := range []string{"values", "colPtrs", "rowIndices"} {
		x, err := t.lists(name + "." + f)
		if err != nil {
			return nil, err
		}
		part[i] = x[0]
	}
	rows, cols := int(head[1]), int(head[2])
	damaged := fmt.Errorf("the matrix %s of %s is damaged", name, t.what)
	if rows < 0 || cols < 0 || rows > maxDim || cols > maxDim || rows*cols > maxDim {
		return nil, damaged
	}
	m := make([][]float64, rows)
	for r := range m {
		m[r] = make([]float64, cols)
	}
	vals, across := part[0], head[3] == 1
	if head[0] == 1 {
		if len(vals) != rows*cols {
			return nil, damaged
		}
		for r := range m {
			for c := range m[r] {
				if across {
					m[r][c] = vals[r*cols+c]
				} else {
					m[r][c] = vals[c*rows+r]
				}
			}
		}
		return m, nil
	}
	t.sparse[name] = true
	ptrs, idx := part[1], part[2]
	lines, width := cols, rows
	if across {
		lines, width = rows, cols
	}
	if len(ptrs) != lines+1 || len(idx) != len(vals) {
		return nil, damaged
	}
	for line := range lines {
		from, to := int(ptrs[line]), int(ptrs[line+1])
		if from < 0 || to > len(idx) || from > to {
			return nil, damaged
		}
		for k := from; k < to; k++ {
			i := int(idx[k])
			switch {
			case i < 0 || i >= width:
				return nil, damaged
			case across:
				m[line][i] = vals[k]
			default:
				m[i][line] = vals[k]
			}
		}
	}
	return m, nil
}
