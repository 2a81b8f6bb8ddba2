package codec

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

func schemaOf(t testing.TB, ddl string) *arrow.Schema {
	t.Helper()
	dt, err := parseDDL(ddl)
	if err != nil {
		t.Fatal(err)
	}
	return arrow.NewSchema(dt.(*arrow.StructType).Fields(), nil)
}

// readCSV reads all rows and gives them as JSON lines.
func readCSV(t testing.TB, mem memory.Allocator, ddl string, options map[string]string, in io.Reader, batch int) (string, error) {
	t.Helper()
	opts, unknown, err := ParseCSVOptions(options)
	if err != nil || unknown != nil {
		t.Fatal(err, unknown)
	}
	schema := schemaOf(t, ddl)
	d, err := NewCSVDecoder(schema, opts)
	if err != nil {
		return "", err
	}
	w, err := NewJSONWriter(schema, JSONOptions{KeepNullFields: true})
	if err != nil {
		t.Fatal(err)
	}
	r := d.NewReader(mem, in, "t.csv")
	defer r.Release()
	var out []byte
	for {
		rec, err := r.Next(batch)
		if err == io.EOF {
			return strings.TrimSuffix(string(out), "\n"), nil
		}
		if err != nil {
			return string(out), err
		}
		out = w.AppendRecord(out, rec)
		rec.Release()
	}
}

