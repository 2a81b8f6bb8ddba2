package function

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// maxRange bounds the rows of one range, which are made at once.
const maxRange = 1 << 27

// numbersFrom are first, first+step, ..., n of them.
type numbersFrom struct{ first, step, n int64 }

// bindRange is range(end) and range(start, end[, step[, parts]]): a row for each
// number of start <= id < end, or start >= id > end with a negative step. The
// parts, Spark's partitions, are checked and have no effect.
func bindRange(name string, args []catalog.Arg) (catalog.TableCall, error) {
	if err := arity(name, args, 1, 4); err != nil {
		return catalog.TableCall{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.TableCall{}, err
	}
	given := make([]int64, len(args))
	for k, a := range args {
		var ok bool
		if given[k], ok = constLong(a); !ok {
			return catalog.TableCall{}, argErr(k, "argument %d of %s must be a constant BIGINT", k+1, name)
		}
	}
	start, end, step := int64(0), given[0], int64(1)
	if len(given) > 1 {
		start, end = given[0], given[1]
	}
	if len(given) > 2 {
		step = given[2]
	}
	if step == 0 {
		return catalog.TableCall{}, argErr(2, "the step of %s must not be 0", name)
	}
	n := countRange(start, end, step)
	if n > maxRange {
		return catalog.TableCall{}, fmt.Errorf("%s gives %d rows here, at most %d are possible", name, n, maxRange)
	}
	r := numbersFrom{first: start, step: step, n: int64(n)}
	return catalog.TableCall{Columns: []arrow.Field{{Name: "id", Type: tLong}}, ArgTypes: typesOf(args), Eval: r.rows}, nil
}

// countRange is the number of rows of a range.
func countRange(start, end, step int64) uint64 {
	switch {
	case step > 0 && start < end:
		return (uint64(end)-uint64(start)-1)/uint64(step) + 1
	case step < 0 && start > end:
		return (uint64(start)-uint64(end)-1)/uint64(-step) + 1
	}
	return 0
}

// rows gives each of n rows all numbers.
func (r numbersFrom) rows(t catalog.Task, n int, _ []arrow.Array) ([]int32, []arrow.Array, error) {
	if int64(n)*r.n > maxRange {
		return nil, nil, fmt.Errorf("range gives %d rows for each of %d, at most %d are possible at once", r.n, n, maxRange)
	}
	from := make([]int32, 0, int64(n)*r.n)
	ids := newColumn[int64](t.Allocator(), n*int(r.n))
	for i := range n {
		for k := range r.n {
			ids.v[len(from)] = r.first + k*r.step
			from = append(from, int32(i))
		}
	}
	return from, []arrow.Array{ids.array(tLong)}, nil
}

// constLong is the BIGINT that a constant of a number or a string converts to;
// false when it is no constant, NULL, or of another type.
func constLong(a catalog.Arg) (int64, bool) {
	if a.Const == nil || a.Const.Len() != 1 || nullAt(a.Const, 0) {
		return 0, false
	}
	switch dt := a.Type.(type) {
	case *arrow.Int8Type:
		return int64(raw[int8](a.Const)[0]), true
	case *arrow.Int16Type:
		return int64(raw[int16](a.Const)[0]), true
	case *arrow.Int32Type:
		return int64(raw[int32](a.Const)[0]), true
	case *arrow.Int64Type:
		return raw[int64](a.Const)[0], true
	case *arrow.Float32Type:
		return saturate64(float64(raw[float32](a.Const)[0])), true
	case *arrow.Float64Type:
		return saturate64(raw[float64](a.Const)[0]), true
	case *arrow.Decimal128Type:
		return decToInt64(raw[dec](a.Const)[0], dt.Scale), true
	case *arrow.StringType:
		text := textOf(a.Const)
		return parseInteger[int64](text.at(0))
	}
	return 0, false
}
