package pmml

import (
	"strings"
	"testing"
)

// TestTextIndex counts terms in texts by the rules of TextIndex.
func TestTextIndex(t *testing.T) {
	doc := func(attributes, inner string) string {
		return exprDoc("double", `<TextIndex textField="s" `+attributes+`>`+inner+`</TextIndex>`, "")
	}
	term := func(s string) string { return `<Constant dataType="string">` + s + `</Constant>` }
	norm := func(attributes, rows string) string {
		return `<TextIndexNormalization ` + attributes + `><InlineTable>` + rows + `</InlineTable></TextIndexNormalization>`
	}
	for _, c := range []struct{ attributes, inner, text, want string }{
		{"", term("fast car"), "A Fast car, a fast  CAR; a fast, car!", "3.0"},
		{"", term("fast car"), "fast cars and fast carts", "0.0"},
		{`isCaseSensitive="true"`, term("Fast"), "Fast fast FAST", "1.0"},
		{`localTermWeights="binary"`, term("a"), "a b a", "1.0"},
		{`localTermWeights="logarithmic"`, term("a"), "a b a a a a a a a a", "1.0"}, // log10(1 + 9)
		{`localTermWeights="augmentedNormalizedTermFrequency"`, term("b"), "a b a", "0.75"},
		{`localTermWeights="augmentedNormalizedTermFrequency"`, term("c"), "a b a", "0.0"},
		{`maxLevenshteinDistance="1"`, term("brown fox"), "brown fox brwn fox bron foks", "2.0"},
		{`maxLevenshteinDistance="2" countHits="bestHits"`, term("fox"), "foxes foxx fax fox", "1.0"},
		{`maxLevenshteinDistance="2" countHits="bestHits"`, term("fox"), "foxes foxx fax", "2.0"},
		{`wordSeparatorCharacterRE="[,;]"`, term("fast car"), "fast car,fast car;car", "2.0"},
		{"", norm("", `<row><string>cars</string><stem>car</stem></row>`) + term("car"), "cars car", "2.0"},
		{"", norm("", `<row><string>cars?x</string><stem>car</stem><regex>true</regex></row>`) + term("car"), "carx car", "2.0"},
		{"", norm(`recursive="true"`, `<row><string>very very</string><stem>very</stem></row>`) + term("very"), "very very very very", "1.0"},
		{"", norm("", `<row><string>very very</string><stem>very</stem></row>`) + term("very"), "very very very very", "2.0"},
		{"", norm(`inField="i" outField="o"`, `<row><i>user friendly</i><o>usable</o></row>`) + term("usable"), "User friendly, it is.", "1.0"},
	} {
		m := mustLoad(t, doc(c.attributes, c.inner))
		got, fault := scoreOne(t, m, map[string]string{"s": c.text})
		if fault != nil || got["e"] != c.want {
			t.Errorf("%s %s in %q: %v, %v, want %s", c.attributes, c.inner, c.text, got, fault, c.want)
		}
	}
	got, fault := scoreOne(t, mustLoad(t, doc("", term("a"))), nil)
	if fault != nil || got["e"] != "" {
		t.Error("a missing text:", got, fault)
	}
	for _, c := range []struct{ doc, want string }{
		{doc("", ""), "has no expression"},
		{doc(`localTermWeights="tfidf"`, term("a")), `localTermWeights="tfidf" is not supported`},
		{doc(`wordSeparatorCharacterRE="["`, term("a")), "expected a pattern"},
		{doc("", norm("", `<row><string>(</string><stem>a</stem><regex>true</regex></row>`)+term("a")), "the pattern"},
		{doc("", norm("", `<row><string>a</string></row>`)+term("a")), "no column stem"},
		{strings.Replace(doc("", term("a")), `textField="s"`, `textField="x"`, 1), "is a double, not a string"},
	} {
		if _, err := Load(strings.NewReader(c.doc)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// line1 is a RegressionModel of x with a target and outputs.
func line1(target, output, coefficient string) string {
	return `<RegressionModel functionName="regression"><MiningSchema><MiningField name="x"/><MiningField name="` + target + `" usageType="target"/></MiningSchema><Output>` + output +
		`</Output><RegressionTable intercept="1"><NumericPredictor name="x" coefficient="` + coefficient + `"/></RegressionTable></RegressionModel>`
}

// TestMultiModelChain: each segment predicts a target of its own, and sees the outputs of those before it.
func TestMultiModelChain(t *testing.T) {
	second := strings.NewReplacer(`name="x"/>`, `name="x"/><MiningField name="first"/>`, `<NumericPredictor name="x"`, `<NumericPredictor name="first"`).Replace(line1("z", "", "10"))
	for _, method := range []string{"multiModelChain", "x-multiModelChain"} {
		for _, function := range []string{"mixed", "regression"} {
			m := mustLoad(t, inPMML(otherFields, `<MiningModel functionName="`+function+`"><MiningSchema><MiningField name="x"/><MiningField name="y" usageType="target"/><MiningField name="z" usageType="target"/></MiningSchema>
<Segmentation multipleModelMethod="`+method+`"><Segment id="1"><True/>`+line1("y", `<OutputField name="first" dataType="double" feature="predictedValue"/>`, "2")+`</Segment><Segment id="2"><True/>`+second+`</Segment></Segmentation></MiningModel>`))
			wantScore(t, m, "x=3", "first=7.0; y=7.0; z=71.0")
			if m.Outputs()[0].Field.Name != "y" || m.Outputs()[1].Field.Name != "z" || m.TargetName() != "y" {
				t.Error(m.Outputs(), m.TargetName())
			}
		}
	}
	refusals(t, []refusal{
		{inPMML(otherFields, `<MiningModel functionName="mixed"><MiningSchema><MiningField name="x"/></MiningSchema><Segmentation multipleModelMethod="sum"><Segment><True/>`+line1("y", "", "2")+`</Segment></Segmentation></MiningModel>`), "RegressionModel", "in an ensemble"},
		{inPMML(otherFields, `<MiningModel functionName="regression"><MiningSchema><MiningField name="x"/><MiningField name="y" usageType="target"/><MiningField name="z" usageType="target"/></MiningSchema><Segmentation multipleModelMethod="sum"><Segment><True/>`+line1("y", "", "2")+`</Segment></Segmentation></MiningModel>`), "MiningField", "needs multipleModelMethod multiModelChain"},
	})
}

// TestSegmentOutputs: an output field may show the result of one segment.
func TestSegmentOutputs(t *testing.T) {
	segments := `<Segment id="one"><True/>` + line1("y", "", "2") + `</Segment><Segment id="two"><SimplePredicate field="x" operator="greaterThan" value="0"/>` + line1("y", "", "4") + `</Segment>`
	doc := func(method string) string {
		return inPMML(otherFields, `<MiningModel functionName="regression"><MiningSchema><MiningField name="x"/><MiningField name="y" usageType="target"/></MiningSchema>
<Output><OutputField name="a" feature="predictedValue" segmentId="one" dataType="double"/><OutputField name="b" feature="predictedValue" segmentId="two"/></Output>
<Segmentation multipleModelMethod="`+method+`">`+segments+`</Segmentation></MiningModel>`)
	}
	wantScore(t, mustLoad(t, doc("sum")), "x=3", "a=7.0; b=13.0; y=20.0")
	wantScore(t, mustLoad(t, doc("sum")), "x=-3", "a=-5.0; y=-5.0")
	wantScore(t, mustLoad(t, doc("modelChain")), "x=3", "a=7.0; b=13.0; y=13.0")
	refusals(t, []refusal{{strings.Replace(doc("sum"), `segmentId="two"`, `segmentId="three"`, 1), "OutputField", `"three" is no segment`}})
	all := strings.NewReplacer(`<OutputField name="a" feature="predictedValue" segmentId="one" dataType="double"/><OutputField name="b" feature="predictedValue" segmentId="two"/>`, "").Replace(doc("selectAll"))
	wantScore(t, mustLoad(t, all), "x=-3", "y=-5.0")
	wantScore(t, mustLoad(t, all), "x=3", "error: selectAll gives more than one value: 7.0 and 13.0")
}

// TestResidual: the true target becomes an input that may be missing.
func TestResidual(t *testing.T) {
	m := mustLoad(t, inPMML(otherFields, line1("y", `<OutputField name="r" feature="residual" dataType="double"/><OutputField name="w" feature="warning"/>`, "2")))
	wantScore(t, m, "x=3;y=10", "r=3.0; y=7.0")
	wantScore(t, m, "x=3", "y=7.0")
	if n := len(m.Inputs()); n != 2 || m.Inputs()[1].Name != "y" {
		t.Error(m.Inputs())
	}
	tree := `<TreeModel functionName="classification"><MiningSchema><MiningField name="x"/><MiningField name="c" usageType="target"/></MiningSchema><Output><OutputField name="ra" feature="residual" value="a" dataType="double"/><OutputField name="r" feature="residual" dataType="double"/></Output>
<Node score="a"><True/><ScoreDistribution value="a" recordCount="3"/><ScoreDistribution value="b" recordCount="1"/></Node></TreeModel>`
	k := mustLoad(t, inPMML(otherFields, tree))
	wantScore(t, k, "c=a", "c=a; r=0.25; ra=0.25")
	wantScore(t, k, "c=b", "c=a; r=-0.75; ra=-0.75")
	wantScore(t, k, "", "c=a")
}

// TestSeveralModels: the first model that is for scoring is loaded, or the one that is named.
func TestSeveralModels(t *testing.T) {
	named := func(name, attributes, coefficient string) string {
		return strings.Replace(line1("y", "", coefficient), `<RegressionModel `, `<RegressionModel modelName="`+name+`" `+attributes+` `, 1)
	}
	doc := inPMML(otherFields, named("draft", `isScorable="false"`, "9")+named("one", "", "2")+named("two", "", "4")+`<TextModel functionName="classification" modelName="text"/>`)
	wantScore(t, mustLoad(t, doc), "x=3", "y=7.0")
	m, err := LoadNamed(strings.NewReader(doc), "two")
	if err != nil {
		t.Fatal(err)
	}
	wantScore(t, m, "x=3", "y=13.0")
	for name, want := range map[string]string{"tow": `no model named "tow"; its models are "draft", "one", "two", "text"`, "draft": "isScorable", "text": "this model type is not supported"} {
		if _, err := LoadNamed(strings.NewReader(doc), name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// TestNamespaces: the versions of PMML differ in their namespace, not in what is read.
func TestNamespaces(t *testing.T) {
	for _, v := range []string{"3_0", "3_1", "3_2", "4_0", "4_1", "4_2", "4_3", "4_4"} {
		doc := strings.Replace(inPMML(otherFields, line1("y", "", "2")), `xmlns="http://www.dmg.org/PMML-4_4" version="4.4"`, `xmlns="http://www.dmg.org/PMML-`+v+`" version="`+strings.Replace(v, "_", ".", 1)+`"`, 1)
		wantScore(t, mustLoad(t, doc), "x=3", "y=7.0")
		prefixed := strings.NewReplacer("</", "</p:", "<", "<p:", "xmlns=", "xmlns:p=").Replace(doc)
		wantScore(t, mustLoad(t, prefixed), "x=3", "y=7.0")
	}
}
