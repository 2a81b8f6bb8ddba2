package pmml

import (
	"math"
	"slices"
)

// regression is the body of a RegressionModel.
type regression struct {
	norm    string
	ordinal bool // the link functions give cumulative probabilities
	tables  []*regressionTable
}

// regressionTable is one linear form.
type regressionTable struct {
	e         *element
	intercept float64
	code      int // targetCategory
	numeric   []numericTerm
	category  []categoryTerm
	products  []productTerm
}

type numericTerm struct {
	slot     int
	coef     float64
	exponent float64
}

type categoryTerm struct {
	slot int
	at   key
	coef float64
}

type productTerm struct {
	slots []int
	coef  float64
}

func newRegression(a *attrs, f *frame) body {
	m := &regression{}
	m.norm = a.word("normalizationMethod", "none", "simplemax", "softmax", "logit", "probit", "cloglog", "exp", "loglog", "cauchit")
	a.word("modelType", "", "linearRegression", "stepwisePolynomialRegression", "logisticRegression")
	a.str("targetFieldName", "")
	switch {
	case f.classification() && m.norm == "exp", !f.classification() && m.norm == "simplemax":
		a.fail("normalizationMethod=%q is not defined for a %s", m.norm, f.function)
	}
	return m
}

func (m *regression) child(l *loader, f *frame, c *element) error {
	if c.name != "RegressionTable" {
		return c.unsupported(f.e)
	}
	a := c.read()
	a.need("intercept")
	t := &regressionTable{e: c, intercept: narrow(a.num("intercept", 0), f.float32), code: -1}
	class, ok := a.get("targetCategory")
	if err := a.end(); err != nil {
		return err
	}
	if f.classification() {
		if !ok {
			return c.errorf("attribute targetCategory is missing")
		}
		var err error
		if t.code, err = f.classes.code(c, class); err != nil {
			return err
		}
	}
	m.tables = append(m.tables, t)
	return l.d.each(c, func(p *element) error { return t.term(l, f, p) })
}

// term decodes one term of the table.
func (t *regressionTable) term(l *loader, f *frame, e *element) error {
	a := e.read()
	a.need("coefficient")
	coef := narrow(a.num("coefficient", 0), f.float32)
	switch e.name {
	case "NumericPredictor":
		exponent := a.num("exponent", 1)
		v, err := l.predictor(f, a, "name")
		if err != nil {
			return err
		}
		t.numeric = append(t.numeric, numericTerm{v.slot, coef, exponent})
		return nil
	case "CategoricalPredictor":
		raw := a.need("value")
		v, err := l.predictor(f, a, "name")
		if err != nil {
			return err
		}
		k, err := v.key(e, raw)
		t.category = append(t.category, categoryTerm{v.slot, k, coef})
		return err
	case "PredictorTerm":
		a.str("name", "")
		if err := a.end(); err != nil {
			return err
		}
		p := productTerm{coef: coef}
		err := l.each(e, "FieldRef", func(c *element) error {
			v, err := l.predictor(f, c.read(), "field")
			if err == nil {
				p.slots = append(p.slots, v.slot)
			}
			return err
		})
		t.products = append(t.products, p)
		return err
	}
	return e.errorf("not supported inside RegressionTable")
}

// predictor resolves the field that an attribute names and reads the element to its end.
func (l *loader) predictor(f *frame, a *attrs, attribute string) (*field, error) {
	name := a.need(attribute)
	if err := a.end(); err != nil {
		return nil, err
	}
	v, err := l.resolve(f.scope, a.e, name)
	if err != nil {
		return nil, err
	}
	return v, l.d.none(a.e)
}

func (m *regression) finish(l *loader, f *frame) error {
	n := len(m.tables)
	switch {
	case n == 0:
		return f.e.errorf("has no RegressionTable")
	case !f.classification():
		if n > 1 {
			return m.tables[1].e.errorf("a regression has one RegressionTable")
		}
		return nil
	case n < 2:
		return f.e.errorf("a classification needs at least two RegressionTables")
	}
	seen := map[int]bool{}
	for _, t := range m.tables {
		if seen[t.code] {
			return t.e.errorf("a second RegressionTable for the class %s", f.classes.values[t.code])
		}
		seen[t.code] = true
	}
	if d := f.target.data; d != nil && d.op == "ordinal" && n > 2 {
		m.ordinal = true
		return m.ordered(f)
	}
	switch m.norm {
	case "probit", "cloglog", "loglog", "cauchit":
		if n != 2 {
			return f.e.errorf("normalizationMethod=%q needs two classes, here are %d", m.norm, n)
		}
	}
	return nil
}

