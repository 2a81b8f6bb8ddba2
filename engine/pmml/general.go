package pmml

import (
	"math"
)

// general is the body of a GeneralRegressionModel: linear forms over products of covariates and factor indicators.
type general struct {
	kind, link string
	power      float64 // linkParameter
	reference  string  // targetReferenceCategory
	hasRef     bool
	offset     float64
	params     map[string]int
	names      []string
	factors    map[string]bool
	covariates map[string]bool
	cells      [][]generalCell // by parameter
	betas      []beta
	forms      []generalForm
	refCode    int
	references []float64 // referencePoint by parameter
	contrasts  map[string]*contrast

	dist        float64 // distParameter
	cumulative  string  // cumulativeLink of an ordinal model
	offsetField string
	trials      float64
	trialsField string
	offsetSlot  int // -1 for none
	trialsSlot  int
	cox         *cox
}

type generalCell struct {
	slot     int
	by       []contrastRow // instead of at: a number for each category
	exponent float64
	at       key
	factor   bool
}

type beta struct {
	class string
	has   bool
	param int
	x     float64
}

// generalForm is the linear form of a class, or the only one.
type generalForm struct {
	code  int
	betas []beta
}

func newGeneral(a *attrs, f *frame) body {
	m := &general{params: map[string]int{}, factors: map[string]bool{}, covariates: map[string]bool{}, refCode: -1}
	a.need("modelType")
	m.kind = a.word("modelType", "generalizedLinear", "generalLinear", "regression", "multinomialLogistic", "ordinalMultinomial", "CoxRegression")
	m.link = a.word("linkFunction", "identity", "log", "logc", "logit", "probit", "cloglog", "loglog", "cauchit", "power", "negbin", "oddspower")
	m.cumulative = a.word("cumulativeLink", "logit", "probit", "cloglog", "loglog", "cauchit")
	m.offsetField, m.trialsField = a.str("offsetVariable", ""), a.str("trialsVariable", "")
	m.trials, m.dist = a.num("trialsValue", 1), a.num("distParameter", 1)
	m.offsetSlot, m.trialsSlot = -1, -1
	m.power = a.num("linkParameter", 1)
	m.reference, m.hasRef = a.get("targetReferenceCategory")
	m.offset = a.num("offsetValue", 0)
	for _, s := range []string{"targetVariableName", "distribution", "modelDF", "confidenceLevel"} {
		a.str(s, "")
	}
	if ordered := m.kind == "multinomialLogistic" || m.kind == "ordinalMultinomial"; ordered && !f.classification() {
		a.fail("modelType=%q needs a classification", m.kind)
	}
	if m.kind == "CoxRegression" {
		m.cox = newCox(a, f)
	}
	return m
}

func (m *general) child(l *loader, f *frame, c *element) error {
	switch c.name {
	case "ParameterList":
		return l.each(c, "Parameter", func(e *element) error {
			a := e.read()
			name := a.need("name")
			if _, twice := m.params[name]; twice {
				a.fail("the parameter %q is defined twice", name)
			}
			m.references = append(m.references, a.num("referencePoint", 0))
			m.params[name] = len(m.cells)
			m.names = append(m.names, name)
			m.cells = append(m.cells, nil)
			if err := a.end("label"); err != nil {
				return err
			}
			return l.d.none(e)
		})
	case "FactorList":
		return m.predictors(l, c, m.factors)
	case "EventValues":
		return l.d.skip(c) // of use only to train a Cox regression
	case "CovariateList":
		return m.predictors(l, c, m.covariates)
	case "PPMatrix":
		return l.each(c, "PPCell", func(e *element) error { return m.cell(l, f, e) })
	case "ParamMatrix":
		return l.each(c, "PCell", func(e *element) error { return m.beta(l, e) })
	case "PCovMatrix":
		return l.d.skip(c)
	case "BaseCumHazardTables":
		if m.cox == nil {
			return c.errorf(`needs modelType="CoxRegression"`)
		}
		return m.cox.tables(l, c)
	}
	return c.unsupported(f.e)
}

// each reads the children of e, all of one name.
func (l *loader) each(e *element, name string, f func(*element) error) error {
	return l.d.each(e, func(c *element) error {
		if c.name != name {
			return c.unsupported(e)
		}
		return f(c)
	})
}

func (m *general) predictors(l *loader, e *element, into map[string]bool) error {
	return l.each(e, "Predictor", func(p *element) error {
		a := p.read()
		into[a.need("name")] = true
		if err := a.end("contrastMatrixType"); err != nil {
			return err
		}
		return m.contrast(l, p, a.str("name", ""))
	})
}

