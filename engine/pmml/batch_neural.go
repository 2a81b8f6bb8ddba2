package pmml

import "math"

// netModel is the batch form of a NeuralNetwork: a column of values for each input and neuron.
type netModel struct {
	m      *neural
	inputs []int // features
	k      int
	width  int // columns
	target *target
	float  bool
}

func (c *compiler) neural(f *frame, m *neural) (batchModel, error) {
	n := &netModel{m: m, width: len(m.ids), float: f.float32}
	if f.target.has {
		n.target = &f.target
	}
	if f.classification() {
		n.k = len(f.classes.values)
	}
	for _, s := range m.inputs {
		at, err := c.numericFeature(s)
		if err != nil {
			return nil, err
		}
		n.inputs = append(n.inputs, at)
	}
	return n, nil
}

// holes: a missing input makes the prediction missing.
func (n *netModel) holes(t *tile) { t.loseAny(n.inputs) }

func (n *netModel) run(t *tile, s *stageData) {
	if need := n.width * tileRows; len(t.ys) < need {
		t.ys = make([]float64, need)
	}
	for i, f := range n.inputs {
		copy(t.ys[i*tileRows:i*tileRows+t.n], t.x[f*tileRows:])
	}
	for i := range n.m.layers {
		n.m.layers[i].columns(t)
	}
	if n.k == 0 {
		o := &n.m.outputs[0]
		for i, y := range t.ys[o.neuron*tileRows : o.neuron*tileRows+t.n] {
			if o.denorm != nil {
				y = o.denorm.invert(y)
			}
			if n.target != nil {
				y = n.target.rescale(y, n.float)
			}
			s.value[i] = y
		}
		return
	}
	clear(s.probs[:n.k*tileRows])
	for _, o := range n.m.outputs {
		copy(s.probs[o.code*tileRows:o.code*tileRows+t.n], t.ys[o.neuron*tileRows:])
	}
	t.strongest(s, n.k)
}

// strongest picks the most probable class of each row, the first of equals.
func (t *tile) strongest(s *stageData, k int) {
	code := s.code[:t.n]
	clear(code)
	top := t.scratch(0)[:t.n]
	copy(top, s.probs)
	for c := 1; c < k; c++ {
		for i, p := range s.probs[c*tileRows : c*tileRows+t.n] {
			if p > top[i] {
				top[i], code[i] = p, int32(c)
			}
		}
	}
}

// columns computes a layer: for each neuron a sum over columns, four of them at a time, in the interpreter's order.
func (ly *neuralLayer) columns(t *tile) {
	for i := range ly.neurons {
		n := &ly.neurons[i]
		out := t.ys[(ly.first+i)*tileRows:][:t.n]
		if ly.activation == "radialBasis" {
			n.radialColumn(t, out)
			continue
		}
		n.sumColumn(t, out)
		activateColumn(ly.activation, out, ly.threshold)
	}
	if ly.norm == "softmax" || ly.norm == "simplemax" {
		row := t.numbers(len(ly.neurons))
		for i := range t.n {
			for j := range row {
				row[j] = t.ys[(ly.first+j)*tileRows+i]
			}
			if ly.norm == "softmax" {
				softmax(row)
			} else {
				scale(row)
			}
			for j, y := range row {
				t.ys[(ly.first+j)*tileRows+i] = y
			}
		}
	}
}

func (t *tile) column(k int) []float64 { return t.ys[k*tileRows:][:t.n] }

func (n *neuron) sumColumn(t *tile, out []float64) {
	for i := range out {
		out[i] = n.bias
	}
	j := 0
	for ; j+4 <= len(n.from); j += 4 {
		a, b := t.column(n.from[j])[:len(out)], t.column(n.from[j+1])[:len(out)]
		c, d := t.column(n.from[j+2])[:len(out)], t.column(n.from[j+3])[:len(out)]
		wa, wb, wc, wd := n.weights[j], n.weights[j+1], n.weights[j+2], n.weights[j+3]
		for i := range out {
			z := out[i] + float64(wa*a[i])
			z += float64(wb * b[i])
			z += float64(wc * c[i])
			out[i] = z + float64(wd*d[i])
		}
	}
	for ; j < len(n.from); j++ {
		w := n.weights[j]
		for i, x := range t.column(n.from[j])[:len(out)] {
			out[i] += float64(w * x)
		}
	}
}

func (n *neuron) radialColumn(t *tile, out []float64) {
	clear(out)
	for j, from := range n.from {
		w := n.weights[j]
		for i, x := range t.column(from)[:len(out)] {
			d := x - w
			out[i] += float64(d * d)
		}
	}
	for i, sum := range out {
		out[i] = exp(n.height - sum/(2*n.width*n.width))
	}
}

// activateColumn applies an activation function; the common ones have a loop of their own.
func activateColumn(name string, out []float64, threshold float64) {
	switch name {
	case "identity":
	case "rectifier":
		for i, z := range out {
			out[i] = max(0, z)
		}
	case "logistic":
		logisticColumn(out)
	case "tanh":
		for i, z := range out {
			out[i] = math.Tanh(z)
		}
	default:
		for i, z := range out {
			out[i] = activate(name, z, threshold)
		}
	}
}
