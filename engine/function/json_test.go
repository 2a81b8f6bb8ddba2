package function

import (
	"slices"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
)

// TestFromJSONInfo is about what a scan may do in from_json's place: parse a part
// of the fields, where no other field can change what they are.
func TestFromJSONInfo(t *testing.T) {
	task := newTask(t)
	schema := func(s string) catalog.Arg { return constArg(t, task.mem, tString, s) }
	c := bindFn(t, "from_json", argOf(tString), schema("a INT NOT NULL, b DOUBLE, c STRUCT<d: INT>"))
	info, ok := c.Info.(catalog.JSONParse)
	if !ok || !same(info.Root, c.Type) {
		t.Fatalf("info %#v of %s", c.Info, c.Type)
	}
	if !c.Type.(*arrow.StructType).Field(0).Nullable {
		t.Error("NOT NULL was kept; from_json does not enforce it")
	}
	root, parser, err := info.Narrow([]int{1, 2})
	dec, isDecoder := parser.(*codec.JSONDecoder)
	if err != nil || !isDecoder || !same(root, dec.Type()) || typeName(root) != "struct<b:double,c:struct<d:int>>" {
		t.Errorf("narrowed to %s, %T, %v", root, parser, err)
	}
	for _, s := range []string{"a INT, _corrupt_record STRING", "ARRAY<INT>", "MAP<STRING, INT>"} {
		if c := bindFn(t, "from_json", argOf(tString), schema(s)); c.Info != nil {
			t.Errorf("%s: a part of it cannot be parsed alone", s)
		}
	}
}

func TestFromJSONRows(t *testing.T) {
	task := newTask(t)
	s := constArg(t, task.mem, tString, "a INT, b STRING")
	call := bindFn(t, "from_json", argOf(tString), s)
	x := arrayOf(t, task.mem, tString, `{"a":1,"b":"x"}`, nil, "", `{"a":"bad","b":"y"}`, `{"a":1`, `{}`)
	defer x.Release()
	a, err := run(task, call, x.Len(), []arrow.Array{x, s.Const})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Release()
	want := []string{"{1, x}", "NULL", "NULL", "{null, y}", "{null, null}", "{null, null}"}
	if got := shown(a); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