func (m *general) parameter(a *attrs) int {
	name := a.need("parameterName")
	i, ok := m.params[name]
	if !ok {
		a.fail("the parameter %q is not in the ParameterList%s", name, hint(name, m.names))
	}
	return i
}

func (m *general) cell(l *loader, f *frame, e *element) error {
	a := e.read()
	name, raw := a.need("predictorName"), a.need("value")
	param := m.parameter(a)
	if err := a.end(); err != nil {
		return err
	}
	v, err := l.resolve(f.scope, e, name)
	if err != nil {
		return err
	}
	c := generalCell{slot: v.slot, factor: m.factors[name]}
	switch {
	case c.factor && m.contrasts[name] != nil:
		c.by, err = m.contrasts[name].column(v, e, raw)
	case c.factor:
		c.at, err = v.key(e, raw)
	case m.covariates[name]:
		if c.exponent, err = parseFloat(raw); err != nil {
			err = e.errorf("value=%q is not a number", raw)
		}
	default:
		err = e.errorf("the predictor %q is neither in the FactorList nor in the CovariateList", name)
	}
	if err != nil {
		return err
	}
	m.cells[param] = append(m.cells[param], c)
	return l.d.none(e)
}

func (m *general) beta(l *loader, e *element) error {
	a := e.read()
	a.need("beta")
	b := beta{x: a.num("beta", 0), param: m.parameter(a)}
	b.class, b.has = a.get("targetCategory")
	if err := a.end("df"); err != nil {
		return err
	}
	m.betas = append(m.betas, b)
	return l.d.none(e)
}

func (m *general) finish(l *loader, f *frame) error {
	if len(m.betas) == 0 {
		return f.e.errorf("has no ParamMatrix")
	}
	if err := m.extras(l, f); err != nil {
		return err
	}
	if m.kind == "ordinalMultinomial" {
		return m.ordinalForms(f)
	}
	if !f.classification() {
		m.forms = []generalForm{{code: -1, betas: m.betas}}
		return nil
	}
	if err := m.classForms(f); err != nil {
		return err
	}
	switch {
	case m.refCode < 0:
		return f.e.errorf("cannot tell the reference category: expected targetReferenceCategory, or one value of the target without parameters")
	case m.kind != "multinomialLogistic" && len(m.forms) != 1:
		return f.e.errorf("modelType=%q with %d categories besides the reference is not supported", m.kind, len(m.forms))
	}
	return nil
}

// classForms makes a linear form of each category that has parameters, in the order of the target's values.
func (m *general) classForms(f *frame) error {
	if d := f.target.data; d != nil {
		for _, v := range d.order {
			if _, err := f.classes.code(f.e, v.String()); err != nil {
				return err
			}
		}
	}
	if m.hasRef {
		var err error
		if m.refCode, err = f.classes.code(f.e, m.reference); err != nil {
			return err
		}
	}
	at := map[int]int{}
	for _, b := range m.betas {
		if !b.has {
			continue
		}
		code, err := f.classes.code(f.e, b.class)
		if err != nil {
			return err
		}
		if _, ok := at[code]; !ok && code != m.refCode {
			at[code] = len(m.forms)
			m.forms = append(m.forms, generalForm{code: code})
		}
	}
	for code := range f.classes.values {
		if _, ok := at[code]; ok || code == m.refCode {
			continue
		}
		if m.refCode < 0 {
			m.refCode = code
			continue
		}
		at[code] = len(m.forms) // a category for which only parameters without a category count
		m.forms = append(m.forms, generalForm{code: code})
	}
	for _, b := range m.betas {
		for i := range m.forms {
			if !b.has || f.classes.values[m.forms[i].code].String() == b.class {
				m.forms[i].betas = append(m.forms[i].betas, b)
			}
		}
	}
	return nil
}

// extras resolves the fields that attributes name.
func (m *general) extras(l *loader, f *frame) error {
	if m.cox != nil {
		if err := m.cox.bind(l, f); err != nil {
			return err
		}
	}
	for _, x := range []struct {
		name string
		slot *int
	}{{m.offsetField, &m.offsetSlot}, {m.trialsField, &m.trialsSlot}} {
		if x.name == "" {
			continue
		}
		v, err := l.resolve(f.scope, f.e, x.name)
		if err != nil {
			return err
		}
		*x.slot = v.slot
	}
	return nil
}

