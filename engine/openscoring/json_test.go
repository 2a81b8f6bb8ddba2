package openscoring

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow/go/v14/arrow/memory"
)

// FuzzJSON reads what encoding/json reads, and texts as it does.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,"x\u00e9\ud83d\ude00\n"],"b":null}`, `[]`, `"\ud800x"`, `01`, `-`, `{"a":}`, `[1,]`, `tru`, "\"\t\"", `1.`, `"\x"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		if !utf8.Valid(doc) {
			return // encoding/json replaces what is no UTF-8, and this reader refuses it
		}
		r := jsonReader{b: doc}
		r.space()
		c, ok := r.value(0)
		if ok {
			ok = r.space() == 0 && r.at == len(doc)
		}
		if r.err != nil && strings.Contains(r.err.msg, "nesting depth") {
			return // encoding/json goes deeper
		}
		if ok != json.Valid(doc) {
			t.Fatalf("%q: %v (%v), encoding/json says %v", doc, ok, r.err, !ok)
		}
		if !ok {
			if r.err != nil && r.err.Error() == "" {
				t.Fatal("an error without a text")
			}
			return
		}
		if c.shape == quoted {
			var want string
			if err := json.Unmarshal(doc, &want); err != nil || string(c.text) != want {
				t.Fatalf("%q is %q, want %q, %v", doc, c.text, want, err)
			}
			var back string
			if err := json.Unmarshal(appendJSONString(nil, want), &back); err != nil || back != want {
				t.Fatalf("%q is written as %s", want, appendJSONString(nil, want))
			}
		}
	})
}

func TestJSONFaults(t *testing.T) {
	m := load(t, irisDocument)
	for _, c := range []struct{ body, want string }{
		{`{"requests": 5}`, "`java.util.ArrayList<org.openscoring.common.EvaluationRequest>` from Number value"},
		{`{"requests": [5]}`, "`org.openscoring.common.EvaluationRequest` from Number value"},
		{`{"requests": [{"arguments": []}]}`, "`java.util.LinkedHashMap<java.lang.String,java.lang.Object>` from Array value"},
		{`{"requests": [{"id": {}, "arguments": {}}]}`, `EvaluationRequest["id"])`},
		{"{\"requests\": [\n{\"arguments\": {\"a\": 01}}]}", "line: 2, column: 22"},
		{`{"requests": [{"arguments": {"a": NaN}}]}`, "Unrecognized token 'NaN'"},
		{`{"requests": [{"arguments": {"a": 1}`, "Unexpected end-of-input"},
		{`{"request": []}`, `Unrecognized field "request" (class org.openscoring.common.BatchEvaluationRequest)`},
		{`[]`, "`org.openscoring.common.BatchEvaluationRequest` from Array value"},
		{``, `getRequests()" because "batchRequest" is null`},
		{`null`, `getRequests()" because "batchRequest" is null`},
		{`{}`, `because "requests" is null`},
		{`{"requests": null}`, `because "requests" is null`},
		{`{"requests": [{"arguments": {"a": ` + strings.Repeat("[", 600) + `}}]}`, "nesting depth exceeds the maximum of 500"},
		{"{\"requests\": [{\"arguments\": {\"a\": \"\x01\"}}]}", "CTRL-CHAR, code 1"},
		{"{\"requests\": [{\"arguments\": {\"a\": \"\xff\"}}]}", "Invalid UTF-8"},
	} {
		b := batch{rows: newRows(m, memory.DefaultAllocator)}
		if err := b.parseBatch([]byte(c.body)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60s: %v, want %s", c.body, err, c.want)
		}
		b.rows.release()
	}
}

