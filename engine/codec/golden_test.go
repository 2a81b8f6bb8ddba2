package codec

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// golden is one line of testdata/codec/expressions.jsonl: what Spark answered to an expression.
type golden struct {
	Group, SQL, Type string
	Value            json.RawMessage
	String           *string
	Error            *string
	Note             string
}

func readLines[T any](t testing.TB, name string) (out []T) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "codec", name))
	if err != nil {
		t.Fatal(err)
	}
	sc := bufio.NewScanner(bytes.NewReader(data))
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		var v T
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v: %s", name, err, sc.Text())
		}
		out = append(out, v)
	}
	return out
}

// checked runs a test under an allocator that must be empty in the end.
func checked(t testing.TB) *memory.CheckedAllocator {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return mem
}

// goldenValue is an arrow value in the form of the goldens' `value`.
func goldenValue(arr arrow.Array, i int) any {
	if arr.IsNull(i) {
		return nil
	}
	number := func(f float64) any {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return string(AppendDouble(nil, f))
		}
		return f
	}
	switch a := arr.(type) {
	case *array.Boolean:
		return a.Value(i)
	case *array.Int8:
		return float64(a.Value(i))
	case *array.Int16:
		return float64(a.Value(i))
	case *array.Int32:
		return float64(a.Value(i))
	case *array.Int64:
		return float64(a.Value(i))
	case *array.Float32:
		return number(float64(a.Value(i)))
	case *array.Float64:
		return number(a.Value(i))
	case *array.Decimal128:
		return string(AppendDecimal(nil, a.Value(i), a.DataType().(*arrow.Decimal128Type).Scale))
	case *array.String:
		return a.Value(i)
	case *array.Binary:
		return strings.ToUpper(hex.EncodeToString(a.Value(i)))
	case *array.Date32:
		return string(AppendDate(nil, int32(a.Value(i))))
	case *array.Timestamp:
		return string(AppendTimestamp(nil, int64(a.Value(i)), nil))
	case *array.Map:
		from, to := a.ValueOffsets(i)
		out := []any{}
		for j := int(from); j < int(to); j++ {
			k := goldenValue(a.Keys(), j)
			pair := []any{k, goldenValue(a.Items(), j)}
			if n := len(out); n > 0 && out[n-1].([]any)[0] == k { // the goldens went through a Python dict
				out[n-1] = pair
				continue
			}
			out = append(out, pair)
		}
		return out
	case *array.List:
		from, to := a.ValueOffsets(i)
		out := []any{}
		for j := int(from); j < int(to); j++ {
			out = append(out, goldenValue(a.ListValues(), j))
		}
		return out
	case *array.Struct:
		out := map[string]any{}
		for j, f := range a.DataType().(*arrow.StructType).Fields() {
			out[f.Name] = goldenValue(a.Field(j), i)
		}
		return out
	}
	panic(arr.DataType())
}

// sameJSON compares two values by their JSON text.
func sameJSON(t *testing.T, got any, want json.RawMessage) bool {
	t.Helper()
	var w any
	if err := json.Unmarshal(want, &w); err != nil {
		t.Fatal(err)
	}
	g, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	ws, _ := json.Marshal(w)
	return bytes.Equal(g, ws)
}

// sqlArgs splits the literals of a call such as f('a','b',map('k','v')).
func sqlArgs(sql string) (args []string, options map[string]string) {
	var lits []string
	mapAt := -1
	for i := 0; i < len(sql); i++ {
		if sql[i] != '\'' {
			if mapAt < 0 && strings.HasPrefix(strings.ToLower(sql[i:]), "map(") {
				mapAt = len(lits)
			}
			continue
		}
		var b strings.Builder
		for i++; sql[i] != '\''; i++ {
			if sql[i] == '\\' {
				i++
				switch sql[i] {
				case 'n':
					b.WriteByte('\n')
				case 't':
					b.WriteByte('\t')
				default:
					b.WriteByte(sql[i])
				}
				continue
			}
			b.WriteByte(sql[i])
		}
		lits = append(lits, b.String())
	}
	if mapAt < 0 {
		return lits, nil
	}
	options = map[string]string{}
	for j := mapAt; j+1 < len(lits); j += 2 {
		options[lits[j]] = lits[j+1]
	}
	return lits[:mapAt], options
}

// decodeJSON reads documents into an array, nil standing for NULL.
func decodeJSON(t testing.TB, mem memory.Allocator, dt arrow.DataType, opts JSONOptions, docs ...[]byte) (arrow.Array, error) {
	t.Helper()
	d, err := NewJSONDecoder(dt, opts)
	if err != nil {
		t.Fatal(err)
	}
	s := d.NewScanner(mem)
	defer s.Release()
	for _, doc := range docs {
		if doc == nil {
			s.AppendNull()
		} else if err := s.Append(doc); err != nil {
			return nil, err
		}
	}
	return s.Finish()
}

