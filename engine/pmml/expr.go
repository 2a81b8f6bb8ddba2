package pmml

import (
	"fmt"
	"strings"
)

// node is an expression as the document has it; bind resolves its names.
type node interface {
	bind(l *loader, s *scope) (expr, error)
}

// expr is a bound expression.
type expr interface {
	eval(r *row) value
}

// exprElements are the names that expression decodes.
var exprElements = []string{"Constant", "FieldRef", "Apply", "NormContinuous", "NormDiscrete", "Discretize", "MapValues", "TextIndex"}

// expression decodes an expression element.
func (l *loader) expression(e *element) (node, error) {
	switch e.name {
	case "Constant":
		return l.constant(e)
	case "FieldRef":
		return l.fieldRef(e)
	case "Apply":
		return l.apply(e)
	case "NormContinuous":
		return l.normContinuous(e)
	case "NormDiscrete":
		return l.normDiscrete(e)
	case "Discretize":
		return l.discretize(e)
	case "MapValues":
		return l.mapValues(e)
	case "TextIndex":
		return l.textIndex(e)
	}
	return nil, e.errorf("this expression is not supported, expected one of %s", strings.Join(exprElements, ", "))
}

// constant is also its bound form.
type constant struct{ v value }

func (c constant) bind(*loader, *scope) (expr, error) { return c, nil }
func (c constant) eval(*row) value                    { return c.v }

func (l *loader) constant(e *element) (node, error) {
	a := e.read()
	_, typed := a.get("dataType")
	t := a.dataType("dataType", tString)
	absent := a.flag("missing", false)
	if err := a.end(); err != nil {
		return nil, err
	}
	s, err := l.d.text(e)
	if err != nil || absent {
		return constant{}, err
	}
	if !typed {
		return constant{infer(s)}, nil
	}
	v, err := t.parse(s)
	if err != nil {
		return nil, e.errorf("%v", err)
	}
	return constant{v}, nil
}

// infer types an untyped constant: integer, double or string.
func infer(s string) value {
	if v, err := tInteger.parse(s); err == nil && !strings.ContainsAny(s, ".eE") {
		return v
	}
	if v, err := tDouble.parse(s); err == nil {
		return v
	}
	return text(s)
}

type fieldRefNode struct {
	e    *element
	name string
	miss *string
}

func (l *loader) fieldRef(e *element) (node, error) {
	a := e.read()
	n := fieldRefNode{e: e, name: a.need("field")}
	if s, ok := a.get("mapMissingTo"); ok {
		n.miss = &s
	}
	if err := a.end(); err != nil {
		return nil, err
	}
	return n, l.d.none(e)
}

func (n fieldRefNode) bind(l *loader, s *scope) (expr, error) {
	f, err := l.resolve(s, n.e, n.name)
	if err != nil {
		return nil, err
	}
	x := fieldRef{slot: f.slot}
	if n.miss == nil {
		return x, nil
	}
	if f.free {
		x.miss = infer(*n.miss)
	} else if x.miss, err = f.typ.parse(*n.miss); err != nil {
		return nil, n.e.errorf("mapMissingTo: %v", err)
	}
	return x, nil
}

type fieldRef struct {
	slot int
	miss value
}

func (x fieldRef) eval(r *row) value {
	v := r.get(x.slot)
	if v.missing() {
		return x.miss
	}
	return v
}

// derivedField decodes a DerivedField into a scope's fields.
func (l *loader) derivedField(e *element, in *scope, into map[string]*field) error {
	a := e.read()
	f := &field{name: a.need("name"), slot: -1, in: in, typ: a.dataType("dataType", tString)}
	a.need("dataType")
	a.word("optype", "", "continuous", "categorical", "ordinal")
	if err := a.end("displayName"); err != nil {
		return err
	}
	if err := l.oneExpression(e, &f.node, "Value"); err != nil {
		return err
	}
	if into[f.name] != nil {
		return e.errorf("the field %q is defined twice", f.name)
	}
	into[f.name] = f
	return nil
}

// oneExpression reads the children of e: exactly one expression, and elements of the names in skip.
func (l *loader) oneExpression(e *element, into *node, skip ...string) error {
	err := l.d.each(e, func(c *element) error {
		if contains(skip, c.name) {
			return l.d.skip(c)
		}
		if *into != nil {
			return c.errorf("%s has more than one expression", e.name)
		}
		n, err := l.expression(c)
		*into = n
		return err
	})
	if err == nil && *into == nil {
		err = e.errorf("has no expression")
	}
	return err
}

// function is a DefineFunction.
type function struct {
	e       *element
	name    string
	params  []param
	typ     dataType
	typed   bool
	body    node
	binding bool
}

type param struct {
	name  string
	typ   dataType
	typed bool
}

func (l *loader) defineFunction(e *element) error {
	a := e.read()
	f := &function{e: e, name: a.need("name"), typ: a.dataType("dataType", tString)}
	_, f.typed = a.get("dataType")
	a.word("optype", "", "continuous", "categorical", "ordinal")
	if err := a.end(); err != nil {
		return err
	}
	err := l.d.each(e, func(c *element) error {
		if c.name != "ParameterField" {
			if f.body != nil {
				return c.errorf("DefineFunction %s has more than one expression", f.name)
			}
			n, err := l.expression(c)
			f.body = n
			return err
		}
		p := c.read()
		pf := param{name: p.need("name"), typ: p.dataType("dataType", tString)}
		_, pf.typed = p.get("dataType")
		f.params = append(f.params, pf)
		if err := p.end("optype", "displayName"); err != nil {
			return err
		}
		return l.d.none(c)
	})
	switch {
	case err != nil:
		return err
	case f.body == nil:
		return e.errorf("function %s has no expression", f.name)
	case l.functions[f.name] != nil:
		return e.errorf("function %s is defined twice", f.name)
	}
	l.functions[f.name] = f
	return nil
}

