package pmml

import "math"

// svm is the body of a SupportVectorMachineModel: one decision function for a regression, one for each class or
// pair of classes for a classification.
type svm struct {
	kernel    *kernel
	method    string // OneAgainstAll, OneAgainstOne
	maxWins   bool
	linear    bool // svmRepresentation="Coefficients": the coefficients are weights of the fields
	threshold float64
	old       *string // alternateBinaryTargetCategory of PMML 3.0
	oldCode   int
	fields    []svmField
	vectors   map[string][]float64
	machines  []svmMachine
}

// kernel is one of the four kernel types.
type kernel struct {
	kind                string
	gamma, coef, degree float64
}

// svmField is a coordinate of the input vector: a field's number, or a number where the field has a category.
type svmField struct {
	slot     int
	category bool
	at       key
	x        float64
}

// svmMachine is one SupportVectorMachine.
type svmMachine struct {
	e          *element
	code       int // targetCategory
	other      int // alternateTargetCategory, -1 for none
	threshold  float64
	bias       float64
	alphas     []float64
	supports   [][]float64
	hasVectors bool
}

func newSVM(a *attrs, f *frame) body {
	m := &svm{vectors: map[string][]float64{}, oldCode: -1}
	m.method = a.word("classificationMethod", "OneAgainstAll", "OneAgainstOne")
	m.linear = a.word("svmRepresentation", "SupportVectors", "Coefficients") == "Coefficients"
	m.maxWins = a.flag("maxWins", false)
	m.threshold = a.num("threshold", 0)
	if s, ok := a.get("alternateBinaryTargetCategory"); ok {
		m.old = &s
	}
	return m
}

func (m *svm) child(l *loader, f *frame, c *element) error {
	switch c.name {
	case "LinearKernelType", "PolynomialKernelType", "RadialBasisKernelType", "SigmoidKernelType":
		if m.kernel != nil {
			return c.errorf("a second kernel")
		}
		a := c.read()
		m.kernel = &kernel{kind: c.name, gamma: a.num("gamma", 1), coef: a.num("coef0", 1), degree: a.num("degree", 1)}
		if err := a.end("description"); err != nil {
			return err
		}
		return l.d.none(c)
	case "VectorDictionary":
		return m.dictionary(l, f, c)
	case "SupportVectorMachine":
		return m.machine(l, f, c)
	}
	return c.unsupported(f.e)
}

func (m *svm) dictionary(l *loader, f *frame, e *element) error {
	a := e.read()
	count := a.int("numberOfVectors", -1)
	if err := a.end(); err != nil {
		return err
	}
	err := l.d.each(e, func(c *element) error {
		switch c.name {
		case "VectorFields":
			a := c.read()
			n := a.int("numberOfFields", -1)
			if err := a.end(); err != nil {
				return err
			}
			err := l.d.each(c, func(p *element) error { return m.vectorField(l, f, p) })
			if err == nil && n >= 0 && n != len(m.fields) {
				err = c.errorf("numberOfFields=%d but there are %d", n, len(m.fields))
			}
			return err
		case "VectorInstance":
			return m.instance(l, c)
		}
		return c.unsupported(e)
	})
	if err == nil && count >= 0 && count != len(m.vectors) {
		err = e.errorf("numberOfVectors=%d but there are %d", count, len(m.vectors))
	}
	return err
}

func (m *svm) vectorField(l *loader, f *frame, e *element) error {
	a := e.read()
	switch e.name {
	case "FieldRef":
		v, err := l.predictor(f, a, "field")
		if err == nil {
			m.fields = append(m.fields, svmField{slot: v.slot})
		}
		return err
	case "CategoricalPredictor":
		raw, x := a.need("value"), a.num("coefficient", 1)
		v, err := l.predictor(f, a, "name")
		if err != nil {
			return err
		}
		k, err := v.key(e, raw)
		m.fields = append(m.fields, svmField{slot: v.slot, category: true, at: k, x: x})
		return err
	}
	return e.errorf("not supported inside VectorFields, expected FieldRef or CategoricalPredictor")
}

func (m *svm) instance(l *loader, e *element) error {
	a := e.read()
	id := a.need("id")
	if err := a.end(); err != nil {
		return err
	}
	if _, twice := m.vectors[id]; twice {
		return e.errorf("a second VectorInstance with the id %q", id)
	}
	var v []float64
	err := l.d.each(e, func(c *element) (err error) {
		switch {
		case v != nil:
			return c.errorf("a second array")
		case c.name == "Array":
			v, err = l.numbers(c)
		default:
			v, err = l.sparseNumbers(c, len(m.fields))
		}
		return err
	})
	if err == nil && len(v) != len(m.fields) {
		err = e.errorf("has %d numbers for %d VectorFields", len(v), len(m.fields))
	}
	m.vectors[id] = v
	return err
}

