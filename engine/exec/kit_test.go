package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql/plan"
)

// testTask is a task with a checked allocator.
type testTask struct {
	ctx    context.Context
	mem    memory.Allocator
	faults []string
}

func (t *testTask) Context() context.Context    { return t.ctx }
func (t *testTask) Allocator() memory.Allocator { return t.mem }
func (t *testTask) EpochTime() time.Time        { return time.Unix(0, 0) }
func (t *testTask) Fault(row int, stage string, err error) {
	t.faults = append(t.faults, fmt.Sprintf("row %d %s: %v", row, stage, err))
}

func newTask(t testing.TB) *testTask {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return &testTask{ctx: context.Background(), mem: mem}
}

var (
	f64   = arrow.PrimitiveTypes.Float64
	i32   = arrow.PrimitiveTypes.Int32
	i64   = arrow.PrimitiveTypes.Int64
	str   = arrow.BinaryTypes.String
	boolT = arrow.FixedWidthTypes.Boolean
)

// table is a bounded table of a test: a scan of some columns.
func table(name string, cols ...plan.Column) *plan.Scan {
	s := &plan.Scan{Name: name, Table: &catalog.Table{Name: name}}
	for i, c := range cols {
		s.Cols = append(s.Cols, plan.ScanColumn{Column: c, Source: i})
	}
	return s
}

func column(id int, name string, dt arrow.DataType) plan.Column {
	return plan.Column{ID: plan.ColumnID(id), Name: name, Type: dt}
}

func ref(c plan.Column) plan.Expr { return &plan.ColumnRef{Column: c} }

// rows reads a record from lines of JSON arrays, one value a column.
func rows(t testing.TB, mem memory.Allocator, schema *arrow.Schema, text string) arrow.Record {
	t.Helper()
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	for _, l := range strings.Split(tidy(text), "\n") {
		if l == "" {
			continue
		}
		var vals []json.RawMessage
		if err := json.Unmarshal([]byte(l), &vals); err != nil || len(vals) != len(schema.Fields()) {
			t.Fatalf("%s: not %d values: %v", l, len(schema.Fields()), err)
		}
		for i, v := range vals {
			if err := b.Field(i).UnmarshalJSON([]byte("[" + string(v) + "]")); err != nil {
				t.Fatalf("%s: %v", l, err)
			}
		}
	}
	return b.NewRecord()
}

// lit is a constant from JSON.
func lit(t testing.TB, dt arrow.DataType, json string) plan.Expr {
	t.Helper()
	a, _, err := array.FromJSON(memory.DefaultAllocator, dt, strings.NewReader("["+json+"]"))
	if err != nil {
		t.Fatal(err)
	}
	return &plan.Literal{Value: a}
}

// lines writes records as lines of JSON arrays.
func lines(t testing.TB, recs []arrow.Record) string {
	t.Helper()
	var out []string
	for _, r := range recs {
		for i := range int(r.NumRows()) {
			vals := make([]string, r.NumCols())
			for c, a := range r.Columns() {
				vals[c] = text(t, a, i)
			}
			out = append(out, "["+strings.Join(vals, ",")+"]")
		}
	}
	return strings.Join(out, "\n")
}

