package pmml

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow/memory"
)

const miningFields = `<DataField name="x" optype="continuous" dataType="double"/><DataField name="y" optype="continuous" dataType="double"/>
<DataField name="c" optype="categorical" dataType="string"/>`

// stump is a tree that needs x and gives a constant: a score, or "class:probability ..." in order. Without x it is missing.
func stump(function, score string) string {
	dist := ""
	attr := score
	if function == "classification" {
		attr = ""
		for _, part := range strings.Fields(score) {
			class, p, _ := strings.Cut(part, ":")
			if attr == "" {
				attr = class
			}
			dist += fmt.Sprintf(`<ScoreDistribution value="%s" recordCount="%s"/>`, class, p)
		}
	}
	return fmt.Sprintf(`<TreeModel functionName="%s" missingValueStrategy="nullPrediction"><MiningSchema><MiningField name="x"/></MiningSchema>
<Node><True/><Node score="%s"><SimplePredicate field="x" operator="greaterThan" value="-100"/>%s</Node></Node></TreeModel>`, function, attr, dist)
}

// constantTree gives its score for every row.
func constantTree(function, score string) string {
	return fmt.Sprintf(`<TreeModel functionName="%s"><MiningSchema><MiningField name="x"/></MiningSchema><Node score="%s"><True/></Node></TreeModel>`, function, score)
}

func miningDoc(function, attributes, segments string) string {
	target, output := "y", ""
	if function == "classification" {
		target = "c"
		output = `<Output><OutputField name="a" feature="probability" value="a"/><OutputField name="b" feature="probability" value="b"/></Output>`
	}
	return inPMML(miningFields, fmt.Sprintf(`<MiningModel functionName="%s"><MiningSchema><MiningField name="x"/><MiningField name="%s" usageType="target"/></MiningSchema>%s
<Segmentation %s>%s</Segmentation></MiningModel>`, function, target, output, attributes, segments))
}

// ensembleOf joins trees with weights, "weight tree" each.
func ensembleOf(trees ...string) string {
	var b strings.Builder
	for _, tr := range trees {
		weight, model, _ := strings.Cut(tr, " ")
		fmt.Fprintf(&b, `<Segment weight="%s"><True/>%s</Segment>`, weight, model)
	}
	return b.String()
}

func TestMiningRegression(t *testing.T) {
	three := ensembleOf("1 "+stump("regression", "1"), "2 "+stump("regression", "2"), "5 "+stump("regression", "6"))
	mixed := ensembleOf("1 "+stump("regression", "1"), "3 "+constantTree("regression", "4"))
	for _, c := range []struct{ attributes, segments, in, want string }{
		{`multipleModelMethod="average"`, three, "x=0", "y=3.0"},
		{`multipleModelMethod="weightedAverage"`, three, "x=0", "y=4.375"},
		{`multipleModelMethod="sum"`, three, "x=0", "y=9.0"},
		{`multipleModelMethod="weightedSum"`, three, "x=0", "y=35.0"},
		{`multipleModelMethod="x-weightedSum"`, three, "x=0", "y=35.0"},
		{`multipleModelMethod="median"`, three, "x=0", "y=2.0"},
		{`multipleModelMethod="weightedMedian"`, three, "x=0", "y=6.0"},
		{`multipleModelMethod="median"`, mixed, "x=0", "y=2.5"},
		{`multipleModelMethod="average"`, mixed, "", ""},
		{`multipleModelMethod="sum" missingPredictionTreatment="returnMissing"`, mixed, "", ""},
		{`multipleModelMethod="sum" missingPredictionTreatment="skipSegment"`, mixed, "", "y=4.0"},
		{`multipleModelMethod="sum" x-missingPredictionTreatment="skipSegment" x-missingThreshold="0.2"`, mixed, "", ""},
		{`multipleModelMethod="average" missingPredictionTreatment="skipSegment" missingThreshold="0.25"`, mixed, "", "y=4.0"},
		{`multipleModelMethod="average" missingPredictionTreatment="skipSegment" missingThreshold="0.2"`, mixed, "", ""},
		{`multipleModelMethod="average" missingPredictionTreatment="skipSegment"`, three, "", ""},
	} {
		wantScore(t, mustLoad(t, miningDoc("regression", c.attributes, c.segments)), c.in, c.want)
		if t.Failed() {
			t.Fatal(c.attributes)
		}
	}
}

