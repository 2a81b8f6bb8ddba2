package pmml

import (
	"cmp"
	"slices"
)

// cardModel is the batch form of a Scorecard: each characteristic is a small tree whose leaves are its attributes.
type cardModel struct {
	m       *scorecard
	parts   []cardPart
	reasons []string   // all of them
	keys    [][]uint32 // by characteristic and leaf, nil if reasons have to be added up: see order
	byKey   []int32    // the reason of a key
	target  *target
	float   bool
}

// cardPart is a characteristic. Leaf 0 is no attribute.
type cardPart struct {
	*flatTree
	root   *decision
	scores []float64 // by leaf
	lost   []float64 // by leaf: points against the baseline
	reason []int     // by leaf
	moving []movingScore
	base   float64 // baselineScore
}

// movingScore is a ComplexPartialScore: the score of a leaf is computed from features.
type movingScore struct {
	leaf   int32
	x      vector
	deps   []int
	strict bool
}

// maxReasons bounds the rank of the reason codes that have a batch form.
const maxReasons = 8

func (c *compiler) scorecard(f *frame, m *scorecard) (batchModel, error) {
	card := &cardModel{m: m, float: f.float32}
	if f.target.has {
		card.target = &f.target
	}
	for _, o := range f.outputs {
		if o.feature == "reasonCode" && o.rank > maxReasons {
			return nil, unbatchedf("a reason code of rank %d has no batch form", o.rank)
		}
	}
	number := map[string]int{}
	for _, ch := range m.parts {
		p := cardPart{scores: []float64{0}, lost: []float64{0}, reason: []int{-1}, base: ch.baseline}
		root := &decision{feat: -1, leaf: noLeaf}
		for i := len(ch.attrs) - 1; i >= 0; i-- {
			var err error
			leaf := &decision{feat: -1, leaf: int32(i + 1)}
			if root, err = c.cond(ch.attrs[i].when, leaf, root, root); err != nil {
				return nil, err
			}
		}
		for i := range ch.attrs {
			at := &ch.attrs[i]
			if at.x != nil {
				v, _, ok := c.vectorOf(at.x)
				if !ok {
					return nil, unbatchedf("the ComplexPartialScore of %s has no batch form", ch.name)
				}
				mv := movingScore{leaf: int32(i + 1), x: v}
				mv.deps, mv.strict = c.vectorDeps(at.x)
				p.moving = append(p.moving, mv)
			}
			k, ok := number[at.reason]
			if !ok {
				k = len(card.reasons)
				number[at.reason] = k
				card.reasons = append(card.reasons, at.reason)
			}
			d := ch.baseline - at.partial
			if m.above {
				d = -d
			}
			partial := at.partial
			if at.x != nil {
				partial = 0
			}
			p.scores, p.lost, p.reason = append(p.scores, partial), append(p.lost, d), append(p.reason, k)
		}
		p.root = root
		card.parts = append(card.parts, p)
	}
	card.order()
	c.later = append(c.later, func() {
		budget := maxForestCells
		for i := range card.parts {
			card.parts[i].flatTree, budget = c.flatten(card.parts[i].root, budget)
		}
	})
	return card, nil
}

// holes does nothing: the characteristics know their ways for missing values.
func (card *cardModel) holes(*tile) {}

func (card *cardModel) run(t *tile, s *stageData) {
	out := s.value[:t.n]
	for i := range out {
		out[i] = card.m.initial
	}
	need := len(card.parts) * tileRows
	if len(s.leaves) < need {
		s.leaves = make([]int32, need)
	}
	if len(t.ys) < need {
		t.ys = make([]float64, need)
	}
	for j := range card.parts {
		p := &card.parts[j]
		leaf := s.leaves[j*tileRows:][:t.n]
		p.leaves(t, leaf)
		for i := range leaf {
			if t.anyHole && t.hole[i] {
				leaf[i] = p.root.walk(t, i)
			}
			if leaf[i] == noLeaf {
				t.mark(i) // a fault
			}
		}
		add(out, p.scores, leaf)
		for k := range p.moving {
			p.moving[k].add(t, leaf, out, t.column(j))
		}
	}
	if card.m.reasons && t.ranks > 0 {
		s.card = card
		if s.reasons == nil {
			s.reasons = make([]int32, tileRows*maxReasons)
		}
		if card.keys != nil {
			card.rankKeys(t, s)
		} else {
			card.rank(t, s)
		}
	}
	if card.target != nil {
		for i := range out {
			out[i] = card.target.rescale(out[i], card.float)
		}
	}
}

