package pmml

import (
	"fmt"
	"strings"
	"testing"
)

const exprFields = `<DataField name="x" optype="continuous" dataType="double"/><DataField name="i" optype="continuous" dataType="integer"/><DataField name="j" optype="continuous" dataType="integer"/>
<DataField name="s" optype="categorical" dataType="string"/><DataField name="d" optype="ordinal" dataType="date"/><DataField name="at" optype="ordinal" dataType="dateTime"/>
<DataField name="y" optype="continuous" dataType="double"/>`

// exprDoc is a model with an output field "e" of a type that is an expression.
func exprDoc(typ, expression, functions string) string {
	return `<PMML version="4.4"><DataDictionary>` + exprFields + `</DataDictionary><TransformationDictionary>` + functions +
		`<DerivedField name="e0" optype="continuous" dataType="` + typ + `">` + expression + `</DerivedField></TransformationDictionary>
<TreeModel functionName="regression"><MiningSchema><MiningField name="x"/><MiningField name="i"/><MiningField name="j"/><MiningField name="s"/><MiningField name="d"/><MiningField name="at"/><MiningField name="y" usageType="target"/></MiningSchema>
<Output><OutputField name="e" dataType="` + typ + `" feature="transformedValue"><FieldRef field="e0"/></OutputField></Output><Node score="0"><True/></Node></TreeModel></PMML>`
}

// call writes a call: `f(a, b)` with fields x, i, j, s, d, at, numbers, 'strings' and nested calls.
func call(s string) string {
	p := &callParser{s: s}
	return p.expr()
}

type callParser struct{ s string }

func (p *callParser) expr() string {
	p.s = strings.TrimLeft(p.s, " ,")
	if strings.HasPrefix(p.s, "'") {
		text, rest, _ := strings.Cut(p.s[1:], "'")
		p.s = rest
		return `<Constant dataType="string">` + text + `</Constant>`
	}
	end := strings.IndexAny(p.s, "(,)")
	if end < 0 {
		end = len(p.s)
	}
	word := strings.TrimSpace(p.s[:end])
	p.s = p.s[end:]
	if !strings.HasPrefix(p.s, "(") {
		switch word {
		case "x", "i", "j", "s", "d", "at":
			return `<FieldRef field="` + word + `"/>`
		}
		return `<Constant>` + word + `</Constant>`
	}
	p.s = p.s[1:]
	out := `<Apply function="` + strings.NewReplacer("<", "&lt;", "&", "&amp;").Replace(word) + `">`
	for {
		p.s = strings.TrimLeft(p.s, " ,")
		if strings.HasPrefix(p.s, ")") || p.s == "" {
			p.s = strings.TrimPrefix(p.s, ")")
			return out + `</Apply>`
		}
		out += p.expr()
	}
}

