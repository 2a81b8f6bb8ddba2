package function

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// testTask is the task of tests: a checked allocator and a fixed clock.
type testTask struct {
	mem    memory.Allocator
	faults []string
}

func (t *testTask) Context() context.Context    { return context.Background() }
func (t *testTask) Allocator() memory.Allocator { return t.mem }
func (t *testTask) EpochTime() time.Time        { return time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC) }
func (t *testTask) Fault(row int, stage string, err error) {
	t.faults = append(t.faults, fmt.Sprintf("%d %s: %v", row, stage, err))
}

func newTask(tb testing.TB) *testTask {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	tb.Cleanup(func() { mem.AssertSize(tb, 0) })
	return &testTask{mem: mem}
}

// evaluator binds and runs expressions with the built-in functions: a small
// stand-in for the planner, for tests of this package alone.
type evaluator struct {
	t     *testTask
	cat   *catalog.Catalog
	owned []arrow.Array // constants, freed with the evaluator
	// onCall, when set, sees each call of constants that was bound, with the
	// arguments as given and the result.
	onCall func(f catalog.Function, in []catalog.Arg, result arrow.Array)
}

func newEvaluator(t *testTask) *evaluator {
	return &evaluator{t: t, cat: catalog.New(Builtins())}
}

func (e *evaluator) close() { releaseAll(e.owned) }

func (e *evaluator) keep(a arrow.Array) arrow.Array {
	e.owned = append(e.owned, a)
	return a
}

// bound is a bound expression.
type bound struct {
	dt      arrow.DataType
	konst   arrow.Array // length 1
	literal bool
	name    string
	lambda  *testLambda
	// eval gives n rows for the columns of the scope; the caller owns them.
	eval func(n int, cols []arrow.Array) (arrow.Array, error)
}

// scope names the columns an expression may use: the parameters of lambdas.
type scope struct {
	names []string
	types []arrow.DataType
}

func (e *evaluator) constant(a arrow.Array) bound {
	return bound{dt: a.DataType(), konst: e.keep(a), eval: func(n int, _ []arrow.Array) (arrow.Array, error) {
		return spread(e.t.mem, a, n)
	}}
}

// value runs an expression for one row.
func (e *evaluator) value(text string) (arrow.Array, error) {
	x, err := sql.ParseExpr(text)
	if err != nil {
		return nil, err
	}
	b, err := e.bind(x, scope{})
	if err != nil {
		return nil, err
	}
	return b.eval(1, nil)
}

func one[T any](mem memory.Allocator, dt arrow.DataType, set func(array.Builder, T), v T) arrow.Array {
	b := array.NewBuilder(mem, dt)
	defer b.Release()
	set(b, v)
	return b.NewArray()
}

func (e *evaluator) text(dt arrow.DataType, s string) bound {
	return e.constant(one(e.t.mem, dt, func(b array.Builder, s string) {
		switch b := b.(type) {
		case *array.StringBuilder:
			b.Append(s)
		case *array.BinaryBuilder:
			b.Append([]byte(s))
		}
	}, s))
}

func (e *evaluator) castBound(b bound, to arrow.DataType) (bound, error) {
	if same(b.dt, to) {
		return b, nil
	}
	c, err := e.cat.Caster().Cast(b.dt, to)
	if err != nil {
		return bound{}, err
	}
	return e.call(c, []bound{b}, true)
}

