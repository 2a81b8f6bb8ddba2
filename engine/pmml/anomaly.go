package pmml

import "math"

// anomaly is the body of an AnomalyDetectionModel: a model inside, and what its value says about the row.
type anomaly struct {
	algorithm string
	sample    float64
	inner     *frame
	means     []float64 // MeanClusterDistances
	e         *element
}

func newAnomaly(a *attrs, f *frame) body {
	m := &anomaly{}
	a.need("algorithmType")
	m.algorithm = a.word("algorithmType", "iforest", "ocsvm", "clusterMeanDist", "other")
	m.sample = a.num("sampleDataSize", 0)
	if m.algorithm == "iforest" && !(m.sample >= 2) {
		a.fail("algorithmType=%q needs a sampleDataSize of at least 2", m.algorithm)
	}
	return m
}

func (m *anomaly) child(l *loader, f *frame, c *element) (err error) {
	switch {
	case c.name == "MeanClusterDistances":
		return l.d.each(c, func(e *element) (err error) {
			m.e = c
			m.means, err = l.numbers(e)
			return err
		})
	case isModel(c.name) && m.inner == nil:
		m.inner, err = l.model(c, f)
		return err
	}
	return c.unsupported(f.e)
}

func (m *anomaly) finish(l *loader, f *frame) error {
	switch {
	case m.inner == nil:
		return f.e.errorf("has no model inside")
	case m.algorithm == "clusterMeanDist":
		c, ok := m.inner.body.(*clustering)
		if !ok {
			return m.inner.e.errorf("algorithmType=%q needs a ClusteringModel", m.algorithm)
		}
		if len(m.means) != len(c.centers) {
			return f.e.errorf("has %d MeanClusterDistances for %d clusters", len(m.means), len(c.centers))
		}
		for _, x := range m.means {
			if !(x > 0) {
				return m.e.errorf("a mean distance has to be positive, not %s", formatDouble(x))
			}
		}
	case m.inner.function != "regression":
		return m.inner.e.errorf("functionName=%q, expected regression", m.inner.function)
	}
	return nil
}

// euler is the Euler-Mascheroni constant.
const euler = 0.57721566490153286061

// pathLength is the mean depth of a failed search among n values.
func pathLength(n float64) float64 {
	if n <= 2 {
		return 1
	}
	return 2*(math.Log(n-1)+euler) - 2*(n-1)/n
}

func (m *anomaly) score(r *row, f *frame) result {
	res := m.inner.score(r)
	if res.missing {
		return absent
	}
	m.inner.emit(r, &res)
	switch m.algorithm {
	case "iforest": // the trees give path lengths
		return result{value: double(math.Exp2(-res.value.num() / pathLength(m.sample))), code: -1}
	case "clusterMeanDist":
		return result{value: double(res.affinity[res.code] / m.means[res.code]), code: -1, entity: res.entity}
	}
	return result{value: res.value, code: -1}
}
