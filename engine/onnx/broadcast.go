package onnx

// broadcastShape is the shape of an operator on tensors that are stretched to each other, as NumPy does it.
func (n *node) broadcastShape(shapes ...[]int) ([]int, error) {
	rank := 0
	for _, s := range shapes {
		rank = max(rank, len(s))
	}
	out := make([]int, rank)
	for i := range out {
		out[i] = 1
	}
	for _, s := range shapes {
		for i, d := range s {
			at := rank - len(s) + i
			switch {
			case d == out[at] || d == 1:
			case out[at] == 1:
				out[at] = d
			default:
				return nil, n.errorf("the shapes %s do not fit together", shapesText(shapes))
			}
		}
	}
	return out, nil
}

func shapesText(shapes [][]int) string {
	text := ""
	for i, s := range shapes {
		if i > 0 {
			text += " and "
		}
		text += shapeText(s)
	}
	return text
}

// walk goes over the elements of an output, in order and in runs, and says where those of up to three inputs are that
// are stretched to its shape.
type walk struct {
	out  int    // where the run begins in the output
	run  int    // its length
	off  [3]int // where it begins in each input
	step [3]int // 1, or 0 where the input has one element for the whole run

	axes   int // besides the run's
	lens   [maxRank]int
	count  [maxRank]int
	stride [3][maxRank]int
	begun  bool
	empty  bool
}

// start prepares for an output of a shape.
func (k *walk) start(out []int, in ...[]int) {
	var flags [maxRank]uint8 // by axis, from the last: which inputs have it
	axes := 0
	for a := len(out) - 1; a >= 0; a-- {
		if out[a] == 0 {
			k.empty = true
		}
		if out[a] == 1 {
			continue
		}
		var f uint8
		for p, s := range in {
			if at := a - len(out) + len(s); at >= 0 && s[at] != 1 {
				f |= 1 << p
			}
		}
		if axes > 0 && flags[axes-1] == f {
			k.lens[axes-1] *= out[a]
			continue
		}
		flags[axes], k.lens[axes] = f, out[a]
		axes++
	}
	k.run = 1
	if axes > 0 {
		k.run = k.lens[0]
		k.axes = axes - 1
	}
	for p := range in {
		at := 1
		for a := range axes {
			if flags[a]&(1<<p) == 0 {
				continue
			}
			k.stride[p][a] = at
			at *= k.lens[a]
		}
		k.step[p] = k.stride[p][0]
	}
	if axes == 0 {
		k.step = [3]int{1, 1, 1}
	}
}

// next moves to the next run; false: there is none.
func (k *walk) next() bool {
	if !k.begun {
		k.begun = true
		return !k.empty
	}
	k.out += k.run
	for a := 1; a <= k.axes; a++ {
		k.count[a]++
		for p := range k.off {
			k.off[p] += k.stride[p][a]
		}
		if k.count[a] < k.lens[a] {
			return true
		}
		for p := range k.off {
			k.off[p] -= k.stride[p][a] * k.lens[a]
		}
		k.count[a] = 0
	}
	return false
}

// spread gives an input's elements for a run; the one element of a run of step 0 is written out in scratch memory p,
// unless it is there from the run before.
func spread[T element](w *workspace, k *walk, p int, t *tensor, last *int) []T {
	src := elements[T](t)[k.off[p]:]
	if k.step[p] != 0 {
		return src[:k.run]
	}
	if *last == k.off[p] {
		return elements[T](&w.tmp[p])
	}
	*last = k.off[p]
	buf := elements[T](w.scratch(p, t.kind, k.run))
	x := src[0]
	for i := range buf {
		buf[i] = x
	}
	return buf
}