// call makes the node of a bound call whose arguments have the types wanted.
func (e *evaluator) call(c catalog.Call, args []bound, cast bool) (bound, error) {
	var err error
	args = slices.Clone(args)
	for k := range args {
		if want := c.ArgTypes[k]; want != nil && args[k].lambda == nil && !same(want, args[k].dt) {
			if cast {
				return bound{}, fmt.Errorf("cast wants %s", want)
			}
			if args[k], err = e.castBound(args[k], want); err != nil {
				return bound{}, err
			}
		}
	}
	out := bound{dt: c.Type}
	fold := c.Deterministic
	for _, a := range args {
		fold = fold && a.konst != nil
	}
	out.eval = func(n int, cols []arrow.Array) (arrow.Array, error) {
		in := make([]arrow.Array, 0, len(args))
		var mine []arrow.Array
		defer func() { releaseAll(mine) }()
		for _, a := range args {
			switch {
			case a.lambda != nil:
				in = append(in, nil)
			case a.konst != nil:
				in = append(in, a.konst)
			default:
				x, err := a.eval(n, cols)
				if err != nil {
					return nil, err
				}
				mine = append(mine, x)
				in = append(in, x)
			}
		}
		for _, a := range args {
			if a.lambda != nil {
				for _, c := range a.lambda.captures {
					in = append(in, cols[c])
				}
			}
		}
		x, err := run(e.t, c, n, in)
		if err == nil && !same(x.DataType(), c.Type) {
			defer x.Release()
			return nil, fmt.Errorf("the call gives %s and promised %s", x.DataType(), c.Type)
		}
		if err == nil && x.Len() != n {
			defer x.Release()
			return nil, fmt.Errorf("the call gives %d rows for %d", x.Len(), n)
		}
		return x, err
	}
	if fold {
		a, err := out.eval(1, nil)
		if err != nil {
			return bound{}, err
		}
		return e.constant(a), nil
	}
	return out, nil
}

func (e *evaluator) fn(name string, args ...bound) (bound, error) {
	f := e.cat.Function(name)
	if f == nil {
		return bound{}, fmt.Errorf("there is no function %s", name)
	}
	in := make([]catalog.Arg, len(args))
	for k, a := range args {
		in[k] = catalog.Arg{Name: a.name, Type: a.dt, Const: a.konst, Literal: a.literal}
		if a.lambda != nil {
			in[k].Lambda = a.lambda
		}
	}
	c, err := f.Bind(in)
	if err != nil {
		return bound{}, err
	}
	if len(c.ArgTypes) != len(args) {
		return bound{}, fmt.Errorf("%s gives %d argument types for %d arguments", name, len(c.ArgTypes), len(args))
	}
	b, err := e.call(c, args, false)
	if err == nil && e.onCall != nil && b.konst != nil {
		e.onCall(f, in, b.konst)
	}
	return b, err
}

// testLambda is an unbound lambda.
type testLambda struct {
	e        *evaluator
	x        *sql.Lambda
	outer    scope
	captures []int
}

func (l *testLambda) Params() int { return len(l.x.Params) }

func (l *testLambda) Bind(params []arrow.DataType) (catalog.LambdaBody, error) {
	sc := scope{}
	for i, p := range l.x.Params {
		sc.names = append(sc.names, p.Name)
		sc.types = append(sc.types, params[i])
	}
	l.captures = nil
	for i := range l.outer.names {
		l.captures = append(l.captures, i)
	}
	sc.names = append(sc.names, l.outer.names...)
	sc.types = append(sc.types, l.outer.types...)
	b, err := l.e.bind(l.x.Body, sc)
	if err != nil {
		return nil, err
	}
	return &testBody{l: l, b: b}, nil
}

type testBody struct {
	l *testLambda
	b bound
}

func (b *testBody) Type() arrow.DataType { return b.b.dt }
func (b *testBody) Captures() int        { return len(b.l.captures) }
func (b *testBody) Eval(_ catalog.Task, n int, params, captures []arrow.Array) (arrow.Array, error) {
	return b.b.eval(n, append(slices.Clone(params), captures...))
}

