package pmml

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

const bayesInner = `<BayesInputs><BayesInput fieldName="s">
<PairCounts value="u"><TargetValueCounts><TargetValueCount value="a" count="3"/><TargetValueCount value="b" count="0"/></TargetValueCounts></PairCounts>
<PairCounts value="v"><TargetValueCounts><TargetValueCount value="a" count="1"/><TargetValueCount value="b" count="6"/></TargetValueCounts></PairCounts></BayesInput>
<BayesInput fieldName="x"><TargetValueStats><TargetValueStat value="a"><GaussianDistribution mean="1" variance="4"/></TargetValueStat>
<TargetValueStat value="b"><PoissonDistribution mean="2"/></TargetValueStat></TargetValueStats></BayesInput>
<BayesInput fieldName="bin"><DerivedField name="bin" optype="categorical" dataType="string"><Discretize field="z"><DiscretizeBin binValue="low"><Interval closure="openOpen" rightMargin="0"/></DiscretizeBin><DiscretizeBin binValue="high"><Interval closure="closedOpen" leftMargin="0"/></DiscretizeBin></Discretize></DerivedField>
<PairCounts value="low"><TargetValueCounts><TargetValueCount value="a" count="2"/><TargetValueCount value="b" count="2"/></TargetValueCounts></PairCounts>
<PairCounts value="high"><TargetValueCounts><TargetValueCount value="a" count="2"/><TargetValueCount value="b" count="4"/></TargetValueCounts></PairCounts></BayesInput></BayesInputs>
<BayesOutput fieldName="c"><TargetValueCounts><TargetValueCount value="a" count="4"/><TargetValueCount value="b" count="6"/></TargetValueCounts></BayesOutput>`

func TestNaiveBayes(t *testing.T) {
	probs := `<OutputField name="pa" feature="probability" value="a"/><OutputField name="pd" feature="probability" value="d"/>`
	m := mustLoad(t, otherDoc("NaiveBayesModel", "classification", `threshold="0.01"`, "c", probs, bayesInner))
	gauss := func(x float64) float64 { return math.Exp(-(x-1)*(x-1)/8) / math.Sqrt(8*math.Pi) }
	poisson := func(x float64) float64 { return math.Pow(2, x) * math.Exp(-2) / math.Gamma(x+1) }
	for _, c := range []struct {
		in   string
		a, b float64
	}{
		{"s=u;x=3;z=-1", 4 * 3.0 / 4 * gauss(3) * 2 / 4, 6 * 0.01 * poisson(3) * 2 / 6},
		{"s=v;x=0;z=0", 4 * 1.0 / 4 * gauss(0) * 2 / 4, 6 * 1 * poisson(0) * 4 / 6},
		{"s=v;x=2.5", 4 * 1.0 / 4 * gauss(2.5), 6 * 0.01}, // no count has 2.5: the threshold
		{"s=v;x=100", 4 * 1.0 / 4 * 0.01, 6 * 0.01},
		{"s=other", 4, 6}, // an unknown category says nothing
		{"", 4, 6},
	} {
		wantNumber(t, m, c.in, "pa", c.a/(c.a+c.b))
		want := "b"
		if c.a > c.b {
			want = "a"
		}
		if got, _ := scoreOne(t, m, cells(c.in)); got["c"] != want || got["pd"] != "0.0" {
			t.Errorf("%s: %v", c.in, got)
		}
	}
}

// knnDoc is a model over four training rows: (x, z, s) -> c, y.
func knnDoc(function, attributes, target, output, measure, inputs string) string {
	kind := "distance"
	if measure == `<simpleMatching/>` {
		kind = "similarity"
	}
	return otherDoc("NearestNeighborModel", function, `numberOfNeighbors="3" instanceIdVariable="id" `+attributes, target, output, `<LocalTransformations><DerivedField name="double" optype="continuous" dataType="double"><Apply function="*"><FieldRef field="x"/><Constant dataType="double">2</Constant></Apply></DerivedField></LocalTransformations>
<TrainingInstances isTransformed="false" recordCount="4" fieldCount="6"><InstanceFields><InstanceField field="id" column="id"/><InstanceField field="x" column="data:x"/><InstanceField field="z" column="data:z"/><InstanceField field="s" column="s"/><InstanceField field="c" column="c"/><InstanceField field="y" column="y"/></InstanceFields><InlineTable>
<row><id>r1</id><x>0</x><z>0</z><s>u</s><c>a</c><y>1</y></row><row><id>r2</id><x>1</x><z>0</z><s>v</s><c>b</c><y>2</y></row>
<row><id>r3</id><x>0</x><z>3</z><s>u</s><c>b</c><y>4</y></row><row><id>r4</id><x>5</x><z>5</z><s>w</s><c>d</c><y>8</y></row></InlineTable></TrainingInstances>
<ComparisonMeasure kind="`+kind+`">`+measure+`</ComparisonMeasure><KNNInputs>`+inputs+`</KNNInputs>`)
}

