package pmml

import "math"

// glmModel is the batch form of a GeneralRegressionModel without times, offsets by row or order among the categories.
type glmModel struct {
	m      *general
	forms  []glmForm
	feats  []int // all of them: where one is missing so is the prediction
	k      int
	target *target
	float  bool
}

type glmForm struct {
	code  int
	terms []glmTerm
}

// glmTerm is a coefficient times a product.
type glmTerm struct {
	beta  float64
	cells []glmCell
}

// glmCell is a feature to a power, or 1 where the feature is at.
type glmCell struct {
	feat     int
	exponent float64
	factor   bool
	at       float64
}

func (c *compiler) general(f *frame, m *general) (batchModel, error) {
	if m.cox != nil || m.kind == "ordinalMultinomial" || m.offsetSlot >= 0 || m.trialsSlot >= 0 {
		return nil, unbatchedf("a GeneralRegressionModel with times, ordered categories, offsets or trials by row has no batch form")
	}
	g := &glmModel{m: m, float: f.float32}
	if f.target.has {
		g.target = &f.target
	}
	if f.classification() {
		g.k = len(f.classes.values)
	}
	for _, form := range m.forms {
		out := glmForm{code: form.code}
		for _, b := range form.betas {
			term := glmTerm{beta: b.x}
			for i := range m.cells[b.param] {
				cell, err := c.glmCell(&m.cells[b.param][i])
				if err != nil {
					return nil, err
				}
				g.feats = append(g.feats, cell.feat)
				term.cells = append(term.cells, cell)
			}
			out.terms = append(out.terms, term)
		}
		g.forms = append(g.forms, out)
	}
	return g, nil
}

func (c *compiler) glmCell(cell *generalCell) (glmCell, error) {
	out := glmCell{exponent: cell.exponent, factor: cell.factor}
	var err error
	if !cell.factor {
		out.feat, err = c.numericFeature(cell.slot)
		return out, err
	}
	if out.feat, err = c.feature(cell.slot); err != nil {
		return out, err
	}
	if cell.by != nil || cell.at.v.missing() {
		return out, unbatchedf("a contrast matrix, or a category of a field without a type, has no batch form")
	}
	if f := &c.p.feats[out.feat]; f.cats != nil {
		out.at = float64(f.category(cell.at.v.s))
		return out, nil
	}
	out.at, err = threshold(cell.at.v)
	return out, err
}

// holes: a missing predictor makes the prediction missing.
func (g *glmModel) holes(t *tile) { t.loseAny(g.feats) }

func (g *glmModel) run(t *tile, s *stageData) {
	if need := (len(g.forms) + 1) * tileRows; len(t.ys) < need {
		t.ys = make([]float64, need)
	}
	for j := range g.forms {
		g.forms[j].run(t, t.column(j), g.m.offset)
	}
	switch {
	case g.m.kind == "multinomialLogistic":
		g.multinomial(t, s)
	case g.k > 0:
		clear(s.probs[:g.k*tileRows])
		yes, no := s.probs[g.forms[0].code*tileRows:], s.probs[g.m.refCode*tileRows:]
		for i, y := range t.column(0) {
			y = g.m.response(y)
			yes[i], no[i] = y, 1-y
		}
		t.strongest(s, g.k)
	default:
		for i, y := range t.column(0) {
			y = g.m.response(y) * g.m.trials
			if g.target != nil {
				y = g.target.rescale(y, g.float)
			}
			s.value[i] = y
		}
	}
}

// run adds up a form's terms.
func (f *glmForm) run(t *tile, ys []float64, offset float64) {
	for i := range ys {
		ys[i] = offset
	}
	z := t.scratch(0)[:len(ys)]
	for j := range f.terms {
		term := &f.terms[j]
		if len(term.cells) == 0 {
			for i := range ys {
				ys[i] += term.beta
			}
			continue
		}
		for i := range z {
			z[i] = 1
		}
		for k := range term.cells {
			term.cells[k].times(t, z)
		}
		for i, x := range z {
			ys[i] += float64(term.beta * x)
		}
	}
}

// times multiplies z by the cell's values.
func (c *glmCell) times(t *tile, z []float64) {
	xs := t.x[c.feat*tileRows:][:len(z)]
	switch {
	case c.factor:
		for i, x := range xs {
			z[i] *= float64(b2i(compareFloat(x, c.at) == 0))
		}
	case c.exponent == 1:
		for i, x := range xs {
			z[i] *= x
		}
	default:
		for i, x := range xs {
			z[i] *= math.Pow(x, c.exponent)
		}
	}
}

// multinomial is a softmax whose reference category has the form 0.
func (g *glmModel) multinomial(t *tile, s *stageData) {
	clear(s.probs[:g.k*tileRows])
	n := len(g.forms)
	row := t.numbers(n + 1)
	for i := range t.n {
		for j := range g.forms {
			row[j] = t.ys[j*tileRows+i]
		}
		row[n] = 0
		softmax(row)
		for j := range g.forms {
			s.probs[g.forms[j].code*tileRows+i] = row[j]
		}
		s.probs[g.m.refCode*tileRows+i] = row[n]
	}
	t.strongest(s, g.k)
}
