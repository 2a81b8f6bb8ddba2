package pmml

// key is a constant of the document that a field's value is compared with.
type key struct {
	raw string
	v   value // typed as the field, if that has a type
}

func (f *field) key(e *element, raw string) (key, error) {
	if f.free {
		return key{raw: raw}, nil
	}
	v, err := f.typ.parse(raw)
	if err != nil {
		return key{}, e.errorf("field %s: %v", f.name, err)
	}
	return key{raw: raw, v: v}, nil
}

// matches compares typed; a key without a type takes the value's.
func (k key) matches(v value) bool {
	if !k.v.missing() {
		return equal(k.v, v)
	}
	return equal(matchKind(text(k.raw), v), v)
}

// matchKind gives v in the kind of like, or v itself where it cannot be.
func matchKind(v, like value) value {
	var err error
	out := v
	switch {
	case v.k == like.k || v.numeric() && like.numeric():
		return v
	case like.numeric():
		out, err = tDouble.cast(v)
	case like.k == kBool:
		out, err = castBool(v)
	case like.k == kDate:
		out, err = tDate.cast(v)
	case like.k == kTime:
		out, err = tTime.cast(v)
	case like.k == kDateTime:
		out, err = tDateTime.cast(v)
	}
	if err != nil {
		return v
	}
	return out
}

type normContinuousNode struct {
	e        *element
	name     string
	miss     *string
	outliers string
	orig     []float64
	norm     []float64
}

func (l *loader) normContinuous(e *element) (node, error) {
	a := e.read()
	n := &normContinuousNode{e: e, name: a.need("field")}
	if s, ok := a.get("mapMissingTo"); ok {
		n.miss = &s
	}
	n.outliers = a.word("outliers", "asIs", "asMissingValues", "asExtremeValues")
	if err := a.end(); err != nil {
		return nil, err
	}
	err := l.d.each(e, func(c *element) error {
		if c.name != "LinearNorm" {
			return c.unsupported(e)
		}
		p := c.read()
		p.need("orig")
		p.need("norm")
		n.orig = append(n.orig, p.num("orig", 0))
		n.norm = append(n.norm, p.num("norm", 0))
		if i := len(n.orig) - 1; i > 0 && !(n.orig[i] > n.orig[i-1]) {
			p.fail("orig values have to rise")
		}
		if err := p.end(); err != nil {
			return err
		}
		return l.d.none(c)
	})
	if err == nil && len(n.orig) < 2 {
		err = e.errorf("needs at least two LinearNorm")
	}
	return n, err
}

func (n *normContinuousNode) bind(l *loader, s *scope) (expr, error) {
	f, err := l.resolve(s, n.e, n.name)
	if err != nil {
		return nil, err
	}
	x := &normContinuous{slot: f.slot, outliers: n.outliers, orig: n.orig, norm: n.norm}
	if n.miss != nil {
		if x.miss, err = tDouble.parse(*n.miss); err != nil {
			return nil, n.e.errorf("mapMissingTo: %v", err)
		}
	}
	return x, nil
}

// normContinuous is a piecewise linear function.
type normContinuous struct {
	slot       int
	miss       value
	outliers   string
	orig, norm []float64
}

func (x *normContinuous) eval(r *row) value {
	v := r.get(x.slot)
	if v.missing() {
		return x.miss
	}
	d, err := tDouble.cast(v)
	if err != nil {
		return r.fail(err)
	}
	y, ok := x.at(d.f)
	if !ok {
		return value{}
	}
	return double(y)
}

// at gives the function's value; false where an outlier counts as missing.
func (x *normContinuous) at(v float64) (float64, bool) {
	last := len(x.orig) - 1
	if v < x.orig[0] || v > x.orig[last] {
		switch x.outliers {
		case "asMissingValues":
			return 0, false
		case "asExtremeValues":
			if v < x.orig[0] {
				return x.norm[0], true
			}
			return x.norm[last], true
		}
	}
	i := 1
	for i < last && v > x.orig[i] {
		i++
	}
	return x.norm[i-1] + (v-x.orig[i-1])/(x.orig[i]-x.orig[i-1])*(x.norm[i]-x.norm[i-1]), true
}

