package onnx

import (
	"fmt"
	"maps"
	"slices"
)

// kernel computes a node's outputs for the rows of a batch. The outputs come with their kind, shape and length set,
// and undefined contents: the kernel fills them. in has a nil where an optional input is left out. A kernel may be
// called concurrently, each call with a workspace of its own. It allocates nothing: its scratch memory is the
// workspace's. An error fails the batch; a row that cannot be scored is given up with workspace.drop instead.
type kernel func(w *workspace, in, out []*tensor) error

// info is what is known of a value when a model is loaded.
type info struct {
	kind  kind
	shape []int // an axis of -c is c*N long
	// constant has the value if it does not depend on the rows.
	constant *tensor
	// dims are the elements of an integer tensor that was made of shapes, as a shape has them: -c means c*N.
	dims []dim
	// classes are the labels of the last axis: of each of a classifier's scores, of the keys of a ZipMap.
	classes *labels
	// class is the one class whose scores the value has, where it is a column of those of several.
	class *labels
	// labels are the values that elements can have: a classifier's labels.
	labels *labels
	// maps says that the value is a sequence of maps, one for each row, from a class to its element in the tensor.
	maps bool
}

// dim is an integer that may depend on the number of rows: n, or n times N.
type dim struct {
	n     int64
	batch bool
}

// labels are names of classes: strings, or integers if strings is nil.
type labels struct {
	strings []string
	ints    []int64
}

// one is label i alone; nil if the labels are not known.
func (l *labels) one(i int) *labels {
	switch {
	case l == nil:
		return nil
	case l.strings != nil:
		return &labels{strings: l.strings[i : i+1]}
	}
	return &labels{ints: l.ints[i : i+1]}
}

func (l *labels) len() int {
	if l == nil {
		return 0
	}
	if l.strings != nil {
		return len(l.strings)
	}
	return len(l.ints)
}

// text is label i as text.
func (l *labels) text(i int) string {
	if l.strings != nil {
		return l.strings[i]
	}
	return fmt.Sprint(l.ints[i])
}

// all are the labels as texts.
func (l *labels) all() []string {
	if l == nil {
		return nil
	}
	out := make([]string, l.len())
	for i := range out {
		out[i] = l.text(i)
	}
	return out
}

// built is a node ready to run.
type built struct {
	// outs describes the outputs, in the node's order; those that nobody wants may be left out at the end.
	outs []info
	// run computes them. Where it is nil the only output has the elements of input 0, perhaps under another shape.
	run kernel
	// product is a product by a constant matrix that can do more with its sums.
	product *matrixProduct
}

// builder checks a node's inputs and attributes and makes its kernel. Errors come from node.errorf. Attributes are read
// with the node's methods; what is wrong with one of them is reported by the caller, the builder goes on with the default.
type builder func(n *node) (built, error)

// mlDomain is the domain of the operators for models that are no networks.
const mlDomain = "ai.onnx.ml"

// Operators are the names of the operators that are supported, sorted; those of ai.onnx.ml have their domain before them.
func Operators() []string { return slices.Sorted(maps.Keys(operators())) }

// operators are the operators that are supported, by domain and name: "ai.onnx.ml.Scaler", but "Gemm".
func operators() map[string]builder {
	all := map[string]builder{}
	for _, group := range []map[string]builder{
		arithmeticOperators(), elementOperators(), matrixOperators(), moveOperators(), indexOperators(), reduceOperators(), rowOperators(), constantOperators(),
	} {
		maps.Copy(all, group)
	}
	for name, b := range mlOperators() {
		all[mlDomain+"."+name] = b
	}
	return all
}