func TestNearestNeighbor(t *testing.T) {
	ids := `<OutputField name="e1" feature="entityId" rank="1" dataType="string"/><OutputField name="e3" feature="entityId" rank="3" dataType="string"/><OutputField name="e4" feature="entityId" rank="4" dataType="string"/><OutputField name="d2" feature="affinity" rank="2" dataType="double"/>`
	xz := `<KNNInput field="x"/><KNNInput field="z"/>`
	w := func(d float64) float64 { return 1 / (d + 0.5) }
	for _, c := range []struct{ attributes, measure, inputs, in, want string }{
		{"", `<euclidean/>`, xz, "x=0;z=0", "d2=1.0; e1=r1; e3=r3; y=2.3333333333333335"},
		{"", `<squaredEuclidean/>`, xz, "x=0;z=2", "d2=4.0; e1=r3; e3=r2; y=2.3333333333333335"},
		{`continuousScoringMethod="median"`, `<cityBlock/>`, xz, "x=5;z=5", "d2=7.0; e1=r4; e3=r2; y=4.0"},
		{`continuousScoringMethod="weightedAverage" threshold="0.5"`, `<chebychev/>`, xz, "x=0;z=0", "d2=1.0; e1=r1; e3=r3; y=" + formatDouble((1*w(0)+2*w(1)+4*w(3))/(w(0)+w(1)+w(3)))},
		{"", `<cityBlock/>`, `<KNNInput field="double"/><KNNInput field="z" fieldWeight="3"/>`, "x=0;z=0", "d2=2.0; e1=r1; e3=r3; y=2.3333333333333335"},
		{"", `<cityBlock/>`, `<KNNInput field="x"/><KNNInput field="s" fieldWeight="10"/>`, "x=0;s=w", "d2=10.0; e1=r4; e3=r3; y=4.333333333333333"},
		{"", `<cityBlock/>`, xz, "x=5", "d2=8.0; e1=r4; e3=r1; y=3.6666666666666665"}, // z left out, distances doubled
		{"", `<simpleMatching/>`, xz, "x=1;z=1", "d2=0.5; e1=r4; e3=r3; y=4.666666666666667"},
		{"", `<cityBlock/>`, xz, "", ""},
	} {
		wantScore(t, mustLoad(t, knnDoc("regression", c.attributes, "y", ids, c.measure, c.inputs)), c.in, c.want)
	}
	probs := `<OutputField name="pa" feature="probability" value="a"/>`
	wantScore(t, mustLoad(t, knnDoc("classification", "", "c", probs, `<euclidean/>`, xz)), "x=0;z=0", "c=b; pa=0.3333333333333333")
	wantScore(t, mustLoad(t, knnDoc("classification", `categoricalScoringMethod="weightedMajorityVote" threshold="0.5"`, "c", probs, `<euclidean/>`, xz)), "x=0;z=0",
		"c=a; pa="+formatDouble(w(0)/(w(0)+w(1)+w(3))))
}

// TestSimilarities recomputes the measures of binary vectors from their counts: the row is (1, 0, 1), the center
// (0, 0, 1), so both have one place, the row has one of its own and one is empty.
func TestSimilarities(t *testing.T) {
	for _, c := range []struct {
		measure string
		want    float64
	}{
		{`<simpleMatching/>`, 2.0 / 3}, {`<jaccard/>`, 1.0 / 2}, {`<tanimoto/>`, 2.0 / 4},
		{`<binarySimilarity c00-parameter="1" c01-parameter="2" c10-parameter="3" c11-parameter="4" d00-parameter="5" d01-parameter="6" d10-parameter="7" d11-parameter="8"/>`, (4.0 + 3 + 1) / (8 + 7 + 5)},
	} {
		m := mustLoad(t, otherDoc("ClusteringModel", "clustering", `modelClass="centerBased"`, "", `<OutputField name="d" feature="affinity" value="two" dataType="double"/>`,
			`<LocalTransformations><DerivedField name="k" optype="continuous" dataType="double"><Constant dataType="double">1</Constant></DerivedField></LocalTransformations>
<ComparisonMeasure kind="similarity">`+c.measure+`</ComparisonMeasure><ClusteringField field="x"/><ClusteringField field="z"/><ClusteringField field="k"/>
<Cluster id="none"><Array type="real" n="3">0 0 0</Array></Cluster><Cluster id="two"><Array type="real" n="3">0 0 1</Array></Cluster>`))
		wantNumber(t, m, "x=1;z=0", "d", c.want)
	}
}

