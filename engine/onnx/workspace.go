package onnx

// tileRows is how many rows pass through the graph together at most: so few that the values between the nodes stay in
// the cache.
const tileRows = 256

// workspace is the memory in which a graph is computed for some rows. It is used by one call at a time.
type workspace struct {
	rows   int      // N
	first  int      // number of the first row in the caller's batch
	bufs   []tensor // by buffer
	values []tensor // by slot
	sized  int      // the rows that values and bufs are sized for
	need   []bool   // by slot: somebody wants it
	runs   []bool   // by step
	locals []any    // state of kernels, by node.local
	dead   []bool
	died   bool
	// missing has what is told of rows with a NULL that the graph takes as NaN, if NaN comes out of it.
	missing []error
	misses  bool
	fault   func(row int, err error)

	in, out []*tensor // a kernel's
	f32     []float32
	f64     []float64
	num     []int
	tmp     [3]tensor
	pair    [2]*tensor
}

// scratch32 is memory for n elements until the kernel returns. The contents are undefined.
func (w *workspace) scratch32(n int) []float32 { return grow(&w.f32, n) }

// scratch64 is memory for n elements until the kernel returns. The contents are undefined.
func (w *workspace) scratch64(n int) []float64 { return grow(&w.f64, n) }

// scratchInts is memory for n elements until the kernel returns. The contents are undefined.
func (w *workspace) scratchInts(n int) []int { return grow(&w.num, n) }

// scratch is a tensor of a kind with n elements until the kernel returns; there are three, by i. The contents are
// undefined.
func (w *workspace) scratch(i int, k kind, n int) *tensor {
	t := &w.tmp[i]
	t.kind = k
	t.resize(n)
	return t
}

// drop gives a row (0 to rows-1) up: all outputs are NULL there, and err is told once.
func (w *workspace) drop(row int, err error) {
	if w.dead == nil { // a constant is computed: there are no rows
		w.fault(row, err)
		return
	}
	if w.dead[row] {
		return
	}
	w.dead[row], w.died = true, true
	if w.fault != nil {
		w.fault(w.first+row, err)
	}
}

// newWorkspace makes memory for the graph.
func (m *Model) newWorkspace() *workspace {
	w := &workspace{
		bufs: make([]tensor, len(m.buffers)), values: make([]tensor, len(m.slots)), locals: make([]any, m.locals),
		need: make([]bool, len(m.slots)), runs: make([]bool, len(m.steps)), dead: make([]bool, m.tile), missing: make([]error, m.tile),
	}
	for i, b := range m.buffers {
		w.bufs[i].kind = b.kind
		w.bufs[i].resize(b.width * m.tile)
	}
	for i, s := range m.slots {
		w.values[i].kind = s.kind
		w.values[i].shape = make([]int, len(s.shape))
	}
	return w
}

// size makes the values n rows long.
func (m *Model) size(w *workspace, n int) {
	w.rows = n
	if w.sized == n {
		return
	}
	w.sized = n
	for i := range m.slots {
		s, v := &m.slots[i], &w.values[i]
		if s.dims != nil {
			continue
		}
		total := 1
		for a, d := range s.shape {
			if d < 0 {
				d *= -n
			}
			v.shape[a] = d
			total *= d
		}
		v.view(&w.bufs[s.buffer], total)
	}
}

// view makes t the first n elements of another tensor of its kind.
func (t *tensor) view(of *tensor, n int) {
	switch t.kind {
	case kindFloat:
		t.f32 = of.f32[:n]
	case kindDouble:
		t.f64 = of.f64[:n]
	case kindInt64:
		t.i64 = of.i64[:n]
	case kindInt32:
		t.i32 = of.i32[:n]
	case kindString:
		t.str = of.str[:n]
	case kindBool:
		t.bool = of.bool[:n]
	}
}

// dropElement gives up the row that an element of a tensor belongs to, whose first axis is the rows, or grows with them.
func (w *workspace) dropElement(t *tensor, at int, err error) {
	w.drop(at/max(1, t.size()/max(1, w.rows)), err)
}
