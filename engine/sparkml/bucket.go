package sparkml

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// bucketizer is one column of Bucketizer.
type bucketizer struct {
	in, out int
	name    string
	splits  []float64
	invalid invalid
}

func readBucketizer(b *builder) error {
	ins, outs, err := b.pairs()
	if err != nil {
		return err
	}
	inv, err := b.md.invalid()
	if err != nil {
		return err
	}
	var all [][]float
	var one []float
	if _, err := b.md.param("splitsArray", &all); err != nil {
		return err
	}
	if _, err := b.md.param("splits", &one); err != nil {
		return err
	}
	if all == nil {
		all = [][]float{one}
	}
	if len(all) != len(ins) {
		return fmt.Errorf("it has %d input columns, but the splits of %d", len(ins), len(all))
	}
	for i, in := range ins {
		s := &bucketizer{name: in, invalid: inv}
		for _, x := range all[i] {
			s.splits = append(s.splits, float64(x))
		}
		if len(s.splits) < 3 || !slices.IsSorted(s.splits) {
			return fmt.Errorf("the splits of %s are not at least 3 rising numbers: %v", in, s.splits)
		}
		if s.in, s.out, err = b.useCreate(in, numbers, slot{name: outs[i], kind: numbers}); err != nil {
			return err
		}
		b.add(s)
	}
	return nil
}

func (s *bucketizer) run(t *tile) error {
	in, out := &t.cols[s.in], t.numbers(s.out)
	t.cols[s.out].valid = in.valid
	last := len(s.splits) - 1
	for i, x := range in.x[:t.n] {
		switch {
		case !in.ok(i):
			if s.invalid == skip {
				t.drop(i, missing(fmt.Errorf("Bucketizer(%s): the value is NULL", s.name)))
			}
			out[i] = 0
		case x >= s.splits[0] && x <= s.splits[last]:
			k := sort.SearchFloat64s(s.splits, x)
			if k == last || s.splits[k] != x || x == 0 && math.Signbit(x) && !math.Signbit(s.splits[k]) { // -0 is below 0
				k--
			}
			out[i] = float64(max(k, 0))
		case math.IsNaN(x) && s.invalid == keep:
			out[i] = float64(last)
		default:
			out[i] = 0
			if t.alive(i) {
				t.refuse(s.out, i, s.outside(x))
			}
		}
	}
	return nil
}

// outside is why a value is refused.
func (s *bucketizer) outside(x float64) error {
	if math.IsNaN(x) {
		return missing(fmt.Errorf("Bucketizer(%s): Bucketizer encountered NaN value. To handle or skip NaNs, try setting Bucketizer.handleInvalid", s.name))
	}
	return fmt.Errorf("Bucketizer(%s): Feature value %s out of Bucketizer bounds [%s, %s].  Check your features, or loosen the lower/upper bound constraints",
		s.name, javaDouble(x), javaDouble(s.splits[0]), javaDouble(s.splits[len(s.splits)-1]))
}

// binarizer is one column of Binarizer: 1 for what is greater than the threshold.
type binarizer struct {
	in, out   int
	threshold float64
}

func readBinarizer(b *builder) error {
	ins, outs, err := b.pairs()
	if err != nil {
		return err
	}
	var many []float
	if _, err := b.md.param("thresholds", &many); err != nil {
		return err
	}
	one, err := b.md.number("threshold", 0)
	if err != nil {
		return err
	}
	if len(many) > 0 && len(many) != len(ins) {
		return fmt.Errorf("it has %d input columns, but %d thresholds", len(ins), len(many))
	}
	for i, in := range ins {
		th := one
		if len(many) > 0 {
			th = float64(many[i])
		}
		if at, ok := b.byName[key(in)]; ok && b.slots[at].kind == vector {
			if len(ins) > 1 {
				return fmt.Errorf("the column %s is a vector: only a Binarizer of one column takes it", in)
			}
			return b.mapVectors(0, same, features(func(_ int, in, out []float64) { above(in, out, th) }))
		}
		s := &binarizer{threshold: th}
		if s.in, s.out, err = b.useCreate(in, numbers, slot{name: outs[i], kind: numbers}); err != nil {
			return err
		}
		b.add(s)
	}
	return nil
}

func above(in, out []float64, th float64) {
	for i, v := range in {
		out[i] = 0
		if v > th {
			out[i] = 1
		}
	}
}

func (s *binarizer) run(t *tile) error {
	in := &t.cols[s.in]
	above(in.x[:t.n], t.numbers(s.out), s.threshold)
	t.cols[s.out].valid = in.valid
	return nil
}

// imputer is one column of Imputer.
type imputer struct {
	in, out            int
	missing, surrogate float64
}

func readImputer(b *builder) error {
	ins, outs, err := b.pairs()
	if err != nil {
		return err
	}
	missing, err := b.md.number("missingValue", math.NaN())
	if err != nil {
		return err
	}
	t, err := b.data()
	if err != nil {
		return err
	}
	for i, in := range ins {
		s := &imputer{missing: missing}
		if s.surrogate, err = t.number(in); err != nil {
			return err
		}
		if s.in, s.out, err = b.useCreate(in, numbers, slot{name: outs[i], kind: numbers}); err != nil {
			return err
		}
		b.add(s)
	}
	return nil
}

func (s *imputer) run(t *tile) error {
	in, out := &t.cols[s.in], t.numbers(s.out)
	nan := math.IsNaN(s.missing)
	for i, v := range in.x[:t.n] {
		if !in.ok(i) || v == s.missing || nan && v != v {
			v = s.surrogate
		}
		out[i] = v
	}
	return nil
}
