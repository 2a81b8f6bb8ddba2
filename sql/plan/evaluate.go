package plan

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/bitutil"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
)

// environment gives the values of the columns that an expression reads.
type environment map[ColumnID]arrow.Array

// evaluate computes an expression for n rows: what folding needs for one row
// and lambdas for the elements of a batch. Queries run on the operators of
// engine/exec instead. The result is the caller's.
func evaluate(t catalog.Task, e Expr, env environment, n int) (arrow.Array, error) {
	switch e := e.(type) {
	case *Literal:
		return repeat(t.Allocator(), e.Value, n)
	case *ColumnRef:
		a, ok := env[e.Column.ID]
		if !ok {
			return nil, fmt.Errorf("column %s has no value here", e.Column)
		}
		a.Retain()
		return a, nil
	case *Field:
		return evaluateField(t, e, env, n)
	case *Call:
		return evaluateCall(t, e, env, n)
	case *Logic:
		return evaluateLogic(t, e, env, n)
	case *Case:
		branches := make([]branch, len(e.Whens))
		for i, w := range e.Whens {
			branches[i] = branch{cond: w.Cond, value: w.Then}
		}
		return evaluateBranches(t, branches, e.Else, env, n)
	case *Coalesce:
		return evaluateCoalesce(t, e, env, n)
	}
	return nil, fmt.Errorf("%T is not a value", e)
}

func evaluateCall(t catalog.Task, e *Call, env environment, n int) (arrow.Array, error) {
	var args, captures []arrow.Array
	defer func() { releaseAll(args); releaseAll(captures) }()
	for _, a := range e.Args {
		v, err := evaluateArg(t, a, env, n, &captures)
		if err != nil {
			return nil, err
		}
		args = append(args, v)
	}
	if e.Fn.Strict && n == 1 && anyNull(args) {
		return array.MakeArrayOfNull(t.Allocator(), e.Fn.Type, 1), nil
	}
	out, err := e.Fn.Eval(t, n, append(args[:len(args):len(args)], captures...))
	if err != nil || !e.Fn.Strict {
		return out, err
	}
	defer out.Release()
	return withValidity(t.Allocator(), out, args), nil
}

// evaluateArg computes one argument. Literals keep length 1; a lambda has no
// value of its own but adds its captures.
func evaluateArg(t catalog.Task, a Expr, env environment, n int, captures *[]arrow.Array) (arrow.Array, error) {
	switch a := a.(type) {
	case *Literal:
		a.Value.Retain()
		return a.Value, nil
	case *Lambda:
		for _, c := range a.Captures {
			v, err := evaluate(t, c, env, n)
			if err != nil {
				return nil, err
			}
			*captures = append(*captures, v)
		}
		return nil, nil
	}
	return evaluate(t, a, env, n)
}

func releaseAll(arrays []arrow.Array) {
	for _, a := range arrays {
		if a != nil {
			a.Release()
		}
	}
}

func anyNull(args []arrow.Array) bool {
	for _, a := range args {
		if a != nil && nullAt(a, 0) {
			return true
		}
	}
	return false
}

// nullAt says whether a value is NULL; those of a null array are.
func nullAt(a arrow.Array, i int) bool {
	return a.DataType().ID() == arrow.NULL || a.IsNull(i)
}

// withValidity makes rows NULL where an argument is; arguments of length 1
// stand for all rows.
func withValidity(mem memory.Allocator, out arrow.Array, args []arrow.Array) arrow.Array {
	n := out.Len()
	clean := true
	for _, a := range args {
		clean = clean && (a == nil || a.NullN() == 0 && a.DataType().ID() != arrow.NULL)
	}
	if clean || out.DataType().ID() == arrow.NULL {
		out.Retain()
		return out
	}
	data := out.Data()
	bits := memory.NewResizableBuffer(mem)
	defer bits.Release()
	bits.Resize(int(bitutil.BytesForBits(int64(data.Offset() + n))))
	nulls := 0
	for i := range n {
		valid := out.IsValid(i)
		for _, a := range args {
			if a != nil {
				valid = valid && !nullAt(a, min(i, a.Len()-1))
			}
		}
		bitutil.SetBitTo(bits.Bytes(), data.Offset()+i, valid)
		if !valid {
			nulls++
		}
	}
	buffers := append([]*memory.Buffer{bits}, data.Buffers()[1:]...)
	copied := array.NewData(data.DataType(), n, buffers, data.Children(), nulls, data.Offset())
	defer copied.Release()
	return array.MakeFromData(copied)
}

func evaluateField(t catalog.Task, e *Field, env environment, n int) (arrow.Array, error) {
	x, err := evaluate(t, e.X, env, n)
	if err != nil {
		return nil, err
	}
	defer x.Release()
	s := x.(*array.Struct)
	field := s.Field(e.Index)
	if s.NullN() == 0 {
		field.Retain()
		return field, nil
	}
	return withValidity(t.Allocator(), field, []arrow.Array{s}), nil
}

// evaluateLogic computes every operand: an operand that fails for rows that
// another decides gives NULL there, which the three-valued tables ignore.
func evaluateLogic(t catalog.Task, e *Logic, env environment, n int) (arrow.Array, error) {
	const (
		no = iota
		unknown
		yes
	)
	state := make([]int, n) // AND takes the minimum, OR the maximum
	for i := range state {
		if !e.Or {
			state[i] = yes
		}
	}
	for _, a := range e.Args {
		v, err := evaluate(t, a, env, n)
		if err != nil {
			return nil, err
		}
		values, _ := v.(*array.Boolean)
		for i := range state {
			x := unknown
			if values != nil && values.IsValid(i) {
				if x = no; values.Value(i) {
					x = yes
				}
			}
			if e.Or {
				state[i] = max(state[i], x)
			} else {
				state[i] = min(state[i], x)
			}
		}
		v.Release()
	}
	out := array.NewBooleanBuilder(t.Allocator())
	defer out.Release()
	out.Reserve(n)
	for _, s := range state {
		if s == unknown {
			out.AppendNull()
		} else {
			out.Append(s == yes)
		}
	}
	return out.NewArray(), nil
}
