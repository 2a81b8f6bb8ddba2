package pmml

import "github.com/apache/arrow/go/v14/arrow"

// outKind says how an output column comes from a stage's results.
type outKind uint8

const (
	outByCode  outKind = iota // a value for each class
	outByLeaf                 // a value for each leaf of a tree alone
	outProb                   // the probability of class k, 0 if k is -1
	outTopProb                // the probability of the predicted class
	outValue                  // the regression's value
	outReason                 // a scorecard's reason code of rank k
	outVector                 // an expression over numbers among the outputs
	outEmit                   // by the interpreter, from the stage's results
)

// outPlan is one output column.
type outPlan struct {
	kind  outKind
	stage int
	k     int
	typ   dataType
	slot  int
	table []value   // outByCode, outByLeaf
	vec   vector    // outVector
	nums  []float64 // the same as numbers, if all are and typ is double
	ints  []int64   // or as integers
	steps int       // of vec, with those of the outputs it reads
	none  value     // of a row whose prediction is missing, if the plan is lossy
}

// offer makes a chain segment's outputs available to later stages.
func (c *compiler) offer(f *frame, stage int) {
	for _, o := range f.outputs {
		c.fedBy[o.slot] = stage
		if out := c.outputPlan(f, o, stage); out.kind != outEmit {
			c.fed[o.slot] = *out
		}
	}
}

// ownedOutput is an output field, the model it belongs to and that model's stage.
type ownedOutput struct {
	o     *outputField
	f     *frame
	stage int
}

// outputs plans the model's output columns.
func (c *compiler) outputs() error {
	owned := map[int]ownedOutput{}
	for i := range c.p.stages {
		f := c.p.stages[i].f
		for _, o := range f.outputs {
			owned[o.slot] = ownedOutput{o, f, i}
		}
	}
	for i := range c.p.stages {
		if f := c.p.stages[i].f; f != c.m.root && f.target.slot >= 0 {
			owned[f.target.slot] = ownedOutput{f.prediction(), f, i}
		}
	}
	root, last := c.m.root, len(c.p.stages)-1
	for _, o := range root.outputs {
		owned[o.slot] = ownedOutput{o, root, last}
	}
	if root.target.slot >= 0 {
		owned[root.target.slot] = ownedOutput{root.prediction(), root, last}
	}
	foreign := c.foreign(root)
	c.p.lossy = len(c.p.stages) == 1 && c.p.stages[0].f == root
	for _, s := range c.m.slots {
		w := owned[s]
		if w.o == nil {
			return unbatchedf("an output of a nested model has no batch form")
		}
		out := *c.outputPlan(w.f, w.o, w.stage)
		switch {
		case w.f != root && w.stage == last && root.target.has && out.kind == outValue:
			return unbatchedf("the output field %s of a segment below Targets has no batch form", w.o.name)
		case out.kind != outEmit:
		case w.f != root || w.o.x == nil || foreign:
			return unbatchedf("the output field %s has no batch form", w.o.name)
		default:
			c.p.emits = true
		}
		if !c.lost(&out, w) {
			c.p.lossy = false
		}
		c.p.outs = append(c.p.outs, out)
	}
	return nil
}

// lost computes an output for a row whose prediction is missing; false if that needs the row.
func (c *compiler) lost(p *outPlan, w ownedOutput) bool {
	switch {
	case p.kind == outEmit || !w.f.target.standIn.missing() || len(w.f.target.priors) > 0:
		return false
	case w.o.x == nil:
		return true
	}
	r := c.lostRow
	if c.lostOf != w.f {
		r = c.m.prog.newRow()
		r.reset()
		res := absent
		w.f.emit(r, &res)
		c.lostOf, c.lostRow = w.f, r
	}
	if r.err != nil {
		return false
	}
	p.none = r.get(w.o.slot)
	return true
}

// foreign reports whether an output of the document's model needs results other than its own.
func (c *compiler) foreign(root *frame) bool {
	own := map[int]bool{root.target.slot: true}
	for _, o := range root.outputs {
		own[o.slot] = true
	}
	found := false
	for _, o := range root.outputs {
		if o.x != nil {
			uses(o.x, func(u int) { found = found || !own[u] && c.usesResults(u) })
		}
	}
	return found
}

