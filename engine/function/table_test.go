package function

import (
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// TestTableFunctions runs each over three rows of one argument that an
// expression over x = 1, 2, NULL makes.
func TestTableFunctions(t *testing.T) {
	for _, c := range []struct {
		fn, arg string
		from    string
		cols    string
	}{
		{"explode", "array_repeat(x, x)", "[0 1 1]", "[[1 2 2]]"},
		{"explode_outer", "array_repeat(x, x)", "[0 1 1 2]", "[[1 2 2 NULL]]"},
		{"posexplode", "array_repeat(x, x)", "[0 1 1]", "[[0 0 1] [1 2 2]]"},
		{"posexplode_outer", "array_repeat(x, x)", "[0 1 1 2]", "[[0 0 1 NULL] [1 2 2 NULL]]"},
		{"explode", "map('k', x)", "[0 1 2]", "[[k k k] [1 2 NULL]]"},
		{"explode_outer", "CAST(NULL AS MAP<STRING, INT>)", "[0 1 2]", "[[NULL NULL NULL] [NULL NULL NULL]]"},
		{"inline", "array(struct(x, 'a'), NULL)", "[0 0 1 1 2 2]", "[[1 NULL 2 NULL NULL NULL] [a NULL a NULL a NULL]]"},
		{"inline_outer", "filter(array(struct(x)), s -> s.col1 = 2)", "[0 1 2]", "[[NULL 2 NULL]]"},
	} {
		task := newTask(t)
		e := newEvaluator(task)
		x := arrayOf(t, task.mem, tInt, 1, 2, nil)
		expr, err := sql.ParseExpr(c.arg)
		if err != nil {
			t.Fatal(err)
		}
		b, err := e.bind(expr, scope{names: []string{"x"}, types: []arrow.DataType{tInt}})
		if err != nil {
			t.Fatalf("%s: %v", c.arg, err)
		}
		call, err := e.cat.TableFunction(c.fn).BindTable([]catalog.Arg{{Type: b.dt, Const: b.konst}})
		if err != nil {
			t.Fatalf("%s(%s): %v", c.fn, c.arg, err)
		}
		args, err := e.arguments([]bound{b}, call.ArgTypes, 3, []arrow.Array{x})
		if err != nil {
			t.Fatalf("%s: %v", c.arg, err)
		}
		from, cols, err := call.Eval(task, 3, args)
		if err != nil {
			t.Fatalf("%s(%s): %v", c.fn, c.arg, err)
		}
		var got [][]string
		for _, a := range cols {
			got = append(got, shown(a))
		}
		if fmt.Sprint(from) != c.from || fmt.Sprint(got) != c.cols {
			t.Errorf("%s(%s): rows %v, columns %v; want %s, %s", c.fn, c.arg, from, got, c.from, c.cols)
		}
		releaseAll(cols)
		releaseAll(args)
		x.Release()
		e.close()
	}
}

func TestStackAndJSONTuple(t *testing.T) {
	task := newTask(t)
	e := newEvaluator(task)
	defer e.close()
	x := arrayOf(t, task.mem, tInt, 1, nil)
	defer x.Release()
	for _, c := range []struct{ sql, from, cols string }{
		{"stack(2, x, 2, 3)", "[0 0 1 1]", "[[1 3 NULL 3] [2 NULL 2 NULL]]"},
		{`json_tuple('{"a":1,"b":"x"}', 'b', 'c')`, "[0 1]", "[[x x] [NULL NULL]]"},
		{`json_tuple('bad', 'b')`, "[0 1]", "[[NULL NULL]]"},
	} {
		expr, err := sql.ParseExpr(c.sql)
		if err != nil {
			t.Fatal(err)
		}
		call := expr.(*sql.Call)
		f := e.cat.TableFunction(call.Name.Name)
		sc := scope{names: []string{"x"}, types: []arrow.DataType{tInt}}
		bs, infos, err := e.infos(call, sc)
		if err != nil {
			t.Fatal(err)
		}
		tc, err := f.BindTable(infos)
		if err != nil {
			t.Fatalf("%s: %v", c.sql, err)
		}
		args, err := e.arguments(bs, tc.ArgTypes, 2, []arrow.Array{x})
		if err != nil {
			t.Fatal(err)
		}
		from, cols, err := tc.Eval(task, 2, args)
		if err != nil {
			t.Fatalf("%s: %v", c.sql, err)
		}
		var got [][]string
		for _, a := range cols {
			got = append(got, shown(a))
		}
		if fmt.Sprint(from) != c.from || fmt.Sprint(got) != c.cols {
			t.Errorf("%s: rows %v, columns %v; want %s, %s", c.sql, from, got, c.from, c.cols)
		}
		releaseAll(cols)
		releaseAll(args)
	}
}
