package plan

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// cast converts an expression to a type; a constant is converted at once.
func (b *binder) cast(e Expr, to arrow.DataType, span sql.Span) (Expr, error) {
	if arrow.TypeEqual(e.Type(), to) {
		return e, nil
	}
	fn, err := b.cat.Caster().Cast(e.Type(), to)
	if err != nil {
		return nil, err
	}
	call := &Call{Span: b.pos(span), Name: "cast", Fn: fn, Args: []Expr{e}}
	if l, ok := e.(*Literal); ok {
		if l.IsNull() {
			return Null(to, call.Span), nil
		}
		if folded, ok := foldConstant(call); ok {
			return folded, nil
		}
	}
	return call, nil
}

// implicit converts an argument to the type a kernel wants. A constant stays
// one, whatever comes of it: the kernel was told that it is.
func (b *binder) implicit(e Expr, to arrow.DataType) (Expr, error) {
	if to == nil || e.Type() == nil {
		return e, nil
	}
	out, err := b.cast(e, to, e.Pos())
	if err != nil {
		return nil, err
	}
	if _, was := e.(*Literal); was {
		if _, is := out.(*Literal); !is {
			return Null(to, e.Pos()), nil
		}
	}
	return out, nil
}

// commonType is the type that all can be brought to.
func commonType(c catalog.Caster, types []arrow.DataType) (t arrow.DataType, at int, ok bool) {
	t = types[0]
	for i, next := range types[1:] {
		wider, ok := c.Common(t, next)
		if !ok {
			return t, i + 1, false
		}
		t = wider
	}
	return t, 0, true
}

// common brings expressions to one type; what names the construct for the
// message.
func (b *binder) common(exprs []Expr, spans []sql.Span, what string) ([]Expr, bool) {
	types := make([]arrow.DataType, len(exprs))
	for i, e := range exprs {
		types[i] = e.Type()
	}
	t, at, ok := commonType(b.cat.Caster(), types)
	if !ok {
		b.errorf(spans[at], "%s needs values of one type: this is %s beside %s", what, sql.TypeSQL(types[at]), sql.TypeSQL(t))
		return nil, false
	}
	out := make([]Expr, len(exprs))
	for i, e := range exprs {
		converted, err := b.cast(e, t, spans[i])
		if err != nil {
			b.errorf(spans[i], "%s", err)
			return nil, false
		}
		out[i] = converted
	}
	return out, true
}
