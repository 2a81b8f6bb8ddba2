package sparkml

import (
	"fmt"
	"math"
)

// perceptron is a network of sigmoid layers; its last layer's sums are the raw scores.
type perceptron struct {
	layers []dense
}

// dense is one layer, its weights by output.
type dense struct {
	w [][]float64
	b []float64
}

func readPerceptron(b *builder) error {
	t, err := b.data()
	if err != nil {
		return err
	}
	weights, err := t.vector("weights")
	if err != nil {
		return err
	}
	var sizes []int
	if _, err := b.md.param("layers", &sizes); err != nil {
		return err
	}
	if len(sizes) < 2 {
		return fmt.Errorf("the metadata gives %d layers, expected at least 2", len(sizes))
	}
	p := &perceptron{}
	total := 0
	for i, n := range sizes {
		if n < 1 || n > maxBlock {
			return fmt.Errorf("the layer %d has %d nodes", i, n)
		}
		if i > 0 {
			total += n * (sizes[i-1] + 1)
		}
	}
	if total != len(weights) {
		return fmt.Errorf("the layers %v need %d weights, data has %d", sizes, total, len(weights))
	}
	for i, n := range sizes[1:] {
		in := sizes[i]
		d := dense{w: make([][]float64, n), b: weights[n*in : n*in+n]}
		for o := range d.w {
			d.w[o] = make([]float64, in)
			for j := range d.w[o] {
				d.w[o][j] = weights[j*n+o]
			}
		}
		weights = weights[n*in+n:]
		p.layers = append(p.layers, d)
	}
	return b.classify(&classifier{k: sizes[len(sizes)-1], dim: sizes[0], score: p, toProb: softmax})
}

func (p *perceptron) score(t *tile, in *column, out []float64) error {
	x, err := t.dense(in)
	if err != nil {
		return err
	}
	spare := [2]*[]float64{&t.block, &t.counts}
	for l := range p.layers {
		d := &p.layers[l]
		y := out
		last := l == len(p.layers)-1
		if !last {
			y = grow(spare[l%2], len(d.b)*tileRows)
		}
		for o, w := range d.w {
			sums := y[o*tileRows : o*tileRows+t.n]
			clear(sums)
			for j, wj := range w {
				for i, v := range x[j*tileRows : j*tileRows+len(sums)] {
					sums[i] += wj * v
				}
			}
			for i := range sums {
				sums[i] += d.b[o]
				if !last {
					sums[i] = 1 / (1 + math.Exp(-sums[i]))
				}
			}
		}
		x = y
	}
	return nil
}