// planKey is an output of a frame at a stage.
type planKey struct {
	f           *frame
	slot, stage int
}

// outputPlan plans one output field of a frame, once.
func (c *compiler) outputPlan(f *frame, o *outputField, stage int) *outPlan {
	k := planKey{f, o.slot, stage}
	p := c.plans[k]
	if p == nil {
		p = c.newOutputPlan(f, o, stage)
		c.plans[k] = p
	}
	return p
}

func (c *compiler) newOutputPlan(f *frame, o *outputField, stage int) *outPlan {
	p := &outPlan{kind: outEmit, stage: stage, typ: o.typ, slot: o.slot}
	_, clusters := f.body.(*clustering)
	switch {
	case o.part >= 0:
	case clusters && isAffinity(o.feature) && o.typ == tDouble && o.raw != nil:
		p.kind, p.k = outProb, o.code
	case clusters && isAffinity(o.feature) && o.typ == tDouble:
		p.kind = outTopProb
	case clusters && o.feature != "predictedValue" && o.feature != "predictedDisplayValue" && o.feature != "clusterId" && o.feature != "entityId" && o.x == nil:
	case clusters && (o.feature == "clusterId" || o.feature == "entityId"):
		if t, ok := c.classTable(f, o); ok {
			p.kind, p.table = outByCode, t
		}
	case o.feature == "reasonCode" && o.typ == tString && c.reasoned(stage):
		p.kind, p.k = outReason, o.rank
	case f.classification() && o.feature == "probability" && o.typ == tDouble && o.raw != nil:
		p.kind, p.k = outProb, o.code
	case f.classification() && o.feature == "probability" && o.typ == tDouble:
		p.kind = outTopProb
	case f.classification() && (o.feature == "predictedValue" || o.feature == "predictedDisplayValue" || o.x != nil && c.decided(f, o, false)):
		if t, ok := c.classTable(f, o); ok {
			p.kind, p.table = outByCode, t
		}
	case !f.classification() && o.feature == "predictedValue" && f.outType() != tInteger && (o.typ == tDouble || o.typ == tFloat):
		p.kind = outValue
		if f.outType() == tFloat {
			p.typ = tFloat
		}
		if o.typ == tDouble && p.typ == tFloat {
			p.kind, p.typ = outEmit, tDouble
		}
	}
	if p.kind == outEmit && c.decided(f, o, true) {
		if t, ok := c.leafTable(f, o, stage); ok {
			p.kind, p.table = outByLeaf, t
		}
	}
	if p.kind == outEmit {
		if v, steps, ok := c.outputVector(f, o, stage); ok {
			p.kind, p.vec, p.steps = outVector, v, steps
		}
	}
	p.numbers()
	return p
}

func isAffinity(feature string) bool {
	return feature == "affinity" || feature == "clusterAffinity" || feature == "entityAffinity"
}

// reasoned reports whether a stage is a scorecard that gives reason codes.
func (c *compiler) reasoned(stage int) bool {
	if stage >= len(c.p.stages) {
		return false
	}
	_, ok := c.p.stages[stage].model.(*cardModel)
	return ok
}

// decided reports whether an output needs nothing but the predicted class, or, with all set, nothing but the
// model's result: its expression reads only outputs of which the same is true.
func (c *compiler) decided(f *frame, o *outputField, all bool) bool {
	if o.slot == f.target.slot {
		return all
	}
	k := fateKey{f, all}
	if c.fates[k] == nil {
		c.fates[k] = fates(f, all)
	}
	return c.fates[k][o.slot]
}

// fateKey is a question of decided about a frame's outputs.
type fateKey struct {
	f   *frame
	all bool
}

// fates answers decided for all outputs of a frame, by slot.
func fates(f *frame, all bool) map[int]bool {
	ok := map[int]bool{f.target.slot: true}
	for _, q := range f.outputs {
		ok[q.slot] = all && q.feature != "residual" || q.feature == "predictedValue" || q.feature == "predictedDisplayValue"
		if q.x != nil {
			own := true
			uses(q.x, func(s int) { own = own && ok[s] })
			ok[q.slot] = own
		}
	}
	return ok
}

