package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// mlPredict binds ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(a, b)): the columns of
// the table and then the model's targets and outputs.
func (b *binder) mlPredict(m *sql.MLPredict) *relation {
	if m.Input == nil {
		b.errorf(m.Pos(), "LATERAL TABLE(ML_PREDICT(...)) needs a relation before it, whose rows it takes")
		return failed()
	}
	out := b.scored(b.relation(m.Input), m)
	if out == nil {
		return failed()
	}
	return b.aliased(out, m.Alias, m.Pos())
}

// predictBeside binds t, LATERAL TABLE(ML_PREDICT('m', a, b)): the alias names the
// model's columns.
func (b *binder) predictBeside(left *relation, m *sql.MLPredict) *relation {
	out := b.scored(left, m)
	if out == nil {
		left.open = true
		return left
	}
	n := len(left.cols)
	answers := &relation{node: out.node, cols: slices.Clone(out.cols[n:])}
	b.aliased(answers, m.Alias, m.Pos())
	copy(out.cols[n:], answers.cols)
	out.open = out.open || answers.open
	return out
}

// scored is a relation with a model's outputs beside its columns: a projection
// that scores the model once, and one that takes the struct it gives apart. It is
// nil after a fault.
func (b *binder) scored(in *relation, m *sql.MLPredict) *relation {
	b.predictConfig(m.Config)
	entry := b.cat.Model(m.Model.Name)
	if entry == nil {
		e := b.errorf(m.Model.Pos(), "there is no model %s", quoteName(m.Model.Name))
		hint(e, m.Model.Name, b.cat.Names(catalog.Models), "there are")
	}
	args := b.predictArguments(in, m)
	if entry == nil || args == nil || in.open || !b.nameFields(entry, m, args) {
		return nil
	}
	name := String(entry.Name, b.pos(m.Model.Pos()))
	call := b.bindCall("predict_all", b.cat.Function("predict_all"), m.Pos(), append([]argument{{expr: name, span: m.Model.Pos()}}, args...))
	if call == nil {
		return nil
	}
	answers := Column{ID: b.newID(), Name: entry.Name, Type: call.Type()}
	lower := &Project{Input: in.node, Exprs: append(refs(in.node.Columns()), NamedExpr{Column: answers, Expr: call})}
	upper := &Project{Input: lower, Exprs: refs(in.node.Columns())}
	out := &relation{node: upper, cols: slices.Clone(in.cols), hidden: in.hidden}
	names := in.columnNames()
	for i, f := range call.Type().(*arrow.StructType).Fields() {
		c := Column{ID: b.newID(), Name: uniqueName(f.Name, names), Type: f.Type}
		field := &Field{Span: b.pos(m.Pos()), X: &ColumnRef{Span: b.pos(m.Pos()), Column: answers}, Index: i, Name: f.Name}
		upper.Exprs = append(upper.Exprs, NamedExpr{Column: c, Expr: field})
		out.cols = append(out.cols, scopeColumn{Column: c})
		names = append(names, c.Name)
	}
	return out
}

// uniqueName is a name that is not taken, with a number at its end if need be:
// prediction, prediction0, prediction1, as Flink does it.
func uniqueName(name string, taken []string) string {
	out := name
	for n := 0; slices.ContainsFunc(taken, func(t string) bool { return strings.EqualFold(t, out) }); n++ {
		out = name + itoa(n)
	}
	return out
}

// predictArguments binds what the model is given, each with the name it has.
func (b *binder) predictArguments(in *relation, m *sql.MLPredict) []argument {
	x := &exprBinder{binder: b, scope: in, clause: "ML_PREDICT"}
	args, ok := x.arguments(&sql.Call{Span: m.Span, Name: sql.Ident{Name: "ml_predict"}, Args: m.Args}, false)
	if !ok {
		return nil
	}
	for i := range args {
		if args[i].lambda != nil {
			b.errorf(args[i].span, "ML_PREDICT takes no lambda")
			return nil
		}
		args[i].star = false
	}
	return args
}

