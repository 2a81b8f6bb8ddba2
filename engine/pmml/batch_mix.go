package pmml

// mixModel is the batch form of a MiningModel whose segments are not all trees for every row: models of any type that
// has a batch form, each for the rows that its predicate lets through.
type mixModel struct {
	method   string // selectFirst, sum, average, median and the weighted forms of the first two
	pick     *rowSplit
	members  []mixMember
	weighted bool
	k        int
	float    bool
	target   *target
}

// mixMember is a segment.
type mixMember struct {
	when   *rowSplit // nil: every row
	model  batchModel
	f      *frame
	weight float64
}

// rowSplit tells for each row which of some predicates is the first that is true: its number from 1, or 0.
type rowSplit struct {
	*flatTree
	root *decision
}

func (r *rowSplit) find(t *tile, out []int32) {
	r.leaves(t, out)
	if !t.anyHole {
		return
	}
	for i, h := range t.hole[:len(out)] {
		if h {
			out[i] = r.root.walk(t, i)
		}
	}
}

// split compiles predicates; one that is unknown is not true.
func (c *compiler) split(tests ...predicate) (*rowSplit, error) {
	root := &decision{feat: -1, leaf: noLeaf}
	for i := len(tests) - 1; i >= 0; i-- {
		var err error
		if root, err = c.cond(tests[i], &decision{feat: -1, leaf: int32(i + 1)}, root, root); err != nil {
			return nil, err
		}
	}
	r := &rowSplit{root: root}
	c.later = append(c.later, func() { r.flatTree, _ = c.flatten(root, maxTreeCells) })
	return r, nil
}

// allTrees reports whether every segment is a tree that scores every row.
func (m *mining) allTrees() bool {
	for _, s := range m.segments {
		if _, ok := s.model.body.(*tree); !ok || !isTrue(s.when) {
			return false
		}
	}
	return true
}

func (c *compiler) mix(f *frame, m *mining) (batchModel, error) {
	x := &mixModel{method: m.method, weighted: m.weighted(), float: f.float32}
	switch {
	case f.function == "clustering" || f.function == "mixed":
		return nil, unbatchedf("an ensemble whose functionName is %q has no batch form", f.function)
	case m.method == "median" && !f.classification():
	case m.method == "selectFirst", m.method == "sum", m.method == "weightedSum", m.method == "average", m.method == "weightedAverage":
	default:
		return nil, unbatchedf("multipleModelMethod=%q over segments that are no trees or have predicates has no batch form", m.method)
	}
	if f.target.has {
		x.target = &f.target
	}
	if f.classification() {
		x.k = len(f.classes.values)
	}
	var tests []predicate
	for _, s := range m.segments {
		if t := &s.model.target; t.has && (!t.standIn.missing() || len(t.priors) > 0) {
			return nil, unbatchedf("Targets with a default in a segment have no batch form")
		}
		mm := mixMember{f: s.model, weight: s.weight}
		if !x.weighted {
			mm.weight = 1
		}
		var err error
		if mm.model, err = c.body(s.model); err != nil {
			return nil, err
		}
		if tests = append(tests, s.when); m.method != "selectFirst" && !isTrue(s.when) {
			if mm.when, err = c.split(s.when); err != nil {
				return nil, err
			}
		}
		x.members = append(x.members, mm)
	}
	var err error
	if m.method == "selectFirst" {
		x.pick, err = c.split(tests...)
	}
	return x, err
}

// holes does nothing: run asks the segments.
func (x *mixModel) holes(*tile) {}

func (x *mixModel) run(t *tile, s *stageData) {
	if s.subs == nil {
		s.subs = make([]stageData, len(x.members))
		for i := range s.subs {
			s.subs[i].init(x.k)
		}
		s.leaves = make([]int32, tileRows)
		s.share = make([]float64, tileRows)
		s.slow, s.gone = make([]bool, tileRows), make([]bool, tileRows)
	}
	if x.method == "selectFirst" {
		x.first(t, s)
	} else {
		x.all(t, s)
	}
	if x.target != nil && x.k == 0 {
		for i := range s.value[:t.n] {
			s.value[i] = x.target.rescale(s.value[i], x.float)
		}
	}
}

