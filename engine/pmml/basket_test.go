package pmml

import (
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// groupedRules is an association model as tools write it: one row an item of a transaction.
func groupedRules(schema, item string) string {
	return inPMML(`<DataField name="transaction" optype="categorical" dataType="string"/><DataField name="item" optype="categorical" dataType="string">`+item+`</DataField>`,
		`<AssociationModel functionName="associationRules" numberOfTransactions="9" numberOfItems="3" minimumSupport="0.1" minimumConfidence="0.5" numberOfItemsets="3" numberOfRules="2"><MiningSchema>`+schema+`</MiningSchema>
<Output><OutputField name="rule" optype="categorical" dataType="string" feature="ruleValue" ruleFeature="rule" algorithm="exclusiveRecommendation"/></Output>
<Item id="1" value="beer"/><Item id="2" value="chips"/><Item id="3" value="wine"/>
<Itemset id="a"><ItemRef itemRef="1"/></Itemset><Itemset id="b"><ItemRef itemRef="2"/></Itemset><Itemset id="c"><ItemRef itemRef="1"/><ItemRef itemRef="2"/></Itemset><Itemset id="d"><ItemRef itemRef="3"/></Itemset>
<AssociationRule antecedent="a" consequent="b" support="0.3" confidence="0.6"/><AssociationRule antecedent="c" consequent="d" support="0.2" confidence="0.9"/></AssociationModel>`)
}

const groupedSchema = `<MiningField name="transaction" usageType="group"/><MiningField name="item"/>`

// TestBaskets: with a group field a row is a list of items.
func TestBaskets(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	for _, c := range []struct {
		values, treat string
		want          []string
		faults        int
	}{
		{"", "", []string{"{beer}->{chips}", "{beer,chips}->{wine}", "", "", "{beer}->{chips}", ""}, 0},
		{`<Value value="beer"/><Value value="chips"/>`, ` invalidValueTreatment="asMissing"`, []string{"{beer}->{chips}", "{beer,chips}->{wine}", "", "", "{beer}->{chips}", ""}, 0},
		{`<Value value="beer"/><Value value="chips"/>`, "", []string{"{beer}->{chips}", "{beer,chips}->{wine}", "", "", "", ""}, 1},
	} {
		m := mustLoad(t, groupedRules(strings.Replace(groupedSchema, `"item"`, `"item"`+c.treat, 1), c.values))
		if in := m.Inputs(); len(in) != 1 || in[0].Name != "item" || !arrow.TypeEqual(in[0].Type, arrow.ListOf(arrow.BinaryTypes.String)) {
			t.Fatalf("inputs %v", in)
		}
		b := array.NewListBuilder(mem, arrow.BinaryTypes.String)
		items := b.ValueBuilder().(*array.StringBuilder)
		for _, basket := range [][]string{{"beer"}, {"chips", "beer", "beer"}, {}, nil, {strings.Repeat("long", 50), "", "beer"}, {"NULL"}} {
			if basket == nil {
				b.AppendNull()
				continue
			}
			b.Append(true)
			for _, s := range basket {
				if s == "NULL" {
					items.AppendNull()
				} else {
					items.Append(s)
				}
			}
		}
		in := []arrow.Array{b.NewArray()}
		b.Release()
		faults := 0
		out, err := m.Score(mem, in[0].Len(), in, func(int, error) { faults++ })
		if err != nil {
			t.Fatal(err)
		}
		rules := out[len(out)-1].(*array.String)
		for i, want := range c.want {
			if got := rules.ValueStr(i); got != want && !(want == "" && rules.IsNull(i)) {
				t.Errorf("%s%s: basket %d gives %s, want %q", c.values, c.treat, i, got, want)
			}
		}
		if faults != c.faults {
			t.Errorf("%s%s: %d rows failed, want %d", c.values, c.treat, faults, c.faults)
		}
		release(out)
		release(in)
	}
	refusals(t, []refusal{
		{groupedRules(`<MiningField name="transaction" usageType="group"/>`, ""), "MiningField", "takes one active field, of dataType string"},
	})
}
