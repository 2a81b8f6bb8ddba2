package pmml

import "math"

// gaussianProcess is the body of a GaussianProcessModel: the posterior mean. The system of the training rows is
// solved at load, so that a row costs one kernel value for each of them.
type gaussianProcess struct {
	kernel  *gpKernel
	columns []instanceField
	table   inlineTable
	found   *element
	slots   []int
	points  [][]float64
	alphas  []float64
}

type gpKernel struct {
	e                    *element
	kind                 string
	gamma, noise, degree float64
	lambda               []float64
}

// maxTraining bounds the training rows: solving the system takes the cube of their number.
const maxTraining = 2000

func newGaussianProcess(a *attrs, f *frame) body {
	a.str("optimizer", "") // only says how the model was made
	return &gaussianProcess{}
}

func (m *gaussianProcess) child(l *loader, f *frame, c *element) (err error) {
	switch c.name {
	case "RadialBasisKernel", "ARDSquaredExponentialKernel", "AbsoluteExponentialKernel", "GeneralizedExponentialKernel":
		if m.kernel != nil {
			return c.errorf("a second kernel")
		}
		m.kernel, err = l.gpKernel(c)
		return err
	case "TrainingInstances":
		m.found = c
		m.columns, m.table, err = l.trainingInstances(c)
		return err
	}
	return c.unsupported(f.e)
}

func (l *loader) gpKernel(e *element) (*gpKernel, error) {
	a := e.read()
	k := &gpKernel{e: e, kind: e.name, gamma: a.num("gamma", 1), noise: a.num("noiseVariance", 1), degree: a.num("degree", 1)}
	if e.name == "RadialBasisKernel" {
		k.lambda = []float64{a.num("lambda", 1)}
	}
	if err := a.end("description"); err != nil {
		return nil, err
	}
	err := l.d.each(e, func(c *element) error {
		if c.name != "Lambda" || k.lambda != nil {
			return c.unsupported(e)
		}
		return l.d.each(c, func(d *element) (err error) {
			k.lambda, err = l.numbers(d)
			return err
		})
	})
	if err == nil && k.lambda == nil {
		k.lambda = []float64{1}
	}
	for _, x := range k.lambda {
		if err == nil && !(x > 0) {
			err = e.errorf("lambda has to be positive, not %s", formatDouble(x))
		}
	}
	return k, err
}

// at is the kernel without its noise.
func (k *gpKernel) at(x, y []float64) float64 {
	sum := 0.0
	for i := range x {
		lambda := k.lambda[0]
		if len(k.lambda) > 1 {
			lambda = k.lambda[i]
		}
		d := math.Abs(x[i]-y[i]) / lambda
		switch k.kind {
		case "AbsoluteExponentialKernel":
			sum += d
		case "GeneralizedExponentialKernel":
			sum += math.Pow(d, k.degree)
		default:
			sum += d * d / 2
		}
	}
	return k.gamma * math.Exp(-sum)
}

func (m *gaussianProcess) finish(l *loader, f *frame) error {
	switch {
	case m.kernel == nil:
		return f.e.errorf("has no kernel")
	case m.found == nil:
		return f.e.errorf("has no TrainingInstances")
	case len(m.table) > maxTraining:
		return m.found.errorf("has %d rows, expected at most %d", len(m.table), maxTraining)
	}
	target := columnOf(m.columns, f.target.name, "")
	if f.target.name == "" || target == "" {
		return m.found.errorf("has no InstanceField for the target")
	}
	for _, c := range m.columns {
		if c.name == f.target.name {
			continue
		}
		v, err := l.resolve(f.scope, c.e, c.name)
		if err != nil {
			return err
		}
		m.slots = append(m.slots, v.slot)
	}
	if n := len(m.kernel.lambda); n > 1 && n != len(m.slots) {
		return m.kernel.e.errorf("has %d lambdas for %d fields", n, len(m.slots))
	}
	var ys []float64
	err := l.trainingRows(f, m.columns, m.table, func(r *row, cells map[string]string) error {
		n := len(ys) + 1
		point := make([]float64, len(m.slots))
		for i, s := range m.slots {
			var ok bool
			if point[i], ok = r.number(s); !ok {
				return m.found.errorf("row %d: a field is missing or no number", n)
			}
		}
		y, err := parseFloat(cells[target])
		if err != nil {
			return m.found.errorf("row %d: the target %v", n, err)
		}
		m.points, ys = append(m.points, point), append(ys, y)
		return nil
	})
	if err != nil {
		return err
	}
	return m.solve(ys)
}

// solve finds the weights of the training rows by Cholesky's decomposition.
func (m *gaussianProcess) solve(ys []float64) error {
	n := len(ys)
	low := make([][]float64, n)
	for i := range low {
		low[i] = make([]float64, i+1)
		for j := 0; j <= i; j++ {
			s := m.kernel.at(m.points[i], m.points[j])
			if i == j {
				s += m.kernel.noise
			}
			for k := 0; k < j; k++ {
				s -= low[i][k] * low[j][k]
			}
			if i != j {
				low[i][j] = s / low[j][j]
				continue
			}
			if !(s > 0) {
				return m.kernel.e.errorf("the kernel's matrix over the training rows is not positive definite")
			}
			low[i][i] = math.Sqrt(s)
		}
	}
	m.alphas = append([]float64(nil), ys...)
	for i := range n {
		for k := 0; k < i; k++ {
			m.alphas[i] -= low[i][k] * m.alphas[k]
		}
		m.alphas[i] /= low[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			m.alphas[i] -= low[k][i] * m.alphas[k]
		}
		m.alphas[i] /= low[i][i]
	}
	return nil
}

func (m *gaussianProcess) score(r *row, f *frame) result {
	xs := r.floats(len(m.slots))
	for i, s := range m.slots {
		var ok bool
		if xs[i], ok = r.number(s); !ok {
			return absent
		}
	}
	sum := 0.0
	for i, p := range m.points {
		sum += m.alphas[i] * m.kernel.at(xs, p)
	}
	return result{value: double(sum), code: -1}
}
