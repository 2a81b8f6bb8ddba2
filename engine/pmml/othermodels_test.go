package pmml

import (
	"errors"
	"strings"
	"testing"
)

const otherFields = `<DataField name="x" optype="continuous" dataType="double"/><DataField name="z" optype="continuous" dataType="double"/>
<DataField name="s" optype="categorical" dataType="string"/><DataField name="y" optype="continuous" dataType="double"/>
<DataField name="c" optype="categorical" dataType="string"><Value value="a"/><Value value="b"/><Value value="d"/></DataField>`

// otherDoc is a model with inputs x, z and s; target "" for none.
func otherDoc(element, function, attributes, target, output, inner string) string {
	schema := `<MiningSchema><MiningField name="x"/><MiningField name="z"/><MiningField name="s"/>`
	if target != "" {
		schema += `<MiningField name="` + target + `" usageType="target"/>`
	}
	return inPMML(otherFields, `<`+element+` functionName="`+function+`" `+attributes+`>`+schema+`</MiningSchema><Output>`+output+`</Output>`+inner+`</`+element+`>`)
}

func TestScorecard(t *testing.T) {
	inner := `<Characteristics><Characteristic name="A" reasonCode="RA" baselineScore="10">
<Attribute partialScore="4"><SimplePredicate field="x" operator="lessThan" value="0"/></Attribute>
<Attribute><SimplePredicate field="x" operator="greaterOrEqual" value="0"/><ComplexPartialScore><Apply function="*"><FieldRef field="x"/><FieldRef field="z"/></Apply></ComplexPartialScore></Attribute>
</Characteristic><Characteristic name="B" baselineScore="3"><Attribute partialScore="1" reasonCode="RB"><SimplePredicate field="s" operator="equal" value="u"/></Attribute>
<Attribute partialScore="9" reasonCode="RC"><True/></Attribute></Characteristic></Characteristics>`
	output := `<OutputField name="r1" feature="reasonCode" rank="1" dataType="string"/><OutputField name="r2" feature="reasonCode" rank="2" dataType="string"/>`
	m := mustLoad(t, otherDoc("Scorecard", "regression", `initialScore="100"`, "y", output, inner))
	wantScore(t, m, "x=-1;s=u", "r1=RA; r2=RB; y=105.0")
	wantScore(t, m, "x=2;z=4.5;s=v", "r1=RA; y=118.0")
	wantScore(t, m, "x=2;s=v", "") // the complex score is missing
	wantScore(t, m, "s=v", "error: no attribute of the characteristic A is true")
	above := mustLoad(t, otherDoc("Scorecard", "regression", `initialScore="100" reasonCodeAlgorithm="pointsAbove"`, "y", output, inner))
	wantScore(t, above, "x=2;z=6;s=v", "r1=RC; r2=RA; y=121.0")
	wantScore(t, above, "x=-1;s=u", "y=105.0")
}

func TestRuleSet(t *testing.T) {
	rules := func(criterion string) *Model {
		return mustLoad(t, otherDoc("RuleSetModel", "classification", "", "c",
			`<OutputField name="conf" feature="confidence" dataType="double"/><OutputField name="rule" feature="entityId" dataType="string"/>`,
			`<RuleSet defaultScore="d" defaultConfidence="0.1"><RuleSelectionMethod criterion="`+criterion+`"/>
<SimpleRule id="1" score="a" weight="0.5" confidence="0.9"><SimplePredicate field="x" operator="greaterThan" value="0"/></SimpleRule>
<CompoundRule><SimplePredicate field="x" operator="greaterThan" value="1"/>
 <SimpleRule id="2" score="b" weight="0.4" confidence="0.7"><True/></SimpleRule>
 <SimpleRule id="3" score="b" weight="0.6" confidence="0.8"><SimplePredicate field="z" operator="greaterThan" value="1"/></SimpleRule>
</CompoundRule></RuleSet>`))
	}
	for _, c := range []struct{ criterion, in, want string }{
		{"firstHit", "x=2;z=2", "c=a; conf=0.9; rule=1"},
		{"firstHit", "x=0", "c=d; conf=0.1"},
		{"firstHit", "", "c=d; conf=0.1"},
		{"weightedMax", "x=2;z=2", "c=b; conf=0.8; rule=3"},
		{"weightedMax", "x=2;z=0", "c=a; conf=0.9; rule=1"},
		{"weightedSum", "x=2;z=2", "c=b; conf=0.3333333333333333; rule=2"},
		{"weightedSum", "x=0.5;z=2", "c=a; conf=0.5; rule=1"},
	} {
		wantScore(t, rules(c.criterion), c.in, c.want)
	}
}

