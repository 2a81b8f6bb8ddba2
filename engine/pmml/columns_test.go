package pmml

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow/memory"
)

// columnDoc writes random models of the types that have a batch form besides trees and regressions.
type columnDoc struct {
	*randomDoc
}

func newColumnDoc(rng *rand.Rand) *columnDoc {
	return &columnDoc{&randomDoc{rng: rng, fields: []randomField{{"x", "double", []string{"0", "1", "-1", "0.5"}}, {"z", "double", []string{"0", "2"}},
		{"n", "integer", []string{"0", "1", "3"}}, {"s", "string", []string{"a", "b", "zzz"}}}}}
}

// write writes a document of one of the types.
func (d *columnDoc) write(kind int) string {
	types := []func(){d.neural, d.clustering, d.scorecard, d.general, d.mixture, d.mixture, d.chain}
	types[kind%len(types)]()
	return d.b.String()
}

func (d *columnDoc) num() string { return fmt.Sprintf("%.3g", d.rng.NormFloat64()) }
func (d *columnDoc) field() string {
	return d.one("x", "z", "n", "sum", "norm", "is", "map", "bin", "exp")
}

func (d *columnDoc) open(element, function, attributes, target string) {
	d.w(`<PMML version="4.4"><DataDictionary>`)
	for _, f := range d.fields {
		op := "continuous"
		if f.typ == "string" {
			op = "categorical"
		}
		d.w(`<DataField name="%s" dataType="%s" optype="%s"/>`, f.name, f.typ, op)
	}
	d.w(`<DataField name="c" dataType="string" optype="categorical"><Value value="a"/><Value value="b"/><Value value="d"/></DataField><DataField name="y" dataType="double" optype="continuous"/></DataDictionary>`)
	d.w(`<%s functionName="%s" %s><MiningSchema>`, element, function, attributes)
	for _, f := range d.fields {
		extra := ""
		if d.chance(0.2) {
			extra = fmt.Sprintf(` missingValueReplacement="%s"`, f.values[0])
		}
		if f.typ == "double" && d.chance(0.1) {
			extra += ` outliers="asMissingValues" lowValue="-1" highValue="1"`
		}
		d.w(`<MiningField name="%s"%s/>`, f.name, extra)
	}
	if target != "" {
		d.w(`<MiningField name="%s" usageType="target"/>`, target)
	}
	d.w(`</MiningSchema>`)
	miss := ""
	if d.chance(0.3) {
		miss = ` mapMissingTo="0.5"`
	}
	d.w(`<LocalTransformations>
<DerivedField name="sum" optype="continuous" dataType="double"><Apply function="+"%s><FieldRef field="x"/><Apply function="*"><FieldRef field="z"/><Constant>3</Constant></Apply></Apply></DerivedField>
<DerivedField name="norm" optype="continuous" dataType="double"><NormContinuous field="x" outliers="%s"%s><LinearNorm orig="-1" norm="2"/><LinearNorm orig="0.5" norm="3"/><LinearNorm orig="1" norm="-1"/></NormContinuous></DerivedField>
<DerivedField name="is" optype="continuous" dataType="double"><NormDiscrete field="s" value="a"%s/></DerivedField>
<DerivedField name="map" optype="continuous" dataType="double"><MapValues outputColumn="o" dataType="double" defaultValue="7"%s><FieldColumnPair field="s" column="i"/><InlineTable><row><i>a</i><o>1</o></row><row><i>b</i><o>2.5</o></row></InlineTable></MapValues></DerivedField>
<DerivedField name="bin" optype="continuous" dataType="double"><Discretize field="n" dataType="double" defaultValue="0"><DiscretizeBin binValue="1.5"><Interval closure="openClosed" leftMargin="0" rightMargin="3"/></DiscretizeBin></Discretize></DerivedField>
<DerivedField name="exp" optype="continuous" dataType="double"><Apply function="pow"><Apply function="exp"><FieldRef field="x"/></Apply><Constant>0.5</Constant></Apply></DerivedField></LocalTransformations>`,
		miss, d.one("asIs", "asExtremeValues"), miss, miss, miss)
}