func TestFromJSONGoldens(t *testing.T) {
	n := 0
	for _, g := range readLines[golden](t, "expressions.jsonl") {
		if !strings.HasPrefix(g.Group, "from_json") || strings.HasPrefix(g.SQL, "from_json(1,") || strings.Contains(g.SQL, "FOO") ||
			strings.Contains(g.SQL, "VARIANT") || strings.HasSuffix(g.SQL, "'STRING')") {
			continue // schema errors: the planner's
		}
		t.Run(g.SQL, func(t *testing.T) {
			mem := checked(t)
			args, options := sqlArgs(g.SQL)
			dt, err := parseDDL(args[1])
			if err != nil {
				t.Fatal(err)
			}
			opts, unknown, err := ParseJSONOptions(options)
			if err != nil || len(unknown) > 0 {
				t.Fatal(err, unknown)
			}
			arr, err := decodeJSON(t, mem, dt, opts, []byte(args[0]))
			if (err != nil) != (g.Error != nil) {
				t.Fatalf("error %v, Spark %v", err, g.Error)
			}
			if err != nil {
				return
			}
			defer arr.Release()
			got := goldenValue(arr, 0)
			switch {
			case strings.HasSuffix(g.SQL, ").a"):
				got = got.(map[string]any)["a"]
			case strings.HasSuffix(g.SQL, ").a.b"):
				var bs []any
				for _, e := range got.(map[string]any)["a"].([]any) {
					bs = append(bs, e.(map[string]any)["b"])
				}
				got = bs
			}
			if !sameJSON(t, got, g.Value) {
				t.Errorf("got %v, Spark %s", got, g.Value)
			}
		})
		n++
	}
	if n < 85 {
		t.Errorf("only %d goldens", n)
	}
}

type dirtyRecord struct {
	N         int
	Name      string
	Value     *string        `json:"value_base64"`
	FromJSON  map[string]any `json:"from_json"`
	CorruptIs bool           `json:"corrupt_record_set"`
}

