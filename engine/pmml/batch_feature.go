package pmml

import (
	"slices"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
)

// exactInt is the largest integer up to which every integer is a float64.
const exactInt = 1 << 53

// featureKind says how a feature column is filled.
type featureKind uint8

const (
	featInput   featureKind = iota // an input column
	featCompute                    // vector arithmetic over other features
	featDerived                    // by the interpreter, row by row
	featFed                        // an output of an earlier stage
)

// feature is one column that the batch evaluators read, as float64. Strings are codes: 0 for a string that the
// model does not name, then 1, 2, ...
type feature struct {
	kind    featureKind
	slot    int
	typ     dataType
	col     int // input column
	plain   bool
	treat   *treatment
	fill    float64 // for a missing value, if filled
	hasFill bool
	cats    map[string]int
	known   map[string]int // cats and every string that the treatment knows: its code, -1 for slow, -2 for missing
	other   int            // code of other strings, or -1 for slow
	codes   *stringCodes   // known and other
	vec     vector
	deps    []int     // features that vec reads
	strict  bool      // a missing value among them makes the result missing; else such a row goes to the interpreter
	packNo  int       // packed column where missing values go to no, -1 for none
	packYes int       // likewise to yes
	coded   bool      // some table looks at its codes
	cuts    []float64 // thresholds, sorted
	ranks   ranker    // finds places among them
}

// feature gives the feature of a slot, adding it if it is new.
func (c *compiler) feature(s int) (int, error) {
	if i, ok := c.bySlot[s]; ok {
		return i, nil
	}
	sl := &c.m.prog.slots[s]
	f := feature{slot: s, typ: sl.typ, packNo: -1, packYes: -1}
	switch sl.kind {
	case fromInput:
		f.kind, f.col, f.treat = featInput, sl.col, sl.treat
		f.plain = sl.treat.plain()
	case fromResult:
		out, ok := c.fed[s]
		if !ok {
			return 0, unbatchedf("the field %s is the output of a model in a way that has no batch form", sl.name)
		}
		f.kind = featFed
		c.p.stages[c.fedBy[s]].feeds = append(c.p.stages[c.fedBy[s]].feeds, feed{len(c.p.feats), out})
	default:
		if c.usesResults(s) {
			return 0, unbatchedf("the field %s is computed from another model's output", sl.name)
		}
		f.kind = featDerived
		if v, ok := c.vector(s); ok {
			f.kind, f.vec = featCompute, v
			f.deps, f.strict = c.vectorDeps(sl.expr)
		}
	}
	if sl.typ == tString {
		f.cats = map[string]int{}
	}
	at := len(c.p.feats)
	c.p.feats = append(c.p.feats, f)
	c.bySlot[s] = at
	return at, nil
}

// checked adds an input that no model reads but that may make a row invalid.
func (c *compiler) checked(i int) {
	s := c.m.prog.cols[i]
	t := c.m.prog.slots[s].treat
	if t.plain() && t.missing != "returnInvalid" {
		return
	}
	if _, err := c.feature(s); err != nil {
		return // an input always has a feature
	}
}

// category gives the code of a string of a feature.
func (f *feature) category(s string) int {
	k, ok := f.cats[s]
	if !ok {
		k = len(f.cats) + 1
		f.cats[s] = k
	}
	return k
}

// usesResults reports whether a slot depends on an output of a model.
func (c *compiler) usesResults(s int) bool {
	found, known := c.result[s]
	if known {
		return found
	}
	switch sl := &c.m.prog.slots[s]; sl.kind {
	case fromResult:
		found = true
	case fromSlot:
		found = c.usesResults(sl.src)
	case fromExpr:
		uses(sl.expr, func(u int) { found = found || c.usesResults(u) })
	}
	c.result[s] = found
	return found
}