func (d *columnDoc) probabilities() {
	d.w(`<Output><OutputField name="pa" feature="probability" value="a"/><OutputField name="pb" feature="probability" value="b"/><OutputField name="top" feature="probability"/></Output>`)
}

// result opens a model with a classification's or a regression's outputs.
func (d *columnDoc) result(element, attributes string) (classes []string) {
	if d.chance(0.5) {
		d.open(element, "classification", attributes, "c")
		d.probabilities()
		return []string{"a", "b", "d"}
	}
	d.open(element, "regression", attributes, "y")
	if d.chance(0.5) {
		d.w(`<Targets><Target min="-2" max="2" rescaleFactor="0.5"/></Targets>`)
	}
	return nil
}

func (d *columnDoc) neural() {
	classes := d.result("NeuralNetwork", `activationFunction="`+d.one("tanh", "logistic", "rectifier", "identity", "Gauss", "Elliott", "radialBasis")+`" width="2"`)
	d.w(`<NeuralInputs>`)
	ids := []string{}
	for i := range 2 + d.rng.IntN(6) {
		id := fmt.Sprintf("i%d", i)
		inner := fmt.Sprintf(`<FieldRef field="%s"/>`, d.field())
		if d.chance(0.4) {
			inner = `<NormContinuous field="z"><LinearNorm orig="0" norm="-1"/><LinearNorm orig="2" norm="1"/></NormContinuous>`
		}
		d.w(`<NeuralInput id="%s"><DerivedField optype="continuous" dataType="double">%s</DerivedField></NeuralInput>`, id, inner)
		ids = append(ids, id)
	}
	d.w(`</NeuralInputs>`)
	layer := func(name, attributes string, n int) {
		d.w(`<NeuralLayer %s>`, attributes)
		var own []string
		for i := range n {
			id := fmt.Sprintf("%s%d", name, i)
			d.w(`<Neuron id="%s" bias="%s">`, id, d.num())
			for _, from := range ids {
				d.w(`<Con from="%s" weight="%s"/>`, from, d.num())
			}
			d.w(`</Neuron>`)
			own = append(own, id)
		}
		d.w(`</NeuralLayer>`)
		ids = own
	}
	layer("h", "", 1+d.rng.IntN(9))
	if classes == nil {
		layer("o", `activationFunction="identity"`, 1)
		d.w(`<NeuralOutputs><NeuralOutput outputNeuron="o0"><DerivedField optype="continuous" dataType="double"><NormContinuous field="y"><LinearNorm orig="0" norm="0"/><LinearNorm orig="10" norm="1"/></NormContinuous></DerivedField></NeuralOutput></NeuralOutputs></NeuralNetwork></PMML>`)
		return
	}
	layer("o", `activationFunction="identity" normalizationMethod="`+d.one("softmax", "simplemax", "none")+`"`, len(classes))
	d.w(`<NeuralOutputs>`)
	for i, c := range classes {
		d.w(`<NeuralOutput outputNeuron="o%d"><DerivedField optype="continuous" dataType="double"><NormDiscrete field="c" value="%s"/></DerivedField></NeuralOutput>`, i, c)
	}
	d.w(`</NeuralOutputs></NeuralNetwork></PMML>`)
}

func (d *columnDoc) clustering() {
	d.open("ClusteringModel", "clustering", `modelClass="centerBased"`, "")
	d.w(`<Output><OutputField name="id" feature="clusterId"/><OutputField name="d" feature="affinity"/><OutputField name="d2" feature="clusterAffinity" value="2"/><OutputField name="dx" feature="affinity" value="none"/></Output>`)
	d.w(`<ComparisonMeasure kind="distance" compareFunction="%s"><%s/></ComparisonMeasure>`, d.one("absDiff", "absDiff", "delta", "equal"),
		d.one("euclidean", "squaredEuclidean", "cityBlock", "chebychev", `minkowski p-parameter="3"`))
	n := 2 + d.rng.IntN(4)
	for range n {
		d.w(`<ClusteringField field="%s" fieldWeight="%d"/>`, d.field(), 1+d.rng.IntN(3))
	}
	for range 2 + d.rng.IntN(4) {
		d.w(`<Cluster><Array type="real">`)
		for range n {
			d.w(" %s", d.one("0", "1", d.num()))
		}
		d.w(`</Array></Cluster>`)
	}
	d.w(`</ClusteringModel></PMML>`)
}

