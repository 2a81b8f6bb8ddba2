package sparkml

import (
	"fmt"
	"math"
)

// assembler is VectorAssembler: numbers and vectors side by side.
type assembler struct {
	in      []int
	names   []string
	out     int
	invalid invalid
}

func readAssembler(b *builder) error {
	md := b.md
	s := &assembler{}
	if _, err := md.param("inputCols", &s.names); err != nil {
		return err
	}
	if len(s.names) == 0 {
		return fmt.Errorf("it was saved without inputCols")
	}
	out, err := md.text("outputCol", md.UID+"__output")
	if err != nil {
		return err
	}
	if s.invalid, err = md.invalid(); err != nil {
		return err
	}
	dim := 0
	known := true
	for _, name := range s.names {
		k, size := numbers, 1
		if at, ok := b.byName[key(name)]; ok && b.slots[at].kind == vector {
			k, size = vector, b.slots[at].dim
			known = known && size > 0
		}
		at, err := b.use(name, k)
		if err != nil {
			return err
		}
		s.in = append(s.in, at)
		dim += size
	}
	if !known {
		dim = 0
	}
	if s.out, err = b.create(slot{name: out, kind: vector, dim: dim}); err != nil {
		return err
	}
	b.add(s)
	return nil
}

func (s *assembler) run(t *tile) error {
	dim, sparse := 0, false
	for _, at := range s.in {
		c := &t.cols[at]
		if c.kind == vector {
			dim += c.dim
			sparse = sparse || c.sparse
		} else {
			dim++
		}
	}
	if sparse {
		s.mix(t, dim)
	} else {
		s.pack(t, dim)
	}
	s.check(t)
	return nil
}

// pack copies the columns into a block.
func (s *assembler) pack(t *tile, dim int) {
	out := t.vectors(s.out, dim)
	j := 0
	for _, at := range s.in {
		c := &t.cols[at]
		k := 1
		if c.kind == vector {
			k = c.dim
		}
		for f := range k {
			copy(out[j*tileRows:j*tileRows+t.n], c.x[f*tileRows:])
			j++
		}
	}
}

// mix makes sparse vectors.
func (s *assembler) mix(t *tile, dim int) {
	out := t.sparse(s.out, dim)
	for i := range t.n {
		j := 0
		for _, at := range s.in {
			c := &t.cols[at]
			if c.kind == vector && c.sparse {
				for k := c.ptr[i]; k < c.ptr[i+1]; k++ {
					out.idx, out.val = append(out.idx, int32(j)+c.idx[k]), append(out.val, c.val[k])
				}
				j += c.dim
				continue
			}
			k := 1
			if c.kind == vector {
				k = c.dim
			}
			for f := range k {
				v := c.x[f*tileRows+i]
				if v != 0 || !c.ok(i) {
					out.idx, out.val = append(out.idx, int32(j)), append(out.val, v)
				}
				j++
			}
		}
		out.close()
	}
}

// check looks for NULL and NaN in the inputs.
func (s *assembler) check(t *tile) {
	for n, at := range s.in {
		c := &t.cols[at]
		if c.kind == numbers && s.invalid != keep {
			for i, v := range c.x[:t.n] {
				if v != v && c.ok(i) && t.alive(i) {
					s.refuse(t, n, i, "NaN")
				}
			}
		}
		if c.valid == nil {
			continue
		}
		for i, ok := range c.valid[:t.n] {
			if ok || !t.alive(i) {
				continue
			}
			if s.invalid == keep && c.kind == numbers {
				s.put(t, n, i, math.NaN())
				continue
			}
			s.refuse(t, n, i, "null")
		}
	}
}

// refuse gives a row up for what stands in input n.
func (s *assembler) refuse(t *tile, n, row int, what string) {
	t.refuse(s.out, row, missing(fmt.Errorf("VectorAssembler(%s): Encountered %s while assembling a row with handleInvalid = %q. "+
		"Consider removing %ss from dataset or using handleInvalid = \"keep\" or \"skip\"", s.names[n], what, s.invalid, what)))
}

// put writes the value of input n, a number, in a row.
func (s *assembler) put(t *tile, n, row int, v float64) {
	j := 0
	for _, at := range s.in[:n] {
		if c := &t.cols[at]; c.kind == vector {
			j += c.dim
		} else {
			j++
		}
	}
	out := &t.cols[s.out]
	if !out.sparse {
		out.x[j*tileRows+row] = v
		return
	}
	for k := out.ptr[row]; k < out.ptr[row+1]; k++ {
		if int(out.idx[k]) == j {
			out.val[k] = v
		}
	}
}
