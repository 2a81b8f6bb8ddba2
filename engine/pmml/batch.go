package pmml

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// tileRows is how many rows the batch evaluator works on at once: their features and codes stay in the cache.
const tileRows = 256

// plan is the batch evaluator of a model: feature columns, then stages over them, then output columns. It is
// immutable.
type plan struct {
	feats   []feature
	stages  []stage
	outs    []outPlan // one for each of the model's outputs
	emits   bool      // some output needs the interpreter for each row
	derived bool      // some feature needs the interpreter for each row
	coded   bool      // some tree is a table over codes, or packed
	lossy   bool      // the outputs of a row without a prediction are known
	cols    []packedColumn
	words   []uint32 // nodes of complete trees
	links   []uint64 // nodes of packed trees
	final   *frame   // the document's model, where it is a chain: its Targets apply to the last stage
}

// stage is one model: the document's, or a segment of its chain.
type stage struct {
	f     *frame
	model batchModel
	feeds []feed // its outputs that later stages read
}

// feed copies a stage's output to a feature column.
type feed struct {
	feat int
	out  outPlan
}

// batchModel computes a stage's results for the rows of a tile. A row that it cannot decide it marks as slow.
type batchModel interface {
	run(t *tile, s *stageData)
	// holes is called before run if some rows have missing values: it marks or loses those that run cannot decide.
	holes(t *tile)
}

// stageData is the results of a stage for the rows of a tile.
type stageData struct {
	value []float64 // of a regression
	probs []float64 // of a classification: class k of row i at k*tileRows+i
	code  []int32   // the predicted class
	leaf  []int32   // of a single tree

	leaves  []int32    // of a scorecard: by characteristic and row
	reasons []int32    // likewise: by row and rank, -1 for none
	card    *cardModel // and whose
	lost    []float64  // by reason code
	seen    []bool     // likewise
	order   []int      // reason codes

	subs       []stageData // of a mixModel's segments
	share      []float64   // their number or weight by row
	slow, gone []bool      // what was known of the rows before a segment ran
}

// init makes the columns for results with k classes, 0 for a regression.
func (s *stageData) init(k int) {
	if k > 0 {
		s.probs, s.code = make([]float64, k*tileRows), make([]int32, tileRows)
	} else {
		s.value = make([]float64, tileRows)
	}
	s.leaf = make([]int32, tileRows)
}

// tile is the scratch memory of one scoring call.
type tile struct {
	n       int
	x       []float64 // feature f of row i at f*tileRows+i; a category is its code
	codes   []uint16  // likewise: the number of the feature's thresholds below x
	leaf    []int32
	cell    []uint16
	first   []int32 // votes: by class and row, when the class got its first
	slow    []bool  // the row goes to the interpreter
	anySlow bool
	absent  []bool // by feature and row, like x: the value is missing
	hole    []bool // some value of the row is missing
	anyHole bool
	gone    []bool // the row's prediction is missing, without a fault
	anyGone bool
	lossy   bool     // rows may be gone
	packed  []uint16 // codes of the packed columns
	stages  []stageData
	ys      []float64
	line    []float64   // one row's numbers
	col     [][]float64 // scratch columns of computed features
	row     *row
	stash   []value // of slow rows: by row and wanted output
	outs    []outColumn
	ranks   int // of reason codes that some output wants
}

func (p *plan) newTile(m *Model) *tile {
	t := &tile{
		x:    make([]float64, max(1, len(p.feats))*tileRows),
		leaf: make([]int32, tileRows), cell: make([]uint16, tileRows), slow: make([]bool, tileRows),
		absent: make([]bool, len(p.feats)*tileRows), hole: make([]bool, tileRows), gone: make([]bool, tileRows),
		row: m.prog.newRow(),
	}
	if len(p.cols) > 0 {
		t.packed = make([]uint16, len(packedRows{})+tileRows)
	}
	if p.coded {
		t.codes = make([]uint16, len(p.feats)*tileRows)
	}
	t.stages = make([]stageData, len(p.stages))
	for i := range p.stages {
		k := p.stages[i].classes()
		if len(t.first) < k*tileRows {
			t.first = make([]int32, k*tileRows)
		}
		t.stages[i].init(k)
	}
	return t
}

