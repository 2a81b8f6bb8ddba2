package pmml

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// randomDoc writes random documents whose models the batch evaluator supports.
type randomDoc struct {
	rng     *rand.Rand
	b       strings.Builder
	classes int // 0: a regression
	fields  []randomField
}

type randomField struct {
	name, typ string
	values    []string // constants that predicates compare with: rows hit them exactly
}

func (d *randomDoc) w(format string, args ...any) { fmt.Fprintf(&d.b, format+"\n", args...) }
func (d *randomDoc) one(words ...string) string   { return words[d.rng.IntN(len(words))] }
func (d *randomDoc) chance(p float64) bool        { return d.rng.Float64() < p }

func newRandomDoc(rng *rand.Rand) *randomDoc {
	d := &randomDoc{rng: rng}
	if rng.IntN(3) > 0 {
		d.classes = 2 + rng.IntN(3)
	}
	types := []string{"double", "double", "float", "integer", "string", "boolean", "date"}
	for i := range 2 + rng.IntN(5) {
		f := randomField{name: fmt.Sprintf("f %d", i), typ: types[rng.IntN(len(types))]}
		for range 2 + rng.IntN(6) {
			f.values = append(f.values, d.constant(f.typ))
		}
		d.fields = append(d.fields, f)
	}
	return d
}

func (d *randomDoc) constant(typ string) string {
	switch typ {
	case "double":
		return d.one("0", "-0.0", "1.5", "INF", "-INF", "1e-300", strconv.FormatFloat(d.rng.NormFloat64(), 'g', -1, 64))
	case "float":
		return d.one("0", "0.1", "0.8", strconv.FormatFloat(d.rng.NormFloat64(), 'g', 4, 64))
	case "integer":
		return d.one("0", "-3", "9007199254740993", strconv.Itoa(d.rng.IntN(10)))
	case "boolean":
		return d.one("true", "false")
	case "date":
		return d.one("1970-01-01", "1969-12-30", "2024-02-29")
	}
	return d.one("", "a", "b", "a b", "c", "d", "ü")
}

func (d *randomDoc) function() string {
	if d.classes > 0 {
		return "classification"
	}
	return "regression"
}

// write writes the whole document.
func (d *randomDoc) write() string {
	d.w(`<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><DataDictionary>`)
	for _, f := range d.fields {
		d.w(`<DataField name="%s" dataType="%s" optype="%s">`, f.name, f.typ, map[bool]string{true: "continuous", false: "categorical"}[f.typ == "double" || f.typ == "float" || f.typ == "integer"])
		switch {
		case f.typ == "double" && d.chance(0.2):
			d.w(`<Interval closure="%s" leftMargin="-1" rightMargin="1.5"/>`, d.one("openOpen", "closedClosed", "openClosed"))
		case f.typ == "string" && d.chance(0.4):
			for i, v := range f.values {
				if i == 0 || !contains(f.values[:i], v) {
					d.w(`<Value value="%s" property="%s"/>`, v, d.one("valid", "valid", "valid", "missing", "invalid"))
				}
			}
		case f.typ == "double" && d.chance(0.1):
			d.w(`<Value value="NaN" property="missing"/>`)
		}
		d.w(`</DataField>`)
	}
	d.w(`<DataField name="y" dataType="%s" optype="categorical"/>`, map[bool]string{true: d.one("string", "double", "integer"), false: d.one("double", "float")}[d.classes > 0])
	d.w(`</DataDictionary>`)
	method := "tree"
	if d.chance(0.7) {
		method = d.one("average", "weightedAverage", "sum", "weightedSum")
		if d.classes > 0 {
			method = d.one("average", "weightedAverage", "majorityVote", "weightedMajorityVote")
		}
	}
	if method == "tree" {
		d.tree(true)
	} else {
		d.ensemble(method)
	}
	d.w(`</PMML>`)
	return d.b.String()
}

func (d *randomDoc) ensemble(method string) {
	d.w(`<MiningModel functionName="%s"%s>`, d.function(), d.mathContext())
	d.schema(true)
	d.output(false)
	d.targets()
	d.derived()
	d.w(`<Segmentation multipleModelMethod="%s" missingPredictionTreatment="%s" missingThreshold="%g">`,
		method, d.one("continue", "returnMissing", "skipSegment"), d.rng.Float64())
	for range 1 + d.rng.IntN(8) {
		d.w(`<Segment weight="%g"><True/>`, float64(d.rng.IntN(8))/4)
		d.tree(false)
		d.w(`</Segment>`)
	}
	d.w(`</Segmentation></MiningModel>`)
}

