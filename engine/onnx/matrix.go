package onnx

// matrixOperators are the matrix products.
func matrixOperators() map[string]builder {
	return map[string]builder{"Gemm": gemm, "MatMul": matMul}
}

// gemm is Gemm: alpha*A*B + beta*C, A and B perhaps transposed.
func gemm(n *node) (built, error) {
	if err := n.arity(2, 3); err != nil {
		return built{}, err
	}
	a, b, c := n.inputs[0], n.inputs[1], n.input(2)
	if a.kind != b.kind || !a.kind.floating() || c != nil && c.kind != a.kind {
		return built{}, n.errorf("its inputs are a %s and a %s, expected floats or doubles", a.kind, b.kind)
	}
	if len(a.shape) != 2 || len(b.shape) != 2 {
		return built{}, n.errorf("its inputs have the shapes %s, expected two matrices", shapesText([][]int{a.shape, b.shape}))
	}
	p := &matrixProduct{transA: n.int("transA", 0) != 0, transB: n.int("transB", 0) != 0, alpha: float64(n.float("alpha", 1)), beta: float64(n.float("beta", 1))}
	rows, inner, innerB, cols := a.shape[0], a.shape[1], b.shape[0], b.shape[1]
	if p.transA {
		rows, inner = inner, rows
	}
	if p.transB {
		innerB, cols = cols, innerB
	}
	if err := n.inner(inner, innerB); err != nil {
		return built{}, err
	}
	out := []int{rows, cols}
	if c != nil {
		s, err := n.broadcastShape(out, c.shape)
		if err != nil {
			return built{}, err
		}
		if len(s) != 2 || s[0] != rows || s[1] != cols {
			return built{}, n.errorf("its input C has the shape %s, which does not stretch to %s", shapeText(c.shape), shapeText(out))
		}
	}
	if err := n.spendProduct(out, inner); err != nil {
		return built{}, err
	}
	if err := p.prepare(n, b.constant); err != nil {
		return built{}, err
	}
	if c != nil && c.constant != nil && p.alpha == 1 && p.beta == 1 && product(c.shape) == cols {
		p.addBias(c.constant)
	}
	return built{outs: []info{{kind: a.kind, shape: out}}, run: p.kernel(a.kind), product: p.open(c == nil || p.biased)}, nil
}

// inner checks the axis that is summed over.
func (n *node) inner(a, b int) error {
	if a != b {
		return n.errorf("a matrix of %s columns is multiplied by one of %s rows", dimText(a), dimText(b))
	}
	if a < 0 {
		return n.errorf("it sums over the rows of the batch: a row's score may not depend on the others")
	}
	return nil
}

// spendProduct counts the work of a product of constants, which is done at load.
func (n *node) spendProduct(out []int, inner int) error {
	if n.inputs[0].constant == nil || n.inputs[1].constant == nil {
		return nil
	}
	work := float64(inner) / 16
	for _, d := range out {
		work *= float64(d)
	}
	return n.spend(int(min(work, maxWork+1)))
}

func dimText(d int) string {
	s := shapeText([]int{d})
	return s[1 : len(s)-1]
}

// matMul is MatMul: matrices in the last two axes, the others stretched to each other.
func matMul(n *node) (built, error) {
	if err := n.arity(2, 2); err != nil {
		return built{}, err
	}
	a, b := n.inputs[0], n.inputs[1]
	if a.kind != b.kind || !numeric(a.kind) {
		return built{}, n.errorf("its inputs are a %s and a %s, expected numbers of one type", a.kind, b.kind)
	}
	if len(a.shape) == 0 || len(b.shape) == 0 {
		return built{}, n.errorf("its inputs have the shapes %s, expected matrices", shapesText([][]int{a.shape, b.shape}))
	}
	sa, sb := a.shape, b.shape
	if len(sa) == 1 {
		sa = []int{1, sa[0]}
	}
	if len(sb) == 1 {
		sb = []int{sb[0], 1}
	}
	if err := n.inner(sa[len(sa)-1], sb[len(sb)-2]); err != nil {
		return built{}, err
	}
	out, err := n.broadcastShape(sa[:len(sa)-2], sb[:len(sb)-2])
	if err != nil {
		return built{}, err
	}
	if len(a.shape) > 1 {
		out = append(out, sa[len(sa)-2])
	}
	if len(b.shape) > 1 {
		out = append(out, sb[len(sb)-1])
	}
	if err := n.spendProduct(out, sa[len(sa)-1]); err != nil {
		return built{}, err
	}
	p := &matrixProduct{alpha: 1, vectorA: len(a.shape) == 1, vectorB: len(b.shape) == 1}
	if len(sb) == 2 {
		if err := p.prepare(n, b.constant); err != nil {
			return built{}, err
		}
	}
	return built{outs: []info{{kind: a.kind, shape: out}}, run: p.kernel(a.kind), product: p.open(true)}, nil
}

// matrixProduct is a matrix product: alpha*A*B + beta*C.
type matrixProduct struct {
	transA, transB   bool
	vectorA, vectorB bool
	alpha, beta      float64
	biased           bool // the panels add C
	// B where it is constant, in panels.
	b32 *panels[float32]
	b64 *panels[float64]
}