func (e *evaluator) bindAll(xs []sql.Expr, sc scope) ([]bound, error) {
	out := make([]bound, len(xs))
	for i, x := range xs {
		var err error
		if out[i], err = e.bind(x, sc); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e *evaluator) bindFn(sc scope, name string, xs ...sql.Expr) (bound, error) {
	args, err := e.bindAll(xs, sc)
	if err != nil {
		return bound{}, err
	}
	return e.fn(name, args...)
}

func (e *evaluator) negateIf(not bool, b bound, err error) (bound, error) {
	if err != nil || !not {
		return b, err
	}
	return e.fn("not", b)
}

func (e *evaluator) bind(x sql.Expr, sc scope) (bound, error) {
	switch x := x.(type) {
	case *sql.NullLit:
		return e.constant(array.NewNull(1)), nil
	case *sql.BoolLit:
		return e.constant(one(e.t.mem, tBool, func(b array.Builder, v bool) { b.(*array.BooleanBuilder).Append(v) }, x.Value)), nil
	case *sql.NumberLit:
		return e.number(x, false)
	case *sql.StringLit:
		return e.text(tString, x.Value), nil
	case *sql.BinaryLit:
		return e.text(tBinary, string(x.Value)), nil
	case *sql.TypedLit:
		return e.typed(x)
	case *sql.IntervalLit:
		return e.interval(x)
	case *sql.ColumnRef:
		return e.column(x, sc)
	case *sql.Unary:
		return e.unary(x, sc)
	case *sql.Binary:
		return e.binary(x, sc)
	case *sql.IsExpr:
		return e.is(x, sc)
	case *sql.Between:
		return e.between(x, sc)
	case *sql.InList:
		if x.Query != nil {
			return bound{}, fmt.Errorf("a subquery")
		}
		b, err := e.bindFn(sc, "in", append([]sql.Expr{x.X}, x.List...)...)
		return e.negateIf(x.Not, b, err)
	case *sql.LikeExpr:
		return e.like(x, sc)
	case *sql.CaseExpr:
		return e.caseOf(x, sc)
	case *sql.CastExpr:
		b, err := e.bind(x.X, sc)
		if err != nil {
			return b, err
		}
		return e.castBound(b, x.To)
	case *sql.Call:
		return e.named(x, sc)
	case *sql.Subscript:
		return e.bindFn(sc, "getitem", x.X, x.Index)
	case *sql.FieldAccess:
		b, err := e.bind(x.X, sc)
		if err != nil {
			return b, err
		}
		return e.fieldOf(b, x.Name.Name)
	case *sql.RowExpr:
		return e.bindFn(sc, "struct", x.Items...)
	case *sql.Lambda:
		return bound{lambda: &testLambda{e: e, x: x, outer: sc}}, nil
	}
	return bound{}, fmt.Errorf("%T", x)
}

func (e *evaluator) number(x *sql.NumberLit, neg bool) (bound, error) {
	text := x.Text
	if neg {
		text = "-" + text
	}
	var dt arrow.DataType
	switch x.Suffix {
	case "Y":
		dt = tTiny
	case "S":
		dt = tSmall
	case "L":
		dt = tLong
	case "F":
		dt = tFloat
	case "D":
		dt = tDouble
	default:
		dt = literalType(text, x.Suffix == "BD")
	}
	b, err := e.castBound(e.text(tString, text), dt)
	if err != nil {
		return b, err
	}
	if nullAt(b.konst, 0) {
		return b, fmt.Errorf("%s does not fit %s", text, typeName(dt))
	}
	b.literal = isIntegral(dt)
	return b, nil
}

func literalType(text string, decimal bool) arrow.DataType {
	if strings.ContainsAny(text, "eE") && !decimal {
		return tDouble
	}
	if !strings.Contains(text, ".") && !decimal {
		if _, ok := parseInteger[int32]([]byte(text)); ok {
			return tInt
		}
		if _, ok := parseInteger[int64]([]byte(text)); ok {
			return tLong
		}
	}
	whole, frac, _ := strings.Cut(strings.TrimLeft(text, "-"), ".")
	digits := len(strings.TrimLeft(whole+frac, "0"))
	return decimalType(int32(max(digits, len(frac), 1)), int32(len(frac)))
}

func (e *evaluator) typed(x *sql.TypedLit) (bound, error) {
	to := map[string]arrow.DataType{
		"DATE": tDate, "TIMESTAMP": tTimestamp,
		"TIMESTAMP_NTZ": &arrow.TimestampType{Unit: arrow.Microsecond},
	}[x.Kind]
	if to == nil {
		return bound{}, fmt.Errorf("a literal of %s", x.Kind)
	}
	b, err := e.castBound(e.text(tString, x.Value), to)
	if err == nil && nullAt(b.konst, 0) {
		return b, fmt.Errorf("%s is no %s", x.Value, x.Kind)
	}
	return b, err
}

func (e *evaluator) interval(x *sql.IntervalLit) (bound, error) {
	var words []string
	months := false
	for _, p := range x.Parts {
		v := ""
		switch l := p.Value.(type) {
		case *sql.NumberLit:
			v = l.Text
		case *sql.StringLit:
			v = l.Value
		case *sql.Unary:
			switch x := l.X.(type) {
			case *sql.NumberLit:
				v = l.Op + x.Text
			case *sql.StringLit:
				v = l.Op + x.Value
			}
		}
		switch {
		case p.To != "" && p.Unit == "HOUR" && p.To == "MINUTE":
			words = append(words, "0 "+v+":00")
		case p.To != "":
			words = append(words, v)
			months = p.To == "MONTH"
		default:
			words = append(words, v, p.Unit)
			months = months || p.Unit == "YEAR" || p.Unit == "MONTH"
		}
	}
	dt := arrow.DataType(tDuration)
	if months {
		dt = tMonths
	}
	return e.castBound(e.text(tString, strings.Join(words, " ")), dt)
}

func (e *evaluator) column(x *sql.ColumnRef, sc scope) (bound, error) {
	i := slices.IndexFunc(sc.names, func(s string) bool { return strings.EqualFold(s, x.Parts[0].Name) })
	if i < 0 {
		return bound{}, fmt.Errorf("there is no column %s", x.Parts[0].Name)
	}
	b := bound{dt: sc.types[i], eval: func(n int, cols []arrow.Array) (arrow.Array, error) {
		cols[i].Retain()
		return cols[i], nil
	}}
	var err error
	for _, p := range x.Parts[1:] {
		if b, err = e.fieldOf(b, p.Name); err != nil {
			return b, err
		}
	}
	return b, nil
}

// fieldOf is x.name of a struct, of an array of structs or of a map.
func (e *evaluator) fieldOf(b bound, name string) (bound, error) {
	var c catalog.Call
	find := func(st *arrow.StructType) int {
		return slices.IndexFunc(st.Fields(), func(f arrow.Field) bool { return strings.EqualFold(f.Name, name) })
	}
	switch dt := b.dt.(type) {
	case *arrow.StructType:
		k := find(dt)
		if k < 0 {
			return b, fmt.Errorf("there is no field %s", name)
		}
		c = catalog.Call{Type: dt.Field(k).Type, ArgTypes: []arrow.DataType{dt}, Deterministic: true,
			Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
				f := structField(t, args[0].(*array.Struct), k)
				defer f.Release()
				return spread(t.Allocator(), f, n)
			}}
	case *arrow.MapType:
		return e.fn("getitem", b, e.text(tString, name))
	case *arrow.ListType:
		st, ok := dt.Elem().(*arrow.StructType)
		if !ok || find(st) < 0 {
			return b, fmt.Errorf("there is no field %s", name)
		}
		k := find(st)
		to := listType(st.Field(k).Type)
		c = catalog.Call{Type: to, ArgTypes: []arrow.DataType{dt}, Deterministic: true,
			Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
				return rebuildList(t, n, args[0], to, func(elem arrow.Array) (arrow.Array, error) {
					return structField(t, elem.(*array.Struct), k), nil
				})
			}}
	default:
		return b, fmt.Errorf("%s has no fields", typeName(b.dt))
	}
	return e.call(c, []bound{b}, false)
}

