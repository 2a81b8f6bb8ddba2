package onnx

// tileRows is how many rows pass through the graph together at most: so few that the values between the nodes stay in
// the cache.
const tileRows = 256

// workspace is the memory in which a graph is computed for some rows. It is used by one call at a time.
type workspace struct {
	rows   int // N
	first  int // number of the first row in the caller's batch
	values []tensor
	locals []any // state of kernels, by node.local
	dead   []bool
	died   bool
	fault  func(row int, err error)

	in, out []*tensor // a kernel's
	f32     []float32
	f64     []float64
	num     []int
}

// scratch32 is memory for n elements until the kernel returns. The contents are undefined.
func (w *workspace) scratch32(n int) []float32 { return grow(&w.f32, n) }

// scratch64 is memory for n elements until the kernel returns. The contents are undefined.
func (w *workspace) scratch64(n int) []float64 { return grow(&w.f64, n) }

// scratchInts is memory for n elements until the kernel returns. The contents are undefined.
func (w *workspace) scratchInts(n int) []int { return grow(&w.num, n) }

// drop gives a row (0 to rows-1) up: all outputs are NULL there, and err is told once.
func (w *workspace) drop(row int, err error) {
	if w.dead[row] {
		return
	}
	w.dead[row], w.died = true, true
	if w.fault != nil {
		w.fault(w.first+row, err)
	}
}
