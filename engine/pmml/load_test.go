package pmml

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

// TestLoadErrors: what a document gets wrong, or asks for that is not there, is named with its element and line.
func TestLoadErrors(t *testing.T) {
	fields := "<DataField name=\"x\" optype=\"continuous\" dataType=\"double\"/>\n<DataField name=\"y\" optype=\"continuous\" dataType=\"double\"/>"
	schema := `<MiningSchema><MiningField name="x"/><MiningField name="y" usageType="target"/></MiningSchema>`
	tree := func(attributes, inner string) string { // line 4 is the model's, line 5 what is inside
		return inPMML(fields, `<TreeModel functionName="regression" `+attributes+`>`+schema+"\n"+inner+`</TreeModel>`)
	}
	leaf := `<Node score="1"><True/></Node>`
	expr := func(s string) string {
		return tree("", "<Output><OutputField name=\"o\" dataType=\"double\" feature=\"transformedValue\">\n"+s+"</OutputField></Output>"+leaf)
	}
	mining := func(attributes, segments string) string {
		return inPMML(fields, `<MiningModel functionName="regression">`+schema+"\n<Segmentation "+attributes+">"+segments+"</Segmentation></MiningModel>")
	}
	regr := func(function, attributes, inner string) string {
		return inPMML(fields+`<DataField name="c" optype="categorical" dataType="string"/>`, `<RegressionModel functionName="`+function+`" `+attributes+`><MiningSchema><MiningField name="x"/></MiningSchema>`+"\n"+inner+`</RegressionModel>`)
	}
	for name, c := range map[string]struct{ doc, want string }{
		"empty":         {"", "empty or ends early"},
		"cut":           {`<PMML version="4.4"><DataDictionary>`, "unexpected EOF"},
		"not XML":       {"hello", "empty or ends early"},
		"not PMML":      {"<html></html>", "line 1, element html: this is no PMML"},
		"no version":    {"<PMML></PMML>", "attribute version is missing"},
		"version":       {`<PMML version="5.0"></PMML>`, `version "5.0" is not supported`},
		"no model":      {`<PMML version="4.4"><DataDictionary/></PMML>`, "has no model"},
		"doctype":       {"<!DOCTYPE PMML [<!ENTITY a \"b\">]>\n<PMML version=\"4.4\"/>", "line 1: <!DOCTYPE> is refused"},
		"entity":        {`<PMML version="4.4"><Header>&a;</Header></PMML>`, "invalid character entity &a;"},
		"encoding":      {`<?xml version="1.0" encoding="UTF-16"?><PMML version="4.4"/>`, `encoding "UTF-16" is not supported`},
		"after the end": {tree("", leaf) + "<PMML/>", "a second element"},
		"model type":    {inPMML("", `<TextModel functionName="classification"/>`), "line 3, element TextModel: this model type is not supported"},
		"function":      {inPMML("", `<TreeModel functionName="clustering"/>`), `functionName="clustering" is not supported`},
		"not scorable":  {tree(`isScorable="false"`, leaf), "isScorable"},
		"attribute":     {tree(`x-strange="1"`, leaf), "line 4, element TreeModel: attribute x-strange is not supported"},
		"no schema":     {inPMML(fields, `<TreeModel functionName="regression">`+leaf+`</TreeModel>`), "element Node: expected MiningSchema first"},
		"no node":       {tree("", ""), "element TreeModel: has no Node"},
		"strategy":      {tree(`missingValueStrategy="guess"`, leaf), `missingValueStrategy="guess" is not supported, expected one of none, nullPrediction`},
		"weighted":      {tree(`missingValueStrategy="weightedConfidence"`, leaf), "needs a classification"},
		"wrong default": {tree("", `<Node score="1" defaultChild="z"><True/></Node>`), `line 5, element Node: defaultChild="z" is none of its children`},
		"score":         {tree("", `<Node score="much"><True/></Node>`), `line 5, element Node: score="much" is not a number`},
		"no predicate":  {tree("", `<Node score="1"></Node>`), "element Node: has no predicate"},
		"embedded":      {tree("", `<Node score="1"><True/><Regression/></Node>`), "element Regression: not supported inside Node"},
		"operator":      {tree("", `<Node><SimplePredicate field="x" operator="lessEqual" value="1"/></Node>`), `did you mean "lessOrEqual"?`},
		"value":         {tree("", `<Node><SimplePredicate field="x" operator="equal" value="one"/></Node>`), `field x: "one" is not a double`},
		"no value":      {tree("", `<Node><SimplePredicate field="x" operator="equal"/></Node>`), "attribute value is missing"},
		"unknown field": {tree("", `<Node><SimplePredicate field="X" operator="equal" value="1"/></Node>`), `line 5, element SimplePredicate: the field "X" is not defined, did you mean "x"?`},
		"not in schema": {tree("", `<Node><SimplePredicate field="y" operator="equal" value="1"/></Node>`), "in the DataDictionary but not in the model's MiningSchema"},
		"array":         {tree("", `<Node><SimpleSetPredicate field="x" booleanOperator="isIn"><Array type="real" n="3">1 2</Array></SimpleSetPredicate></Node>`), "n=3 but there are 2"},
		"quotes":        {tree("", `<Node><SimpleSetPredicate field="x" booleanOperator="isIn"><Array type="real">"1</Array></SimpleSetPredicate></Node>`), "does not end"},
		"feature":       {tree("", `<Output><OutputField name="o" feature="standardError"/></Output>`+leaf), `feature="standardError" is not supported`},
		"output value":  {tree("", `<Output><OutputField name="o" feature="probability" value="a"/></Output>`+leaf), "needs a classification"},
		"target field":  {tree("", `<Output><OutputField name="o" targetField="z"/></Output>`+leaf), `targetField="z" is not the model's target "y"`},
		"output twice":  {tree("", `<Output><OutputField name="o"/><OutputField name="o"/></Output>`+leaf), `"o" is defined twice`},
		"expression":    {expr(`<Lag field="x"/>`), "line 6, element Lag: this expression is not supported"},
		"aggregate":     {expr(`<Aggregate field="x" function="sum"/>`), "element Aggregate"},
		"no function":   {expr(`<Apply function="ceiling"><FieldRef field="x"/></Apply>`), `the function "ceiling" is not supported, did you mean "ceil"?`},
		"arguments":     {expr(`<Apply function="sqrt"/>`), "does not take 0 arguments"},
		"pattern":       {expr(`<Apply function="matches"><FieldRef field="x"/><Constant dataType="string">(</Constant></Apply>`), "the pattern of matches"},
		"pattern field": {expr(`<Apply function="matches"><FieldRef field="x"/><FieldRef field="x"/></Apply>`), "has to be a Constant"},
		"constant":      {expr(`<Constant dataType="integer">a</Constant>`), "is not an integer"},
		"two":           {expr(`<Constant>1</Constant><Constant>2</Constant>`), "more than one expression"},
		"none":          {expr(``), "has no expression"},
		"norms":         {expr(`<NormContinuous field="x"><LinearNorm orig="1" norm="0"/><LinearNorm orig="1" norm="1"/></NormContinuous>`), "have to rise"},
		"table":         {expr(`<MapValues outputColumn="o"><FieldColumnPair field="x" column="i"/><TableLocator/></MapValues>`), "element TableLocator"},
		"column":        {expr(`<MapValues outputColumn="o"><FieldColumnPair field="x" column="i"/><InlineTable><row><i>1</i></row></InlineTable></MapValues>`), "no column o"},
		"method":        {mining(`multipleModelMethod="vote"`, ""), `line 5, element Segmentation: multipleModelMethod="vote" is not supported`},
		"vote":          {mining(`multipleModelMethod="majorityVote"`, ""), "needs a classification"},
		"no segments":   {mining(`multipleModelMethod="sum"`, ""), "has no segments"},
		"segment":       {mining(`multipleModelMethod="sum"`, `<Segment><True/></Segment>`), "has no model"},
		"not inside":    {mining(`multipleModelMethod="sum"`, `<Segment><True/><SequenceModel functionName="regression"/></Segment>`), "element SequenceModel: this model type is not supported"},
		"segment field": {mining(`multipleModelMethod="sum"`, `<Segment><True/><TreeModel functionName="regression"><MiningSchema><MiningField name="q"/></MiningSchema>`+leaf+`</TreeModel></Segment>`), `the field "q" is not defined`},
		"mixed":         {mining(`multipleModelMethod="sum"`, `<Segment><True/><TreeModel functionName="classification"><MiningSchema/>`+leaf+`</TreeModel></Segment>`), "in an ensemble whose functionName"},
		"tables":        {regr("regression", "", `<RegressionTable intercept="0"/><RegressionTable intercept="1"/>`), "has one RegressionTable"},
		"one class":     {regr("classification", "", `<RegressionTable intercept="0" targetCategory="a"/>`), "at least two"},
		"no category":   {regr("classification", "", `<RegressionTable intercept="0"/>`), "targetCategory is missing"},
		"class twice":   {regr("classification", "", `<RegressionTable intercept="0" targetCategory="a"/><RegressionTable intercept="0" targetCategory="a"/>`), "a second RegressionTable for the class a"},
		"probit":        {regr("classification", `normalizationMethod="probit"`, `<RegressionTable intercept="0" targetCategory="a"/><RegressionTable intercept="0" targetCategory="b"/><RegressionTable intercept="0" targetCategory="c"/>`), "needs two classes"},
		"exp classes":   {regr("classification", `normalizationMethod="exp"`, ""), "not defined for a classification"},
		"coefficient":   {regr("regression", "", `<RegressionTable intercept="0"><NumericPredictor name="x" coefficient="1,5"/></RegressionTable>`), `coefficient="1,5" is not a number`},
		"data type":     {inPMML(`<DataField name="x" optype="continuous" dataType="number"/>`, ""), `dataType="number" is not supported`},
		"field twice":   {inPMML(fields+fields, ""), `the field "x" is defined twice`},
		"bad value":     {inPMML(`<DataField name="x" optype="continuous" dataType="integer"><Value value="a"/></DataField>`, ""), "is not an integer"},
		"no field":      {inPMML(fields, `<TreeModel functionName="regression"><MiningSchema><MiningField name="xx"/></MiningSchema>`+leaf+`</TreeModel>`), `"xx" is not in the DataDictionary, did you mean "x"?`},
		"two targets":   {inPMML(fields, `<TreeModel functionName="regression"><MiningSchema><MiningField name="x" usageType="target"/><MiningField name="y" usageType="target"/></MiningSchema>`+leaf+`</TreeModel>`), "a second target"},
		"cycle": {tree("", `<LocalTransformations><DerivedField name="a" optype="continuous" dataType="double"><FieldRef field="b"/></DerivedField>
<DerivedField name="b" optype="continuous" dataType="double"><FieldRef field="a"/></DerivedField></LocalTransformations><Node><SimplePredicate field="a" operator="equal" value="1"/></Node>`), `the derived field "a" depends on itself`},
		"targets": {tree("", `<Targets><Target field="x"/></Targets>`+leaf), `field="x" is not the model's target "y"`},
	} {
		_, err := Load(strings.NewReader(c.doc))
		var fault *Error
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestRecursiveFunction(t *testing.T) {
	doc := exprDoc("double", call("f(x)"), `<DefineFunction name="f"><ParameterField name="a"/><Apply function="f"><FieldRef field="a"/></Apply></DefineFunction>`)
	if _, err := Load(strings.NewReader(doc)); err == nil || !strings.Contains(err.Error(), "the function f calls itself") {
		t.Error(err)
	}
	var many strings.Builder // each function calls the one before twice: 2^60 calls
	many.WriteString(`<DefineFunction name="base"><ParameterField name="a"/><FieldRef field="a"/></DefineFunction>`)
	for i := range 60 {
		f, g := string(rune('a'+i/10))+string(rune('0'+i%10)), "base"
		if i > 0 {
			g = string(rune('a'+(i-1)/10)) + string(rune('0'+(i-1)%10))
		}
		many.WriteString(`<DefineFunction name="` + f + `"><ParameterField name="a"/><Apply function="+"><Apply function="` + g + `"><FieldRef field="a"/></Apply><Apply function="` + g + `"><FieldRef field="a"/></Apply></Apply></DefineFunction>`)
	}
	if _, err := Load(strings.NewReader(exprDoc("double", call("f9(x)"), many.String()))); err == nil || !strings.Contains(err.Error(), "expands to more than") {
		t.Error(err)
	}
}

func TestDeepNesting(t *testing.T) {
	for _, open := range []string{`<Node><True/>`, `<Extension>`} {
		doc := inPMML(`<DataField name="x" optype="continuous" dataType="double"/>`, `<TreeModel functionName="regression"><MiningSchema><MiningField name="x"/></MiningSchema>`+strings.Repeat(open, 100000))
		if _, err := Load(strings.NewReader(doc)); err == nil || !strings.Contains(err.Error(), "nested deeper than") {
			t.Error(err)
		}
	}
}

// TestReaderError: a fault of the reader is no fault of the document.
func TestReaderError(t *testing.T) {
	bad := errors.New("disk on fire")
	_, err := Load(io.MultiReader(strings.NewReader(`<PMML version="4.4">`), iotest.ErrReader(bad)))
	if !errors.Is(err, bad) {
		t.Error(err)
	}
}

func TestLatin1(t *testing.T) {
	doc := "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" + strings.ReplaceAll(fieldDoc(`<DataField name="x" optype="categorical" dataType="string"><Value value="ROT"/></DataField>`, ""), "ROT", "gr\xfcn")
	wantScore(t, mustLoad(t, doc), "x=grün", "e=grün; y=0.0")
}

func TestModelFacts(t *testing.T) {
	m := load(t, irisDir+"RandomForestIris.pmml")
	if m.Kind() != "MiningModel" || m.FunctionName() != "classification" || m.Summary() != "Ensemble model" || m.TargetName() != "label" || m.Verified() != 0 {
		t.Error(m.Kind(), m.FunctionName(), m.Summary(), m.TargetName(), m.Verified())
	}
	if m.Checksum() != "4eb03b6da40eb9592ff7cdef8997fd9f6bb733a0515f776c8ee3d05846549d5c" || m.Size() != 72702 || m.Producer() != "JPMML-SparkML library 3.1.13" {
		t.Error(m.Checksum(), m.Size(), m.Producer())
	}
	want := []string{"label 1 true", "pmml(prediction) 1 false", "prediction 0 true", "probability(0) 2 0 true", "probability(1) 2 1 true", "probability(2) 2 2 true"}
	for i, o := range m.Outputs() {
		got := strings.Join(strings.Fields(o.Field.Name+" "+string(rune('0'+int(o.Role)))+" "+o.Class+" "+map[bool]string{true: "true", false: "false"}[o.Final]), " ")
		if got != want[i] || o.Field.Type.Name() != "double" && o.Field.Type.Name() != "float64" || !o.Field.Nullable {
			t.Errorf("output %d: %s (%s), want %s", i, got, o.Field.Type, want[i])
		}
	}
}

func TestVerification(t *testing.T) {
	path := examplesDir + "models/RandomForestIrisVerified.pmml"
	if m := load(t, path); m.Verified() != 7 {
		t.Errorf("%d rows verified", m.Verified())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.LastIndex(b, []byte("<data:probability_0>1.0<"))
	if i < 0 {
		t.Fatal("no such row")
	}
	wrong := bytes.Clone(b)
	copy(wrong[i:], "<data:probability_0>0.9<")
	_, err = Load(bytes.NewReader(wrong))
	var fault *Error
	if !errors.As(err, &fault) || fault.Element != "ModelVerification" || !strings.Contains(fault.Msg, "the document expects probability(0.0) = 0.9, scoring gives 1.0") {
		t.Error(err)
	}
}

// TestVerificationPrecision: precision is relative to the expected value, two values below zeroThreshold are equal.
func TestVerificationPrecision(t *testing.T) {
	for _, c := range []struct {
		attributes, want string
		ok               bool
	}{
		{``, "2.0000019", true}, {``, "2.00001", false}, {`precision="0.1"`, "2.2", true}, {`precision="0.01"`, "2.2", false}, {``, "", true},
	} {
		doc := regressionDoc("regression", "", `<RegressionTable intercept="0"><NumericPredictor name="x" coefficient="2"/></RegressionTable>
<ModelVerification recordCount="1" fieldCount="2"><VerificationFields><VerificationField field="x"/><VerificationField field="y" column="d:y" `+c.attributes+`/></VerificationFields>
<InlineTable><row><x>1</x><y>`+c.want+`</y></row></InlineTable></ModelVerification>`)
		if _, err := Load(strings.NewReader(doc)); (err == nil) != c.ok {
			t.Errorf("%s, %s: %v", c.attributes, c.want, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(golf(`missingValueStrategy="weightedConfidence"`))
	f.Add(inPMML(miningFields, chainDoc))
	f.Add(exprDoc("string", call("concat(s, '-', if(isMissing(x), 1, 2))"), ""))
	f.Add(fieldDoc(`<DataField name="x" optype="continuous" dataType="double"><Interval closure="closedOpen" leftMargin="0"/><Value value="-1" property="missing"/></DataField>`, `outliers="asExtremeValues" lowValue="1"`))
	f.Fuzz(func(t *testing.T, doc string) {
		m, err := Load(strings.NewReader(doc))
		if err != nil {
			return
		}
		row := map[string]string{}
		if _, fault := scoreOne(t, m, row); fault != nil && fault.Error() == "" {
			t.Error("a fault without a message")
		}
	})
}
