package pmml

import (
	"strings"
	"testing"
)

const golfFields = `<DataField name="temperature" optype="continuous" dataType="double"/>
<DataField name="humidity" optype="continuous" dataType="double"/>
<DataField name="outlook" optype="categorical" dataType="string"><Value value="sunny"/><Value value="overcast"/><Value value="rain"/></DataField>
<DataField name="play" optype="categorical" dataType="string"/>`

// golf is the tree of the PMML specification's section on missing values.
func golf(attributes string) string {
	dist := func(counts, confs string) string {
		cs, ps := strings.Fields(counts), strings.Fields(confs)
		out := ""
		for i, class := range []string{"will play", "may play", "no play"} {
			out += `<ScoreDistribution value="` + class + `" recordCount="` + cs[i] + `" confidence="` + ps[i] + `"/>`
		}
		return out
	}
	return inPMML(golfFields, `<TreeModel functionName="classification" `+attributes+`>
<MiningSchema><MiningField name="temperature"/><MiningField name="humidity"/><MiningField name="outlook"/><MiningField name="play" usageType="target"/></MiningSchema>
<Output><OutputField name="confidence" feature="confidence" dataType="double"/><OutputField name="node" feature="entityId" dataType="string"/></Output>
<Node id="1" score="will play" recordCount="100" defaultChild="2"><True/>`+dist("60 30 10", "0.6 0.3 0.1")+`
<Node id="2" score="will play" recordCount="50" defaultChild="3"><SimplePredicate field="outlook" operator="equal" value="sunny"/>`+dist("40 2 8", "0.8 0.04 0.16")+`
<Node id="3" score="will play" recordCount="40"><CompoundPredicate booleanOperator="surrogate"><SimplePredicate field="temperature" operator="greaterOrEqual" value="50"/><SimplePredicate field="humidity" operator="lessThan" value="80"/></CompoundPredicate>`+dist("36 2 2", "0.9 0.05 0.05")+`</Node>
<Node id="4" score="no play" recordCount="10"><CompoundPredicate booleanOperator="surrogate"><SimplePredicate field="temperature" operator="lessThan" value="50"/><SimplePredicate field="humidity" operator="greaterOrEqual" value="80"/></CompoundPredicate>`+dist("4 0 6", "0.4 0 0.6")+`</Node>
</Node>
<Node id="5" score="may play" recordCount="50"><CompoundPredicate booleanOperator="or"><SimplePredicate field="outlook" operator="equal" value="overcast"/><SimplePredicate field="outlook" operator="equal" value="rain"/></CompoundPredicate>`+dist("20 28 2", "0.4 0.56 0.04")+`</Node>
</Node></TreeModel>`)
}

func TestTreeMissingValues(t *testing.T) {
	for _, c := range []struct{ attributes, in, want string }{
		{``, "temperature=45;humidity=60;outlook=sunny", "confidence=0.6; node=4; play=no play"},
		{``, "humidity=60;outlook=sunny", "confidence=0.9; node=3; play=will play"},
		{``, "outlook=sunny", ""}, // unknown counts as false, and no child is true
		{`noTrueChildStrategy="returnLastPrediction"`, "outlook=sunny", "confidence=0.8; node=2; play=will play"},
		{`missingValueStrategy="nullPrediction"`, "outlook=sunny", ""},
		{`missingValueStrategy="nullPrediction"`, "humidity=10;outlook=sunny", "confidence=0.9; node=3; play=will play"},
		{`missingValueStrategy="lastPrediction"`, "outlook=sunny", "confidence=0.8; node=2; play=will play"},
		{`missingValueStrategy="lastPrediction"`, "temperature=20", "confidence=0.6; node=1; play=will play"},
		{`missingValueStrategy="defaultChild" missingValuePenalty="0.8"`, "temperature=40;humidity=70", "confidence=0.48; node=4; play=no play"},
		{`missingValueStrategy="defaultChild" missingValuePenalty="0.5"`, "", "confidence=0.225; node=3; play=will play"},
		{`missingValueStrategy="weightedConfidence"`, "outlook=sunny", "confidence=0.8; play=will play"},
		{`missingValueStrategy="weightedConfidence"`, "", "confidence=0.6; play=will play"},
		{`missingValueStrategy="aggregateNodes"`, "temperature=45;humidity=90", "confidence=0.4666666666666667; play=may play"},
		{`missingValueStrategy="aggregateNodes"`, "temperature=45;outlook=sunny", "confidence=0.6; node=4; play=no play"},
		{`missingValueStrategy="aggregateNodes"`, "outlook=hail", "error: field outlook cannot accept the invalid value hail"},
	} {
		m := mustLoad(t, golf(c.attributes))
		got, fault := scoreOne(t, m, cells(c.in))
		if strings.Contains(c.attributes, "weightedConfidence") && fault == nil {
			got["confidence"] = got["confidence"][:3] // sums of thirds and tenths
		}
		if msg, ok := strings.CutPrefix(c.want, "error: "); ok {
			if fault == nil || !strings.Contains(fault.Error(), msg) {
				t.Errorf("%s, %s: fault %v", c.attributes, c.in, fault)
			}
		} else if fault != nil || line(got) != c.want {
			t.Errorf("%s, %s: %s, fault %v, want %s", c.attributes, c.in, line(got), fault, c.want)
		}
	}
}