func TestFunctions(t *testing.T) {
	in := "x=2.5;i=7;j=2;s=Äbc;d=1970-01-02;at=2024-02-29T05:23:30"
	for _, c := range []struct{ call, typ, want string }{
		{"+(x, i)", "double", "9.5"}, {"-(x, i)", "double", "-4.5"}, {"*(x, j)", "double", "5.0"}, {"/(x, j)", "double", "1.25"},
		{"/(i, j)", "double", "3.0"}, {"/(-7, j)", "double", "-3.0"}, {"-(x)", "double", "-2.5"},
		{"/(i, 0)", "double", "error: integer division"}, {"/(x, 0)", "double", "Infinity"},
		{"min(x, i, j)", "double", "2.0"}, {"max(x, i)", "double", "7.0"}, {"sum(x, i, j)", "double", "11.5"}, {"product(x, j)", "double", "5.0"},
		{"avg(i, j)", "double", "4.5"}, {"median(1, 5, 2)", "double", "2.0"}, {"median(1, 5, 2, 3)", "double", "2.5"},
		{"abs(-2.5)", "double", "2.5"}, {"floor(-2.5)", "integer", "-3"}, {"ceil(2.1)", "integer", "3"},
		{"round(2.5)", "integer", "3"}, {"round(-2.5)", "integer", "-2"}, {"round(-1.5)", "integer", "-1"}, {"rint(2.5)", "integer", "2"}, {"rint(3.5)", "integer", "4"},
		{"sqrt(x)", "double", "1.5811388300841898"}, {"exp(0)", "double", "1.0"}, {"ln(1)", "double", "0.0"}, {"log10(100)", "double", "2.0"},
		{"pow(x, 2)", "double", "6.25"}, {"pow(2, 3)", "integer", "8"}, {"expm1(0)", "double", "0.0"}, {"ln1p(0)", "double", "0.0"}, {"hypot(3, 4)", "double", "5.0"},
		{"threshold(x, 2)", "double", "1.0"}, {"threshold(2, x)", "double", "0.0"},
		{"modulo(-7, 2)", "integer", "1"}, {"modulo(7, -2)", "integer", "-1"}, {"modulo(x, 2)", "double", "0.5"},
		{"sin(0)", "double", "0.0"}, {"cos(0)", "double", "1.0"}, {"atan2(0, 1)", "double", "0.0"}, {"tanh(0)", "double", "0.0"},
		{"stdNormalCDF(0)", "double", "0.5"}, {"normalCDF(x, 2.5, 3)", "double", "0.5"}, {"stdNormalIDF(0.5)", "double", "0.0"}, {"erf(0)", "double", "0.0"},
		{"if(greaterThan(x, 2), 'big', 'small')", "string", "big"}, {"if(lessThan(x, 2), 'small')", "string", ""},
		{"if(lessThan(x, 2), /(1, 0), 5)", "integer", "5"}, // only the branch taken is computed
		{"equal(s, 'Äbc')", "boolean", "true"}, {"notEqual(i, 7)", "boolean", "false"}, {"lessOrEqual(i, x)", "boolean", "false"}, {"equal(i, '7')", "boolean", "true"},
		{"isIn(i, 1, 7)", "boolean", "true"}, {"isNotIn(s, 'a', 'b')", "boolean", "true"},
		{"and(true, equal(i, 7))", "boolean", "true"}, {"or(false, false)", "boolean", "false"}, {"not(false)", "boolean", "true"},
		{"isMissing(x)", "boolean", "false"}, {"isNotMissing(x)", "boolean", "true"}, {"isValid(x)", "boolean", "true"},
		{"uppercase(s)", "string", "ÄBC"}, {"lowercase(s)", "string", "äbc"}, {"stringLength(s)", "integer", "3"}, {"trimBlanks(' a ')", "string", "a"},
		{"substring(s, 2, 2)", "string", "bc"}, {"substring(s, 3, 9)", "string", "c"}, {"substring(s, 0, 1)", "string", "error: the start is at least 1"},
		{"concat(s, '-', i, x)", "string", "Äbc-72.5"}, {"replace('a1b22', '[0-9]+', '#')", "string", "a#b#"}, {"matches(s, 'b.$')", "boolean", "true"},
		{"formatNumber(x, '%05.2f')", "string", "02.50"}, {"formatNumber(i, '%3d')", "string", "  7"}, {"formatNumber(i, 'none')", "string", "error: no conversion"},
		{"formatDatetime(at, '%Y-%m-%d %H:%M:%S')", "string", "2024-02-29 05:23:30"}, {"formatDatetime(d, '%Q')", "string", "error: is not supported"},
		{"dateDaysSinceYear(d, 1970)", "integer", "1"}, {"dateDaysSinceYear('1959-12-31', 1960)", "integer", "-1"},
		{"dateSecondsSinceYear(d, 1970)", "integer", "86400"}, {"dateSecondsSinceMidnight(at)", "integer", "19410"}, {"dateSecondsSinceMidnight('05:23:30')", "integer", "19410"},
		{"+(s, 1)", "double", "error: is not a number"}, {"+(x, 0.25)", "integer", "error: is not an integer"},
	} {
		m := mustLoad(t, exprDoc(c.typ, call(c.call), ""))
		want := "y=0.0"
		switch {
		case strings.HasPrefix(c.want, "error"):
			want = c.want
		case c.want != "":
			want = "e=" + c.want + "; y=0.0"
		}
		t.Run(c.call, func(t *testing.T) { wantScore(t, m, in, want) })
	}
}

