package plan_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/millrace-sql/millrace/sql"
	"github.com/millrace-sql/millrace/sql/plan"
)

// sparkQuery is a query and what Spark made of it.
type sparkQuery struct {
	Group, SQL, Schema, Error, Phase string
	Ordered                          bool
	Rows                             json.RawMessage
}

// faulty says whether Spark refuses the query before it runs.
func (q sparkQuery) faulty() bool { return q.Error != "" && q.Phase != "runtime" }

func sparkQueries(t *testing.T) []sparkQuery {
	t.Helper()
	var out []sparkQuery
	for _, file := range []string{"queries", "queries-advanced"} {
		for _, line := range strings.Split(strings.TrimSpace(readFile(t, "../../testdata/plan/spark/"+file+".jsonl")), "\n") {
			var q sparkQuery
			if err := json.Unmarshal([]byte(line), &q); err != nil {
				t.Fatal(err)
			}
			out = append(out, q)
		}
	}
	return out
}

// sparkDifferences are the ends of queries that we answer otherwise on purpose.
var sparkDifferences = map[string]string{
	"SELECT * EXCEPT (id) FROM l":             "later versions of Spark accept EXCEPT",
	"SELECT * EXCEPT (id, a) FROM c":          "later versions of Spark accept EXCEPT",
	"SELECT id, x::string AS a FROM b":        "later versions of Spark accept ::",
	"SELECT id FROM l WHERE":                  "Spark takes WHERE for an alias here",
	"t - d AS c FROM h":                       "an interval of days has no type of its own",
	"SELECT array_sort(array_agg(id)) FROM l": "the name shows how Spark rewrites array_sort",
}

// TestSparkSchemas binds real queries and compares names and types with
// Spark's. A query may be refused for what is not there yet; it may not get
// another schema, and what Spark refuses must be refused.
func TestSparkSchemas(t *testing.T) {
	c := testCatalog(t)
	same := 0
	for _, q := range sparkQueries(t) {
		if known(q.SQL) {
			continue
		}
		n, err := bindText(c, q.SQL)
		switch {
		case err != nil && (q.Error != "" || missing(err)):
			same++
		case err != nil:
			t.Errorf("%s: %s\nrefused: %s\nSpark gives %s", q.Group, q.SQL, err, q.Schema)
		case q.faulty():
			t.Errorf("%s: %s\nbound: %s\nSpark refuses it: %s", q.Group, q.SQL, rowType(n), q.Error)
		case rowType(n) != q.Schema:
			t.Errorf("%s: %s\ngot   %s\nSpark %s", q.Group, q.SQL, rowType(n), q.Schema)
		default:
			same++
			if got := rowType(plan.Optimize(n)); got != q.Schema {
				t.Errorf("%s: %s\noptimised to %s, from %s", q.Group, q.SQL, got, q.Schema)
			}
		}
	}
	if same < 200 {
		t.Errorf("only %d queries were like Spark's", same)
	}
}

func known(text string) bool {
	for end := range sparkDifferences {
		if strings.HasSuffix(text, end) {
			return true
		}
	}
	return false
}

// missing says whether a query was refused for something that is not there yet.
func missing(err error) bool {
	var list sql.ErrorList
	if !errors.As(err, &list) {
		return false
	}
	for _, e := range list {
		if strings.Contains(e.Msg, "not supported yet") || strings.Contains(e.Msg, "there is no function") || strings.Contains(e.Msg, "there is no table function") {
			return true
		}
	}
	return false
}

func rowType(n plan.Node) string {
	var fields []string
	for _, c := range n.Columns() {
		fields = append(fields, c.Name+":"+sql.TypeName(c.Type))
	}
	return "struct<" + strings.Join(fields, ",") + ">"
}
