package onnx

// buffer is memory that slots of one kind share: so many elements for one row.
type buffer struct {
	kind  kind
	width int
}

// assign gives each slot its memory: values that are not needed at the same time share it. Slots in keep last to the
// end.
func (l *loader) assign(inputs, keep []int) (buffers []buffer) {
	last := make([]int, len(l.slots)) // the last step that reads the slot, by the slot that owns the memory
	for i := range last {
		last[i] = -1
	}
	for k, s := range l.steps {
		for _, o := range s.in {
			if o.slot >= 0 {
				last[l.root(o.slot)] = k
			}
		}
	}
	for _, s := range keep {
		last[l.root(s)] = len(l.steps)
	}
	free := map[kind][]int{}
	take := func(s int) {
		sl := &l.slots[s]
		pool := free[sl.kind]
		if len(pool) == 0 {
			sl.buffer = len(buffers)
			buffers = append(buffers, buffer{sl.kind, product(sl.shape)})
			return
		}
		sl.buffer = pool[len(pool)-1]
		free[sl.kind] = pool[:len(pool)-1]
		b := &buffers[sl.buffer]
		b.width = max(b.width, product(sl.shape))
	}
	for _, s := range inputs {
		take(s)
	}
	for k, s := range l.steps {
		for _, o := range s.out {
			if l.slots[o].alias < 0 && last[o] < 0 {
				last[o] = k // nobody reads it
			}
		}
	}
	dying := make([][]int, len(l.steps)+1)
	for i, k := range last {
		if k >= 0 && l.slots[i].alias < 0 && l.slots[i].dims == nil {
			dying[k] = append(dying[k], i)
		}
	}
	for k, s := range l.steps {
		for _, o := range s.out {
			switch sl := &l.slots[o]; {
			case sl.dims != nil:
			case sl.alias < 0:
				take(o)
			default:
				sl.buffer = l.slots[l.root(o)].buffer
			}
		}
		for _, i := range dying[k] {
			sl := &l.slots[i]
			free[sl.kind] = append(free[sl.kind], sl.buffer)
		}
	}
	return buffers
}

// root is the slot that owns a slot's memory.
func (l *loader) root(s int) int {
	for l.slots[s].alias >= 0 {
		s = l.slots[s].alias
	}
	return s
}
