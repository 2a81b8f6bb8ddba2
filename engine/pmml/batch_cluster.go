package pmml

import "math"

// centerModel is the batch form of a ClusteringModel: a column of distances for each cluster, in the place of
// probabilities.
type centerModel struct {
	m     *clustering
	feats []int
}

func (c *compiler) clustering(f *frame, m *clustering) (batchModel, error) {
	k := &centerModel{m: m}
	if m.measure.binary() {
		return nil, unbatchedf("the measure %s has no batch form", m.measure.metric)
	}
	for i := range m.fields {
		if m.fields[i].compare == "gaussSim" {
			return nil, unbatchedf("compareFunction gaussSim has no batch form")
		}
		at, err := c.numericFeature(m.fields[i].slot)
		if err != nil {
			return nil, err
		}
		k.feats = append(k.feats, at)
	}
	return k, nil
}

// holes: a distance over some of the fields is the interpreter's.
func (k *centerModel) holes(t *tile) { t.spillAny(k.feats) }

func (k *centerModel) run(t *tile, s *stageData) {
	for c, center := range k.m.centers {
		out := s.probs[c*tileRows:][:t.n]
		clear(out)
		for j, f := range k.feats {
			k.add(out, t.x[f*tileRows:][:t.n], center[j], &k.m.fields[j])
		}
		switch k.m.measure.metric {
		case "euclidean":
			for i, d := range out {
				out[i] = math.Sqrt(d)
			}
		case "minkowski":
			p := 1 / k.m.measure.power
			for i, d := range out {
				out[i] = math.Pow(d, p)
			}
		}
	}
	code := s.code[:t.n]
	clear(code)
	best := t.scratch(0)[:t.n]
	copy(best, s.probs)
	for c := 1; c < len(k.m.centers); c++ {
		for i, d := range s.probs[c*tileRows:][:t.n] {
			if d < best[i] {
				best[i], code[i] = d, int32(c)
			}
		}
	}
}

// add adds a field's part to the distances.
func (k *centerModel) add(out, xs []float64, center float64, f *compared) {
	metric := k.m.measure.metric
	if f.compare == "absDiff" && (metric == "euclidean" || metric == "squaredEuclidean") {
		for i, x := range xs {
			d := math.Abs(x - center)
			out[i] += float64(f.weight * d * d)
		}
		return
	}
	for i, x := range xs {
		d := math.Abs(x - center)
		switch f.compare {
		case "delta":
			d = float64(b2i(d != 0))
		case "equal":
			d = float64(b2i(d == 0))
		}
		switch metric {
		case "cityBlock":
			out[i] += float64(f.weight * d)
		case "chebychev":
			out[i] = max(out[i], f.weight*d)
		case "minkowski":
			out[i] += float64(f.weight * math.Pow(d, k.m.measure.power))
		default:
			out[i] += float64(f.weight * d * d)
		}
	}
}
