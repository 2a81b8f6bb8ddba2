package exec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql/plan"
)

// cheap are the calls that cost less than setting rows aside for them.
var cheap = []string{
	"+", "-", "*", "/", "%", "div", "&", "|", "^", "~", "negative", "positive", "abs", "not",
	"=", "<=>", "!=", "<", "<=", ">", ">=", "isdistinct", "in",
	"isnull", "isnotnull", "isnan",
}

// isCheap is true for those, and for casts between numbers.
func isCheap(e *plan.Call) bool {
	if e.Name == "cast" && len(e.Args) == 1 {
		return isNumber(e.Args[0].Type()) && isNumber(e.Fn.Type)
	}
	return slices.Contains(cheap, strings.ToLower(e.Name))
}

func isNumber(t arrow.DataType) bool {
	return t != nil && (arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()))
}

func (x *exprs) call(e *plan.Call) (*evaluator, error) {
	c := &call{name: e.Name, fn: e.Fn}
	captured := 0
	for _, arg := range e.Args {
		l, isLambda := arg.(*plan.Lambda)
		if isLambda {
			c.args = append(c.args, nil)
			captured += len(l.Captures)
			continue
		}
		v, err := x.compile(arg)
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, v)
	}
	for _, arg := range e.Args {
		if l, ok := arg.(*plan.Lambda); ok {
			vs, err := x.all(l.Captures)
			if err != nil {
				return nil, err
			}
			c.captures = append(c.captures, vs...)
		}
	}
	all := slices.Concat(c.args, c.captures)
	out := &evaluator{
		typ:      e.Fn.Type,
		constant: e.Fn.Deterministic && e.Fn.Rejects == nil && constantCall(c),
		costly:   anyCostly(all) || !isCheap(e),
		cols:     columnsOf(all...),
		eval:     c.eval,
	}
	if out.constant {
		out.eval = c.evalOnce
	}
	if e.Name == "isnotnull" && len(c.args) == 1 {
		out.notNull = c.args[0]
	}
	if slot, ok := x.shared[callKey(e)]; ok && !out.constant {
		out.eval = remember(slot, out.eval)
	}
	return out, nil
}

func constantCall(c *call) bool {
	for _, a := range slices.Concat(c.args, c.captures) {
		if a != nil && !a.constant {
			return false
		}
	}
	return len(c.args) > 0
}

// remember computes a value once a batch. Rows of a batch whose value is known
// take it from there.
func remember(slot int, eval func(*batch) (arrow.Array, error)) func(*batch) (arrow.Array, error) {
	return func(b *batch) (arrow.Array, error) {
		if b.memo[slot] == nil {
			a, err := recall(b, slot)
			if a == nil && err == nil {
				a, err = eval(b)
			}
			if err != nil {
				return nil, err
			}
			b.memo[slot] = a
		}
		b.memo[slot].Retain()
		return b.memo[slot], nil
	}
}

// recall takes the value from the batch that b's rows come from, if it has it.
func recall(b *batch, slot int) (arrow.Array, error) {
	if b.parent == nil {
		return nil, nil
	}
	if b.parent.memo[slot] == nil {
		a, err := recall(b.parent, slot)
		if a == nil || err != nil {
			return nil, err
		}
		b.parent.memo[slot] = a
	}
	return gather(b.mem(), b.parent.memo[slot], selection{rows: b.rows})
}

// call runs a kernel.
type call struct {
	name     string
	fn       catalog.Call
	args     []*evaluator // nil for a lambda
	captures []*evaluator
}

func (c *call) eval(b *batch) (arrow.Array, error) { return c.run(b, b.n) }

func (c *call) evalOnce(b *batch) (arrow.Array, error) { return c.run(b, 1) }

func (c *call) run(b *batch, n int) (arrow.Array, error) {
	args := make([]arrow.Array, len(c.args)+len(c.captures))
	defer releaseArrays(args)
	for i, a := range c.args {
		if a == nil {
			continue
		}
		var err error
		if args[i], err = c.arg(a, b, n); err != nil {
			return nil, err
		}
		if c.fn.Strict && a.literal && isNull(args[i]) {
			return nullArray(b.mem(), c.fn.Type, n), nil
		}
	}
	for i, a := range c.captures {
		var err error
		if args[len(c.args)+i], err = c.arg(a, b, n); err != nil {
			return nil, err
		}
	}
	out, err := c.fn.Eval(b.task, n, args)
	if err != nil {
		return nil, err
	}
	if out.Len() != n || !arrow.TypeEqual(out.DataType(), c.fn.Type) {
		defer out.Release()
		return nil, fmt.Errorf("function %s gave %d values of type %s where %d of type %s were due",
			c.name, out.Len(), out.DataType(), n, c.fn.Type)
	}
	if !c.fn.Strict {
		return out, nil
	}
	return c.strict(b.mem(), out, args[:len(c.args)])
}

// arg computes an argument for a kernel that runs over n rows: of the batch, or
// one when all is constant. What was no literal when the call was bound comes at
// full length.
func (c *call) arg(a *evaluator, b *batch, n int) (arrow.Array, error) {
	if a.literal || n != b.n {
		return a.eval(b)
	}
	return a.full(b)
}

// strict makes NULL the rows for which an argument is. It is given out.
func (c *call) strict(mem memory.Allocator, out arrow.Array, args []arrow.Array) (arrow.Array, error) {
	var nullable []arrow.Array
	for i, a := range args {
		if a != nil && !c.args[i].literal && hasNulls(a) {
			nullable = append(nullable, a)
		}
	}
	if len(nullable) == 0 {
		return out, nil
	}
	defer out.Release()
	return maskNulls(mem, out, nullable), nil
}

// maskNulls is a with NULL where one of by, which have a NULL each, is NULL. All
// are borrowed.
func maskNulls(mem memory.Allocator, a arrow.Array, by []arrow.Array) arrow.Array {
	d := a.Data()
	if a.DataType().ID() == arrow.NULL || d.Len() == 0 {
		a.Retain()
		return a
	}
	if len(by) == 1 && !hasNulls(a) && by[0].Data().Offset() == d.Offset() && len(by[0].NullBitmapBytes()) > 0 {
		return withValidity(a, by[0].Data().Buffers()[0], by[0].NullN())
	}
	valid := validity(by[0])
	if valid == nil {
		valid = newBitset(a.Len())
		valid.fill(a.Len())
	}
	for _, o := range by[1:] {
		andValidity(valid, o)
	}
	andValidity(valid, a)
	buf := bitmapBuffer(mem, d.Offset(), valid, a.Len())
	defer buf.Release()
	return withValidity(a, buf, a.Len()-valid.count())
}

// withValidity is a with another bitmap, which it borrows; the bitmap has a's own
// offset.
func withValidity(a arrow.Array, bitmap *memory.Buffer, nulls int) arrow.Array {
	d := a.Data()
	bufs := slices.Clone(d.Buffers())
	bufs[0] = bitmap
	out := array.NewData(d.DataType(), d.Len(), bufs, d.Children(), nulls, d.Offset())
	defer out.Release()
	return array.MakeFromData(out)
}