func (d *randomDoc) mathContext() string {
	if d.chance(0.2) {
		return ` x-mathContext="float"`
	}
	return ""
}

func (d *randomDoc) schema(top bool) {
	d.w(`<MiningSchema>`)
	if top {
		d.w(`<MiningField name="y" usageType="target"/>`)
	}
	for _, f := range d.fields {
		extra := ""
		if d.chance(0.2) {
			extra += fmt.Sprintf(` missingValueReplacement="%s"`, f.values[0])
		}
		if f.typ != "string" && f.typ != "boolean" && f.typ != "date" && d.chance(0.2) {
			extra += fmt.Sprintf(` outliers="%s" lowValue="-2" highValue="2"`, d.one("asMissingValues", "asExtremeValues"))
		}
		extra += fmt.Sprintf(` invalidValueTreatment="%s"`, d.one("returnInvalid", "asIs", "asMissing"))
		if !top {
			extra = ""
		}
		d.w(`<MiningField name="%s"%s/>`, f.name, extra)
	}
	d.w(`</MiningSchema>`)
}

// derived adds fields that trees may use like inputs.
func (d *randomDoc) derived() {
	d.w(`<LocalTransformations>`)
	var more []randomField
	for i, f := range d.fields {
		name := fmt.Sprintf("d(%d)", i)
		switch {
		case f.typ == "float" || f.typ == "double" && d.chance(0.3):
			d.w(`<DerivedField name="%s" optype="continuous" dataType="%s"><FieldRef field="%s"/></DerivedField>`, name, d.one("double", "float"), f.name)
			more = append(more, randomField{name, "double", f.values})
		case f.typ == "double" && d.chance(0.5):
			d.w(`<DerivedField name="%s" optype="continuous" dataType="double"><Apply function="%s"><FieldRef field="%s"/><Constant>%s</Constant></Apply></DerivedField>`,
				name, d.one("+", "-", "*", "/", "max"), f.name, d.one("2", "0.5", "-3.25"))
			more = append(more, randomField{name, "double", f.values})
		case f.typ == "string" && d.chance(0.5):
			d.w(`<DerivedField name="%s" optype="categorical" dataType="string"><Apply function="uppercase"><FieldRef field="%s"/></Apply></DerivedField>`, name, f.name)
			more = append(more, randomField{name, "string", []string{"A", "B", "C"}})
		}
	}
	d.w(`</LocalTransformations>`)
	d.fields = append(d.fields, more...)
}

func (d *randomDoc) class(i int) string { return strconv.Itoa(i) }

func (d *randomDoc) output(alone bool) {
	d.w(`<Output><OutputField name="p" feature="predictedValue" isFinalResult="false"/>`)
	for i := range d.classes {
		d.w(`<OutputField name="p(%d)" optype="continuous" dataType="double" feature="probability" value="%s"/>`, i, d.class(i))
	}
	if d.classes > 0 {
		d.w(`<OutputField name="top" optype="continuous" dataType="double" feature="probability"/>`)
		d.w(`<OutputField name="mapped" optype="categorical" dataType="string" feature="transformedValue"><MapValues outputColumn="o"><FieldColumnPair field="p" column="i"/><InlineTable><row><i>0</i><o>zero</o></row><row><i>1</i><o>one</o></row></InlineTable></MapValues></OutputField>`)
		if d.chance(0.3) {
			d.w(`<OutputField name="odd" optype="continuous" dataType="double" feature="transformedValue"><Apply function="+"><FieldRef field="p(0)"/><FieldRef field="top"/></Apply></OutputField>`)
		}
	} else if d.chance(0.3) {
		d.w(`<OutputField name="half" optype="continuous" dataType="double" feature="transformedValue"><Apply function="/"><FieldRef field="p"/><Constant dataType="double">2</Constant></Apply></OutputField>`)
	}
	if alone {
		d.w(`<OutputField name="node" dataType="string" feature="entityId"/>`)
	}
	d.w(`</Output>`)
}

func (d *randomDoc) targets() {
	if d.classes == 0 && d.chance(0.4) {
		d.w(`<Targets><Target min="-2" max="2" rescaleFactor="0.1" rescaleConstant="3.3"/></Targets>`)
	}
}

