package sparkml

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow/array"
)

// stringIndexer is one column of StringIndexer: the number of a label.
type stringIndexer struct {
	in, out int
	name    string
	index   map[string]float64
	labels  int
	invalid invalid
}

func readStringIndexer(b *builder) error {
	ins, outs, err := b.pairs()
	if err != nil {
		return err
	}
	inv, err := b.md.invalid()
	if err != nil {
		return err
	}
	t, err := b.data()
	if err != nil {
		return err
	}
	labels, err := indexerLabels(t)
	if err != nil {
		return err
	}
	if len(labels) != len(ins) {
		return fmt.Errorf("it has %d input columns, but the labels of %d", len(ins), len(labels))
	}
	for i, in := range ins {
		s := &stringIndexer{name: in, index: make(map[string]float64, len(labels[i])), labels: len(labels[i]), invalid: inv}
		for k, l := range labels[i] {
			s.index[l] = float64(k)
		}
		if s.in, s.out, err = b.useCreate(in, text, slot{name: outs[i], kind: numbers, labels: labels[i]}); err != nil {
			return err
		}
		b.add(s)
		b.nodes[len(b.nodes)-1].drop = true
	}
	return nil
}

// indexerLabels reads the labels of each column; Spark before 3.0 wrote one column's as labels.
func indexerLabels(t *table) ([][]string, error) {
	if err := t.one(); err != nil {
		return nil, err
	}
	if _, old := t.leaves["labels"]; old {
		l, err := t.column("labels", 1, true)
		if err != nil {
			return nil, err
		}
		return listed(l, l.strs), nil
	}
	l, err := t.column("labelsArray", 2, true)
	if err != nil {
		return nil, err
	}
	return listed2(l, l.strs)[0], nil
}

func (s *stringIndexer) run(t *tile) error {
	in, out := &t.cols[s.in], t.numbers(s.out)
	for i := range out {
		if in.ok(i) {
			if k, ok := s.index[in.str(i)]; ok {
				out[i] = k
				continue
			}
		}
		out[i] = float64(s.labels)
		if s.invalid == keep || !t.alive(i) {
			continue
		}
		err := missing(fmt.Errorf("StringIndexer(%s): StringIndexer encountered NULL value. To handle or skip NULLS, try setting StringIndexer.handleInvalid", s.name))
		if in.ok(i) {
			err = fmt.Errorf("StringIndexer(%s): Unseen label: %s. To handle unseen labels, set Param handleInvalid to keep", s.name, in.str(i))
		}
		t.refuse(s.out, i, err)
	}
	return nil
}

// vectorIndexer is VectorIndexer: the values of categorical features become indexes.
type vectorIndexer struct {
	in, out int
	name    string
	dim     int
	maps    []map[float64]float64 // by feature, nil for a number
	invalid invalid
}

func readVectorIndexer(b *builder) error {
	in, out, err := b.inputOutput()
	if err != nil {
		return err
	}
	s := &vectorIndexer{name: in}
	if s.invalid, err = b.md.invalid(); err != nil {
		return err
	}
	t, err := b.data()
	if err != nil {
		return err
	}
	n, err := t.number("numFeatures")
	if err != nil {
		return err
	}
	if n < 1 || n > maxBlock {
		return fmt.Errorf("it has %v features", n)
	}
	s.dim, s.maps = int(n), make([]map[float64]float64, int(n))
	if err := s.categories(t); err != nil {
		return err
	}
	if s.in, err = b.vector(in, s.dim); err != nil {
		return err
	}
	if s.out, err = b.create(slot{name: out, kind: vector, dim: s.dim}); err != nil {
		return err
	}
	b.add(s)
	return nil
}

func (s *vectorIndexer) categories(t *table) error {
	k, err := t.column("categoryMaps.key", 1, false)
	if err != nil {
		return err
	}
	v, err := t.column("categoryMaps.value.key", 2, false)
	if err != nil {
		return err
	}
	x, err := t.column("categoryMaps.value.value", 2, false)
	if err != nil {
		return err
	}
	feats, from, to := listed(k, k.nums)[0], listed2(v, v.nums)[0], listed2(x, x.nums)[0]
	if len(from) != len(feats) || len(to) != len(feats) {
		return fmt.Errorf("the column categoryMaps of data is damaged")
	}
	for i, f := range feats {
		if f < 0 || int(f) >= s.dim || len(from[i]) != len(to[i]) {
			return fmt.Errorf("the column categoryMaps of data is damaged")
		}
		m := make(map[float64]float64, len(from[i]))
		for c, old := range from[i] {
			m[old] = to[i][c]
		}
		s.maps[int(f)] = m
	}
	return nil
}