func (d *columnDoc) scorecard() {
	d.open("Scorecard", "regression", `initialScore="10" reasonCodeAlgorithm="`+d.one("pointsAbove", "pointsBelow")+`"`, "y")
	d.w(`<Output><OutputField name="r1" feature="reasonCode" rank="1" dataType="string"/><OutputField name="r3" feature="reasonCode" rank="3" dataType="string"/></Output><Characteristics>`)
	for i := range 1 + d.rng.IntN(5) {
		d.w(`<Characteristic name="c%d" reasonCode="R%d" baselineScore="%d">`, i, d.rng.IntN(4), d.rng.IntN(5))
		for range 1 + d.rng.IntN(3) {
			if d.chance(0.2) {
				d.w(`<Attribute>%s<ComplexPartialScore><Apply function="*"><FieldRef field="%s"/><Constant>2</Constant></Apply></ComplexPartialScore></Attribute>`, d.predicate(1), d.one("x", "z", "sum"))
				continue
			}
			d.w(`<Attribute partialScore="%d">%s</Attribute>`, d.rng.IntN(9)-3, d.predicate(1))
		}
		if d.chance(0.8) {
			d.w(`<Attribute partialScore="1" reasonCode="Rest"><True/></Attribute>`)
		}
		d.w(`</Characteristic>`)
	}
	d.w(`</Characteristics></Scorecard></PMML>`)
}

func (d *columnDoc) general() {
	kind := d.one("generalizedLinear", "generalLinear", "multinomialLogistic")
	attributes := fmt.Sprintf(`modelType="%s" offsetValue="0.25"`, kind)
	if kind == "generalizedLinear" {
		attributes += fmt.Sprintf(` linkFunction="%s" trialsValue="3"`, d.one("logit", "log", "identity", "probit", "cloglog", "logc"))
	}
	classes := []string{""}
	if kind == "multinomialLogistic" {
		d.open("GeneralRegressionModel", "classification", attributes+` targetReferenceCategory="d"`, "c")
		d.probabilities()
		classes = []string{"a", "b"}
	} else {
		d.open("GeneralRegressionModel", "regression", attributes, "y")
	}
	n := 3 + d.rng.IntN(4)
	d.w(`<ParameterList>`)
	for i := range n {
		d.w(`<Parameter name="p%d"/>`, i)
	}
	d.w(`</ParameterList><FactorList><Predictor name="s"/></FactorList><CovariateList>`)
	for _, f := range []string{"x", "z", "n", "sum", "norm", "is", "map", "bin", "exp"} {
		d.w(`<Predictor name="%s"/>`, f)
	}
	d.w(`</CovariateList><PPMatrix>`)
	for i := 1; i < n; i++ {
		if d.chance(0.4) {
			d.w(`<PPCell value="%s" predictorName="s" parameterName="p%d"/>`, d.one("a", "b"), i)
		}
		if d.chance(0.7) {
			d.w(`<PPCell value="%s" predictorName="%s" parameterName="p%d"/>`, d.one("1", "1", "2"), d.field(), i)
		}
	}
	d.w(`</PPMatrix><ParamMatrix>`)
	for _, c := range classes {
		for i := range n {
			attr := ""
			if c != "" {
				attr = ` targetCategory="` + c + `"`
			}
			d.w(`<PCell%s parameterName="p%d" beta="%s"/>`, attr, i, d.num())
		}
	}
	d.w(`</ParamMatrix></GeneralRegressionModel></PMML>`)
}

// TestColumnsEqualRow compares the evaluators on random networks, clusters, scorecards and general regressions.
func TestColumnsEqualRow(t *testing.T) {
	docs, batched := 420, 0
	for seed := range docs {
		rng := rand.New(rand.NewPCG(uint64(seed), 21))
		d := newColumnDoc(rng)
		doc := d.write(seed)
		m, err := Load(strings.NewReader(doc))
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, doc)
		}
		if m.batch == nil {
			t.Logf("seed %d: %s", seed, m.why)
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
		for _, nulls := range []float64{0, 0.15} {
			in := randomRows(rng, memory.DefaultAllocator, m, consts, 300, nulls)
			sameScores(t, m, 300, in, 1e-12)
			release(in)
		}
		if t.Failed() {
			t.Fatalf("seed %d\n%s", seed, doc)
		}
	}
	if batched < docs*9/10 {
		t.Errorf("only %d of %d models have a batch evaluator", batched, docs)
	}
}