// uses calls visit for each slot an expression reads.
func uses(x expr, visit func(slot int)) {
	switch x := x.(type) {
	case fieldRef:
		visit(x.slot)
	case *apply:
		for _, a := range x.args {
			uses(a, visit)
		}
		if x.body != nil {
			uses(x.body, visit)
		}
	case *textIndex:
		visit(x.slot)
		uses(x.term, visit)
	case *normContinuous:
		visit(x.slot)
	case *normDiscrete:
		visit(x.slot)
	case *discretize:
		visit(x.slot)
	case *mapValues:
		for _, s := range x.slots {
			visit(s)
		}
	}
}

// finishFeatures settles what needs all models to be known: categories and what a missing value becomes.
func (c *compiler) finishFeatures() {
	for i := range c.p.feats {
		f := &c.p.feats[i]
		c.p.derived = c.p.derived || f.kind == featDerived
		if f.kind != featInput {
			f.known = f.cats
			continue
		}
		if v, err := f.treat.absent(); err == nil && !v.missing() {
			f.hasFill = true
			if f.fill = v.num(); f.typ == tString {
				f.fill = float64(f.category(v.s))
			}
		}
		if f.typ == tString {
			f.judge()
		}
	}
}

// judge decides for each string that the model or the dictionary names, and for all others, which code it has.
func (f *feature) judge() {
	code := func(s string) int {
		v, err := f.treat.apply(text(s))
		switch {
		case err != nil:
			return -1
		case v.missing():
			return -2
		}
		return f.cats[v.s]
	}
	f.known = map[string]int{}
	for s := range f.cats {
		f.known[s] = code(s)
	}
	for _, m := range []map[value]bool{f.treat.data.valid, f.treat.data.absent, f.treat.data.invalid} {
		for v := range m {
			f.known[v.s] = code(v.s)
		}
	}
	f.other = 0
	if len(f.treat.data.valid) > 0 && f.treat.invalid != "asIs" {
		f.other = -1
	}
	f.codes = newStringCodes(f.known, f.other)
}

// load fills the feature columns of a tile.
func (p *plan) load(t *tile, m *Model, in []arrow.Array, from int) {
	for i := range p.feats {
		f := &p.feats[i]
		dst := t.x[i*tileRows : i*tileRows+t.n]
		switch f.kind {
		case featInput:
			f.load(t, i, in[f.col], from, dst)
		case featCompute:
			f.vec.run(t, dst, 0)
			if t.anyHole {
				f.inherit(t, i)
			}
		}
	}
	if p.derived {
		p.loadDerived(t, m, in, from)
	}
	if p.coded {
		for i := range p.feats {
			if p.feats[i].kind != featFed {
				p.encode(t, i)
			}
		}
	}
}

// inherit notes the rows whose value is missing because one that it is computed from is.
func (f *feature) inherit(t *tile, at int) {
	for _, d := range f.deps {
		for i, gone := range t.absent[d*tileRows : d*tileRows+t.n] {
			switch {
			case !gone:
			case f.strict:
				t.lack(at, i)
			default:
				t.mark(i)
			}
		}
	}
}

// load reads an input column.
func (f *feature) load(t *tile, at int, a arrow.Array, from int, dst []float64) {
	switch a := a.(type) {
	case *array.Float64:
		copy(dst, a.Float64Values()[from:])
	case *array.Float32:
		for i, x := range a.Float32Values()[from : from+len(dst)] {
			dst[i] = float64(x)
		}
	case *array.String:
		if f.typ == tString {
			f.loadStrings(t, at, a, from, dst)
			return
		}
		f.loadValues(t, at, a, from, dst)
		return
	default:
		f.loadValues(t, at, a, from, dst)
		return
	}
	if !f.plain {
		for i, x := range dst {
			f.treated(t, at, i, double(x), dst)
		}
	}
	f.nulls(t, at, a, from, dst)
}

// nulls gives NULLs their replacement, or sends their rows to the interpreter.
func (f *feature) nulls(t *tile, at int, a arrow.Array, from int, dst []float64) {
	if a.NullN() == 0 {
		return
	}
	for i := range dst {
		if a.IsValid(from + i) {
			continue
		}
		f.null(t, at, i, dst)
	}
}