func TestMissingArguments(t *testing.T) {
	for _, c := range []struct{ expression, typ, want string }{
		{call("+(x, 1)"), "double", ""}, {call("sqrt(x)"), "double", ""}, {call("and(isMissing(x), equal(x, 1))"), "boolean", ""},
		{call("min(x, 3)"), "double", "3.0"}, {call("sum(x, i)"), "double", ""}, {call("isMissing(x)"), "boolean", "true"}, {call("if(equal(x, 1), 2, 3)"), "integer", ""},
		{`<Apply function="+" mapMissingTo="5"><FieldRef field="x"/><Constant>1</Constant></Apply>`, "double", "5.0"},
		{`<Apply function="+" defaultValue="6"><FieldRef field="x"/><Constant>1</Constant></Apply>`, "double", "6.0"},
		{`<Apply function="+" mapMissingTo="5" defaultValue="6"><FieldRef field="x"/><Constant>1</Constant></Apply>`, "double", "5.0"},
		{`<FieldRef field="x" mapMissingTo="9"/>`, "double", "9.0"}, {`<Constant missing="true"/>`, "double", ""},
		{`<NormDiscrete field="s" value="a"/>`, "double", ""}, {`<NormDiscrete field="s" value="a" mapMissingTo="0.5"/>`, "double", "0.5"},
		{`<NormContinuous field="x" mapMissingTo="0.5"><LinearNorm orig="0" norm="0"/><LinearNorm orig="1" norm="1"/></NormContinuous>`, "double", "0.5"},
		{`<Discretize field="x" mapMissingTo="none" defaultValue="other"><DiscretizeBin binValue="a"><Interval closure="openOpen" leftMargin="0"/></DiscretizeBin></Discretize>`, "string", "none"},
	} {
		m := mustLoad(t, exprDoc(c.typ, c.expression, ""))
		want := "y=0.0"
		if c.want != "" {
			want = "e=" + c.want + "; y=0.0"
		}
		wantScore(t, m, "", want)
		if t.Failed() {
			t.Fatal(c.expression)
		}
	}
}

func TestNorms(t *testing.T) {
	norm := func(outliers string) string {
		return `<NormContinuous field="x" outliers="` + outliers + `"><LinearNorm orig="0" norm="0"/><LinearNorm orig="10" norm="1"/><LinearNorm orig="20" norm="5"/></NormContinuous>`
	}
	bins := func(attr string) string {
		return `<Discretize field="x" dataType="string"` + attr + `><DiscretizeBin binValue="low"><Interval closure="openClosed" rightMargin="0"/></DiscretizeBin>
<DiscretizeBin binValue="mid"><Interval closure="closedOpen" leftMargin="0" rightMargin="10"/></DiscretizeBin></Discretize>`
	}
	rows := `<InlineTable><row><k>a</k><n>1</n><v>one</v></row><row><k>a</k><n>2</n><v>two</v></row><row><k>b</k><v>no n</v></row><row><k>a</k><n>1</n><v>late</v></row></InlineTable>`
	two := func(attr string) string {
		return `<MapValues outputColumn="t:v"` + attr + `><FieldColumnPair field="s" column="t:k"/><FieldColumnPair field="x" column="n"/>` + rows + `</MapValues>`
	}
	var many strings.Builder
	for i := range 6 {
		fmt.Fprintf(&many, "<row><k>k%d</k><v>%d</v></row>", i, i*i)
	}
	one := `<MapValues outputColumn="v" dataType="integer" defaultValue="-1"><FieldColumnPair field="s" column="k"/><InlineTable>` + many.String() + `</InlineTable></MapValues>`
	for _, c := range []struct{ expression, typ, in, want string }{
		{norm("asIs"), "double", "x=5", "0.5"}, {norm("asIs"), "double", "x=15", "3.0"}, {norm("asIs"), "double", "x=-10", "-1.0"}, {norm("asIs"), "double", "x=30", "9.0"},
		{norm("asExtremeValues"), "double", "x=-10", "0.0"}, {norm("asExtremeValues"), "double", "x=30", "5.0"}, {norm("asMissingValues"), "double", "x=30", ""},
		{bins(""), "string", "x=0", "low"}, {bins(""), "string", "x=0.1", "mid"}, {bins(""), "string", "x=10", ""}, {bins(` defaultValue="high"`), "string", "x=10", "high"},
		{two(""), "string", "s=a;x=2", "two"}, {two(""), "string", "s=a;x=1", "one"}, {two(""), "string", "s=b;x=1", ""}, {two(` defaultValue="?"`), "string", "s=b;x=1", "?"},
		{two(` defaultValue="?"`), "string", "s=b", ""}, {two(` mapMissingTo="!"`), "string", "s=b", "!"},
		{one, "integer", "s=k5", "25"}, {one, "integer", "s=k6", "-1"},
		{`<NormDiscrete field="i" value="7.0"/>`, "double", "i=7", "1.0"}, {`<NormDiscrete field="s" value="a"/>`, "double", "s=b", "0.0"},
	} {
		m := mustLoad(t, exprDoc(c.typ, c.expression, ""))
		want := "y=0.0"
		if c.want != "" {
			want = "e=" + c.want + "; y=0.0"
		}
		wantScore(t, m, c.in, want)
		if t.Failed() {
			t.Fatal(c.expression)
		}
	}
}

