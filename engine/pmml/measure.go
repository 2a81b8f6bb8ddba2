package pmml

import "math"

// measure is a ComparisonMeasure: how far two records are from each other, or how alike.
type measure struct {
	e          *element
	kind       string // distance, similarity
	metric     string // element name
	power      float64
	compare    string // default compareFunction
	parameters [8]float64
}

// measures are the supported elements of a ComparisonMeasure, the distances first.
var measures = []string{"euclidean", "squaredEuclidean", "cityBlock", "chebychev", "minkowski",
	"simpleMatching", "jaccard", "tanimoto", "binarySimilarity"}

// compared is a field of a comparison.
type compared struct {
	slot    int
	weight  float64
	compare string
	scale   float64 // similarityScale
	text    bool    // not a number: only equal or not
}

func (l *loader) measure(e *element) (*measure, error) {
	a := e.read()
	m := &measure{e: e, kind: "distance"}
	a.need("kind")
	m.kind = a.word("kind", "distance", "similarity")
	m.compare = a.word("compareFunction", "absDiff", "delta", "equal", "gaussSim")
	if err := a.end("minimum", "maximum"); err != nil {
		return nil, err
	}
	err := l.d.each(e, func(c *element) error {
		if m.metric != "" {
			return c.errorf("a second measure")
		}
		m.metric = c.name
		b := c.read()
		if !contains(measures, c.name) {
			return c.errorf("this measure is not supported, expected one of %s", join(measures))
		}
		if m.binary() != (m.kind == "similarity") {
			return c.errorf("is not a %s", m.kind)
		}
		switch c.name {
		case "minkowski":
			b.need("p-parameter")
			if m.power = b.num("p-parameter", 2); b.err == nil && !(m.power > 0) {
				b.fail("p-parameter=%q is not positive", b.str("p-parameter", ""))
			}
		case "binarySimilarity":
			for i, n := range []string{"c00", "c01", "c10", "c11", "d00", "d01", "d10", "d11"} {
				b.need(n + "-parameter")
				m.parameters[i] = b.num(n+"-parameter", 0)
			}
		}
		if err := b.end(); err != nil {
			return err
		}
		return l.d.none(c)
	})
	if err == nil && m.metric == "" {
		err = e.errorf("names no measure, expected one of %s", join(measures))
	}
	return m, err
}

// binary reports whether the measure compares yes and no.
func (m *measure) binary() bool {
	switch m.metric {
	case "simpleMatching", "jaccard", "tanimoto", "binarySimilarity":
		return true
	}
	return false
}

// compared decodes the attributes that a ClusteringField and a KNNInput have in common, and resolves the field.
func (l *loader) compared(f *frame, e *element, a *attrs) (compared, error) {
	name := a.need("field")
	c := compared{weight: a.num("fieldWeight", 1), compare: a.word("compareFunction", "", "absDiff", "delta", "equal", "gaussSim")}
	c.scale = a.num("similarityScale", 1)
	if err := a.end(); err != nil {
		return c, err
	}
	v, err := l.resolve(f.scope, e, name)
	if err != nil {
		return c, err
	}
	c.slot = v.slot
	c.text = !v.free && !v.typ.numeric() && v.typ != tBoolean
	return c, l.d.none(e)
}

// settle gives the fields without a compareFunction the measure's.
func (m *measure) settle(fields []compared) error {
	for i := range fields {
		f := &fields[i]
		if f.compare == "" {
			if f.compare = m.compare; f.text && f.compare == "absDiff" {
				f.compare = "delta"
			}
		}
		if f.text && (f.compare == "absDiff" || f.compare == "gaussSim") {
			return m.e.errorf("a field that is no number needs compareFunction delta or equal, not %s", f.compare)
		}
		if f.text && m.binary() {
			return m.e.errorf("%s needs numbers", m.metric)
		}
	}
	return nil
}

// between compares x with y. present tells which of x there are: missing fields are left out and a distance is
// scaled by adjust.
func (m *measure) between(fields []compared, x, y []float64, present []bool, adjust float64) float64 {
	if m.binary() {
		return m.alike(x, y, present)
	}
	sum := 0.0
	for i := range fields {
		if !present[i] {
			continue
		}
		f := &fields[i]
		d := math.Abs(x[i] - y[i])
		switch f.compare {
		case "delta":
			d = float64(b2i(d != 0))
		case "equal":
			d = float64(b2i(d == 0))
		case "gaussSim":
			d = math.Exp(-math.Ln2 * d * d / (f.scale * f.scale))
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

// alike is a similarity of binary vectors, from the counts of places where both, one or none of them are not 0.
func (m *measure) alike(x, y []float64, present []bool) float64 {
	var a11, a10, a01, a00 float64
	for i := range x {
		switch {
		case !present[i]:
		case x[i] != 0 && y[i] != 0:
			a11++
		case x[i] != 0:
			a10++
		case y[i] != 0:
			a01++
		default:
			a00++
		}
	}
	switch m.metric {
	case "simpleMatching":
		return (a11 + a00) / (a11 + a10 + a01 + a00)
	case "jaccard":
		return a11 / (a11 + a10 + a01)
	case "tanimoto":
		return (a11 + a00) / (a11 + 2*(a10+a01) + a00)
	}
	p := &m.parameters
	return (p[3]*a11 + p[2]*a10 + p[1]*a01 + p[0]*a00) / (p[7]*a11 + p[6]*a10 + p[5]*a01 + p[4]*a00)
}

// nearer reports whether a is nearer than b.
func (m *measure) nearer(a, b float64) bool {
	if m.kind == "similarity" {
		return a > b
	}
	return a < b
}