// add adds the computed scores of the rows at the leaf to out and notes them.
func (m *movingScore) add(t *tile, leaf []int32, out, scores []float64) {
	xs := t.scratch(0)[:len(out)]
	m.x.run(t, xs, 1)
	for i, l := range leaf {
		if l != m.leaf {
			continue
		}
		scores[i] = xs[i]
		out[i] += xs[i]
		if !t.anyHole || !t.hole[i] {
			continue
		}
		for _, f := range m.deps {
			if t.absent[f*tileRows+i] && !t.slow[i] && !t.gone[i] {
				t.lose(i, t.lossy && m.strict)
			}
		}
	}
}

// order gives each leaf a key, the greater the earlier its reason comes among a row's: by the points lost and then by
// the place in the document. Reasons of leaves that gained points have the key 0. This is possible if no two
// characteristics have a reason in common and no score is computed.
func (card *cardModel) order() {
	type cost struct {
		part int
		lost float64
	}
	var costs []cost
	owner := map[int]int{}
	for j := range card.parts {
		p := &card.parts[j]
		for l, k := range p.reason {
			if k < 0 {
				continue
			}
			if o, ok := owner[k]; ok && o != j || len(p.moving) > 0 {
				return
			}
			owner[k] = j
			if k != p.reason[1] {
				return
			}
			if p.lost[l] >= 0 {
				costs = append(costs, cost{j, p.lost[l]})
			}
		}
	}
	slices.SortFunc(costs, func(a, b cost) int { return cmp.Or(cmp.Compare(a.lost, b.lost), cmp.Compare(b.part, a.part)) })
	costs = slices.Compact(costs)
	card.byKey = []int32{-1}
	for _, c := range costs {
		card.byKey = append(card.byKey, int32(card.parts[c.part].reason[1]))
	}
	for j := range card.parts {
		p := &card.parts[j]
		keys := make([]uint32, len(p.lost))
		for l, k := range p.reason {
			if at := slices.Index(costs, cost{j, p.lost[l]}); k >= 0 {
				keys[l] = uint32(at + 1) // 0 if it is none
			}
		}
		card.keys = append(card.keys, keys)
	}
}

// rankKeys finds the reason codes of each row by their keys.
func (card *cardModel) rankKeys(t *tile, s *stageData) {
	var best [maxReasons]uint32
	n := t.ranks
	for i := range t.n {
		best = [maxReasons]uint32{}
		for j, keys := range card.keys {
			key := keys[s.leaves[j*tileRows+i]]
			for r := range best[:n] {
				best[r], key = max(best[r], key), min(best[r], key)
			}
		}
		out := s.reasons[i*maxReasons : (i+1)*maxReasons]
		for r, key := range best[:n] {
			out[r] = card.byKey[key]
		}
	}
}

// rank finds the reason codes of each row, the costliest first, of equals the first in the document.
func (card *cardModel) rank(t *tile, s *stageData) {
	if s.lost == nil {
		s.lost, s.seen, s.order = make([]float64, len(card.reasons)), make([]bool, len(card.reasons)), make([]int, 0, len(card.parts))
	}
	lost, seen, order := s.lost, s.seen, s.order
	for i := range t.n {
		order = order[:0]
		for j := range card.parts {
			p := &card.parts[j]
			l := s.leaves[j*tileRows+i]
			k := p.reason[l]
			if k < 0 {
				continue
			}
			if !seen[k] {
				seen[k], lost[k] = true, 0
				order = append(order, k)
			}
			d := p.lost[l]
			for q := range p.moving {
				if p.moving[q].leaf == l {
					if d = p.base - t.ys[j*tileRows+i]; card.m.above {
						d = -d
					}
				}
			}
			lost[k] += d
		}
		for a := 1; a < len(order); a++ { // few: insertion keeps equals in order
			for b := a; b > 0 && compareFloat(lost[order[b]], lost[order[b-1]]) > 0; b-- {
				order[b], order[b-1] = order[b-1], order[b]
			}
		}
		out, n := s.reasons[i*maxReasons:(i+1)*maxReasons], 0
		for _, k := range order {
			seen[k] = false
			if lost[k] >= 0 && n < t.ranks {
				out[n] = int32(k)
				n++
			}
		}
		for ; n < maxReasons; n++ {
			out[n] = -1
		}
	}
}
