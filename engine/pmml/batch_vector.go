package pmml

// vector is a column-at-a-time form of a derived field: what JPMML's converters write for casts and scalers.
type vector interface {
	// run fills dst for the rows of a tile; depth numbers the scratch columns in use.
	run(t *tile, dst []float64, depth int)
}

type vecFeature struct{ feat int }

func (v vecFeature) run(t *tile, dst []float64, _ int) { copy(dst, t.x[v.feat*tileRows:]) }

type vecConst struct{ x float64 }

func (v vecConst) run(_ *tile, dst []float64, _ int) {
	for i := range dst {
		dst[i] = v.x
	}
}

type vecFloat struct{ of vector }

func (v vecFloat) run(t *tile, dst []float64, depth int) {
	v.of.run(t, dst, depth)
	for i, x := range dst {
		dst[i] = float64(float32(x))
	}
}

type vecOp struct {
	op   byte
	a, b vector
}

func (v vecOp) run(t *tile, dst []float64, depth int) {
	v.a.run(t, dst, depth)
	ys := t.scratch(depth)[:len(dst)]
	v.b.run(t, ys, depth+1)
	switch v.op {
	case '+':
		for i, y := range ys {
			dst[i] += y
		}
	case '-':
		for i, y := range ys {
			dst[i] -= y
		}
	case '*':
		for i, y := range ys {
			dst[i] *= y
		}
	case '/':
		for i, y := range ys {
			dst[i] /= y
		}
	}
}

// scratch gives the scratch column of a depth.
func (t *tile) scratch(depth int) []float64 {
	for len(t.col) <= depth {
		t.col = append(t.col, make([]float64, tileRows))
	}
	return t.col[depth]
}

// vector gives the vector form of a slot's value, if it has one: doubles and floats only, because integers divide
// as integers.
func (c *compiler) vector(s int) (vector, bool) {
	sl := &c.m.prog.slots[s]
	if sl.kind != fromExpr || sl.free || sl.typ != tDouble && sl.typ != tFloat {
		return nil, false
	}
	v, _, ok := c.vectorOf(sl.expr)
	if ok && sl.typ == tFloat {
		v = vecFloat{v}
	}
	return v, ok
}

// vectorOf gives the vector form of an expression, and whether its value is a double (not an integer constant).
func (c *compiler) vectorOf(x expr) (v vector, isDouble, ok bool) {
	switch x := x.(type) {
	case constant:
		return vecConst{x.v.num()}, x.v.k == kDouble, x.v.numeric()
	case fieldRef:
		t := c.m.prog.slots[x.slot].typ
		if t != tDouble && t != tFloat || c.m.prog.slots[x.slot].free {
			return nil, false, false
		}
		f, err := c.feature(x.slot)
		if err != nil || c.p.feats[f].kind == featDerived {
			return nil, false, false
		}
		return vecFeature{f}, true, true
	case *apply:
		if x.body != nil || len(x.args) != 2 || len(x.name) != 1 {
			return nil, false, false
		}
		a, da, oka := c.vectorOf(x.args[0])
		b, db, okb := c.vectorOf(x.args[1])
		return vecOp{x.name[0], a, b}, da || db, oka && okb && (da || db)
	}
	return nil, false, false
}

// vectorDeps are the features that the vector form of an expression reads. strict is true if the expression is missing
// wherever one of them is.
func (c *compiler) vectorDeps(x expr) (deps []int, strict bool) {
	strict = true
	var visit func(x expr)
	visit = func(x expr) {
		switch x := x.(type) {
		case constant:
			strict = strict && !x.v.missing()
		case fieldRef:
			strict = strict && x.miss.missing()
			deps = append(deps, c.bySlot[x.slot])
		case *apply:
			strict = strict && !x.mapMissing && x.def.missing()
			for _, a := range x.args {
				visit(a)
			}
		}
	}
	visit(x)
	return deps, strict
}
