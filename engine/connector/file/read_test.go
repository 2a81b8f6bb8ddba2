package file

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/klauspost/compress/gzip"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/disk"
	"github.com/millrace-sql/millrace/engine/enginetest"
)

const irisCSV = "../../../testdata/iris/iris.csv"

var irisSchema = arrow.NewSchema([]arrow.Field{
	{Name: "sepal.length", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "sepal.width", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "petal.length", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "petal.width", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "variety", Type: arrow.BinaryTypes.String, Nullable: true},
}, nil)

func TestIrisCSV(t *testing.T) {
	c := NewCSV(disk.OS{}, Config{})
	rows := mustRows(t, c, declared(irisSchema, "path", irisCSV, "header", "true"))
	if len(rows) != 150 {
		t.Fatalf("%d rows", len(rows))
	}
	if want := `{"sepal.length":5.1,"sepal.width":3.5,"petal.length":1.4,"petal.width":0.2,"variety":"Setosa"}`; rows[0] != want {
		t.Errorf("first row %s", rows[0])
	}
	// Columns in another order, one of them twice, one not at all.
	rows = mustRows(t, c, declared(irisSchema, "path", irisCSV, "header", "true"), 4, 0)
	if want := `{"variety":"Setosa","sepal.length":5.1}`; rows[0] != want {
		t.Errorf("first row %s", rows[0])
	}
	// Without declared columns all are text, with inferSchema typed.
	rows = mustRows(t, c, table("path", irisCSV, "header", "true"))
	if want := `{"sepal.length":"5.1","sepal.width":"3.5","petal.length":"1.4","petal.width":".2","variety":"Setosa"}`; rows[0] != want {
		t.Errorf("first row %s", rows[0])
	}
	d, err := c.Describe(context.Background(), connector.Env{}, table("path", irisCSV, "header", "true", "inferSchema", "true"), false)
	if err != nil || !d.Schema.Equal(irisSchema) || !d.Readable || d.Writable || d.Unbounded {
		t.Errorf("%+v %v", d, err)
	}
}

// However a file is cut, its rows are the same: lines go over the ends of blocks,
// some are longer than a block, the last may end without a newline.
func TestBlocks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 24 {
		var lines []string
		for n := range 1 + rng.IntN(40) {
			lines = append(lines, fmt.Sprintf("%d,%s", n, strings.Repeat("x", rng.IntN(60))))
		}
		text := strings.Join(lines, []string{"\n", "\r\n"}[i%2])
		if i%3 != 0 {
			text += "\n"
		}
		for _, header := range []string{"", "n,s\n"} {
			checkBlocks(t, header, text, lines)
		}
	}
}