// segment writes a regression or a small tree over the fields.
func (d *columnDoc) segment(classes []string, schema string) {
	function := "regression"
	if classes != nil {
		function = "classification"
	}
	if d.chance(0.5) {
		norm := d.one("none", "softmax", "logit")
		d.w(`<RegressionModel functionName="%s" normalizationMethod="%s"><MiningSchema>%s</MiningSchema>`, function, norm, schema)
		for i := range max(1, len(classes)) {
			category := ""
			if classes != nil {
				category = ` targetCategory="` + classes[i] + `"`
			}
			d.w(`<RegressionTable intercept="%s"%s><NumericPredictor name="%s" coefficient="%s"/><CategoricalPredictor name="s" value="a" coefficient="%s"/></RegressionTable>`,
				d.num(), category, d.field(), d.num(), d.num())
		}
		d.w(`</RegressionModel>`)
		return
	}
	d.w(`<TreeModel functionName="%s" missingValueStrategy="%s" noTrueChildStrategy="%s"><MiningSchema>%s</MiningSchema><Node score="%s"><True/>`,
		function, d.one("none", "nullPrediction", "lastPrediction"), d.one("returnNullPrediction", "returnLastPrediction"), schema, d.score(classes))
	for range 1 + d.rng.IntN(4) {
		d.w(`<Node score="%s">%s</Node>`, d.score(classes), d.predicate(1))
	}
	d.w(`</Node></TreeModel>`)
}

func (d *columnDoc) score(classes []string) string {
	if classes == nil {
		return d.num()
	}
	return d.one(classes...)
}

func (d *columnDoc) mixture() {
	classes := d.result("MiningModel", "")
	method := d.one("selectFirst", "selectFirst", "average", "weightedAverage")
	if classes == nil && d.chance(0.4) {
		method = d.one("sum", "weightedSum", "median")
	}
	schema := ""
	for _, f := range []string{"x", "z", "n", "s", "sum", "norm", "is", "map", "bin", "exp"} {
		schema += `<MiningField name="` + f + `"/>`
	}
	d.w(`<Segmentation multipleModelMethod="%s">`, method)
	for range 1 + d.rng.IntN(4) {
		test := "<True/>"
		if d.chance(0.5) {
			test = d.predicate(1)
		}
		d.w(`<Segment weight="%g">%s`, float64(1+d.rng.IntN(8))/4, test)
		d.segment(classes, schema)
		d.w(`</Segment>`)
	}
	d.w(`</Segmentation></MiningModel></PMML>`)
}

// chain is a multiModelChain whose second model reads the first one's output.
func (d *columnDoc) chain() {
	d.open("MiningModel", "mixed", "", "y")
	schema := `<MiningField name="x"/><MiningField name="z"/><MiningField name="s"/>`
	d.w(`<Segmentation multipleModelMethod="multiModelChain"><Segment><True/><RegressionModel functionName="regression"><MiningSchema>%s<MiningField name="y" usageType="target"/></MiningSchema>
<Output><OutputField name="first" dataType="double" feature="predictedValue"/></Output><RegressionTable intercept="%s"><NumericPredictor name="x" coefficient="%s"/></RegressionTable></RegressionModel></Segment>`, schema, d.num(), d.num())
	d.w(`<Segment><True/><RegressionModel functionName="classification" normalizationMethod="softmax"><MiningSchema>%s<MiningField name="first"/><MiningField name="c" usageType="target"/></MiningSchema>
<Output><OutputField name="pa" feature="probability" value="a"/></Output><RegressionTable intercept="%s" targetCategory="a"><NumericPredictor name="first" coefficient="%s"/></RegressionTable><RegressionTable intercept="0" targetCategory="b"><NumericPredictor name="z" coefficient="1"/></RegressionTable></RegressionModel></Segment></Segmentation></MiningModel></PMML>`, schema, d.num(), d.num())
}