func TestMiningClassification(t *testing.T) {
	class := func(s string) string { return stump("classification", s) }
	three := ensembleOf("1 "+class("a:3 b:1"), "1 "+class("b:3 a:1"), "4 "+class("b:6 a:2"))
	tie := ensembleOf("1 "+class("b:3 a:1"), "1 "+class("a:3 b:1"))
	lost := ensembleOf("1 "+class("a:1"), "1 "+class("a:1"), "1 "+constantTree("classification", "b"))
	won := ensembleOf("1 "+class("a:1"), "1 "+constantTree("classification", "b"))
	for _, c := range []struct{ attributes, segments, in, want string }{
		{`multipleModelMethod="majorityVote"`, three, "x=0", "a=0.3333333333333333; b=0.6666666666666666; c=b"},
		{`multipleModelMethod="weightedMajorityVote"`, three, "x=0", "a=0.16666666666666666; b=0.8333333333333334; c=b"},
		{`multipleModelMethod="average"`, three, "x=0", "a=0.4166666666666667; b=0.5833333333333334; c=b"},
		{`multipleModelMethod="weightedAverage"`, three, "x=0", "a=0.3333333333333333; b=0.6666666666666666; c=b"},
		{`multipleModelMethod="median"`, three, "x=0", "a=0.25; b=0.75; c=b"},
		{`multipleModelMethod="max"`, three, "x=0", "a=0.4166666666666667; b=0.5833333333333334; c=b"},
		{`multipleModelMethod="majorityVote"`, tie, "x=0", "a=0.5; b=0.5; c=b"}, // b got its first vote earlier
		{`multipleModelMethod="average"`, tie, "x=0", "a=0.5; b=0.5; c=b"},
		{`multipleModelMethod="majorityVote"`, lost, "", ""}, // two missing votes against one for b
		{`multipleModelMethod="majorityVote"`, won, "", "a=0.0; b=1.0; c=b"},
		{`multipleModelMethod="majorityVote" missingPredictionTreatment="returnMissing"`, won, "", ""},
		{`multipleModelMethod="majorityVote" missingPredictionTreatment="skipSegment" missingThreshold="0.9"`, lost, "", "a=0.0; b=1.0; c=b"},
		{`multipleModelMethod="majorityVote" missingPredictionTreatment="skipSegment" missingThreshold="0.5"`, lost, "", ""},
		{`multipleModelMethod="average"`, won, "", ""},
	} {
		wantScore(t, mustLoad(t, miningDoc("classification", c.attributes, c.segments)), c.in, c.want)
		if t.Failed() {
			t.Fatal(c.attributes)
		}
	}
}

// TestSegmentPredicates: a segment that is not true is left out; selectFirst takes the first that is.
func TestSegmentPredicates(t *testing.T) {
	seg := func(op, v, score string) string {
		return fmt.Sprintf(`<Segment><SimplePredicate field="x" operator="%s" value="%s"/>%s</Segment>`, op, v, constantTree("regression", score))
	}
	segments := seg("lessThan", "0", "1") + seg("lessThan", "5", "3")
	for _, c := range []struct{ method, in, want string }{
		{"average", "x=-1", "y=2.0"},
		{"average", "x=1", "y=3.0"},
		{"average", "x=9", ""},
		{"sum", "", ""}, // unknown is not true
		{"selectFirst", "x=-1", "y=1.0"},
		{"selectFirst", "x=1", "y=3.0"},
		{"selectFirst", "x=9", ""},
	} {
		wantScore(t, mustLoad(t, miningDoc("regression", `multipleModelMethod="`+c.method+`"`, segments)), c.in, c.want)
	}
}