// only runs a segment for the rows where chosen is want: what it says of the others is forgotten.
func (m *mixMember) only(t *tile, s, sub *stageData, chosen []int32, want int32) {
	copy(s.slow, t.slow)
	copy(s.gone, t.gone)
	if t.anyHole {
		m.model.holes(t)
	}
	m.model.run(t, sub)
	for i, c := range chosen {
		if c != want {
			t.slow[i], t.gone[i] = s.slow[i], s.gone[i]
		}
	}
}

// first takes each row's results from its first segment.
func (x *mixModel) first(t *tile, s *stageData) {
	chosen := s.leaves[:t.n]
	x.pick.find(t, chosen)
	for j := range x.members {
		want, any := int32(j+1), false
		for _, c := range chosen {
			any = any || c == want
		}
		if !any {
			continue
		}
		sub := &s.subs[j]
		x.members[j].only(t, s, sub, chosen, want)
		for i, c := range chosen {
			if c != want {
				continue
			}
			if x.k == 0 {
				s.value[i] = sub.value[i]
				continue
			}
			s.code[i] = sub.code[i]
			for k := range x.k {
				s.probs[k*tileRows+i] = sub.probs[k*tileRows+i]
			}
		}
	}
	for i, c := range chosen {
		if c == noLeaf {
			if x.k > 0 {
				s.code[i] = 0
			}
			if !t.slow[i] {
				t.lose(i, t.lossy)
			}
		}
	}
}

// all adds up the segments' results in their order. A row for which a segment has none, or that no segment scores, is
// the interpreter's.
func (x *mixModel) all(t *tile, s *stageData) {
	known := t.lossy
	t.lossy = false
	defer func() { t.lossy = known }()
	chosen, share := s.leaves[:t.n], s.share[:t.n]
	clear(share)
	if x.k == 0 {
		clear(s.value[:t.n])
	} else {
		clear(s.probs[:x.k*tileRows])
	}
	for j := range x.members {
		m := &x.members[j]
		for i := range chosen {
			chosen[i] = 1
		}
		if m.when != nil {
			m.when.find(t, chosen)
		}
		m.only(t, s, &s.subs[j], chosen, 1)
		x.add(m, s, &s.subs[j], chosen)
		for i, c := range chosen {
			if c == 1 {
				share[i] += m.weight
			}
		}
		if x.method == "median" && m.when != nil {
			for i, c := range chosen {
				if c != 1 {
					t.mark(i)
				}
			}
		}
	}
	for i, w := range share {
		if w == 0 {
			share[i] = 1
			t.mark(i)
		}
	}
	switch {
	case x.method == "median":
		xs := t.numbers(len(x.members))
		for i := range share {
			for j := range xs {
				xs[j] = s.subs[j].value[i]
			}
			s.value[i] = narrow(median(xs), x.float)
		}
	case x.k == 0 && (x.method == "average" || x.method == "weightedAverage"):
		for i, w := range share {
			s.value[i] = narrow(s.value[i]/w, x.float)
		}
	case x.k > 0:
		for k := range x.k {
			for i, w := range share {
				s.probs[k*tileRows+i] /= w
			}
		}
		t.strongest(s, x.k)
	}
}

func (x *mixModel) add(m *mixMember, s, sub *stageData, chosen []int32) {
	for i, c := range chosen {
		switch {
		case c != 1:
		case x.k == 0:
			s.value[i] = narrow(s.value[i]+narrow(sub.value[i]*m.weight, x.float), x.float)
		case m.weight == 1:
			for k := range x.k {
				s.probs[k*tileRows+i] += sub.probs[k*tileRows+i]
			}
		default:
			for k := range x.k {
				s.probs[k*tileRows+i] += float64(sub.probs[k*tileRows+i] * m.weight)
			}
		}
	}
}
