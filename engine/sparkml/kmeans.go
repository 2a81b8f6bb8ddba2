package sparkml

import (
	"fmt"
	"math"
)

// kmeans finds the nearest centre.
type kmeans struct {
	centres [][]float64
	cosine  bool
	name    string
}

func readKMeans(b *builder) error {
	t, err := b.data()
	if err != nil {
		return err
	}
	ids, err := t.scalars("clusterIdx", -1)
	if err != nil {
		return err
	}
	vs, err := t.vectors("clusterCenter")
	if err != nil {
		return err
	}
	k := &kmeans{centres: make([][]float64, len(ids))}
	for i, id := range ids {
		if id < 0 || int(id) >= len(ids) || len(vs[i]) != len(vs[0]) || k.centres[int(id)] != nil {
			return fmt.Errorf("the cluster %v of %d is double or damaged", id, len(ids))
		}
		k.centres[int(id)] = vs[i]
	}
	if len(ids) == 0 || len(vs[0]) == 0 {
		return fmt.Errorf("it has no clusters")
	}
	measure, err := b.md.text("distanceMeasure", "euclidean")
	if err != nil {
		return err
	}
	switch measure {
	case "euclidean":
	case "cosine":
		k.cosine = true
		for _, c := range k.centres {
			n := 0.0
			for _, v := range c {
				n += v * v
			}
			for j := range c {
				c[j] /= math.Sqrt(n)
			}
		}
	default:
		return fmt.Errorf("the distanceMeasure %q is not supported, expected euclidean or cosine", measure)
	}
	if k.name, err = b.md.text("featuresCol", "features"); err != nil {
		return err
	}
	return b.regress(len(k.centres[0]), k, true)
}

func (k *kmeans) score(t *tile, in *column, out []float64) error {
	x, err := t.dense(in)
	if err != nil {
		return err
	}
	best, d := grow(&t.block, tileRows)[:t.n], grow(&t.counts, tileRows)[:t.n]
	for i := range best {
		best[i], out[i] = math.Inf(1), 0
	}
	k.checkNorms(t, in, x)
	for c, centre := range k.centres {
		clear(d)
		for j, m := range centre {
			col := x[j*tileRows : j*tileRows+len(d)]
			if k.cosine {
				for i, v := range col {
					d[i] -= v * m
				}
				continue
			}
			for i, v := range col {
				d[i] += (v - m) * (v - m)
			}
		}
		for i := range d {
			if d[i] < best[i] {
				best[i], out[i] = d[i], float64(c)
			}
		}
	}
	return nil
}

// checkNorms refuses vectors with NaN, and for the cosine those of length 0, which have no direction: Spark fails then.
func (k *kmeans) checkNorms(t *tile, in *column, x []float64) {
	sums := grow(&t.norms, tileRows)[:t.n]
	clear(sums)
	for j := range in.dim {
		for i, v := range x[j*tileRows : j*tileRows+t.n] {
			sums[i] += v * v
		}
	}
	for i, sum := range sums {
		bad := sum != sum || k.cosine && sum == 0
		if !bad || !in.ok(i) || !t.alive(i) {
			continue
		}
		if sum == 0 {
			t.drop(i, fmt.Errorf("KMeans(%s): Cosine distance is not defined for zero-length vectors", k.name))
			continue
		}
		t.drop(i, missing(fmt.Errorf("KMeans(%s): the vector has NaN", k.name)))
	}
}
