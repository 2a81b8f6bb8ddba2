package function

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// models are the functions that score a model.
type models struct {
	lookup ModelLookup
	names  func() []string
}

// functions are predict, predict_all, predict_proba and model_version.
func (m models) functions() []scalar {
	return []scalar{
		{"predict", m.bind(predictOne)},
		{"predict_all", m.bind(predictAll)},
		{"predict_proba", m.bind(predictProba)},
		{"model_version", m.version},
	}
}

// selection is what a function takes of a model's outputs: which, and how their
// columns become the result. Build takes over the columns.
type selection struct {
	dt     arrow.DataType
	want   []int
	fields bool // the result is a struct of the outputs, as they are
	build  func(t catalog.Task, n int, cols []arrow.Array) (arrow.Array, error)
}

// bind makes the binder of a function over f(model, fields by name...).
func (m models) bind(pick func(e *catalog.ModelEntry) (selection, error)) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		entry, err := m.find(name, args)
		if err != nil {
			return catalog.Call{}, err
		}
		sel, err := pick(entry)
		if err != nil {
			return catalog.Call{}, argErr(0, "%s: %w", name, err)
		}
		feed, types, err := matchInputs(name, entry, args)
		if err != nil {
			return catalog.Call{}, err
		}
		pol, err := newPolicy(entry)
		if err != nil {
			return catalog.Call{}, argErr(0, "%s: %w", name, err)
		}
		return catalog.Call{
			Type: sel.dt, ArgTypes: types, Deterministic: true, Rejects: pol.model(),
			Eval: scoreKernel(entry.Model, pol, feed, sel),
			Info: scoring(entry, feed, sel),
		}, nil
	}
}

// find gives the model that the first argument names.
func (m models) find(name string, args []catalog.Arg) (*catalog.ModelEntry, error) {
	if len(args) == 0 {
		return nil, modelHint(name)
	}
	if err := notLambda(name, args); err != nil {
		return nil, err
	}
	a := args[0]
	if a.Const == nil || !isString(a.Type) || nullAt(a.Const, 0) {
		return nil, argErr(0, "the first argument of %s must be a model's name, a constant string", name)
	}
	model := string(textOf(a.Const).at(0))
	if e := m.lookup(model); e != nil {
		return e, nil
	}
	msg := fmt.Sprintf("there is no model %s", model)
	if near := catalog.Nearest(model, m.names()); near != "" {
		msg += fmt.Sprintf("; did you mean %s?", near)
	}
	return nil, argErr(0, "%s", msg)
}

// matchInputs finds the argument of each input field by name. Columns that the
// model does not have are passed over unless the user gave them their name. The
// types are nil for arguments that are not used.
func matchInputs(name string, e *catalog.ModelEntry, args []catalog.Arg) (feed []int, types []arrow.DataType, err error) {
	inputs := e.Model.Inputs()
	feed = make([]int, len(inputs))
	for i := range feed {
		feed[i] = -1
	}
	for k := 1; k < len(args); k++ {
		a := args[k]
		i := catalog.FieldIndex(inputs, a.Name)
		ok := i >= 0
		switch {
		case a.Name == "":
			return nil, nil, argErr(k, "argument %d of %s has no name; say which field of %s it is with AS (%s)", k+1, name, e.Name, fieldList(inputs))
		case !ok && a.Explicit:
			return nil, nil, argErr(k, "model %s has no field %s%s; its fields are %s", e.Name, a.Name, didYouMean(a.Name, inputs), fieldList(inputs))
		case !ok:
			continue
		case feed[i] >= 0 && args[feed[i]].Explicit == a.Explicit:
			return nil, nil, argErr(k, "field %s of model %s is given twice", inputs[i].Name, e.Name)
		case feed[i] >= 0 && !a.Explicit:
			continue // the name the user wrote wins over a column of a star
		}
		feed[i] = k
	}
	types = make([]arrow.DataType, len(args))
	types[0] = tString
	return feed, types, checkInputs(e, args, feed, types)
}

// checkInputs sets the types that the matched arguments are cast to.
func checkInputs(e *catalog.ModelEntry, args []catalog.Arg, feed []int, types []arrow.DataType) error {
	inputs := e.Model.Inputs()
	var missing []string
	for i, f := range inputs {
		k := feed[i]
		if k < 0 {
			missing = append(missing, f.Name)
			continue
		}
		if !widens(args[k].Type, f.Type) {
			return argErr(k, "field %s of model %s is %s, not %s; its fields are %s",
				f.Name, e.Name, strings.ToUpper(typeName(f.Type)), strings.ToUpper(typeName(args[k].Type)), fieldList(inputs))
		}
		types[k] = f.Type
	}
	if len(missing) > 0 {
		return fmt.Errorf("model %s wants %s, which the arguments do not have; its fields are %s",
			e.Name, strings.Join(missing, ", "), fieldList(inputs))
	}
	return nil
}

// widens says whether a value of type from can stand for a field of type to
// without loss of meaning.
func widens(from, to arrow.DataType) bool {
	switch {
	case same(from, to), isNull(from):
		return true
	case rank(from) > 0 && rank(to) > 0:
		return rank(from) <= rank(to)
	case isDecimal(from):
		return isFloating(to)
	case isIntegral(from) && isDecimal(to):
		return true
	}
	return from.ID() == arrow.DATE32 && to.ID() == arrow.TIMESTAMP
}

func fieldList(fields []arrow.Field) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = f.Name + " " + strings.ToUpper(typeName(f.Type))
	}
	return strings.Join(parts, ", ")
}

func didYouMean(name string, fields []arrow.Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	if near := catalog.Nearest(name, names); near != "" {
		return fmt.Sprintf(" (did you mean %s?)", near)
	}
	return ""
}