// TestCells puts every shape of value into every kind of field.
func TestCells(t *testing.T) {
	m, err := LoadPMML([]byte(fieldsDocument))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ field, value, want string }{
		{"d", `1`, "1.0"}, {"d", `"1e3"`, "1000.0"}, {"d", `true`, "1.0"}, {"d", `" 2 "`, "2.0"}, {"d", `1e400`, "Infinity"},
		{"d", `"0x10"`, `Field "d" cannot accept invalid value "0x10"`}, {"d", `""`, `Field "d" cannot accept invalid value ""`},
		{"d", `"NaN"`, `Field "d" cannot accept invalid value NaN`}, {"d", `{"a":1}`, `Field "d" cannot accept invalid value {"a":1}`},
		{"d", `[1]`, "Collection value cannot be used in comparison operations"},
		{"f", `0.1`, "0.1"}, {"f", `"x"`, `Field "f" cannot accept invalid value "x"`},
		{"i", `3`, "3"}, {"i", `3.0`, "3"}, {"i", `"4"`, "4"}, {"i", `false`, "0"}, {"i", `3.5`, `Field "i" cannot accept invalid value 3.5`},
		{"i", `1e30`, `Field "i" cannot accept invalid value 1e30`}, {"i", `9007199254740993`, "9007199254740993"},
		{"b", `true`, "true"}, {"b", `0`, "false"}, {"b", `"TRUE"`, "true"}, {"b", `2`, `Field "b" cannot accept invalid value 2`},
		{"s", `"x\ty\u00e9"`, "x\tyé"}, {"s", `1`, "1"}, {"s", `1.50`, "1.5"}, {"s", `true`, "true"},
		{"t", `"2020-02-29"`, "2020-02-29"}, {"t", `"2021-02-29"`, `Field "t" cannot accept invalid value "2021-02-29"`}, {"t", `5`, `Field "t" cannot accept invalid value 5`},
		{"missing", `"x"`, "7.0"}, {"value", `"x"`, "9.0"}, {"range", `11`, `Field "range" cannot accept invalid value 11.0`},
		{"word", `"c"`, `Field "word" cannot accept invalid value "c"`}, {"word", `"a"`, "a"},
		{"d", `null`, ""}, {"s", `null`, ""},
	} {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		b := batch{rows: newRows(m, mem)}
		b.rows.strictNaN = true
		if err := b.parseRecord(fmt.Appendf(nil, `{"arguments": {%q: "ignored", %q: %s}}`, c.field, c.field, c.value)); err != nil {
			t.Fatal(err)
		}
		s, err := b.rows.run(mem)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(s.faults) > 0 {
			got = s.faults[0].message
		} else {
			for i := range m.results {
				if m.results[i].name == "out "+c.field {
					got = string(m.results[i].appendText(nil, s.cols[i], 0))
				}
			}
		}
		if got != c.want {
			t.Errorf("%s = %s: %q, want %q", c.field, c.value, got, c.want)
		}
		s.release()
		b.rows.release()
		mem.AssertSize(t, 0)
	}
}

// fieldsDocument has a field of each kind and gives each back.
var fieldsDocument = func() string {
	var data, mining, out bytes.Buffer
	for _, f := range []struct{ name, typ, op, treat, inside string }{
		{"d", "double", "continuous", "", ""}, {"f", "float", "continuous", "", ""}, {"i", "integer", "continuous", "", ""},
		{"b", "boolean", "categorical", "", ""}, {"s", "string", "categorical", "", ""}, {"t", "date", "ordinal", "", ""},
		{"missing", "double", "continuous", `invalidValueTreatment="asMissing" missingValueReplacement="7"`, ""},
		{"value", "double", "continuous", `invalidValueTreatment="asValue" invalidValueReplacement="9"`, ""},
		{"range", "double", "continuous", "", `<Interval closure="closedOpen" leftMargin="0" rightMargin="10.5"/><Interval closure="openClosed" leftMargin="100"/>`},
		{"word", "string", "categorical", "", `<Value value="a"/><Value value="b"/><Value value="n/a" property="missing"/>`},
	} {
		fmt.Fprintf(&data, `<DataField name=%q displayName="the %s" dataType=%q optype=%q>%s</DataField>`, f.name, f.name, f.typ, f.op, f.inside)
		fmt.Fprintf(&mining, `<MiningField name=%q %s/>`, f.name, f.treat)
		fmt.Fprintf(&out, `<OutputField name="out %s" feature="transformedValue" dataType=%q optype=%q><FieldRef field=%q/></OutputField>`, f.name, f.typ, f.op, f.name)
	}
	return `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header modelVersion="7"/><DataDictionary>` +
		`<DataField name="y" dataType="double" optype="continuous"/>` + data.String() + `</DataDictionary>` +
		`<RegressionModel modelName="fields" functionName="regression"><MiningSchema><MiningField name="y" usageType="target"/>` + mining.String() + `</MiningSchema>` +
		`<Output>` + out.String() + `</Output><RegressionTable intercept="1"/></RegressionModel></PMML>`
}()