// invert gives the original value of a normalised one.
func (x *normContinuous) invert(y float64) float64 {
	i, last := 1, len(x.norm)-1
	for i < last && (y-x.norm[i])*(x.norm[last]-x.norm[0]) > 0 {
		i++
	}
	return x.orig[i-1] + (y-x.norm[i-1])/(x.norm[i]-x.norm[i-1])*(x.orig[i]-x.orig[i-1])
}

type normDiscreteNode struct {
	e        *element
	name, at string
	miss     *string
}

func (l *loader) normDiscrete(e *element) (node, error) {
	a := e.read()
	n := &normDiscreteNode{e: e, name: a.need("field"), at: a.need("value")}
	if s, ok := a.get("mapMissingTo"); ok {
		n.miss = &s
	}
	a.word("method", "indicator")
	if err := a.end(); err != nil {
		return nil, err
	}
	return n, l.d.none(e)
}

func (n *normDiscreteNode) bind(l *loader, s *scope) (expr, error) {
	f, err := l.resolve(s, n.e, n.name)
	if err != nil {
		return nil, err
	}
	x := &normDiscrete{slot: f.slot}
	if x.at, err = f.key(n.e, n.at); err == nil && n.miss != nil {
		if x.miss, err = tDouble.parse(*n.miss); err != nil {
			err = n.e.errorf("mapMissingTo: %v", err)
		}
	}
	return x, err
}

// normDiscrete is 1 for one value of a field and 0 for the others.
type normDiscrete struct {
	slot int
	at   key
	miss value
}

func (x *normDiscrete) eval(r *row) value {
	v := r.get(x.slot)
	switch {
	case v.missing():
		return x.miss
	case x.at.matches(v):
		return double(1)
	}
	return double(0)
}

type discretizeNode struct {
	e         *element
	name      string
	miss, def value
	bins      []bin
}

type bin struct {
	in interval
	v  value
}

// mapped reads mapMissingTo and defaultValue in the type that dataType names.
func (a *attrs) mapped() (t dataType, miss, def value) {
	t = a.dataType("dataType", tString)
	for name, into := range map[string]*value{"mapMissingTo": &miss, "defaultValue": &def} {
		if s, ok := a.get(name); ok {
			v, err := t.parse(s)
			if err != nil {
				a.fail("%s: %v", name, err)
			}
			*into = v
		}
	}
	return t, miss, def
}

func (l *loader) discretize(e *element) (node, error) {
	a := e.read()
	n := &discretizeNode{e: e, name: a.need("field")}
	var t dataType
	t, n.miss, n.def = a.mapped()
	if err := a.end(); err != nil {
		return nil, err
	}
	err := l.d.each(e, func(c *element) error {
		if c.name != "DiscretizeBin" {
			return c.unsupported(e)
		}
		p := c.read()
		raw := p.need("binValue")
		if err := p.end(); err != nil {
			return err
		}
		v, err := t.parse(raw)
		if err != nil {
			return c.errorf("binValue: %v", err)
		}
		found := false
		err = l.d.each(c, func(i *element) error {
			if i.name != "Interval" || found {
				return i.unsupported(c)
			}
			found = true
			iv, err := l.interval(i)
			n.bins = append(n.bins, bin{iv, v})
			return err
		})
		if err == nil && !found {
			err = c.errorf("has no Interval")
		}
		return err
	})
	return n, err
}

func (n *discretizeNode) bind(l *loader, s *scope) (expr, error) {
	f, err := l.resolve(s, n.e, n.name)
	if err != nil {
		return nil, err
	}
	return &discretize{slot: f.slot, miss: n.miss, def: n.def, bins: n.bins}, nil
}

// discretize maps ranges of a number to values.
type discretize struct {
	slot      int
	miss, def value
	bins      []bin
}

func (x *discretize) eval(r *row) value {
	v := r.get(x.slot)
	if v.missing() {
		return x.miss
	}
	d, err := tDouble.cast(v)
	if err != nil {
		return r.fail(err)
	}
	for i := range x.bins {
		if x.bins[i].in.holds(d.f) {
			return x.bins[i].v
		}
	}
	return x.def
}
