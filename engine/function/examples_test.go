package function

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sort"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// example is a documented example of a function that Spark 3.5.7 ran.
type example struct {
	Name   string  `json:"name"`
	SQL    string  `json:"sql"`
	Schema *string `json:"schema"`
	Rows   [][]any `json:"rows"`
	Error  *string `json:"error"`
}

// TestSparkExamples runs the examples of Spark's documentation of its functions:
// one expression, one aggregate or one table function, with or without a list of
// values. Those that differ, or are beyond this package, stand in
// testdata/function/example_differences.txt.
func TestSparkExamples(t *testing.T) {
	const file = goldenDir + "example_differences.txt"
	got := map[string]string{}
	f, err := os.Open(goldenDir + "examples.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	n := 0
	for sc.Scan() {
		var x example
		if err := json.Unmarshal(sc.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		n++
		if diff := x.check(t); diff != "" {
			got[x.Name+"\t"+x.SQL] = diff
		}
	}
	t.Logf("%d of %d examples answer as Spark", n-len(got), n)
	if os.Getenv("MILLRACE_GOLDEN") == "rewrite" {
		var lines []string
		for k, v := range got {
			lines = append(lines, fmt.Sprintf("%q\t%q", k, v))
		}
		sort.Strings(lines)
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	known := readDifferences(t, file)
	for k, v := range got {
		if _, ok := known[k]; !ok {
			t.Errorf("%s\n\t%s", k, v)
		}
	}
	for k := range known {
		if _, ok := got[k]; !ok {
			t.Errorf("%s\n\tanswers as Spark now: take it off %s", k, file)
		}
	}
}

func (x example) check(t *testing.T) string {
	task := newTask(t)
	e := newEvaluator(task)
	defer e.close()
	q, err := sql.ParseQuery(strings.TrimSuffix(strings.TrimSpace(x.SQL), ";"))
	if err != nil {
		return "error: " + firstLine(err)
	}
	sel, ok := q.Body.(*sql.Select)
	if !ok || len(sel.Items) != 1 || sel.Where != nil || sel.GroupBy != nil || len(q.OrderBy) > 0 || q.Limit != nil {
		return "a query"
	}
	cols, sc, n, err := e.values(sel.From)
	if err != nil {
		return "error: " + firstLine(err)
	}
	defer releaseAll(cols)
	res, err := e.item(sel.Items[0].X, sc, n, cols)
	defer releaseAll(res)
	switch {
	case err != nil && x.Error != nil:
		return ""
	case err != nil:
		return "error: " + firstLine(err)
	case x.Error != nil:
		return "no error"
	}
	return x.compare(res)
}

func firstLine(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\n")
	return s
}

func (x example) compare(res []arrow.Array) string {
	if want := len(x.Rows); want > 0 && len(x.Rows[0]) != len(res) {
		return fmt.Sprintf("%d columns, want %d", len(res), len(x.Rows[0]))
	}
	if res[0].Len() != len(x.Rows) {
		return fmt.Sprintf("%d rows, want %d", res[0].Len(), len(x.Rows))
	}
	for i, row := range x.Rows {
		for k, want := range row {
			if g := plain(res[k], i); !equalPlain(g, want) {
				return fmt.Sprintf("got %v, want %v", g, want)
			}
		}
	}
	types := make([]string, len(res))
	for k, a := range res {
		types[k] = typeName(a.DataType())
	}
	if x.Schema != nil && len(res) == 1 && !strings.HasSuffix(*x.Schema, ":"+types[0]+">") {
		return fmt.Sprintf("type %s, want the end of %s", types[0], *x.Schema)
	}
	return ""
}

// values evaluates the lists of VALUES in FROM: no relation is one row without
// columns.
func (e *evaluator) values(from []sql.Relation) (cols []arrow.Array, sc scope, n int, err error) {
	if len(from) == 0 {
		return nil, sc, 1, nil
	}
	v, ok := from[0].(*sql.ValuesRelation)
	if !ok || len(from) > 1 {
		return nil, sc, 0, fmt.Errorf("FROM is no list of values")
	}
	rows := v.Values.Rows
	for k := range rows[0] {
		cells := make([]bound, len(rows))
		types := make([]arrow.DataType, len(rows))
		for i, r := range rows {
			if cells[i], err = e.bind(r[k], scope{}); err != nil {
				return cols, sc, 0, err
			}
			types[i] = cells[i].dt
		}
		dt, _, ok := commonOf(types, common)
		if !ok {
			return cols, sc, 0, fmt.Errorf("values of different types")
		}
		parts := make([]arrow.Array, len(rows))
		for i := range rows {
			if cells[i], err = e.castBound(cells[i], dt); err != nil {
				return cols, sc, 0, err
			}
			parts[i] = cells[i].konst
		}
		col, err := array.Concatenate(parts, e.t.mem)
		if err != nil {
			return cols, sc, 0, err
		}
		name := fmt.Sprintf("col%d", k+1)
		if k < len(v.Alias.Columns) {
			name = v.Alias.Columns[k].Name
		}
		cols = append(cols, col)
		sc.names, sc.types = append(sc.names, name), append(sc.types, dt)
	}
	return cols, sc, len(rows), nil
}

// item evaluates a select item: an aggregate and a table function by
// themselves, anything else row by row.
func (e *evaluator) item(x sql.Expr, sc scope, n int, cols []arrow.Array) ([]arrow.Array, error) {
	if c, ok := x.(*sql.Call); ok && c.Over == nil {
		name := strings.ToLower(c.Name.Name)
		if agg := e.cat.Aggregate(name); agg != nil {
			if c.Distinct || c.Filter != nil || len(c.OrderBy) > 0 {
				return nil, fmt.Errorf("the planner's part of an aggregate")
			}
			a, err := e.aggregateRows(agg, c, sc, n, cols)
			return []arrow.Array{a}, err
		}
		if f := e.cat.TableFunction(name); f != nil {
			return e.tableRows(f, c, sc, n, cols)
		}
	}
	b, err := e.bind(x, sc)
	if err != nil {
		return nil, err
	}
	a, err := b.eval(n, cols)
	if err != nil {
		return nil, err
	}
	return []arrow.Array{a}, nil
}

// arguments evaluates a call's arguments cast to the types wanted.
func (e *evaluator) arguments(args []bound, want []arrow.DataType, n int, cols []arrow.Array) ([]arrow.Array, error) {
	out := make([]arrow.Array, 0, len(args))
	for k, a := range args {
		var err error
		if want[k] != nil {
			if a, err = e.castBound(a, want[k]); err != nil {
				releaseAll(out)
				return nil, err
			}
		}
		if a.konst != nil {
			out = append(out, retained(a.konst))
			continue
		}
		x, err := a.eval(n, cols)
		if err != nil {
			releaseAll(out)
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

func (e *evaluator) infos(c *sql.Call, sc scope) ([]bound, []catalog.Arg, error) {
	var bs []bound
	var infos []catalog.Arg
	for _, a := range c.Args {
		if _, ok := a.Value.(*sql.Star); ok {
			continue
		}
		b, err := e.bind(a.Value, sc)
		if err != nil {
			return nil, nil, err
		}
		bs = append(bs, b)
		infos = append(infos, catalog.Arg{Type: b.dt, Const: b.konst, Literal: b.literal})
	}
	return bs, infos, nil
}

// aggregateRows runs an aggregate over all rows as one group: the first half in
// one accumulator that is saved and loaded, the second merged into it.
func (e *evaluator) aggregateRows(agg catalog.Aggregate, c *sql.Call, sc scope, n int, cols []arrow.Array) (arrow.Array, error) {
	bs, infos, err := e.infos(c, sc)
	if err != nil {
		return nil, err
	}
	call, err := agg.BindAggregate(infos)
	if err != nil {
		return nil, err
	}
	args, err := e.arguments(bs, call.ArgTypes, n, cols)
	if err != nil {
		return nil, err
	}
	defer releaseAll(args)
	part := func(from, to int) (catalog.Accumulator, error) {
		in := make([]arrow.Array, len(args))
		for k, a := range args {
			if bs[k].konst != nil {
				in[k] = retained(a)
			} else {
				in[k] = array.NewSlice(a, int64(from), int64(to))
			}
		}
		defer releaseAll(in)
		acc := call.New(e.t)
		return acc, acc.Update(e.t, make([]uint32, to-from), 1, in)
	}
	first, err := part(0, n/2)
	defer first.Release()
	if err != nil {
		return nil, err
	}
	states, err := first.Save(e.t, 1)
	if err != nil {
		return nil, err
	}
	defer releaseAll(states)
	loaded := call.New(e.t)
	defer loaded.Release()
	if err := loaded.Load(e.t, 1, states); err != nil {
		return nil, err
	}
	second, err := part(n/2, n)
	defer second.Release()
	if err != nil {
		return nil, err
	}
	if err := loaded.Merge(e.t, second, []uint32{0}, 1); err != nil {
		return nil, err
	}
	out, err := loaded.Result(e.t, 1)
	if err == nil && !same(out.DataType(), call.Type) {
		defer out.Release()
		return nil, fmt.Errorf("the aggregate gives %s and promised %s", out.DataType(), call.Type)
	}
	return out, err
}

func (e *evaluator) tableRows(f catalog.TableFunction, c *sql.Call, sc scope, n int, cols []arrow.Array) ([]arrow.Array, error) {
	bs, infos, err := e.infos(c, sc)
	if err != nil {
		return nil, err
	}
	call, err := f.BindTable(infos)
	if err != nil {
		return nil, err
	}
	args, err := e.arguments(bs, call.ArgTypes, n, cols)
	if err != nil {
		return nil, err
	}
	defer releaseAll(args)
	from, out, err := call.Eval(e.t, n, args)
	for k, a := range out {
		if a.Len() != len(from) || !same(a.DataType(), call.Columns[k].Type) {
			return out, fmt.Errorf("column %d is %s of %d rows, want %s of %d", k, a.DataType(), a.Len(), call.Columns[k].Type, len(from))
		}
	}
	return out, err
}

// plain is a value in the form of the recorded answers.
func plain(a arrow.Array, i int) any {
	if nullAt(a, i) {
		return nil
	}
	switch a := a.(type) {
	case *array.Boolean:
		return a.Value(i)
	case *array.Binary:
		return strings.ToUpper(hex.EncodeToString(a.Value(i)))
	case *array.Map:
		l := listOf(a)
		l.step = 1
		keys, items := entries(a)
		out := []any{}
		for from, to := l.span(i); from < to; from++ {
			out = append(out, []any{plain(keys, from), plain(items, from)})
		}
		return out
	case *array.List:
		l := listOf(a)
		l.step = 1
		out := []any{}
		for from, to := l.span(i); from < to; from++ {
			out = append(out, plain(l.elem, from))
		}
		return out
	case *array.Struct:
		out := map[string]any{}
		for k, f := range a.DataType().(*arrow.StructType).Fields() {
			out[f.Name] = plain(a.Field(k), i)
		}
		return out
	}
	s := show(a, i)
	if isNumeric(a.DataType()) && !isDecimal(a.DataType()) {
		if v, ok := parseFloat([]byte(s), 64); ok && !math.IsNaN(v) && !math.IsInf(v, 0) {
			if f, ok := a.(*array.Float32); ok {
				v = float64(f.Value(i))
			}
			return v
		}
	}
	return s
}

func equalPlain(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}