func (e *evaluator) unary(x *sql.Unary, sc scope) (bound, error) {
	if lit, ok := x.X.(*sql.NumberLit); ok && x.Op == "-" {
		return e.number(lit, true)
	}
	name := map[string]string{"-": "negative", "+": "positive", "NOT": "not", "~": "~"}[x.Op]
	return e.bindFn(sc, name, x.X)
}

func (e *evaluator) binary(x *sql.Binary, sc scope) (bound, error) {
	if x.Op != "AND" && x.Op != "OR" {
		return e.bindFn(sc, strings.ToLower(x.Op), x.L, x.R)
	}
	args, err := e.bindAll([]sql.Expr{x.L, x.R}, sc)
	if err != nil {
		return bound{}, err
	}
	return e.logic(x.Op == "OR", args...)
}

func (e *evaluator) logic(or bool, args ...bound) (bound, error) {
	for _, a := range args {
		if a.dt.ID() != arrow.BOOL && !isNull(a.dt) {
			return bound{}, fmt.Errorf("AND wants booleans")
		}
	}
	c := catalog.Call{Type: tBool, ArgTypes: []arrow.DataType{tBool, tBool}, Deterministic: true,
		Eval: rowsBoolNull(func(r *row) (bool, bool) {
			known := true
			for k := range r.args {
				if r.null(k) {
					known = false
				} else if r.bool(k) == or {
					return or, true
				}
			}
			return !or, known
		})}
	return e.call(c, args, false)
}

