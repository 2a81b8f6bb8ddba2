package main

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine/lightgbm"
	"github.com/millrace-sql/millrace/engine/pmml"
	"github.com/millrace-sql/millrace/engine/sparkml"
	"github.com/millrace-sql/millrace/engine/xgboost"
)

// millrace is this engine: a document of a format, scored in batches of all rows.
type millrace struct {
	folder, format string
	in             []arrow.Array
	n              int
	names          []string // of the outputs
	score          func() ([]arrow.Array, error)
}

// open loads the document and the rows, once.
func (m *millrace) open(b *bench) error {
	if m.score != nil {
		return nil
	}
	t, err := readTable(filepath.Join(m.folder, b.rows+".csv"))
	if err != nil {
		return err
	}
	m.n = len(t.cells[0])
	extension := map[string]string{"pmml": ".pmml", "sparkml": ".sparkml", "lightgbm": ".lightgbm.txt", "xgboost": ".xgboost.json"}[m.format]
	f, err := os.Open(filepath.Join(m.folder, b.model+extension))
	if err != nil {
		return err
	}
	defer f.Close()
	switch m.format {
	case "pmml":
		err = m.openPMML(f, t)
	case "lightgbm":
		var model *lightgbm.Model
		if model, err = lightgbm.Load(f); err == nil {
			err = m.openBoosted(model, t)
		}
	case "sparkml":
		err = m.openSparkML(os.DirFS(f.Name()), t)
	case "xgboost":
		var model *xgboost.Model
		if model, err = xgboost.Load(f); err == nil {
			err = m.openBoosted(model, t)
		}
	}
	return err
}

func (m *millrace) openPMML(r io.Reader, t *table) error {
	model, err := pmml.Load(r)
	if err != nil {
		return err
	}
	if ok, why := model.Batch(); !ok {
		return fmt.Errorf("the model has no batch evaluator: %s", why)
	}
	for _, o := range model.Outputs() {
		m.names = append(m.names, o.Field.Name)
	}
	m.in, err = t.columns(model.Inputs())
	m.score = func() ([]arrow.Array, error) {
		return model.ScoreOutputs(memory.DefaultAllocator, m.n, m.in, nil, func(int, error) {})
	}
	return err
}

func (m *millrace) openSparkML(dir fs.FS, t *table) error {
	model, err := sparkml.Load(dir)
	if err != nil {
		return err
	}
	var want []int
	for i, o := range model.Outputs() {
		if o.Field.Type.ID() == arrow.FLOAT64 { // not the vectors, which have the same numbers
			m.names, want = append(m.names, o.Field.Name), append(want, i)
		}
	}
	m.in, err = t.columns(model.Inputs())
	m.score = func() ([]arrow.Array, error) {
		return model.ScoreOutputs(memory.DefaultAllocator, m.n, m.in, want, func(int, error) {})
	}
	return err
}

// boosted is a model of a boosting library.
type boosted interface {
	Inputs() []arrow.Field
	Outputs() []lightgbm.Output
	Score(mem memory.Allocator, n int, in []arrow.Array, want []int) ([]arrow.Array, error)
}

func (m *millrace) openBoosted(model boosted, t *table) (err error) {
	want := []int{}
	for i, o := range model.Outputs() {
		if o.Field.Name == "probability(1)" {
			m.names, want = append(m.names, o.Field.Name), append(want, i)
		}
	}
	m.in, err = t.columns(model.Inputs())
	m.score = func() ([]arrow.Array, error) { return model.Score(memory.DefaultAllocator, m.n, m.in, want) }
	return err
}

func (m *millrace) check(library string, b *bench) error {
	if err := m.open(b); err != nil {
		return err
	}
	out, err := m.score()
	if err != nil {
		return err
	}
	defer release(out)
	f, err := os.Create(b.answers(m.folder, library))
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, strings.Join(m.names, ","))
	for i := range m.n {
		for c, a := range out {
			if c > 0 {
				w.WriteByte(',')
			}
			if a.IsValid(i) {
				w.WriteString(a.ValueStr(i))
			}
		}
		w.WriteByte('\n')
	}
	return w.Flush()
}

func (m *millrace) time(_ string, b *bench, seconds float64) (float64, error) {
	n, start := 0, processorSeconds()
	for {
		out, err := m.score()
		if err != nil {
			return 0, err
		}
		release(out)
		n += m.n
		if spent := processorSeconds() - start; spent >= seconds {
			return spent * 1e9 / float64(n), nil
		}
	}
}

func release(arrays []arrow.Array) {
	for _, a := range arrays {
		a.Release()
	}
}

// processorSeconds is the processor time of this process, of all its threads.
func processorSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // impossible: the arguments are right
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// table is a CSV file by columns.
type table struct {
	names []string
	cells [][]string
}

func readTable(path string) (*table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(bufio.NewReader(f))
	names, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	t := &table{names: names, cells: make([][]string, len(names))}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return t, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for i, cell := range row {
			t.cells[i] = append(t.cells[i], cell)
		}
	}
}

func parse(s string) (float64, bool) {
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil
}

// columns are the table's columns for a model's inputs, an empty cell NULL. They are never released: the garbage
// collector has them.
func (t *table) columns(fields []arrow.Field) ([]arrow.Array, error) {
	var out []arrow.Array
	for _, f := range fields {
		at := -1
		for i, name := range t.names {
			if name == f.Name {
				at = i
			}
		}
		if at < 0 {
			return nil, fmt.Errorf("the rows have no column %s, only %s", f.Name, strings.Join(t.names, ", "))
		}
		b := array.NewBuilder(memory.DefaultAllocator, f.Type)
		for _, s := range t.cells[at] {
			if s == "" {
				b.AppendNull()
			} else if err := b.AppendValueFromString(s); err != nil {
				return nil, fmt.Errorf("column %s: %w", f.Name, err)
			}
		}
		out = append(out, b.NewArray())
		b.Release()
	}
	return out, nil
}