func (d *randomDoc) tree(alone bool) {
	strategies := []string{"none", "nullPrediction", "lastPrediction", "defaultChild"}
	if d.classes > 0 {
		strategies = append(strategies, "weightedConfidence", "aggregateNodes")
	}
	d.w(`<TreeModel functionName="%s" missingValueStrategy="%s" noTrueChildStrategy="%s"%s>`,
		d.function(), strategies[d.rng.IntN(len(strategies))], d.one("returnNullPrediction", "returnLastPrediction"), d.mathContext())
	d.schema(alone)
	if alone {
		d.output(true)
		d.derived()
	}
	id := 0
	d.node(&id, 0, "<True/>")
	d.w(`</TreeModel>`)
}

func (d *randomDoc) node(id *int, depth int, test string) {
	*id++
	me := *id
	kids := 0
	if depth < 5 && d.chance(0.75) {
		kids = 1 + d.rng.IntN(3)
	}
	attrs := fmt.Sprintf(` id="n%d" recordCount="%d"`, me, d.rng.IntN(20))
	if kids == 0 || d.chance(0.8) {
		if d.classes > 0 {
			attrs += fmt.Sprintf(` score="%s"`, d.class(d.rng.IntN(d.classes)))
		} else {
			attrs += fmt.Sprintf(` score="%g"`, d.rng.NormFloat64())
		}
	}
	if kids > 0 {
		attrs += fmt.Sprintf(` defaultChild="n%d"`, me+1)
	}
	d.w(`<Node%s>%s`, attrs, test)
	if d.classes > 0 && d.chance(0.9) {
		for i := range d.classes {
			d.w(`<ScoreDistribution value="%s" recordCount="%d"/>`, d.class(i), d.rng.IntN(30))
		}
	}
	for i := range kids {
		test := d.predicate(2)
		if i > 0 && i == kids-1 && d.chance(0.5) {
			test = "<True/>"
		}
		d.node(id, depth+1, test)
	}
	d.w(`</Node>`)
}

func (d *randomDoc) predicate(depth int) string {
	if depth > 0 && d.chance(0.25) {
		var b strings.Builder
		fmt.Fprintf(&b, `<CompoundPredicate booleanOperator="%s">`, d.one("and", "or", "xor", "surrogate"))
		for range 2 + d.rng.IntN(2) {
			b.WriteString(d.predicate(depth - 1))
		}
		return b.String() + "</CompoundPredicate>"
	}
	f := d.fields[d.rng.IntN(len(d.fields))]
	v := f.values[d.rng.IntN(len(f.values))]
	switch {
	case d.chance(0.05):
		return fmt.Sprintf(`<SimplePredicate field="%s" operator="%s"/>`, f.name, d.one("isMissing", "isNotMissing"))
	case f.typ == "string" && d.chance(0.5) || d.chance(0.1):
		return fmt.Sprintf(`<SimpleSetPredicate field="%s" booleanOperator="%s"><Array type="string">"%s" "%s"</Array></SimpleSetPredicate>`,
			f.name, d.one("isIn", "isNotIn"), v, f.values[d.rng.IntN(len(f.values))])
	case f.typ == "string":
		return fmt.Sprintf(`<SimplePredicate field="%s" operator="%s" value="%s"/>`, f.name, d.one("equal", "notEqual"), v)
	}
	return fmt.Sprintf(`<SimplePredicate field="%s" operator="%s" value="%s"/>`, f.name,
		d.one("lessOrEqual", "lessOrEqual", "lessThan", "greaterThan", "greaterOrEqual", "equal", "notEqual"), v)
}

// randomRows makes input columns: NULLs, NaNs, the document's own constants, their neighbours, unknown categories.
func randomRows(rng *rand.Rand, mem memory.Allocator, m *Model, consts func(name string) []string, n int, nulls float64) []arrow.Array {
	in := make([]arrow.Array, len(m.inputs))
	for c, f := range m.inputs {
		t := m.prog.slots[m.prog.cols[c]].typ
		b := newBuilder(mem, t, n)
		values := consts(f.Name)
		for range n {
			if rng.Float64() < nulls {
				b.add(value{})
				continue
			}
			var v value
			if len(values) > 0 && rng.IntN(2) == 0 {
				v, _ = t.parse(values[rng.IntN(len(values))])
			}
			b.add(randomValue(rng, t, v))
		}
		in[c] = b.b.NewArray()
		b.b.Release()
	}
	return in
}

