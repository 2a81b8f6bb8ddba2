package plan_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/exec"
	"github.com/millrace-sql/millrace/sql/plan"
)

// runTask is a task with a checked allocator.
type runTask struct{ mem memory.Allocator }

func (runTask) Context() context.Context      { return context.Background() }
func (t runTask) Allocator() memory.Allocator { return t.mem }
func (runTask) EpochTime() time.Time          { return time.Unix(1700000000, 0) }
func (runTask) Fault(int, string, error)      {}

// runPlan runs a plan over constants and gives its rows as text.
func runPlan(t *testing.T, n plan.Node) ([]string, error) {
	t.Helper()
	p, err := exec.Compile(n)
	if err != nil {
		return nil, err
	}
	defer p.Release()
	r := &runner{task: runTask{checked(t)}, results: map[*exec.Stage][]arrow.Record{}}
	defer r.release()
	for _, s := range p.Stages {
		if err := r.stage(s); err != nil {
			return nil, err
		}
	}
	var out []string
	for _, rec := range r.results[p.Root()] {
		for i := range int(rec.NumRows()) {
			values := make([]string, rec.NumCols())
			for c, a := range rec.Columns() {
				values[c] = valueText(a, i)
			}
			out = append(out, strings.Join(values, " | "))
		}
	}
	return out, nil
}

// runner runs the stages of a program one after the other.
type runner struct {
	task    catalog.Task
	results map[*exec.Stage][]arrow.Record
}

func (r *runner) release() {
	for _, recs := range r.results {
		for _, rec := range recs {
			rec.Release()
		}
	}
}

func (r *runner) stage(s *exec.Stage) error {
	take := func(in exec.Records) error {
		for rec, err := range in {
			if err != nil {
				return err
			}
			r.results[s] = append(r.results[s], rec)
		}
		return nil
	}
	var part exec.Partial
	if s.Breaker != nil {
		part = s.Breaker.Local(r.task)
	}
	seq := int64(0)
	for _, b := range s.Branches {
		var records []arrow.Record
		switch l := b.Leaf.(type) {
		case *exec.RecordsLeaf:
			records = l.Records
		case *exec.StageLeaf:
			records = r.results[l.Stage]
		default:
			return fmt.Errorf("%T has no rows here", l)
		}
		for _, rec := range records {
			seq++
			if err := r.branch(b, rec, part, seq, take); err != nil {
				if part != nil {
					part.Release()
				}
				return err
			}
		}
	}
	if part == nil {
		return nil
	}
	return take(s.Breaker.Finish(r.task, part))
}

func (r *runner) branch(b exec.Branch, rec arrow.Record, part exec.Partial, seq int64, take func(exec.Records) error) error {
	in := exec.Records(func(yield func(arrow.Record, error) bool) {
		rec.Retain()
		yield(rec, nil)
	})
	for _, op := range b.Ops {
		in = op.Run(r.task, in)
	}
	if part == nil {
		return take(in)
	}
	for rec, err := range in {
		if err != nil {
			return err
		}
		_, err := part.Add(r.task, seq, rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// valueText is a value as text, the same for a value of the goldens.
func valueText(a arrow.Array, i int) string {
	if a.DataType().ID() == arrow.NULL || a.IsNull(i) {
		return "null"
	}
	switch a := a.(type) {
	case *array.Float32:
		return floatText(float64(a.Value(i)))
	case *array.Float64:
		return floatText(a.Value(i))
	case *array.String:
		return strconv.Quote(a.Value(i))
	case *array.Decimal128:
		return strconv.Quote(a.Value(i).ToString(a.DataType().(*arrow.Decimal128Type).Scale))
	case *array.Date32:
		return strconv.Quote(a.Value(i).FormattedString())
	case *array.Timestamp:
		return strconv.Quote(a.Value(i).ToTime(arrow.Microsecond).Format("2006-01-02 15:04:05.999999"))
	case *array.Struct:
		fields := map[string]string{}
		for f := range a.NumField() {
			fields[a.DataType().(*arrow.StructType).Field(f).Name] = valueText(a.Field(f), i)
		}
		return fmt.Sprint(fields)
	case *array.Map:
		from, to := a.ValueOffsets(i)
		var parts []string
		for k := from; k < to; k++ {
			parts = append(parts, "["+valueText(a.Keys(), int(k))+" "+valueText(a.Items(), int(k))+"]")
		}
		return fmt.Sprint(parts)
	case array.ListLike:
		from, to := a.ValueOffsets(i)
		var parts []string
		for k := from; k < to; k++ {
			parts = append(parts, valueText(a.ListValues(), int(k)))
		}
		return fmt.Sprint(parts)
	}
	return a.ValueStr(i)
}

func floatText(v float64) string {
	switch {
	case v == 0: // 0.0 and -0.0 are one group, of which either may stay
		return "0"
	case math.IsNaN(v):
		return `"NaN"`
	case math.IsInf(v, 1):
		return `"Infinity"`
	case math.IsInf(v, -1):
		return `"-Infinity"`
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func goldenText(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return strconv.Quote(v)
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			f, _ := v.Float64()
			return floatText(f)
		}
		return v.String()
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, goldenText(e))
		}
		return fmt.Sprint(parts)
	case map[string]any:
		fields := map[string]string{}
		for k, e := range v {
			fields[k] = goldenText(e)
		}
		return fmt.Sprint(fields)
	}
	return fmt.Sprint(v)
}

// TestSparkRows runs the real queries that bind, as bound and optimised, and
// compares their rows with Spark's.
func TestSparkRows(t *testing.T) {
	c := testCatalog(t)
	same := 0
	for _, q := range sparkQueries(t) {
		n, err := bindText(c, q.SQL)
		if err != nil || known(q.SQL) {
			continue // TestSparkSchemas judges it
		}
		var rows [][]any
		dec := json.NewDecoder(strings.NewReader(string(q.Rows)))
		dec.UseNumber()
		if err := dec.Decode(&rows); err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, row := range rows {
			values := make([]string, len(row))
			for i, v := range row {
				values[i] = goldenText(v)
			}
			want = append(want, strings.Join(values, " | "))
		}
		for _, p := range []plan.Node{n, plan.Optimize(n)} {
			got, err := runPlan(t, p)
			if err != nil {
				if q.Error == "" {
					t.Errorf("%s: %s\n%s\n%s", q.Group, q.SQL, err, plan.Explain(p))
				}
				continue
			}
			if q.Error != "" {
				t.Errorf("%s: %s\ngave %v\nSpark: %s", q.Group, q.SQL, got, q.Error)
				continue
			}
			if !q.Ordered {
				slices.Sort(got)
				slices.Sort(want)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s\ngot\n%s\nSpark\n%s\n%s", q.Group, q.SQL, strings.Join(got, "\n"), strings.Join(want, "\n"), plan.Explain(p))
				continue
			}
			same++
		}
	}
	if same < 200 {
		t.Errorf("only %d runs gave Spark's rows", same)
	}
}
