package pmml

import (
	"strconv"
)

// clustering is the body of a ClusteringModel: the nearest center wins. Its classes are the clusters' ids.
type clustering struct {
	measure *measure
	fields  []compared
	centers [][]float64
	missing []float64 // MissingValueWeights
}

func newClustering(a *attrs, f *frame) body {
	m := &clustering{}
	a.need("modelClass")
	a.word("modelClass", "centerBased")
	a.int("numberOfClusters", 0)
	return m
}

func (m *clustering) child(l *loader, f *frame, c *element) (err error) {
	switch c.name {
	case "ComparisonMeasure":
		m.measure, err = l.measure(c)
		return err
	case "ClusteringField":
		return m.field(l, f, c)
	case "MissingValueWeights":
		return l.d.each(c, func(e *element) (err error) {
			m.missing, err = l.numbers(e)
			return err
		})
	case "CenterFields":
		return c.errorf("the center fields of PMML 3.1 are not supported, expected ClusteringField elements")
	case "Cluster":
		return m.cluster(l, f, c)
	}
	return c.unsupported(f.e)
}

func (m *clustering) field(l *loader, f *frame, e *element) error {
	a := e.read()
	center := a.flag("isCenterField", true)
	c, err := l.compared(f, e, a)
	if center {
		m.fields = append(m.fields, c)
	}
	return err
}

func (m *clustering) cluster(l *loader, f *frame, e *element) error {
	a := e.read()
	id := a.str("id", strconv.Itoa(len(m.centers)+1))
	if err := a.end("name", "size"); err != nil {
		return err
	}
	code, err := f.classes.code(e, id)
	if err != nil {
		return err
	}
	if code != len(m.centers) {
		return e.errorf("a second cluster with the id %s", id)
	}
	var center []float64
	err = l.d.each(e, func(c *element) (err error) {
		switch c.name {
		case "Array":
			center, err = l.numbers(c)
			return err
		case "KohonenMap", "Partition", "Covariances":
			return l.d.skip(c)
		}
		return c.unsupported(e)
	})
	if err == nil && len(center) != len(m.fields) {
		err = e.errorf("its center has %d coordinates for %d fields", len(center), len(m.fields))
	}
	m.centers = append(m.centers, center)
	return err
}

// numbers decodes an Array of numbers.
func (l *loader) numbers(e *element) ([]float64, error) {
	if e.name != "Array" {
		return nil, e.errorf("not supported here, expected Array")
	}
	words, err := l.array(e)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(words))
	for i, w := range words {
		if out[i], err = parseFloat(w); err != nil {
			return nil, e.errorf("%v", err)
		}
	}
	return out, nil
}

func (m *clustering) finish(l *loader, f *frame) error {
	switch {
	case m.measure == nil:
		return f.e.errorf("has no ComparisonMeasure")
	case len(m.fields) == 0:
		return f.e.errorf("has no ClusteringField")
	case len(m.centers) == 0:
		return f.e.errorf("has no Cluster")
	case m.missing != nil && len(m.missing) != len(m.fields):
		return f.e.errorf("has %d MissingValueWeights for %d fields", len(m.missing), len(m.fields))
	}
	for i := range m.fields {
		if m.fields[i].text {
			return m.measure.e.errorf("a center needs numbers")
		}
	}
	return m.measure.settle(m.fields)
}

func (m *clustering) score(r *row, f *frame) result {
	xs := r.floats(len(m.fields))
	present := r.flags(len(m.fields))
	all, known := 0.0, 0.0
	for i := range m.fields {
		w := 1.0
		if m.missing != nil {
			w = m.missing[i]
		}
		all += w
		if xs[i], present[i] = r.number(m.fields[i].slot); present[i] {
			known += w
		}
	}
	if known == 0 {
		return absent
	}
	distances := r.floats(len(m.centers))
	best := 0
	for k, c := range m.centers {
		distances[k] = m.measure.between(m.fields, xs, c, present, all/known)
		if m.measure.nearer(distances[k], distances[best]) {
			best = k
		}
	}
	v := f.classes.values[best]
	return result{value: v, code: best, affinity: distances, entity: v.String()}
}