// randomValue is near v, or anything where v is missing.
func randomValue(rng *rand.Rand, t dataType, v value) value {
	switch {
	case t == tDouble && v.missing():
		return double([]float64{math.NaN(), math.Inf(1), math.Inf(-1), rng.NormFloat64(), rng.NormFloat64()}[rng.IntN(5)])
	case t == tDouble && rng.IntN(3) == 0:
		return double(math.Nextafter(v.f, rng.NormFloat64()*1e9))
	case t == tFloat && v.missing():
		return double(float64(float32(rng.NormFloat64())))
	case t == tInteger && v.missing():
		return integer([]int64{math.MaxInt64, math.MinInt64, exactInt + 1, int64(rng.IntN(10)), -1}[rng.IntN(5)])
	case t == tBoolean && v.missing():
		return boolean(rng.IntN(2) == 0)
	case t == tDate && v.missing():
		return value{k: kDate, i: int64(rng.IntN(3) - 1)}
	case v.missing():
		return text([]string{"unknown", "", "A", "0"}[rng.IntN(4)])
	}
	return v
}

// sameScores scores in with both evaluators and wants the same results, bit for bit where tol is 0.
func sameScores(t *testing.T, m *Model, n int, in []arrow.Array, tol float64) {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	var faults [2][]string
	note := func(i int) func(int, error) {
		return func(row int, err error) { faults[i] = append(faults[i], fmt.Sprintf("row %d: %v", row, err)) }
	}
	want := m.scoreRows(mem, n, in, allOutputs(m), note(0))
	defer release(want)
	got := m.scoreBatch(mem, n, in, allOutputs(m), note(1))
	defer release(got)
	if a, b := strings.Join(faults[0], "\n"), strings.Join(faults[1], "\n"); a != b {
		t.Fatalf("faults of the interpreter:\n%s\nof the batch evaluator:\n%s", a, b)
	}
	for c := range want {
		typ := m.prog.slots[m.slots[c]].typ
		for i := range n {
			g, w := cell(got[c], i, typ), cell(want[c], i, typ)
			if !same(g, w, tol) {
				var row []string
				for _, a := range in {
					row = append(row, a.ValueStr(i))
				}
				t.Fatalf("row %d %v: %s = %s in batch, %s by the interpreter", i, row, m.outputs[c].Field.Name, orNull(g), orNull(w))
			}
		}
		if got[c].NullN() != want[c].NullN() {
			t.Fatalf("%s has %d NULLs in batch, %d by the interpreter", m.outputs[c].Field.Name, got[c].NullN(), want[c].NullN())
		}
	}
}

func same(g, w value, tol float64) bool {
	if g.k != kDouble || w.k != kDouble {
		return g == w
	}
	if math.IsNaN(g.f) || math.IsNaN(w.f) {
		return math.IsNaN(g.f) && math.IsNaN(w.f)
	}
	return g.f == w.f || tol > 0 && math.Abs(g.f-w.f) <= tol*math.Abs(w.f)
}

// TestBatchEqualsRow compares the evaluators on random models and random rows.
func TestBatchEqualsRow(t *testing.T) {
	batched, docs := 0, 400
	for seed := range docs {
		rng := rand.New(rand.NewPCG(uint64(seed), 7))
		d := newRandomDoc(rng)
		doc := d.write()
		m, err := Load(strings.NewReader(doc))
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, doc)
		}
		if m.batch == nil {
			continue
		}
		batched++
		consts := func(name string) []string {
			for _, f := range d.fields {
				if f.name == name {
					return f.values
				}
			}
			return nil
		}
		for _, nulls := range []float64{0, 0.1} {
			n := 1 + rng.IntN(600)
			in := randomRows(rng, memory.DefaultAllocator, m, consts, n, nulls)
			sameScores(t, m, n, in, 0)
			cut := cutRows(in, n/3, n)
			sameScores(t, m, n-n/3, cut, 0)
			release(cut)
			release(in)
		}
		if t.Failed() {
			t.Fatalf("seed %d\n%s", seed, doc)
		}
	}
	if batched < docs*3/4 {
		t.Errorf("only %d of %d models have a batch evaluator", batched, docs)
	}
}

// cutRows cuts rows from..to out of columns.
func cutRows(in []arrow.Array, from, to int) []arrow.Array {
	out := make([]arrow.Array, len(in))
	for i, a := range in {
		out[i] = array.NewSlice(a, int64(from), int64(to))
	}
	return out
}

