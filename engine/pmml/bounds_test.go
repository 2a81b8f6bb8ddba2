package pmml

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow/memory"
)

// outputDoc is the model y = 1 + 2x with the prediction p and the outputs o0, o1, ... of the expressions.
func outputDoc(expressions ...string) string {
	var b strings.Builder
	b.WriteString(`<OutputField name="p" dataType="double" feature="predictedValue"/>`)
	for i, x := range expressions {
		fmt.Fprintf(&b, `<OutputField name="o%d" dataType="double" feature="transformedValue">%s</OutputField>`, i, x)
	}
	return inPMML(otherFields, line1("y", b.String(), "2"))
}

func apply2(f, a, b string) string { return `<Apply function="` + f + `">` + a + b + `</Apply>` }

func ref(name string) string { return `<FieldRef field="` + name + `"/>` }

func number1(x float64) string { return fmt.Sprintf(`<Constant dataType="double">%v</Constant>`, x) }

// wantBoth scores a few rows with both evaluators, which have to agree.
func wantBoth(t *testing.T, m *Model) {
	t.Helper()
	if m.batch == nil {
		t.Fatalf("no batch evaluator: %s", m.why)
	}
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	in := textColumns(t, mem, m, map[string][]string{"x": {"0", "1", "-2.5", "1e300", "7"}}, 5)
	defer release(in)
	sameScores(t, m, 5, in, 0)
}

// TestManyOutputs: 60 outputs over the prediction are planned once each; planning each below all the later ones does
// not end.
func TestManyOutputs(t *testing.T) {
	var xs []string
	for i := range 60 {
		xs = append(xs, apply2("*", ref("p"), number1(float64(i)+0.5)))
	}
	m := mustLoad(t, outputDoc(xs...))
	wantBoth(t, m)
	for i, o := range m.batch.outs[len(m.batch.outs)-60:] {
		if o.kind != outVector || o.steps != 3 {
			t.Errorf("output %d is of kind %d with %d steps", i, o.kind, o.steps)
		}
	}
}

// TestDoublingOutputs: outputs that each name the one before twice have a vector form while it is short; the
// interpreter computes the others.
func TestDoublingOutputs(t *testing.T) {
	xs := []string{apply2("+", ref("p"), ref("p"))}
	for i := range 59 {
		o := ref(fmt.Sprintf("o%d", i))
		xs = append(xs, apply2("+", o, o))
	}
	m := mustLoad(t, outputDoc(xs...))
	wantBoth(t, m)
	vectors := 0
	for _, o := range m.batch.outs {
		if o.kind == outVector {
			if vectors++; o.steps > maxNested+3 {
				t.Errorf("a vector form of %d steps", o.steps)
			}
		}
	}
	if vectors < 5 || vectors > 10 || !m.batch.emits {
		t.Errorf("%d outputs of 60 have a vector form", vectors)
	}
	got, fault := scoreOne(t, m, cells("x=1"))
	if want := double(3 * (1 << 60)).String(); fault != nil || got["o59"] != want {
		t.Errorf("o59 = %s, fault %v, want %s", got["o59"], fault, want)
	}
}

// TestNestedOutputScratch: an output that is the second argument does not use the columns of the expression around it.
func TestNestedOutputScratch(t *testing.T) {
	m := mustLoad(t, outputDoc(apply2("+", ref("p"), number1(10)), apply2("-", number1(1), apply2("*", ref("p"), ref("o0"))), apply2("/", number1(1), ref("o1")),
		apply2("-", apply2("-", ref("o1"), ref("o2")), apply2("pow", ref("o0"), number1(2)))))
	wantBoth(t, m)
	for i, o := range m.batch.outs[len(m.batch.outs)-4:] {
		if o.kind != outVector {
			t.Errorf("o%d has no vector form", i)
		}
	}
	wantScore(t, m, "x=0.5", "o0=12.0; o1=-23.0; o2="+double(-1.0/23).String()+"; o3="+double(-23.0+1.0/23-144).String()+"; p=2.0; y=2.0")
}

// TestTablesOnce: the results of a frame are emitted once for the tables of all its outputs, and for all the outputs of
// a row without a prediction.
func TestTablesOnce(t *testing.T) {
	m := mustLoad(t, outputDoc(apply2("+", ref("p"), number1(1)), apply2("*", ref("o0"), number1(2))))
	c := newCompiler(m)
	calls := 0
	result := func(_ *row, i int) (result, bool) {
		calls++
		return result{value: double(float64(i)), code: -1}, i != 1
	}
	for _, leaves := range []bool{false, true} {
		calls = 0
		for i, o := range m.root.outputs {
			got, ok := c.table(m.root, o, leaves, 3, result)
			want := [][]value{{double(0), {}, double(2)}, {double(1), {}, double(3)}, {double(2), {}, double(6)}}[i]
			if !ok || !slices.Equal(got, want) {
				t.Errorf("%s: %v, %v, want %v", o.name, got, ok, want)
			}
		}
		if calls != 3 {
			t.Errorf("%d results were asked for, want 3", calls)
		}
	}
	for _, o := range m.root.outputs {
		was := c.lostRow
		if ok := c.lost(&outPlan{kind: outVector}, ownedOutput{o, m.root, 0}); !ok || was != nil && c.lostRow != was {
			t.Errorf("%s: lost %v, computed again: %v", o.name, ok, c.lostRow != was)
		}
	}
}