func (r *dirtyRecord) bytes(t testing.TB) []byte {
	if r.Value == nil {
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(*r.Value)
	if err != nil {
		t.Fatal(err)
	}
	if b == nil {
		b = []byte{}
	}
	return b
}

const irisDDL = "sepal_length DOUBLE, sepal_width DOUBLE, petal_length DOUBLE, petal_width DOUBLE"

// TestDirtyRecords reads what the real Spark read, in one batch, with and without the corrupt column, and every
// column alone.
func TestDirtyRecords(t *testing.T) {
	records := readLines[dirtyRecord](t, "dirty.jsonl")
	if len(records) != 63 {
		t.Fatalf("%d records", len(records))
	}
	var docs [][]byte
	for i := range records {
		docs = append(docs, records[i].bytes(t))
	}
	schemas := []string{irisDDL, irisDDL + ", _corrupt_record STRING"}
	schemas = append(schemas, strings.Split(irisDDL, ", ")...)
	for _, schema := range schemas {
		t.Run(schema, func(t *testing.T) {
			mem := checked(t)
			dt, _ := parseDDL(schema)
			arr, err := decodeJSON(t, mem, dt, JSONOptions{}, docs...)
			if err != nil {
				t.Fatal(err)
			}
			defer arr.Release()
			if arr.Len() != len(records) {
				t.Fatalf("%d rows", arr.Len())
			}
			for i, r := range records {
				got, _ := goldenValue(arr, i).(map[string]any)
				if (got == nil) != (r.FromJSON == nil) {
					t.Errorf("%s: NULL is %v, Spark %v", r.Name, got == nil, r.FromJSON == nil)
					continue
				}
				for name, v := range got {
					if name == "_corrupt_record" {
						if text, set := v.(string); set != r.CorruptIs || set && !strings.HasPrefix(string(docs[i]), text) && r.Name != "invalid_utf8" {
							t.Errorf("%s: corrupt is %v, Spark %v", r.Name, v, r.CorruptIs)
						}
						continue
					}
					if fmt.Sprint(v) != fmt.Sprint(r.FromJSON[name]) {
						t.Errorf("%s: %s is %v, Spark %v", r.Name, name, v, r.FromJSON[name])
					}
				}
			}
		})
	}
}

var (
	doubleLiteral = regexp.MustCompile(`^CAST\((-?[0-9.]+(?:E-?[0-9]+)?)D AS STRING\)$`)
	floatLiteral  = regexp.MustCompile(`^CAST\(CAST\((-?[0-9.E-]+) AS FLOAT\) AS STRING\)$`)
)

func TestDoubleGoldens(t *testing.T) {
	n := 0
	for _, g := range readLines[golden](t, "expressions.jsonl") {
		if g.Note != "" || g.String == nil || g.Error != nil {
			continue // the note: depends on the Java version
		}
		var f float64
		if json.Unmarshal(g.Value, &f) == nil && g.Type == "double" {
			if got := string(AppendDouble(nil, f)); got != *g.String {
				t.Errorf("%s: %s, Spark %s", g.SQL, got, *g.String)
			}
			n++
		}
		if m := doubleLiteral.FindStringSubmatch(g.SQL); m != nil {
			f, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(AppendDouble(nil, f)); got != *g.String {
				t.Errorf("%s: %s, Spark %s", g.SQL, got, *g.String)
			}
			n++
		}
		if m := floatLiteral.FindStringSubmatch(g.SQL); m != nil && m[1] != "-0.0" { // a decimal -0.0 is 0.0
			f, err := strconv.ParseFloat(m[1], 32)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(AppendFloat32(nil, float32(f))); got != *g.String {
				t.Errorf("%s: %s, Spark %s", g.SQL, got, *g.String)
			}
			n++
		}
	}
	if n < 25 {
		t.Errorf("only %d goldens", n)
	}
}

func TestTimeGoldens(t *testing.T) {
	n := 0
	for _, g := range readLines[golden](t, "expressions.jsonl") {
		args, _ := sqlArgs(g.SQL)
		var got string
		ok := false
		switch {
		case g.Group == "cast-date" && strings.HasPrefix(g.SQL, "CAST('"), g.Group == "date:to_date" && len(args) == 1:
			var v int32
			if v, ok = ParseDate(args[0]); ok {
				got = string(AppendDate(nil, v))
			}
		case g.Group == "cast-timestamp" && strings.HasPrefix(g.SQL, "CAST('"), g.Group == "date:to_timestamp" && len(args) == 1:
			var v int64
			if v, ok = ParseTimestamp(args[0], nil, 0); ok {
				got = string(AppendTimestamp(nil, v, nil))
			}
		case (g.Group == "date:to_date" || g.Group == "date:to_timestamp") && len(args) == 2:
			p, err := CompileTimePattern(args[1])
			if err != nil {
				if g.Error == nil {
					t.Errorf("%s: %v", g.SQL, err)
				}
				n++
				continue
			}
			if g.Group == "date:to_date" {
				var v int32
				if v, ok = p.ParseDate(args[0]); ok {
					got = string(AppendDate(nil, v))
				}
			} else {
				var v int64
				if v, ok = p.ParseTimestamp(args[0], nil); ok {
					got = string(AppendTimestamp(nil, v, nil))
				}
			}
		case g.Group == "date:date_format":
			p, err := CompileTimePattern(args[1])
			if (err != nil) != (g.Error != nil) {
				t.Errorf("%s: %v, Spark %v", g.SQL, err, g.Error)
			}
			if n++; err != nil {
				continue
			}
			var v int64
			if v, ok = ParseTimestamp(args[0], nil, 0); ok {
				got = string(p.AppendTimestamp(nil, v, nil))
			}
		default:
			continue
		}
		n++
		if ok != (g.String != nil) || ok && got != *g.String {
			t.Errorf("%s: %q %v, Spark %s", g.SQL, got, ok, g.Value)
		}
	}
	if n < 55 {
		t.Errorf("only %d goldens", n)
	}
}

func TestDecimalGoldens(t *testing.T) {
	n := 0
	for _, g := range readLines[golden](t, "expressions.jsonl") {
		if g.Group != "cast-decimal" || !strings.HasPrefix(g.SQL, "CAST('") {
			continue
		}
		args, _ := sqlArgs(g.SQL)
		var p, s int32
		if _, err := fmt.Sscanf(g.SQL[strings.LastIndex(g.SQL, "DECIMAL"):], "DECIMAL(%d,%d)", &p, &s); err != nil {
			t.Fatal(err)
		}
		v, ok := ParseDecimal(strings.TrimSpace(args[0]), p, s)
		n++
		if ok != (g.String != nil) || ok && string(AppendDecimal(nil, v, s)) != *g.String {
			t.Errorf("%s: %s %v, Spark %s", g.SQL, AppendDecimal(nil, v, s), ok, g.Value)
		}
	}
	if n < 30 {
		t.Errorf("only %d goldens", n)
	}
}

// TestToJSONGoldens writes what Spark wrote: each value is read back from Spark's own text and written again, and a few
// are built from their parts.
func TestToJSONGoldens(t *testing.T) {
	ddls := map[string]string{
		`{"a":1,"b":2}`: "a INT, b INT", `{"col1":1,"col2":"x"}`: "col1 INT, col2 STRING", `{"d":0.1}`: "d DOUBLE", `{"d":1.0E7}`: "d DOUBLE",
		`{"d":1.0E-4}`: "d DOUBLE", `{"d":1.23456789E8}`: "d DOUBLE", `{"d":"Infinity"}`: "d DOUBLE", `{"f":0.1}`: "f FLOAT",
		`{"i":1,"s":2,"l":3,"b":true}`: "i TINYINT, s SMALLINT, l BIGINT, b BOOLEAN", `{"d":1.0000}`: "d DECIMAL(10,4)",
		`{"d":"2024-02-29"}`: "d DATE", `{"t":"2024-02-29T10:00:00.123Z"}`: "t TIMESTAMP", `{"t":"26/08/2015"}`: "t TIMESTAMP", `{"b":"QUJD"}`: "b BINARY",
		`{"s":"é漢🌸"}`: "s STRING", `{"s":"<&>'"}`: "s STRING", `{"n":{"x":1}}`: "n STRUCT<x:INT,y:VOID>", `{"a":[1,null,3]}`: "a ARRAY<INT>",
		`{"m":{"k":1,"n":null}}`: "m MAP<STRING,INT>", `{"m":{}}`: "m MAP<STRING,STRING>", `[{"a":1}]`: "ARRAY<STRUCT<a:INT>>", `[]`: "ARRAY<STRING>",
		`{"a":1}`: "MAP<STRING,INT>", `{"a":null}`: "a VOID",
	}
	n := 0
	for _, g := range readLines[golden](t, "expressions.jsonl") {
		if g.Group != "json:to_json" || g.String == nil {
			continue
		}
		ddl, ok := ddls[*g.String]
		if !ok {
			continue // intervals, a struct as a map's key, two fields of one name
		}
		dt, err := parseDDL(ddl)
		if err != nil {
			t.Fatal(err)
		}
		var options map[string]string
		if i := strings.LastIndex(g.SQL, "map('"); i > 0 && (strings.Contains(g.SQL, "Format") || strings.Contains(g.SQL, "ignore")) {
			_, options = sqlArgs(g.SQL[i:])
		}
		opts, _, err := ParseJSONOptions(options)
		if err != nil {
			t.Fatal(err)
		}
		mem := checked(t)
		arr, err := decodeJSON(t, mem, dt, opts, []byte(*g.String))
		if err != nil {
			t.Fatal(err)
		}
		w, err := NewValueWriter(dt, opts)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(w.AppendValue(nil, arr, 0)); got != *g.String {
			t.Errorf("%s: %s, Spark %s", g.SQL, got, *g.String)
		}
		arr.Release()
		n++
	}
	if n < 24 {
		t.Errorf("only %d goldens", n)
	}
}

// sparkType is a type in the form of schema_of_json.
func sparkType(dt arrow.DataType) string {
	switch d := dt.(type) {
	case *arrow.StructType:
		var parts []string
		for _, f := range d.Fields() {
			parts = append(parts, f.Name+": "+sparkType(f.Type))
		}
		return "STRUCT<" + strings.Join(parts, ", ") + ">"
	case *arrow.ListType:
		return "ARRAY<" + sparkType(d.Elem()) + ">"
	case *arrow.Decimal128Type:
		return fmt.Sprintf("DECIMAL(%d,%d)", d.Precision, d.Scale)
	}
	return map[arrow.Type]string{arrow.INT64: "BIGINT", arrow.INT32: "INT", arrow.FLOAT64: "DOUBLE", arrow.STRING: "STRING", arrow.BOOL: "BOOLEAN"}[dt.ID()]
}

func TestSchemaOfGoldens(t *testing.T) {
	n := 0
	for _, g := range readLines[golden](t, "expressions.jsonl") {
		args, options := sqlArgs(g.SQL)
		var got string
		var err error
		switch g.Group {
		case "json:schema_of_json":
			opts, _, _ := ParseJSONOptions(options)
			var dt arrow.DataType
			if dt, err = InferJSONValue([]byte(args[0]), opts); err == nil {
				got = sparkType(dt)
			}
		case "json:schema_of_csv":
			opts, _, _ := ParseCSVOptions(map[string]string{"inferSchema": "true"})
			var s *arrow.Schema
			if s, err = InferCSV(strings.NewReader(args[0]), opts); err == nil {
				got = sparkType(arrow.StructOf(s.Fields()...))
			}
		default:
			continue
		}
		n++
		if (err != nil) != (g.Error != nil) || err == nil && got != *g.String {
			t.Errorf("%s: %s %v, Spark %s %v", g.SQL, got, err, g.Value, g.Error)
		}
	}
	if n != 7 {
		t.Errorf("%d goldens", n)
	}
}