func (e *evaluator) is(x *sql.IsExpr, sc scope) (bound, error) {
	switch x.What {
	case "NULL":
		b, err := e.bindFn(sc, "isnull", x.X)
		return e.negateIf(x.Not, b, err)
	case "DISTINCT FROM":
		b, err := e.bindFn(sc, "isdistinct", x.X, x.Right)
		return e.negateIf(x.Not, b, err)
	case "UNKNOWN":
		b, err := e.bindFn(sc, "isnull", x.X)
		return e.negateIf(x.Not, b, err)
	}
	b, err := e.bindFn(sc, "<=>", x.X, &sql.BoolLit{Value: x.What == "TRUE"})
	return e.negateIf(x.Not, b, err)
}

func (e *evaluator) between(x *sql.Between, sc scope) (bound, error) {
	lo, err := e.bindFn(sc, ">=", x.X, x.Low)
	if err != nil {
		return lo, err
	}
	hi, err := e.bindFn(sc, "<=", x.X, x.High)
	if err != nil {
		return hi, err
	}
	b, err := e.logic(false, lo, hi)
	return e.negateIf(x.Not, b, err)
}

func (e *evaluator) like(x *sql.LikeExpr, sc scope) (bound, error) {
	var all []bound
	for _, p := range x.Patterns {
		args := []sql.Expr{x.X, p}
		if x.Escape != nil {
			args = append(args, x.Escape)
		}
		b, err := e.bindFn(sc, strings.ToLower(x.Op), args...)
		if err != nil {
			return b, err
		}
		all = append(all, b)
	}
	b := all[0]
	var err error
	for _, next := range all[1:] {
		if b, err = e.logic(x.Quantifier != "ALL", b, next); err != nil {
			return b, err
		}
	}
	return e.negateIf(x.Not, b, err)
}

func (e *evaluator) caseOf(x *sql.CaseExpr, sc scope) (bound, error) {
	var conds, thens []bound
	for _, w := range x.Whens {
		c, err := e.bind(w.When, sc)
		if x.Operand != nil {
			c, err = e.bindFn(sc, "=", x.Operand, w.When)
		}
		if err != nil {
			return c, err
		}
		then, err := e.bind(w.Then, sc)
		if err != nil {
			return then, err
		}
		conds, thens = append(conds, c), append(thens, then)
	}
	if x.Else != nil {
		b, err := e.bind(x.Else, sc)
		if err != nil {
			return b, err
		}
		thens = append(thens, b)
	} else {
		thens = append(thens, e.constant(array.NewNull(1)))
	}
	return e.choose(conds, thens)
}

