package onnx

import (
	"fmt"
)

// node is one operator of the graph while a model is loaded.
type node struct {
	op     string // Gemm
	domain string // empty for ai.onnx
	name   string // may be empty
	opset  int    // the version of the domain
	inputs []*value
	// wanted says which outputs somebody reads, in the node's order.
	wanted []bool
	attrs  map[string]attribute
	graph  *loader
	err    error // the first attribute that is wrong
}

// value is an input, a constant or a node's output.
type value struct {
	name string
	info
	slot int // its place in a workspace
}

// attrType is the type of an attribute, as ONNX numbers them.
type attrType int

const (
	attrFloat   attrType = 1
	attrInt     attrType = 2
	attrString  attrType = 3
	attrTensor  attrType = 4
	attrGraph   attrType = 5
	attrFloats  attrType = 6
	attrInts    attrType = 7
	attrStrings attrType = 8
)

// String is ONNX's name of the type.
func (a attrType) String() string {
	names := [...]string{"UNDEFINED", "FLOAT", "INT", "STRING", "TENSOR", "GRAPH", "FLOATS", "INTS", "STRINGS"}
	if a < 0 || int(a) >= len(names) {
		return fmt.Sprintf("type %d", int(a))
	}
	return names[a]
}

// attribute is a constant of a node.
type attribute struct {
	kind    attrType
	f       float32
	i       int64
	s       string
	t       *tensor
	floats  []float32
	ints    []int64
	strings []string
}

// label names the node in messages.
func (n *node) label() string {
	op := n.op
	if n.domain != "" {
		op = n.domain + "." + op
	}
	if n.name == "" {
		return "a node " + op
	}
	return fmt.Sprintf("node %q (%s)", n.name, op)
}

// errorf is an error at this node.
func (n *node) errorf(format string, args ...any) error {
	return fmt.Errorf("%s: %s", n.label(), fmt.Sprintf(format, args...))
}

// attr finds an attribute of a type; another type is an error.
func (n *node) attr(name string, want attrType) (attribute, bool) {
	a, ok := n.attrs[name]
	if ok && a.kind != want {
		if n.err == nil {
			n.err = n.errorf("attribute %s is of type %s, not %s", name, a.kind, want)
		}
		return attribute{}, false
	}
	return a, ok
}

// has says whether the attribute is there.
func (n *node) has(name string) bool {
	_, ok := n.attrs[name]
	return ok
}

// float reads an attribute, otherwise if it is not there.
func (n *node) float(name string, otherwise float32) float32 {
	if a, ok := n.attr(name, attrFloat); ok {
		return a.f
	}
	return otherwise
}

// int reads an attribute, otherwise if it is not there.
func (n *node) int(name string, otherwise int64) int64 {
	if a, ok := n.attr(name, attrInt); ok {
		return a.i
	}
	return otherwise
}

// text reads a STRING attribute, otherwise if it is not there.
func (n *node) text(name, otherwise string) string {
	if a, ok := n.attr(name, attrString); ok {
		return a.s
	}
	return otherwise
}

// floats reads an attribute, nil if it is not there. The slice is shared.
func (n *node) floats(name string) []float32 {
	a, _ := n.attr(name, attrFloats)
	return a.floats
}

// ints reads an attribute, nil if it is not there. The slice is shared.
func (n *node) ints(name string) []int64 {
	a, _ := n.attr(name, attrInts)
	return a.ints
}

// texts reads a STRINGS attribute, nil if it is not there. The slice is shared.
func (n *node) texts(name string) []string {
	a, _ := n.attr(name, attrStrings)
	return a.strings
}

// tensor reads an attribute, nil if it is not there. The tensor is shared.
func (n *node) tensor(name string) *tensor {
	a, _ := n.attr(name, attrTensor)
	return a.t
}

// arity checks the number of inputs and that the first least of them are there.
func (n *node) arity(least, most int) error {
	if len(n.inputs) < least || len(n.inputs) > most {
		want := fmt.Sprint(least)
		if most > least {
			want = fmt.Sprintf("%d to %d", least, most)
		}
		return n.errorf("expected %s inputs, found %d", want, len(n.inputs))
	}
	for i, v := range n.inputs[:least] {
		if v == nil {
			return n.errorf("input %d is left out", i+1)
		}
	}
	return nil
}

// input is input i, nil if it is left out.
func (n *node) input(i int) *value {
	if i >= len(n.inputs) {
		return nil
	}
	return n.inputs[i]
}

// local reserves a place in the workspaces for state that a kernel keeps from batch to batch: workspace.locals[i], nil
// at first.
func (n *node) local() int {
	n.graph.locals++
	return n.graph.locals - 1
}

// matrix checks that an input is a matrix with a row for each row of the batch, or a constant one, and gives the number
// of its columns. A vector of N is a column. A vector without N is one row, as ai.onnx.ml has it.
func (n *node) matrix(i int) (columns int, err error) {
	v := n.inputs[i]
	switch {
	case len(v.shape) == 2 && v.shape[1] >= 0:
		return v.shape[1], nil
	case len(v.shape) == 1 && v.shape[0] == -1:
		return 1, nil
	case len(v.shape) == 1 && v.shape[0] >= 0:
		return v.shape[0], nil
	}
	return 0, n.errorf("input %s has the shape %s, expected rows and columns", v.name, shapeText(v.shape))
}
