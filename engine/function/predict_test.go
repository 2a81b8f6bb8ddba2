package function

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// sumModel is a model that adds its two inputs; a NULL input gives NULL and a
// fault.
type sumModel struct{ wanted [][]int }

func (m *sumModel) Inputs() []arrow.Field {
	return []arrow.Field{{Name: "Width", Type: tDouble}, {Name: "length", Type: tDouble}}
}

func (m *sumModel) Outputs() []catalog.Output {
	return []catalog.Output{
		{Field: arrow.Field{Name: "species", Type: tString}, Role: catalog.RolePredicted, Target: true},
		{Field: arrow.Field{Name: "sum", Type: tDouble}, Hidden: true},
		{Field: arrow.Field{Name: "Prediction", Type: tDouble}, Role: catalog.RoleOther},
		{Field: arrow.Field{Name: "p_a", Type: tDouble}, Role: catalog.RoleProbability, Class: "a"},
		{Field: arrow.Field{Name: "p_b", Type: tFloat}, Role: catalog.RoleProbability, Class: "b"},
	}
}

func (m *sumModel) Score(t catalog.Task, n int, in []arrow.Array, want []int) ([]arrow.Array, error) {
	m.wanted = append(m.wanted, want)
	x, y := raw[float64](in[0]), raw[float64](in[1])
	var out []arrow.Array
	for _, w := range want {
		b := array.NewBuilder(t.Allocator(), m.Outputs()[w].Field.Type)
		for i := range n {
			if in[0].IsNull(i) || in[1].IsNull(i) {
				b.AppendNull()
				t.Fault(i, "predict", errors.New("missing"))
				continue
			}
			switch b := b.(type) {
			case *array.StringBuilder:
				b.Append(fmt.Sprint(x[i] + y[i]))
			case *array.Float64Builder:
				b.Append(x[i] + y[i])
			case *array.Float32Builder:
				b.Append(float32(x[i] - y[i]))
			}
		}
		out = append(out, b.NewArray())
		b.Release()
	}
	return out, nil
}

func (m *sumModel) Describe() []catalog.Property { return nil }

func TestPredict(t *testing.T) {
	for _, c := range []struct {
		fn   string
		want []string
		outs []int
	}{
		{"predict", []string{"3.0", "NULL"}, []int{2}},
		{"predict_all", []string{"{3, 3.0, 3.0, -1.0}", "{null, null, null, null}"}, []int{0, 2, 3, 4}},
		{"predict_proba", []string{"{a -> 3.0, b -> -1.0}", "NULL"}, []int{3, 4}},
	} {
		task := newTask(t)
		m := &sumModel{}
		entry := &catalog.ModelEntry{Name: "forest", Model: m}
		lookup := func(name string) *catalog.ModelEntry {
			if strings.EqualFold(name, "forest") {
				return entry
			}
			return nil
		}
		cat := catalog.New(BuiltinsWith(lookup, func() []string { return []string{"forest"} }))
		call, err := cat.Function(c.fn).Bind([]catalog.Arg{
			constArg(t, task.mem, tString, "Forest"),
			{Name: "id", Type: tString},
			{Name: "LENGTH", Type: tInt},
			{Name: "width", Type: tDouble, Explicit: true},
		})
		if err != nil {
			t.Fatalf("%s: %v", c.fn, err)
		}
		if call.Strict || !call.Deterministic {
			t.Errorf("%s: strict %v, deterministic %v", c.fn, call.Strict, call.Deterministic)
		}
		wantTypes := []arrow.DataType{tString, nil, tDouble, tDouble}
		if !slices.Equal(call.ArgTypes, wantTypes) {
			t.Errorf("%s: argument types %v", c.fn, call.ArgTypes)
		}
		name := arrayOf(t, task.mem, tString, "Forest")
		x, y := arrayOf(t, task.mem, tDouble, 2.0, nil), arrayOf(t, task.mem, tDouble, 1.0, 1.0)
		out, err := call.Eval(task, 2, []arrow.Array{name, nil, x, y}) // the column not used is not looked at
		releaseAll([]arrow.Array{name, x, y})
		if err != nil {
			t.Fatalf("%s: %v", c.fn, err)
		}
		if got := shown(out); !slices.Equal(got, c.want) || !same(out.DataType(), call.Type) {
			t.Errorf("%s: got %v of %s, want %v of %s", c.fn, got, out.DataType(), c.want, call.Type)
		}
		out.Release()
		if len(task.faults) == 0 || len(m.wanted) != 1 || !slices.Equal(m.wanted[0], c.outs) {
			t.Errorf("%s: faults %v, outputs asked for %v", c.fn, task.faults, m.wanted)
		}
	}
}

