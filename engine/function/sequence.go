package function

import (
	"fmt"
	"math/rand/v2"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// maxSequence bounds the elements of one sequence, as Spark does.
const maxSequence = 1<<31 - 16

// bindSequence is sequence(start, stop[, step]) of integers, dates or
// timestamps.
func bindSequence(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 2, 3); err != nil {
		return catalog.Call{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	dt, ok := commonNoString(args[0].Type, args[1].Type)
	if ok && isIntegral(dt) && len(args) == 3 {
		dt, ok = commonNoString(dt, args[2].Type)
	}
	if !ok || !isIntegral(dt) && !isDatetime(dt) {
		return catalog.Call{}, argErr(0, "%s wants integers, dates or timestamps, not %s and %s", name, typeName(args[0].Type), typeName(args[1].Type))
	}
	types := []arrow.DataType{dt, dt}
	if len(args) == 3 {
		st := args[2].Type
		if isIntegral(dt) {
			st = dt
		} else if !isInterval(st) {
			return catalog.Call{}, wantType(name, 2, "an INTERVAL", st)
		}
		types = append(types, st)
	}
	ret := listType(dt)
	call := catalog.Call{Type: ret, ArgTypes: types, Deterministic: true, Strict: true}
	switch dt.ID() {
	case arrow.INT8:
		call.Eval = sequenceKernel(ret, func(v view, i int) int64 { return int64(v.b8[i]) }, func(v int64) int8 { return int8(v) })
	case arrow.INT16:
		call.Eval = sequenceKernel(ret, func(v view, i int) int64 { return int64(v.b16[i]) }, func(v int64) int16 { return int16(v) })
	case arrow.INT32:
		call.Eval = sequenceKernel(ret, func(v view, i int) int64 { return int64(v.b32[i]) }, func(v int64) int32 { return int32(v) })
	case arrow.INT64:
		call.Eval = sequenceKernel(ret, func(v view, i int) int64 { return v.b64[i] }, func(v int64) int64 { return v })
	case arrow.DATE32:
		call.Eval = sequenceKernel(ret, func(v view, i int) int64 { return int64(v.b32[i]) * microsPerDay }, func(v int64) int32 { return int32(floorDiv(v, microsPerDay)) })
	case arrow.TIMESTAMP:
		call.Eval = sequenceKernel(ret, func(v view, i int) int64 { return v.b64[i] }, func(v int64) int64 { return v })
	}
	return call, nil
}

// sequenceKernel works on 64-bit numbers, dates and timestamps as microseconds.
func sequenceKernel[T fixed](dt *arrow.ListType, get func(v view, i int) int64, put func(v int64) T) kernel {
	dates := isDatetime(dt.Elem())
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		out := newListColumn(t.Allocator(), n)
		r := newRow(t, args)
		var elems []T
		for i := range n {
			r.i = i
			if !r.anyNull() {
				from, to := get(r.args[0], r.at(0)), get(r.args[1], r.at(1))
				advance, err := sequenceStep(r, dates, from, to, get)
				if err != nil {
					out.release()
					return nil, err
				}
				up := from <= to
				for k := int64(0); ; k++ {
					v, ok := advance(k)
					if !ok || up && v > to || !up && v < to || len(elems) > maxSequence {
						break
					}
					elems = append(elems, put(v))
				}
			}
			out.add(i, len(elems))
		}
		col := newColumn[T](t.Allocator(), len(elems))
		copy(col.v, elems)
		return out.array(dt, col.array(dt.Elem())), nil
	}
}

// sequenceStep gives the k-th element; false past the range of 64 bits.
func sequenceStep(r *row, dates bool, from, to int64, get func(v view, i int) int64) (func(k int64) (int64, bool), error) {
	step, months := int64(1), int64(0)
	if dates {
		step = microsPerDay
	}
	if from > to {
		step = -step
	}
	if r.n() == 3 {
		switch v := r.args[2]; {
		case !dates:
			step = get(v, r.at(2))
		case v.arr.DataType().ID() == arrow.INTERVAL_MONTHS:
			step, months = 0, int64(r.int(2))
		default:
			step = r.long(2)
		}
	}
	if s := step + months; from != to && (s == 0 || (s > 0) != (to > from)) {
		return nil, fmt.Errorf("the step of a sequence must lead from its start to its stop")
	}
	if from == to && step == 0 && months == 0 {
		step = 1
	}
	day := floorDiv(from, microsPerDay)
	return func(k int64) (int64, bool) {
		if months != 0 {
			return int64(addMonths(int32(day), int32(k*months)))*microsPerDay + from - day*microsPerDay, true
		}
		v := from + k*step
		return v, k == 0 || (v > from) == (step > 0)
	}, nil
}

// bindShuffle is shuffle(array): another order at each call.
func bindShuffle(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 1, 1); err != nil {
		return catalog.Call{}, err
	}
	call, err := rearrange(name, args, func(_ *row, _ arrow.Array, idx []int32) []int32 {
		rand.Shuffle(len(idx), func(i, j int) { idx[i], idx[j] = idx[j], idx[i] })
		return idx
	})
	call.Deterministic = false
	return call, err
}
