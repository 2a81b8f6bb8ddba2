package plan

import (
	"context"
	"fmt"
	"time"

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

func evaluateCoalesce(t catalog.Task, e *Coalesce, env environment, n int) (arrow.Array, error) {
	rest := allRows(n)
	var parts []part
	defer func() { releaseParts(parts) }()
	for _, a := range e.Args {
		v, err := evaluateRows(t, a, env, rest, n)
		if err != nil {
			return nil, err
		}
		var taken, left []int
		for i, row := range rest {
			if !nullAt(v, i) {
				taken = append(taken, row)
			} else {
				left = append(left, row)
			}
		}
		parts = append(parts, newPart(t, v, rest, taken))
		v.Release()
		if rest = left; len(rest) == 0 {
			break
		}
	}
	return assemble(t, e.Type(), parts, n)
}

// branch is a condition and the value of the rows for which it is TRUE.
type branch struct{ cond, value Expr }

func evaluateBranches(t catalog.Task, branches []branch, otherwise Expr, env environment, n int) (arrow.Array, error) {
	rest := allRows(n)
	var parts []part
	defer func() { releaseParts(parts) }()
	take := func(e Expr, rows []int) error {
		if len(rows) == 0 {
			return nil
		}
		v, err := evaluateRows(t, e, env, rows, n)
		if err == nil {
			parts = append(parts, part{values: v, rows: rows})
		}
		return err
	}
	for _, br := range branches {
		if len(rest) == 0 {
			break
		}
		c, err := evaluateRows(t, br.cond, env, rest, n)
		if err != nil {
			return nil, err
		}
		var yes, no []int
		values, _ := c.(*array.Boolean)
		for i, row := range rest {
			if values != nil && values.IsValid(i) && values.Value(i) {
				yes = append(yes, row)
			} else {
				no = append(no, row)
			}
		}
		c.Release()
		if err := take(br.value, yes); err != nil {
			return nil, err
		}
		rest = no
	}
	if err := take(otherwise, rest); err != nil {
		return nil, err
	}
	return assemble(t, otherwise.Type(), parts, n)
}

func allRows(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// evaluateRows computes an expression for some of n rows.
func evaluateRows(t catalog.Task, e Expr, env environment, rows []int, n int) (arrow.Array, error) {
	if len(rows) == n {
		return evaluate(t, e, env, n)
	}
	sub := environment{}
	defer func() {
		for _, a := range sub {
			a.Release()
		}
	}()
	for id := range readBy(e) {
		if a, ok := env[id]; ok {
			taken, err := takeRows(t.Allocator(), a, rows)
			if err != nil {
				return nil, err
			}
			sub[id] = taken
		}
	}
	return evaluate(t, e, sub, len(rows))
}

// part is values for some rows of a result.
type part struct {
	values arrow.Array
	rows   []int
}

// newPart picks from values, which belong to rows, those of the rows taken.
func newPart(t catalog.Task, values arrow.Array, rows, taken []int) part {
	if len(taken) == len(rows) {
		values.Retain()
		return part{values: values, rows: taken}
	}
	var at []int
	next := 0
	for i, row := range rows {
		if next < len(taken) && taken[next] == row {
			at = append(at, i)
			next++
		}
	}
	picked, err := takeRows(t.Allocator(), values, at)
	if err != nil {
		return part{}
	}
	return part{values: picked, rows: taken}
}

func releaseParts(parts []part) {
	for _, p := range parts {
		if p.values != nil {
			p.values.Release()
		}
	}
}

// assemble puts parts together; rows in none are NULL.
func assemble(t catalog.Task, dt arrow.DataType, parts []part, n int) (arrow.Array, error) {
	if len(parts) == 1 && len(parts[0].rows) == n {
		parts[0].values.Retain()
		return parts[0].values, nil
	}
	at := make([]int, n) // 0 is the NULL in front
	null := array.MakeArrayOfNull(t.Allocator(), dt, 1)
	defer null.Release()
	all, base := []arrow.Array{null}, 1
	for _, p := range parts {
		if len(p.rows) == 0 {
			continue
		}
		for i, row := range p.rows {
			at[row] = base + i
		}
		all, base = append(all, p.values), base+p.values.Len()
	}
	joined, err := array.Concatenate(all, t.Allocator())
	if err != nil {
		return nil, err
	}
	defer joined.Release()
	return takeRows(t.Allocator(), joined, at)
}

// takeRows copies some rows of an array.
func takeRows(mem memory.Allocator, a arrow.Array, rows []int) (arrow.Array, error) {
	if len(rows) == 0 {
		return array.NewSlice(a, 0, 0), nil
	}
	var runs []arrow.Array
	defer func() { releaseAll(runs) }()
	for i := 0; i < len(rows); {
		j := i + 1
		for j < len(rows) && rows[j] == rows[j-1]+1 {
			j++
		}
		runs = append(runs, array.NewSlice(a, int64(rows[i]), int64(rows[i]+j-i)))
		i = j
	}
	return array.Concatenate(runs, mem)
}

// repeat gives n copies of an array of length 1.
func repeat(mem memory.Allocator, one arrow.Array, n int) (arrow.Array, error) {
	if n == 1 {
		one.Retain()
		return one, nil
	}
	if n == 0 {
		return array.NewSlice(one, 0, 0), nil
	}
	return takeRows(mem, one, make([]int, n))
}

// foldTask is the surroundings of a constant: none. A fault makes the
// expression one that does not fold.
type foldTask struct {
	mem    memory.Allocator
	faulty bool
}

func (*foldTask) Context() context.Context      { return context.Background() }
func (t *foldTask) Allocator() memory.Allocator { return t.mem }
func (*foldTask) EpochTime() time.Time          { return time.Time{} }
func (t *foldTask) Fault(int, string, error)    { t.faulty = true }

// foldConstant computes an expression without columns, if it is deterministic
// and does not fail.
func foldConstant(e Expr) (*Literal, bool) {
	if l, ok := e.(*Literal); ok {
		return l, true
	}
	if !constant(e) {
		return nil, false
	}
	t := &foldTask{mem: goHeap}
	v, err := evaluate(t, e, nil, 1)
	if err != nil || t.faulty || v.Len() != 1 {
		return nil, false
	}
	return &Literal{Span: e.Pos(), Value: v}, true
}

// constant says whether an expression reads no column and is deterministic.
func constant(e Expr) bool {
	switch e := e.(type) {
	case *ColumnRef, *Lambda:
		return false
	case *Call:
		if !e.Fn.Deterministic {
			return false
		}
	}
	for _, c := range e.Children() {
		if l, ok := c.(*Lambda); ok {
			if !l.Deterministic || len(l.Captures) > 0 {
				return false
			}
			continue
		}
		if !constant(c) {
			return false
		}
	}
	return true
}