// chainDoc is how boosted trees for two classes are written: a sum, then a logit.
const chainDoc = `<MiningModel functionName="classification"><MiningSchema><MiningField name="x" missingValueReplacement="-1"/><MiningField name="c" usageType="target"/></MiningSchema>
<Segmentation multipleModelMethod="modelChain">
<Segment id="1"><True/><MiningModel functionName="regression"><MiningSchema><MiningField name="x"/></MiningSchema>
 <Output><OutputField name="margin" optype="continuous" dataType="double" isFinalResult="false"/></Output>
 <Targets><Target rescaleConstant="0.5"/></Targets>
 <Segmentation multipleModelMethod="sum"><Segment><True/><TreeModel functionName="regression" noTrueChildStrategy="returnLastPrediction"><MiningSchema><MiningField name="x"/></MiningSchema>
  <Node score="1"><True/><Node score="-2"><SimplePredicate field="x" operator="lessThan" value="0"/></Node></Node></TreeModel></Segment></Segmentation></MiningModel></Segment>
<Segment id="2"><True/><RegressionModel functionName="classification" normalizationMethod="logit"><MiningSchema><MiningField name="c" usageType="target"/><MiningField name="margin"/></MiningSchema>
 <Output><OutputField name="p" optype="continuous" dataType="double" feature="probability" value="yes"/></Output>
 <RegressionTable intercept="0" targetCategory="yes"><NumericPredictor name="margin" coefficient="2"/></RegressionTable><RegressionTable intercept="0" targetCategory="no"/></RegressionModel></Segment>
</Segmentation></MiningModel>`

func TestModelChain(t *testing.T) {
	m := mustLoad(t, inPMML(miningFields, chainDoc))
	if ok, why := m.Batch(); !ok {
		t.Errorf("no batch evaluator: %s", why)
	}
	wantScore(t, m, "x=1", "c=yes; margin=1.5; p=0.9525741268224334")
	wantScore(t, m, "x=-3", "c=no; margin=-1.5; p=0.04742587317756678")
	wantScore(t, m, "", "c=no; margin=-1.5; p=0.04742587317756678")
	var names []string
	for _, o := range m.Outputs() {
		names = append(names, fmt.Sprintf("%s %v %v", o.Field.Name, o.Role, o.Final))
	}
	if got, want := strings.Join(names, ", "), "c 1 true, margin 1 false, p 2 true"; got != want {
		t.Errorf("outputs %s, want %s", got, want)
	}
}

// TestNestedTreatment: a segment's MiningField treats the enclosing model's value again.
func TestNestedTreatment(t *testing.T) {
	doc := miningDoc("regression", `multipleModelMethod="sum"`, `<Segment><True/><TreeModel functionName="regression"><MiningSchema><MiningField name="x" missingValueReplacement="7"/></MiningSchema>
<Node><True/><Node score="1"><SimplePredicate field="x" operator="equal" value="7"/></Node><Node score="2"><True/></Node></Node></TreeModel></Segment>
<Segment><True/><TreeModel functionName="regression"><MiningSchema><MiningField name="x"/></MiningSchema>
<Node><True/><Node score="10"><SimplePredicate field="x" operator="isMissing"/></Node><Node score="20"><True/></Node></Node></TreeModel></Segment>`)
	m := mustLoad(t, doc)
	wantScore(t, m, "", "y=11.0")
	wantScore(t, m, "x=7", "y=21.0")
	wantScore(t, m, "x=0", "y=22.0")
}

// TestChainBatchEqualsRow: the same with random rows.
func TestChainBatchEqualsRow(t *testing.T) {
	m := mustLoad(t, inPMML(miningFields, chainDoc))
	rng := rand.New(rand.NewPCG(1, 1))
	in := randomRows(rng, memory.DefaultAllocator, m, func(string) []string { return []string{"0", "-1"} }, 1000, 0.1)
	defer release(in)
	sameScores(t, m, 1000, in, 0)
}
