package codec

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

const fuzzDDL = "a INT, b DOUBLE, c STRING, d ARRAY<BIGINT>, e STRUCT<x:BOOLEAN,y:STRING,z:ARRAY<STRUCT<q:TINYINT>>>, f MAP<STRING,DOUBLE>"

// reference is from_json over encoding/json, simple and slow.
type reference struct{ corrupt bool }

var surrogate = regexp.MustCompile(`(?i)\\ud[89a-f]`)

// comparable tells whether encoding/json and Jackson must agree on a document. Where they differ by design:
//   - Jackson as Spark sets it up takes single quotes, \', NaN, Infinity and INF; encoding/json does not.
//   - Malformed UTF-8 becomes one U+FFFD a byte in Go, one a maximal prefix in Java; a lone surrogate U+FFFD or '?'.
//   - Jackson stops at 1000 levels and at numbers of 1000 characters, encoding/json at 10000 levels.
//   - Spark trims control characters from a blank document.
func (reference) comparable(doc []byte) bool {
	s := string(doc)
	return utf8.Valid(doc) && !strings.ContainsAny(s, "'") && !strings.Contains(s, "NaN") && !strings.Contains(s, "INF") &&
		!strings.Contains(s, "Infinity") && !surrogate.Match(doc) && len(doc) < 1000
}

// row is the document as the struct's fields, nil for NULL.
func (r *reference) row(doc []byte, st *arrow.StructType) any {
	if strings.Trim(string(doc), blankBytes()) == "" {
		return nil
	}
	empty := map[string]any{}
	for _, f := range st.Fields() {
		empty[f.Name] = nil
	}
	var raw json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(doc)).Decode(&raw); err != nil || raw[0] != '{' {
		r.corrupt = true
		return empty
	}
	v, _ := r.value(raw, st)
	return v
}

func blankBytes() string {
	var b []byte
	for c := range byte(0x21) {
		b = append(b, c)
	}
	return string(b)
}

// value converts one JSON value; good is false when it is of the wrong type.
func (r *reference) value(raw json.RawMessage, dt arrow.DataType) (v any, good bool) {
	if string(raw) == "null" {
		return nil, true
	}
	switch d := dt.(type) {
	case *arrow.StructType:
		return r.object(raw, d)
	case *arrow.ListType:
		return r.list(raw, d)
	case *arrow.MapType:
		return r.mapping(raw, d)
	case *arrow.StringType:
		return r.str(raw), true
	case *arrow.BooleanType:
		b, err := strconv.ParseBool(string(raw))
		return b, err == nil && len(raw) > 1
	case *arrow.Float64Type:
		if raw[0] != '-' && raw[0]-'0' > 9 {
			return nil, false
		}
		return shown(r.float(raw)), true
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || raw[0] == '"' {
		return nil, false
	}
	switch dt.ID() {
	case arrow.INT32:
		return float64(n), n == int64(int32(n))
	case arrow.INT8:
		return float64(int8(n)), n >= -128 && n <= 255
	}
	return float64(n), true
}

func shown(f float64) any {
	if math.IsInf(f, 0) {
		return string(AppendDouble(nil, f))
	}
	return f
}

func (r *reference) float(raw json.RawMessage) float64 {
	f, _ := strconv.ParseFloat(string(raw), 64)
	if f == 0 && !bytes.ContainsAny(raw, ".eE") {
		return 0
	}
	return f
}

// members walks an object's members in order.
func members(raw json.RawMessage, f func(name string, v json.RawMessage)) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	_, _ = dec.Token()
	for dec.More() {
		name, _ := dec.Token()
		var v json.RawMessage
		if dec.Decode(&v) != nil {
			return
		}
		f(name.(string), v)
	}
}

func (r *reference) object(raw json.RawMessage, st *arrow.StructType) (any, bool) {
	if raw[0] != '{' {
		return nil, false
	}
	out := map[string]any{}
	for _, f := range st.Fields() {
		out[f.Name] = nil
	}
	members(raw, func(name string, v json.RawMessage) {
		i, ok := st.FieldIdx(name)
		if !ok {
			return
		}
		if got, good := r.value(v, st.Field(i).Type); good {
			out[name] = got
		} else {
			r.corrupt = true
		}
	})
	return out, true
}