// TestExamplesBatchEqualsRow does the same with the real documents.
func TestExamplesBatchEqualsRow(t *testing.T) {
	paths := []string{irisDir + "RandomForestIris.pmml"}
	for _, e := range examples(t) {
		if contains(modelTypes, e.kind) {
			paths = append(paths, e.model)
		}
	}
	for _, path := range paths {
		m := load(t, path)
		if m.batch == nil {
			continue
		}
		rng := rand.New(rand.NewPCG(3, 4))
		consts := func(name string) []string {
			for _, s := range m.prog.slots {
				if s.name == name && s.data != nil && len(s.data.order) > 0 {
					var out []string
					for _, v := range s.data.order {
						out = append(out, v.String())
					}
					return out
				}
			}
			return thresholds(m, name)
		}
		tol := 0.0
		if m.Kind() != "TreeModel" && m.Kind() != "MiningModel" {
			tol = 1e-12
		}
		in := randomRows(rng, memory.DefaultAllocator, m, consts, 3000, 0.05)
		sameScores(t, m, 3000, in, tol)
		release(in)
	}
}

// thresholds are the constants that the batch form of a model compares a field with.
func thresholds(m *Model, name string) []string {
	var out []string
	for _, f := range m.batch.feats {
		if m.prog.slots[f.slot].name != name {
			continue
		}
		for _, x := range f.cuts {
			out = append(out, formatDouble(x))
		}
	}
	return out
}

// TestEncode: a code is the number of thresholds below a value, with and without a grid.
func TestEncode(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for round := range 200 {
		var f feature
		wide := []float64{1, 1e-300, 1e300, 1e-9}[round%4]
		for range 1 + rng.IntN(500) {
			x := rng.NormFloat64() * wide
			if rng.IntN(20) == 0 {
				x = []float64{math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), math.MaxFloat64, -math.MaxFloat64, 5e-324}[rng.IntN(7)]
			}
			f.cut(x)
		}
		r := newRanker(f.cuts)
		xs := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), math.MaxFloat64, -math.MaxFloat64}
		for _, c := range f.cuts {
			xs = append(xs, c, math.Nextafter(c, math.Inf(1)), math.Nextafter(c, math.Inf(-1)), rng.NormFloat64()*wide)
		}
		codes := make([]uint16, len(xs))
		r.encode(xs, codes)
		for i, x := range xs {
			want := 0
			for _, c := range f.cuts {
				if x > c || x != x {
					want++
				}
			}
			if int(codes[i]) != want {
				t.Fatalf("round %d: %v has the code %d, want %d; grid %v", round, x, codes[i], want, r.starts != nil)
			}
		}
	}
}

// slowRows counts the rows of a tile that the batch evaluator leaves to the interpreter.
func slowRows(m *Model, in []arrow.Array, n int) int {
	t := m.batch.newTile(m)
	t.n = n
	t.start()
	t.lossy = m.batch.lossy
	m.batch.load(t, m, in, 0)
	for i := range m.batch.stages {
		if t.anyHole {
			m.batch.stages[i].model.holes(t)
		}
		m.batch.stages[i].model.run(t, &t.stages[i])
	}
	slow := 0
	for _, s := range t.slow[:n] {
		slow += int(b2i(s))
	}
	return slow
}

// TestMissingStaysInBatch: a missing value does not send its row to the interpreter where the tree has a way for it.
func TestMissingStaysInBatch(t *testing.T) {
	fields := `<DataField name="x" optype="continuous" dataType="double"/><DataField name="y" optype="continuous" dataType="double"/>`
	tree := func(strategy string) string {
		return inPMML(fields, `<TreeModel functionName="regression" missingValueStrategy="`+strategy+`"><MiningSchema><MiningField name="x"/><MiningField name="y" usageType="target"/></MiningSchema>
<Node id="1" score="0" defaultChild="2"><True/><Node id="2" score="1"><SimplePredicate field="x" operator="lessThan" value="0"/></Node><Node id="3" score="2"><SimplePredicate field="x" operator="greaterOrEqual" value="0"/></Node></Node></TreeModel>`)
	}
	for _, c := range []struct{ strategy, missing string }{{"none", ""}, {"nullPrediction", ""}, {"lastPrediction", "y=0.0"}, {"defaultChild", "y=1.0"}} {
		m := mustLoad(t, tree(c.strategy))
		wantScore(t, m, "", c.missing)
		in := randomRows(rand.New(rand.NewPCG(1, 1)), memory.DefaultAllocator, m, func(string) []string { return nil }, tileRows, 0.5)
		if n := slowRows(m, in, tileRows); n != 0 {
			t.Errorf("%s: %d of %d rows go to the interpreter", c.strategy, n, tileRows)
		}
		sameScores(t, m, tileRows, in, 0)
		release(in)
	}
	forest := load(t, irisDir+"RandomForestIris.pmml")
	in := randomRows(rand.New(rand.NewPCG(1, 1)), memory.DefaultAllocator, forest, func(string) []string { return nil }, tileRows, 0.3)
	defer release(in)
	if n := slowRows(forest, in, tileRows); n != 0 {
		t.Errorf("%d rows of the iris forest go to the interpreter", n)
	}
}