// scoreKernel scores rows. Arguments that feed no field are not looked at and may
// be nil. Without a policy a row without an answer is NULL.
func scoreKernel(m catalog.Model, pol *policy, feed []int, sel selection) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		in := make([]arrow.Array, 0, len(feed))
		defer func() { releaseAll(in) }()
		for _, k := range feed {
			a, err := spread(t.Allocator(), args[k], n)
			if err != nil {
				return nil, err
			}
			in = append(in, a)
		}
		var cols []arrow.Array
		var err error
		if pol == nil {
			cols, err = m.Score(t, n, in, sel.want)
		} else {
			cols, err = pol.score(t, n, in, sel.want)
		}
		if err != nil {
			return nil, err
		}
		return sel.build(t, n, cols)
	}
}

// predictOne takes the output called prediction, else the first target.
func predictOne(e *catalog.ModelEntry) (selection, error) {
	outs := e.Model.Outputs()
	i := predicted(outs)
	if i < 0 {
		return selection{}, fmt.Errorf("no output of model %s is known as its prediction: predict_all gives all that there are", e.Name)
	}
	if names := targets(outs); outs[i].Target && len(names) > 1 && !strings.EqualFold(outs[i].Field.Name, "prediction") {
		return selection{}, fmt.Errorf("model %s predicts several values, %s: predict_all gives them all", e.Name, listed(names))
	}
	return single(outs, i), nil
}

// predicted is the output that is a model's prediction, or -1.
func predicted(outs []catalog.Output) int {
	best := -1
	for i, o := range outs {
		switch {
		case o.Hidden || o.Role == catalog.RoleProbability:
		case strings.EqualFold(o.Field.Name, "prediction"):
			return i
		case best < 0 && o.Target:
			best = i
		}
	}
	for i, o := range outs {
		if best < 0 && !o.Hidden && o.Role == catalog.RolePredicted {
			best = i
		}
	}
	return best
}

// targets are the names of the targets that are shown.
func targets(outs []catalog.Output) (names []string) {
	for _, o := range outs {
		if o.Target && !o.Hidden {
			names = append(names, o.Field.Name)
		}
	}
	return names
}

// listed joins names with commas; of many only the first ones.
func listed(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

func single(outs []catalog.Output, i int) selection {
	return selection{
		dt: outs[i].Field.Type, want: []int{i},
		build: func(_ catalog.Task, _ int, cols []arrow.Array) (arrow.Array, error) { return cols[0], nil },
	}
}

// predictAll takes the targets and all outputs that are shown, as a struct.
func predictAll(e *catalog.ModelEntry) (selection, error) {
	var want []int
	outs := e.Model.Outputs()
	for i, o := range outs {
		if !o.Hidden {
			want = append(want, i)
		}
	}
	if len(want) == 0 {
		return selection{}, fmt.Errorf("model %s has no outputs", e.Name)
	}
	return fieldsOf(outs, want), nil
}

// fieldsOf takes some outputs as a struct.
func fieldsOf(outs []catalog.Output, want []int) selection {
	fields := make([]arrow.Field, len(want))
	for k, i := range want {
		fields[k] = arrow.Field{Name: outs[i].Field.Name, Type: outs[i].Field.Type, Nullable: true}
	}
	dt := arrow.StructOf(fields...)
	return selection{dt: dt, want: want, fields: true, build: func(_ catalog.Task, n int, cols []arrow.Array) (arrow.Array, error) {
		return structOf(dt, n, nil, cols...), nil
	}}
}

// predictProba takes the probabilities, as a map from class to probability; NULL
// where the row has none.
func predictProba(e *catalog.ModelEntry) (selection, error) {
	var want []int
	var classes []string
	seen := map[string]bool{}
	casts := map[int]kernel{}
	for i, o := range e.Model.Outputs() {
		if o.Hidden || o.Role != catalog.RoleProbability || o.Class == "" || seen[o.Class] {
			continue
		}
		k, ok := castKernel(o.Field.Type, tDouble)
		if !ok {
			continue
		}
		seen[o.Class] = true
		casts[len(want)] = k
		want, classes = append(want, i), append(classes, o.Class)
	}
	if len(want) == 0 {
		return selection{}, fmt.Errorf("model %s gives no probabilities", e.Name)
	}
	dt := mapType(tString, tDouble)
	return selection{dt: dt, want: want, build: func(t catalog.Task, n int, cols []arrow.Array) (arrow.Array, error) {
		defer func() { releaseAll(cols) }()
		for k := range cols {
			c, err := castInner(t, casts[k], cols[k])
			if err != nil {
				return nil, err
			}
			cols[k].Release()
			cols[k] = c
		}
		return probabilityMap(t, n, dt, classes, cols)
	}}, nil
}

func probabilityMap(t catalog.Task, n int, dt *arrow.MapType, classes []string, cols []arrow.Array) (arrow.Array, error) {
	out := newListColumn(t.Allocator(), n)
	var rows []int // rows with a probability
	at := 0
	for i := range n {
		known := false
		for _, c := range cols {
			known = known || !nullAt(c, i)
		}
		if known {
			rows = append(rows, i)
			at += len(cols)
		} else {
			out.set(i)
		}
		out.add(i, at)
	}
	keys := newTextColumn(t.Allocator(), at, 8*at)
	items := newColumn[float64](t.Allocator(), at)
	k := 0
	for _, i := range rows {
		for c, col := range cols {
			if err := keys.put(k, []byte(classes[c])); err != nil {
				keys.release()
				items.release()
				out.release()
				return nil, err
			}
			if nullAt(col, i) {
				items.setNull(k)
			} else {
				items.v[k] = raw[float64](col)[i]
			}
			k++
		}
	}
	return out.mapArray(dt, keys.array(tString), items.array(tDouble)), nil
}
