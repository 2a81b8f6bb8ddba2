package exec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/function"
	"github.com/millrace-sql/millrace/sql"
	"github.com/millrace-sql/millrace/sql/plan"
)

// sparkQuery is a query and what Spark answered.
type sparkQuery struct {
	Group, SQL, Error, Phase string
	Ordered                  bool
	Rows                     []json.RawMessage
}

func sparkQueries(t *testing.T) []sparkQuery {
	t.Helper()
	files, err := filepath.Glob("../../testdata/plan/spark/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no queries: %v", err)
	}
	var out []sparkQuery
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range bytes.Split(bytes.TrimSpace(b), []byte("\n")) {
			var q sparkQuery
			if err := json.Unmarshal(line, &q); err != nil {
				t.Fatal(err)
			}
			out = append(out, q)
		}
	}
	return out
}

// TestSparkQueries runs real queries as bound, as optimised, and cut into single
// rows over three workers, and compares their rows with Spark's. What the planner
// does not take yet is not for this package to test.
func TestSparkQueries(t *testing.T) {
	c := catalog.New(function.Builtins())
	ran := 0
	for _, q := range sparkQueries(t) {
		if q.Error != "" || known(q.SQL) {
			continue
		}
		text, err := sql.ParseQuery(q.SQL)
		if err != nil {
			continue
		}
		n, err := plan.BindQuery(text, c)
		if err != nil {
			continue
		}
		ran++
		for name, n := range map[string]plan.Node{"bound": n, "optimised": plan.Optimize(n)} {
			for _, workers := range []int{1, 3} {
				if err := likeSpark(t, n, q, workers); err != nil {
					t.Errorf("%s, %s\n%s\n%v\n%s", q.Group, name, q.SQL, err, plan.Explain(n))
				}
			}
		}
	}
	if ran < 150 {
		t.Errorf("only %d queries ran", ran)
	}
	t.Logf("%d queries ran", ran)
}

// sparkDifferences are the ends of queries that we answer otherwise, and why.
var sparkDifferences = map[string]string{
	"t - d AS c FROM h": "an interval of days has no type of its own",
}

func known(text string) bool {
	for end := range sparkDifferences {
		if strings.HasSuffix(text, end) {
			return true
		}
	}
	return false
}

func likeSpark(t *testing.T, n plan.Node, q sparkQuery, workers int) (err error) {
	p, err := Compile(n)
	if err != nil {
		return err
	}
	defer p.Release()
	if workers > 1 {
		cutValues(p)
	}
	d := &driver{task: newTask(t), workers: workers}
	recs, err := d.run(p)
	if err != nil {
		return err
	}
	defer releaseRecords(recs)
	var got, want []string
	for _, r := range recs {
		for i := range int(r.NumRows()) {
			vals := make([]any, r.NumCols())
			for c, a := range r.Columns() {
				vals[c] = sparkValue(a, i)
			}
			b, err := json.Marshal(rounded(vals))
			if err != nil {
				return err
			}
			got = append(got, string(b))
		}
	}
	for _, r := range q.Rows {
		var v any
		if err := json.Unmarshal(r, &v); err != nil {
			return err
		}
		b, err := json.Marshal(rounded(v))
		if err != nil {
			return err
		}
		want = append(want, string(b))
	}
	if !q.Ordered {
		slices.Sort(got)
		slices.Sort(want)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("got  %s\nwant %s", strings.Join(got, " "), strings.Join(want, " "))
	}
	return nil
}

// cutValues cuts constant rows into records of one.
func cutValues(p *Program) {
	for _, s := range p.Stages {
		for _, b := range s.Branches {
			if l, ok := b.Leaf.(*RecordsLeaf); ok {
				var recs []arrow.Record
				for _, r := range l.Records {
					recs = append(recs, cut(r, 1)...)
				}
				l.Records = recs
			}
		}
	}
}

// sparkValue is a value as the recorded answers have it, after a round through
// JSON: numbers as float64.
func sparkValue(a arrow.Array, i int) any {
	if a.IsNull(i) || a.DataType().ID() == arrow.NULL {
		return nil
	}
	switch a := a.(type) {
	case *array.Boolean:
		return a.Value(i)
	case *array.Float64:
		return sparkFloat(a.Value(i))
	case *array.Float32:
		return sparkFloat(float64(a.Value(i)))
	case *array.Int8:
		return float64(a.Value(i))
	case *array.Int16:
		return float64(a.Value(i))
	case *array.Int32:
		return float64(a.Value(i))
	case *array.Int64:
		return float64(a.Value(i))
	case *array.String:
		return a.Value(i)
	case *array.Binary:
		return fmt.Sprintf("%X", a.Value(i))
	case *array.Date32:
		return a.Value(i).FormattedString()
	case *array.Timestamp:
		text := a.Value(i).ToTime(arrow.Microsecond).Format("2006-01-02 15:04:05.999999")
		return text
	case *array.Decimal128:
		dt := a.DataType().(*arrow.Decimal128Type)
		return a.Value(i).ToString(dt.Scale)
	case *array.Map:
		off, out := offsetsOf(a), []any{}
		for e := int(off[i]); e < int(off[i+1]); e++ {
			out = append(out, []any{sparkValue(a.Keys(), e), sparkValue(a.Items(), e)})
		}
		return out
	case *array.List:
		off, out := offsetsOf(a), []any{}
		for e := int(off[i]); e < int(off[i+1]); e++ {
			out = append(out, sparkValue(a.ListValues(), e))
		}
		return out
	case *array.Struct:
		out := map[string]any{}
		for f := range a.NumField() {
			out[a.DataType().(*arrow.StructType).Field(f).Name] = sparkValue(a.Field(f), i)
		}
		return out
	}
	return a.ValueStr(i)
}

// rounded cuts numbers to 14 digits: sums are not made in Spark's order.
func rounded(v any) any {
	switch v := v.(type) {
	case float64:
		if math.Abs(v) < 1e-14 {
			return 0.0
		}
		r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 14, 64), 64)
		if err != nil {
			return v
		}
		return r
	case []any:
		for i := range v {
			v[i] = rounded(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = rounded(v[k])
		}
	}
	return v
}

func sparkFloat(v float64) any {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	return v
}