// oneTest is a tree with one test: "y" where it is true, "n" in a sibling where it is false, NULL where it is unknown.
func oneTest(field, predicate string) string {
	return inPMML(field+`<DataField name="out" optype="categorical" dataType="string"/>`,
		`<TreeModel functionName="classification" missingValueStrategy="nullPrediction"><MiningSchema>
<MiningField name="x" invalidValueTreatment="asIs"/><MiningField name="z" invalidValueTreatment="asIs"/><MiningField name="out" usageType="target"/></MiningSchema>
<Node><True/><Node score="y">`+predicate+`</Node><Node score="n"><True/></Node></Node></TreeModel>`)
}

func TestPredicates(t *testing.T) {
	is := func(op, v string) string {
		return `<SimplePredicate field="x" operator="` + op + `" value="` + v + `"/>`
	}
	isZ := `<SimplePredicate field="z" operator="lessThan" value="0"/>`
	compound := func(op string, parts ...string) string {
		return `<CompoundPredicate booleanOperator="` + op + `">` + strings.Join(parts, "") + `</CompoundPredicate>`
	}
	inSet := func(op, array string) string {
		return `<SimpleSetPredicate field="x" booleanOperator="` + op + `"><Array type="string">` + array + `</Array></SimpleSetPredicate>`
	}
	unknown := ""
	for _, c := range []struct{ typ, predicate, in, want string }{
		{"double", is("lessThan", "1.5"), "x=1.5", "n"},
		{"double", is("lessThan", "1.5"), "x=1.4999999999999998", "y"},
		{"double", is("lessOrEqual", "1.5"), "x=1.5", "y"},
		{"double", is("greaterThan", "1.5"), "x=1.5", "n"},
		{"double", is("greaterOrEqual", "1.5"), "x=1.5", "y"},
		{"double", is("greaterThan", "1.5"), "x=NaN", "y"}, // NaN is above every number
		{"double", is("lessOrEqual", "INF"), "x=NaN", "n"},
		{"double", is("equal", "0"), "x=-0.0", "y"},
		{"double", is("notEqual", "0"), "x=-0.0", "n"},
		{"double", is("lessThan", "-INF"), "x=-INF", "n"},
		{"double", is("greaterOrEqual", "-INF"), "x=-INF", "y"},
		{"double", is("equal", "1"), "", unknown},
		{"integer", is("lessThan", "9007199254740993"), "x=9007199254740992", "y"},
		{"integer", is("lessThan", "2.5"), "x=2", "y"},
		{"float", is("lessOrEqual", "0.1"), "x=0.1", "y"},
		{"boolean", is("equal", "true"), "x=true", "y"},
		{"boolean", is("equal", "1"), "x=false", "n"},
		{"date", is("lessThan", "2024-03-01"), "x=2024-02-29", "y"},
		{"string", is("equal", "a b"), "x=a b", "y"},
		{"string", is("lessThan", "b"), "x=a", "y"},
		{"string", `<SimplePredicate field="x" operator="isMissing"/>`, "", "y"},
		{"string", `<SimplePredicate field="x" operator="isNotMissing"/>`, "", "n"},
		{"string", inSet("isIn", `a "b c" "d\"e"`), `x=d"e`, "y"},
		{"string", inSet("isIn", `a "b c"`), "x=b", "n"},
		{"string", inSet("isNotIn", `a b`), "x=c", "y"},
		{"string", inSet("isNotIn", `a b`), "", unknown},
		{"string", inSet("isIn", `a b c d e f g h i j`), "x=j", "y"},
		{"double", inSet("isIn", `1 2.0`), "x=2", "y"},
		{"double", compound("and", is("lessThan", "0"), isZ), "x=1", "n"},       // false wins over unknown
		{"double", compound("and", is("lessThan", "2"), isZ), "x=1", unknown},   // unknown over true
		{"double", compound("or", isZ, is("lessThan", "2")), "x=1", "y"},        // true wins
		{"double", compound("or", isZ, is("lessThan", "0")), "x=1", unknown},    // unknown over false
		{"double", compound("xor", is("lessThan", "2"), isZ), "x=1", unknown},   //
		{"double", compound("xor", is("lessThan", "2"), isZ), "x=1;z=-1", "n"},  //
		{"double", compound("xor", is("lessThan", "2"), isZ), "x=1;z=1", "y"},   //
		{"double", compound("surrogate", isZ, is("lessThan", "2")), "x=1", "y"}, //
		{"double", compound("surrogate", isZ, is("lessThan", "2")), "x=1;z=1", "n"},
		{"double", compound("surrogate", isZ, is("lessThan", "2")), "", unknown},
		{"double", `<False/>`, "x=1", "n"},
	} {
		field := `<DataField name="x" optype="categorical" dataType="` + c.typ + `"/><DataField name="z" optype="continuous" dataType="double"/>`
		m := mustLoad(t, oneTest(field, c.predicate))
		want := ""
		if c.want != unknown {
			want = "out=" + c.want
		}
		t.Run(c.typ, func(t *testing.T) { wantScore(t, m, c.in, want) })
		if t.Failed() {
			t.Fatal(c.predicate)
		}
	}
}