// prepare packs a constant B; nil: it is not constant.
func (p *matrixProduct) prepare(n *node, b *tensor) error {
	if b == nil {
		return nil
	}
	rows, cols := b.shape[0], 1
	if len(b.shape) > 1 {
		cols = b.shape[1]
	}
	if err := n.spend(panelSize(max(rows, cols), min(rows, cols))); err != nil {
		return err
	}
	switch b.kind {
	case kindFloat:
		p.b32 = pack(new(panels[float32]), b.f32, rows, cols, p.transB)
	case kindDouble:
		p.b64 = pack(new(panels[float64]), b.f64, rows, cols, p.transB)
	}
	return nil
}

// addBias adds a constant number to each column, where B is constant.
func (p *matrixProduct) addBias(c *tensor) {
	p.biased = true
	if p.b32 != nil {
		p.b32.bias = padded(c.f32)
	}
	if p.b64 != nil {
		p.b64.bias = padded(c.f64)
	}
}

// addRelu makes what is below 0 be 0.
func (p *matrixProduct) addRelu() {
	if p.b32 != nil {
		p.b32.relu = true
	}
	if p.b64 != nil {
		p.b64.relu = true
	}
}

// open is the product if its panels compute all of it and can do more, else nil.
func (p *matrixProduct) open(all bool) *matrixProduct {
	if !all || p.alpha != 1 || p.b32 == nil && p.b64 == nil {
		return nil
	}
	return p
}

func padded[T numberType](x []T) []T {
	return append(append([]T{}, x...), make([]T, panelWidth)...)
}

func (p *matrixProduct) kernel(k kind) kernel {
	switch k {
	case kindFloat:
		return multiply(p, p.b32)
	case kindDouble:
		return multiply(p, p.b64)
	case kindInt64:
		return multiply[int64](p, nil)
	}
	return multiply[int32](p, nil)
}

// multiply makes the kernel for a type.
func multiply[T numberType](p *matrixProduct, packed *panels[T]) kernel {
	return func(w *workspace, in, out []*tensor) error {
		a, b := in[0], in[1]
		ra, ca := lastAxes(a.shape, p.vectorA, true)
		rb, cb := lastAxes(b.shape, p.vectorB, false)
		av, bv, ov := elements[T](a), elements[T](b), elements[T](out[0])
		if p.transA {
			t := elements[T](w.scratch(0, a.kind, ra*ca))
			transpose(t, av, ra, ca)
			av, ra, ca = t, ca, ra
		}
		cols := cb
		if p.transB {
			cols = rb
		}
		product := ra * cols
		if product == 0 {
			return nil
		}
		panel := packed
		if panel != nil { // one B: all of A is one matrix
			panel.multiply(ov, av, len(ov)/cols)
			if panel.bias != nil {
				return nil
			}
		} else {
			var k walk
			k.start(leading(out[0].shape, p.vectorA, p.vectorB), leading(a.shape, p.vectorA, false), leading(b.shape, false, p.vectorB))
			at, last := 0, -1
			local := panels[T]{data: elements[T](w.scratch(1, b.kind, panelSize(max(rb, cb), max(rb, cb))))}
			for k.next() {
				for i := range k.run {
					offA, offB := (k.off[0]+i*k.step[0])*ra*ca, (k.off[1]+i*k.step[1])*rb*cb
					if offB != last {
						pack(&local, bv[offB:offB+rb*cb], rb, cb, p.transB)
						last = offB
					}
					local.multiply(ov[at:at+product], av[offA:offA+ra*ca], ra)
					at += product
				}
			}
		}
		if p.alpha != 1 {
			for i := range ov {
				ov[i] = T(p.alpha) * ov[i]
			}
		}
		if len(in) > 2 && in[2] != nil && p.beta != 0 {
			addScaled(out[0].shape, ov, in[2], T(p.beta))
		}
		return nil
	}
}

// lastAxes are the rows and columns of a matrix in the last two axes; a vector is a row, or a column.
func lastAxes(shape []int, vector, row bool) (rows, cols int) {
	n := len(shape)
	switch {
	case vector && row:
		return 1, shape[0]
	case vector:
		return shape[0], 1
	}
	return shape[n-2], shape[n-1]
}

// leading are the axes before the matrices.
func leading(shape []int, vectorA, vectorB bool) []int {
	n := len(shape)
	if !vectorA {
		n--
	}
	if !vectorB {
		n--
	}
	return shape[:max(0, n)]
}

func transpose[T any](dst, src []T, rows, cols int) {
	for i := range rows {
		for j := range cols {
			dst[j*rows+i] = src[i*cols+j]
		}
	}
}

// addScaled adds beta*C, stretched.
func addScaled[T numberType](shape []int, dst []T, c *tensor, beta T) {
	var k walk
	k.start(shape, c.shape)
	src := elements[T](c)
	for k.next() {
		d := dst[k.out : k.out+k.run]
		switch {
		case k.step[0] == 0:
			x := beta * src[k.off[0]]
			for i := range d {
				d[i] += x
			}
		case beta == 1:
			for i, x := range src[k.off[0] : k.off[0]+k.run] {
				d[i] += x
			}
		default:
			for i, x := range src[k.off[0] : k.off[0]+k.run] {
				d[i] += beta * x
			}
		}
	}
}
