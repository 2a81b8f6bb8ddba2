package client

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// exchange is a request to the real Openscoring 2.1.0 and its answer.
type exchange struct {
	Method, Path string
	Body         *string
	Status       int
	Response     string
}

func exchanges(t *testing.T) []exchange {
	t.Helper()
	f, err := os.Open("../../../testdata/openscoring/exchanges.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []exchange
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var e exchange
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// irisModel is the model of a recorded description.
func irisModel(t testing.TB) *Model {
	t.Helper()
	doc, err := os.ReadFile("../../../testdata/openscoring/deploy-response.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := readDescription(doc)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCaller(Config{URL: "http://localhost/openscoring/model/m"})
	if err != nil {
		t.Fatal(err)
	}
	return newModel(c, d)
}

// TestRecordedBatch reads what the real Openscoring answered to a batch.
func TestRecordedBatch(t *testing.T) {
	seen := 0
	for _, e := range exchanges(t) {
		if !strings.HasSuffix(e.Path, "/batch") {
			continue
		}
		seen++
		// Its records have no numbers as ids.
		body := strings.NewReplacer(`"id" : "a"`, `"id" : "7"`, `"id" : "c"`, `"id" : "9"`, "}, {\n    \"results\"", "}, {\n    \"id\" : \"8\",\n    \"results\"").Replace(e.Response)
		m := irisModel(t)
		a := newAnswers(m, []int{4, 1})
		if err := a.read([]byte(body), 7, 10); err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, s := range a.state {
			got = append(got, a.messages[i].string(a.body))
			for _, c := range a.cells[2*i : 2*i+2] {
				got = append(got, c.string(a.body))
			}
			if (s == refused) != (i == 2) {
				t.Errorf("row %d: %d", i, s)
			}
		}
		want := []string{"", "0.0", "0.0", "", "0.0", "0.0", `org.jpmml.evaluator.MissingFieldException: Field "pmml(prediction)" is not defined`, "", ""}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q", got)
		}
		if err := a.read([]byte(e.Response), 7, 10); err == nil || !strings.Contains(err.Error(), `the id "a"`) {
			t.Errorf("ids of others: %v", err)
		}
	}
	if seen != 1 {
		t.Errorf("%d batches", seen)
	}
}

// TestRecordedDescription reads the real Openscoring's schema.
func TestRecordedDescription(t *testing.T) {
	m := irisModel(t)
	if len(m.inputs) != 4 || m.inputs[3].Name != "petal_width" || m.inputs[3].Type.Name() != "float64" {
		t.Errorf("%v", m.inputs)
	}
	var got []string
	for _, o := range m.outputs {
		got = append(got, o.Field.Name+" "+o.Field.Type.String()+" "+strconv.Itoa(int(o.Role))+" "+o.Class+" "+strconv.FormatBool(o.Target))
	}
	want := []string{"label float64 1  true", "prediction float64 1  false", "probability(0) float64 2 0 false", "probability(1) float64 2 1 false", "probability(2) float64 2 2 false"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	if m.version != "4eb03b6da40eb9592ff7cdef8997fd9f6bb733a0515f776c8ee3d05846549d5c" {
		t.Error(m.version)
	}
}

// TestBadAnswers refuses answers that do not fit the request.
func TestBadAnswers(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{`{"responses":[{"id":"0","results":{"label":1}},{"id":"1","results":{"label":1}}]}`, ""},
		{`{"responses":[{"results":{"label":1},"id":"1"},{"id":0}]}`, ""},
		{`{"x":{"responses":[]},"responses":[{"message":"m","id":"1"},{"id":"0","message":null}],"id":null}`, ""},
		{`{"responses":[{"id":"0","results":{"label":1}}]}`, "no answer to record 1"},
		{`{"responses":[{"id":"0"},{"id":"0"}]}`, "record 0 is answered twice"},
		{`{"responses":[{"id":"0"},{"id":"2"}]}`, `the id "2"`},
		{`{"responses":[{"id":"-0"},{"id":"99999999999999999999"}]}`, `the id "99999999999999999999"`},
		{`{"responses":[{"id":"0"},{}]}`, `the id ""`},
		{`{"responses":[{"id":"0"},{"id":"1","results":[1]}]}`, "results are no object"},
		{`{"responses":[{"id":"0"},{"id":"1","results":{"other":1}}]}`, "its model is another one"},
		{`{"responses":{}}`, "no answer to record 0"},
		{`{}`, "no answer to record 0"},
		{`{"responses":[{"id":"0"},{"id":"1"}]} x`, "behind its end"},
		{`{"responses":[{"id":"0"},{"id":"1"}]`, "a comma or"},
		{`{"responses":[{"id":"0"},{"id":"1","results":{"label":`, "a value was expected"},
		{`{"responses":[{"id":"0"},{"id":"1","results":{"lab`, "a text does not end"},
		{`{"responses":[{"id":"0"},{"id":"1","results":{"label":01}}]}`, "a comma or"},
		{`{"responses":[{"id":"0"},{"id":"1","results":{"label" 1}}]}`, "a colon was expected"},
		{"{\"responses\":[{\"id\":\"0\"},{\"id\":\"1\",\"x\":\"\xff\"}]}", "not UTF-8"},
		{`<html>`, `'{' was expected`},
		{``, `'{' was expected`},
		{`{"x":` + strings.Repeat("[", 600), "nested more than"},
	} {
		err := newAnswers(irisModel(t), []int{0}).read([]byte(c.body), 0, 2)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%.80s: %v, want %q", c.body, err, c.want)
		}
	}
}

// FuzzReader compares the walk over JSON with encoding/json.
func FuzzReader(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,-0.5e+3,true,false,null],"b":{}}`, `"\u00e9\ud83d\ude00\ud800x\n\/\\"`, `[]`, `[1,]`, `01`, `-`, `1.`, `1e`, "\"\t\"", `"\x"`, ` {"a" : [ ] } `, `nul`, "\"\u2028\xff\"", `{"a":1,}`, `{,}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if !utf8.Valid(b) {
			return
		}
		r := reader{b: b}
		c, ok := r.value(0)
		r.next()
		ok = ok && r.at == len(b)
		if valid := json.Valid(b); ok != valid {
			if depth := bytes.Count(b, []byte{'['}) + bytes.Count(b, []byte{'{'}); !ok && depth > maxDepth {
				return
			}
			t.Fatalf("%q: %v (%v), encoding/json says %v", b, ok, r.err, valid)
		}
		if !ok {
			return
		}
		var want any
		if err := json.Unmarshal(b, &want); err != nil && c.shape == number {
			return // out of range
		}
		switch x := want.(type) {
		case string:
			if got := c.string(b); got != x {
				t.Fatalf("%q: %q, want %q", b, got, x)
			}
		case float64:
			if got, ok := float(c, c.of(b), 64); !ok || got != x {
				t.Fatalf("%q: %v, want %v", b, got, x)
			}
		case bool:
			if (c.shape == yes) != x || c.shape != yes && c.shape != no {
				t.Fatalf("%q: %d", b, c.shape)
			}
		case nil:
			if c.shape != absent {
				t.Fatalf("%q: %d", b, c.shape)
			}
		default:
			if c.shape != nested {
				t.Fatalf("%q: %d", b, c.shape)
			}
		}
	})
}

