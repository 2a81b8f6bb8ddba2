package pmml

// vecOutput is an output of a stage as part of another output's expression.
type vecOutput struct{ p *outPlan }

func (v vecOutput) run(t *tile, dst []float64, depth int) {
	if v.p.kind == outVector {
		v.p.vec.run(t, dst, depth) // the columns above are in use
		return
	}
	v.p.fill(t, dst)
}

// numeric reports whether fill can compute the output.
func (p *outPlan) numeric() bool {
	switch p.kind {
	case outProb, outTopProb, outValue, outVector:
		return p.typ == tDouble || p.typ == tFloat
	case outByCode, outByLeaf:
		return p.nums != nil
	}
	return false
}

// maxNested bounds the steps that an output's vector form takes for the outputs it reads: it computes each of them
// again wherever its expression names it. The interpreter, which computes them once, takes what is above.
const maxNested = 256

// outputVectors makes the vector forms of the expressions of a frame's outputs.
type outputVectors struct {
	c      *compiler
	f      *frame
	stage  int
	own    int // steps of the expression itself
	nested int // and of the outputs it reads
}

// outputVector gives an output's expression the vector form, where it reads nothing but numbers among the model's own
// outputs and its prediction, and the steps that it takes.
func (c *compiler) outputVector(f *frame, o *outputField, stage int) (v vector, steps int, ok bool) {
	if o.x == nil || o.typ != tDouble {
		return nil, 0, false
	}
	b := outputVectors{c: c, f: f, stage: stage}
	v, isDouble, ok := b.of(o.x)
	return v, b.own + b.nested, ok && isDouble
}

// field gives the plan of an output (or the prediction) that an expression reads, nil if it is no number.
func (b *outputVectors) field(slot int) *outPlan {
	q := b.c.ownOutputs(b.f)[slot]
	if q == nil || q.typ == tInteger {
		return nil
	}
	p := b.c.outputPlan(b.f, q, b.stage)
	if b.nested += p.steps; b.nested > maxNested || !p.numeric() {
		return nil
	}
	return p
}

// of is like vectorOf, but over outputs.
func (b *outputVectors) of(x expr) (v vector, isDouble, ok bool) {
	b.own++
	switch x := x.(type) {
	case constant:
		return vecConst{x.v.num()}, x.v.k == kDouble, x.v.numeric()
	case fieldRef:
		p := b.field(x.slot)
		return vecOutput{p}, true, p != nil
	case *apply:
		f1, f2 := vectorFunctions[x.name], vectorFunctions2[x.name]
		if x.body != nil || !(len(x.args) == 1 && f1 != nil || len(x.args) == 2 && (f2 != nil || len(x.name) == 1)) {
			return nil, false, false
		}
		a, da, ok := b.of(x.args[0])
		if !ok || len(x.args) == 1 {
			return vecFunc{f1, a}, true, ok && da
		}
		c, dc, ok := b.of(x.args[1])
		ok = ok && (da || dc)
		if f2 != nil {
			return vecFunc2{f2, a, c}, true, ok
		}
		return vecOp{x.name[0], a, c}, true, ok
	}
	return nil, false, false
}

// ownOutputs are a frame's outputs and its prediction by slot.
func (c *compiler) ownOutputs(f *frame) map[int]*outputField {
	own := c.owned[f]
	if own == nil {
		own = map[int]*outputField{}
		for _, o := range f.outputs {
			own[o.slot] = o
		}
		if t := f.prediction(); t.slot >= 0 {
			own[t.slot] = t
		}
		c.owned[f] = own
	}
	return own
}

// prediction is the target's column as an output field.
func (f *frame) prediction() *outputField {
	return &outputField{name: f.target.name, feature: "predictedValue", typ: f.outType(), slot: f.target.slot, code: -1, part: -1}
}