func TestClustering(t *testing.T) {
	model := func(measure, more string) *Model {
		return mustLoad(t, otherDoc("ClusteringModel", "clustering", `modelClass="centerBased" numberOfClusters="2"`, "",
			`<OutputField name="d" feature="affinity" dataType="double"/><OutputField name="d2" feature="clusterAffinity" value="far" dataType="double"/>`,
			`<ComparisonMeasure kind="distance">`+measure+`</ComparisonMeasure><ClusteringField field="x"/><ClusteringField field="z" fieldWeight="2"/>`+more+
				`<Cluster><Array type="real" n="2">0 0</Array></Cluster><Cluster id="far"><Array type="real" n="2">10 10</Array></Cluster>`))
	}
	for _, c := range []struct{ measure, more, in, want string }{
		{`<squaredEuclidean/>`, "", "x=1;z=2", "_target=1; d2=209.0; d=9.0"},
		{`<euclidean/>`, "", "x=1;z=2", "_target=1; d2=14.45683229480096; d=3.0"},
		{`<cityBlock/>`, "", "x=1;z=2", "_target=1; d2=25.0; d=5.0"},
		{`<chebychev/>`, "", "x=1;z=2", "_target=1; d2=16.0; d=4.0"},
		{`<minkowski p-parameter="1"/>`, "", "x=1;z=2", "_target=1; d2=25.0; d=5.0"},
		{`<squaredEuclidean/>`, "", "x=9", "_target=far; d2=2.0; d=2.0"}, // rescaled by 2/1
		{`<squaredEuclidean/>`, `<MissingValueWeights><Array type="real" n="2">1 3</Array></MissingValueWeights>`, "x=9", "_target=far; d2=4.0; d=4.0"},
		{`<squaredEuclidean/>`, "", "", ""},
		{`<squaredEuclidean/>`, "", "x=5;z=5", "_target=1; d2=75.0; d=75.0"}, // a tie goes to the first
	} {
		wantScore(t, model(c.measure, c.more), c.in, c.want)
	}
	if m := model(`<euclidean/>`, ""); m.FunctionName() != "clustering" || m.Summary() != "Clustering model" || m.Outputs()[0].Role != Predicted {
		t.Error(m.FunctionName(), m.Summary(), m.Outputs())
	}
}

func TestNeuralActivations(t *testing.T) {
	for _, c := range []struct{ activation, want string }{
		{"identity", "y=0.5"}, {"logistic", "y=0.6224593312018546"}, {"tanh", "y=0.46211715726000974"}, {"threshold", "y=1.0"}, {"exponential", "y=1.6487212707001282"},
		{"reciprocal", "y=2.0"}, {"square", "y=0.25"}, {"Gauss", "y=0.7788007830714049"}, {"sine", "y=0.479425538604203"}, {"cosine", "y=0.8775825618903728"},
		{"Elliott", "y=0.3333333333333333"}, {"arctan", "y=0.2951672353008665"}, {"rectifier", "y=0.5"},
	} {
		m := mustLoad(t, otherDoc("NeuralNetwork", "regression", `activationFunction="`+c.activation+`" threshold="0.25"`, "y", "",
			`<NeuralInputs><NeuralInput id="i"><DerivedField name="n" optype="continuous" dataType="double"><NormContinuous field="x"><LinearNorm orig="0" norm="0"/><LinearNorm orig="10" norm="1"/></NormContinuous></DerivedField></NeuralInput></NeuralInputs>
<NeuralLayer><Neuron id="o" bias="0.25"><Con from="i" weight="0.5"/></Neuron></NeuralLayer>
<NeuralOutputs><NeuralOutput outputNeuron="o"><DerivedField name="d" optype="continuous" dataType="double"><FieldRef field="y"/></DerivedField></NeuralOutput></NeuralOutputs>`))
		wantScore(t, m, "x=5", c.want)
		wantScore(t, m, "", "")
	}
}

// TestNeuralDenorm: a regression's output goes back through its NormContinuous.
func TestNeuralDenorm(t *testing.T) {
	m := mustLoad(t, otherDoc("NeuralNetwork", "regression", `activationFunction="identity"`, "y", "",
		`<NeuralInputs><NeuralInput id="i"><DerivedField name="n" optype="continuous" dataType="double"><FieldRef field="x"/></DerivedField></NeuralInput></NeuralInputs>
<NeuralLayer><Neuron id="o"><Con from="i" weight="1"/></Neuron></NeuralLayer>
<NeuralOutputs><NeuralOutput outputNeuron="o"><DerivedField name="d" optype="continuous" dataType="double"><NormContinuous field="y"><LinearNorm orig="0" norm="0"/><LinearNorm orig="10" norm="1"/><LinearNorm orig="110" norm="2"/></NormContinuous></DerivedField></NeuralOutput></NeuralOutputs>`))
	wantScore(t, m, "x=0.5", "y=5.0")
	wantScore(t, m, "x=1.5", "y=60.0")
}