// sparseNumbers decodes a REAL-SparseArray or INT-SparseArray of n numbers.
func (l *loader) sparseNumbers(e *element, n int) ([]float64, error) {
	entries, ok := map[string]string{"REAL-SparseArray": "REAL-Entries", "INT-SparseArray": "INT-Entries"}[e.name]
	if !ok {
		return nil, e.errorf("not supported here, expected Array, REAL-SparseArray or INT-SparseArray")
	}
	a := e.read()
	size, def := a.int("n", n), a.num("defaultValue", 0)
	if err := a.end(); err != nil {
		return nil, err
	}
	if size != n {
		return nil, e.errorf("n=%d, expected %d", size, n)
	}
	var at, xs []float64
	err := l.d.each(e, func(c *element) (err error) {
		switch c.name {
		case "Indices":
			at, err = l.bareNumbers(c)
		case entries:
			xs, err = l.bareNumbers(c)
		default:
			err = c.unsupported(e)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(at) != len(xs) {
		return nil, e.errorf("has %d Indices for %d entries", len(at), len(xs))
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = def
	}
	for i, k := range at {
		if k != math.Trunc(k) || k < 1 || k > float64(n) {
			return nil, e.errorf("the index %s is not between 1 and %d", formatDouble(k), n)
		}
		out[int(k)-1] = xs[i]
	}
	return out, nil
}

// bareNumbers reads numbers separated by blanks.
func (l *loader) bareNumbers(e *element) ([]float64, error) {
	s, err := l.d.text(e)
	if err != nil {
		return nil, err
	}
	words, _ := splitWords(s)
	out := make([]float64, len(words))
	for i, w := range words {
		if out[i], err = parseFloat(w); err != nil {
			return nil, e.errorf("%v", err)
		}
	}
	return out, nil
}

func (m *svm) machine(l *loader, f *frame, e *element) error {
	a := e.read()
	sm := svmMachine{e: e, code: -1, other: -1, threshold: a.num("threshold", m.threshold)}
	class, hasClass := a.get("targetCategory")
	other, hasOther := a.get("alternateTargetCategory")
	if err := a.end(); err != nil {
		return err
	}
	var err error
	switch {
	case !f.classification():
	case !hasClass:
		return e.errorf("attribute targetCategory is missing")
	default:
		if sm.code, err = f.classes.code(e, class); err == nil && hasOther {
			sm.other, err = f.classes.code(e, other)
		}
	}
	if err != nil {
		return err
	}
	err = l.d.each(e, func(c *element) error {
		switch c.name {
		case "SupportVectors":
			return m.supports(l, c, &sm)
		case "Coefficients":
			return m.coefficients(l, c, &sm)
		}
		return c.unsupported(e)
	})
	if err != nil {
		return err
	}
	m.machines = append(m.machines, sm)
	return sm.check(m)
}

func (m *svm) supports(l *loader, e *element, sm *svmMachine) error {
	sm.hasVectors = true
	if err := e.read().end("numberOfSupportVectors", "numberOfAttributes"); err != nil {
		return err
	}
	return l.each(e, "SupportVector", func(c *element) error {
		a := c.read()
		id := a.need("vectorId")
		v, ok := m.vectors[id]
		if !ok {
			a.fail("vectorId=%q is no VectorInstance", id)
		}
		sm.supports = append(sm.supports, v)
		if err := a.end(); err != nil {
			return err
		}
		return l.d.none(c)
	})
}

func (m *svm) coefficients(l *loader, e *element, sm *svmMachine) error {
	a := e.read()
	sm.bias = a.num("absoluteValue", 0)
	if err := a.end("numberOfCoefficients"); err != nil {
		return err
	}
	return l.each(e, "Coefficient", func(c *element) error {
		a := c.read()
		sm.alphas = append(sm.alphas, a.num("value", 0))
		if err := a.end(); err != nil {
			return err
		}
		return l.d.none(c)
	})
}

// check compares the number of coefficients with what they belong to.
func (sm *svmMachine) check(m *svm) error {
	switch {
	case m.linear && sm.hasVectors:
		return sm.e.errorf(`has SupportVectors, but the model says svmRepresentation="Coefficients"`)
	case m.linear && len(sm.alphas) != len(m.fields):
		return sm.e.errorf("has %d Coefficients for %d VectorFields", len(sm.alphas), len(m.fields))
	case !m.linear && len(sm.alphas) != len(sm.supports):
		return sm.e.errorf("has %d Coefficients for %d SupportVectors", len(sm.alphas), len(sm.supports))
	}
	return nil
}

func (m *svm) finish(l *loader, f *frame) error {
	n := len(m.machines)
	switch {
	case m.kernel == nil:
		return f.e.errorf("has no kernel")
	case len(m.fields) == 0:
		return f.e.errorf("has no VectorFields")
	case n == 0:
		return f.e.errorf("has no SupportVectorMachine")
	case m.linear && m.kernel.kind != "LinearKernelType":
		return f.e.errorf(`svmRepresentation="Coefficients" needs a LinearKernelType`)
	case !f.classification() && n > 1:
		return m.machines[1].e.errorf("a regression has one SupportVectorMachine")
	case !f.classification():
		return nil
	}
	if m.old != nil {
		var err error
		if m.oldCode, err = f.classes.code(f.e, *m.old); err != nil {
			return err
		}
		if n != 1 {
			return f.e.errorf("alternateBinaryTargetCategory needs one SupportVectorMachine, here are %d", n)
		}
		return nil
	}
	for i := range m.machines {
		if sm := &m.machines[i]; (m.method == "OneAgainstOne" || n == 1) && sm.other < 0 {
			return sm.e.errorf("attribute alternateTargetCategory is missing")
		}
	}
	return nil
}

// input is the row's vector; false if some of it is missing.
func (m *svm) input(r *row) ([]float64, bool) {
	xs := r.floats(len(m.fields))
	for i := range m.fields {
		f := &m.fields[i]
		if !f.category {
			var ok bool
			if xs[i], ok = r.number(f.slot); !ok {
				return nil, false
			}
			continue
		}
		v := r.get(f.slot)
		if v.missing() {
			return nil, false
		}
		if f.at.matches(v) {
			xs[i] = f.x
		}
	}
	return xs, true
}

// decision is the machine's function.
func (m *svm) decision(sm *svmMachine, xs []float64) float64 {
	if m.linear {
		return dot(sm.alphas, xs) + sm.bias
	}
	sum := 0.0
	for i, a := range sm.alphas {
		sum += a * m.kernel.at(xs, sm.supports[i])
	}
	return sum + sm.bias
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}

func (k *kernel) at(x, y []float64) float64 {
	switch k.kind {
	case "PolynomialKernelType":
		return math.Pow(k.gamma*dot(x, y)+k.coef, k.degree)
	case "RadialBasisKernelType":
		sum := 0.0
		for i := range x {
			d := x[i] - y[i]
			sum += d * d
		}
		return math.Exp(-k.gamma * sum)
	case "SigmoidKernelType":
		return math.Tanh(k.gamma*dot(x, y) + k.coef)
	}
	return dot(x, y)
}

func (m *svm) score(r *row, f *frame) result {
	xs, ok := m.input(r)
	if !ok {
		return absent
	}
	first := &m.machines[0]
	switch {
	case !f.classification():
		return result{value: double(m.decision(first, xs)), code: -1}
	case m.old != nil:
		code := first.code
		if m.decision(first, xs) < 0.5 {
			code = m.oldCode
		}
		return ofVotes(r, f, []int{code})
	case m.method == "OneAgainstOne" || len(m.machines) == 1:
		codes := make([]int, len(m.machines))
		for i := range m.machines {
			codes[i] = m.machines[i].side(m.decision(&m.machines[i], xs), m.maxWins)
		}
		return ofVotes(r, f, codes)
	}
	values := r.floats(len(f.classes.values))
	best := 0
	for i := range m.machines {
		sm := &m.machines[i]
		y := m.decision(sm, xs)
		values[sm.code] = y
		if top := values[m.machines[best].code]; m.maxWins && y > top || !m.maxWins && y < top {
			best = i
		}
	}
	code := m.machines[best].code
	return result{value: f.classes.values[code], code: code, affinity: values}
}

// side is the class that a machine of two decides for.
func (sm *svmMachine) side(y float64, maxWins bool) int {
	if maxWins && y > sm.threshold || !maxWins && y < sm.threshold {
		return sm.code
	}
	return sm.other
}

// ofVotes is the class with the most votes, of equals the one that got its first vote earliest; probabilities are
// the shares of the votes.
func ofVotes(r *row, f *frame, codes []int) result {
	votes := r.floats(len(f.classes.values))
	for _, c := range codes {
		votes[c]++
	}
	best := codes[0]
	for _, c := range codes {
		if votes[c] > votes[best] {
			best = c
		}
	}
	for i := range votes {
		votes[i] /= float64(len(codes))
	}
	return result{value: f.classes.values[best], code: best, probs: votes}
}
