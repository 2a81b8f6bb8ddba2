package pmml

import (
	"math"
)

// neural is the body of a NeuralNetwork: layers of neurons over inputs, in document order.
type neural struct {
	activation, norm string
	threshold        float64
	width, altitude  float64        // of radialBasis
	ids              map[string]int // of inputs and neurons: where their value stands
	inputs           []int          // slots
	layers           []neuralLayer
	outputs          []neuralOutput
}

type neuralLayer struct {
	activation, norm string
	threshold        float64
	first            int // of its neurons' values
	neurons          []neuron
}

type neuron struct {
	bias    float64
	width   float64 // of radialBasis
	height  float64 // likewise: number of inputs * log(altitude)
	from    []int
	weights []float64
}

// neuralOutput is a class's neuron, or the one of a regression with its denormalisation.
type neuralOutput struct {
	neuron int
	code   int
	denorm *normContinuous
}

var activations = []string{"logistic", "threshold", "tanh", "identity", "exponential", "reciprocal", "square", "Gauss", "sine", "cosine", "Elliott", "arctan", "rectifier", "radialBasis"}

// activation reads an attribute that names an activation function.
func (a *attrs) activation(def string) string {
	s := a.str("activationFunction", def)
	if !contains(activations, s) {
		a.fail("activationFunction=%q is not supported, expected one of %s", s, join(activations))
	}
	return s
}

func newNeural(a *attrs, f *frame) body {
	m := &neural{ids: map[string]int{}}
	a.need("activationFunction")
	m.activation = a.activation("logistic")
	m.norm = a.word("normalizationMethod", "none", "simplemax", "softmax")
	m.threshold = a.num("threshold", 0)
	a.int("numberOfLayers", 0)
	m.width, m.altitude = a.num("width", 0), a.num("altitude", 1)
	return m
}

func (m *neural) child(l *loader, f *frame, c *element) error {
	switch c.name {
	case "NeuralInputs":
		return l.d.each(c, func(e *element) error {
			if e.name != "NeuralInput" {
				return e.unsupported(c)
			}
			return m.input(l, f, e)
		})
	case "NeuralLayer":
		return m.layer(l, c)
	case "NeuralOutputs":
		return l.d.each(c, func(e *element) error {
			if e.name != "NeuralOutput" {
				return e.unsupported(c)
			}
			return m.output(l, f, e)
		})
	}
	return c.unsupported(f.e)
}

// add gives an input or neuron its place.
func (m *neural) add(e *element, id string) error {
	if _, twice := m.ids[id]; twice {
		return e.errorf("the id %q is used twice", id)
	}
	m.ids[id] = len(m.ids)
	return nil
}

// inDerived reads the expression of the only DerivedField inside e.
func (l *loader) inDerived(e *element) (n node, err error) {
	err = l.d.each(e, func(c *element) error {
		if c.name != "DerivedField" || n != nil {
			return c.unsupported(e)
		}
		return l.oneExpression(c, &n, "Value")
	})
	if err == nil && n == nil {
		err = e.errorf("has no DerivedField")
	}
	return n, err
}

func (m *neural) input(l *loader, f *frame, e *element) error {
	if len(m.layers) > 0 {
		return e.errorf("stands after a NeuralLayer")
	}
	a := e.read()
	id := a.need("id")
	if err := a.end(); err != nil {
		return err
	}
	if err := m.add(e, id); err != nil {
		return err
	}
	n, err := l.inDerived(e)
	if err != nil {
		return err
	}
	x, err := n.bind(l, f.scope)
	m.inputs = append(m.inputs, l.newSlot(slot{name: "input " + id, kind: fromExpr, typ: tDouble, expr: x}))
	return err
}

func (m *neural) layer(l *loader, e *element) error {
	a := e.read()
	ly := neuralLayer{activation: a.activation(m.activation), norm: a.word("normalizationMethod", "", "none", "simplemax", "softmax"),
		threshold: a.num("threshold", m.threshold), first: len(m.ids)}
	width, altitude := a.num("width", m.width), a.num("altitude", m.altitude)
	a.int("numberOfNeurons", 0)
	if ly.norm == "" {
		ly.norm = m.norm
	}
	if err := a.end(); err != nil {
		return err
	}
	before := len(m.ids) // a neuron reads what earlier layers and the inputs give
	err := l.d.each(e, func(c *element) error {
		if c.name != "Neuron" {
			return c.unsupported(e)
		}
		b := c.read()
		id := b.need("id")
		n := neuron{bias: b.num("bias", 0), width: b.num("width", width)}
		high := b.num("altitude", altitude)
		if ly.activation == "radialBasis" && !(n.width > 0 && high > 0) {
			b.fail("radialBasis needs a positive width and altitude")
		}
		if err := b.end(); err != nil {
			return err
		}
		if err := m.add(c, id); err != nil {
			return err
		}
		err := l.d.each(c, func(con *element) error {
			if con.name != "Con" {
				return con.unsupported(c)
			}
			p := con.read()
			from, ok := m.ids[p.need("from")]
			if !ok || from >= before {
				p.fail("from=%q is no input and no neuron of an earlier layer", p.str("from", ""))
			}
			p.need("weight")
			n.from, n.weights = append(n.from, from), append(n.weights, p.num("weight", 0))
			if err := p.end(); err != nil {
				return err
			}
			return l.d.none(con)
		})
		n.height = float64(len(n.from)) * math.Log(high)
		ly.neurons = append(ly.neurons, n)
		return err
	})
	m.layers = append(m.layers, ly)
	return err
}