// applyNode is a call of a built-in or a defined function.
type applyNode struct {
	e             *element
	name          string
	args          []node
	miss, def     *string
	invalidReturn bool
}

func (l *loader) apply(e *element) (node, error) {
	a := e.read()
	n := &applyNode{e: e, name: a.need("function")}
	if s, ok := a.get("mapMissingTo"); ok {
		n.miss = &s
	}
	if s, ok := a.get("defaultValue"); ok {
		n.def = &s
	}
	n.invalidReturn = a.word("invalidValueTreatment", "returnInvalid", "asMissing", "asIs") == "returnInvalid"
	if err := a.end(); err != nil {
		return nil, err
	}
	l.calls = append(l.calls, n)
	return n, l.d.each(e, func(c *element) error {
		arg, err := l.expression(c)
		n.args = append(n.args, arg)
		return err
	})
}

// check finds an unknown function, also in a field that nothing uses.
func (n *applyNode) check(l *loader) error {
	if l.functions[n.name] != nil {
		return nil
	}
	b, ok := builtins[n.name]
	if !ok {
		names := make([]string, 0, len(builtins))
		for name := range builtins {
			names = append(names, name)
		}
		for name := range l.functions {
			names = append(names, name)
		}
		return n.e.errorf("the function %q is not supported%s", n.name, hint(n.name, names))
	}
	if len(n.args) < b.min || b.max >= 0 && len(n.args) > b.max {
		return n.e.errorf("the function %s does not take %d arguments", n.name, len(n.args))
	}
	return nil
}

func (n *applyNode) bind(l *loader, s *scope) (expr, error) {
	if err := n.check(l); err != nil {
		return nil, err
	}
	args := make([]expr, len(n.args))
	for i, a := range n.args {
		var err error
		if args[i], err = a.bind(l, s); err != nil {
			return nil, err
		}
	}
	x := &apply{name: n.name, args: args, strictErrors: n.invalidReturn}
	if n.miss != nil {
		x.mapMissing, x.miss = true, infer(*n.miss)
	}
	if n.def != nil {
		x.def = infer(*n.def)
	}
	f := l.functions[n.name]
	if f == nil {
		x.fn = builtins[n.name]
		return x, compilePattern(n, x)
	}
	body, err := l.expand(n, f, args)
	x.body = body
	return x, err
}

// expand binds a defined function's body with its parameters as slots that hold the arguments.
func (l *loader) expand(n *applyNode, f *function, args []expr) (expr, error) {
	if len(args) != len(f.params) {
		return nil, n.e.errorf("the function %s takes %d arguments, not %d", f.name, len(f.params), len(args))
	}
	if f.binding {
		return nil, n.e.errorf("the function %s calls itself", f.name)
	}
	if len(l.slots) > maxSlots {
		return nil, n.e.errorf("the document expands to more than %d fields", maxSlots)
	}
	s := newScope(nil)
	s.closed = true
	for i, p := range f.params {
		at := l.newSlot(slot{name: p.name, kind: fromExpr, typ: p.typ, free: !p.typed, expr: args[i]})
		s.fields[p.name] = &field{name: p.name, typ: p.typ, slot: at, free: !p.typed}
	}
	f.binding = true
	body, err := f.body.bind(l, s)
	f.binding = false
	if err != nil || !f.typed {
		return body, err
	}
	at := l.newSlot(slot{name: f.name, kind: fromExpr, typ: f.typ, expr: body})
	return fieldRef{slot: at}, nil
}

// apply is a bound call: of the built-in fn, or of a defined function's body.
type apply struct {
	name         string
	args         []expr
	mapMissing   bool
	miss, def    value
	fn           builtin
	body         expr
	state        any // what fn prepared at load: a compiled pattern
	strictErrors bool
}

func (x *apply) eval(r *row) value {
	v := x.call(r)
	if v.missing() {
		return x.def
	}
	return v
}

func (x *apply) call(r *row) value {
	if x.name == "if" && x.body == nil {
		return x.choose(r)
	}
	base := len(r.args)
	anyMissing := false
	for _, a := range x.args {
		v := a.eval(r)
		anyMissing = anyMissing || v.missing()
		r.args = append(r.args, v)
	}
	args := r.args[base:]
	defer func() { r.args = r.args[:base] }()
	if anyMissing && x.mapMissing {
		return x.miss
	}
	if x.body != nil {
		return x.body.eval(r)
	}
	if anyMissing && x.fn.missing == missingIfAny {
		return value{}
	}
	v, err := x.fn.call(x, args)
	if err != nil {
		if !x.strictErrors {
			return value{}
		}
		return r.fail(fmt.Errorf("function %s: %w", x.name, err))
	}
	if err := r.made(v); err != nil {
		return r.fail(fmt.Errorf("function %s: %w", x.name, err))
	}
	return v
}

// choose is if: it evaluates only the branch it takes.
func (x *apply) choose(r *row) value {
	c := x.args[0].eval(r)
	if c.missing() {
		if x.mapMissing {
			return x.miss
		}
		return value{}
	}
	b, err := castBool(c)
	switch {
	case err != nil:
		return r.fail(fmt.Errorf("function if: %w", err))
	case b.i != 0:
		return x.args[1].eval(r)
	case len(x.args) == 3:
		return x.args[2].eval(r)
	}
	return value{}
}
