package pmml

import "math"

// anomalyModel is the batch form of an AnomalyDetectionModel over a regression: the model inside, and what its value says.
type anomalyModel struct {
	inner  batchModel
	length float64 // of the mean path, 0 if the value is the score
	target *target
	float  bool
}

func (c *compiler) anomaly(f *frame, m *anomaly) (batchModel, error) {
	if m.algorithm == "clusterMeanDist" {
		return nil, unbatchedf("algorithmType=%q has no batch form", m.algorithm)
	}
	if t := &m.inner.target; t.has && !t.standIn.missing() {
		return nil, unbatchedf("Targets with a default in the model inside have no batch form")
	}
	inner, err := c.body(m.inner)
	if err != nil {
		return nil, err
	}
	a := &anomalyModel{inner: inner, float: f.float32}
	if m.algorithm == "iforest" {
		a.length = pathLength(m.sample)
	}
	if f.target.has {
		a.target = &f.target
	}
	return a, nil
}

func (a *anomalyModel) holes(t *tile) { a.inner.holes(t) }

func (a *anomalyModel) run(t *tile, s *stageData) {
	a.inner.run(t, s)
	for i, y := range s.value[:t.n] {
		if a.length > 0 {
			y = math.Exp2(-y / a.length)
		}
		if a.target != nil {
			y = a.target.rescale(y, a.float)
		}
		s.value[i] = y
	}
}
