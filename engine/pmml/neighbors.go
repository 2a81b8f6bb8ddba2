package pmml

import (
	"slices"
	"strconv"
)

// neighbors is the body of a NearestNeighborModel: the training rows nearest to a row decide.
type neighbors struct {
	k         int
	numbers   string // continuousScoringMethod
	votes     string // categoricalScoringMethod
	threshold float64
	idField   string
	measure   *measure
	fields    []compared
	columns   []instanceField
	table     inlineTable
	found     *element
	points    [][]float64
	words     []map[string]float64 // of fields that are text: a number for each value
	targets   []float64            // of a regression
	codes     []int                // of a classification
	ids       []string
}

// instanceField is an InstanceField: a column of the training rows.
type instanceField struct {
	e         *element
	name, col string
}

func newNeighbors(a *attrs, f *frame) body {
	m := &neighbors{}
	a.need("numberOfNeighbors")
	m.k = a.int("numberOfNeighbors", 1)
	if m.k < 1 {
		a.fail("numberOfNeighbors=%d, expected at least 1", m.k)
	}
	m.numbers = a.word("continuousScoringMethod", "average", "median", "weightedAverage")
	m.votes = a.word("categoricalScoringMethod", "majorityVote", "weightedMajorityVote")
	m.threshold = a.num("threshold", 0.001)
	m.idField = a.str("instanceIdVariable", "")
	return m
}

func (m *neighbors) child(l *loader, f *frame, c *element) (err error) {
	switch c.name {
	case "TrainingInstances":
		m.found = c
		m.columns, m.table, err = l.trainingInstances(c)
		return err
	case "ComparisonMeasure":
		m.measure, err = l.measure(c)
		return err
	case "KNNInputs":
		return l.each(c, "KNNInput", func(e *element) error {
			in, err := l.compared(f, e, e.read())
			m.fields = append(m.fields, in)
			return err
		})
	}
	return c.unsupported(f.e)
}

// trainingInstances decodes a TrainingInstances element.
func (l *loader) trainingInstances(e *element) (columns []instanceField, table inlineTable, err error) {
	if err := e.read().end("isTransformed", "recordCount", "fieldCount"); err != nil {
		return nil, nil, err
	}
	err = l.d.each(e, func(c *element) (err error) {
		switch c.name {
		case "InstanceFields":
			return l.each(c, "InstanceField", func(p *element) error {
				a := p.read()
				f := instanceField{e: p, name: a.need("field")}
				f.col = column(a.str("column", f.name))
				if err := a.end(); err != nil {
					return err
				}
				columns = append(columns, f)
				return l.d.none(p)
			})
		case "InlineTable":
			table, err = l.inlineTable(c)
			return err
		}
		return c.unsupported(e)
	})
	switch {
	case err != nil:
	case len(columns) == 0:
		err = e.errorf("has no InstanceFields")
	case len(table) == 0:
		err = e.errorf("has no rows in an InlineTable")
	}
	return columns, table, err
}

// trainingRows gives the fields of the training rows to the interpreter and calls each for every row. A column may be
// an input, or a derived field whose value it has.
func (l *loader) trainingRows(f *frame, columns []instanceField, table inlineTable, each func(r *row, cells map[string]string) error) error {
	known := make([]*field, len(columns))
	for i, c := range columns {
		if l.lookup(f.scope, c.name) == nil {
			continue // the target, or the rows' ids
		}
		var err error
		if known[i], err = l.resolve(f.scope, c.e, c.name); err != nil {
			return err
		}
	}
	r := (&program{slots: l.slots, cols: l.inputs}).newRow()
	for n, cells := range table {
		r.reset()
		for i, c := range columns {
			v := value{}
			raw, ok := cells[c.col]
			if known[i] == nil {
				continue
			}
			if ok {
				var err error
				if v, err = known[i].typ.parse(raw); err != nil {
					return c.e.errorf("row %d: %v", n+1, err)
				}
			}
			r.set(known[i].slot, v)
		}
		if err := each(r, cells); err != nil {
			return err
		}
	}
	return nil
}

// columnOf is the column of a field, or def.
func columnOf(columns []instanceField, name, def string) string {
	for _, c := range columns {
		if c.name == name {
			return c.col
		}
	}
	return def
}

