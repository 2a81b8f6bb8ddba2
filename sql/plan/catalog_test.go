package plan_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/function"
)

var (
	tInt    = arrow.PrimitiveTypes.Int32
	tLong   = arrow.PrimitiveTypes.Int64
	tDouble = arrow.PrimitiveTypes.Float64
	tString = arrow.BinaryTypes.String
	tBinary = arrow.BinaryTypes.Binary
	tTime   = arrow.FixedWidthTypes.Timestamp_us
)

func field(name string, t arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: t, Nullable: true}
}

func schema(fields ...arrow.Field) *arrow.Schema { return arrow.NewSchema(fields, nil) }

// kafkaColumns are what a topic has to read and to write.
func kafkaTable(name string, stream bool) *catalog.Table {
	return &catalog.Table{
		Name: name, Stream: stream, Connector: "kafka",
		Schema: schema(field("key", tBinary), field("value", tBinary), field("topic", tString), field("partition", tInt),
			field("offset", tLong), field("timestamp", tTime), field("timestampType", tInt)),
		Write:  schema(field("key", tBinary), field("value", tBinary), field("topic", tString), field("partition", tInt)),
		ByName: true, Required: []string{"value"},
	}
}

// irisFields are the flowers' four measures.
func irisFields() []arrow.Field {
	return []arrow.Field{field("sepal_length", tDouble), field("sepal_width", tDouble), field("petal_length", tDouble), field("petal_width", tDouble)}
}

// fakeModel has the fields of a model and scores nothing: plans are not run
// here.
type fakeModel struct {
	in  []arrow.Field
	out []catalog.Output
}

func (m fakeModel) Inputs() []arrow.Field        { return m.in }
func (m fakeModel) Outputs() []catalog.Output    { return m.out }
func (m fakeModel) Describe() []catalog.Property { return nil }
func (m fakeModel) Score(catalog.Task, int, []arrow.Array, []int) ([]arrow.Array, error) {
	return nil, errors.New("a fake model scores nothing")
}

func models() map[string]*catalog.ModelEntry {
	class := catalog.Output{Field: field("prediction", tString), Role: catalog.RolePredicted, Target: true}
	label := catalog.Output{Field: field("predicted", tString), Role: catalog.RolePredicted, Target: true}
	a := catalog.Output{Field: field("a", tString), Role: catalog.RolePredicted, Target: true}
	yes := catalog.Output{Field: field("p_yes", tDouble), Role: catalog.RoleProbability, Class: "yes"}
	no := catalog.Output{Field: field("p_no", tDouble), Role: catalog.RoleProbability, Class: "no"}
	return map[string]*catalog.ModelEntry{
		"tally":          {Name: "tally", Version: "7a11", Model: tallyModel{}},
		"risk":           {Name: "risk", Version: "5eed", Model: fakeModel{in: []arrow.Field{field("A", tDouble), field("e", tString)}, out: []catalog.Output{a, yes, no}}},
		"forest":         {Name: "forest", Model: fakeModel{in: irisFields(), out: []catalog.Output{class}}},
		"index_to_class": {Name: "index_to_class", Model: fakeModel{in: []arrow.Field{field("prediction", tDouble)}, out: []catalog.Output{label}}},
	}
}

// predictFunction stands in for the real predict where the built-in functions
// do not have it: the type is a string and every argument must be a field.
type predictFunction struct {
	models map[string]*catalog.ModelEntry
}

func (predictFunction) Name() string { return "predict" }

func (p predictFunction) Bind(args []catalog.Arg) (catalog.Call, error) {
	if len(args) == 0 || args[0].Const == nil {
		return catalog.Call{}, errors.New("predict wants the name of a model first")
	}
	name := args[0].Const.(*array.String).Value(0)
	m := p.models[strings.ToLower(name)]
	if m == nil {
		return catalog.Call{}, &catalog.ArgError{Err: errors.New("there is no model `" + name + "`")}
	}
	types := []arrow.DataType{nil}
	for i, a := range args[1:] {
		var t arrow.DataType
		for _, f := range m.Model.Inputs() {
			if strings.EqualFold(f.Name, a.Name) {
				t = f.Type
			}
		}
		if t == nil && a.Explicit {
			return catalog.Call{}, &catalog.ArgError{Arg: i + 1, Err: errors.New("model " + name + " has no field `" + a.Name + "`")}
		}
		types = append(types, t)
	}
	return catalog.Call{Type: tString, ArgTypes: types, Deterministic: true,
		Eval: func(catalog.Task, int, []arrow.Array) (arrow.Array, error) {
			return nil, errors.New("a fake model scores nothing")
		}}, nil
}

