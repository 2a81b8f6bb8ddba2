package codec

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// recordOf reads JSON lines into a record of a schema.
func recordOf(t testing.TB, mem memory.Allocator, schema *arrow.Schema, lines ...string) arrow.Record {
	t.Helper()
	var docs [][]byte
	for _, l := range lines {
		docs = append(docs, []byte(l))
	}
	arr, err := decodeJSON(t, mem, arrow.StructOf(schema.Fields()...), JSONOptions{Mode: FailFast}, docs...)
	if err != nil {
		t.Fatal(err)
	}
	defer arr.Release()
	return array.RecordFromStructArray(arr.(*array.Struct), schema)
}

// readJSON reads documents and gives the rows as to_json writes them, NULL as null, each row a line.
func readJSON(t testing.TB, ddl string, opts JSONOptions, docs ...string) (string, error) {
	t.Helper()
	dt, err := parseDDL(ddl)
	if err != nil {
		t.Fatal(err)
	}
	var in [][]byte
	for _, d := range docs {
		in = append(in, []byte(d))
	}
	arr, err := decodeJSON(t, checked(t), dt, opts, in...)
	if err != nil {
		return "", err
	}
	defer arr.Release()
	w, err := NewValueWriter(dt, JSONOptions{KeepNullFields: true})
	if err != nil {
		t.Fatal(err)
	}
	rows, out := w.Open(arr), []byte(nil)
	for i := range arr.Len() {
		out = append(rows.AppendRow(out, i), '\n')
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}

func TestReadJSON(t *testing.T) {
	deep := func(n int) string { return `{"a":1,"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	for _, c := range []struct {
		name, ddl string
		opts      JSONOptions
		in, want  string
	}{
		{"tinyint wraps like Jackson's byte", "a TINYINT, b TINYINT, c TINYINT", JSONOptions{}, `{"a":128,"b":255,"c":256}`, `{"a":-128,"b":-1,"c":null}`},
		{"int bounds", "a INT, b INT, c BIGINT, d BIGINT", JSONOptions{}, `{"a":2147483647,"b":2147483648,"c":-9223372036854775808,"d":9223372036854775808}`, `{"a":2147483647,"b":null,"c":-9223372036854775808,"d":null}`},
		{"8 and 16 digits", "a BIGINT, b BIGINT, c BIGINT", JSONOptions{}, `{"a":12345678,"b":1234567890123456,"c":-123456789012345678}`, `{"a":12345678,"b":1234567890123456,"c":-123456789012345678}`},
		{"int takes no exponent", "a INT", JSONOptions{}, `{"a":1e0}`, `{"a":null}`},
		{"integer -0 is 0, -0.0 is not", "a DOUBLE, b DOUBLE, c FLOAT", JSONOptions{}, `{"a":-0,"b":-0.0,"c":-0}`, `{"a":0.0,"b":-0.0,"c":0.0}`},
		{"float rounds once", "a FLOAT", JSONOptions{}, `{"a":1.00000017881393432617187499}`, `{"a":1.0000001}`},
		{"duplicates: last wins", "a STRING, b ARRAY<INT>", JSONOptions{}, `{"a":"x","b":[1,2],"a":"yy","b":[3]}`, `{"a":"yy","b":[3]}`},
		{"duplicates: the last good one stays", "a INT, b ARRAY<INT>, _corrupt_record STRING", JSONOptions{}, `{"a":1,"b":[1],"a":2,"b":["x"],"a":"y"}`,
			`{"a":2,"b":[1],"_corrupt_record":"{\"a\":1,\"b\":[1],\"a\":2,\"b\":[\"x\"],\"a\":\"y\"}"}`},
		{"duplicates: null counts", "a STRUCT<x:INT>", JSONOptions{}, `{"a":{"x":1},"a":null}`, `{"a":null}`},
		{"duplicates below", "a STRUCT<x:INT,y:INT>", JSONOptions{}, `{"a":{"x":1,"y":5,"x":2}}`, `{"a":{"x":2,"y":5}}`},
		{"partial struct", "a STRUCT<x:INT,y:INT>, b INT", JSONOptions{}, `{"a":{"x":"q","y":2},"b":3}`, `{"a":{"x":null,"y":2},"b":3}`},
		{"partial structs in an array", "a ARRAY<STRUCT<x:INT>>", JSONOptions{}, `{"a":[{"x":1},{"x":"q"},null]}`, `{"a":[{"x":1},{"x":null},null]}`},
		{"array with a bad element", "a ARRAY<ARRAY<INT>>, b INT", JSONOptions{}, `{"a":[[1],[2,"x",{"b":9}],[3]],"b":1}`, `{"a":null,"b":1}`},
		{"map with a bad value", "a MAP<STRING,INT>, b INT", JSONOptions{}, `{"a":{"x":1,"y":[1],"z":2},"b":1}`, `{"a":null,"b":1}`},
		{"map of arrays", "a MAP<STRING,ARRAY<INT>>", JSONOptions{}, `{"a":{"x":[1],"y\n":null}}`, `{"a":{"x":[1],"y\n":null}}`},
		{"root array", "ARRAY<INT>", JSONOptions{}, `[1,2]`, `[1,2]`},
		{"root array, bad element", "ARRAY<INT>", JSONOptions{}, `[1,"x"]`, `null`},
		{"root array, null", "ARRAY<INT>", JSONOptions{}, `null`, `null`},
		{"root array of one", "ARRAY<STRUCT<a:INT>>", JSONOptions{}, `{"a":1}`, `[{"a":1}]`},
		{"root map", "MAP<STRING,DOUBLE>", JSONOptions{}, `{"a":1,"b":null}`, `{"a":1.0,"b":null}`},
		{"root map, broken", "MAP<STRING,DOUBLE>", JSONOptions{}, `{"a":1,`, `null`},
		{"strings", "a STRING, b STRING, c STRING", JSONOptions{}, `{"a":"\u00e9\ud83c\udf38\/\b","b":"\ud800x","c":'it\'s "x"'}`, `{"a":"é🌸/\b","b":"?x","c":"it's \"x\""}`},
		{"invalid UTF-8", "a STRING, b STRING", JSONOptions{}, "{\"a\":\"\xff\xfe\",\"b\":\"x\xe2\x82y\xed\xa0\x80\xf0\x9f\x8cz\"}", "{\"a\":\"\uFFFD\uFFFD\",\"b\":\"x\uFFFDy\uFFFD\uFFFDz\"}"},
		{"raw text", "a STRING, b STRING, c STRING, d STRING", JSONOptions{}, `{"a":{"x" : [ 1.50 , 1e400, -0, "🌸\u0001", {}]},"b":1e10,"c":123456789012345678901234567890,"d": false}`,
			`{"a":"{\"x\":[1.5,\"Infinity\",0,\"\\uD83C\\uDF38\\u0001\",{}]}","b":"1.0E10","c":"123456789012345678901234567890","d":"false"}`},
		{"NULL text", "a STRING", JSONOptions{}, `{"a":null}`, `{"a":null}`},
		{"decimals", "a DECIMAL(5,2), b DECIMAL(38,10), c DECIMAL(3,1), d DECIMAL(10,0)", JSONOptions{}, `{"a":"1,001.005","b":"-1234567890123456789012345678.0123456789","c":99.95,"d":1e3}`, `{"a":null,"b":-1234567890123456789012345678.0123456789,"c":null,"d":1000}`},
		{"decimals round half up", "a DECIMAL(5,2), b DECIMAL(6,2)", JSONOptions{}, `{"a":1.005,"b":"-1,001.005"}`, `{"a":1.01,"b":-1001.01}`},
		{"binary", "a BINARY, b BINARY, c BINARY", JSONOptions{}, `{"a":"","b":"QQ==","c":"Q"}`, `{"a":"","b":"QQ==","c":null}`},
		{"dates", "a DATE, b DATE, c DATE, d DATE", JSONOptions{}, `{"a":"2024","b":"19000","c":"-1","d":""}`, `{"a":"2024-01-01","b":"+19000-01-01","c":"1969-12-31","d":null}`},
		{"timestamps", "a TIMESTAMP, b TIMESTAMP, c TIMESTAMP, d TIMESTAMP_NTZ", JSONOptions{}, `{"a":1709200800,"b":"2024-02-29T12:00:00.5+02:00","c":"2024-02-29 10:00:00 Europe/Berlin","d":"2024-02-29 10:00:00"}`,
			`{"a":"2024-02-29T10:00:00.000Z","b":"2024-02-29T10:00:00.500Z","c":"2024-02-29T09:00:00.000Z","d":"2024-02-29T10:00:00.000"}`},
		{"void", "a VOID, b INT", JSONOptions{}, `{"a":[1],"b":2}`, `{"a":null,"b":2}`},
		{"unknown members of all kinds", "z INT", JSONOptions{}, `{"a":"x\"y","b":[[],{}],"c":{"d":{"e":[null,true]}},"f":-1.5e-7,"g":NaN,"z":1}`, `{"z":1}`},
		{"bad number skipped", "z INT", JSONOptions{}, `{"a":-,"z":1}`, `{"z":null}`},
		{"bad escape skipped", "z INT", JSONOptions{}, `{"z":1,"a":"\u12g4"}`, `{"z":null}`},
		{"missing value", "z INT", JSONOptions{}, `{"z":1,"a":[1,,2]}`, `{"z":null}`},
		{"literal with a tail", "z INT, a BOOLEAN", JSONOptions{}, `{"z":1,"a":truex}`, `{"z":null,"a":null}`},
		{"broken below", "a STRUCT<x:INT>, b INT", JSONOptions{}, `{"b":1,"a":{"x":01}}`, `{"a":null,"b":null}`},
		{"depth 1000", "a INT", JSONOptions{}, deep(999), `{"a":1}`},
		{"depth 1001", "a INT", JSONOptions{}, deep(1000), `{"a":null}`},
		{"long number", "a INT", JSONOptions{}, `{"a":1,"x":` + strings.Repeat("1", 1001) + `}`, `{"a":null}`},
		{"control characters around", "a INT", JSONOptions{}, "\x01 \x02", `null`},
		{"escaped key", "a INT", JSONOptions{}, `{"\u0061":1}`, `{"a":1}`},
		{"two fields of one name", "a INT, a INT", JSONOptions{}, `{"a":1}`, `{"a":null,"a":1}`},
		{"comments", "a INT", JSONOptions{AllowComments: true}, "/*x*/{//y\n\"a\"/**/:1/* , */}", `{"a":1}`},
		{"unclosed comment", "a INT", JSONOptions{AllowComments: true}, `{"a":1/*}`, `{"a":null}`},
		{"bare names", "a INT, b$ INT", JSONOptions{AllowUnquotedNames: true}, `{a:1,b$ : 2}`, `{"a":1,"b$":2}`},
		{"leading zeros", "a INT, b DOUBLE, c STRING", JSONOptions{AllowLeadingZeros: true}, `{"a":007,"b":-01.5,"c":00}`, `{"a":7,"b":-1.5,"c":"0"}`},
		{"any escape", "a STRING", JSONOptions{AllowAnyEscape: true}, `{"a":"\q\é"}`, `{"a":"qé"}`},
		{"control characters", "a STRING", JSONOptions{AllowControlChars: true}, "{\"a\":\"x\ty\"}", `{"a":"x\ty"}`},
		{"no single quotes", "a STRING", JSONOptions{DisallowSingleQuotes: true}, `{'a':'x'}`, `{"a":null}`},
		{"no NaN", "a DOUBLE, b DOUBLE", JSONOptions{DisallowNonNumericNumbers: true}, `{"a":"NaN","b":1}`, `{"a":null,"b":1.0}`},
		{"infinities", "a DOUBLE, b DOUBLE, c FLOAT, d DOUBLE", JSONOptions{}, `{"a":+INF,"b":-INF,"c":Infinity,"d":"+Infinity"}`, `{"a":"Infinity","b":"-Infinity","c":"Infinity","d":"Infinity"}`},
		{"lines: array", "a INT", JSONOptions{Lines: true}, `[{"a":1},{"a":2}, {}]`, "{\"a\":1}\n{\"a\":2}\n{\"a\":null}"},
		{"lines: array with a bad field", "a INT, _corrupt_record STRING", JSONOptions{Lines: true}, `[{"a":1},{"a":"x"}]`, "{\"a\":1,\"_corrupt_record\":\"[{\\\"a\\\":1},{\\\"a\\\":\\\"x\\\"}]\"}\n{\"a\":null,\"_corrupt_record\":\"[{\\\"a\\\":1},{\\\"a\\\":\\\"x\\\"}]\"}"},
		{"lines: array with a number", "a INT", JSONOptions{Lines: true}, `[{"a":1},2]`, `{"a":null}`},
		{"lines: empty array", "a INT", JSONOptions{Lines: true}, `[]`, ``},
		{"lines: blank", "a INT", JSONOptions{Lines: true}, "  ", ``},
		{"lines: byte order mark", "a INT", JSONOptions{Lines: true}, "\xef\xbb\xbf{\"a\":1}", `{"a":1}`},
		{"lines: null", "a INT", JSONOptions{Lines: true}, `null`, `{"a":null}`},
		{"drop", "a INT", JSONOptions{Mode: DropMalformed}, `{"a":"x"}`, ``},
		{"corrupt column is no member", "a INT, _corrupt_record STRING", JSONOptions{}, `{"a":1,"_corrupt_record":"x"}`, `{"a":1,"_corrupt_record":null}`},
		{"patterns", "a DATE, b TIMESTAMP", JSONOptions{DateFormat: "dd.MM.yy", TimestampFormat: "yyyyMMddHHmmss"}, `{"a":"29.02.24","b":"20240229101112"}`, `{"a":"2024-02-29","b":"2024-02-29T10:11:12.000Z"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := readJSON(t, c.ddl, c.opts, c.in)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestReadJSONOrder changes members' order, presence and kind from row to row, and compares with reading each alone.
func TestReadJSONOrder(t *testing.T) {
	ddl := "aa INT, bb STRING, cc STRUCT<x:DOUBLE,y:ARRAY<STRING>>, dd MAP<STRING,INT>"
	docs := []string{
		`{"aa":1,"bb":"x","cc":{"x":1.5,"y":["p","q"]},"dd":{"k":1}}`,
		`{"bb":"y","aa":2,"dd":{},"cc":{"y":[],"x":2}}`,
		`{"zz":[1,{"aa":9}],"aa":3,"bb":null}`,
		`{"aa":4,"cc":{"x":"bad","y":null}}`,
		`broken`,
		`{"aa":5,"bb":"z","cc":{"x":1.5,"y":["p"`,
		`{"bb": "spaced" , "aa" : 6}`,
		`{"aa":1,"bb":"x","cc":{"x":1.5,"y":["p","q"]},"dd":{"k":1}}`,
		`{"aa":7,"aa":"x","bb":"a","bb":"b","dd":{"k":1},"dd":{"l":2,"m":3}}`,
	}
	var alone []string
	for _, d := range docs {
		one, err := readJSON(t, ddl, JSONOptions{}, d)
		if err != nil {
			t.Fatal(err)
		}
		alone = append(alone, one)
	}
	for range 3 {
		docs, alone = append(docs, docs...), append(alone, alone...)
	}
	got, err := readJSON(t, ddl, JSONOptions{}, docs...)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Join(alone, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestNullStructChildren checks that callers may read the fields of NULL rows without looking at the struct.
func TestNullStructChildren(t *testing.T) {
	mem := checked(t)
	dt, _ := parseDDL("a INT, s STRUCT<b:STRING>")
	arr, err := decodeJSON(t, mem, dt, JSONOptions{}, []byte(`{"a":1,"s":{"b":"x"}}`), nil, []byte(`{"a":2,"s":null}`), []byte(""))
	if err != nil {
		t.Fatal(err)
	}
	defer arr.Release()
	st := arr.(*array.Struct)
	a, s := st.Field(0), st.Field(1).(*array.Struct)
	for i, want := range []bool{false, true, false, true} {
		if st.IsNull(i) != want || a.IsNull(i) != want || s.Field(0).IsNull(i) != (i > 0) {
			t.Errorf("row %d: struct %v, a %v, s.b %v", i, st.IsNull(i), a.IsNull(i), s.Field(0).IsNull(i))
		}
	}
}

func TestFailFast(t *testing.T) {
	for _, c := range []struct{ ddl, in, want string }{
		{"a INT", `{"a":1`, "malformed JSON record: the object does not end at byte 6"},
		{"a INT", `{"a":"x"}`, "malformed JSON record: field `a` cannot be read as INT from \"x\"} at byte 5"},
		{"s STRUCT<b:INT>", `{"s":{"b":1.5}}`, "malformed JSON record: field `s.b` cannot be read as INT from 1.5}} at byte 10"},
		{"a INT", `{"a":"x","b":}`, "malformed JSON record: expected a value at byte 13"},
		{"a INT", `[1]`, "malformed JSON record: the record cannot be read as STRUCT<a: INT> from [1] at byte 0"},
	} {
		mem := checked(t)
		dt, _ := parseDDL(c.ddl)
		d, err := NewJSONDecoder(dt, JSONOptions{Mode: FailFast})
		if err != nil {
			t.Fatal(err)
		}
		s := d.NewScanner(mem)
		if err := s.Append([]byte(c.in)); err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.in, err, c.want)
		}
		if s.Len() != 0 {
			t.Errorf("%s: %d rows", c.in, s.Len())
		}
		if err := s.Append([]byte("")); err != nil || s.Len() != 1 {
			t.Errorf("blank: %v, %d rows", err, s.Len())
		}
		s.Release()
	}
}

func TestDecoderErrors(t *testing.T) {
	for _, dt := range []arrow.DataType{
		arrow.PrimitiveTypes.Int32,
		arrow.MapOf(arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int32),
		arrow.StructOf(arrow.Field{Name: "a", Type: arrow.FixedWidthTypes.Duration_s}),
		arrow.StructOf(arrow.Field{Name: "_corrupt_record", Type: arrow.PrimitiveTypes.Int32}),
	} {
		if _, err := NewJSONDecoder(dt, JSONOptions{}); err == nil {
			t.Errorf("%s is accepted", dt)
		}
	}
	if _, err := NewJSONDecoder(arrow.StructOf(), JSONOptions{DateFormat: "YYYY"}); err == nil {
		t.Error("a week-based pattern is accepted")
	}
}

// TestScannerAllocations holds the promise of no allocation a row.
func TestScannerAllocations(t *testing.T) {
	dt, _ := parseDDL(irisDDL)
	d, err := NewJSONDecoder(dt, JSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := d.NewScanner(memory.NewGoAllocator())
	defer s.Release()
	docs := irisDocs(1000)
	perBatch := testing.AllocsPerRun(20, func() {
		s.Reserve(len(docs))
		for _, doc := range docs {
			if err := s.Append(doc); err != nil {
				t.Fatal(err)
			}
		}
		arr, err := s.Finish()
		if err != nil {
			t.Fatal(err)
		}
		arr.Release()
	})
	if perBatch > 60 {
		t.Errorf("%.0f allocations a batch of 1000 rows", perBatch)
	}
}

func TestInferJSON(t *testing.T) {
	for _, c := range []struct {
		name string
		opts JSONOptions
		docs []string
		want string
	}{
		{"sorted and widened", JSONOptions{}, []string{`{"b":1,"a":"x"}`, `{"c":null,"b":1.5}`, ``}, "a:utf8 b:float64 c:utf8"},
		{"mixed", JSONOptions{}, []string{`{"a":1,"b":true}`, `{"a":"x","b":1}`}, "a:utf8 b:utf8"},
		{"nested", JSONOptions{}, []string{`{"s":{"y":1},"l":[]}`, `{"s":{"x":[1,2.5]},"l":[{"q":null}]}`}, "l:list<item: struct<q: utf8>, nullable> s:struct<x: list<item: double, nullable>, y: int64>"},
		{"long integers", JSONOptions{}, []string{`{"a":12345678901234567890}`, `{"a":1}`}, "a:decimal(20, 0)"},
		{"array of rows", JSONOptions{}, []string{`[{"a":1},{"b":2}]`}, "a:int64 b:int64"},
		{"corrupt", JSONOptions{}, []string{`{"a":1}`, `{"a":`}, "_corrupt_record:utf8 a:int64"},
		{"no object", JSONOptions{}, []string{`{"a":1}`, `5`}, "_corrupt_record:utf8 a:int64"},
		{"dropped", JSONOptions{Mode: DropMalformed}, []string{`{"a":1}`, `{"a":`}, "a:int64"},
		{"empty objects vanish", JSONOptions{}, []string{`{"a":{},"b":1}`}, "b:int64"},
		{"drop all null", JSONOptions{DropFieldIfAllNull: true}, []string{`{"a":null,"c":[],"b":1}`}, "b:int64"},
		{"prefers decimal", JSONOptions{PrefersDecimal: true}, []string{`{"a":1.50}`, `{"a":"12.5"}`}, "a:decimal(4, 2)"},
		{"primitives as string", JSONOptions{PrimitivesAsString: true}, []string{`{"a":1,"b":true}`}, "a:utf8 b:utf8"},
		{"timestamps", JSONOptions{InferTimestamp: true}, []string{`{"a":"2024-02-29 10:00:00","b":"x"}`}, "a:timestamp[us, tz=UTC] b:utf8"},
		{"nothing", JSONOptions{}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var docs [][]byte
			for _, d := range c.docs {
				docs = append(docs, []byte(d))
			}
			schema, err := InferJSON(slices.Values(docs), c.opts)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(schemaText(schema), "float64", "double")
			if got != strings.ReplaceAll(c.want, "float64", "double") {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	if _, err := InferJSON(slices.Values([][]byte{[]byte("{")}), JSONOptions{Mode: FailFast}); err == nil {
		t.Error("FAILFAST accepts a broken document")
	}
}

func TestParseJSONOptions(t *testing.T) {
	o, unknown, err := ParseJSONOptions(map[string]string{"MODE": "failfast", "allowSingleQuotes": "FALSE", "columnNameOfCorruptRecord": "c",
		"timeZone": "+01:00", "ignoreNullFields": "false", "multiline": "true", "modus": "x", "timestampFormat": "yyyy"})
	if err != nil || len(unknown) != 1 || unknown[0] != "modus" {
		t.Fatal(unknown, err)
	}
	if o.Mode != FailFast || !o.DisallowSingleQuotes || o.CorruptColumn != "c" || o.Zone == nil || !o.KeepNullFields || !o.MultiLine || o.TimestampFormat != "yyyy" {
		t.Errorf("%+v", o)
	}
	if o.Mode.String() != "FAILFAST" || DropMalformed.String() != "DROPMALFORMED" || parseMode("bogus").String() != "PERMISSIVE" {
		t.Error("names of modes")
	}
	for name, value := range map[string]string{"allowComments": "maybe", "samplingRatio": "2", "locale": "de-DE", "dateFormat": "b", "charset": "UTF-16"} {
		if _, _, err := ParseJSONOptions(map[string]string{name: value}); err == nil || !strings.HasPrefix(err.Error(), "option "+name+": ") {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}

// TestConcurrentUse shares decoders and writers between goroutines, each with its own scanner; it is for the race
// detector.
func TestConcurrentUse(t *testing.T) {
	mem := checked(t)
	dt, _ := parseDDL(irisDDL + ", t TIMESTAMP")
	d, err := NewJSONDecoder(dt, JSONOptions{TimestampFormat: "yyyy-MM-dd"})
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewValueWriter(dt, JSONOptions{TimestampFormat: "yyyy-MM-dd"})
	if err != nil {
		t.Fatal(err)
	}
	const doc = `{"sepal_length":5.1,"petal_width":0.2,"t":"2024-02-29"}`
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s := d.NewScanner(mem)
			defer s.Release()
			for range 50 {
				if err := s.Append([]byte(doc)); err != nil {
					t.Error(err)
				}
				arr, err := s.Finish()
				if err != nil {
					t.Error(err)
					return
				}
				if got := string(w.AppendValue(nil, arr, 0)); got != doc {
					t.Error(got)
				}
				arr.Release()
			}
		})
	}
	wg.Wait()
}

// TestEmptyBatches finishes scanners that hold nothing, before and after rows, with columns of all kinds.
func TestEmptyBatches(t *testing.T) {
	mem := checked(t)
	dt, err := parseDDL("a BOOLEAN, b TINYINT, c SMALLINT, d INT, e BIGINT, f FLOAT, g DOUBLE, h DECIMAL(5,2), i STRING, j BINARY, k DATE, l TIMESTAMP, " +
		"m TIMESTAMP_NTZ, n ARRAY<STRUCT<x:STRING>>, o MAP<STRING,ARRAY<INT>>, p STRUCT<y:STRING>, q VOID")
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewJSONDecoder(dt, JSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewValueWriter(dt, JSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	const row = `{"a":true,"b":1,"c":2,"d":3,"e":4,"f":0.5,"g":1.5,"h":1.50,"i":"s","j":"QQ==","k":"2024-02-29","l":"2024-02-29T00:00:00.000Z",` +
		`"m":"2024-02-29T00:00:00.000","n":[{"x":"y"},null],"o":{"k":[1,2]},"p":{"y":"z"}}`
	s := d.NewScanner(mem)
	defer s.Release()
	for _, n := range []int{0, 1, 0, 200, 0} {
		s.Reserve(n)
		for range n {
			if err := s.Append([]byte(row)); err != nil {
				t.Fatal(err)
			}
		}
		arr, err := s.Finish()
		if err != nil || arr.Len() != n {
			t.Fatal(arr.Len(), err)
		}
		for i := range n {
			if got := string(w.AppendValue(nil, arr, i)); got != row {
				t.Errorf("row %d: %s", i, got)
			}
		}
		arr.Release()
	}
	if err := s.Append([]byte(row)); err != nil {
		t.Fatal(err)
	}
	s.Release() // drops the row
	if s.Len() != 0 {
		t.Errorf("%d rows after Release", s.Len())
	}
}
