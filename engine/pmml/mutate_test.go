package pmml

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow/memory"
)

// mutator makes broken documents that are nearly right: attribute values are exchanged, attributes and elements dropped or doubled.
type mutator struct {
	rng                       *rand.Rand
	value, attribute, element *regexp.Regexp
}

func newMutator(rng *rand.Rand) *mutator {
	return &mutator{rng, regexp.MustCompile(`"[^"<>]*"`), regexp.MustCompile(` [a-zA-Z]+="[^"<>]*"`), regexp.MustCompile(`<[A-Za-z]+[^>]*/>`)}
}

// pick gives the place of one match, or nothing.
func (m *mutator) pick(re *regexp.Regexp, doc string) (from, to int) {
	all := re.FindAllStringIndex(doc, -1)
	if len(all) == 0 {
		return 0, 0
	}
	at := all[m.rng.IntN(len(all))]
	return at[0], at[1]
}

func (m *mutator) mutate(doc string) string {
	words := []string{`"0"`, `"-1"`, `"NaN"`, `"INF"`, `""`, `"x"`, `"a"`, `"1e400"`, `"double"`, `"string"`, `"integer"`, `"date"`, `"classification"`, `"regression"`,
		`"modelChain"`, `"selectFirst"`, `"median"`, `"max"`, `"probability"`, `"transformedValue"`, `"entityId"`, `"confidence"`, `"target"`, `"asMissing"`, `"none"`, `"aggregateNodes"`, `"isMissing"`}
	with := ""
	re := m.value
	switch m.rng.IntN(5) {
	case 0, 1:
		with = words[m.rng.IntN(len(words))]
	case 2:
		from, to := m.pick(re, doc)
		with = doc[from:to]
	case 3:
		re = m.attribute
	default:
		re = m.element
		if from, to := m.pick(re, doc); m.rng.IntN(2) == 0 {
			with = doc[from:to]
		}
	}
	from, to := m.pick(re, doc)
	return doc[:from] + with + doc[to:]
}

// rowModelDocs are documents of the types that only the row interpreter scores.
func rowModelDocs() []string {
	return []string{
		otherDoc("NaiveBayesModel", "classification", `threshold="0.01"`, "c", `<OutputField name="pa" feature="probability" value="a"/>`, bayesInner),
		knnDoc("classification", "", "c", `<OutputField name="e" feature="entityId" rank="2"/>`, `<euclidean/>`, `<KNNInput field="double"/><KNNInput field="s"/>`),
		svmDoc("classification", `classificationMethod="OneAgainstOne"`, "c", "", `<RadialBasisKernelType gamma="0.5"/>`, svmMachineXML(`targetCategory="a" alternateTargetCategory="b"`, 0, 1, 2, 3)),
		otherDoc("GeneralRegressionModel", "regression", `modelType="CoxRegression" endTimeVariable="z"`, "", "", `<ParameterList><Parameter name="p" referencePoint="2"/></ParameterList><CovariateList><Predictor name="x"/></CovariateList>
<PPMatrix><PPCell value="1" predictorName="x" parameterName="p"/></PPMatrix><ParamMatrix><PCell parameterName="p" beta="0.5"/></ParamMatrix><BaseCumHazardTables maxTime="9"><BaselineCell time="1" cumHazard="0.1"/></BaseCumHazardTables>`),
		exprDoc("double", `<TextIndex textField="s" maxLevenshteinDistance="1"><TextIndexNormalization><InlineTable><row><string>a</string><stem>b</stem></row></InlineTable></TextIndexNormalization><Constant>b</Constant></TextIndex>`, ""),
		otherDoc("BaselineModel", "regression", "", "", "", `<TestDistributions field="x" testStatistic="zValue"><Baseline><GaussianDistribution mean="3" variance="4"/></Baseline></TestDistributions>`),
		otherDoc("BayesianNetworkModel", "classification", "", "c", "", `<BayesianNetworkNodes><DiscreteNode name="c"><ValueProbability value="a" probability="0.5"/><ValueProbability value="b" probability="0.5"/></DiscreteNode>
<DiscreteNode name="s"><DiscreteConditionalProbability><ParentValue parent="c" value="a"/><ValueProbability value="u" probability="1"/></DiscreteConditionalProbability><DiscreteConditionalProbability><ParentValue parent="c" value="b"/><ValueProbability value="u" probability="0.5"/><ValueProbability value="a" probability="0.5"/></DiscreteConditionalProbability></DiscreteNode></BayesianNetworkNodes>`),
	}
}

// scoreMutated loads a mutated document; if it loads, the evaluators have to agree on it.
func scoreMutated(t *testing.T, seed uint64) (loaded bool) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 99))
	docs := []string{newRandomDoc(rng).write(), newRandomDoc(rng).write(), inPMML(miningFields, chainDoc), golf(""),
		exprDoc("string", call("concat(s, '-', if(isMissing(x), 1, 2))"), "")}
	if rng.IntN(2) == 0 {
		docs = append(rowModelDocs(), newColumnDoc(rng).write(rng.IntN(7)), newColumnDoc(rng).write(rng.IntN(7)), newColumnDoc(rng).write(rng.IntN(7)))
	}
	doc := docs[rng.IntN(len(docs))]
	mut := newMutator(rng)
	for range 1 + rng.IntN(3) {
		doc = mut.mutate(doc)
	}
	m, err := Load(strings.NewReader(doc))
	if err != nil {
		return false
	}
	in := randomRows(rng, memory.DefaultAllocator, m, func(string) []string { return nil }, 300, 0.1)
	defer release(in)
	if m.batch == nil {
		release(m.scoreRows(memory.DefaultAllocator, 300, in, allOutputs(m), func(int, error) {}))
		return true
	}
	if sameScores(t, m, 300, in, 1e-12); t.Failed() {
		t.Logf("seed %d\n%s", seed, doc)
	}
	return true
}

func TestMutatedDocuments(t *testing.T) {
	loaded := 0
	for seed := range uint64(800) {
		if scoreMutated(t, seed) {
			loaded++
		}
	}
	if loaded < 20 {
		t.Errorf("only %d documents loaded", loaded)
	}
}

func FuzzMutatedDocuments(f *testing.F) {
	f.Add(uint64(1000))
	f.Fuzz(func(t *testing.T, seed uint64) { scoreMutated(t, seed) })
}