func TestDefineFunction(t *testing.T) {
	functions := `<DefineFunction name="scale" optype="continuous" dataType="double"><ParameterField name="v" dataType="double"/><ParameterField name="by"/>
<Apply function="/"><FieldRef field="v"/><FieldRef field="by"/></Apply></DefineFunction>
<DefineFunction name="kind" optype="categorical"><ParameterField name="v"/><MapValues outputColumn="o"><FieldColumnPair field="v" column="i"/><InlineTable><row><i>1</i><o>one</o></row><row><i>a</i><o>letter</o></row></InlineTable></MapValues></DefineFunction>
<DefineFunction name="twice" optype="continuous"><ParameterField name="v"/><Apply function="+"><Apply function="scale"><FieldRef field="v"/><Constant>1</Constant></Apply><FieldRef field="v"/></Apply></DefineFunction>`
	for _, c := range []struct{ call, typ, want string }{
		{"scale(i, 2)", "double", "3.5"}, // the typed parameter makes a double of the integer
		{"kind(j)", "string", "one"}, {"kind('a')", "string", "letter"}, {"kind('1')", "string", "one"},
		{"twice(x)", "double", "5.0"}, {"twice(twice(1))", "double", "4.0"},
	} {
		m := mustLoad(t, exprDoc(c.typ, call(c.call), functions))
		wantScore(t, m, "x=2.5;i=7;j=1", "e="+c.want+"; y=0.0")
	}
}

// TestDerivedScope: derived fields may refer forward, to each other and across dictionaries.
func TestDerivedScope(t *testing.T) {
	m := mustLoad(t, `<PMML version="4.2"><DataDictionary>`+exprFields+`</DataDictionary><TransformationDictionary>
<DerivedField name="b" optype="continuous" dataType="double"><Apply function="+"><FieldRef field="a(1, [x])"/><Constant>1</Constant></Apply></DerivedField>
<DerivedField name="a(1, [x])" optype="continuous" dataType="float"><FieldRef field="x"/></DerivedField>
<DerivedField name="unused" optype="continuous" dataType="double"><FieldRef field="i"/></DerivedField></TransformationDictionary>
<RegressionModel functionName="regression"><MiningSchema><MiningField name="x"/><MiningField name="y" usageType="target"/></MiningSchema>
<LocalTransformations><DerivedField name="c" optype="continuous" dataType="double"><Apply function="*"><FieldRef field="b"/><FieldRef field="b"/></Apply></DerivedField></LocalTransformations>
<RegressionTable intercept="0"><NumericPredictor name="c" coefficient="1"/></RegressionTable></RegressionModel></PMML>`)
	wantScore(t, m, "x=0.5", "y=2.25")
	wantScore(t, m, "x=0.1", "y=1.2100000032782554")
	if len(m.Inputs()) != 1 {
		t.Errorf("inputs %v", m.Inputs())
	}
}
