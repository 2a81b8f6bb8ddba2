package function

import (
	"math"
	mathbits "math/bits"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// bindApproxDistinct is approx_count_distinct(x[, relative error]).
func bindApproxDistinct(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	if err := arity(name, args, 1, 2); err != nil {
		return catalog.AggregateCall{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.AggregateCall{}, err
	}
	if args[0].Type.ID() == arrow.MAP {
		return catalog.AggregateCall{}, wantType(name, 0, "values that can be compared", args[0].Type)
	}
	rsd := 0.05
	if len(args) == 2 {
		ps, list, err := percentages(name, args[1])
		if err != nil || list || ps[0] <= 0 || ps[0] > 0.39 {
			return catalog.AggregateCall{}, argErr(1, "the relative error of %s must be a constant above 0 and at most 0.39", name)
		}
		rsd = ps[0]
	}
	p := max(4, min(18, int(math.Ceil(2*math.Log2(1.106/rsd)))))
	return catalog.AggregateCall{Type: tLong, ArgTypes: typesOf(args), IgnoresDistinct: true,
		New: func(catalog.Task) catalog.Accumulator { return &sketch{p: p} }}, nil
}

// sketch is HyperLogLog with 2^p registers a group, estimated as Ertl (2017)
// does, which needs no tables of corrections.
type sketch struct {
	p   int
	reg []byte // 2^p a group
}

func (s *sketch) grow(n int) { s.reg = grown(s.reg, n<<s.p) }

func (s *sketch) Update(_ catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	s.grow(n)
	a := args[0]
	hash, st := xxhash.hashOf(a), step(a)
	for i, g := range groups {
		if nullAt(a, i*st) {
			continue
		}
		h := hash(i*st, hashSeed)
		at := int(g)<<s.p + int(h>>(64-s.p))
		s.reg[at] = max(s.reg[at], byte(mathbits.LeadingZeros64(h<<s.p|1<<(s.p-1))+1))
	}
	return nil
}

func (s *sketch) Merge(_ catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*sketch)
	if !ok || o.p != s.p {
		return wrongAccumulator(s, other)
	}
	s.grow(n)
	m := 1 << s.p
	for at, v := range o.reg {
		to := int(groups[at/m])*m + at%m
		s.reg[to] = max(s.reg[to], v)
	}
	return nil
}

func (s *sketch) Result(t catalog.Task, n int) (arrow.Array, error) {
	s.grow(n)
	out := newColumn[int64](t.Allocator(), n)
	for i := range out.v {
		out.v[i] = estimate(s.reg[i<<s.p:(i+1)<<s.p], s.p)
	}
	return out.array(tLong), nil
}

func estimate(reg []byte, p int) int64 {
	q := 64 - p
	counts := make([]int, q+2)
	for _, v := range reg {
		counts[v]++
	}
	m := float64(len(reg))
	z := m * tau((m-float64(counts[q+1]))/m)
	for k := q; k >= 1; k-- {
		z = 0.5 * (z + float64(counts[k]))
	}
	z += m * sigma(float64(counts[0])/m)
	return int64(math.Round(m * m / (2 * math.Ln2 * z)))
}

func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for {
		x *= x
		old := z
		z += x * y
		y += y
		if z == old {
			return z
		}
	}
}

func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		old := z
		y *= 0.5
		z -= (1 - x) * (1 - x) * y
		if z == old {
			return z / 3
		}
	}
}

func (s *sketch) Save(t catalog.Task, n int) ([]arrow.Array, error) {
	s.grow(n)
	out := newTextColumn(t.Allocator(), n, n<<s.p)
	for i := range n {
		if err := out.put(i, s.reg[i<<s.p:(i+1)<<s.p]); err != nil {
			out.release()
			return nil, err
		}
	}
	return []arrow.Array{out.array(tBinary)}, nil
}

func (s *sketch) Load(_ catalog.Task, n int, states []arrow.Array) error {
	s.reg = nil
	s.grow(n)
	v := textOf(states[0])
	v.step = 1
	for i := range n {
		copy(s.reg[i<<s.p:], v.at(i))
	}
	return nil
}

func (s *sketch) Release() {}