// ordered checks that the tables of an ordinal target stand in the order of its values.
func (m *regression) ordered(f *frame) error {
	at := 0
	for _, t := range m.tables {
		i := at
		for i < len(f.target.data.order) && !equal(f.target.data.order[i], f.classes.values[t.code]) {
			i++
		}
		if len(f.target.data.order) > 0 && i == len(f.target.data.order) {
			return t.e.errorf("the RegressionTables of an ordinal target have to stand in the order of its values")
		}
		at = i
	}
	return nil
}

// linear is the table's value; false if a numeric predictor is missing.
func (t *regressionTable) linear(r *row, float bool) (float64, bool) {
	y := t.intercept
	for i := range t.numeric {
		p := &t.numeric[i]
		x, ok := r.number(p.slot)
		if !ok {
			return 0, false
		}
		if p.exponent != 1 {
			x = math.Pow(x, p.exponent)
		}
		y = narrow(y+narrow(p.coef*x, float), float)
	}
	for i := range t.category {
		p := &t.category[i]
		if v := r.get(p.slot); !v.missing() && p.at.matches(v) {
			y = narrow(y+p.coef, float)
		}
	}
	for i := range t.products {
		p := &t.products[i]
		z := p.coef
		for _, s := range p.slots {
			x, ok := r.number(s)
			if !ok {
				return 0, false
			}
			z = narrow(z*x, float)
		}
		y = narrow(y+z, float)
	}
	return y, true
}

// number gives a slot's value as a number; false if it is missing. What is no number is the row's fault.
func (r *row) number(s int) (float64, bool) {
	v := r.get(s)
	switch v.k {
	case kMissing:
		return 0, false
	case kDouble, kInt, kBool:
		return v.num(), true
	}
	x, err := tDouble.cast(v)
	if err != nil {
		r.fail(err)
		return 0, false
	}
	return x.f, true
}

func (m *regression) score(r *row, f *frame) result {
	if !f.classification() {
		y, ok := m.tables[0].linear(r, f.float32)
		if !ok {
			return absent
		}
		return result{value: double(narrow(inverseLink(m.norm, y), f.float32)), code: -1}
	}
	ys := r.floats(len(m.tables))
	for i, t := range m.tables {
		y, ok := t.linear(r, f.float32)
		if !ok {
			return absent
		}
		ys[i] = y
	}
	normalize(m.norm, ys, m.ordinal)
	probs := r.floats(len(f.classes.values))
	best := 0
	for i, t := range m.tables {
		probs[t.code] = ys[i]
		if ys[i] > ys[best] {
			best = i
		}
	}
	code := m.tables[best].code
	return result{value: f.classes.values[code], code: code, probs: probs}
}

// inverseLink turns a linear form into the response of a regression, or into the probability of one of two classes.
func inverseLink(norm string, y float64) float64 {
	switch norm {
	case "exp":
		return exp(y)
	case "logit", "softmax":
		return 1 / (1 + exp(-y))
	case "probit":
		return normalCDF(y)
	case "cloglog":
		return 1 - exp(-exp(y))
	case "loglog":
		return exp(-exp(-y))
	case "cauchit":
		return 0.5 + math.Atan(y)/math.Pi
	}
	return y
}

// normalize turns the linear forms of a classification, in the order of its tables, into probabilities. With ordinal
// set, a link function gives the probability of a class and all before it.
func normalize(norm string, ys []float64, ordinal bool) {
	last := len(ys) - 1
	switch norm {
	case "none":
		rest := 1.0
		for _, y := range ys[:last] {
			rest -= y
		}
		ys[last] = rest
		return
	case "softmax":
		softmax(ys)
		return
	case "simplemax":
		scale(ys)
		return
	}
	if ordinal {
		below := 0.0
		for i := range ys[:last] {
			p := inverseLink(norm, ys[i])
			ys[i], below = p-below, p
		}
		ys[last] = 1 - below
		return
	}
	if len(ys) == 2 {
		ys[0] = inverseLink(norm, ys[0])
		ys[1] = 1 - ys[0]
		return
	}
	for i := range ys {
		ys[i] = inverseLink(norm, ys[i])
	}
	scale(ys)
}

func softmax(ys []float64) {
	top := slices.Max(ys)
	for i := range ys {
		ys[i] = exp(ys[i] - top)
	}
	scale(ys)
}

// scale divides numbers by their sum.
func scale(ys []float64) {
	sum := 0.0
	for _, y := range ys {
		sum += y
	}
	for i := range ys {
		ys[i] /= sum
	}
}
