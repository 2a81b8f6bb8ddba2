package function

import (
	"math"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// moments is the state of one group: the count, the mean and the sums of powers
// of deviations from it.
type moments [5]float64 // n, mean, m2, m3, m4

// join adds another group's moments (Chan, Golub and LeVeque; Pébay for the
// higher ones).
func (a *moments) join(b moments) {
	na, nb := a[0], b[0]
	if nb == 0 {
		return
	}
	if na == 0 {
		*a = b
		return
	}
	n := na + nb
	d := b[1] - a[1]
	dn := d / n
	m4 := a[4] + b[4] + d*dn*dn*dn*na*nb*(na*na-na*nb+nb*nb) + 6*dn*dn*(na*na*b[2]+nb*nb*a[2]) + 4*dn*(na*b[3]-nb*a[3])
	m3 := a[3] + b[3] + d*dn*dn*na*nb*(na-nb) + 3*dn*(na*b[2]-nb*a[2])
	m2 := a[2] + b[2] + d*dn*na*nb
	*a = moments{n, a[1] + dn*nb, m2, m3, m4}
}

// add is join of one value, in the order of operations that Spark has.
func (a *moments) add(v float64) {
	n := a[0] + 1
	d := v - a[1]
	dn := d / n
	m2 := a[2] + d*(d-dn)
	m3 := a[3] - 3*dn*m2 + d*(d*d-dn*dn)
	m4 := a[4] - 4*dn*m3 - 6*dn*dn*m2 + d*(d*(d*d)-dn*(dn*dn))
	*a = moments{n, a[1] + dn, m2, m3, m4}
}

// bindMoments is an aggregate of the moments of one DOUBLE; false is NULL.
func bindMoments(result func(m moments) (float64, bool)) func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	return func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
		if err := oneArg(name, args); err != nil {
			return catalog.AggregateCall{}, err
		}
		if !implicit(args[0].Type, tDouble) {
			return catalog.AggregateCall{}, wantType(name, 0, "a number", args[0].Type)
		}
		return aggregateOf(tDouble, tDouble, func(catalog.Task) catalog.Accumulator {
			return &statistics[moments]{
				add:  func(m *moments, v []float64) { m.add(v[0]) },
				join: func(a *moments, b moments) { a.join(b) }, result: result,
				get: func(m *moments) []float64 { return m[:] },
			}
		}), nil
	}
}

// pairs is the state of one group of two columns: the count, both means, the sum
// of products of deviations and those of their squares.
type pairs [6]float64 // n, mean x, mean y, cxy, m2x, m2y

func (a *pairs) join(b pairs) {
	if b[0] == 0 {
		return
	}
	if a[0] == 0 {
		*a = b
		return
	}
	n := a[0] + b[0]
	dx, dy := b[1]-a[1], b[2]-a[2]
	w := a[0] * b[0] / n
	*a = pairs{n, a[1] + dx*b[0]/n, a[2] + dy*b[0]/n, a[3] + b[3] + dx*dy*w, a[4] + b[4] + dx*dx*w, a[5] + b[5] + dy*dy*w}
}

func bindPairs(result func(p pairs) (float64, bool)) func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	return func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
		types, err := takes(tDouble, tDouble).resolve(name, args)
		if err != nil {
			return catalog.AggregateCall{}, err
		}
		return catalog.AggregateCall{Type: tDouble, ArgTypes: types, New: func(catalog.Task) catalog.Accumulator {
			return &statistics[pairs]{
				add:  func(p *pairs, v []float64) { p.join(pairs{1, v[0], v[1]}) },
				join: func(a *pairs, b pairs) { a.join(b) }, result: result,
				get: func(p *pairs) []float64 { return p[:] },
			}
		}}, nil
	}
}

// statistics keeps a fixed number of doubles a group.
type statistics[S moments | pairs] struct {
	s      []S
	add    func(s *S, v []float64)
	join   func(a *S, b S)
	get    func(s *S) []float64
	result func(s S) (float64, bool)
}

func (s *statistics[S]) Update(_ catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	s.s = grown(s.s, n)
	cols := make([][]float64, len(args))
	for k, a := range args {
		cols[k] = raw[float64](a)
	}
	v := make([]float64, len(args))
rows:
	for i, g := range groups {
		for k, a := range args {
			at := i * step(a)
			if nullAt(a, at) {
				continue rows
			}
			v[k] = cols[k][at]
		}
		s.add(&s.s[g], v)
	}
	return nil
}

func (s *statistics[S]) Merge(_ catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*statistics[S])
	if !ok {
		return wrongAccumulator(s, other)
	}
	s.s = grown(s.s, n)
	for i, v := range o.s {
		s.join(&s.s[groups[i]], v)
	}
	return nil
}

func (s *statistics[S]) Result(t catalog.Task, n int) (arrow.Array, error) {
	s.s = grown(s.s, n)
	out := newColumn[float64](t.Allocator(), n)
	for i := range out.v {
		v, ok := s.result(s.s[i])
		if !ok {
			out.setNull(i)
			continue
		}
		out.v[i] = v
	}
	return out.array(tDouble), nil
}

func (s *statistics[S]) Save(t catalog.Task, n int) ([]arrow.Array, error) {
	s.s = grown(s.s, n)
	var cols []arrow.Array
	for k := range s.get(new(S)) {
		out := newColumn[float64](t.Allocator(), n)
		for i := range out.v {
			out.v[i] = s.get(&s.s[i])[k]
		}
		cols = append(cols, out.array(tDouble))
	}
	return cols, nil
}

func (s *statistics[S]) Load(_ catalog.Task, n int, states []arrow.Array) error {
	s.s = make([]S, n)
	for k, a := range states {
		for i, v := range raw[float64](a) {
			s.get(&s.s[i])[k] = v
		}
	}
	return nil
}

func (s *statistics[S]) Release() {}

func variancePop(m moments) (float64, bool)  { return m[2] / m[0], m[0] > 0 }
func varianceSamp(m moments) (float64, bool) { return m[2] / (m[0] - 1), m[0] > 1 }
func stddevPop(m moments) (float64, bool)    { return math.Sqrt(m[2] / m[0]), m[0] > 0 }
func stddevSamp(m moments) (float64, bool)   { return math.Sqrt(m[2] / (m[0] - 1)), m[0] > 1 }

func skewness(m moments) (float64, bool) {
	return math.Sqrt(m[0]) * m[3] / math.Sqrt(m[2]*m[2]*m[2]), m[0] > 0 && m[2] != 0
}

func kurtosis(m moments) (float64, bool) { return m[0]*m[4]/(m[2]*m[2]) - 3, m[0] > 0 && m[2] != 0 }

func covarPop(p pairs) (float64, bool)  { return p[3] / p[0], p[0] > 0 }
func covarSamp(p pairs) (float64, bool) { return p[3] / (p[0] - 1), p[0] > 1 }

// regrR2 is the square of the correlation of y, the first argument, and x.
func regrR2(p pairs) (float64, bool) {
	if p[4] == 0 {
		return 1, p[0] > 1 && p[5] != 0
	}
	return p[3] * p[3] / (p[4] * p[5]), p[0] > 1 && p[5] != 0
}

// bindRegrCount counts the rows in which neither is NULL.
func bindRegrCount(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	if _, err := takes(tDouble, tDouble).resolve(name, args); err != nil {
		return catalog.AggregateCall{}, err
	}
	return bindCount(name, args)
}

func corr(p pairs) (float64, bool) { return p[3] / math.Sqrt(p[4]*p[5]), p[0] > 1 }