func (s *stage) classes() int {
	if s.f.classification() {
		return len(s.f.classes.values)
	}
	return 0
}

// compiler makes a plan.
type compiler struct {
	m       *Model
	p       *plan
	bySlot  map[int]int                     // feature of a slot
	fed     map[int]outPlan                 // output of an earlier stage by its slot
	fedBy   map[int]int                     // and the stage
	owned   map[*frame]map[int]*outputField // ownOutputs
	plans   map[planKey]*outPlan            // outputPlan
	tables  map[fateKey]map[int][]value     // what class or leaf gives, by slot
	fates   map[fateKey]map[int]bool        // decided
	result  map[int]bool                    // whether a slot depends on a model's output
	lostOf  *frame                          // whose outputs lostRow has, of a row without a prediction
	lostRow *row
	work    int
	later   []func() // what needs the features of all models
}

// unbatched says why a model has no batch evaluator.
type unbatched string

// Error gives the reason.
func (u unbatched) Error() string { return string(u) }

func newCompiler(m *Model) *compiler {
	return &compiler{m: m, p: &plan{}, bySlot: map[int]int{}, fed: map[int]outPlan{}, fedBy: map[int]int{},
		owned: map[*frame]map[int]*outputField{}, plans: map[planKey]*outPlan{}, fates: map[fateKey]map[int]bool{},
		tables: map[fateKey]map[int][]value{}, result: map[int]bool{}}
}

// compile makes the batch evaluator of a model, or says why there is none.
func compile(m *Model) (*plan, string) {
	c := newCompiler(m)
	if err := c.model(m.root); err != nil {
		return nil, err.Error()
	}
	return c.p, ""
}

func (c *compiler) model(root *frame) error {
	frames := []*frame{root}
	if mm, ok := root.body.(*mining); ok && mm.chained() {
		frames = frames[:0]
		for _, s := range mm.segments {
			if !isTrue(s.when) {
				return unbatched("a segment of the chain has a predicate")
			}
			frames = append(frames, s.model)
		}
		if c.p.final = root; mm.method == "multiModelChain" {
			if c.p.final = nil; root.target.has {
				return unbatched("Targets of a multiModelChain have no batch form")
			}
		}
	}
	for i, f := range frames {
		bm, err := c.body(f)
		if err != nil {
			return err
		}
		c.p.stages = append(c.p.stages, stage{f: f, model: bm})
		if i < len(frames)-1 {
			c.offer(f, i)
		}
	}
	for i := range c.m.prog.cols {
		c.checked(i)
	}
	if err := c.outputs(); err != nil {
		return err
	}
	c.finishFeatures()
	for _, f := range c.later {
		f()
	}
	c.p.words = append(c.p.words, make([]uint32, maxCompleteNodes)...)
	if len(c.p.links) > 0 {
		c.p.links = append(c.p.links, make([]uint64, maxPackedNodes)...)
	}
	for i := range c.p.feats {
		c.p.feats[i].ranks = newRanker(c.p.feats[i].cuts)
	}
	return nil
}

func isTrue(p predicate) bool {
	a, ok := p.(always)
	return ok && a.t == yes
}

// body compiles one model type.
func (c *compiler) body(f *frame) (batchModel, error) {
	switch b := f.body.(type) {
	case *tree:
		return c.ensemble(f, "tree", []*segment{{weight: 1, when: always{yes}, model: f}})
	case *mining:
		if !b.allTrees() || b.method == "median" || b.method == "selectFirst" {
			return c.mix(f, b)
		}
		return c.ensemble(f, b.method, b.segments)
	case *regression:
		return c.regression(f, b)
	case *neural:
		return c.neural(f, b)
	case *clustering:
		return c.clustering(f, b)
	case *scorecard:
		return c.scorecard(f, b)
	case *general:
		return c.general(f, b)
	case *anomaly:
		return c.anomaly(f, b)
	}
	return nil, unbatched("the model type " + f.e.name + " has no batch form")
}