func TestCox(t *testing.T) {
	inner := func(tables string) string {
		return `<ParameterList><Parameter name="p1" referencePoint="2"/><Parameter name="p2" referencePoint="0.25"/></ParameterList><FactorList><Predictor name="s"/></FactorList><CovariateList><Predictor name="x"/></CovariateList>
<PPMatrix><PPCell value="1" predictorName="x" parameterName="p1"/><PPCell value="u" predictorName="s" parameterName="p2"/></PPMatrix>
<ParamMatrix><PCell parameterName="p1" beta="0.5"/><PCell parameterName="p2" beta="-1"/></ParamMatrix><BaseCumHazardTables` + tables + `</BaseCumHazardTables>`
	}
	plain := mustLoad(t, otherDoc("GeneralRegressionModel", "regression", `modelType="CoxRegression" endTimeVariable="z" statusVariable="y"`, "", "",
		inner(` maxTime="30"><BaselineCell time="10" cumHazard="0.1"/><BaselineCell time="20" cumHazard="0.4"/>`)))
	risk := func(x, u float64) float64 { return math.Exp(0.5*(x-2) - (u - 0.25)) }
	wantNumber(t, plain, "x=3;s=u;z=15", "_target", 0.1*risk(3, 1))
	wantNumber(t, plain, "x=3;s=v;z=20", "_target", 0.4*risk(3, 0))
	wantNumber(t, plain, "x=3;s=v;z=30", "_target", 0.4*risk(3, 0))
	wantNumber(t, plain, "x=3;s=v;z=9", "_target", 0)
	wantScore(t, plain, "x=3;s=v;z=31", "")
	wantScore(t, plain, "x=3;s=v", "")
	if plain.Summary() != "Cox regression" {
		t.Error(plain.Summary())
	}
	strata := mustLoad(t, otherDoc("GeneralRegressionModel", "regression", `modelType="CoxRegression" endTimeVariable="z" baselineStrataVariable="s"`, "", "",
		inner(`><BaselineStratum value="u" maxTime="30"><BaselineCell time="10" cumHazard="0.1"/></BaselineStratum><BaselineStratum value="v" maxTime="30"><BaselineCell time="10" cumHazard="0.2"/></BaselineStratum>`)))
	wantNumber(t, strata, "x=3;s=u;z=15", "_target", 0.1*risk(3, 1))
	wantNumber(t, strata, "x=3;s=v;z=15", "_target", 0.2*risk(3, 0))
	wantScore(t, strata, "x=3;s=w;z=15", "")
}

func TestOrdinal(t *testing.T) {
	probs := `<OutputField name="pa" feature="probability" value="a"/><OutputField name="pb" feature="probability" value="b"/><OutputField name="pd" feature="probability" value="d"/>`
	for link, f := range map[string]func(float64) float64{
		"logit": func(y float64) float64 { return 1 / (1 + math.Exp(-y)) }, "probit": func(y float64) float64 { return (1 + math.Erf(y/math.Sqrt2)) / 2 },
		"cloglog": func(y float64) float64 { return 1 - math.Exp(-math.Exp(y)) }, "loglog": func(y float64) float64 { return math.Exp(-math.Exp(-y)) },
		"cauchit": func(y float64) float64 { return 0.5 + math.Atan(y)/math.Pi },
	} {
		m := mustLoad(t, otherDoc("GeneralRegressionModel", "classification", `modelType="ordinalMultinomial" cumulativeLink="`+link+`" offsetVariable="z"`, "c", probs,
			`<ParameterList><Parameter name="p0"/><Parameter name="p1"/></ParameterList><CovariateList><Predictor name="x"/></CovariateList><PPMatrix><PPCell value="1" predictorName="x" parameterName="p1"/></PPMatrix>
<ParamMatrix><PCell targetCategory="a" parameterName="p0" beta="-1"/><PCell targetCategory="b" parameterName="p0" beta="0.5"/><PCell parameterName="p1" beta="0.75"/></ParamMatrix>`))
		a, b := f(-1+0.75*2+0.25), f(0.5+0.75*2+0.25)
		wantNumber(t, m, "x=2;z=0.25", "pa", a)
		wantNumber(t, m, "x=2;z=0.25", "pb", b-a)
		wantNumber(t, m, "x=2;z=0.25", "pd", 1-b)
		wantScore(t, m, "x=2", "")
	}
}

