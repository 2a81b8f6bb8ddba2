package exec

import (
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/enginetest"
	"github.com/millrace-sql/millrace/engine/function"
	"github.com/millrace-sql/millrace/sql"
	"github.com/millrace-sql/millrace/sql/plan"
)

// goldenCatalog has a stream of events, a table of users and a cached table of
// classes.
func goldenCatalog(t *testing.T) *catalog.Catalog {
	c := catalog.New(function.Builtins())
	fields := func(fs ...any) *arrow.Schema {
		var out []arrow.Field
		for i := 0; i < len(fs); i += 2 {
			out = append(out, arrow.Field{Name: fs[i].(string), Type: fs[i+1].(arrow.DataType), Nullable: true})
		}
		return arrow.NewSchema(out, nil)
	}
	classes := rows(t, newTask(t).mem, fields("class", i32, "label", str), "[1,\"one\"]\n[2,\"two\"]\n[null,\"none\"]")
	t.Cleanup(classes.Release)
	for _, table := range []*catalog.Table{
		{Name: "events", Stream: true, Connector: "kafka", Schema: fields("key", arrow.BinaryTypes.Binary, "value", arrow.BinaryTypes.Binary, "offset", i64)},
		{Name: "users", Connector: "csv", Schema: fields("id", i64, "name", str, "score", f64)},
		{Name: "classes", Connector: "csv", Schema: classes.Schema(), Cache: &catalog.Cached{Schema: classes.Schema(), Records: []arrow.Record{classes}, Rows: 3}},
	} {
		if err := c.PutRelation(table.Name, table, false); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// TestGolden compiles and runs queries: "stages" shows the program, "run" the
// rows.
func TestGolden(t *testing.T) {
	for _, file := range []string{"stages.txt", "run.txt"} {
		t.Run(strings.TrimSuffix(file, ".txt"), func(t *testing.T) {
			c := goldenCatalog(t)
			enginetest.Golden(t, "../../testdata/exec/"+file, func(cmd, _, input string) string {
				out, err := goldenCase(t, c, cmd, input)
				if err != nil {
					return "error: " + err.Error()
				}
				return out
			})
		})
	}
}

func goldenCase(t *testing.T, c *catalog.Catalog, cmd, input string) (string, error) {
	text, data, _ := strings.Cut(input, "\nusers:")
	q, err := sql.ParseQuery(text)
	if err != nil {
		return "", err
	}
	n, err := plan.BindQuery(q, c)
	if err != nil {
		return "", err
	}
	n = plan.Optimize(n)
	if cmd == "stages" {
		p, err := Compile(n)
		if err != nil {
			return "", err
		}
		return p.String(), nil
	}
	whole, err := runScans(t, n, data, 1000, 0, 1)
	if err != nil {
		return "", err
	}
	if inCuts, err := runScans(t, n, data, 1, 5, 3); err != nil || inCuts != whole {
		t.Errorf("%s\nin single rows: %v\n%s\nwhole:\n%s", text, err, inCuts, whole)
	}
	return whole, nil
}

// runScans runs a plan whose scans read columns of the users in data.
func runScans(t *testing.T, n plan.Node, data string, size, by, workers int) (string, error) {
	task := newTask(t)
	d := &driver{task: task, inputs: map[string][]arrow.Record{}, workers: workers}
	for _, s := range plan.Scans(n) {
		if s.Cache != nil {
			continue
		}
		all := rows(t, task.mem, s.Table.Schema, data)
		moved := shift(t, task.mem, all, by)
		all.Release()
		p := &picker{schema: schemaOf(s.Columns())}
		for _, c := range s.Cols {
			p.cols = append(p.cols, c.Source)
		}
		var recs []arrow.Record
		for _, r := range cut(moved, size) {
			for out, err := range p.Run(task, func(yield func(arrow.Record, error) bool) { yield(r, nil) }) {
				if err != nil {
					return "", err
				}
				recs = append(recs, out)
			}
		}
		moved.Release()
		d.inputs[s.Name] = recs
	}
	defer func() {
		for _, recs := range d.inputs {
			releaseRecords(recs)
		}
	}()
	p, err := Compile(n)
	if err != nil {
		return "", err
	}
	defer p.Release()
	out, err := d.run(p)
	if err != nil {
		return "", err
	}
	defer releaseRecords(out)
	return lines(t, out), nil
}