// null stores what a missing value becomes.
func (f *feature) null(t *tile, at, i int, dst []float64) {
	switch {
	case f.hasFill:
		dst[i] = f.fill
	case f.treat.missing == "returnInvalid":
		t.mark(i)
	default:
		dst[i] = 0
		t.lack(at, i)
	}
}

// treated stores a value after its treatment.
func (f *feature) treated(t *tile, at, i int, v value, dst []float64) {
	v, err := f.treat.apply(v)
	if err == nil && v.missing() {
		dst[i] = 0
		t.lack(at, i)
		return
	}
	if err != nil || v.k == kInt && (v.i > exactInt || v.i < -exactInt) {
		t.mark(i)
		return
	}
	dst[i] = v.num()
}

// loadValues reads integers, booleans and dates.
func (f *feature) loadValues(t *tile, at int, a arrow.Array, from int, dst []float64) {
	for i := range dst {
		v := cell(a, from+i, f.typ)
		if v.missing() && f.hasFill {
			dst[i] = f.fill
			continue
		}
		f.treated(t, at, i, v, dst)
	}
}

// loadStrings gives the codes of strings.
func (f *feature) loadStrings(t *tile, at int, a *array.String, from int, dst []float64) {
	nulls := a.NullN() > 0
	ends, bytes := a.ValueOffsets()[from:], a.ValueBytes()
	first := a.ValueOffsets()[0]
	for i := range dst {
		if nulls && a.IsNull(from+i) {
			f.null(t, at, i, dst)
			continue
		}
		k := f.codes.find(bytes[ends[i]-first : ends[i+1]-first])
		switch dst[i] = float64(k); k {
		case -1:
			dst[i] = 0
			t.mark(i)
		case -2:
			dst[i] = 0
			t.lack(at, i)
		}
	}
}

// loadDerived computes features that have no vector form with the interpreter.
func (p *plan) loadDerived(t *tile, m *Model, in []arrow.Array, from int) {
	r := t.row
	for i := 0; i < t.n; i++ {
		if t.slow[i] {
			continue
		}
		r.reset()
		for c, s := range m.prog.cols {
			r.input(s, cell(in[c], from+i, m.prog.slots[s].typ))
		}
		for j := range p.feats {
			f := &p.feats[j]
			if f.kind != featDerived {
				continue
			}
			v := r.get(f.slot)
			x := &t.x[j*tileRows+i]
			switch {
			case r.err == nil && v.missing():
				*x = 0
				t.lack(j, i)
			case r.err != nil || v.k == kInt && (v.i > exactInt || v.i < -exactInt):
				t.mark(i)
			case v.k == kString:
				*x = float64(f.known[v.s])
			default:
				*x = v.num()
			}
		}
	}
}

// cut notes a threshold of a numeric feature.
func (f *feature) cut(x float64) {
	i, found := slices.BinarySearch(f.cuts, x)
	if !found {
		f.cuts = slices.Insert(f.cuts, i, x)
	}
}

// encode gives a feature's codes, if a table looks at them.
func (p *plan) encode(t *tile, i int) {
	f := &p.feats[i]
	if !f.coded {
		return
	}
	codes := t.codes[i*tileRows : i*tileRows+t.n]
	if xs := t.x[i*tileRows:][:t.n]; f.cats != nil { // a category is its own code
		for i, x := range xs {
			codes[i] = uint16(x)
		}
	} else {
		f.ranks.encode(xs, codes)
	}
	t.pack(i, f.packNo, codes, missingCode)
	t.pack(i, f.packYes, codes, missingYesCode)
}

// pack copies a feature's codes to a packed column, with a code for missing values.
func (t *tile) pack(feat, col int, codes []uint16, missing uint16) {
	if col < 0 {
		return
	}
	dst := t.packed[col*tileRows:][:len(codes)]
	copy(dst, codes)
	if t.anyHole {
		for i, gone := range t.absent[feat*tileRows:][:len(codes)] {
			if gone {
				dst[i] = missing
			}
		}
	}
}