// TestNoDefaultChild: a node without defaultChild fails the rows that need it, and only those.
func TestNoDefaultChild(t *testing.T) {
	m := mustLoad(t, strings.Replace(golf(`missingValueStrategy="defaultChild"`), ` defaultChild="3"`, "", 1))
	wantScore(t, m, "temperature=60;outlook=sunny", "confidence=0.9; node=3; play=will play")
	wantScore(t, m, "outlook=sunny", "error: a value is missing at the tree node 2")
}

func TestTreeScores(t *testing.T) {
	tree := func(nodes string) *Model {
		return mustLoad(t, inPMML(`<DataField name="x" optype="continuous" dataType="double"/><DataField name="c" optype="categorical" dataType="integer"/>`,
			`<TreeModel functionName="classification"><MiningSchema><MiningField name="x"/><MiningField name="c" usageType="predicted"/></MiningSchema>
<Output><OutputField name="p1" feature="probability" value="1.0"/><OutputField name="p" feature="probability"/><OutputField name="p9" feature="probability" value="9"/><OutputField name="conf" feature="confidence"/></Output>`+nodes+`</TreeModel>`))
	}
	for _, c := range []struct{ nodes, want string }{
		// the score counts, not the largest class
		{`<Node score="2"><True/><ScoreDistribution value="1" recordCount="3"/><ScoreDistribution value="2" recordCount="1"/></Node>`, "c=2; p1=0.75; p9=0.0; p=0.25"},
		{`<Node score="2"><True/><ScoreDistribution value="1" recordCount="3" probability="0.9"/><ScoreDistribution value="2" recordCount="1" probability="0.2"/></Node>`, "c=2; p1=0.9; p9=0.0; p=0.2"},
		{`<Node><True/><ScoreDistribution value="1" recordCount="3"/><ScoreDistribution value="2" recordCount="3"/></Node>`, "c=1; p1=0.5; p9=0.0; p=0.5"},
		{`<Node score="1"><True/></Node>`, "c=1; p1=1.0; p9=0.0; p=1.0"},
		{`<Node score="1"><True/><ScoreDistribution value="2" recordCount="0"/></Node>`, "c=1; p1=1.0; p9=0.0; p=1.0"},
		{`<Node><True/><Node score="1"><False/></Node></Node>`, ""},
		{`<Node score="1"><False/></Node>`, ""},
	} {
		wantScore(t, tree(c.nodes), "x=1", c.want)
	}
}