// TestGeneralTrials: the mean of a binomial model is the number of trials times its probability.
func TestGeneralTrials(t *testing.T) {
	inner := `<ParameterList><Parameter name="p0"/></ParameterList><PPMatrix/><ParamMatrix><PCell parameterName="p0" beta="-0.5"/></ParamMatrix>`
	doc := func(attributes string) string {
		return otherDoc("GeneralRegressionModel", "regression", `modelType="generalizedLinear" `+attributes, "y", "", inner)
	}
	p := 1 / (1 + math.Exp(0.5))
	wantNumber(t, mustLoad(t, doc(`linkFunction="logit" trialsValue="7"`)), "", "y", 7*p)
	wantNumber(t, mustLoad(t, doc(`linkFunction="logit" trialsVariable="x"`)), "x=3", "y", 3*p)
	wantNumber(t, mustLoad(t, doc(`linkFunction="negbin" distParameter="2"`)), "", "y", 1/(2*(math.Exp(0.5)-1)))
	wantNumber(t, mustLoad(t, doc(`linkFunction="oddspower" linkParameter="0.5"`)), "", "y", 1/(1+math.Pow(0.75, -2)))
}

func TestAnomaly(t *testing.T) {
	tree := func(score string) string {
		return `<Segment><True/><TreeModel functionName="regression"><MiningSchema><MiningField name="x"/></MiningSchema><Node><True/><Node score="` + score + `"><SimplePredicate field="x" operator="lessThan" value="0"/></Node><Node score="6"><True/></Node></Node></TreeModel></Segment>`
	}
	forest := `<MiningModel functionName="regression"><MiningSchema><MiningField name="x"/></MiningSchema><Segmentation multipleModelMethod="average">` + tree("2") + tree("4") + `</Segmentation></MiningModel>`
	m := mustLoad(t, otherDoc("AnomalyDetectionModel", "regression", `algorithmType="iforest" sampleDataSize="256"`, "", "", forest))
	c := 2*(math.Log(255)+0.5772156649015329) - 2*255.0/256
	wantNumber(t, m, "x=-1", "_target", math.Pow(2, -3/c))
	wantNumber(t, m, "x=1", "_target", math.Pow(2, -6/c))
	clusters := `<ClusteringModel functionName="clustering" modelClass="centerBased"><MiningSchema><MiningField name="x"/></MiningSchema><ComparisonMeasure kind="distance"><euclidean/></ComparisonMeasure><ClusteringField field="x"/>
<Cluster id="p"><Array type="real">0</Array></Cluster><Cluster id="q"><Array type="real">10</Array></Cluster></ClusteringModel><MeanClusterDistances><Array type="real" n="2">2 4</Array></MeanClusterDistances>`
	k := mustLoad(t, otherDoc("AnomalyDetectionModel", "regression", `algorithmType="clusterMeanDist"`, "", "", clusters))
	wantNumber(t, k, "x=3", "_target", 1.5)
	wantNumber(t, k, "x=16", "_target", 1.5)
	svm := svmDoc("regression", "", "", "", "<LinearKernelType/>", svmMachineXML("", 0.5, 1, 0, 0))
	svm = svm[strings.Index(svm, "<SupportVectorMachineModel"):strings.Index(svm, "</PMML>")]
	o := mustLoad(t, otherDoc("AnomalyDetectionModel", "regression", `algorithmType="ocsvm"`, "", "", svm))
	wantNumber(t, o, "x=3;z=0", "_target", 3.5)
	wantScore(t, o, "x=3", "")
}