func TestReadCSV(t *testing.T) {
	type opts = map[string]string
	for _, c := range []struct {
		name, ddl string
		opts      opts
		in, want  string
		err       string
	}{
		{"plain", "a INT, b DOUBLE", nil, "1,0.8\n-2,.2\n", "{\"a\":1,\"b\":0.8}\n{\"a\":-2,\"b\":0.2}", ""},
		{"spaces and Java numbers", "a INT, b DOUBLE, c DOUBLE", nil, "1, 0.8,1d\n 1,Inf,-Inf\n", "{\"a\":1,\"b\":0.8,\"c\":1.0}\n{\"a\":null,\"b\":\"Infinity\",\"c\":\"-Infinity\"}", ""},
		{"all types", "a BOOLEAN, b TINYINT, c SMALLINT, d BIGINT, e FLOAT, f DECIMAL(6,2), g DATE, h TIMESTAMP, i BINARY", nil,
			"TRUE,1,2,3,NaN,\"1,234.567\",2024-2-9,2024-02-29 10:00:00,x\n", `{"a":true,"b":1,"c":2,"d":3,"e":"NaN","f":1234.57,"g":"2024-02-09","h":"2024-02-29T10:00:00.000Z","i":"eA=="}`, ""},
		{"out of range", "a TINYINT, b INT", nil, "128,2147483648\n", `{"a":null,"b":null}`, ""},
		{"too few and too many", "a INT, b INT, _corrupt_record STRING", nil, "1\n1,2\n1,2,3\n",
			"{\"a\":1,\"b\":null,\"_corrupt_record\":\"1\"}\n{\"a\":1,\"b\":2,\"_corrupt_record\":null}\n{\"a\":1,\"b\":2,\"_corrupt_record\":\"1,2,3\"}", ""},
		{"bad value keeps the others", "a INT, b INT, bad STRING", opts{"columnNameOfCorruptRecord": "bad"}, "x,2\n", `{"a":null,"b":2,"bad":"x,2"}`, ""},
		{"dropmalformed", "a INT, b INT", opts{"mode": "DROPMALFORMED"}, "x,2\n1,2\n1\n", `{"a":1,"b":2}`, ""},
		{"failfast", "a INT, b INT", opts{"mode": "failfast"}, "1,2\n\n1,y\n", "", "CSV file t.csv, line 3: column `b`: \"y\" is no INT"},
		{"empty is NULL, quoted empty too by default", "a STRING, b STRING", nil, "\"\",\n", `{"a":null,"b":null}`, ""},
		{"quoted empty beside another NULL text", "a STRING, b STRING, c STRING", opts{"nullValue": "-"}, "\"\",,-\n", `{"a":"","b":null,"c":null}`, ""},
		{"emptyValue", "a STRING, b STRING", opts{"emptyValue": "nix"}, "\"\",\n", `{"a":"nix","b":null}`, ""},
		{"quotes", "a STRING, b STRING", nil, `"x, y","say \"hi\" \\ \n"` + "\n", `{"a":"x, y","b":"say \"hi\" \\ \\n"}`, ""},
		{"space behind a closing quote", "a STRING, b STRING", nil, "\"x\"  ,y\n", `{"a":"x","b":"y"}`, ""},
		{"doubled quotes are not escaped by default", "a STRING, b INT", nil, "\"a \"\"b\"\" c\",2\n", `{"a":"\"a \"\"b\"\" c\"","b":2}`, ""},
		{"RFC 4180", "a STRING, b INT", opts{"escape": `"`}, "\"a \"\"b\"\", c\",2\n", `{"a":"a \"b\", c","b":2}`, ""},
		{"stray quotes", "a STRING, b STRING", nil, "a\"b,\"c\"d\n", `{"a":"a\"b","b":"\"c\"d"}`, ""},
		{"unclosed quote", "a STRING, b STRING", nil, "\"a,b\nc,d\n", "{\"a\":\"a,b\",\"b\":null}\n{\"a\":\"c\",\"b\":\"d\"}", ""},
		{"no quoting", "a STRING, b STRING", opts{"quote": ""}, "\"a,b\"\n", `{"a":"\"a","b":"b\""}`, ""},
		{"separators", "a STRING, b STRING", opts{"sep": "||"}, "a|b||c\n", `{"a":"a|b","b":"c"}`, ""},
		{"tab", "a STRING, b STRING", opts{"delimiter": `\t`}, "a\tb,c\n", `{"a":"a","b":"b,c"}`, ""},
		{"comments and empty lines", "a STRING", opts{"comment": "#"}, "#x\n\n  \na\n#y", `{"a":"a"}`, ""},
		{"line ends", "a INT", nil, "1\r\n2\r3\n4", "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}", ""},
		{"lineSep", "a STRING", opts{"lineSep": ";"}, "1;2\n;3", "{\"a\":\"1\"}\n{\"a\":\"2\\n\"}\n{\"a\":\"3\"}", ""},
		{"trimmed", "a STRING, b STRING", opts{"ignoreLeadingWhiteSpace": "true", "ignoreTrailingWhiteSpace": "true"}, " a , \"b \" \n", `{"a":"a","b":"b "}`, ""},
		{"not trimmed", "a STRING, b STRING", nil, " a , \"b\"\n", `{"a":" a ","b":" \"b\""}`, ""},
		{"multiLine", "a STRING, b INT", opts{"multiLine": "true"}, "\"x\r\ny\",1\r\n\r\n\"u\r\nv\",2", "{\"a\":\"x\\ny\",\"b\":1}\n{\"a\":\"u\\nv\",\"b\":2}", ""},
		{"patterns", "a DATE, b TIMESTAMP", opts{"dateFormat": "dd/MM/yyyy", "timestampFormat": "dd/MM/yyyy HH:mm"}, "26/08/2015,26/08/2015 07:30\n2015-08-26,x\n",
			"{\"a\":\"2015-08-26\",\"b\":\"2015-08-26T07:30:00.000Z\"}\n{\"a\":null,\"b\":null}", ""},
		{"header in any case and order", "A INT, b STRING", opts{"header": "true"}, "b,x,a\nu,9,1\n", `{"A":1,"b":"u"}`, ""},
		{"header lacks a column", "a INT, foo INT, bar INT", opts{"header": "true"}, "a,b\n1,2\n", "", "CSV file t.csv has no columns `foo`, `bar`; it has: a, b"},
		{"header and byte order mark", "a INT", opts{"header": "true"}, "\xef\xbb\xbfa\n1\n", `{"a":1}`, ""},
		{"empty file", "a INT", opts{"header": "true"}, "", "", ""},
		{"maxColumns", "a INT", opts{"maxColumns": "2"}, "1,2,3\n", "", "CSV file t.csv: line 1 has more than 2 columns (option maxColumns)"},
		{"nested", "a ARRAY<INT>", nil, "1\n", "", "column `a`: CSV cannot hold ARRAY<INT>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, batch := range []int{1000, 1} {
				got, err := readCSV(t, checked(t), c.ddl, c.opts, strings.NewReader(c.in), batch)
				text := ""
				if err != nil {
					text = err.Error()
				}
				if text != c.err || err == nil && got != c.want {
					t.Errorf("batch %d:\n got %s %s\nwant %s %s", batch, got, text, c.want, c.err)
				}
			}
			slow, err := readCSV(t, checked(t), c.ddl, c.opts, iotest.OneByteReader(strings.NewReader(c.in)), 10)
			if err == nil && slow != c.want {
				t.Errorf("byte by byte:\n got %s\nwant %s", slow, c.want)
			}
		})
	}
}

