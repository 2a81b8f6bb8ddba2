package boosted

import (
	"fmt"
)

// Float is the type that a library computes in.
type Float interface{ float32 | float64 }

// Reading says how a split sees its feature's value.
type Reading uint8

// The readings. NULL is NaN in all of them.
const (
	// NaNMissing takes NaN as missing.
	NaNMissing Reading = iota
	// ZeroMissing takes NaN and what Spec.Zero rounds to zero as missing.
	ZeroMissing
	// NaNZero takes NaN as the number 0.
	NaNZero
	// Code takes the value as a category's code without its fraction; below zero is no category, NaN is missing.
	Code
	// CodeTowardsZero is Code, but the fraction goes first: -0.5 is the category 0.
	CodeTowardsZero
)

// Node is a split or a leaf of a tree.
type Node[T Float] struct {
	// Feature is the index of the feature that is tested; below zero the node is a leaf.
	Feature int
	Reading Reading
	// Threshold: values at most this go to Yes. Not used if there is a Set.
	Threshold T
	// Set, when not nil, holds a bit for each category that goes to Yes. The reading is then a Code.
	Set []uint32
	// MissingYes sends missing values to Yes, otherwise they go to No.
	MissingYes bool
	Yes, No    int32
	// Value is what a leaf adds.
	Value T
	// Linear, when not nil, is what a leaf adds to Value's place: see Linear.
	Linear *Linear[T]
}

// Linear is a linear function in a leaf: Const + the sum of Coefficients times features, in order. A missing feature
// makes it the leaf's Value.
type Linear[T Float] struct {
	Const        T
	Features     []int
	Coefficients []T
}

// Tree is a binary tree; node 0 is its root. Nodes that no path reaches are allowed.
type Tree[T Float] struct {
	Nodes []Node[T]
	// Group is the index of the margin that the tree adds to.
	Group int
}

// maxDepth bounds the depth of a tree: libraries grow a few dozen levels.
const maxDepth = 4096

// check gives the greatest depth of the tree and the mean depth of its leaves if each way is as likely.
func (t *Tree[T]) check(features, groups int) (depth int, mean float64, err error) {
	if len(t.Nodes) == 0 {
		return 0, 0, fmt.Errorf("it has no nodes, expected at least one leaf")
	}
	if t.Group < 0 || t.Group >= groups {
		return 0, 0, fmt.Errorf("it adds to output %d, expected one of 0 to %d", t.Group, groups-1)
	}
	type visit struct {
		node  int32
		depth int
		share float64
	}
	seen := make([]bool, len(t.Nodes))
	todo := []visit{{0, 0, 1}}
	for len(todo) > 0 {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if v.node < 0 || int(v.node) >= len(t.Nodes) {
			return 0, 0, fmt.Errorf("a split leads to node %d, expected one of 0 to %d", v.node, len(t.Nodes)-1)
		}
		if seen[v.node] {
			return 0, 0, fmt.Errorf("node %d is reached in two ways, expected a tree", v.node)
		}
		if v.depth > maxDepth {
			return 0, 0, fmt.Errorf("it is deeper than %d levels", maxDepth)
		}
		seen[v.node] = true
		depth = max(depth, v.depth)
		n := &t.Nodes[v.node]
		if n.Feature < 0 {
			if err := n.Linear.check(features); err != nil {
				return 0, 0, fmt.Errorf("leaf %d: %w", v.node, err)
			}
			continue
		}
		if n.Feature >= features {
			return 0, 0, fmt.Errorf("node %d tests feature %d, expected one of 0 to %d", v.node, n.Feature, features-1)
		}
		mean += v.share
		todo = append(todo, visit{n.No, v.depth + 1, v.share / 2}, visit{n.Yes, v.depth + 1, v.share / 2})
	}
	return depth, mean, nil
}

func (l *Linear[T]) check(features int) error {
	if l == nil {
		return nil
	}
	if len(l.Features) != len(l.Coefficients) {
		return fmt.Errorf("it has %d coefficients for %d features", len(l.Coefficients), len(l.Features))
	}
	for _, f := range l.Features {
		if f < 0 || f >= features {
			return fmt.Errorf("its linear model has feature %d, expected one of 0 to %d", f, features-1)
		}
	}
	return nil
}
