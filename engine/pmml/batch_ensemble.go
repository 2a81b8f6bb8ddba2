package pmml

// ensemble is the batch form of a tree, and of a MiningModel that averages, adds up or counts the votes of trees.
// It adds in the order of the trees, so that its sums are the interpreter's.
type ensemble struct {
	method  string // "tree" for a tree alone
	trees   []memberTree
	k       int     // classes, 0 for a regression
	divisor float64 // of averages and votes
	float   bool
	lossy   bool // a missing tree makes the whole missing
	target  *target
}

// memberTree is a tree of an ensemble and what its leaves give. Leaf 0 is no prediction.
type memberTree struct {
	*flatTree
	root   *decision   // for rows with missing values
	values []float64   // by leaf: the value times the weight
	probs  []float64   // by leaf and class: the probability times the weight
	codes  []int32     // by leaf: the class voted for
	nodes  []*treeNode // by leaf
	weight float64     // of its vote
	float  bool
}

// ensemble compiles trees that all score every row.
func (c *compiler) ensemble(f *frame, method string, segments []*segment) (batchModel, error) {
	e := &ensemble{method: method, float: f.float32}
	if f.target.has {
		e.target = &f.target
	}
	if f.classification() {
		e.k = len(f.classes.values)
	}
	weighted := (&mining{method: method}).weighted()
	e.lossy = f.target.standIn.missing() && len(f.target.priors) == 0 && method != "majorityVote" && method != "weightedMajorityVote"
	if mm, ok := f.body.(*mining); ok && mm.treatment == "skipSegment" {
		e.lossy = false
	}
	switch method {
	case "tree", "average", "weightedAverage", "sum", "weightedSum", "majorityVote", "weightedMajorityVote":
	default:
		return nil, unbatchedf("multipleModelMethod=%q has no batch form", method)
	}
	var roots []*decision
	for _, s := range segments {
		t, ok := s.model.body.(*tree)
		if !ok || !isTrue(s.when) {
			return nil, unbatchedf("a segment that is no tree or has a predicate has no batch form")
		}
		if method != "tree" && s.model.target.has && f.classification() {
			return nil, unbatchedf("Targets of a classification tree in an ensemble have no batch form")
		}
		e.lossy = e.lossy && s.model.target.standIn.missing() && len(s.model.target.priors) == 0
		w := s.weight
		e.divisor += w
		if !weighted {
			w = 1
		}
		m := memberTree{weight: w, float: f.float32}
		root, err := c.graph(t, method == "tree", m.collector(e, s.model, method == "tree"))
		if err != nil {
			return nil, err
		}
		roots = append(roots, root)
		m.root = root
		e.trees = append(e.trees, m)
	}
	if !weighted {
		e.divisor = float64(len(segments))
	}
	c.later = append(c.later, func() {
		budget := maxForestCells
		for i, root := range roots {
			e.trees[i].flatTree, budget = c.flatten(root, budget)
		}
	})
	return e, nil
}

// collector gives leaves their numbers and notes what they give.
func (m *memberTree) collector(e *ensemble, f *frame, alone bool) func(*treeNode) int32 {
	m.values, m.codes, m.nodes, m.probs = []float64{0}, []int32{0}, []*treeNode{nil}, make([]float64, e.k)
	return func(n *treeNode) int32 {
		v := n.value
		if !alone {
			if f.target.has {
				v = f.target.rescale(v, f.float32)
			}
			v = narrow(v*m.weight, m.float)
		}
		m.values = append(m.values, v)
		m.codes = append(m.codes, int32(n.code))
		m.nodes = append(m.nodes, n)
		for k := range e.k {
			p := 0.0
			switch {
			case k < len(n.probs):
				p = n.probs[k]
			case n.probs == nil && k == n.code:
				p = 1
			}
			m.probs = append(m.probs, p*m.weight)
		}
		return int32(len(m.values) - 1)
	}
}

// holes does nothing: the trees know their ways for missing values.
func (e *ensemble) holes(*tile) {}

func (e *ensemble) run(t *tile, s *stageData) {
	for k := range e.k {
		clear(s.probs[k*tileRows : k*tileRows+t.n])
	}
	if e.k == 0 {
		clear(s.value[:t.n])
	}
	vote := e.method == "majorityVote" || e.method == "weightedMajorityVote"
	if vote {
		clear(t.first[:e.k*tileRows])
	}
	out := t.leaf[:t.n]
	if e.method == "tree" {
		out = s.leaf[:t.n]
	}
	for i := range e.trees {
		m := &e.trees[i]
		m.leaves(t, out)
		if t.anyHole && m.hard {
			m.patch(t, out)
		}
		if m.empty || t.anyHole {
			for i, l := range out {
				if l == noLeaf && !t.slow[i] && !t.gone[i] {
					t.lose(i, e.lossy && t.lossy)
				}
			}
		}
		switch {
		case e.k == 0:
			e.addValues(m, out, s.value)
		case vote:
			m.addVotes(out, s.probs, t.first, int32(i+1))
		default:
			addProbs(s.probs, e.k, m.probs, out)
		}
	}
	e.finish(t, s, out)
}

