package sparkml

import (
	"errors"
	"fmt"
	"math"
)

// indexToString is IndexToString: a label for an index. The index is truncated towards zero as Java's (int) cast does
// it: 1.5 is 1, -0.5 and NaN are 0. NULL stays NULL; an index outside the labels is refused.
type indexToString struct {
	in, out int
	name    string
	labels  []string
}

func readIndexToString(b *builder) error {
	in, err := b.md.text("inputCol", "input")
	if err != nil {
		return err
	}
	out, err := b.md.text("outputCol", "output")
	if err != nil {
		return err
	}
	s := &indexToString{name: in}
	if _, err := b.md.param("labels", &s.labels); err != nil {
		return err
	}
	if s.in, err = b.use(in, numbers); err != nil {
		return err
	}
	if len(s.labels) == 0 {
		s.labels = b.slots[s.in].labels
	}
	if len(s.labels) == 0 {
		return errors.New("this IndexToString was saved without labels: Spark then takes them from the ML metadata of its input column, " +
			"which does not exist here; save it with them, as IndexToString(inputCol=..., outputCol=..., labels=indexerModel.labels)")
	}
	if s.out, err = b.create(slot{name: out, kind: text, shown: Predicted}); err != nil {
		return err
	}
	b.add(s)
	return nil
}

// index is the label number of a value, or -1 if there is none.
func (s *indexToString) index(x float64) int {
	if x > -1 && x < float64(len(s.labels)) {
		return int(x)
	}
	if math.IsNaN(x) {
		return 0
	}
	return -1
}

func (s *indexToString) run(t *tile) error {
	in, out := &t.cols[s.in], &t.cols[s.out]
	out.arr, out.labels, out.valid = nil, s.labels, in.valid
	codes := grow(&out.codes, tileRows)[:t.n]
	for i, x := range in.x[:t.n] {
		k := s.index(x)
		if k < 0 {
			if in.ok(i) && t.alive(i) {
				t.refuse(s.out, i, fmt.Errorf("IndexToString(%s): Unseen index: %s ?? (there are %d labels, 0 to %d)", s.name, javaDouble(x), len(s.labels), len(s.labels)-1))
			}
			k = 0
		}
		codes[i] = int32(k)
	}
	return nil
}
