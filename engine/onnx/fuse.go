package onnx

import "slices"

// fuse lets a product by a constant matrix do what comes right after it and nobody else sees: the sum with a constant for
// each column, then Relu. The node's output then is the product's own, to the last bit.
func (l *loader) fuse(n *node, b built) built {
	switch n.fullOp() {
	case "Add":
		for i := range n.inputs {
			v, c := n.inputs[i], n.inputs[1-i]
			p := l.products[v.name]
			if p == nil || p.biased || l.uses[v.name] != 1 || c.constant == nil || !slices.Equal(b.outs[0].shape, v.shape) || !p.columnwise(c.shape) {
				continue
			}
			p.addBias(c.constant)
			n.inputs = []*value{v}
			return built{outs: b.outs, product: p}
		}
	case "Relu":
		v := n.inputs[0]
		if p := l.products[v.name]; p != nil && l.uses[v.name] == 1 {
			p.addRelu()
			return built{outs: b.outs}
		}
	}
	return b
}

// columnwise says whether a shape has a number for each column.
func (p *matrixProduct) columnwise(shape []int) bool {
	cols := 0
	if p.b32 != nil {
		cols = p.b32.cols
	} else if p.b64 != nil {
		cols = p.b64.cols
	}
	return product(shape) == cols && (len(shape) == 0 || shape[len(shape)-1] == cols)
}