// FuzzAnswers compares the answers to three records with encoding/json's.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"responses":[{"id":"0","results":{"label":1,"prediction":2}},{"id":"2","message":"m"},{"results":{"prediction":"x","z":0},"id":1}]}`))
	f.Add([]byte(`{"id":"b","responses":[{"results":{},"id":"0"},{"id":"1","results":null},{"id":"2"}]}`))
	f.Add([]byte(`{"responses":[{"id":"0","results":{"pr\u0065diction":1}},{"id":"1"},{"id":"2"}]}`))
	m := irisModel(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		a := newAnswers(m, []int{1})
		if a.read(b, 0, 3) != nil {
			return
		}
		// What is taken must say the same to encoding/json. A member that stands twice
		// may be an answer to another row before it is overwritten, so those are left out.
		if strings.Count(string(b), "responses") != 1 || strings.Contains(string(b), `\`) || strings.Count(string(b), "id")-strings.Count(string(b), `"id":"b"`) != 3 {
			return
		}
		type object map[string]json.RawMessage
		var top object
		var responses []object
		err := json.Unmarshal(b, &top)
		if err == nil {
			err = json.Unmarshal(top["responses"], &responses)
		}
		if err != nil || len(responses) != 3 {
			t.Fatalf("%q was taken: %v", b, err)
		}
		for _, r := range responses {
			row, err := strconv.Atoi(strings.Trim(string(r["id"]), `"`))
			if err != nil {
				t.Fatalf("%q: id %s", b, r["id"])
			}
			message := string(r["message"])
			if (message != "" && message != "null") != (a.state[row] == refused) {
				t.Fatalf("%q: row %d is %d", b, row, a.state[row])
			}
			var results object
			if len(r["results"]) > 0 {
				if err := json.Unmarshal(r["results"], &results); err != nil {
					t.Fatalf("%q: results %s", b, r["results"])
				}
			}
			want := strings.Trim(string(results["prediction"]), `"`)
			if want == "null" || a.state[row] == refused {
				want = ""
			}
			got := strings.Trim(a.cells[row].string(b), `"`)
			if got != want && strings.Count(string(b), "results") <= 3 {
				t.Fatalf("%q: row %d: %q, want %q", b, row, got, want)
			}
		}
	})
}