func TestGeneralRegression(t *testing.T) {
	params := `<ParameterList><Parameter name="p0"/><Parameter name="p1"/><Parameter name="p2"/><Parameter name="p3"/></ParameterList>
<FactorList><Predictor name="s"/></FactorList><CovariateList><Predictor name="x"/><Predictor name="z"/></CovariateList>
<PPMatrix><PPCell value="2" predictorName="x" parameterName="p1"/><PPCell value="u" predictorName="s" parameterName="p2"/>
<PPCell value="1" predictorName="x" parameterName="p3"/><PPCell value="1" predictorName="z" parameterName="p3"/></PPMatrix>`
	cells := func(class string) string {
		attr := ""
		if class != "" {
			attr = ` targetCategory="` + class + `"`
		}
		return `<PCell` + attr + ` parameterName="p0" beta="1"/><PCell` + attr + ` parameterName="p1" beta="2"/><PCell` + attr + ` parameterName="p2" beta="10"/><PCell` + attr + ` parameterName="p3" beta="0.5"/>`
	}
	model := func(function, attributes, target, output, matrix string) *Model {
		return mustLoad(t, otherDoc("GeneralRegressionModel", function, attributes, target, output, params+`<ParamMatrix>`+matrix+`</ParamMatrix>`))
	}
	m := model("regression", `modelType="generalLinear"`, "y", "", cells(""))
	wantScore(t, m, "x=3;z=4;s=u", "y=35.0")
	wantScore(t, m, "x=3;z=4;s=v", "y=25.0")
	wantScore(t, m, "x=3;z=4", "") // a missing factor
	wantScore(t, m, "x=3;s=u", "")
	for _, c := range []struct{ link, want string }{
		{`linkFunction="log"`, "y=2.718281828459045"}, {`linkFunction="logc"`, "y=-1.718281828459045"}, {`linkFunction="logit"`, "y=0.7310585786300049"},
		{`linkFunction="power" linkParameter="0.5"`, "y=1.0"}, {`linkFunction="identity" offsetValue="4"`, "y=5.0"},
	} {
		wantScore(t, model("regression", `modelType="generalizedLinear" `+c.link, "y", "", cells("")), "x=0;z=0;s=v", c.want)
	}
	probs := `<OutputField name="pa" feature="probability" value="a"/><OutputField name="pb" feature="probability" value="b"/><OutputField name="pd" feature="probability" value="d"/>`
	three := model("classification", `modelType="multinomialLogistic" targetReferenceCategory="d"`, "c", probs, cells("a")+`<PCell targetCategory="b" parameterName="p0" beta="1"/>`)
	wantScore(t, three, "x=0;z=0;s=v", "c=a; pa=0.4223187982515182; pb=0.4223187982515182; pd=0.15536240349696362")
	wantScore(t, three, "x=1;z=0;s=v", "c=a; pa=0.8437947344813395; pb=0.11419519938459449; pd=0.04201006613406605")
}

// TestOtherRefusals: what these models can say in PMML and this package cannot do is refused by name.
func TestOtherRefusals(t *testing.T) {
	for _, c := range []struct{ doc, element, want string }{
		{otherDoc("Scorecard", "regression", "", "y", "", ""), "Scorecard", "has no Characteristics"},
		{otherDoc("Scorecard", "regression", "", "y", "", `<Characteristics><Characteristic name="A"><Attribute partialScore="1"><True/></Attribute></Characteristic></Characteristics>`), "Attribute", "no reasonCode"},
		{otherDoc("RuleSetModel", "regression", "", "y", "", ""), "RuleSetModel", "expected classification"},
		{otherDoc("ClusteringModel", "clustering", `modelClass="distributionBased"`, "", "", ""), "ClusteringModel", "modelClass"},
		{otherDoc("ClusteringModel", "clustering", `modelClass="centerBased"`, "", "", `<ComparisonMeasure kind="likeness"/>`), "ComparisonMeasure", `kind="likeness" is not supported`},
		{otherDoc("ClusteringModel", "clustering", `modelClass="centerBased"`, "", "", `<ComparisonMeasure kind="distance"><jaccard/></ComparisonMeasure>`), "jaccard", "is not a distance"},
		{otherDoc("NeuralNetwork", "regression", `activationFunction="step"`, "y", "", ""), "NeuralNetwork", `activationFunction="step" is not supported`},
		{otherDoc("NeuralNetwork", "regression", `activationFunction="tanh"`, "y", "", `<NeuralLayer><Neuron id="1"><Con from="9" weight="1"/></Neuron></NeuralLayer>`), "Con", `from="9" is no input`},
		{otherDoc("GeneralRegressionModel", "regression", `modelType="CoxRegression"`, "y", "", ""), "GeneralRegressionModel", `endTimeVariable is missing`},
		{otherDoc("GeneralRegressionModel", "regression", `modelType="regression"`, "y", "", `<ParamMatrix><PCell parameterName="p" beta="1"/></ParamMatrix>`), "PCell", "not in the ParameterList"},
		{otherDoc("TextModel", "classification", ``, "c", "", ""), "TextModel", "this model type is not supported"},
		{otherDoc("SequenceModel", "classification", ``, "c", "", ""), "SequenceModel", "this model type is not supported"},
	} {
		_, err := Load(strings.NewReader(c.doc))
		var fault *Error
		if !errors.As(err, &fault) || fault.Element != c.element || fault.Line == 0 || !strings.Contains(fault.Msg, c.want) {
			t.Errorf("%v, want %s: %s", err, c.element, c.want)
		}
	}
}
