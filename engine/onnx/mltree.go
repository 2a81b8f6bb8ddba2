package onnx

import (
	"fmt"
)

// number is what an ensemble of trees computes in.
type number interface{ float32 | float64 }

// treeMode is a node's test.
type treeMode uint8

// The modes, numbered as TreeEnsemble has them.
const (
	atMost treeMode = iota
	below
	atLeast
	above
	equal
	unequal
	member
	leaf // only in the operators of version 3
)

var treeModes = []string{"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER", "LEAF"}

// treeNode is a split or a leaf as a document has it.
type treeNode[T number] struct {
	mode    treeMode
	missing bool // NaN passes the test
	feature int
	value   T
	members []T  // sorted
	whole   bool // a value loses its fraction before it is looked for in members
	yes, no int  // indexes of nodes
	weights []treeWeight[T]
}

// treeWeight is what a leaf gives to a target.
type treeWeight[T number] struct {
	target int
	value  T
}

// treeDoc is an ensemble as a document has it.
type treeDoc[T number] struct {
	nodes   []treeNode[T]
	roots   []int
	targets int
	names   func(i int) string // of a node, for messages
}

// maxTreeDepth bounds the length of a path: a walk takes as many steps.
const maxTreeDepth = 1 << 16

// treeSize is what is found out about a tree.
type treeSize struct {
	depth  int
	nodes  int
	shared bool // some nodes are reached in two ways: chains of tests for equality with one way out
}

// check follows all paths from the roots: children and features must exist, no path may come back, and no two trees
// have nodes in common.
func (d *treeDoc[T]) check(features int) ([]treeSize, error) {
	owner := make([]int, len(d.nodes)) // 1 + the tree
	sizes := make([]treeSize, len(d.roots))
	c := treeCheck[T]{treeDoc: d, depth: make([]int, len(d.nodes)), state: make([]uint8, len(d.nodes)), features: features}
	for t, root := range d.roots {
		c.size = &sizes[t]
		c.enter = func(i int) error {
			if owner[i] != 0 {
				return fmt.Errorf("%s belongs to two trees", d.names(i))
			}
			owner[i] = t + 1
			return nil
		}
		if c.state[root] != 0 {
			return nil, fmt.Errorf("%s belongs to two trees", d.names(root))
		}
		c.owned = func(i int) bool { return owner[i] == t+1 }
		if err := c.walk(root); err != nil {
			return nil, err
		}
		if c.size.depth = c.depth[root]; c.size.depth > maxTreeDepth {
			return nil, fmt.Errorf("the tree of %s is deeper than %d levels", d.names(root), maxTreeDepth)
		}
	}
	return sizes, nil
}

// treeCheck is a walk over all nodes.
type treeCheck[T number] struct {
	*treeDoc[T]
	depth    []int   // below each node
	state    []uint8 // 0 not seen, 1 on the path, 2 done
	features int
	size     *treeSize
	enter    func(i int) error
	owned    func(i int) bool
}

func (c *treeCheck[T]) walk(root int) error {
	todo := []int{root}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		n := &c.nodes[i]
		switch c.state[i] {
		case 2: // it was on the list twice
			c.size.shared = true
			todo = todo[:len(todo)-1]
			continue
		case 1: // the children are done
			todo = todo[:len(todo)-1]
			c.state[i] = 2
			c.depth[i] = 1 + max(c.depth[n.yes], c.depth[n.no])
			continue
		}
		if err := c.enter(i); err != nil {
			return err
		}
		c.size.nodes++
		if n.mode == leaf {
			c.state[i] = 2
			todo = todo[:len(todo)-1]
			continue
		}
		if n.feature < 0 || n.feature >= c.features {
			return fmt.Errorf("%s tests feature %d, but the input has %d columns", c.names(i), n.feature, c.features)
		}
		c.state[i] = 1
		for _, k := range [...]int{n.no, n.yes} {
			switch {
			case c.state[k] == 1:
				return fmt.Errorf("%s leads back to %s, expected a tree", c.names(i), c.names(k))
			case c.state[k] == 2 && !c.owned(k):
				return fmt.Errorf("%s belongs to two trees", c.names(k))
			case c.state[k] == 2:
				c.size.shared = true
			default:
				todo = append(todo, k)
			}
		}
	}
	return nil
}
