package pmml

import (
	"math"
	"strconv"
)

// clustering is the body of a ClusteringModel: the nearest center wins. Its classes are the clusters' ids.
type clustering struct {
	metric  string
	power   float64 // of minkowski
	compare string  // default compareFunction
	fields  []clusterField
	centers [][]float64
	missing []float64 // MissingValueWeights
}

type clusterField struct {
	slot    int
	weight  float64
	compare string
}

func newClustering(a *attrs, f *frame) body {
	m := &clustering{compare: "absDiff"}
	a.need("modelClass")
	a.word("modelClass", "centerBased")
	a.int("numberOfClusters", 0)
	if f.function != "clustering" {
		a.fail("functionName=%q is not supported, expected clustering", f.function)
	}
	return m
}

func (m *clustering) child(l *loader, f *frame, c *element) error {
	switch c.name {
	case "ComparisonMeasure":
		return m.measure(l, c)
	case "ClusteringField":
		return m.field(l, f, c)
	case "MissingValueWeights":
		return l.d.each(c, func(e *element) (err error) {
			m.missing, err = l.numbers(e)
			return err
		})
	case "Cluster":
		return m.cluster(l, f, c)
	}
	return c.unsupported(f.e)
}

func (m *clustering) measure(l *loader, e *element) error {
	a := e.read()
	a.need("kind")
	a.word("kind", "distance")
	m.compare = a.word("compareFunction", "absDiff", "delta", "equal")
	if err := a.end("minimum", "maximum"); err != nil {
		return err
	}
	return l.d.each(e, func(c *element) error {
		m.metric = c.name
		b := c.read()
		switch c.name {
		case "euclidean", "squaredEuclidean", "cityBlock", "chebychev":
		case "minkowski":
			b.need("p-parameter")
			m.power = b.num("p-parameter", 2)
		default:
			return c.errorf("this measure is not supported, expected euclidean, squaredEuclidean, cityBlock, chebychev or minkowski")
		}
		if err := b.end(); err != nil {
			return err
		}
		return l.d.none(c)
	})
}

func (m *clustering) field(l *loader, f *frame, e *element) error {
	a := e.read()
	name := a.need("field")
	cf := clusterField{weight: a.num("fieldWeight", 1), compare: a.word("compareFunction", "", "absDiff", "delta", "equal")}
	center := a.flag("isCenterField", true)
	if err := a.end("similarityScale"); err != nil {
		return err
	}
	v, err := l.resolve(f.scope, e, name)
	if err != nil {
		return err
	}
	if cf.slot = v.slot; center {
		m.fields = append(m.fields, cf)
	}
	return l.d.none(e)
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
	case m.metric == "":
		return f.e.errorf("has no ComparisonMeasure")
	case len(m.fields) == 0:
		return f.e.errorf("has no ClusteringField")
	case m.missing != nil && len(m.missing) != len(m.fields):
		return f.e.errorf("has %d MissingValueWeights for %d fields", len(m.missing), len(m.fields))
	}
	for i := range m.fields {
		if m.fields[i].compare == "" {
			m.fields[i].compare = m.compare
		}
	}
	return nil
}

func (m *clustering) score(r *row, f *frame) result {
	xs := r.floats(len(m.fields))
	present := make([]bool, len(m.fields))
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
		distances[k] = m.distance(xs, present, c, all/known)
		if distances[k] < distances[best] {
			best = k
		}
	}
	v := f.classes.values[best]
	return result{value: v, code: best, affinity: distances, entity: v.String()}
}

// distance leaves missing fields out and scales what is left by adjust.
func (m *clustering) distance(xs []float64, present []bool, center []float64, adjust float64) float64 {
	sum := 0.0
	for i := range m.fields {
		if !present[i] {
			continue
		}
		f := &m.fields[i]
		d := math.Abs(xs[i] - center[i])
		switch f.compare {
		case "delta":
			d = float64(b2i(d != 0))
		case "equal":
			d = float64(b2i(d == 0))
		}
		switch m.metric {
		case "cityBlock":
			sum += f.weight * d
		case "chebychev":
			sum = max(sum, f.weight*d)
		case "minkowski":
			sum += f.weight * math.Pow(d, m.power)
		default:
			sum += f.weight * d * d
		}
	}
	sum *= adjust
	switch m.metric {
	case "euclidean":
		return math.Sqrt(sum)
	case "minkowski":
		return math.Pow(sum, 1/m.power)
	}
	return sum
}