func (s *vectorIndexer) run(t *tile) error {
	in := &t.cols[s.in]
	if in.dim != s.dim {
		return fmt.Errorf("VectorIndexer(%s): the vectors have %d features, expected %d", s.name, in.dim, s.dim)
	}
	x, err := t.dense(in)
	if err != nil {
		return err
	}
	out := t.vectors(s.out, s.dim)
	t.cols[s.out].valid = in.valid
	for j, m := range s.maps {
		from, to := x[j*tileRows:j*tileRows+t.n], out[j*tileRows:j*tileRows+t.n]
		if m == nil {
			copy(to, from)
			continue
		}
		for i, v := range from {
			k, ok := m[v]
			if !ok {
				k = float64(len(m))
				if s.invalid != keep && in.ok(i) && t.alive(i) {
					err := fmt.Errorf("VectorIndexer(%s): VectorIndexer encountered invalid value %s on feature index %d. "+
						"To handle or skip invalid value, try setting VectorIndexer.handleInvalid", s.name, javaDouble(v), j)
					if v != v {
						err = missing(err)
					}
					t.refuse(s.out, i, err)
				}
			}
			to[i] = k
		}
	}
	return nil
}

// oneHot is one column of OneHotEncoder.
type oneHot struct {
	in, out    int
	name       string
	cats, size int
	keep       bool
}

// denseOneHot is the greatest size of vectors that are made dense.
const denseOneHot = 64

func readOneHot(b *builder) error {
	ins, outs, err := b.pairs()
	if err != nil {
		return err
	}
	inv, err := b.md.invalid()
	if err != nil {
		return err
	}
	drop, err := b.md.flag("dropLast", true)
	if err != nil {
		return err
	}
	t, err := b.data()
	if err != nil {
		return err
	}
	if err := t.one(); err != nil {
		return err
	}
	sizes, err := t.lists("categorySizes")
	if err != nil {
		return err
	}
	if len(sizes[0]) != len(ins) {
		return fmt.Errorf("it has %d input columns, but the sizes of %d", len(ins), len(sizes[0]))
	}
	for i, in := range ins {
		s := &oneHot{name: in, cats: int(sizes[0][i]), keep: inv == keep}
		s.size = s.cats
		if drop && !s.keep {
			s.size--
		}
		if !drop && s.keep {
			s.size++
		}
		if s.size < 0 || s.size > maxDim {
			return fmt.Errorf("the column %s has %d categories", in, s.cats)
		}
		if s.in, s.out, err = b.useCreate(in, numbers, slot{name: outs[i], kind: vector, dim: s.size}); err != nil {
			return err
		}
		b.add(s)
	}
	return nil
}

// category is the place of the 1, or s.size for none; false if the value is refused.
func (s *oneHot) category(v float64) (int, bool) {
	if v >= 0 && v < float64(s.cats) {
		return int(v), true
	}
	return s.cats, s.keep
}

// unseen is why a value is refused.
func (s *oneHot) unseen(v float64) error {
	if v < 0 {
		return fmt.Errorf("OneHotEncoder(%s): Negative value: %s. Input can't be negative. To handle invalid values, set Param handleInvalid to keep", s.name, javaDouble(v))
	}
	return fmt.Errorf("OneHotEncoder(%s): Unseen value: %s. To handle unseen values, set Param handleInvalid to keep", s.name, javaDouble(v))
}

func (s *oneHot) run(t *tile) error {
	in := &t.cols[s.in]
	var out []float64
	var sp *column
	if s.size <= denseOneHot {
		out = t.vectors(s.out, s.size)
		for j := range s.size {
			clear(out[j*tileRows : j*tileRows+t.n])
		}
	} else {
		sp = t.sparse(s.out, s.size)
	}
	t.cols[s.out].valid = in.valid
	for i, v := range in.x[:t.n] {
		k, ok := s.category(v)
		if !ok && in.ok(i) && t.alive(i) {
			t.refuse(s.out, i, s.unseen(v))
		}
		if k < s.size {
			if sp == nil {
				out[k*tileRows+i] = 1
			} else {
				sp.idx, sp.val = append(sp.idx, int32(k)), append(sp.val, 1)
			}
		}
		if sp != nil {
			sp.close()
		}
	}
	return nil
}

// loadWords reads a column of arrays of strings into a slot; NULL elements are empty.
func (t *tile) loadWords(slot int, a *array.List, base int) {
	c := &t.cols[slot]
	values := a.ListValues().(*array.String)
	c.valid, c.bytes, c.ends, c.ptr = nil, c.bytes[:0], c.ends[:0], append(c.ptr[:0], 0)
	for i := range t.n {
		if a.IsNull(base + i) {
			t.null(slot, i)
		} else {
			from, to := a.ValueOffsets(base + i)
			for k := from; k < to; k++ {
				start := len(c.bytes)
				if values.IsValid(int(k)) {
					c.bytes = append(c.bytes, values.Value(int(k))...)
				}
				c.ends = append(c.ends, int32(start), int32(len(c.bytes)))
			}
		}
		c.ptr = append(c.ptr, int32(len(c.ends)/2))
	}
}