// bushyDoc writes a forest of bushy trees with every way for missing values.
func bushyDoc(rng *rand.Rand, depth int) string {
	d := &randomDoc{rng: rng}
	schema := ""
	d.w(`<PMML version="4.4"><DataDictionary><DataField name="y" optype="continuous" dataType="double"/>`)
	for i := range 8 {
		d.w(`<DataField name="f%d" optype="continuous" dataType="double"/>`, i)
		schema += fmt.Sprintf(`<MiningField name="f%d"/>`, i)
	}
	d.w(`</DataDictionary><MiningModel functionName="regression"><MiningSchema><MiningField name="y" usageType="target"/>%s</MiningSchema><Segmentation multipleModelMethod="sum">`, schema)
	for range 3 {
		strategy := d.one("none", "nullPrediction", "lastPrediction", "defaultChild")
		d.w(`<Segment><True/><TreeModel functionName="regression" missingValueStrategy="%s" noTrueChildStrategy="%s"><MiningSchema>%s</MiningSchema>`, strategy, d.one("returnNullPrediction", "returnLastPrediction"), schema)
		presence, id := d.chance(0.3), 0
		var node func(depth int, test string)
		node = func(depth int, test string) {
			id++
			me := id
			if depth == 0 {
				d.w(`<Node id="n%d" score="%g">%s</Node>`, me, rng.NormFloat64(), test)
				return
			}
			f, v := rng.IntN(8), fmt.Sprintf("%.1f", rng.NormFloat64())
			d.w(`<Node id="n%d" score="%g" defaultChild="n%d">%s`, me, rng.NormFloat64(), me+1, test)
			if presence && d.chance(0.3) {
				d.w(`<Node id="n%d" score="7"><SimplePredicate field="f%d" operator="%s"/></Node>`, me+1, f, d.one("isMissing", "isMissing", "isNotMissing"))
				id++
			}
			low, high := "lessOrEqual", "greaterThan"
			if d.chance(0.3) {
				low, high = "greaterOrEqual", "lessThan"
			}
			node(depth-1, fmt.Sprintf(`<SimplePredicate field="f%d" operator="%s" value="%s"/>`, f, low, v))
			second := "<True/>"
			if d.chance(0.5) {
				second = fmt.Sprintf(`<SimplePredicate field="f%d" operator="%s" value="%s"/>`, f, high, v)
			}
			node(depth-1, second)
			d.w(`</Node>`)
		}
		node(depth, "<True/>")
		d.w(`</TreeModel></Segment>`)
	}
	d.w(`</Segmentation></MiningModel></PMML>`)
	return d.b.String()
}

// TestBushyEqualsRow holds complete and packed trees to the interpreter, also where values are missing.
func TestBushyEqualsRow(t *testing.T) {
	modes := map[treeMode]int{}
	for seed := range uint64(66) {
		rng := rand.New(rand.NewPCG(seed, 31))
		depth := 6
		if seed >= 60 {
			depth = maxCompleteDepth + 1
		}
		m := mustLoad(t, bushyDoc(rng, depth))
		if m.batch == nil {
			t.Fatal(m.why)
		}
		for i := range m.batch.stages[0].model.(*ensemble).trees {
			modes[m.batch.stages[0].model.(*ensemble).trees[i].mode]++
		}
		consts := func(string) []string { return []string{"0.5", "-0.5", "1.0", "0.0"} }
		for _, nulls := range []float64{0, 0.05, 0.4} {
			in := randomRows(rng, memory.DefaultAllocator, m, consts, 300, nulls)
			sameScores(t, m, 300, in, 0)
			release(in)
		}
	}
	if modes[complete] < 120 || modes[packed] < 12 {
		t.Errorf("forms of the trees: %v", modes)
	}
}