// numbers makes the form of a table as numbers of the output's type.
func (p *outPlan) numbers() {
	if p.typ == tInteger {
		p.integers()
	}
	if p.typ != tDouble {
		return
	}
	for i, v := range p.table {
		if v.k != kDouble && !(i == noLeaf && p.kind == outByLeaf) {
			p.nums = nil
			return
		}
		p.nums = append(p.nums, v.f)
	}
}

func (p *outPlan) integers() {
	for i, v := range p.table {
		if v.k != kInt && !(i == noLeaf && p.kind == outByLeaf) {
			p.ints = nil
			return
		}
		p.ints = append(p.ints, v.i)
	}
}

// fill computes the output as numbers for the rows of a tile; false if it is no numeric output.
func (p *outPlan) fill(t *tile, dst []float64) bool {
	s := &t.stages[p.stage]
	switch p.kind {
	case outProb:
		if p.k < 0 {
			clear(dst)
			return true
		}
		copy(dst, s.probs[p.k*tileRows:])
	case outTopProb:
		for i := range dst {
			if k := int(s.code[i]); k >= 0 {
				dst[i] = s.probs[k*tileRows+i]
			}
		}
	case outValue:
		copy(dst, s.value)
		if p.typ == tFloat {
			for i, x := range dst {
				dst[i] = float64(float32(x))
			}
		}
	case outVector:
		p.vec.run(t, dst, 0)
	case outByCode:
		return p.lookUp(s.code, dst)
	case outByLeaf:
		return p.lookUp(s.leaf, dst)
	default:
		return false
	}
	return true
}

// lookUp fills dst from a table of numbers; false if the table is none.
func (p *outPlan) lookUp(keys []int32, dst []float64) bool {
	if p.nums == nil {
		return false
	}
	for i, k := range keys[:len(dst)] {
		if k >= 0 {
			dst[i] = p.nums[k]
		}
	}
	return true
}

// copy fills a feature column of a later stage.
func (f *feed) copy(p *plan, t *tile, s *stageData) {
	dst := t.x[f.feat*tileRows : f.feat*tileRows+t.n]
	if !f.out.fill(t, dst) {
		cats := p.feats[f.feat].known
		keys := s.code
		if f.out.kind == outByLeaf {
			keys = s.leaf
		}
		for i, k := range keys[:t.n] {
			switch v := f.out.at(int(k)); {
			case v.missing():
				t.mark(i)
			case cats != nil:
				dst[i] = float64(cats[v.s])
			default:
				dst[i] = v.num()
			}
		}
	}
	if p.coded {
		p.encode(t, f.feat)
	}
}

// at is a table's value, missing for no class.
func (p *outPlan) at(k int) value {
	if k < 0 || k >= len(p.table) {
		return value{}
	}
	return p.table[k]
}

// emit computes, with the interpreter, the outputs that have no form of their own.
func (t *tile) emit(m *Model, in []arrow.Array, from int, want []int) {
	if need := tileRows * len(want); len(t.stash) < need {
		t.stash = make([]value, need)
	}
	r, f := t.row, m.root
	s := &t.stages[len(t.stages)-1]
	for i := 0; i < t.n; i++ {
		if t.slow[i] {
			continue
		}
		r.reset()
		for c, sl := range m.prog.cols {
			r.input(sl, cell(in[c], from+i, m.prog.slots[sl].typ))
		}
		res := result{code: -1}
		if f.classification() {
			res.code = int(s.code[i])
			res.value = f.classes.values[res.code]
			res.probs = r.floats(len(f.classes.values))
			for k := range res.probs {
				res.probs[k] = s.probs[k*tileRows+i]
			}
		} else {
			res.value = double(s.value[i])
		}
		f.emit(r, &res)
		if r.err != nil {
			t.mark(i)
			continue
		}
		for c, w := range want {
			if m.batch.outs[w].kind == outEmit {
				t.stash[i*len(want)+c] = r.get(m.slots[w])
			}
		}
	}
}