// nameFields gives the arguments the names of the model's fields: by name when
// all have one of those, else by position.
func (b *binder) nameFields(m *catalog.ModelEntry, at *sql.MLPredict, args []argument) bool {
	fields := m.Model.Inputs()
	index := make([]int, len(args)) // the field of the argument's name, or -1
	matched := 0
	for i, a := range args {
		index[i] = catalog.FieldIndex(fields, a.name)
		if index[i] >= 0 {
			matched++
		}
	}
	switch {
	case len(args) != len(fields):
		b.wrongCount(m, at, args, index)
		return false
	case matched < len(args):
		if !b.byPosition(m, args, index) {
			return false
		}
		for i := range index {
			index[i] = i
		}
	}
	for i := range args {
		args[i].name, args[i].explicit, args[i].alias = fields[index[i]].Name, true, true
	}
	return true
}

// byPosition checks that no argument has the name of another field than that of
// its place.
func (b *binder) byPosition(m *catalog.ModelEntry, args []argument, index []int) bool {
	for i, a := range args {
		if index[i] >= 0 && index[i] != i {
			_ = b.errorf(a.span, "column %s has the name of field %d of model %s, and others have no field's name: it is not clear which is which",
				quoteName(a.name), index[i]+1, quoteName(m.Name)).
				WithHint("give all columns the names of the fields, or none: %s", modelFields(m.Model.Inputs()))
			return false
		}
	}
	return true
}

// wrongCount reports too many or too few arguments: a misspelled one by itself.
func (b *binder) wrongCount(m *catalog.ModelEntry, at *sql.MLPredict, args []argument, index []int) {
	fields := m.Model.Inputs()
	names := make([]string, len(fields))
	for k, f := range fields {
		names[k] = f.Name
	}
	for i, a := range args {
		if index[i] >= 0 || a.name == "" {
			continue
		}
		if near := catalog.Nearest(a.name, names); near != "" && len(near) > 1 {
			_ = b.errorf(a.span, "model %s has no field %s", quoteName(m.Name), quoteName(a.name)).WithHint("did you mean %s?", quoteName(near))
			return
		}
	}
	span := at.ArgsSpan
	if span == (sql.Span{}) {
		span = at.Pos()
	}
	_ = b.errorf(span, "model %s has %s, and %s here", quoteName(m.Name), count(len(fields), "field"), given(len(args))).
		WithHint("its fields are %s", modelFields(fields))
}

// given says how many columns stand in a place.
func given(n int) string {
	if n == 1 {
		return "1 column is given"
	}
	return fmt.Sprintf("%d columns are given", n)
}

func modelFields(fields []arrow.Field) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = f.Name + " " + sql.TypeSQL(f.Type)
	}
	return strings.Join(parts, ", ")
}

// predictOptions are the options of Flink's ML_PREDICT and, for some, what is
// wrong with a value. Models are scored in the process, a batch at a time, in
// order: none has an effect.
var predictOptions = map[string]func(string) string{
	"async":                     notBool,
	"output-mode":               notOutputMode,
	"capacity":                  notPositive,
	"max-concurrent-operations": notPositive,
	"timeout":                   nil,
	"client_timeout":            nil,
	"retry-strategy":            nil,
	"retry_count":               nil,
	"max_parallelism":           nil,
	"debug":                     nil,
}

func notBool(v string) string {
	if strings.EqualFold(v, "true") || strings.EqualFold(v, "false") {
		return ""
	}
	return "true or false was expected"
}

func notOutputMode(v string) string {
	if strings.EqualFold(v, "ORDERED") || strings.EqualFold(v, "ALLOW_UNORDERED") {
		return ""
	}
	return "ORDERED or ALLOW_UNORDERED was expected"
}

func notPositive(v string) string {
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return ""
	}
	return "a positive integer was expected"
}

// predictConfig checks the options of ML_PREDICT.
func (b *binder) predictConfig(options []sql.Option) {
	for _, o := range options {
		check, ok := predictOptions[strings.ToLower(o.Key)]
		if !ok {
			names := slices.Sorted(maps.Keys(predictOptions))
			e := b.errorf(o.KeySpan, "ML_PREDICT has no option %s", o.Key)
			hint(e, o.Key, names, "there are")
			continue
		}
		if check == nil {
			continue
		}
		if wrong := check(o.Value); wrong != "" {
			b.errorf(o.ValueSpan, "%s is %q: %s", o.Key, o.Value, wrong)
		}
	}
}
