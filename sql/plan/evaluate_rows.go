package plan

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
)

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