// TestFloats reads every double that is written.
func TestFloats(t *testing.T) {
	for _, x := range []float64{0, math.Copysign(0, -1), 1, -1.5, 0.1, 1e21, 1e-7, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.NaN(), 1 << 53} {
		b := appendFloat(nil, x, 64)
		if !json.Valid(b) {
			t.Errorf("%s is no JSON", b)
		}
		r := reader{b: b}
		c, _ := r.value(0)
		got, ok := float(c, c.of(b), 64)
		if !ok || math.Float64bits(got) != math.Float64bits(x) && !math.IsNaN(x) || math.IsNaN(x) != math.IsNaN(got) {
			t.Errorf("%v: %s, %v", x, b, got)
		}
	}
}

// TestStrings writes texts that encoding/json reads back.
func TestStrings(t *testing.T) {
	for _, s := range []string{"", "a", `"\/` + "\x00\x1f\n\t\r", "é€😀\u2028", strings.Repeat("x", 100) + "\""} {
		var got string
		if err := json.Unmarshal(appendString(nil, s), &got); err != nil || got != s {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
}

func TestModelURL(t *testing.T) {
	for _, c := range []struct{ base, model, want string }{
		{"http://h:8080/openscoring", "m", "http://h:8080/openscoring/model/m"},
		{"http://h:8080/openscoring/", "m", "http://h:8080/openscoring/model/m"},
		{"http://h:8080/openscoring/model", "m", "http://h:8080/openscoring/model/m"},
		{"http://h:8080/openscoring/model/m", "", "http://h:8080/openscoring/model/m"},
		{"http://h:8080/openscoring/model/m/", "m", "http://h:8080/openscoring/model/m"},
		{"https://h", "m", "https://h/openscoring/model/m"},
		{"https://h/", "m-1.2_x", "https://h/openscoring/model/m-1.2_x"},
		{"https://h/a/model/m?key=s3cret", "", "https://h/a/model/m?key=s3cret"},
		{"http://h:8080/openscoring/model/m", "n", "!is that of model m, and the option says n"},
		{"http://h:8080/openscoring", "", "!names no model"},
		{"http://h:8080/openscoring/model", "", "!names no model"},
		{"http://h?key=s3cret", "a/b", "!letters"},
		{"http://h?key=s3cret", "..", "!letters"},
		{"h:8080/openscoring", "m", "!no http://"},
		{"127.0.0.1:8080", "m", "!no http://"},
		{"s3cret@h/openscoring", "m", "!no http://"},
		{"", "m", "!no http://"},
		{"ftp://h/openscoring", "m", "!was expected"},
		{"http://", "m", "!was expected"},
		{"http://u:s3cret@h/openscoring", "m", "!has a user"},
		{"http://h/openscoring#s", "m", "!fragment"},
		{"http://u:s3cret@h:x/%zz", "m", "!cannot be read"},
	} {
		got, err := ModelURL(c.base, c.model)
		if want, fails := strings.CutPrefix(c.want, "!"); fails {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%s %s: %v", c.base, c.model, err)
			}
		} else if err != nil || got != c.want {
			t.Errorf("%s %s: %s, %v", c.base, c.model, got, err)
		}
	}
}

// TestDescription reads descriptions other than the recorded one.
func TestDescription(t *testing.T) {
	for _, c := range []struct{ doc, want string }{
		{`{"id":"m"}`, "no schema"},
		{`<html>`, "no description of a model: <html>"},
		{`{"schema":{"inputFields":[{"id":"x"}]}}`, "no results"},
		{`{"schema":{"groupFields":[{"id":"g"}],"outputFields":[{"id":"o"}]}}`, "with the same g together"},
	} {
		if _, err := readDescription([]byte(c.doc)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.doc, err)
		}
	}
	d, err := readDescription([]byte(`{"id":"m","properties":{"file.md5sum":"abc"},"schema":{
		"inputFields":[{"id":"a","dataType":"double","opType":"continuous","values":["[4.3, 7.9]","(9, Infinity)"]},{"id":"b","dataType":"string","opType":"categorical","values":["x","[y"]},
			{"id":"c","dataType":"float"},{"id":"d","dataType":"integer"},{"id":"e","dataType":"boolean"},{"id":"f","dataType":"date"},{"id":"g","dataType":"dateTime"},{"id":"h","dataType":"time"}],
		"targetFields":[{"id":"Species","dataType":"string","values":["setosa","(odd)"]}],
		"outputFields":[{"id":"Predicted_Species","dataType":"string"},{"id":"Probability_setosa","dataType":"double"},{"id":"Probability_other","dataType":"double"},
			{"id":"probability((odd))","dataType":"float"},{"id":"probability(setosa)","dataType":"string"},{"id":"Species","dataType":"double"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, f := range d.inputs() {
		types = append(types, f.Type.String())
	}
	if got := strings.Join(types, " "); got != "float64 utf8 float32 int64 bool date32 timestamp[us, tz=UTC] utf8" {
		t.Error(got)
	}
	if got := domainsOf(d.Schema.InputFields); !reflect.DeepEqual(got[0].Intervals, []string{"[4.3, 7.9]", "(9, Infinity)"}) || !reflect.DeepEqual(got[1].Categories, []string{"x", "[y"}) || got[1].Intervals != nil {
		t.Errorf("%+v", got)
	}
	var got []string
	for _, o := range d.outputs() {
		got = append(got, o.Field.Name+" "+strconv.Itoa(int(o.Role))+" "+o.Class)
	}
	want := []string{"Species 1 ", "Predicted_Species 1 ", "Probability_setosa 2 setosa", "Probability_other 0 ", "probability((odd)) 2 (odd)", "probability(setosa) 0 "}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	if got := domainsOf(d.results()); len(got) != len(want) || !reflect.DeepEqual(got[0].Categories, []string{"setosa", "(odd)"}) || got[1].Categories != nil {
		t.Errorf("%+v", got)
	}
	if d.version() != "abc" {
		t.Error(d.version())
	}
	for _, c := range []struct{ outputs, want string }{
		{`{"id":"species","dataType":"string"},{"id":"Probability_a","dataType":"double"}`, "species 1, Probability_a 2"},
		{`{"id":"p_a","dataType":"double"}`, "p_a 1"},
		{`{"id":"score","dataType":"double"},{"id":"reason","dataType":"string"}`, "score 0, reason 0"},
		{`{"id":"rank","dataType":"integer"},{"id":"prediction","dataType":"double"}`, "rank 0, prediction 1"},
		{`{"id":"probability(a)","dataType":"double"}`, "probability(a) 2"},
	} {
		d, err := readDescription([]byte(`{"schema":{"outputFields":[` + c.outputs + `]}}`))
		if err != nil {
			t.Fatal(err)
		}
		var roles []string
		for _, o := range d.outputs() {
			roles = append(roles, o.Field.Name+" "+strconv.Itoa(int(o.Role)))
		}
		if got := strings.Join(roles, ", "); got != c.want {
			t.Errorf("%s: without targets: %s", c.outputs, got)
		}
	}
	other := *d
	other.Properties = nil
	sum := other.version()
	other.Properties = map[string]any{"created.timestamp": "now", "file.size": 7.0}
	if len(sum) != 64 || sum == other.version() {
		t.Error("the description's checksum does not know the size")
	}
}
