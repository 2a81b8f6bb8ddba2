package pmml

import (
	"fmt"
	"math"
	"strings"
)

// dataField is one field of the DataDictionary.
type dataField struct {
	name, display string
	op            string // continuous, categorical, ordinal
	typ           dataType
	order         []value // valid values in document order
	shown         map[value]string
	valid         map[value]bool
	absent        map[value]bool // property="missing"
	absentNaN     bool
	invalid       map[value]bool
	intervals     []interval
}

// interval is a numeric range; an absent margin is infinite.
type interval struct {
	left, right         float64
	openLeft, openRight bool
}

func (iv interval) holds(x float64) bool {
	if x < iv.left || x > iv.right || math.IsNaN(x) {
		return false
	}
	return !(iv.openLeft && x == iv.left) && !(iv.openRight && x == iv.right)
}

func (l *loader) interval(e *element) (interval, error) {
	a := e.read()
	iv := interval{left: a.num("leftMargin", math.Inf(-1)), right: a.num("rightMargin", math.Inf(1))}
	switch a.word("closure", "closedClosed", "openOpen", "openClosed", "closedOpen") {
	case "openOpen":
		iv.openLeft, iv.openRight = true, true
	case "openClosed":
		iv.openLeft = true
	case "closedOpen":
		iv.openRight = true
	}
	if err := a.end(); err != nil {
		return iv, err
	}
	return iv, l.d.none(e)
}

// dataType reads an attribute that names a type.
func (a *attrs) dataType(name string, def dataType) dataType {
	s, ok := a.get(name)
	if !ok {
		return def
	}
	t, ok := parseType(s)
	if !ok {
		a.fail("%s=%q is not supported%s", name, s, hint(s, typeNames[:tSince]))
	}
	return t
}

func (l *loader) dataDictionary(e *element) error {
	if err := e.read().end("numberOfFields"); err != nil {
		return err
	}
	return l.d.each(e, func(c *element) error {
		if c.name == "Taxonomy" {
			return l.d.skip(c)
		}
		if c.name != "DataField" {
			return c.unsupported(e)
		}
		return l.dataField(c)
	})
}

func (l *loader) dataField(e *element) error {
	a := e.read()
	f := &dataField{name: a.need("name"), display: a.str("displayName", ""), typ: a.dataType("dataType", tString)}
	f.op = a.word("optype", "", "continuous", "categorical", "ordinal")
	a.need("dataType")
	if a.str("isCyclic", "0") != "0" {
		a.fail("isCyclic is not supported")
	}
	if err := a.end("taxonomy"); err != nil {
		return err
	}
	if l.data[f.name] != nil {
		return e.errorf("the field %q is defined twice", f.name)
	}
	if f.op == "" {
		f.op = "categorical"
		if f.typ.numeric() {
			f.op = "continuous"
		}
	}
	l.data[f.name] = f
	l.dataNames = append(l.dataNames, f.name)
	return l.d.each(e, func(c *element) error {
		switch c.name {
		case "Interval":
			iv, err := l.interval(c)
			f.intervals = append(f.intervals, iv)
			return err
		case "Value":
			return l.dataValue(f, c)
		}
		return c.unsupported(e)
	})
}

func (l *loader) dataValue(f *dataField, e *element) error {
	a := e.read()
	raw := a.need("value")
	shown := a.str("displayValue", "")
	prop := a.word("property", "valid", "invalid", "missing")
	if err := a.end(); err != nil {
		return err
	}
	v, err := f.typ.parse(raw)
	if err != nil && prop == "valid" {
		return e.errorf("field %s: %v", f.name, err)
	}
	if err == nil {
		f.addValue(v, prop, shown)
	}
	return l.d.none(e)
}

func (f *dataField) addValue(v value, prop, shown string) {
	put := func(m *map[value]bool) {
		if *m == nil {
			*m = map[value]bool{}
		}
		(*m)[v] = true
	}
	switch prop {
	case "missing":
		f.absentNaN = f.absentNaN || math.IsNaN(v.f)
		put(&f.absent)
	case "invalid":
		put(&f.invalid)
	default:
		put(&f.valid)
		f.order = append(f.order, v)
		if shown != "" {
			if f.shown == nil {
				f.shown = map[value]string{}
			}
			f.shown[v] = shown
		}
	}
}

