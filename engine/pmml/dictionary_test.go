package pmml

import (
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
)

// fieldDoc is a model that gives back its input x: as text, and whether it is missing.
func fieldDoc(dataField, miningAttributes string) string {
	return inPMML(dataField+`<DataField name="y" optype="continuous" dataType="double"/>`,
		`<TreeModel functionName="regression"><MiningSchema><MiningField name="x" `+miningAttributes+`/><MiningField name="y" usageType="target"/></MiningSchema>
<Output><OutputField name="e" dataType="string" feature="transformedValue"><FieldRef field="x"/></OutputField></Output>
<Node><True/><Node score="1"><SimplePredicate field="x" operator="isMissing"/></Node><Node score="0"><True/></Node></Node></TreeModel>`)
}

func TestTreatments(t *testing.T) {
	plain := `<DataField name="x" optype="continuous" dataType="double"/>`
	bounded := `<DataField name="x" optype="continuous" dataType="double"><Interval closure="closedOpen" leftMargin="0" rightMargin="10"/><Value value="-1" property="missing"/><Value value="99"/><Value value="5" property="invalid"/></DataField>`
	nan := `<DataField name="x" optype="continuous" dataType="double"><Value value="NaN" property="missing"/></DataField>`
	color := `<DataField name="x" optype="categorical" dataType="string"><Value value="red"/><Value value="green" property="valid"/><Value value="none" property="missing"/></DataField>`
	for _, c := range []struct{ field, mining, in, want string }{
		{plain, ``, "x=3", "e=3.0; y=0.0"},
		{plain, ``, "x=NaN", "e=NaN; y=0.0"},
		{plain, ``, "", "y=1.0"},
		{plain, `missingValueReplacement="7"`, "", "e=7.0; y=0.0"},
		{plain, `missingValueReplacement="7" missingValueTreatment="asMean"`, "", "e=7.0; y=0.0"},
		{plain, `missingValueTreatment="returnInvalid"`, "", "error: field x cannot accept a missing value"},
		{plain, `missingValueTreatment="x-returnInvalid"`, "", "error: field x cannot accept a missing value"},
		{plain, `outliers="asExtremeValues" lowValue="0" highValue="10"`, "x=11", "e=10.0; y=0.0"},
		{plain, `outliers="asExtremeValues" lowValue="0" highValue="10"`, "x=-1", "e=0.0; y=0.0"},
		{plain, `outliers="asMissingValues" lowValue="0" highValue="10"`, "x=11", "y=1.0"},
		{plain, `outliers="asMissingValues" lowValue="0" highValue="10" missingValueReplacement="4"`, "x=11", "e=4.0; y=0.0"},
		{nan, `missingValueReplacement="7"`, "x=NaN", "e=7.0; y=0.0"},
		{nan, ``, "x=NaN", "y=1.0"},
		{bounded, ``, "x=0", "e=0.0; y=0.0"},
		{bounded, ``, "x=-1", "y=1.0"},
		{bounded, ``, "x=99", "e=99.0; y=0.0"},
		{bounded, ``, "x=10", "error: field x cannot accept the invalid value 10.0"},
		{bounded, ``, "x=5", "error: field x cannot accept the invalid value 5.0"},
		{bounded, `invalidValueTreatment="asIs"`, "x=10", "e=10.0; y=0.0"},
		{bounded, `invalidValueTreatment="asMissing"`, "x=10", "y=1.0"},
		{bounded, `invalidValueTreatment="asMissing" missingValueReplacement="2"`, "x=10", "e=2.0; y=0.0"},
		{bounded, `invalidValueTreatment="asValue" invalidValueReplacement="3"`, "x=10", "e=3.0; y=0.0"},
		{color, ``, "x=red", "e=red; y=0.0"},
		{color, ``, "x=none", "y=1.0"},
		{color, ``, "x=blue", "error: field x cannot accept the invalid value blue"},
		{color, `invalidValueTreatment="asIs"`, "x=blue", "e=blue; y=0.0"},
		{color, `invalidValueTreatment="asMissing"`, "x=blue", "y=1.0"},
		{`<DataField name="x" optype="ordinal" dataType="time"/>`, ``, "x=05:23:30", "e=05:23:30; y=0.0"},
		{`<DataField name="x" optype="ordinal" dataType="dateTime"/>`, ``, "x=2024-02-29T05:23:30.5", "e=2024-02-29T05:23:30.5; y=0.0"},
		{`<DataField name="x" optype="continuous" dataType="dateDaysSince[1970]"/>`, ``, "x=12", "e=12; y=0.0"},
		{`<DataField name="x" optype="continuous" dataType="float"/>`, ``, "x=0.1", "e=0.10000000149011612; y=0.0"},
	} {
		m := mustLoad(t, fieldDoc(c.field, c.mining))
		wantScore(t, m, c.in, c.want)
		if t.Failed() {
			t.Fatalf("%s %s", c.field, c.mining)
		}
	}
}

func TestInputTypes(t *testing.T) {
	types := map[string]arrow.DataType{
		"double": arrow.PrimitiveTypes.Float64, "float": arrow.PrimitiveTypes.Float32, "integer": arrow.PrimitiveTypes.Int64,
		"string": arrow.BinaryTypes.String, "boolean": arrow.FixedWidthTypes.Boolean, "date": arrow.FixedWidthTypes.Date32,
		"dateTime": &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, "time": arrow.BinaryTypes.String, "timeSeconds": arrow.PrimitiveTypes.Int64,
	}
	for name, typ := range types {
		m := mustLoad(t, fieldDoc(`<DataField name="x" optype="ordinal" dataType="`+name+`"/>`, ""))
		if f := m.Inputs()[0]; f.Name != "x" || !f.Nullable || !arrow.TypeEqual(f.Type, typ) {
			t.Errorf("%s: %v, want %s", name, f, typ)
		}
	}
}

// TestSupplementary: fields that play no part in scoring are no inputs.
func TestSupplementary(t *testing.T) {
	doc := strings.Replace(fieldDoc(`<DataField name="x" optype="continuous" dataType="double"/><DataField name="w" optype="continuous" dataType="double"/>`, ""),
		`<MiningSchema>`, `<MiningSchema><MiningField name="w" usageType="supplementary"/>`, 1)
	wantScore(t, mustLoad(t, doc), "x=1", "e=1.0; y=0.0")
}

func TestFormatDouble(t *testing.T) {
	for x, want := range map[float64]string{0: "0.0", 1: "1.0", -2.5: "-2.5", 1e7: "1.0E7", 9999999: "9999999.0", 0.001: "0.001", 0.0001: "1.0E-4", 1.25e-10: "1.25E-10"} {
		if got := formatDouble(x); got != want {
			t.Errorf("%v: %s, want %s", x, got, want)
		}
	}
}
