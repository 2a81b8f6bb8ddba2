package lightgbm

import (
	"math"

	"github.com/millrace-sql/millrace/engine/boosted"
)

// Bits of decision_type; the two above them are how values are missing.
const (
	categorical = 1
	defaultLeft = 2
)

// tree reads a tree. The document counts splits from 0 and leaves from -1 down; here leaves follow the splits.
func (l *loader) tree(s *section) (boosted.Tree[float64], error) {
	var t boosted.Tree[float64]
	leaves, err := s.integer("num_leaves", 1)
	if err != nil {
		return t, err
	}
	values, err := s.doubles("leaf_value", leaves)
	if err != nil {
		return t, err
	}
	splits := leaves - 1
	t.Nodes = make([]boosted.Node[float64], splits+leaves)
	for i, v := range values {
		t.Nodes[splits+i] = boosted.Node[float64]{Feature: -1, Value: v}
	}
	if s.has("is_linear") {
		linear, err := s.integer("is_linear", 0)
		if err != nil {
			return t, err
		}
		if linear != 0 {
			if err := l.linear(s, t.Nodes[splits:]); err != nil {
				return t, err
			}
		}
	}
	if splits == 0 {
		return t, nil
	}
	return t, l.splits(s, &t, splits)
}

func (l *loader) splits(s *section, t *boosted.Tree[float64], splits int) error {
	var features, left, right, types []int32
	for _, f := range []struct {
		key  string
		into *[]int32
	}{{"split_feature", &features}, {"left_child", &left}, {"right_child", &right}, {"decision_type", &types}} {
		var err error
		if f.key == "decision_type" && !s.has(f.key) {
			types = make([]int32, splits)
		} else if *f.into, err = s.ints(f.key, splits); err != nil {
			return err
		}
	}
	thresholds, err := s.doubles("threshold", splits)
	if err != nil {
		return err
	}
	sets, err := s.sets()
	if err != nil {
		return err
	}
	child := func(c int32) int32 {
		if c < 0 {
			return int32(splits) + ^c
		}
		return c
	}
	for i := range splits {
		n := &t.Nodes[i]
		for _, c := range []int32{left[i], right[i]} {
			if int(c) >= splits || int(^c) > splits {
				return s.errorf("split %d leads to %d, expected a split below %d or a leaf from -1 to %d", i, c, splits, -splits-1)
			}
		}
		n.Feature, n.Yes, n.No = int(features[i]), child(left[i]), child(right[i])
		if n.Feature < 0 || n.Feature >= len(l.spec.Features) {
			return s.errorf("split %d tests feature %d, expected one of 0 to %d", i, n.Feature, len(l.spec.Features)-1)
		}
		if types[i]&categorical != 0 {
			k := thresholds[i]
			if !(k >= 0 && k < float64(len(sets))) {
				return s.errorf("split %d tests set %v of categories, there are %d", i, k, len(sets))
			}
			n.Reading, n.Set = boosted.CodeTowardsZero, sets[int(k)]
			l.coded[n.Feature] = true
			continue
		}
		n.Threshold = thresholds[i]
		n.MissingYes = types[i]&defaultLeft != 0
		switch types[i] >> 2 & 3 {
		case 0:
			n.Reading, n.MissingYes = boosted.NaNZero, false
		case 1:
			n.Reading = boosted.ZeroMissing
		case 2:
			n.Reading = boosted.NaNMissing
		default:
			return s.errorf("split %d has decision_type %d, which says no known treatment of missing values", i, types[i])
		}
	}
	return nil
}

// sets reads the bits of the categories that go left.
func (s *section) sets() ([][]uint32, error) {
	if !s.has("num_cat") {
		return nil, nil
	}
	n, err := s.integer("num_cat", 0)
	if err != nil || n == 0 {
		return nil, err
	}
	if n == math.MaxInt32 {
		return nil, s.errorf("num_cat is too large")
	}
	ends, err := s.ints("cat_boundaries", n+1)
	if err != nil {
		return nil, err
	}
	last := int(ends[n])
	words, err := s.words("cat_threshold", last)
	if err != nil {
		return nil, err
	}
	sets := make([][]uint32, n)
	for i := range sets {
		from, to := ends[i], ends[i+1]
		if from < 0 || to < from || int(to) > last {
			return nil, s.errorf("cat_boundaries: expected numbers that rise to %d, found %d and %d", last, from, to)
		}
		sets[i] = words[from:to:to]
	}
	return sets, nil
}

// linear reads the linear functions of the leaves.
func (l *loader) linear(s *section, leaves []boosted.Node[float64]) error {
	consts, err := s.doubles("leaf_const", len(leaves))
	if err != nil {
		return err
	}
	counts, err := s.ints("num_features", len(leaves))
	if err != nil {
		return err
	}
	total := 0
	for i, c := range counts {
		if c < 0 {
			return s.errorf("num_features: leaf %d has %d", i, c)
		}
		total += int(c)
	}
	features, err := s.ints("leaf_features", total)
	if err != nil {
		return err
	}
	coefficients, err := s.doubles("leaf_coeff", total)
	if err != nil {
		return err
	}
	at := 0
	for i := range leaves {
		f := &boosted.Linear[float64]{Const: consts[i]}
		for range counts[i] {
			if k := int(features[at]); k < 0 || k >= len(l.spec.Features) {
				return s.errorf("leaf %d has feature %d in its linear model, expected one of 0 to %d", i, k, len(l.spec.Features)-1)
			}
			f.Features = append(f.Features, int(features[at]))
			f.Coefficients = append(f.Coefficients, coefficients[at])
			at++
		}
		leaves[i].Linear = f
	}
	return nil
}