// choose is CASE: the last of thens is the ELSE.
func (e *evaluator) choose(conds, thens []bound) (bound, error) {
	types := make([]arrow.DataType, len(thens))
	for i, b := range thens {
		types[i] = b.dt
	}
	dt, _, ok := commonOf(types, e.cat.Caster().Common)
	if !ok {
		return bound{}, fmt.Errorf("branches of different types")
	}
	args := slices.Clone(conds)
	want := repeatType(tBool, len(conds))
	args = append(args, thens...)
	want = append(want, repeatType(dt, len(thens))...)
	nc := len(conds)
	c := catalog.Call{Type: dt, ArgTypes: want, Deterministic: true,
		Eval: func(t catalog.Task, n int, in []arrow.Array) (arrow.Array, error) {
			r := newRow(t, in[:nc])
			all, err := interleave(t.Allocator(), n, in[nc:])
			if err != nil {
				return nil, err
			}
			defer all.Release()
			idx := make([]int32, n)
			for i := range n {
				r.i = i
				k := 0
				for k < nc && (r.null(k) || !r.bool(k)) {
					k++
				}
				idx[i] = int32(i*(len(in)-nc) + k)
			}
			return gather(t.Allocator(), all, idx)
		}}
	return e.call(c, args, false)
}

// named binds a call by name, with the functions the planner rewrites.
func (e *evaluator) named(x *sql.Call, sc scope) (bound, error) {
	if x.Over != nil {
		return bound{}, fmt.Errorf("a window function")
	}
	name := strings.ToLower(x.Name.Name)
	args := make([]bound, len(x.Args))
	for i, a := range x.Args {
		var err error
		if args[i], err = e.bind(a.Value, sc); err != nil {
			return bound{}, err
		}
		if a.Name.Name != "" {
			args[i].name = a.Name.Name
		}
	}
	if agg := e.cat.Aggregate(name); agg != nil {
		return e.aggregateOne(agg, args)
	}
	isNull := func(b bound) (bound, error) { return e.fn("isnull", b) }
	switch name {
	case "coalesce":
		if len(args) == 0 {
			return bound{}, fmt.Errorf("coalesce wants arguments")
		}
		return e.coalesce(args)
	case "nvl", "ifnull":
		return e.coalesce(args)
	case "if":
		return e.choose(args[:1], args[1:])
	case "nvl2":
		c, err := isNull(args[0])
		if err != nil {
			return c, err
		}
		return e.choose([]bound{c}, []bound{args[2], args[1]})
	case "nullif":
		c, err := e.fn("=", args...)
		if err != nil {
			return c, err
		}
		return e.choose([]bound{c}, []bound{e.constant(array.NewNull(1)), args[0]})
	}
	return e.fn(name, args...)
}

func (e *evaluator) coalesce(args []bound) (bound, error) {
	var conds []bound
	for _, a := range args[:len(args)-1] {
		c, err := e.fn("isnotnull", a)
		if err != nil {
			return c, err
		}
		conds = append(conds, c)
	}
	return e.choose(conds, args)
}

// aggregateOne is an aggregate over one row.
func (e *evaluator) aggregateOne(agg catalog.Aggregate, args []bound) (bound, error) {
	in := make([]catalog.Arg, len(args))
	for k, a := range args {
		in[k] = catalog.Arg{Type: a.dt, Const: a.konst}
	}
	c, err := agg.BindAggregate(in)
	if err != nil {
		return bound{}, err
	}
	cols := make([]arrow.Array, len(args))
	for k, a := range args {
		if c.ArgTypes[k] != nil {
			if a, err = e.castBound(a, c.ArgTypes[k]); err != nil {
				return bound{}, err
			}
		}
		cols[k] = a.konst
	}
	acc := c.New(e.t)
	defer acc.Release()
	if err := acc.Update(e.t, []uint32{0}, 1, cols); err != nil {
		return bound{}, err
	}
	a, err := acc.Result(e.t, 1)
	if err != nil {
		return bound{}, err
	}
	return e.constant(a), nil
}

// show is a value as CAST(... AS STRING) gives it.
func show(a arrow.Array, i int) string {
	if nullAt(a, i) {
		return "NULL"
	}
	return string(appenderOf(a)(nil, i))
}