func TestAssociation(t *testing.T) {
	fields := `<DataField name="beer" optype="categorical" dataType="boolean"/><DataField name="chips" optype="continuous" dataType="integer"/><DataField name="day" optype="categorical" dataType="string"/>`
	outputs := `<OutputField name="best" feature="ruleValue" ruleFeature="rule" algorithm="recommendation" rankBasis="confidence" rank="1"/><OutputField name="second" feature="ruleId" algorithm="recommendation" rank="2"/>
<OutputField name="low" feature="confidence" algorithm="recommendation" rankOrder="ascending" dataType="double"/><OutputField name="both" feature="consequent" algorithm="ruleAssociation" rankBasis="support"/>`
	rules := `<Item id="1" value="beer"/><Item id="2" value="chips"/><Item id="3" value="friday" field="day" category="Fri"/>
<Itemset id="b"><ItemRef itemRef="1"/></Itemset><Itemset id="c"><ItemRef itemRef="2"/></Itemset><Itemset id="bf"><ItemRef itemRef="1"/><ItemRef itemRef="3"/></Itemset>
<AssociationRule id="R1" antecedent="b" consequent="c" support="0.4" confidence="0.6" lift="1.5"/><AssociationRule id="R2" antecedent="bf" consequent="c" support="0.2" confidence="0.9"/><AssociationRule antecedent="c" consequent="b" support="0.4" confidence="0.7"/>`
	doc := func(schema string) string {
		return inPMML(fields, `<AssociationModel functionName="associationRules" numberOfTransactions="9" numberOfItems="3" minimumSupport="0.1" minimumConfidence="0.5" numberOfItemsets="3" numberOfRules="3"><MiningSchema>`+schema+`<MiningField name="beer"/><MiningField name="chips"/></MiningSchema><Output>`+outputs+`</Output>`+rules+`</AssociationModel>`)
	}
	m := mustLoad(t, doc(`<MiningField name="day"/>`))
	for _, c := range [][2]string{
		{"beer=true;chips=0;day=Fri", "_target={chips}; best={beer,friday}->{chips}; low=0.6; second=R1"},
		{"beer=true", "_target={chips}; best={beer}->{chips}; low=0.6"},
		{"beer=false;chips=2", "_target={beer}; best={chips}->{beer}; low=0.7"},
		{"beer=true;chips=1;day=Mon", "best={chips}->{beer}; both={chips}; low=0.6; second=R1"},
		{"", ""},
	} {
		wantScore(t, m, c[0], c[1])
	}
	refusals(t, []refusal{
		{doc(`<MiningField name="day" usageType="group"/>`), "MiningField", "takes one active field, of dataType string"},
		{strings.Replace(doc(``), ` field="day" category="Fri"`, "", 1), "Item", `whether it has the item "friday"`},
		{strings.Replace(doc(`<MiningField name="day"/>`), `itemRef="3"`, `itemRef="9"`, 1), "ItemRef", `"9" is no Item`},
		{strings.Replace(doc(`<MiningField name="day"/>`), `consequent="b"`, `consequent="x"`, 1), "AssociationRule", `"x" is no Itemset`},
	})
}

func TestTimeSeries(t *testing.T) {
	doc := func(parts string) string {
		return inPMML(otherFields, `<TimeSeriesModel functionName="timeSeries" bestFit="ExponentialSmoothing"><MiningSchema><MiningField name="x"/><MiningField name="y" usageType="target"/></MiningSchema><TimeSeries><TimeValue index="1" value="3"/></TimeSeries><ExponentialSmoothing RMSE="1"><Level alpha="0.2" smoothedValue="100"/>`+parts+`</ExponentialSmoothing></TimeSeriesModel>`)
	}
	season := func(kind string) string {
		return `<Seasonality_ExpoSmooth type="` + kind + `" period="3" unit="month" phase="2" delta="0.7"><Array type="real" n="3">1 2 4</Array></Seasonality_ExpoSmooth>`
	}
	for _, c := range []struct{ parts, in, want string }{
		{"", "x=5", "y=100.0"},
		{`<Trend_ExpoSmooth trend="additive" gamma="0.1" smoothedValue="2"/>`, "x=3", "y=106.0"},
		{`<Trend_ExpoSmooth trend="damped_additive" phi="0.5" smoothedValue="2"/>`, "x=3", "y=101.75"},
		{`<Trend_ExpoSmooth trend="multiplicative" smoothedValue="2"/>`, "x=3", "y=800.0"},
		{`<Trend_ExpoSmooth trend="damped_multiplicative" phi="0.5" smoothedValue="4"/>`, "x=1", "y=200.0"},
		{season("additive"), "x=1", "y=104.0"},
		{season("multiplicative"), "x=2", "y=100.0"},
		{season("multiplicative"), "x=3", "y=200.0"},
		{"", "x=0", "error: a whole number of steps"},
		{"", "x=1.5", "error: a whole number of steps"},
		{"", "", ""},
	} {
		wantScore(t, mustLoad(t, doc(c.parts)), c.in, c.want)
	}
	refusals(t, []refusal{
		{strings.Replace(doc(season("additive")), `period="3"`, `period="4"`, 1), "Seasonality_ExpoSmooth", "period=4, but its Array has 3"},
		{strings.Replace(doc(""), `bestFit="Exp`, `bestFit="ARIMA Exp`, 1), "TimeSeriesModel", "expected ExponentialSmoothing"},
		{strings.Replace(doc(""), `<MiningField name="x"/>`, ``, 1), "TimeSeriesModel", "needs one numeric active field"},
		{strings.Replace(doc(""), `<Level alpha="0.2" smoothedValue="100"/>`, ``, 1), "TimeSeriesModel", "has no Level"},
	})
}