// TestUsesResultsOnce: whether a slot depends on a model's output is found once, not along the whole chain each time.
func TestUsesResultsOnce(t *testing.T) {
	const n = 1000
	for _, kind := range []slotKind{fromInput, fromResult} {
		slots := []slot{{kind: kind}}
		for i := range n {
			slots = append(slots, slot{kind: fromExpr, expr: fieldRef{slot: i}})
		}
		c := &compiler{m: &Model{prog: &program{slots: slots}}, result: map[int]bool{}}
		for i := n; i >= 0; i-- {
			if got := c.usesResults(i); got != (kind == fromResult) {
				t.Fatalf("slot %d over a slot of kind %d: %v", i, kind, got)
			}
			if len(c.result) != n+1 {
				t.Fatalf("%d slots are known after slot %d, want all", len(c.result), i)
			}
		}
		if a := testing.AllocsPerRun(10, func() { c.usesResults(n) }); a != 0 {
			t.Errorf("%v allocations for a known slot", a)
		}
	}
}

// TestLongTexts: a text that expressions blow up is the row's fault.
func TestLongTexts(t *testing.T) {
	long := "function concat: makes a text of more than 1048576 bytes"
	chain := func(first string, n int, next func(f string) string) string {
		var b strings.Builder
		for i := range n {
			x := ref("s")
			if i > 0 {
				x = ref(fmt.Sprintf("t%d", i-1))
			} else if first != "" {
				x = first
			}
			fmt.Fprintf(&b, `<DerivedField name="t%d" optype="categorical" dataType="string">%s</DerivedField>`, i, next(x))
		}
		return b.String()
	}
	twice := func(f string) string { return apply2("concat", f, f) }
	length := func(f string) string { return `<Apply function="stringLength">` + f + `</Apply>` }
	for _, c := range []struct{ name, typ, x, fields, want string }{
		{"45 doublings", "string", ref("t44"), chain("", 45, twice), "error: " + long},
		{"as long as may be", "integer", length(ref("t19")), chain("", 20, twice), "e=1048576; y=0.0"},
		{"one more", "integer", length(apply2("concat", ref("t19"), ref("s"))), chain("", 20, twice), "error: " + long},
		{"asMissing", "string", strings.Replace(twice(ref("t19")), "<Apply ", `<Apply invalidValueTreatment="asMissing" `, 1), chain("", 20, twice), "y=0.0"},
		{"replace", "string", ref("t44"), chain("", 45, func(f string) string {
			return `<Apply function="replace">` + f + `<Constant>.</Constant><Constant dataType="string">$0$0$0</Constant></Apply>`
		}), "error: function replace: makes a text"},
		{"all together", "integer", length(ref("t60")), chain("", 61, func(f string) string {
			return `<Apply function="substring">` + twice(f) + `<Constant>1</Constant><Constant>500000</Constant></Apply>`
		}), "error: the row's texts come to more than 16777216 bytes"},
		{"normalization", "integer", `<TextIndex textField="s"><TextIndexNormalization recursive="true"><InlineTable><row><string>a</string><stem>aa</stem><regex>true</regex></row></InlineTable></TextIndexNormalization><Constant>b</Constant></TextIndex>`,
			"", "error: TextIndexNormalization makes a text of more than 1048576 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := exprDoc(c.typ, c.x, c.fields)
			wantScore(t, mustLoad(t, doc), "s=a", c.want)
		})
	}
}

func TestReplaceAll(t *testing.T) {
	half := strings.Repeat("a", maxText/2)
	for _, c := range []struct {
		pattern, s, with, want string
		fails                  bool
	}{
		{"b+", "abbc", "<${0}>", "a<bb>c", false},
		{"a", half, "${0}b", "", true},
		{"a", half, "bb", strings.Repeat("b", maxText), false},
		{"a", half, "bbb", "", true},
		{"b", half + "b", "ccc", half + "ccc", false},
		{"x*", half, strings.Repeat("y", maxText), "", true},
		{"a+", half + half + half, "b", "b", false}, // what came in may be longer
		{"b", half, strings.Repeat("c", maxText), half, false},
	} {
		got, err := replaceAll(regexp.MustCompile(c.pattern), c.s, c.with)
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%s in %d bytes with %d: %d bytes, %v", c.pattern, len(c.s), len(c.with), len(got), err)
		}
	}
}
