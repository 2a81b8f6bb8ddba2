package codec

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
)

func TestWriteJSON(t *testing.T) {
	zone, err := ParseZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, ddl string
		opts      JSONOptions
		in, want  string
	}{
		{"NULL fields are left out", "a INT, b STRUCT<x:INT,y:INT>, c ARRAY<STRUCT<z:INT>>", JSONOptions{}, `{"b":{"y":1},"c":[{},null]}`, `{"b":{"y":1},"c":[{},null]}`},
		{"NULL fields are kept", "a INT, b STRUCT<x:INT,y:INT>", JSONOptions{KeepNullFields: true}, `{"b":{"y":1}}`, `{"a":null,"b":{"x":null,"y":1}}`},
		{"escapes", "`k\"\n` STRING", JSONOptions{}, `{"k\"\n":"\u0000\u001f\b\f\n\r\t\"\\/\u007f<é🌸"}`, `{"k\"\n":"\u0000\u001F\b\f\n\r\t\"\\/` + "\x7f" + `<é🌸"}`},
		{"code points", "a STRING", JSONOptions{EscapeNonASCII: true}, `{"a":"é🌸x"}`, `{"a":"\u00E9\uD83C\uDF38x"}`},
		{"floats", "a FLOAT, b DOUBLE, c DOUBLE", JSONOptions{}, `{"a":1.1,"b":"NaN","c":-1e-7}`, `{"a":1.1,"b":"NaN","c":-1.0E-7}`},
		{"decimals", "a DECIMAL(10,8), b DECIMAL(38,0)", JSONOptions{}, `{"a":0,"b":-12345678901234567890123456789012345678}`, `{"a":0E-8,"b":-12345678901234567890123456789012345678}`},
		{"zone", "a TIMESTAMP, b TIMESTAMP_NTZ", JSONOptions{Zone: zone}, `{"a":"2024-07-01 12:00:00Z","b":"2024-07-01 12:00:00"}`, `{"a":"2024-07-01T14:00:00.000+02:00","b":"2024-07-01T12:00:00.000"}`},
		{"before the epoch", "a TIMESTAMP, b DATE", JSONOptions{}, `{"a":"1969-12-31 23:59:59.999999","b":"0001-01-01"}`, `{"a":"1969-12-31T23:59:59.999Z","b":"0001-01-01"}`},
		{"patterns", "a DATE, b TIMESTAMP", JSONOptions{DateFormat: "dd MMM yyyy", TimestampFormat: "HH:mm"}, `{"a":"01 Feb 2024","b":"10:20"}`, `{"a":"01 Feb 2024","b":"10:20"}`},
		{"pretty", "a INT, b ARRAY<INT>, c STRUCT<x:STRING>, d MAP<STRING,INT>, e ARRAY<INT>", JSONOptions{Pretty: true}, `{"a":1,"b":[1,2],"c":{"x":"{,:\""},"d":{},"e":[]}`,
			"{\n  \"a\" : 1,\n  \"b\" : [ 1, 2 ],\n  \"c\" : {\n    \"x\" : \"{,:\\\"\"\n  },\n  \"d\" : { },\n  \"e\" : [ ]\n}"},
		{"empty", "a INT", JSONOptions{}, `{}`, `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			mem := checked(t)
			schema := schemaOf(t, c.ddl)
			reader := c.opts
			arr, err := decodeJSON(t, mem, arrow.StructOf(schema.Fields()...), reader, []byte(`{"zz":1}`), []byte(c.in), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer arr.Release()
			w, err := NewJSONWriter(schema, c.opts)
			if err != nil {
				t.Fatal(err)
			}
			rec := array.RecordFromStructArray(arr.(*array.Struct), schema)
			defer rec.Release()
			if got := string(w.AppendRow(nil, rec, 1)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			part := rec.NewSlice(1, 2) // views must honour offsets
			defer part.Release()
			if got := string(w.AppendRecord(nil, part)); got != c.want+"\n" {
				t.Errorf("slice: got  %s\nwant %s", got, c.want)
			}
			v, err := NewValueWriter(arr.DataType(), c.opts)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(v.AppendValue(nil, arr, 2)); got != "null" {
				t.Errorf("NULL: %s", got)
			}
		})
	}
}

// TestWriteMapKeys covers keys that JSON cannot read back: Spark writes their internal value.
func TestWriteMapKeys(t *testing.T) {
	mem := checked(t)
	st := arrow.StructOf(arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Int32, Nullable: true})
	dt := arrow.MapOf(st, st)
	b := array.NewMapBuilder(mem, st, st, false)
	defer b.Release()
	b.Append(true)
	for i, sb := range []array.Builder{b.KeyBuilder(), b.ItemBuilder()} {
		sb.(*array.StructBuilder).Append(true)
		sb.(*array.StructBuilder).FieldBuilder(0).(*array.Int32Builder).Append(int32(i + 1))
	}
	arr := b.NewArray()
	defer arr.Release()
	w, err := NewValueWriter(dt, JSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(w.AppendValue(nil, arr, 0)); got != `{"[1]":{"a":2}}` { // the golden's text
		t.Error(got)
	}
}

func TestWriterErrors(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "d", Type: arrow.FixedWidthTypes.Duration_s}}, nil)
	if _, err := NewJSONWriter(schema, JSONOptions{}); err == nil || !strings.Contains(err.Error(), "`d`") {
		t.Error(err)
	}
	if _, err := NewCSVWriter(schema, CSVOptions{}); err == nil || !strings.Contains(err.Error(), "`d`") {
		t.Error(err)
	}
}

func TestAppendDouble(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0.0", math.Copysign(0, -1): "-0.0", 1: "1.0", -5.1: "-5.1", 0.001: "0.001", 0.0009999: "9.999E-4", 9999999: "9999999.0",
		9999999.5: "9999999.5", 1e7: "1.0E7", 123456.789: "123456.789", 1.0 / 3: "0.3333333333333333", 100: "100.0", 1e23: "1.0E23",
		math.MaxFloat64: "1.7976931348623157E308", math.SmallestNonzeroFloat64: "4.9E-324", 1e-323: "9.9E-324", 2.2250738585072014e-308: "2.2250738585072014E-308",
		math.Inf(1): "Infinity", math.Inf(-1): "-Infinity", 0.30000000000000004: "0.30000000000000004", 2e-3: "0.002", 1e15: "1.0E15", 4.35: "4.35", 0.7999999999999999: "0.7999999999999999",
	} {
		if got := string(AppendDouble(nil, f)); got != want {
			t.Errorf("%g: %s, want %s", f, got, want)
		}
	}
	if got := string(AppendDouble(nil, math.NaN())); got != "NaN" {
		t.Error(got)
	}
	for f, want := range map[float32]string{math.SmallestNonzeroFloat32: "1.4E-45", math.MaxFloat32: "3.4028235E38", 1e10: "1.0E10", 0.1: "0.1", 16777216: "1.6777216E7"} {
		if got := string(AppendFloat32(nil, f)); got != want {
			t.Errorf("%g: %s, want %s", f, got, want)
		}
	}
}

func TestAppendDecimal(t *testing.T) {
	for _, c := range []struct {
		text         string
		prec, scale  int32
		want, plain  string
		notANumberOK bool
	}{
		{"1", 10, 4, "1.0000", "1.0000", false},
		{"0", 10, 8, "0E-8", "0.00000000", false},
		{"0.0000001", 10, 8, "1.0E-7", "0.00000010", false},
		{"-0.05", 5, 2, "-0.05", "-0.05", false},
		{"99999999999999999999999999999999999999", 38, 0, "99999999999999999999999999999999999999", "99999999999999999999999999999999999999", false},
		{"-1.5e3", 10, 1, "-1500.0", "-1500.0", false},
		{"0.5", 1, 0, "1", "1", false},
		{"-0.5", 1, 0, "-1", "-1", false},
		{"0.49999999999999999999", 1, 0, "0", "0", false},
		{"1e-400", 10, 2, "0.00", "0.00", false},
		{"+.5", 3, 1, "0.5", "0.5", false},
	} {
		v, ok := ParseDecimal(c.text, c.prec, c.scale)
		if !ok || string(AppendDecimal(nil, v, c.scale)) != c.want || string(AppendDecimalPlain(nil, v, c.scale)) != c.plain {
			t.Errorf("%s: %s %s %v", c.text, AppendDecimal(nil, v, c.scale), AppendDecimalPlain(nil, v, c.scale), ok)
		}
	}
	for _, bad := range []string{"", "-", ".", "1e", "1x", " 1", "1e99999999999", "100", "9.95", "NaN"} {
		if v, ok := ParseDecimal([]byte(bad), 2, 1); ok {
			t.Errorf("%q is %v", bad, v)
		}
	}
}

func TestZones(t *testing.T) {
	for text, want := range map[string]int{"Z": 0, "UTC": 0, "GMT+1": 3600, "+01:30": 5400, "-3": -10800, "+0530": 19800, "+5:30": 19800, "UT-01:00": -3600, "EST": -18000, "Asia/Tokyo": 32400, "+18": 64800} {
		z, err := ParseZone(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if _, got := time.Unix(0, 0).In(z).Zone(); got != want {
			t.Errorf("%s: %d", text, got)
		}
	}
	for _, bad := range []string{"", "+", "+19", "+1:2:3:4", "+12345", "Mars/Base", "+01:60", "Local", "/etc/passwd", "+x"} {
		if z, err := ParseZone(bad); err == nil {
			t.Errorf("%q is %v", bad, z)
		}
	}
}

// TestIrisLines reads the 152 lines that Spark's JSON sink wrote and writes them again, byte by byte the same.
func TestIrisLines(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "iris", "expected", "iris150.output.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) != 152 {
		t.Fatalf("%d lines", len(lines))
	}
	schema := schemaOf(t, irisDDL+", prediction INT, original_class STRING, predicted_class STRING")
	rec := recordOf(t, checked(t), schema, lines...)
	defer rec.Release()
	w, err := NewJSONWriter(schema, JSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(string(w.AppendRecord(nil, rec)), "\n"), "\n")
	for i := range lines {
		if got[i] != lines[i] {
			t.Errorf("got %s, Spark %s", got[i], lines[i])
		}
	}
}
