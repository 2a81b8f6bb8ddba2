package exec

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/sql/plan"
)

// logic compiles AND or OR. An operand that is costly is evaluated only for the
// rows that the operands before it leave open.
func (x *exprs) logic(e *plan.Logic) (*evaluator, error) {
	args, err := x.all(e.Args)
	if err != nil {
		return nil, err
	}
	out := &evaluator{typ: e.Type(), constant: true, costly: anyCostly(args), cols: columnsOf(args...)}
	for _, a := range args {
		out.constant = out.constant && a.constant
	}
	out.eval = func(b *batch) (arrow.Array, error) {
		v, err := connect(b, args, e.Or)
		if err != nil {
			return nil, err
		}
		if out.constant {
			return v.array(b.mem(), 1), nil
		}
		return v.array(b.mem(), b.n), nil
	}
	return out, nil
}

// ternary is a column of three-valued truth: rows in neither set are NULL.
type ternary struct{ yes, no bitset }

// array makes a boolean array of the first n rows.
func (v ternary) array(mem memory.Allocator, n int) arrow.Array {
	known := newBitset(n)
	copy(known, v.yes)
	known.or(v.no[:len(known)])
	known.trim(n)
	nulls := n - known.count()
	var valid *memory.Buffer
	if nulls > 0 {
		valid = bitmapBuffer(mem, 0, known, n)
	}
	d := pack(arrow.FixedWidthTypes.Boolean, n, []*memory.Buffer{valid, bitmapBuffer(mem, 0, v.yes[:len(known)], n)}, nil, nulls)
	defer d.Release()
	return array.MakeFromData(d)
}

// connect gives the AND or OR of args for all rows of b.
func connect(b *batch, args []*evaluator, or bool) (ternary, error) {
	v := ternary{yes: newBitset(b.n), no: newBitset(b.n)}
	// open are the rows that the operands so far have not decided.
	open := newBitset(b.n)
	open.fill(b.n)
	if or {
		v.no.fill(b.n)
	} else {
		v.yes.fill(b.n)
	}
	for i, a := range args {
		left := b.n
		if i > 0 && a.costly {
			if left = open.count(); left == 0 {
				break
			}
		}
		w, err := truthOver(b, a, open, left)
		if err != nil {
			return v, err
		}
		if or {
			v.yes.or(w.yes)
			v.no.and(w.no)
			open.andNot(w.yes)
		} else {
			v.yes.and(w.yes)
			v.no.or(w.no)
			open.andNot(w.no)
		}
	}
	return v, nil
}

// truthOver gives the truth of a for the rows in open, of which there are left;
// what it says of other rows decides nothing.
func truthOver(b *batch, a *evaluator, open bitset, left int) (ternary, error) {
	if left == b.n || a.constant {
		return truth(b, a)
	}
	rows := open.rows(make([]int32, 0, left))
	sub, err := b.some(rows, a.cols)
	if err != nil {
		return ternary{}, err
	}
	defer b.done(sub)
	part, err := truth(sub, a)
	if err != nil {
		return ternary{}, err
	}
	// Rows that were not asked are decided already: they count as neither, and the
	// operand that decided them stands.
	v := ternary{yes: newBitset(b.n), no: newBitset(b.n)}
	for i, r := range rows {
		if part.yes.has(i) {
			v.yes.add(int(r))
		}
		if part.no.has(i) {
			v.no.add(int(r))
		}
	}
	return v, nil
}

// truth evaluates one operand for all rows of b.
func truth(b *batch, e *evaluator) (ternary, error) {
	a, err := e.eval(b)
	if err != nil {
		return ternary{}, err
	}
	defer a.Release()
	v := ternary{yes: truths(a)}
	v.no = newBitset(a.Len())
	if a.DataType().ID() == arrow.BOOL {
		v.no.fill(a.Len())
		v.no.andNot(v.yes)
		andValidity(v.no, a)
	}
	if e.constant && b.n != 1 {
		v = v.repeat(b.n)
	}
	return v, nil
}

// repeat gives n times the one row.
func (v ternary) repeat(n int) ternary {
	out := ternary{yes: newBitset(n), no: newBitset(n)}
	if v.yes.has(0) {
		out.yes.fill(n)
	}
	if v.no.has(0) {
		out.no.fill(n)
	}
	return out
}

// condition says for which rows of a batch an expression is TRUE. The operands
// of an AND are tried one after the other, costly ones for the rows left.
type condition struct{ parts []*evaluator }

func (x *exprs) condition(e plan.Expr) (*condition, error) {
	parts := []plan.Expr{e}
	if l, ok := e.(*plan.Logic); ok && !l.Or {
		parts = l.Args
	}
	es, err := x.all(parts)
	return &condition{es}, err
}

func (c *condition) rows(b *batch) (bitset, error) {
	keep := newBitset(b.n)
	keep.fill(b.n)
	for i, part := range c.parts {
		left := b.n
		if i > 0 && part.costly {
			if left = keep.count(); left == 0 {
				break
			}
		}
		if err := part.narrow(b, keep, left); err != nil {
			return nil, err
		}
	}
	return keep, nil
}

// narrow takes the rows out of keep, which has left rows if that is not all, for
// which e is not TRUE.
func (e *evaluator) narrow(b *batch, keep bitset, left int) error {
	switch {
	case e.notNull != nil:
		a, err := e.notNull.eval(b)
		if err != nil {
			return err
		}
		defer a.Release()
		if e.notNull.constant {
			if isNull(a) {
				clear(keep)
			}
			return nil
		}
		andValidity(keep, a)
		return nil
	case left < b.n && !e.constant:
		return e.narrowSome(b, keep, left)
	}
	a, err := e.eval(b)
	if err != nil {
		return err
	}
	defer a.Release()
	yes := truths(a)
	switch {
	case !e.constant:
		keep.and(yes)
	case !yes.has(0):
		clear(keep)
	}
	return nil
}

// narrowSome evaluates e for the rows in keep only.
func (e *evaluator) narrowSome(b *batch, keep bitset, left int) error {
	rows := keep.rows(make([]int32, 0, left))
	sub, err := b.some(rows, e.cols)
	if err != nil {
		return err
	}
	defer b.done(sub)
	a, err := e.eval(sub)
	if err != nil {
		return err
	}
	defer a.Release()
	yes := truths(a)
	for i, r := range rows {
		if !yes.has(i) {
			keep[r>>6] &^= 1 << (r & 63)
		}
	}
	return nil
}

// isNull says whether the one value of a constant is NULL.
func isNull(a arrow.Array) bool { return a.DataType().ID() == arrow.NULL || a.IsNull(0) }
