package function

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// bindAvg is avg: DOUBLE, four more digits of a decimal, or an interval; when
// trying, an interval out of range is NULL.
func bindAvg(trying bool) func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	return func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
		if err := oneArg(name, args); err != nil {
			return catalog.AggregateCall{}, err
		}
		switch dt := args[0].Type.(type) {
		case *arrow.Decimal128Type:
			total := boundedDecimal(dt.Precision+10, dt.Scale)
			out := boundedDecimal(dt.Precision+4, dt.Scale+4)
			return aggregateOf(out, dt, func(catalog.Task) catalog.Accumulator {
				return &average{sum: newDecimalSum(total), result: decimalAverage(total, out)}
			}), nil
		case *arrow.MonthIntervalType:
			return averageOf[int32](dt, trying), nil
		case *arrow.DurationType:
			return averageOf[int64](dt, trying), nil
		default:
			if !isNumeric(dt) && !isString(dt) && !isNull(dt) {
				return catalog.AggregateCall{}, wantType(name, 0, "a number or an interval", dt)
			}
			return aggregateOf(tDouble, tDouble, func(catalog.Task) catalog.Accumulator {
				return &average{sum: newSum[float64](tDouble)(nil), result: doubleAverage}
			}), nil
		}
	}
}

// average is a sum and a count.
type average struct {
	sum    catalog.Accumulator
	n      counter
	result func(t catalog.Task, sum arrow.Array, n []int64) arrow.Array
}

func (a *average) Update(t catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	if err := a.n.Update(t, groups, n, args); err != nil {
		return err
	}
	return a.sum.Update(t, groups, n, args)
}

func (a *average) Merge(t catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*average)
	if !ok {
		return wrongAccumulator(a, other)
	}
	if err := a.n.Merge(t, &o.n, groups, n); err != nil {
		return err
	}
	return a.sum.Merge(t, o.sum, groups, n)
}

func (a *average) Result(t catalog.Task, n int) (arrow.Array, error) {
	total, err := a.sum.Result(t, n)
	if err != nil {
		return nil, err
	}
	defer total.Release()
	a.n.n = grown(a.n.n, n)
	return a.result(t, total, a.n.n), nil
}

func doubleAverage(t catalog.Task, total arrow.Array, n []int64) arrow.Array {
	out := newColumn[float64](t.Allocator(), total.Len())
	for i, v := range raw[float64](total) {
		if n[i] == 0 {
			out.setNull(i)
			continue
		}
		out.v[i] = v / float64(n[i])
	}
	return out.array(tDouble)
}

func decimalAverage(in, dt *arrow.Decimal128Type) func(catalog.Task, arrow.Array, []int64) arrow.Array {
	return func(t catalog.Task, total arrow.Array, n []int64) arrow.Array {
		out := newColumn[dec](t.Allocator(), total.Len())
		for i, v := range raw[dec](total) {
			if n[i] == 0 || total.IsNull(i) {
				out.setNull(i)
				continue
			}
			q, ok := divDecimals(v, decFromInt(n[i]), in.Scale, 0, dt)
			if !ok {
				out.setNull(i)
				continue
			}
			out.v[i] = q
		}
		return out.array(dt)
	}
}

func (a *average) Save(t catalog.Task, n int) ([]arrow.Array, error) {
	states, err := a.sum.Save(t, n)
	if err != nil {
		return nil, err
	}
	c, err := a.n.Result(t, n)
	if err != nil {
		releaseAll(states)
		return nil, err
	}
	return append(states, c), nil
}

func (a *average) Load(t catalog.Task, n int, states []arrow.Array) error {
	last := len(states) - 1
	if err := a.n.Load(t, n, states[last:]); err != nil {
		return err
	}
	return a.sum.Load(t, n, states[:last])
}

func (a *average) Release() { a.sum.Release() }
