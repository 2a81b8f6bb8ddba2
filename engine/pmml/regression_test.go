package pmml

import (
	"fmt"
	"testing"
)

const regressionFields = `<DataField name="x" optype="continuous" dataType="double"/><DataField name="z" optype="continuous" dataType="integer"/>
<DataField name="s" optype="categorical" dataType="string"/><DataField name="y" optype="continuous" dataType="double"/><DataField name="c" optype="categorical" dataType="string"/>`

func regressionDoc(function, attributes, tables string) string {
	target, output := "y", ""
	if function == "classification" {
		target = "c"
		output = `<Output><OutputField name="a" feature="probability" value="a"/><OutputField name="b" feature="probability" value="b"/></Output>`
	}
	return inPMML(regressionFields, fmt.Sprintf(`<RegressionModel functionName="%s" %s><MiningSchema><MiningField name="x"/><MiningField name="z"/>
<MiningField name="s"/><MiningField name="%s" usageType="target"/></MiningSchema>%s%s</RegressionModel>`, function, attributes, target, output, tables))
}

func TestRegression(t *testing.T) {
	table := `<RegressionTable intercept="1"><NumericPredictor name="x" coefficient="2"/><NumericPredictor name="z" exponent="2" coefficient="0.5"/>
<CategoricalPredictor name="s" value="u" coefficient="10"/><CategoricalPredictor name="s" value="v" coefficient="20"/><CategoricalPredictor name="z" value="4" coefficient="100"/>
<PredictorTerm coefficient="3"><FieldRef field="x"/><FieldRef field="z"/></PredictorTerm></RegressionTable>`
	m := mustLoad(t, regressionDoc("regression", "", table))
	if ok, why := m.Batch(); !ok {
		t.Error(why)
	}
	wantScore(t, m, "x=1;z=2;s=u", "y=21.0")
	wantScore(t, m, "x=1;z=2;s=v", "y=31.0")
	wantScore(t, m, "x=1;z=2;s=w", "y=11.0")
	wantScore(t, m, "x=1;z=2", "y=11.0") // a missing category adds nothing
	wantScore(t, m, "x=1;z=4;s=w", "y=123.0")
	wantScore(t, m, "z=2;s=u", "")
	wantScore(t, m, "x=1", "")
	wantScore(t, m, "x=NaN;z=0", "y=NaN")
}

func TestRegressionLinks(t *testing.T) {
	for _, c := range []struct{ norm, want string }{
		{"none", "y=0.5"},
		{"exp", "y=1.6487212707001282"},
		{"logit", "y=0.6224593312018546"},
		{"softmax", "y=0.6224593312018546"},
		{"probit", "y=0.6914624612740131"},
		{"cloglog", "y=0.807704354452035"},
		{"loglog", "y=0.545239211892605"},
		{"cauchit", "y=0.6475836176504333"},
	} {
		m := mustLoad(t, regressionDoc("regression", `normalizationMethod="`+c.norm+`"`, `<RegressionTable intercept="0"><NumericPredictor name="x" coefficient="1"/></RegressionTable>`))
		wantScore(t, m, "x=0.5", c.want)
	}
}

func TestRegressionClasses(t *testing.T) {
	table := func(class, coef string) string {
		return `<RegressionTable intercept="0" targetCategory="` + class + `"><NumericPredictor name="x" coefficient="` + coef + `"/></RegressionTable>`
	}
	two := table("a", "0.5") + table("b", "3")
	three := table("a", "0.5") + table("b", "0.25") + table("z", "7")
	for _, c := range []struct{ norm, tables, want string }{
		{"logit", two, "a=0.6224593312018546; b=0.3775406687981454; c=a"}, // the second table does not count
		{"probit", two, "a=0.6914624612740131; b=0.3085375387259869; c=a"},
		{"cloglog", two, "a=0.807704354452035; b=0.19229564554796497; c=a"},
		{"loglog", two, "a=0.545239211892605; b=0.45476078810739495; c=a"},
		{"cauchit", two, "a=0.6475836176504333; b=0.35241638234956674; c=a"},
		{"none", two, "a=0.5; b=0.5; c=a"},
		{"none", three, "a=0.5; b=0.25; c=a"},
		{"simplemax", two, "a=0.14285714285714285; b=0.8571428571428571; c=b"},
		{"softmax", two, "a=0.07585818002124356; b=0.9241418199787566; c=b"},
		{"logit", three, "a=0.2850447715060676; b=0.25743926423541336; c=z"},
	} {
		m := mustLoad(t, regressionDoc("classification", `normalizationMethod="`+c.norm+`"`, c.tables))
		wantScore(t, m, "x=1", c.want)
		wantScore(t, m, "", "")
	}
}

// TestTargets: clamp, then scale, then shift, then round.
func TestTargets(t *testing.T) {
	for _, c := range []struct{ target, in, want string }{
		{`<Target field="y" rescaleFactor="2" rescaleConstant="0.25"/>`, "x=3", "y=6.25"},
		{`<Target min="0" max="2" rescaleFactor="10"/>`, "x=3", "y=20.0"},
		{`<Target min="0" max="2" rescaleFactor="10"/>`, "x=-3", "y=0.0"},
		{`<Target castInteger="round"/>`, "x=-2.5", "y=-2.0"},
		{`<Target castInteger="floor"/>`, "x=-2.5", "y=-3.0"},
		{`<Target castInteger="ceiling"/>`, "x=2.1", "y=3.0"},
		{`<Target><TargetValue defaultValue="9"/></Target>`, "", "y=9.0"},
		{`<Target rescaleFactor="2"/>`, "", ""},
	} {
		doc := regressionDoc("regression", "", `<Targets>`+c.target+`</Targets><RegressionTable intercept="0"><NumericPredictor name="x" coefficient="1"/></RegressionTable>`)
		wantScore(t, mustLoad(t, doc), c.in, c.want)
	}
	doc := regressionDoc("classification", `normalizationMethod="softmax"`, `<Targets><Target field="c"><TargetValue value="b" priorProbability="0.7"/><TargetValue value="a" priorProbability="0.3"/></Target></Targets>
<RegressionTable intercept="0" targetCategory="a"><NumericPredictor name="x" coefficient="1"/></RegressionTable><RegressionTable intercept="0" targetCategory="b"/>`)
	wantScore(t, mustLoad(t, doc), "", "a=0.3; b=0.7; c=b")
	wantScore(t, mustLoad(t, doc), "x=0", "a=0.5; b=0.5; c=a")
}

// TestFloatContext: every step rounds to float32.
func TestFloatContext(t *testing.T) {
	doc := regressionDoc("regression", `x-mathContext="float"`, `<RegressionTable intercept="0.1"><NumericPredictor name="x" coefficient="0.7"/></RegressionTable>`)
	wantScore(t, mustLoad(t, doc), "x=3", "y=2.1999998092651367")
}