func (r *reference) list(raw json.RawMessage, d *arrow.ListType) (any, bool) {
	if raw[0] != '[' {
		return nil, false
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	_, _ = dec.Token()
	out, ok := []any{}, true
	for dec.More() {
		var v json.RawMessage
		if dec.Decode(&v) != nil {
			return nil, false
		}
		got, good := r.value(v, d.Elem())
		ok = ok && good
		out = append(out, got)
	}
	return out, ok
}

func (r *reference) mapping(raw json.RawMessage, d *arrow.MapType) (any, bool) {
	if raw[0] != '{' {
		return nil, false
	}
	out, ok := []any{}, true
	members(raw, func(name string, v json.RawMessage) {
		got, good := r.value(v, d.ItemType())
		ok = ok && good
		if n := len(out); n > 0 && out[n-1].([]any)[0] == name { // as goldenValue shows it
			out = out[:n-1]
		}
		out = append(out, []any{name, got})
	})
	return out, ok
}

// str is a value as a STRING: a string's content, or Jackson's text of anything else.
func (r *reference) str(raw json.RawMessage) string {
	if raw[0] == '"' {
		var s string
		_ = json.Unmarshal(raw, &s)
		return s
	}
	return r.text(raw)
}

func (r *reference) text(raw json.RawMessage) string {
	switch c := raw[0]; {
	case c == '"':
		return string(appendJSONText(nil, r.str(raw), escapeAstral))
	case c == '{':
		var parts []string
		members(raw, func(name string, v json.RawMessage) {
			parts = append(parts, string(appendJSONText(nil, name, escapeAstral))+":"+r.text(v))
		})
		return "{" + strings.Join(parts, ",") + "}"
	case c == '[':
		dec := json.NewDecoder(bytes.NewReader(raw))
		_, _ = dec.Token()
		var parts []string
		for dec.More() {
			var v json.RawMessage
			if dec.Decode(&v) != nil {
				break
			}
			parts = append(parts, r.text(v))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case c == '-' || c-'0' < 10:
		if !bytes.ContainsAny(raw, ".eE") {
			if string(raw) == "-0" {
				return "0"
			}
			return string(raw)
		}
		f := r.float(raw)
		if math.IsInf(f, 0) {
			return `"` + string(AppendDouble(nil, f)) + `"`
		}
		return string(AppendDouble(nil, f))
	}
	return string(raw)
}

// FuzzReadJSON compares the scanner with the reference: all columns, then each alone, with a scanner that has seen the
// documents before.
func FuzzReadJSON(f *testing.F) {
	for _, r := range readLines[dirtyRecord](f, "dirty.jsonl") {
		if doc := r.bytes(f); len(doc) < 500 {
			f.Add(doc)
		}
	}
	for _, s := range []string{
		`{"a":1,"b":2.5e3,"c":"x\"y","d":[1,2,-3],"e":{"x":true,"y":[1, {"k":-0}],"z":[{"q":200},null]},"f":{"k":1,"k":2}}`,
		`{"a":1,"a":"x","d":[1,"x"],"d":[2],"f":{"k":"v"},"e":{"x":1}}`, `{"c":{"n":1.50,"m":[true,null,"é🌸\u0001"]},"b":123456789012345678901}`,
		`{"b":0.1234567890123456789,"a":2147483648}`, ` [1] `, `{"a":1}{"a":2}`, "\t\x01", `{"e":{"x":false,"x":2},"a" : 12345678 }`,
	} {
		f.Add([]byte(s))
	}
	dt, err := parseDDL(fuzzDDL)
	if err != nil {
		f.Fatal(err)
	}
	st := dt.(*arrow.StructType)
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	full := withCorrupt(f, mem, st.Fields())
	var pruned []*JSONScanner
	for _, field := range st.Fields() {
		pruned = append(pruned, withCorrupt(f, mem, []arrow.Field{field}))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		got := scanOne(t, full, doc)
		for i, s := range pruned {
			one := scanOne(t, s, doc)
			name := st.Field(i).Name
			if (got == nil) != (one == nil) || got != nil && !same(got[name], one[name]) {
				t.Errorf("%q: %s alone is %v, with others %v", doc, name, one, got)
			}
		}
		if mem.CurrentAlloc() != 0 {
			t.Errorf("%q: %d bytes not released", doc, mem.CurrentAlloc())
		}
		var ref reference
		if !ref.comparable(doc) {
			return
		}
		want, _ := ref.row(doc, st).(map[string]any)
		if got != nil {
			if corrupt := got["_corrupt_record"] != nil; corrupt != ref.corrupt {
				t.Errorf("%q: corrupt is %v, want %v", doc, corrupt, ref.corrupt)
			}
			delete(got, "_corrupt_record")
		}
		if (got == nil) != (want == nil) || got != nil && !same(got, want) {
			t.Errorf("%q:\n got %v\nwant %v", doc, got, want)
		}
	})
}

// same is DeepEqual, with NaN and the zeros told apart.
func same(a, b any) bool {
	if x, ok := a.(float64); ok {
		y, ok := b.(float64)
		return ok && math.Float64bits(x) == math.Float64bits(y)
	}
	return reflect.DeepEqual(a, b)
}

func withCorrupt(f *testing.F, mem memory.Allocator, fields []arrow.Field) *JSONScanner {
	fields = append(append([]arrow.Field(nil), fields...), arrow.Field{Name: DefaultCorruptColumn, Type: arrow.BinaryTypes.String, Nullable: true})
	d, err := NewJSONDecoder(arrow.StructOf(fields...), JSONOptions{})
	if err != nil {
		f.Fatal(err)
	}
	return d.NewScanner(mem)
}

func scanOne(t *testing.T, s *JSONScanner, doc []byte) map[string]any {
	if err := s.Append(doc); err != nil {
		t.Fatal(err)
	}
	arr, err := s.Finish()
	if err != nil || arr.Len() != 1 {
		t.Fatal(err, arr.Len())
	}
	defer arr.Release()
	v, _ := goldenValue(arr, 0).(map[string]any)
	return v
}

// FuzzWriteJSON writes any text and number and reads it back, with our scanner and with encoding/json.
func FuzzWriteJSON(f *testing.F) {
	f.Add("x\"\\\n\x01é🌸\xff", 5.1, int64(-7))
	f.Add("", math.Inf(1), int64(math.MinInt64))
	dt, _ := parseDDL("s STRING, d DOUBLE, i BIGINT")
	d, err := NewJSONDecoder(dt, JSONOptions{Mode: FailFast})
	if err != nil {
		f.Fatal(err)
	}
	w, err := NewValueWriter(dt, JSONOptions{})
	if err != nil {
		f.Fatal(err)
	}
	mem := memory.NewGoAllocator()
	f.Fuzz(func(t *testing.T, s string, x float64, i int64) {
		doc := appendJSONText([]byte(`{"s":`), s, escapePlain)
		doc = appendJSONDouble(append(doc, `,"d":`...), x)
		doc = append(strconv.AppendInt(append(doc, `,"i":`...), i, 10), '}')
		sc := d.NewScanner(mem)
		defer sc.Release()
		if err := sc.Append(doc); err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		arr, err := sc.Finish()
		if err != nil {
			t.Fatal(err)
		}
		defer arr.Release()
		if again := w.AppendValue(nil, arr, 0); !bytes.Equal(again, doc) {
			t.Errorf("written %s, read and written again %s", doc, again)
		}
		var v struct {
			S string
			D any
			I int64
		}
		if err := json.Unmarshal(doc, &v); err != nil || v.I != i || utf8.ValidString(s) && v.S != s {
			t.Errorf("%s: %v %v", doc, v, err)
		}
		if back, ok := v.D.(float64); ok && back != x {
			t.Errorf("%s: %v is read as %v", doc, x, back)
		}
	})
}
