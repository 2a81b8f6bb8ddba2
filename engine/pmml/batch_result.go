package pmml

// leafTable computes an output of a tree alone for each leaf with the interpreter.
func (c *compiler) leafTable(f *frame, o *outputField, stage int) ([]value, bool) {
	e, ok := c.p.stages[stage].model.(*ensemble)
	if !ok || e.method != "tree" || c.p.stages[stage].f != f {
		return nil, false
	}
	t, nodes := f.body.(*tree), e.trees[0].nodes
	return c.table(f, o, true, len(nodes), func(r *row, i int) (res result, ok bool) {
		if i == noLeaf {
			return res, false
		}
		res = t.leaf(r, f, nodes[i], 1)
		f.target.apply(r, f, &res)
		return res, true
	})
}

// classTable computes an output for each class with the interpreter.
func (c *compiler) classTable(f *frame, o *outputField) ([]value, bool) {
	_, clusters := f.body.(*clustering)
	class := func(_ *row, code int) (result, bool) {
		v := f.classes.values[code]
		if clusters {
			return result{value: v, code: code, entity: v.String()}, true
		}
		return result{value: v, code: code, probs: make([]float64, len(f.classes.values))}, true
	}
	if o.x != nil || o.feature != "predictedValue" {
		return c.table(f, o, false, len(f.classes.values), class)
	}
	r := c.m.prog.newRow()
	var out []value
	for code := range f.classes.values {
		r.reset()
		res, _ := class(r, code)
		x, err := o.typ.cast(f.predicted(r, &res))
		if err != nil || r.err != nil {
			return nil, false
		}
		out = append(out, x)
	}
	return out, true
}

// table gives an output for each of n results; a result that is not ok has a missing value. All outputs of the frame
// that have such a table are computed at once, because each result gives all of them.
func (c *compiler) table(f *frame, o *outputField, leaves bool, n int, result func(r *row, i int) (result, bool)) ([]value, bool) {
	k := fateKey{f, leaves}
	tables, done := c.tables[k]
	if !done {
		tables = c.emitAll(f, leaves, n, result)
		c.tables[k] = tables
	}
	return tables[o.slot], tables != nil
}

// emitAll makes the tables of a frame's outputs by slot, nil if one of them fails.
func (c *compiler) emitAll(f *frame, leaves bool, n int, result func(r *row, i int) (result, bool)) map[int][]value {
	r := c.m.prog.newRow()
	tables := map[int][]value{}
	for i := range n {
		r.reset()
		res, ok := result(r, i)
		if ok {
			f.emit(r, &res)
		}
		if r.err != nil {
			return nil
		}
		for _, o := range f.outputs {
			switch {
			case leaves && !c.decided(f, o, true):
			case ok:
				tables[o.slot] = append(tables[o.slot], r.get(o.slot))
			default:
				tables[o.slot] = append(tables[o.slot], value{})
			}
		}
		if s := f.target.slot; leaves && s >= 0 {
			v := value{}
			if ok {
				v = r.get(s)
			}
			tables[s] = append(tables[s], v)
		}
	}
	return tables
}
