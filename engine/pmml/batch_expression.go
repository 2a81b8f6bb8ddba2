package pmml

// vecOutput is an output of a stage as part of another output's expression.
type vecOutput struct{ p *outPlan }

func (v vecOutput) run(t *tile, dst []float64, _ int) { v.p.fill(t, dst) }

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

// outputVector gives an output's expression the vector form, where it reads nothing but numbers among the model's own
// outputs and its prediction.
func (c *compiler) outputVector(f *frame, o *outputField, stage int) (vector, bool) {
	if o.x == nil || o.typ != tDouble {
		return nil, false
	}
	plans := map[int]*outPlan{}
	field := func(q *outputField) {
		p := c.outputPlan(f, q, stage)
		if p.numeric() && q.typ != tInteger {
			plans[q.slot] = &p
		}
	}
	if f.target.slot >= 0 {
		field(&outputField{name: f.target.name, feature: "predictedValue", typ: f.outType(), slot: f.target.slot, code: -1, part: -1})
	}
	for _, q := range f.outputs {
		if q == o {
			break
		}
		field(q)
	}
	v, isDouble, ok := vectorOfOutputs(o.x, plans)
	return v, ok && isDouble
}

// vectorOfOutputs is like vectorOf, but over outputs.
func vectorOfOutputs(x expr, plans map[int]*outPlan) (v vector, isDouble, ok bool) {
	switch x := x.(type) {
	case constant:
		return vecConst{x.v.num()}, x.v.k == kDouble, x.v.numeric()
	case fieldRef:
		p := plans[x.slot]
		return vecOutput{p}, true, p != nil
	case *apply:
		f1, f2 := vectorFunctions[x.name], vectorFunctions2[x.name]
		if x.body != nil || !(len(x.args) == 1 && f1 != nil || len(x.args) == 2 && (f2 != nil || len(x.name) == 1)) {
			return nil, false, false
		}
		a, da, ok := vectorOfOutputs(x.args[0], plans)
		if !ok || len(x.args) == 1 {
			return vecFunc{f1, a}, true, ok && da
		}
		b, db, ok := vectorOfOutputs(x.args[1], plans)
		ok = ok && (da || db)
		if f2 != nil {
			return vecFunc2{f2, a, b}, true, ok
		}
		return vecOp{x.name[0], a, b}, true, ok
	}
	return nil, false, false
}
