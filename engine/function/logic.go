package function

import (
	"math"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// bindNot is NOT x of a boolean; Spark casts nothing here.
func bindNot(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 1, 1); err != nil {
		return catalog.Call{}, err
	}
	if t := args[0].Type; t == nil || t.ID() != arrow.BOOL && !isNull(t) {
		return catalog.Call{}, wantType("NOT", 0, "BOOLEAN", t)
	}
	return catalog.Call{
		Type: tBool, ArgTypes: []arrow.DataType{tBool}, Deterministic: true, Strict: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			out := newBoolColumn(t.Allocator(), n)
			x := boolsOf(args[0])
			for i := range n {
				out.v[i>>3] |= b2i(!x.at(i)) << (i & 7)
			}
			return out.array(), nil
		},
	}, nil
}

// nullTest is IS NULL, or IS NOT NULL.
func nullTest(want bool) binder {
	return lenient(takes(nil), tBool, func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		out := newBoolColumn(t.Allocator(), n)
		a := args[0]
		if a.NullN() == 0 && !isNull(a.DataType()) {
			fillBits(out.v, !want)
			return out.array(), nil
		}
		s := step(a)
		for i := range n {
			out.v[i>>3] |= b2i(nullAt(a, i*s) == want) << (i & 7)
		}
		return out.array(), nil
	})
}

// bindIsNaN is isnan(x): false for NULL.
func bindIsNaN(name string, args []catalog.Arg) (catalog.Call, error) {
	types, err := takes(tDouble).resolve(name, args)
	if err != nil {
		return catalog.Call{}, err
	}
	return catalog.Call{
		Type: tBool, ArgTypes: types, Deterministic: true,
		Eval: rowsBoolNull(func(r *row) (bool, bool) {
			return !r.null(0) && math.IsNaN(r.float(0)), true
		}),
	}, nil
}

// bindIn is x IN (list): true when x equals one, else NULL when x or one of the
// list is NULL. A constant list becomes a hash set.
func bindIn(_ string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity("IN", args, 2, -1); err != nil {
		return catalog.Call{}, err
	}
	if err := notLambda("IN", args); err != nil {
		return catalog.Call{}, err
	}
	dt, k, ok := commonOf(typesOf(args), common)
	if !ok {
		return catalog.Call{}, argErr(k, "IN cannot compare %s with %s", typeName(args[0].Type), typeName(args[k].Type))
	}
	if !isOrdered(dt) {
		return catalog.Call{}, argErr(0, "IN cannot compare values of type %s", typeName(dt))
	}
	constant := true
	for _, a := range args[1:] {
		constant = constant && a.Const != nil
	}
	call := catalog.Call{Type: tBool, ArgTypes: repeatType(dt, len(args)), Deterministic: true, Eval: inLoop}
	if constant && len(args) > 4 {
		call.Eval = inSet(dt)
	}
	return call, nil
}

// inLoop compares x with each item in turn.
func inLoop(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
	out := newBoolColumn(t.Allocator(), n)
	x := args[0]
	sx := step(x)
	unknown := make([]byte, len(out.v))
	for _, item := range args[1:] {
		si := step(item)
		if x.NullN() > 0 || item.NullN() > 0 || isNull(x.DataType()) {
			for i := range n {
				unknown[i>>3] |= b2i(nullAt(x, i*sx) || nullAt(item, i*si)) << (i & 7)
			}
		}
		if isNull(x.DataType()) {
			continue
		}
		eq := valueComparer(x, item)
		hasNull := x.NullN() > 0 || item.NullN() > 0
		for i := range n {
			if hasNull && (nullAt(x, i*sx) || nullAt(item, i*si)) {
				continue
			}
			out.v[i>>3] |= b2i(eq(i*sx, i*si) == 0) << (i & 7)
		}
	}
	for i := range n {
		if unknown[i>>3]&^out.v[i>>3]&(1<<(i&7)) != 0 {
			out.setNull(i)
		}
	}
	return out.array(), nil
}