func TestBaseline(t *testing.T) {
	doc := func(statistic, dist string) string {
		return otherDoc("BaselineModel", "regression", "", "", "", `<TestDistributions field="x" testStatistic="`+statistic+`"><Baseline>`+dist+`</Baseline></TestDistributions>`)
	}
	wantScore(t, mustLoad(t, doc("zValue", `<GaussianDistribution mean="3" variance="4"/>`)), "x=8", "_target=2.5")
	wantScore(t, mustLoad(t, doc("zValue", `<PoissonDistribution mean="4"/>`)), "x=8", "_target=2.0")
	wantScore(t, mustLoad(t, doc("zValue", `<PoissonDistribution mean="4"/>`)), "", "")
	refusals(t, []refusal{
		{doc("CUSUM", ""), "TestDistributions", `testStatistic="CUSUM" is not supported`},
		{doc("zValue", `<GaussianDistribution mean="3" variance="0"/>`), "GaussianDistribution", "is not positive"},
		{doc("zValue", ""), "TestDistributions", "has no Baseline"},
	})
}

func TestBayesNet(t *testing.T) {
	p := func(v string, x float64) string {
		return fmt.Sprintf(`<ValueProbability value="%s" probability="%v"/>`, v, x)
	}
	given := func(parent, v, inner string) string {
		return `<DiscreteConditionalProbability><ParentValue parent="` + parent + `" value="` + v + `"/>` + inner + `</DiscreteConditionalProbability>`
	}
	nodes := `<BayesianNetworkNodes><DiscreteNode name="c">` + p("a", 0.3) + p("b", 0.7) + `</DiscreteNode>
<DiscreteNode name="hidden">` + given("c", "a", p("on", 0.9)+p("off", 0.1)) + given("c", "b", p("on", 0.2)+p("off", 0.8)) + `</DiscreteNode>
<DiscreteNode name="s">` + given("hidden", "on", p("u", 0.6)+p("v", 0.4)) + given("hidden", "off", p("u", 0.25)+p("v", 0.75)) + `</DiscreteNode></BayesianNetworkNodes>`
	doc := otherDoc("BayesianNetworkModel", "classification", "", "c", `<OutputField name="pa" feature="probability" value="a"/>`, nodes)
	m := mustLoad(t, doc)
	u := func(h float64) float64 { return h*0.6 + (1-h)*0.25 }
	wantNumber(t, m, "s=u", "pa", 0.3*u(0.9)/(0.3*u(0.9)+0.7*u(0.2)))
	wantNumber(t, m, "s=v", "pa", 0.3*(1-u(0.9))/(0.3*(1-u(0.9))+0.7*(1-u(0.2))))
	wantNumber(t, m, "", "pa", 0.3)
	wantScore(t, m, "s=w", "")
	refusals(t, []refusal{
		{strings.Replace(doc, `parent="c" value="b"`, `parent="c" value="q"`, 1), "DiscreteConditionalProbability", "does not give a known value"},
		{strings.Replace(doc, `parent="c" value="b"`, `parent="c" value="a"`, 1), "DiscreteConditionalProbability", "a second time"},
		{strings.Replace(doc, `parent="c"`, `parent="z"`, 1), "DiscreteConditionalProbability", `the parent "z" is no node`},
		{strings.Replace(doc, `DiscreteNode name="hidden"`, `ContinuousNode name="hidden"`, 1), "ContinuousNode", "expected DiscreteNode"},
		{strings.Replace(strings.Replace(doc, `parent="c"`, `parent="s"`, 2), `value="a"/><ValueProbability value="on"`, `value="u"/><ValueProbability value="on"`, 1), "DiscreteConditionalProbability", "known value"},
	})
}