// scoreBatch scores tile by tile; rows that the plan cannot decide go to the row interpreter.
func (m *Model) scoreBatch(mem memory.Allocator, n int, in []arrow.Array, want []int, fault func(int, error)) []arrow.Array {
	p := m.batch
	t := m.scratch.Get().(*tile)
	defer m.scratch.Put(t)
	t.open(m, mem, n, want)
	for from := 0; from < n; from += tileRows {
		t.n = min(tileRows, n-from)
		t.start()
		t.lossy = p.lossy
		p.load(t, m, in, from)
		for i := range p.stages {
			s := &p.stages[i]
			if t.anyHole {
				s.model.holes(t)
			}
			s.model.run(t, &t.stages[i])
			for j := range s.feeds {
				s.feeds[j].copy(p, t, &t.stages[i])
			}
		}
		if p.final != nil {
			t.retarget(p)
		}
		if p.emits {
			t.emit(m, in, from, want)
		}
		if t.anySlow {
			t.interpret(m, in, from, want, fault)
		}
		for i := range t.outs {
			t.outs[i].write(t, i, from, len(want))
		}
	}
	return t.close()
}

// retarget applies a chain's own Targets to the value of its last stage.
func (t *tile) retarget(p *plan) {
	tg := &p.final.target
	if s := &t.stages[len(t.stages)-1]; tg.has && s.value != nil {
		for i := range s.value[:t.n] {
			s.value[i] = tg.rescale(s.value[i], p.final.float32)
		}
	}
}

// start forgets the rows of the tile before.
func (t *tile) start() {
	clear(t.slow[:t.n])
	t.anySlow = false
	if t.anyHole {
		clear(t.hole)
		clear(t.absent)
		t.anyHole = false
	}
	if t.anyGone {
		clear(t.gone)
		t.anyGone = false
	}
}

// lack notes that a row's value of a feature is missing.
func (t *tile) lack(feat, i int) {
	t.absent[feat*tileRows+i], t.hole[i], t.anyHole = true, true, true
}

// loseAny notes that the rows where one of the features is missing have no prediction.
func (t *tile) loseAny(feats []int) {
	for _, f := range feats {
		for i, gone := range t.absent[f*tileRows : f*tileRows+t.n] {
			if gone && !t.gone[i] && !t.slow[i] {
				t.lose(i, t.lossy)
			}
		}
	}
}

// spillAny sends the rows where one of the features is missing to the interpreter.
func (t *tile) spillAny(feats []int) {
	for _, f := range feats {
		for i, gone := range t.absent[f*tileRows : f*tileRows+t.n] {
			if gone {
				t.mark(i)
			}
		}
	}
}

// lose notes that a row has no prediction.
func (t *tile) lose(i int, known bool) {
	if known {
		t.gone[i], t.anyGone = true, true
		return
	}
	t.mark(i)
}

// numbers is room for n numbers of one row.
func (t *tile) numbers(n int) []float64 {
	if len(t.line) < n {
		t.line = make([]float64, n)
	}
	return t.line[:n]
}

// mark sends a row to the interpreter.
func (t *tile) mark(i int) { t.slow[i], t.anySlow = true, true }

// interpret scores the tile's slow rows and keeps their outputs.
func (t *tile) interpret(m *Model, in []arrow.Array, from int, want []int, fault func(int, error)) {
	if need := tileRows * len(want); len(t.stash) < need {
		t.stash = make([]value, need)
	}
	for i, slow := range t.slow[:t.n] {
		if !slow {
			continue
		}
		out := t.stash[i*len(want) : (i+1)*len(want)]
		if err := m.scoreRow(t.row, in, from+i); err != nil {
			fault(from+i, err)
			clear(out)
			continue
		}
		for c, w := range want {
			out[c] = t.row.get(m.slots[w])
		}
	}
}

// errorf makes an unbatched reason.
func unbatchedf(format string, args ...any) error { return unbatched(fmt.Sprintf(format, args...)) }
