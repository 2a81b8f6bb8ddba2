package function

import (
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// TestColumnsAndConstants evaluates every call of the goldens again with columns
// in place of constants: all arguments, and each argument alone; cut out of
// longer arrays, so that a forgotten offset shows; and, where the call is
// strict, with a NULL in the middle.
func TestColumnsAndConstants(t *testing.T) {
	calls := 0
	for _, g := range readGoldens(t) {
		if g.Error != nil {
			continue
		}
		task := newTask(t)
		e := newEvaluator(task)
		e.onCall = func(f catalog.Function, in []catalog.Arg, want arrow.Array) {
			masks := []int{1<<len(in) - 1}
			for k := range in {
				masks = append(masks, 1<<k)
			}
			for _, m := range masks {
				n, err := e.asColumns(f, in, m, want)
				if err != nil {
					t.Errorf("%s: %s with columns %b: %v", g.SQL, f.Name(), m, err)
				}
				calls += n
			}
		}
		if a, err := e.value(g.SQL); err == nil {
			a.Release()
		}
		e.close()
	}
	t.Logf("%d calls", calls)
	if calls < 3000 {
		t.Errorf("only %d calls were made with columns", calls)
	}
}

// asColumns binds f with the arguments of mask as columns and compares; it gives
// the number of calls made. Functions that want a constant there are passed
// over.
func (e *evaluator) asColumns(f catalog.Function, in []catalog.Arg, mask int, want arrow.Array) (int, error) {
	args := make([]catalog.Arg, len(in))
	for k, a := range in {
		args[k] = a
		if a.Lambda != nil {
			return 0, nil
		}
		if mask>>k&1 != 0 {
			args[k].Const = nil
		}
	}
	c, err := f.Bind(args)
	if err != nil || !c.Deterministic || !same(c.Type, want.DataType()) {
		return 0, nil
	}
	cols := make([]arrow.Array, len(args))
	defer releaseAll(cols)
	for k, a := range in {
		x := retained(a.Const)
		if to := c.ArgTypes[k]; to != nil && !same(to, a.Type) {
			cast, err := caster{}.Cast(a.Type, to)
			if err != nil {
				x.Release()
				return 0, err
			}
			cut, err := run(e.t, cast, 1, []arrow.Array{x})
			x.Release()
			if err != nil {
				return 0, err
			}
			x = cut
		}
		if cols[k] = x; mask>>k&1 == 0 {
			continue
		}
		if cols[k], err = e.window(x, []int32{-1, 0, 0, 0, -1}); err != nil {
			return 0, err
		}
	}
	if err := e.sameRows(c, cols, want, []bool{true, true, true}); err != nil || !c.Strict {
		return 1, err
	}
	for k := range cols {
		if mask>>k&1 == 0 || isNull(cols[k].DataType()) {
			continue
		}
		if holed, err := e.window(retained(cols[k]), []int32{-1, 0, -1, 2, -1}); err != nil {
			return 1, err
		} else {
			cols[k].Release()
			cols[k] = holed
		}
		break
	}
	return 2, e.sameRows(c, cols, want, []bool{true, false, true})
}

// window gathers five elements of x, which it takes over, and cuts the middle
// three out.
func (e *evaluator) window(x arrow.Array, idx []int32) (arrow.Array, error) {
	defer x.Release()
	long, err := gather(e.t.mem, x, idx)
	if err != nil {
		return nil, err
	}
	defer long.Release()
	return array.NewSlice(long, 1, 4), nil
}

func (e *evaluator) sameRows(c catalog.Call, cols []arrow.Array, want arrow.Array, valid []bool) error {
	n := len(valid)
	all := true
	for _, a := range cols {
		all = all && a.Len() == 1
	}
	got, err := run(e.t, c, n, cols)
	if err != nil {
		return err
	}
	defer got.Release()
	if got.Len() != n {
		return fmt.Errorf("%d rows for %d", got.Len(), n)
	}
	for i, v := range valid {
		w := show(want, 0)
		if !v && !all {
			w = "NULL"
			if isNull(cols[0].DataType()) && len(cols) == 1 {
				continue
			}
		}
		if g := show(got, i); g != w {
			return fmt.Errorf("row %d is %s, want %s", i, g, w)
		}
	}
	return nil
}