// TestRadialBasis: exp(inputs * log(altitude) - distance^2 / (2 width^2)).
func TestRadialBasis(t *testing.T) {
	m := mustLoad(t, otherDoc("NeuralNetwork", "regression", `activationFunction="radialBasis" width="2"`, "y", "",
		`<NeuralInputs><NeuralInput id="i"><DerivedField optype="continuous" dataType="double"><FieldRef field="x"/></DerivedField></NeuralInput><NeuralInput id="j"><DerivedField optype="continuous" dataType="double"><FieldRef field="z"/></DerivedField></NeuralInput></NeuralInputs>
<NeuralLayer><Neuron id="a" altitude="3"><Con from="i" weight="1"/><Con from="j" weight="-1"/></Neuron><Neuron id="b" width="0.5"><Con from="i" weight="0"/></Neuron></NeuralLayer>
<NeuralLayer activationFunction="identity"><Neuron id="o" bias="1"><Con from="a" weight="2"/><Con from="b" weight="10"/></Neuron></NeuralLayer>
<NeuralOutputs><NeuralOutput outputNeuron="o"><DerivedField optype="continuous" dataType="double"><FieldRef field="y"/></DerivedField></NeuralOutput></NeuralOutputs>`))
	wantNumber(t, m, "x=2;z=1", "y", 1+2*math.Exp(2*math.Log(3)-(1+4)/8.0)+10*math.Exp(-4/0.5))
}

func TestRowModelRefusals(t *testing.T) {
	bayes := func(old, new string) string {
		return strings.Replace(otherDoc("NaiveBayesModel", "classification", `threshold="0.01"`, "c", "", bayesInner), old, new, 1)
	}
	knn := func(old, new string) string {
		return strings.Replace(knnDoc("regression", "", "y", "", "<euclidean/>", `<KNNInput field="x"/>`), old, new, 1)
	}
	cox := `<ParameterList><Parameter name="p"/></ParameterList><ParamMatrix><PCell parameterName="p" beta="1"/></ParamMatrix>`
	general := func(attributes, more string) string {
		return otherDoc("GeneralRegressionModel", "regression", attributes, "y", "", cox+more)
	}
	refusals(t, []refusal{
		{bayes(`threshold="0.01"`, ""), "NaiveBayesModel", "threshold is missing"},
		{bayes(`count="3"`, `count="-3"`), "TargetValueCount", "is negative"},
		{bayes(`variance="4"`, `variance="0"`), "GaussianDistribution", "is not positive"},
		{bayes(`PoissonDistribution mean="2"`, `AnyDistribution mean="2" variance="1"`), "AnyDistribution", "not supported"},
		{bayes(`BayesInput fieldName="x"`, `BayesInput fieldName="xx"`), "BayesInput", `"xx" is not defined`},
		{bayes(`BayesOutput fieldName="c"`, `BayesOutput fieldName="s"`), "BayesOutput", `not the model's target "c"`},
		{bayes(`<TargetValueStat value="b"><PoissonDistribution mean="2"/></TargetValueStat>`, ""), "NaiveBayesModel", "no TargetValueStat for the class b"},
		{knn(`numberOfNeighbors="3"`, `numberOfNeighbors="0"`), "NearestNeighborModel", "expected at least 1"},
		{knn(`<euclidean/>`, `<hamming/>`), "hamming", "this measure is not supported"},
		{knn(`<InstanceField field="y" column="y"/>`, ``), "TrainingInstances", `no InstanceField for the target "y"`},
		{knn(`<x>5</x>`, `<x>five</x>`), "InstanceField", `row 4: "five" is not a double`},
		{knn(`<x>5</x>`, ``), "TrainingInstances", "row 4: a KNNInput is missing"},
		{knn(`<KNNInput field="x"/>`, `<KNNInput field="s" compareFunction="absDiff"/>`), "ComparisonMeasure", "needs compareFunction delta or equal"},
		{general(`modelType="CoxRegression" endTimeVariable="z"`, ""), "GeneralRegressionModel", "has no BaseCumHazardTables"},
		{general(`modelType="CoxRegression" endTimeVariable="q"`, `<BaseCumHazardTables><BaselineCell time="1" cumHazard="1"/></BaseCumHazardTables>`), "GeneralRegressionModel", `"q" is not defined`},
		{general(`modelType="CoxRegression" endTimeVariable="z"`, `<BaseCumHazardTables><BaselineCell time="1" cumHazard="1"/><BaselineCell time="1" cumHazard="1"/></BaseCumHazardTables>`), "BaselineCell", "have to rise"},
		{otherDoc("GeneralRegressionModel", "classification", `modelType="ordinalMultinomial"`, "c", "", cox), "GeneralRegressionModel", "the category a has no parameter of its own"},
		{otherDoc("AnomalyDetectionModel", "regression", `algorithmType="iforest"`, "", "", ""), "AnomalyDetectionModel", "needs a sampleDataSize"},
		{otherDoc("AnomalyDetectionModel", "regression", `algorithmType="other"`, "", "", ""), "AnomalyDetectionModel", "has no model inside"},
	})
}