// treatment is what a MiningField does to a value on its way into a model.
type treatment struct {
	data               *dataField
	outliers           string // asIs, asMissingValues, asExtremeValues
	low, high          float64
	missing            string // missingValueTreatment
	replacement        value  // for a missing value; missing if there is none
	invalid            string // returnInvalid, asIs, asMissing, asValue
	invalidReplacement value
}

// plain reports whether a numeric value always passes unchanged.
func (t *treatment) plain() bool {
	d := t.data
	return t.outliers == "asIs" && len(d.valid)+len(d.absent)+len(d.invalid)+len(d.intervals) == 0
}

// changes reports whether a value that the enclosing model let through may come out different.
func (t *treatment) changes() bool {
	return t.outliers != "asIs" || !t.replacement.missing() || t.missing == "returnInvalid" ||
		t.invalid == "asMissing" || t.invalid == "asValue"
}

// apply prepares one value of the field's type.
func (t *treatment) apply(v value) (value, error) {
	d := t.data
	if v.k == kBasket {
		return t.applyAll(v)
	}
	if v.missing() || d.absent[v] || d.absentNaN && v.k == kDouble && math.IsNaN(v.f) {
		return t.absent()
	}
	if !d.accepts(v) {
		switch t.invalid {
		case "returnInvalid":
			return value{}, fmt.Errorf("field %s cannot accept the invalid value %s", d.name, v)
		case "asMissing":
			return t.absent()
		case "asValue":
			return t.invalidReplacement, nil
		}
		return v, nil
	}
	if t.outliers == "asIs" || !v.numeric() {
		return v, nil
	}
	x := v.num()
	if x >= t.low && x <= t.high || math.IsNaN(x) {
		return v, nil
	}
	if t.outliers == "asMissingValues" {
		return t.absent()
	}
	return d.typ.cast(double(max(t.low, min(t.high, x))))
}

func (t *treatment) absent() (value, error) {
	if t.missing == "returnInvalid" {
		return value{}, missingError("field " + t.data.name + " cannot accept a missing value")
	}
	return t.replacement, nil
}

// accepts reports whether the dictionary calls the value valid.
func (d *dataField) accepts(v value) bool {
	if d.invalid[v] {
		return false
	}
	if len(d.valid) == 0 && len(d.intervals) == 0 || d.valid[v] {
		return true
	}
	if v.numeric() {
		for _, iv := range d.intervals {
			if iv.holds(v.num()) {
				return true
			}
		}
	}
	return false
}

// miningField is one field of a MiningSchema.
type miningField struct {
	name, usage string
	line        *element
	treat       treatment
}

func (l *loader) miningField(e *element) (*miningField, error) {
	a := e.read()
	m := &miningField{name: a.need("name"), line: e}
	m.usage = a.word("usageType", "active", "predicted", "target", "supplementary", "group", "order",
		"frequencyWeight", "analysisWeight")
	t := &m.treat
	t.outliers = a.word("outliers", "asIs", "asMissingValues", "asExtremeValues")
	t.low, t.high = a.num("lowValue", math.Inf(-1)), a.num("highValue", math.Inf(1))
	t.missing = a.word("missingValueTreatment", "asIs", "asMean", "asMode", "asMedian", "asValue", "returnInvalid", "x-returnInvalid")
	t.missing = strings.TrimPrefix(t.missing, "x-")
	t.invalid = a.word("invalidValueTreatment", "returnInvalid", "asIs", "asMissing", "asValue")
	repl, hasRepl := a.get("missingValueReplacement")
	inv, hasInv := a.get("invalidValueReplacement")
	if t.invalid == "asValue" && !hasInv {
		a.fail(`invalidValueTreatment="asValue" needs invalidValueReplacement`)
	}
	if err := a.end("importance", "optype"); err != nil {
		return nil, err
	}
	t.data = l.data[m.name]
	if t.data == nil {
		return m, l.d.none(e)
	}
	var err error
	if hasRepl {
		if t.replacement, err = t.data.typ.parse(repl); err != nil {
			return nil, e.errorf("missingValueReplacement: %v", err)
		}
	}
	if hasInv {
		if t.invalidReplacement, err = t.data.typ.parse(inv); err != nil {
			return nil, e.errorf("invalidValueReplacement: %v", err)
		}
	}
	return m, l.d.none(e)
}