// TestIrisCSV reads the real file: dotted names, a number without its zero, against encoding/csv.
func TestIrisCSV(t *testing.T) {
	name := filepath.Join("..", "..", "testdata", "iris", "iris.csv")
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := readCSV(t, checked(t), "`sepal.length` DOUBLE, `sepal.width` DOUBLE, `petal.length` DOUBLE, `petal.width` DOUBLE, variety STRING",
		map[string]string{"header": "true"}, f, 64)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(got, "\n")
	data, _ := os.ReadFile(name)
	rows, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	if err != nil || len(rows) != len(lines)+1 || len(lines) != 150 {
		t.Fatal(len(lines), len(rows), err)
	}
	for i, line := range lines {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		for c, h := range rows[0] {
			want, isNumber := parseJavaDouble([]byte(rows[i+1][c]), 64)
			if isNumber && v[h] != want || !isNumber && v[h] != rows[i+1][c] {
				t.Errorf("row %d: %s is %v, want %s", i, h, v[h], rows[i+1][c])
			}
		}
	}
}

func TestInferCSV(t *testing.T) {
	for _, c := range []struct{ name, opts, in, want string }{
		{"no header", `{"inferSchema":"true"}`, "1,abc\n", "_c0:int32 _c1:utf8"},
		{"not inferred", `{"header":"true"}`, "a,b\n1,2\n", "a:utf8 b:utf8"},
		{"widening", `{"header":"true","inferSchema":"true"}`, "a,b,c,d,e\n1,1,1,1,\n3000000000,1.5,x,12345678901234567890,\n,NaN,,1,\n",
			"a:int64 b:float64 c:utf8 d:decimal(20, 0) e:utf8"},
		{"times", `{"inferSchema":"true"}`, "2024-01-01,2024-01-01 10:00:00,true,2024-01-01\n2024-02-29,2024-01-02T10:00:00Z,FALSE,2024-01-01 10:00:00\n",
			"_c0:date32 _c1:timestamp[us, tz=UTC] _c2:bool _c3:utf8"},
		{"names", `{"header":"true"}`, "a,,a,b\n", "a0:utf8 _c1:utf8 a2:utf8 b:utf8"},
		{"empty", `{}`, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m map[string]string
			if err := json.Unmarshal([]byte(c.opts), &m); err != nil {
				t.Fatal(err)
			}
			opts, _, err := ParseCSVOptions(m)
			if err != nil {
				t.Fatal(err)
			}
			schema, err := InferCSV(strings.NewReader(c.in), opts)
			if err != nil {
				t.Fatal(err)
			}
			if got := schemaText(schema); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func schemaText(s *arrow.Schema) string {
	var parts []string
	for _, f := range s.Fields() {
		parts = append(parts, f.Name+":"+f.Type.String())
	}
	return strings.Join(parts, " ")
}

// writeCSV reads JSON lines into a record and writes it as CSV.
func writeCSV(t *testing.T, ddl string, options map[string]string, lines ...string) string {
	t.Helper()
	mem := checked(t)
	opts, unknown, err := ParseCSVOptions(options)
	if err != nil || unknown != nil {
		t.Fatal(err, unknown)
	}
	schema := schemaOf(t, ddl)
	rec := recordOf(t, mem, schema, lines...)
	defer rec.Release()
	w, err := NewCSVWriter(schema, opts)
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	if opts.Header {
		out = w.AppendHeader(out)
	}
	return string(w.AppendRecord(out, rec))
}

func TestWriteCSV(t *testing.T) {
	type opts = map[string]string
	for _, c := range []struct {
		name, ddl string
		opts      opts
		in, want  string
	}{
		{"plain", "a INT, b DOUBLE", nil, `{"a":1,"b":2}`, "1,2.0\n"},
		{"header", "a INT, `b,c` DOUBLE", opts{"header": "true"}, `{"a":1}`, "a,\"b,c\"\n1,\n"},
		{"quotes", "a STRING, b STRING", nil, `{"a":"x,y","b":"say \"hi\" \\"}`, `"x,y","say \"hi\" \\"` + "\n"},
		{"RFC 4180", "a STRING, b STRING", opts{"escape": `"`}, `{"a":"back\\slash","b":"say \"hi\""}`, `back\slash,"say ""hi"""` + "\n"},
		{"empty and NULL", "a STRING, b STRING", nil, `{"a":""}`, "\"\",\n"},
		{"nullValue", "a STRING, b INT", opts{"nullValue": "NULL", "emptyValue": "-"}, `{"a":""}`, "-,NULL\n"},
		{"trimmed as Spark does", "a STRING", nil, `{"a":"  x "}`, "x\n"},
		{"not trimmed", "a STRING", opts{"ignoreLeadingWhiteSpace": "false", "ignoreTrailingWhiteSpace": "false"}, `{"a":"  x "}`, "  x \n"},
		{"quoteAll and sep", "a STRING, b INT", opts{"quoteAll": "true", "sep": ";"}, `{"a":"x","b":1}`, "\"x\";\"1\"\n"},
		{"line break", "a STRING", nil, `{"a":"x\ny"}`, "\"x\ny\"\n"},
		{"times", "a DATE, b TIMESTAMP, c TIMESTAMP_NTZ", nil, `{"a":"2024-02-29","b":"2024-02-29 10:00:00.123456","c":"2024-02-29 10:00:00"}`, "2024-02-29,2024-02-29T10:00:00.123Z,2024-02-29T10:00:00.000\n"},
		{"pattern", "a TIMESTAMP", opts{"timestampFormat": "dd/MM/yyyy"}, `{"a":"2015-08-26"}`, "26/08/2015\n"},
		{"the rest", "a BOOLEAN, b TINYINT, c SMALLINT, d BIGINT, e FLOAT, f DECIMAL(5,2), g BINARY, h ARRAY<INT>", nil,
			`{"a":true,"b":1,"c":2,"d":3,"e":0.1,"f":1.5,"g":"QUJD","h":[1,null]}`, "true,1,2,3,0.1,1.50,QUJD,\"[1,null]\"\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := writeCSV(t, c.ddl, c.opts, c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCSVOptionErrors(t *testing.T) {
	for name, value := range map[string]string{"header": "yes", "quote": "ab", "maxColumns": "x", "sep": "", "dateFormat": "YYYY", "encoding": "latin1", "timeZone": "Mars"} {
		if _, _, err := ParseCSVOptions(map[string]string{name: value}); err == nil || !strings.HasPrefix(err.Error(), "option "+name+": ") {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
	if _, unknown, err := ParseCSVOptions(map[string]string{"hedaer": "true", "HEADER": "true"}); err != nil || len(unknown) != 1 || unknown[0] != "hedaer" {
		t.Error(unknown, err)
	}
}

func TestCSVScanner(t *testing.T) {
	mem := checked(t)
	opts, _, err := ParseCSVOptions(map[string]string{"timestampFormat": "dd/MM/yyyy"})
	if err != nil {
		t.Fatal(err)
	}
	schema := schemaOf(t, "a INT, b DOUBLE, t TIMESTAMP, _corrupt_record STRING")
	d, err := NewCSVDecoder(schema, opts)
	if err != nil {
		t.Fatal(err)
	}
	s := d.NewScanner(mem)
	defer s.Release()
	for range 2 {
		for _, line := range []string{"1, 0.8,26/08/2015", "", "x,2", "1,2,26/08/2015,4"} {
			if err := s.Append([]byte(line)); err != nil {
				t.Fatal(err)
			}
		}
		s.AppendNull()
		arr := s.Finish()
		w, err := NewValueWriter(arr.DataType(), JSONOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := range arr.Len() {
			got = append(got, string(w.AppendValue(nil, arr, i)))
		}
		want := []string{`{"a":1,"b":0.8,"t":"2015-08-26T00:00:00.000Z"}`, `{"_corrupt_record":""}`, `{"b":2.0,"_corrupt_record":"x,2"}`,
			`{"a":1,"b":2.0,"t":"2015-08-26T00:00:00.000Z","_corrupt_record":"1,2,26/08/2015,4"}`, `null`}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		arr.Release()
	}
}