func (m *neighbors) finish(l *loader, f *frame) error {
	switch {
	case m.measure == nil:
		return f.e.errorf("has no ComparisonMeasure")
	case len(m.fields) == 0:
		return f.e.errorf("has no KNNInputs")
	case m.found == nil:
		return f.e.errorf("has no TrainingInstances")
	case f.target.name == "":
		return f.e.errorf("a NearestNeighborModel without a target is not supported")
	}
	if err := m.measure.settle(m.fields); err != nil {
		return err
	}
	target := columnOf(m.columns, f.target.name, "")
	if target == "" {
		return m.found.errorf("has no InstanceField for the target %q", f.target.name)
	}
	m.words = make([]map[string]float64, len(m.fields))
	return l.trainingRows(f, m.columns, m.table, func(r *row, cells map[string]string) error {
		n := len(m.points) + 1
		point := make([]float64, len(m.fields))
		for i := range m.fields {
			x, ok := m.coordinate(r, i, true)
			if !ok {
				return m.found.errorf("row %d: a KNNInput is missing", n)
			}
			point[i] = x
		}
		if r.err != nil {
			return m.found.errorf("row %d: %v", n, r.err)
		}
		m.points = append(m.points, point)
		m.ids = append(m.ids, m.id(cells, n))
		raw, ok := cells[target]
		if !ok {
			return m.found.errorf("row %d has no target", n)
		}
		return m.teach(f, raw, n)
	})
}

// teach notes a training row's target.
func (m *neighbors) teach(f *frame, raw string, n int) error {
	if f.classification() {
		code, err := f.classes.code(m.found, raw)
		m.codes = append(m.codes, code)
		return err
	}
	x, err := parseFloat(raw)
	if err != nil {
		return m.found.errorf("row %d: the target %v", n, err)
	}
	m.targets = append(m.targets, x)
	return nil
}

// id is a training row's instanceIdVariable, or its number.
func (m *neighbors) id(cells map[string]string, n int) string {
	if m.idField != "" {
		if s, ok := cells[columnOf(m.columns, m.idField, column(m.idField))]; ok {
			return s
		}
	}
	return strconv.Itoa(n)
}

// coordinate is a row's coordinate; a text has a number of its own, -1 for one that no training row has.
func (m *neighbors) coordinate(r *row, i int, learn bool) (float64, bool) {
	if !m.fields[i].text {
		return r.number(m.fields[i].slot)
	}
	v := r.get(m.fields[i].slot)
	if v.missing() {
		return 0, false
	}
	x, ok := m.words[i][v.String()]
	switch {
	case ok:
		return x, true
	case !learn:
		return -1, true
	case m.words[i] == nil:
		m.words[i] = map[string]float64{}
	}
	x = float64(len(m.words[i]))
	m.words[i][v.String()] = x
	return x, true
}

func (m *neighbors) score(r *row, f *frame) result {
	xs := r.floats(len(m.fields))
	present := r.flags(len(m.fields))
	known := 0
	for i := range m.fields {
		if xs[i], present[i] = m.coordinate(r, i, false); present[i] {
			known++
		}
	}
	if known == 0 {
		return absent
	}
	adjust := float64(len(m.fields)) / float64(known)
	all := r.floats(len(m.points))
	near := make([]int, 0, m.k+1)
	for p := range m.points {
		all[p] = m.measure.between(m.fields, xs, m.points[p], present, adjust)
		if len(near) == m.k && !m.measure.nearer(all[p], all[near[m.k-1]]) {
			continue
		}
		at := len(near)
		for at > 0 && m.measure.nearer(all[p], all[near[at-1]]) {
			at--
		}
		if near = slices.Insert(near, at, p); len(near) > m.k {
			near = near[:m.k]
		}
	}
	res := m.decide(r, f, near, all)
	res.ids, res.distances = make([]string, len(near)), r.floats(len(near))
	for i, p := range near {
		res.ids[i], res.distances[i] = m.ids[p], all[p]
	}
	res.entity = res.ids[0]
	return res
}

// weight is a neighbor's weight in the weighted methods.
func (m *neighbors) weight(d float64) float64 {
	if m.measure.kind == "similarity" {
		return d
	}
	return 1 / (d + m.threshold)
}

func (m *neighbors) decide(r *row, f *frame, near []int, all []float64) result {
	if !f.classification() {
		return result{value: double(m.number(near, all)), code: -1}
	}
	votes := r.floats(len(f.classes.values))
	total := 0.0
	for _, p := range near {
		w := 1.0
		if m.votes == "weightedMajorityVote" {
			w = m.weight(all[p])
		}
		votes[m.codes[p]] += w
		total += w
	}
	best := m.codes[near[0]]
	for _, p := range near {
		if votes[m.codes[p]] > votes[best] {
			best = m.codes[p]
		}
	}
	for k := range votes {
		votes[k] /= total
	}
	return result{value: f.classes.values[best], code: best, probs: votes}
}

// number joins the neighbors' targets.
func (m *neighbors) number(near []int, all []float64) float64 {
	xs := make([]float64, len(near))
	sum, weights := 0.0, 0.0
	for i, p := range near {
		xs[i] = m.targets[p]
		w := 1.0
		if m.numbers == "weightedAverage" {
			w = m.weight(all[p])
		}
		sum += xs[i] * w
		weights += w
	}
	if m.numbers == "median" {
		return median(xs)
	}
	return sum / weights
}