// TestContrast: a factor's matrix gives the numbers that stand for its categories.
func TestContrast(t *testing.T) {
	doc := otherDoc("GeneralRegressionModel", "regression", `modelType="generalLinear"`, "y", "", `<ParameterList><Parameter name="p0"/><Parameter name="p1"/><Parameter name="p2"/></ParameterList>
<FactorList><Predictor name="s" contrastMatrixType="Helmert"><Categories><Category value="u"/><Category value="v"/><Category value="w"/></Categories><Matrix nbRows="3" nbCols="2"><Array type="real" n="2">0.5 0</Array><Array type="real" n="2">-0.5 1</Array><Array type="real" n="2">0 -1</Array></Matrix></Predictor></FactorList>
<PPMatrix><PPCell value="u" predictorName="s" parameterName="p1"/><PPCell value="v" predictorName="s" parameterName="p2"/></PPMatrix>
<ParamMatrix><PCell parameterName="p0" beta="1"/><PCell parameterName="p1" beta="10"/><PCell parameterName="p2" beta="100"/></ParamMatrix>`)
	m := mustLoad(t, doc)
	wantScore(t, m, "s=u", "y=6.0")
	wantScore(t, m, "s=v", "y=96.0")
	wantScore(t, m, "s=w", "y=-99.0")
	wantScore(t, m, "s=z", "y=1.0")
	wantScore(t, m, "", "")
	refusals(t, []refusal{
		{strings.Replace(doc, `<PPCell value="v"`, `<PPCell value="w"`, 1), "PPCell", `value="w" is no column`},
		{strings.Replace(doc, `<Category value="w"/>`, ``, 1), "Predictor", "has 2 categories and a matrix of 3 rows"},
	})
}

// TestOrdinalRegression: link functions give cumulative probabilities of an ordinal target's values.
func TestOrdinalRegression(t *testing.T) {
	fields := strings.Replace(otherFields, `name="c" optype="categorical"`, `name="c" optype="ordinal"`, 1)
	doc := func(order ...string) string {
		tables := ""
		for i, c := range order {
			tables += fmt.Sprintf(`<RegressionTable intercept="%v" targetCategory="%s"><NumericPredictor name="x" coefficient="0.5"/></RegressionTable>`, []float64{-1, 0.5, 9}[i], c)
		}
		return inPMML(fields, `<RegressionModel functionName="classification" normalizationMethod="logit"><MiningSchema><MiningField name="x"/><MiningField name="c" usageType="target"/></MiningSchema>
<Output><OutputField name="pa" feature="probability" value="a"/><OutputField name="pb" feature="probability" value="b"/><OutputField name="pd" feature="probability" value="d"/></Output>`+tables+`</RegressionModel>`)
	}
	m := mustLoad(t, doc("a", "b", "d"))
	f := func(y float64) float64 { return 1 / (1 + math.Exp(-y)) }
	wantNumber(t, m, "x=2", "pa", f(0))
	wantNumber(t, m, "x=2", "pb", f(1.5)-f(0))
	wantNumber(t, m, "x=2", "pd", 1-f(1.5))
	refusals(t, []refusal{{doc("b", "a", "d"), "RegressionTable", "have to stand in the order"}})
}
