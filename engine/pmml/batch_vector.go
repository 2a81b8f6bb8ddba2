package pmml

import "math"

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

// vecFunc is a function of one number.
type vecFunc struct {
	f  func(float64) float64
	of vector
}

func (v vecFunc) run(t *tile, dst []float64, depth int) {
	v.of.run(t, dst, depth)
	for i, x := range dst {
		dst[i] = v.f(x)
	}
}

// vecFunc2 is a function of two numbers.
type vecFunc2 struct {
	f    func(x, y float64) float64
	a, b vector
}

func (v vecFunc2) run(t *tile, dst []float64, depth int) {
	v.a.run(t, dst, depth)
	ys := t.scratch(depth)[:len(dst)]
	v.b.run(t, ys, depth+1)
	for i, y := range ys {
		dst[i] = v.f(dst[i], y)
	}
}

// vecNorm is a NormContinuous.
type vecNorm struct {
	feat int
	norm *normContinuous
}

func (v vecNorm) run(t *tile, dst []float64, _ int) {
	for i, x := range t.x[v.feat*tileRows:][:len(dst)] {
		dst[i], _ = v.norm.at(x)
	}
}

// vecIs is a NormDiscrete: 1 where a feature is a number (or the code of a category).
type vecIs struct {
	feat int
	at   float64
}

func (v vecIs) run(t *tile, dst []float64, _ int) {
	for i, x := range t.x[v.feat*tileRows:][:len(dst)] {
		dst[i] = float64(b2i(compareFloat(x, v.at) == 0))
	}
}

// vecTable is a MapValues from categories to numbers.
type vecTable struct {
	feat  int
	codes map[int]float64
	other float64
}

func (v vecTable) run(t *tile, dst []float64, _ int) {
	for i, x := range t.x[v.feat*tileRows:][:len(dst)] {
		y, ok := v.codes[int(x)]
		if !ok {
			y = v.other
		}
		dst[i] = y
	}
}

// vecBins is a Discretize to numbers.
type vecBins struct {
	feat int
	d    *discretize
}

func (v vecBins) run(t *tile, dst []float64, _ int) {
next:
	for i, x := range t.x[v.feat*tileRows:][:len(dst)] {
		for j := range v.d.bins {
			if v.d.bins[j].in.holds(x) {
				dst[i] = v.d.bins[j].v.num()
				continue next
			}
		}
		dst[i] = v.d.def.num()
	}
}

// vectorFunctions are the functions of one and of two numbers that have a vector form.
var vectorFunctions = map[string]func(float64) float64{
	"exp": math.Exp, "ln": math.Log, "log10": math.Log10, "sqrt": math.Sqrt, "abs": math.Abs, "expm1": math.Expm1, "ln1p": math.Log1p,
	"sin": math.Sin, "cos": math.Cos, "tan": math.Tan, "asin": math.Asin, "acos": math.Acos, "atan": math.Atan,
	"sinh": math.Sinh, "cosh": math.Cosh, "tanh": math.Tanh, "erf": math.Erf, "rint": math.RoundToEven,
}

var vectorFunctions2 = map[string]func(x, y float64) float64{
	"pow": math.Pow, "atan2": math.Atan2, "hypot": math.Hypot,
	"threshold": func(x, y float64) float64 { return float64(b2i(x > y)) },
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
		return c.vectorCall(x)
	case *normContinuous:
		f, ok := c.numberFeature(x.slot)
		return vecNorm{f, x}, true, ok && x.outliers != "asMissingValues"
	case *normDiscrete:
		v, ok := c.vectorIs(x)
		return v, true, ok
	case *discretize:
		f, ok := c.numberFeature(x.slot)
		for _, b := range x.bins {
			ok = ok && b.v.numeric()
		}
		return vecBins{f, x}, true, ok && x.def.numeric()
	case *mapValues:
		v, ok := c.vectorTable(x)
		return v, true, ok
	}
	return nil, false, false
}

// vectorCall gives the vector form of a call.
func (c *compiler) vectorCall(x *apply) (v vector, isDouble, ok bool) {
	if x.body != nil || len(x.args) == 0 || len(x.args) > 2 {
		return nil, false, false
	}
	f1, f2 := vectorFunctions[x.name], vectorFunctions2[x.name]
	if !(len(x.args) == 1 && f1 != nil || len(x.args) == 2 && (f2 != nil || len(x.name) == 1)) {
		return nil, false, false
	}
	a, da, ok := c.vectorOf(x.args[0])
	if !ok {
		return nil, false, false
	}
	if len(x.args) == 1 {
		return vecFunc{f1, a}, true, da
	}
	b, db, ok := c.vectorOf(x.args[1])
	ok = ok && (da || db) // integers divide as integers
	if f2 != nil {
		return vecFunc2{f2, a, b}, true, ok
	}
	return vecOp{x.name[0], a, b}, true, ok
}

// numberFeature is the feature of a numeric field that is not computed by the interpreter.
func (c *compiler) numberFeature(s int) (int, bool) {
	if sl := &c.m.prog.slots[s]; sl.free || !sl.typ.numeric() {
		return 0, false
	}
	return c.columnFeature(s)
}

// columnFeature is the feature of a field that is not computed by the interpreter.
func (c *compiler) columnFeature(s int) (int, bool) {
	f, err := c.feature(s)
	if err != nil || c.p.feats[f].kind == featDerived || c.p.feats[f].kind == featFed {
		return 0, false
	}
	return f, true
}

func (c *compiler) vectorIs(x *normDiscrete) (vector, bool) {
	if x.at.v.missing() {
		return nil, false
	}
	f, ok := c.columnFeature(x.slot)
	if !ok {
		return nil, false
	}
	if c.p.feats[f].cats != nil {
		return vecIs{f, float64(c.p.feats[f].category(x.at.v.s))}, true
	}
	at, err := threshold(x.at.v)
	return vecIs{f, at}, err == nil
}

func (c *compiler) vectorTable(x *mapValues) (vector, bool) {
	if len(x.slots) != 1 || !x.def.numeric() || c.m.prog.slots[x.slots[0]].typ != tString || c.m.prog.slots[x.slots[0]].free {
		return nil, false
	}
	f, ok := c.columnFeature(x.slots[0])
	if !ok {
		return nil, false
	}
	v := vecTable{feat: f, codes: map[int]float64{}, other: x.def.num()}
	put := func(key, out value) bool {
		k := c.p.feats[f].category(key.s)
		if _, twice := v.codes[k]; !twice {
			v.codes[k] = out.num()
		}
		return out.numeric()
	}
	for key, out := range x.byKey {
		ok = put(key, out) && ok
	}
	for _, r := range x.rows {
		if x.byKey == nil {
			ok = put(r.keys[0].v, r.out) && ok
		}
	}
	return v, ok
}

// vectorDeps are the features that the vector form of an expression reads. strict is true if the expression is missing
// wherever one of them is.
func (c *compiler) vectorDeps(x expr) (deps []int, strict bool) {
	strict = true
	field := func(s int, miss value) {
		strict = strict && miss.missing()
		deps = append(deps, c.bySlot[s])
	}
	var visit func(x expr)
	visit = func(x expr) {
		switch x := x.(type) {
		case constant:
			strict = strict && !x.v.missing()
		case fieldRef:
			field(x.slot, x.miss)
		case *normContinuous:
			field(x.slot, x.miss)
		case *normDiscrete:
			field(x.slot, x.miss)
		case *discretize:
			field(x.slot, x.miss)
		case *mapValues:
			field(x.slots[0], x.miss)
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