func text(t testing.TB, a arrow.Array, i int) string {
	if f, ok := a.(*array.Float64); ok && f.IsValid(i) {
		if math.IsNaN(f.Value(i)) {
			return `"NaN"`
		}
		return strconv.FormatFloat(f.Value(i), 'g', -1, 64)
	}
	b, err := json.Marshal(a.GetOneForMarshal(i))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// shift gives equal rows in arrays that do not start at offset 0.
func shift(t testing.TB, mem memory.Allocator, rec arrow.Record, by int) arrow.Record {
	cols := make([]arrow.Array, len(rec.Columns()))
	for i, c := range rec.Columns() {
		pad := nullArray(mem, c.DataType(), by)
		all, err := array.Concatenate([]arrow.Array{pad, c, pad}, mem)
		pad.Release()
		if err != nil {
			t.Fatal(err)
		}
		cols[i] = array.NewSlice(all, int64(by), int64(by+c.Len()))
		all.Release()
	}
	return makeRecord(rec.Schema(), cols, int(rec.NumRows()))
}

// cut gives the rows of a record in records of at most n rows; the caller
// releases them.
func cut(rec arrow.Record, n int) []arrow.Record {
	var out []arrow.Record
	for at := int64(0); at < rec.NumRows(); at += int64(n) {
		out = append(out, rec.NewSlice(at, min(at+int64(n), rec.NumRows())))
	}
	return out
}

// driver runs a program in one goroutine.
type driver struct {
	task    catalog.Task
	inputs  map[string][]arrow.Record // by table; each record is a chunk
	fail    map[string]error          // after the rows of a table
	workers int                       // parts of each unordered breaker
	stop    int                       // records of the root to take; 0 for all
	results map[*Stage][]arrow.Record
}

// Run runs a program over inputs, which it borrows, and gives the rows of the
// root.
func (d *driver) run(p *Program) ([]arrow.Record, error) {
	d.results = map[*Stage][]arrow.Record{}
	defer func() {
		for _, recs := range d.results {
			releaseRecords(recs)
		}
	}()
	var out []arrow.Record
	for _, s := range p.Stages {
		recs, err := d.stage(s, s == p.Root())
		if err != nil {
			releaseRecords(recs)
			return nil, err
		}
		if s == p.Root() {
			out = recs
		} else {
			d.results[s] = recs
		}
	}
	return out, nil
}

func releaseRecords(recs []arrow.Record) {
	for _, r := range recs {
		r.Release()
	}
}

func (d *driver) stage(s *Stage, root bool) ([]arrow.Record, error) {
	most := 0
	if root {
		most = d.stop
	}
	if s.Breaker == nil {
		var out []arrow.Record
		for _, b := range s.Branches {
			for _, chunk := range d.leaf(b.Leaf) {
				for rec, err := range chunkThrough(d.task, b.Ops, chunk) {
					if err != nil {
						return out, err
					}
					if out = append(out, rec); len(out) == most {
						return out, nil
					}
				}
			}
		}
		return out, nil
	}
	p, err := d.feed(s)
	if err != nil {
		return nil, err
	}
	var out []arrow.Record
	for rec, err := range s.Breaker.Finish(d.task, p) {
		if err != nil {
			return out, err
		}
		if out = append(out, rec); len(out) == most {
			break
		}
	}
	return out, nil
}

// feed gives a breaker all rows of its stage.
func (d *driver) feed(s *Stage) (_ Partial, err error) {
	n := max(1, d.workers)
	if s.Breaker.Ordered() {
		n = 1
	}
	parts := make([]Partial, n)
	for i := range parts {
		parts[i] = s.Breaker.Local(d.task)
	}
	defer func() {
		if err != nil {
			for _, p := range parts {
				if p != nil {
					p.Release()
				}
			}
		}
	}()
	seq := int64(0)
	for _, b := range s.Branches {
	chunks:
		for _, chunk := range d.leaf(b.Leaf) {
			seq++
			for rec, err := range chunkThrough(d.task, b.Ops, chunk) {
				if err != nil {
					return nil, err
				}
				// The first rows go to the last worker, so that parts need sorting.
				done, err := parts[n-1-int(seq)%n].Add(d.task, seq, rec)
				rec.Release()
				if err != nil {
					return nil, err
				}
				if done {
					break chunks
				}
			}
		}
	}
	for i := 1; i < n; i++ {
		a, b := parts[0], parts[i]
		parts[0], parts[i] = nil, nil
		if parts[0], err = s.Breaker.Merge(d.task, a, b); err != nil {
			return nil, err
		}
	}
	return parts[0], nil
}

// leaf gives the chunks of a leaf: each a sequence of records.
func (d *driver) leaf(l Leaf) []Records {
	var recs []arrow.Record
	var err error
	switch l := l.(type) {
	case *ScanLeaf:
		recs, err = d.inputs[l.Scan.Name], d.fail[l.Scan.Name]
	case *RecordsLeaf:
		recs = l.Records
	case *StageLeaf:
		recs = d.results[l.Stage]
	}
	var out []Records
	for _, r := range recs {
		out = append(out, func(yield func(arrow.Record, error) bool) {
			r.Retain()
			yield(r, nil)
		})
	}
	if err != nil {
		out = append(out, fail(err))
	}
	return out
}

func chunkThrough(t catalog.Task, ops []Operator, in Records) Records {
	for _, op := range ops {
		in = op.Run(t, in)
	}
	return in
}

// mustCompile compiles a plan whose program is released with the test.
func mustCompile(t testing.TB, n plan.Node) *Program {
	t.Helper()
	p, err := Compile(n)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// check runs a plan over tables of JSON lines and compares the rows: whole, in
// cuts of one and two rows, with shifted arrays, and with several workers. Order
// counts unless sorted is set.
func check(t *testing.T, n plan.Node, tables map[string]string, want string) {
	t.Helper()
	want = tidy(want)
	for _, size := range []int{1000, 1, 2} {
		for _, by := range []int{0, 3} {
			for _, workers := range []int{1, 3} {
				got, err := runPlan(t, n, tables, size, by, workers)
				if err != nil {
					got = "error: " + err.Error()
				}
				if got != want {
					t.Fatalf("in cuts of %d, offset %d, %d workers\ngot:\n%s\nwant:\n%s", size, by, workers, got, want)
				}
			}
		}
	}
}

func tidy(text string) string {
	var out []string
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

func runPlan(t *testing.T, n plan.Node, tables map[string]string, size, by, workers int) (string, error) {
	t.Helper()
	task := newTask(t)
	d := &driver{task: task, inputs: map[string][]arrow.Record{}, workers: workers}
	for _, s := range scansOf(n) {
		if d.inputs[s.Name] != nil {
			continue
		}
		rec := rows(t, task.mem, schemaOf(s.Columns()), tables[s.Name])
		moved := shift(t, task.mem, rec, by)
		d.inputs[s.Name] = cut(moved, size)
		rec.Release()
		moved.Release()
	}
	defer func() {
		for _, recs := range d.inputs {
			releaseRecords(recs)
		}
	}()
	p := mustCompile(t, n)
	defer p.Release()
	out, err := d.run(p)
	if err != nil {
		return "", err
	}
	defer releaseRecords(out)
	for _, r := range out {
		if r.NumRows() == 0 {
			t.Error("an empty record was given")
		}
		if !r.Schema().Equal(p.Schema) {
			t.Errorf("the record has schema %s, the program %s", r.Schema(), p.Schema)
		}
	}
	return lines(t, out), nil
}

func scansOf(n plan.Node) []*plan.Scan {
	if s, ok := n.(*plan.Scan); ok && s.Cache == nil {
		return []*plan.Scan{s}
	}
	var out []*plan.Scan
	for _, in := range n.Inputs() {
		out = append(out, scansOf(in)...)
	}
	return out
}

// The kernels of these tests.

func floats(a arrow.Array) func(i int) float64 {
	v := a.(*array.Float64)
	if v.Len() == 1 {
		return func(int) float64 { return v.Value(0) }
	}
	return v.Value
}

// binaryCall is a strict call over two doubles.
func binaryCall(name string, out arrow.DataType, each func(b array.Builder, x, y float64), args ...plan.Expr) plan.Expr {
	return &plan.Call{Name: name, Args: args, Fn: catalog.Call{
		Type: out, Deterministic: true, Strict: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			b := array.NewBuilder(t.Allocator(), out)
			defer b.Release()
			x, y := floats(args[0]), floats(args[1])
			for i := range n {
				each(b, x(i), y(i))
			}
			return b.NewArray(), nil
		},
	}}
}

func add(x, y plan.Expr) plan.Expr {
	return binaryCall("+", f64, func(b array.Builder, x, y float64) { b.(*array.Float64Builder).Append(x + y) }, x, y)
}

func less(x, y plan.Expr) plan.Expr {
	return binaryCall("<", boolT, func(b array.Builder, x, y float64) { b.(*array.BooleanBuilder).Append(x < y) }, x, y)
}

// costly is x, slowly: it counts the rows it is asked for and fails on 13.
func costly(x plan.Expr, asked *int) plan.Expr {
	return &plan.Call{Name: "costly", Args: []plan.Expr{x}, Fn: catalog.Call{
		Type: f64, Deterministic: true, Strict: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			*asked += n
			b := array.NewFloat64Builder(t.Allocator())
			defer b.Release()
			for i := range n {
				v := args[0].(*array.Float64)
				switch {
				case v.IsValid(i) && v.Value(i) == 13:
					return nil, errors.New("13 is not to be computed")
				case v.IsValid(i) && v.Value(i) == 7:
					t.Fault(i, "costly", errors.New("7"))
					b.AppendNull()
				case v.IsNull(i):
					b.Append(math.NaN())
				default:
					b.Append(v.Value(i))
				}
			}
			return b.NewArray(), nil
		},
	}}
}

// textLess compares two strings.
func textLess(x, y plan.Expr) plan.Expr {
	return &plan.Call{Name: "<", Args: []plan.Expr{x, y}, Fn: catalog.Call{
		Type: boolT, Deterministic: true, Strict: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			b := array.NewBooleanBuilder(t.Allocator())
			defer b.Release()
			at := func(a arrow.Array, i int) string { return a.(*array.String).Value(i % a.Len()) }
			for i := range n {
				b.Append(at(args[0], i) < at(args[1], i))
			}
			return b.NewArray(), nil
		},
	}}
}
