package pmml

// contrast is the matrix of a factor of a GeneralRegressionModel: the numbers that stand for each category in the place
// of 0 and 1.
type contrast struct {
	e          *element
	categories []string
	rows       [][]float64
}

// contrastRow is the number of a category in one column.
type contrastRow struct {
	at key
	x  float64
}

// contrast decodes what is inside a Predictor: nothing, or categories and their matrix.
func (m *general) contrast(l *loader, e *element, name string) error {
	k := &contrast{e: e}
	err := l.d.each(e, func(c *element) error {
		switch c.name {
		case "Categories":
			return l.each(c, "Category", func(p *element) error {
				a := p.read()
				k.categories = append(k.categories, a.need("value"))
				if err := a.end(); err != nil {
					return err
				}
				return l.d.none(p)
			})
		case "Matrix":
			a := c.read()
			a.word("kind", "any")
			if err := a.end("nbRows", "nbCols", "diagDefault", "offDiagDefault"); err != nil {
				return err
			}
			return l.d.each(c, func(r *element) error {
				xs, err := l.numbers(r)
				k.rows = append(k.rows, xs)
				return err
			})
		}
		return c.unsupported(e)
	})
	if err != nil || k.categories == nil && k.rows == nil {
		return err
	}
	if len(k.rows) != len(k.categories) {
		return e.errorf("has %d categories and a matrix of %d rows", len(k.categories), len(k.rows))
	}
	for _, r := range k.rows {
		if len(r) != len(k.rows[0]) {
			return e.errorf("the rows of its matrix differ in length")
		}
	}
	if m.contrasts == nil {
		m.contrasts = map[string]*contrast{}
	}
	m.contrasts[name] = k
	return nil
}

// column gives the numbers of the column that a category names.
func (k *contrast) column(v *field, e *element, raw string) ([]contrastRow, error) {
	at := indexOf(k.categories, raw)
	if at < 0 || at >= len(k.rows[0]) {
		return nil, e.errorf("value=%q is no column of the predictor's matrix", raw)
	}
	var out []contrastRow
	for i, c := range k.categories {
		key, err := v.key(k.e, c)
		if err != nil {
			return nil, err
		}
		out = append(out, contrastRow{key, k.rows[i][at]})
	}
	return out, nil
}

// contrastOf is a category's number, 0 for one that the matrix does not have.
func contrastOf(column []contrastRow, v value) float64 {
	for i := range column {
		if column[i].at.matches(v) {
			return column[i].x
		}
	}
	return 0
}