// ordinalForms makes a linear form of each category but the last, in the target's order.
func (m *general) ordinalForms(f *frame) error {
	if d := f.target.data; d != nil {
		for _, v := range d.order {
			if _, err := f.classes.code(f.e, v.String()); err != nil {
				return err
			}
		}
	}
	for _, b := range m.betas {
		if b.has {
			if _, err := f.classes.code(f.e, b.class); err != nil {
				return err
			}
		}
	}
	n := len(f.classes.values)
	if n < 2 {
		return f.e.errorf("an ordinal model needs at least two categories, here are %d", n)
	}
	for code := range n - 1 {
		form := generalForm{code: code}
		found := false
		for _, b := range m.betas {
			own := b.has && f.classes.values[code].String() == b.class
			if found = found || own; own || !b.has {
				form.betas = append(form.betas, b)
			}
		}
		if !found {
			return f.e.errorf("the category %s has no parameter of its own", f.classes.values[code])
		}
		m.forms = append(m.forms, form)
	}
	return nil
}

// linear is a form's value; false if a predictor is missing.
func (m *general) linear(r *row, form *generalForm) (float64, bool) {
	y := m.offset
	if m.offsetSlot >= 0 {
		x, ok := r.number(m.offsetSlot)
		if !ok {
			return 0, false
		}
		y += x
	}
	for _, b := range form.betas {
		z := 1.0
		for i := range m.cells[b.param] {
			c := &m.cells[b.param][i]
			if c.factor {
				v := r.get(c.slot)
				if v.missing() {
					return 0, false
				}
				if c.by != nil {
					z *= contrastOf(c.by, v)
				} else {
					z *= float64(b2i(c.at.matches(v)))
				}
				continue
			}
			x, ok := r.number(c.slot)
			if !ok {
				return 0, false
			}
			if c.exponent != 1 {
				x = math.Pow(x, c.exponent)
			}
			z *= x
		}
		y += b.x * z
	}
	return y, true
}

func (m *general) score(r *row, f *frame) result {
	switch m.kind {
	case "multinomialLogistic":
		return m.multinomial(r, f)
	case "ordinalMultinomial":
		return m.ordinal(r, f)
	}
	y, ok := m.linear(r, &m.forms[0])
	if !ok {
		return absent
	}
	if m.cox != nil {
		return m.cox.hazard(r, y-m.referenceForm())
	}
	y = m.response(y)
	if !f.classification() {
		trials := m.trials
		if m.trialsSlot >= 0 {
			if trials, ok = r.number(m.trialsSlot); !ok {
				return absent
			}
		}
		y *= trials
		return result{value: double(y), code: -1}
	}
	probs := r.floats(len(f.classes.values))
	probs[m.forms[0].code], probs[m.refCode] = y, 1-y
	return ofProbs(probs, f.classes)
}

// response inverts the link function.
func (m *general) response(y float64) float64 {
	switch m.link {
	case "log":
		return math.Exp(y)
	case "logc":
		return 1 - math.Exp(y)
	case "power":
		if m.power == 0 {
			return math.Exp(y)
		}
		return math.Pow(y, 1/m.power)
	case "negbin":
		return 1 / (m.dist * (math.Exp(-y) - 1))
	case "oddspower":
		if m.power == 0 {
			return inverseLink("logit", y)
		}
		return 1 / (1 + math.Pow(1+m.power*y, -1/m.power))
	}
	return inverseLink(m.link, y)
}

// referenceForm is the linear form at the parameters' reference points.
func (m *general) referenceForm() float64 {
	sum := 0.0
	for _, b := range m.betas {
		sum += b.x * m.references[b.param]
	}
	return sum
}

// ordinal gives each category the growth of the cumulative probability.
func (m *general) ordinal(r *row, f *frame) result {
	probs := r.floats(len(f.classes.values))
	below := 0.0
	for i := range m.forms {
		y, ok := m.linear(r, &m.forms[i])
		if !ok {
			return absent
		}
		p := inverseLink(m.cumulative, y)
		probs[i] = p - below
		below = p
	}
	probs[len(probs)-1] = 1 - below
	return ofProbs(probs, f.classes)
}

// multinomial is a softmax whose reference category has the form 0.
func (m *general) multinomial(r *row, f *frame) result {
	ys := r.floats(len(m.forms) + 1)
	for i := range m.forms {
		y, ok := m.linear(r, &m.forms[i])
		if !ok {
			return absent
		}
		ys[i] = y
	}
	softmax(ys)
	probs := r.floats(len(f.classes.values))
	for i := range m.forms {
		probs[m.forms[i].code] = ys[i]
	}
	probs[m.refCode] = ys[len(m.forms)]
	return ofProbs(probs, f.classes)
}