func checkBlocks(t *testing.T, header, text string, lines []string) {
	t.Helper()
	fsys := enginetest.NewFaultFS()
	put(t, fsys, "/d/a.csv", header+text)
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write([]byte(header + text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, fsys, "/z/a.csv.gz", z.String())
	var want []string
	for n, line := range lines {
		_, s, _ := strings.Cut(line, ",")
		value := fmt.Sprintf("%q", s)
		if s == "" {
			value = "null"
		}
		want = append(want, fmt.Sprintf(`{"n":%d,"s":%s}`, n, value))
	}
	c := NewCSV(fsys, Config{})
	for _, path := range []string{"/d", "/z"} {
		for _, block := range []int64{1, 2, 7, 64, 1000, 1 << 20} {
			src, err := c.OpenSource(context.Background(), connector.Env{}, declared(rowSchema, "path", path, "header", fmt.Sprint(header != "")))
			if err != nil {
				t.Fatal(err)
			}
			src.(*source).block = block
			got, err := rowsOf(src, checked(t))
			if err != nil {
				t.Fatalf("%s, block %d: %v", path, block, err)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s, block %d, of\n%s\ngot %s", path, block, header+text, strings.Join(got, "\n"))
			}
		}
	}
}

func TestJSONLines(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	put(t, fsys, "/d/a.json", "\ufeff"+`{"n":1,"s":"a"}`+"\r\n\n"+`[{"n":2},{"s":"c"}]`+"\n{broken\n"+`{"n":"x","s":"e"}`)
	c := NewJSON(fsys, Config{})
	want := []string{`{"n":1,"s":"a"}`, `{"n":2,"s":null}`, `{"n":null,"s":"c"}`, `{"n":null,"s":null}`, `{"n":null,"s":"e"}`}
	equalRows(t, mustRows(t, c, declared(rowSchema, "path", "/d")), want)
	equalRows(t, mustRows(t, c, declared(rowSchema, "path", "/d", "mode", "DROPMALFORMED")), want[:3])
	_, err := readRows(c, checked(t), declared(rowSchema, "path", "/d", "mode", "FAILFAST"))
	if err == nil || !strings.HasPrefix(err.Error(), "/d/a.json: ") {
		t.Errorf("got %v", err)
	}
	// The text of broken records, and whether one is broken, is known whatever columns
	// are wanted.
	fields := append(rowSchema.Fields(), arrow.Field{Name: "_corrupt_record", Type: arrow.BinaryTypes.String, Nullable: true})
	got := mustRows(t, c, declared(arrow.NewSchema(fields, nil), "path", "/d"), 2)
	equalRows(t, got[3:], []string{`{"_corrupt_record":"{broken"}`, `{"_corrupt_record":"{\"n\":\"x\",\"s\":\"e\"}"}`})
	// No columns, as for count(*).
	if got := mustRows(t, c, declared(rowSchema, "path", "/d"), []int{}...); len(got) != 5 {
		t.Errorf("%d rows", len(got))
	}
}

func TestNoColumns(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	put(t, fsys, "/d/a.json", rowText(1)+"\n"+rowText(2)+"\n")
	put(t, fsys, "/c/a.csv", "n,s\n1,a\n2,b\n3,c\n")
	for _, x := range []struct {
		c    *Connector
		tab  *catalog.Table
		want int64
	}{
		{NewJSON(fsys, Config{}), declared(rowSchema, "path", "/d"), 2},
		{NewCSV(fsys, Config{}), declared(rowSchema, "path", "/c", "header", "true"), 3},
		{NewText(fsys, Config{}), table("path", "/c"), 4},
	} {
		src, err := x.c.OpenSource(context.Background(), connector.Env{}, x.tab)
		if err != nil {
			t.Fatal(err)
		}
		to, err := src.Latest(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		p := &connector.Projection{Schema: arrow.NewSchema(nil, nil)}
		for c, err := range src.Read(context.Background(), src.Ranges(nil, to)[0]) {
			if err != nil {
				t.Fatal(err)
			}
			rec, err := c.Decode(checked(t), p)
			if err != nil {
				t.Fatal(err)
			}
			if rec.NumRows() != x.want || rec.NumCols() != 0 {
				t.Errorf("%s: %d rows, %d columns", x.c.Name(), rec.NumRows(), rec.NumCols())
			}
			rec.Release()
		}
	}
}

// A column of text can be read as JSON on the way.
func TestProjectedJSON(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	put(t, fsys, "/d/a.txt", `{"n":1,"s":"a"}`+"\n"+`{"n":2}`+"\n\n{")
	src, err := NewText(fsys, Config{}).OpenSource(context.Background(), connector.Env{}, table("path", "/d"))
	if err != nil {
		t.Fatal(err)
	}
	typ := arrow.StructOf(rowSchema.Fields()...)
	d, err := codec.NewJSONDecoder(typ, codec.JSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p := &connector.Projection{
		Schema: arrow.NewSchema([]arrow.Field{
			{Name: "v", Type: typ, Nullable: true},
			{Name: "value", Type: arrow.BinaryTypes.String, Nullable: true},
		}, nil),
		Columns: []connector.ProjectedColumn{{Index: 0, JSON: d}, {Index: 0}},
	}
	to, err := src.Latest(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	w, err := codec.NewJSONWriter(p.Schema, codec.JSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for c, err := range src.Read(context.Background(), src.Ranges(nil, to)[0]) {
		if err != nil {
			t.Fatal(err)
		}
		rec, err := c.Decode(checked(t), p)
		if err != nil {
			t.Fatal(err)
		}
		want := `{"v":{"n":1,"s":"a"},"value":"{\"n\":1,\"s\":\"a\"}"}` + "\n" + `{"v":{"n":2},"value":"{\"n\":2}"}` + "\n" + `{"value":""}` + "\n" + `{"v":{},"value":"{"}` + "\n"
		if got := string(w.AppendRecord(nil, rec)); got != want {
			t.Errorf("got %s", got)
		}
		if got := c.Origin(1); got != "/d/a.txt row 2" {
			t.Errorf("origin %s", got)
		}
		rec.Release()
	}
}

func TestPlaces(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	for _, name := range []string{"a.json", "b.json", "c.txt", "_hidden.json", ".dot.json", "sub/d.json", "sub/deep/e.json", "_tmp/f.json"} {
		base := name[strings.LastIndexByte(name, '/')+1:]
		put(t, fsys, "/d/"+name, fmt.Sprintf(`{"n":1,"s":%q}`, base))
	}
	put(t, fsys, "/d/empty.json", "")
	c := NewJSON(fsys, Config{})
	for _, x := range []struct {
		options []string
		want    string
	}{
		{[]string{"path", "/d"}, "a.json b.json c.txt"},
		{[]string{"path", "/d/"}, "a.json b.json c.txt"},
		{[]string{"path", "file:///d"}, "a.json b.json c.txt"},
		{[]string{"path", "/d", "pathGlobFilter", "*.json"}, "a.json b.json"},
		{[]string{"path", "/d", "pathGlobFilter", "*.{json,txt}"}, "a.json b.json c.txt"},
		{[]string{"path", "/d", "recursiveFileLookup", "true"}, "a.json b.json c.txt d.json e.json"},
		{[]string{"path", "/d/a.json"}, "a.json"},
		{[]string{"path", "/d/[bc].*"}, "b.json c.txt"},
		{[]string{"path", "/d/{a,c}.*"}, "a.json c.txt"},
		{[]string{"path", "/d/sub*"}, "d.json"},
		{[]string{"path", "/*/*/d?ep/*.json"}, "e.json"},
		{[]string{"path", "/d/*.json"}, "a.json b.json"},
		{[]string{"path", "/d/_hidden.json"}, "_hidden.json"},
	} {
		var got []string
		for _, row := range mustRows(t, c, declared(rowSchema, x.options...)) {
			got = append(got, strings.TrimSuffix(row[len(`{"n":1,"s":"`):], `"}`))
		}
		if strings.Join(got, " ") != x.want {
			t.Errorf("%v: %v, want %s", x.options, got, x.want)
		}
	}
}

func TestSparksFolder(t *testing.T) {
	c := NewJSON(disk.OS{}, Config{})
	want, err := os.ReadFile("../../../testdata/iris/expected/iris150.output.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(sparkResults, "part-00000-816c5571-5f00-47bf-852b-fe1f96ef0148-c000.json"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Describe(context.Background(), connector.Env{}, table("path", sparkResults), true)
	if err != nil {
		t.Fatal(err)
	}
	// The folder was moved since Spark wrote it.
	if len(d.Notes) != 1 || !strings.Contains(d.Notes[0], "was moved: 2 files") {
		t.Errorf("notes %q", d.Notes)
	}
	if first := strings.SplitN(string(text), "\n", 2)[0]; !strings.Contains(string(want), first) {
		t.Errorf("%s is not Spark's output", first)
	}
	src, err := c.OpenSource(context.Background(), connector.Env{}, declared(firstFields(t, d.Schema, string(text)), "path", sparkResults))
	if err != nil {
		t.Fatal(err)
	}
	got, err := rowsOf(src, checked(t))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(want)), "\n")
	slices.Sort(lines)
	slices.Sort(got)
	equalRows(t, got, lines)
}

// firstFields puts an inferred schema, which is sorted by name, into the order in
// which the rows have their fields.
func firstFields(t *testing.T, s *arrow.Schema, text string) *arrow.Schema {
	t.Helper()
	fields := s.Fields()
	slices.SortFunc(fields, func(a, b arrow.Field) int {
		return strings.Index(text, `"`+a.Name+`":`) - strings.Index(text, `"`+b.Name+`":`)
	})
	return arrow.NewSchema(fields, nil)
}

// What a reader makes of hand-written and damaged logs.
func TestLogs(t *testing.T) {
	line := func(path string, size int) string {
		return fmt.Sprintf(`{"path":%q,"size":%d,"isDir":false,"modificationTime":1,"blockReplication":0,"blockSize":0,"action":"delete"}`, path, size)
	}
	a, b := line("file:///out/a.json", 22), line("file:/out/b%20%25.json", 1000)
	for _, c := range []struct {
		name  string
		logs  map[string]string
		want  string // names of the rows
		fault string
	}{
		{"two epochs", map[string]string{"0": "v1\n" + a, "1": "v1\n" + b}, "a b", ""},
		{"last newline and carriage returns", map[string]string{"0": "v1\r\n" + a + "\r\n"}, "a", ""},
		{"an epoch without rows", map[string]string{"0": "v1", "1": "v1\n" + b}, "b", ""},
		{"a compaction alone", map[string]string{"9.compact": "v1\n" + a + "\n" + b}, "a b", ""},
		{"a compaction and what follows", map[string]string{"0": "junk", "9.compact": "v1\n" + a, "10": "v1\n" + b}, "a b", ""},
		{"no epochs", map[string]string{"junk": "x"}, "", ""},
		{"a plain path", map[string]string{"0": "v1\n" + line("/out/a.json", 22)}, "a", ""},
		{"a moved folder", map[string]string{"0": "v1\n" + line("file:///old/a.json", 22)}, "a", ""},
		{"a size that is too small", map[string]string{"0": "v1\n" + line("file:///out/two.json", 22)}, "a", ""},
		{"size 0", map[string]string{"0": "v1\n" + line("file:///out/a.json", 0) + "\n" + b}, "b", ""},
		{"a folder", map[string]string{"0": "v1\n" + strings.Replace(a, "false", "true", 1)}, "", ""},
		{"one elsewhere", map[string]string{"0": "v1\n" + a + "\n" + line("file:///out/sub/x.json", 5)}, "a", ""},

		{"all elsewhere", map[string]string{"0": "v1\n" + line("file:///old/x.json", 5)}, "", "lists 1 files in another folder and none that is here"},
		{"a file that is gone", map[string]string{"0": "v1\n" + line("file:///out/gone.json", 5)}, "", "/out/gone.json: the file is gone"},
		{"a gap", map[string]string{"0": "v1\n" + a, "2": "v1\n" + b}, "", "/out/_spark_metadata/1 is damaged: the file is missing"},
		{"no beginning", map[string]string{"1": "v1\n" + a}, "", "_spark_metadata/0 is damaged"},
		{"empty", map[string]string{"0": ""}, "", "it is empty"},
		{"another version", map[string]string{"0": "v2\n" + a}, "", `begins with "v2"`},
		{"torn", map[string]string{"0": "v1\n" + a[:40]}, "", "cut off"},
		{"a blank line", map[string]string{"0": "v1\n" + a + "\n\n" + b}, "", "not an entry"},
		{"a missing field", map[string]string{"0": "v1\n" + strings.Replace(a, `"size":22,`, "", 1)}, "", "has no size"},
		{"size as a string", map[string]string{"0": "v1\n" + strings.Replace(a, `"size":22`, `"size":"x"`, 1)}, "", "not an entry"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := enginetest.NewFaultFS()
			for _, f := range []struct{ file, rows string }{{"a.json", "a"}, {"b %.json", "b"}, {"orphan.json", "o"}, {"two.json", "ab"}} {
				for _, r := range f.rows {
					old := ""
					if data, err := disk.ReadFile(fsys, "/out/"+f.file); err == nil {
						old = string(data)
					}
					put(t, fsys, "/out/"+f.file, old+fmt.Sprintf(`{"n":1000000,"s":"%c"}`, r)+"\n")
				}
			}
			for name, text := range c.logs {
				put(t, fsys, "/out/_spark_metadata/"+name, text)
			}
			rows, err := readRows(NewJSON(fsys, Config{}), checked(t), declared(rowSchema, "path", "/out"))
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range rows {
				got = append(got, strings.TrimSuffix(r[len(`{"n":1000000,"s":"`):], `"}`))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// A glob reads the files themselves.
func TestGlobBypassesTheLog(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	put(t, fsys, "/out/orphan.json", rowText(1))
	put(t, fsys, "/out/_spark_metadata/0", "v1")
	c := NewJSON(fsys, Config{})
	equalRows(t, mustRows(t, c, declared(rowSchema, "path", "/out")), nil)
	equalRows(t, mustRows(t, c, declared(rowSchema, "path", "/out/*")), rowTexts(1, 2))
}