func (m *neural) output(l *loader, f *frame, e *element) error {
	a := e.read()
	at, ok := m.ids[a.need("outputNeuron")]
	if !ok {
		a.fail("outputNeuron=%q is no neuron", a.str("outputNeuron", ""))
	}
	if err := a.end(); err != nil {
		return err
	}
	n, err := l.inDerived(e)
	if err != nil {
		return err
	}
	o := neuralOutput{neuron: at, code: -1}
	switch n := n.(type) {
	case *normDiscreteNode:
		if !f.classification() {
			return e.errorf("NormDiscrete needs a classification")
		}
		o.code, err = f.classes.code(e, n.at)
	case *normContinuousNode:
		o.denorm = &normContinuous{orig: n.orig, norm: n.norm}
		ok = !f.classification()
	case fieldRefNode:
		ok = !f.classification()
	default:
		ok = false
	}
	if err == nil && !ok {
		err = e.errorf("this expression is not supported for a %s", f.function)
	}
	m.outputs = append(m.outputs, o)
	return err
}

func (m *neural) finish(l *loader, f *frame) error {
	switch {
	case len(m.inputs) == 0 || len(m.layers) == 0 || len(m.outputs) == 0:
		return f.e.errorf("needs NeuralInputs, a NeuralLayer and NeuralOutputs")
	case !f.classification() && len(m.outputs) != 1:
		return f.e.errorf("a regression has one NeuralOutput, here are %d", len(m.outputs))
	}
	return nil
}

func (m *neural) score(r *row, f *frame) result {
	values := r.floats(len(m.ids))
	for i, s := range m.inputs {
		x, ok := r.number(s)
		if !ok {
			return absent
		}
		values[i] = x
	}
	for i := range m.layers {
		m.layers[i].run(values)
	}
	if !f.classification() {
		y := values[m.outputs[0].neuron]
		if d := m.outputs[0].denorm; d != nil {
			y = d.invert(y)
		}
		return result{value: double(y), code: -1}
	}
	probs := r.floats(len(f.classes.values))
	for _, o := range m.outputs {
		probs[o.code] = values[o.neuron]
	}
	return ofProbs(probs, f.classes)
}

func (ly *neuralLayer) run(values []float64) {
	out := values[ly.first : ly.first+len(ly.neurons)]
	for i := range ly.neurons {
		n := &ly.neurons[i]
		if ly.activation == "radialBasis" {
			out[i] = n.radial(values)
			continue
		}
		z := n.bias
		for j, from := range n.from {
			z += n.weights[j] * values[from]
		}
		out[i] = activate(ly.activation, z, ly.threshold)
	}
	switch ly.norm {
	case "softmax":
		softmax(out)
	case "simplemax":
		scale(out)
	}
}

// radial is the activation of a radialBasis neuron: its weights are a center.
func (n *neuron) radial(values []float64) float64 {
	sum := 0.0
	for j, from := range n.from {
		d := values[from] - n.weights[j]
		sum += d * d
	}
	return exp(n.height - sum/(2*n.width*n.width))
}

func activate(name string, z, threshold float64) float64 {
	switch name {
	case "logistic":
		return 1 / (1 + exp(-z))
	case "threshold":
		return float64(b2i(z > threshold))
	case "tanh":
		return math.Tanh(z)
	case "exponential":
		return exp(z)
	case "reciprocal":
		return 1 / z
	case "square":
		return z * z
	case "Gauss":
		return exp(-z * z)
	case "sine":
		return math.Sin(z)
	case "cosine":
		return math.Cos(z)
	case "Elliott":
		return z / (1 + math.Abs(z))
	case "arctan":
		return 2 * math.Atan(z) / math.Pi
	case "rectifier":
		return max(0, z)
	}
	return z
}
