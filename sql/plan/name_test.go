package plan_test

import (
	"strings"
	"testing"

	"github.com/millrace-sql/millrace/sql"
)

// namesFrom is the relation over which Spark named the expressions of names.txt.
const namesFrom = `(SELECT named_struct('c', '1', 'n', 2) AS s, array(named_struct('c', 'x')) AS l, map('a', 1) AS m, '{}' AS k, 1 AS n,
	DATE '2020-01-01' AS d, TIMESTAMP '2020-01-01 00:00:00' AS ts) t`

// TestSparkNames compares the names and types of columns without an alias with
// Spark's.
func TestSparkNames(t *testing.T) {
	c := testCatalog(t)
	for _, line := range strings.Split(strings.TrimSpace(readFile(t, "../../testdata/plan/spark/names.txt")), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Split(line, " | ")
		if len(parts) != 3 {
			t.Fatalf("not expression | name | type: %s", line)
		}
		n, err := bindText(c, "SELECT "+parts[0]+" FROM "+namesFrom)
		if err != nil {
			t.Errorf("%s: %s", parts[0], err)
			continue
		}
		col := n.Columns()[0]
		if col.Name != parts[1] {
			t.Errorf("%s\nis called %s\nby Spark  %s", parts[0], col.Name, parts[1])
		}
		got, want := sql.TypeName(col.Type), parts[2]
		if strings.HasPrefix(want, "interval day") { // Spark tells the units apart
			want = "interval day to second"
		}
		if got != want {
			t.Errorf("%s is %s, in Spark %s", parts[0], got, want)
		}
	}
}