// patch finds the leaves of the rows with missing values.
func (m *memberTree) patch(t *tile, out []int32) {
	for i, h := range t.hole[:len(out)] {
		if !h || t.slow[i] || t.gone[i] {
			continue
		}
		l, ok := m.walkHole(t, i)
		if !ok {
			l = m.root.walk(t, i)
		}
		if out[i] = l; l == slowLeaf {
			out[i] = noLeaf
			t.mark(i)
		}
	}
}

// add adds by[leaf] to each row's sum.
func add(sums, by []float64, leaf []int32) {
	sums = sums[:len(leaf)]
	for i, l := range leaf {
		sums[i] += by[l]
	}
}

// addProbs adds the k numbers of each row's leaf to the row's sums. Two and three classes have a loop of their own.
func addProbs(sums []float64, k int, by []float64, leaf []int32) {
	switch n := len(leaf); k {
	case 2:
		a, b := sums[:n], sums[tileRows:][:n]
		for i, l := range leaf {
			p := (*[2]float64)(by[2*int(l):])
			a[i] += p[0]
			b[i] += p[1]
		}
	case 3:
		a, b, c := sums[:n], sums[tileRows:][:n], sums[2*tileRows:][:n]
		for i, l := range leaf {
			p := (*[3]float64)(by[3*int(l):])
			a[i] += p[0]
			b[i] += p[1]
			c[i] += p[2]
		}
	default:
		for c := range k {
			s := sums[c*tileRows:][:n]
			for i, l := range leaf {
				s[i] += by[int(l)*k+c]
			}
		}
	}
}

func (e *ensemble) addValues(m *memberTree, leaf []int32, sums []float64) {
	if !e.float {
		add(sums[:len(leaf)], m.values, leaf)
		return
	}
	for i, l := range leaf {
		sums[i] = float64(float32(sums[i] + m.values[l]))
	}
}

// addVotes counts a vote for each row and notes a class's first.
func (m *memberTree) addVotes(leaf []int32, votes []float64, first []int32, turn int32) {
	for i, l := range leaf {
		at := int(m.codes[l])*tileRows + i
		votes[at] += m.weight
		if first[at] == 0 {
			first[at] = turn
		}
	}
}

// finish turns the sums into results.
func (e *ensemble) finish(t *tile, s *stageData, leaf []int32) {
	switch e.method {
	case "tree":
		if e.k > 0 {
			for i, l := range leaf {
				s.code[i] = e.trees[0].codes[l]
			}
		}
	case "majorityVote", "weightedMajorityVote":
		e.elect(t, s)
	case "average", "weightedAverage":
		if e.k == 0 {
			for i := range s.value[:t.n] {
				s.value[i] = narrow(s.value[i]/e.divisor, e.float)
			}
			break
		}
		e.mean(t, s)
	}
	if e.target != nil && e.k == 0 {
		for i := range s.value[:t.n] {
			s.value[i] = e.target.rescale(s.value[i], e.float)
		}
	}
}

// mean divides the sums and picks the most probable class, the first of equals.
func (e *ensemble) mean(t *tile, s *stageData) {
	code := s.code[:t.n]
	clear(code)
	best := s.probs[:t.n]
	for i := range best {
		best[i] /= e.divisor
	}
	top := t.scratch(0)[:t.n]
	copy(top, best)
	for k := 1; k < e.k; k++ {
		p := s.probs[k*tileRows : k*tileRows+t.n]
		for i := range p {
			x := p[i] / e.divisor
			p[i] = x
			if x > top[i] {
				top[i], code[i] = x, int32(k)
			}
		}
	}
}

// elect picks the class with the most votes, of equals the one that got its first earliest, and turns votes into shares.
func (e *ensemble) elect(t *tile, s *stageData) {
	total := 0.0
	for i := range e.trees {
		total += e.trees[i].weight
	}
	for i := range s.code[:t.n] {
		best := -1
		for k := range e.k {
			at, b := k*tileRows+i, best*tileRows+i
			v := s.probs[at]
			if v > 0 && (best < 0 || v > s.probs[b] || v == s.probs[b] && t.first[at] < t.first[b]) {
				best = k
			}
		}
		if s.code[i] = int32(best); best < 0 {
			t.mark(i)
		}
		for k := range e.k {
			s.probs[k*tileRows+i] /= total
		}
	}
}