func TestPredictErrors(t *testing.T) {
	task := newTask(t)
	entry := &catalog.ModelEntry{Name: "forest", Model: &sumModel{}}
	cat := catalog.New(BuiltinsWith(func(name string) *catalog.ModelEntry {
		if name == "forest" {
			return entry
		}
		return nil
	}, func() []string { return []string{"forest"} }))
	forest := constArg(t, task.mem, tString, "forest")
	w, l := catalog.Arg{Name: "width", Type: tDouble}, catalog.Arg{Name: "length", Type: tDouble}
	for _, c := range []struct {
		args []catalog.Arg
		want string
	}{
		{nil, "predict wants a model's name and its fields"},
		{[]catalog.Arg{argOf(tString)}, "must be a model's name, a constant string"},
		{[]catalog.Arg{constArg(t, task.mem, tString, "forrest")}, "there is no model forrest; did you mean forest?"},
		{[]catalog.Arg{forest, w}, "model forest wants length, which the arguments do not have; its fields are Width DOUBLE, length DOUBLE"},
		{[]catalog.Arg{forest, w, l, {Name: "lenght", Explicit: true, Type: tDouble}}, "model forest has no field lenght (did you mean length?)"},
		{[]catalog.Arg{forest, w, {Name: "length", Type: tString}}, "field length of model forest is DOUBLE, not STRING"},
		{[]catalog.Arg{forest, w, l, {Type: tDouble}}, "argument 4 of predict has no name"},
		{[]catalog.Arg{forest, w, l, w}, "field Width of model forest is given twice"},
	} {
		_, err := cat.Function("predict").Bind(c.args)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	// A name that the user wrote wins over a column of a star.
	call, err := cat.Function("predict").Bind([]catalog.Arg{forest, {Name: "width", Type: tInt}, l, {Name: "width", Explicit: true, Type: tDouble}})
	if err != nil || call.ArgTypes[1] != nil || call.ArgTypes[3] != tDouble {
		t.Errorf("got %v, %v", call.ArgTypes, err)
	}
}

// fieldsModel is a model of which only the fields matter.
type fieldsModel struct {
	catalog.Model
	inputs  []arrow.Field
	outputs []catalog.Output
}

func (m fieldsModel) Inputs() []arrow.Field     { return m.inputs }
func (m fieldsModel) Outputs() []catalog.Output { return m.outputs }

// TestPredictCase binds a model whose fields differ in case only.
func TestPredictCase(t *testing.T) {
	task := newTask(t)
	entry := &catalog.ModelEntry{Name: "m", Model: fieldsModel{
		inputs:  []arrow.Field{{Name: "x", Type: tInt}, {Name: "X", Type: tDouble}},
		outputs: []catalog.Output{{Field: arrow.Field{Name: "y", Type: tDouble}, Target: true}},
	}}
	cat := catalog.New(BuiltinsWith(func(string) *catalog.ModelEntry { return entry }, func() []string { return []string{"m"} }))
	m := constArg(t, task.mem, tString, "m")
	call, err := cat.Function("predict").Bind([]catalog.Arg{m, {Name: "X", Type: tFloat}, {Name: "x", Type: tInt}})
	if err != nil || call.ArgTypes[1] != tDouble || call.ArgTypes[2] != tInt {
		t.Errorf("got %v, %v", call.ArgTypes, err)
	}
	if _, err := cat.Function("predict").Bind([]catalog.Arg{m, {Name: "x", Type: tInt}}); err == nil || !strings.Contains(err.Error(), "model m wants X,") {
		t.Error(err)
	}
}

// TestPredictNothing asks models for what they do not give.
func TestPredictNothing(t *testing.T) {
	task := newTask(t)
	entry := &catalog.ModelEntry{Name: "m", Model: fieldsModel{outputs: []catalog.Output{{Field: arrow.Field{Name: "score", Type: tDouble}}}}}
	cat := catalog.New(BuiltinsWith(func(string) *catalog.ModelEntry { return entry }, func() []string { return []string{"m"} }))
	for fn, want := range map[string]string{
		"predict":       "no output of model m is known as its prediction: predict_all gives all that there are",
		"predict_proba": "model m gives no probabilities",
	} {
		if _, err := cat.Function(fn).Bind([]catalog.Arg{constArg(t, task.mem, tString, "m")}); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v", fn, err)
		}
	}
}

// halfModel has two outputs of which none is known as its prediction: the first is
// its input, the second is always NULL.
type halfModel struct{ fieldsModel }

func (halfModel) Score(t catalog.Task, n int, in []arrow.Array, want []int) ([]arrow.Array, error) {
	out := make([]arrow.Array, len(want))
	for k, w := range want {
		if w == 0 {
			in[0].Retain()
			out[k] = in[0]
		} else {
			out[k] = array.MakeArrayOfNull(t.Allocator(), tDouble, n)
		}
	}
	return out, nil
}

// TestPolicyOfOutputs reads less and less of a model: whether a row has an answer
// does not depend on it.
func TestPolicyOfOutputs(t *testing.T) {
	x, y := arrow.Field{Name: "x", Type: tDouble}, arrow.Field{Name: "y", Type: tDouble}
	entry := &catalog.ModelEntry{Name: "half", OnMissing: catalog.PolicyError, Model: halfModel{fieldsModel{
		inputs: []arrow.Field{x, y}, outputs: []catalog.Output{{Field: x}, {Field: y}},
	}}}
	for _, want := range [][]int{{0, 1}, {0}, {1}} {
		call, err := scoreCall(entry, want)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			x    any
			fail string
		}{{1.0, ""}, {nil, "model half: there is no answer while fields x, y are missing"}} {
			task := newTask(t)
			args := []arrow.Array{arrayOf(t, task.mem, tString, "half"), arrayOf(t, task.mem, tDouble, c.x), arrayOf(t, task.mem, tDouble, nil)}
			out, err := call.Eval(task, 1, args)
			releaseAll(args)
			if err == nil {
				out.Release()
			}
			if err == nil && c.fail != "" || err != nil && err.Error() != c.fail {
				t.Errorf("outputs %v of x = %v: %v", want, c.x, err)
			}
		}
	}
}