// inSet looks x up in a set of the list's values, which is built once a batch:
// the list is constant and short beside a batch.
func inSet(dt arrow.DataType) kernel {
	switch dt.ID() {
	case arrow.INT32, arrow.DATE32, arrow.INTERVAL_MONTHS:
		return inSetOf(func(a arrow.Array) func(int) int32 { v := raw[int32](a); return func(i int) int32 { return v[i] } })
	case arrow.INT64, arrow.TIMESTAMP, arrow.DURATION:
		return inSetOf(func(a arrow.Array) func(int) int64 { v := raw[int64](a); return func(i int) int64 { return v[i] } })
	case arrow.FLOAT64:
		return inSetOf(func(a arrow.Array) func(int) uint64 {
			v := raw[float64](a)
			return func(i int) uint64 { return canonicalBits(v[i]) }
		})
	case arrow.STRING, arrow.BINARY:
		return inTextSet
	}
	return inLoop
}

// canonicalBits are the bits of a double such that equal doubles have equal
// bits.
func canonicalBits(v float64) uint64 {
	if v == 0 {
		return 0
	}
	if math.IsNaN(v) {
		return math.Float64bits(math.NaN())
	}
	return math.Float64bits(v)
}

func inSetOf[K interface{ int32 | int64 | uint64 }](get func(a arrow.Array) func(int) K) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		set := make(map[K]struct{}, len(args))
		hasNull := false
		for _, item := range args[1:] {
			if nullAt(item, 0) {
				hasNull = true
				continue
			}
			set[get(item)(0)] = struct{}{}
		}
		at := get(args[0])
		return inResult(t, n, args[0], hasNull, func(i int) bool { _, ok := set[at(i)]; return ok }), nil
	}
}

func inTextSet(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
	set := make(map[string]struct{}, len(args))
	hasNull := false
	for _, item := range args[1:] {
		if nullAt(item, 0) {
			hasNull = true
			continue
		}
		set[string(textOf(item).at(0))] = struct{}{}
	}
	x := textOf(args[0])
	x.step = 1
	return inResult(t, n, args[0], hasNull, func(i int) bool { _, ok := set[string(x.at(i))]; return ok }), nil
}

func inResult(t catalog.Task, n int, x arrow.Array, hasNull bool, found func(i int) bool) arrow.Array {
	out := newBoolColumn(t.Allocator(), n)
	s := step(x)
	for i := range n {
		switch {
		case nullAt(x, i*s):
			out.setNull(i)
		case found(i * s):
			out.set(i, true)
		case hasNull:
			out.setNull(i)
		}
	}
	return out.array()
}

// extreme is greatest or least: NULLs are skipped, all NULL gives NULL. Want
// is 1 for greatest, -1 for least.
func extreme(want int) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		if err := arity(name, args, 2, -1); err != nil {
			return catalog.Call{}, err
		}
		if err := notLambda(name, args); err != nil {
			return catalog.Call{}, err
		}
		dt, k, ok := commonOf(typesOf(args), commonNoString)
		if !ok {
			return catalog.Call{}, argErr(k, "%s wants arguments of one type, not %s and %s", name, typeName(dt), typeName(args[k].Type))
		}
		if !isOrdered(dt) {
			return catalog.Call{}, argErr(0, "%s cannot order values of type %s", name, typeName(dt))
		}
		return catalog.Call{Type: dt, ArgTypes: repeatType(dt, len(args)), Deterministic: true, Eval: extremeKernel(want)}, nil
	}
}

func extremeKernel(want int) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		all, err := array.Concatenate(args, t.Allocator())
		if err != nil {
			return nil, err
		}
		defer all.Release()
		c := comparerOf(all, all)
		idx := make([]int32, n)
		for i := range n {
			best, at := -1, 0
			for _, a := range args {
				j := at + i*step(a)
				at += a.Len()
				if nullAt(all, j) || best >= 0 && c(j, best)*want <= 0 {
					continue
				}
				best = j
			}
			idx[i] = int32(best)
		}
		return gather(t.Allocator(), all, idx)
	}
}