// testCatalog has the iris example's relations and a few more.
func testCatalog(t testing.TB) *catalog.Catalog {
	t.Helper()
	all := models()
	c := catalog.New(function.BuiltinsWith(
		func(name string) *catalog.ModelEntry { return all[strings.ToLower(name)] },
		func() []string { return []string{"forest", "index_to_class", "risk", "tally"} }))
	if err := c.PutFunction("predict", predictFunction{all}); err != nil && !errors.Is(err, catalog.ErrExists) {
		t.Fatal(err)
	}
	for _, m := range all {
		put(t, c.PutModel(m, false))
	}
	put(t, c.PutRelation("iris", kafkaTable("iris", true), false))
	put(t, c.PutRelation("topic", kafkaTable("topic", false), false))
	raw := []arrow.Field{field("sepal.length", tDouble), field("sepal.width", tDouble), field("petal.length", tDouble), field("petal.width", tDouble), field("variety", tString)}
	put(t, c.PutRelation("iris_raw", &catalog.Table{Name: "iris_raw", Connector: "csv", Schema: schema(raw...)}, false))
	put(t, c.PutRelation("iris_df", &catalog.View{Name: "iris_df", Origin: "iris.sql",
		Text: "SELECT `sepal.width` AS sepal_width, `sepal.length` AS sepal_length, `petal.width` AS petal_width, `petal.length` AS petal_length, variety FROM iris_raw"}, false))
	put(t, c.PutRelation("iris_cached", &catalog.View{Name: "iris_cached", Text: "SELECT 1",
		Cache: &catalog.Cached{Schema: schema(append(irisFields(), field("variety", tString))...)}}, false))
	put(t, c.PutRelation("results", &catalog.Table{Name: "results", Connector: "json"}, false))
	put(t, c.PutRelation("t", &catalog.Table{Name: "t", Connector: "csv", Schema: schema(
		field("a", tInt), field("b", tLong), field("c", tString), field("d", tDouble), field("ok", arrow.FixedWidthTypes.Boolean),
		field("s", arrow.StructOf(field("x", tInt), field("y", arrow.StructOf(field("z", tString))))),
		field("l", arrow.ListOf(tInt)), field("m", arrow.MapOf(tString, tInt)))}, false))
	put(t, c.PutRelation("u", &catalog.Table{Name: "u", Connector: "csv", Schema: schema(
		field("a", tInt), field("e", tString), field("p", &arrow.Decimal128Type{Precision: 5, Scale: 2}))}, false))
	put(t, c.PutRelation("renamed", &catalog.View{Name: "renamed", Columns: []string{"p", "q"}, Text: "SELECT a, max(e) FROM u GROUP BY a"}, false))
	put(t, c.PutRelation("above", &catalog.View{Name: "above", Text: "SELECT q FROM renamed WHERE p > 1"}, false))
	put(t, c.PutRelation("short", &catalog.View{Name: "short", Columns: []string{"p"}, Text: "SELECT a, e FROM u"}, false))
	put(t, c.PutRelation("scores", &catalog.View{Name: "scores", Origin: "scores.sql", Text: "SELECT * FROM ML_PREDICT(TABLE u, MODEL risk, DESCRIPTOR(a, e))"}, false))
	put(t, c.PutRelation("misscored", &catalog.View{Name: "misscored", Origin: "scores.sql", Text: "SELECT * FROM ML_PREDICT(TABLE u, MODEL rsik, DESCRIPTOR(a, b, e))"}, false))
	put(t, c.PutRelation("deep", &catalog.View{Name: "deep", Origin: "deep.sql", Text: "SELECT * FROM broken"}, false))
	put(t, c.PutRelation("flowing", &catalog.View{Name: "flowing", Text: "SELECT partition, count(*) AS n FROM iris GROUP BY partition"}, false))
	held := kafkaTable("held", true)
	held.Cache = &catalog.Cached{Schema: held.Schema}
	put(t, c.PutRelation("held", held, false))
	put(t, c.PutRelation("broken", &catalog.View{Name: "broken", Origin: "views.sql", Text: "SELECT nothing FROM u"}, false))
	put(t, c.PutRelation("loop", &catalog.View{Name: "loop", Text: "SELECT * FROM loop2"}, false))
	put(t, c.PutRelation("loop2", &catalog.View{Name: "loop2", Text: "SELECT * FROM loop"}, false))
	return c
}

func put(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// checked is an allocator that fails the test when something stays allocated.
func checked(t testing.TB) *memory.CheckedAllocator {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return mem
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
