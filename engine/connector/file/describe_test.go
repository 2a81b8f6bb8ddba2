package file

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/disk"
	"github.com/millrace-sql/millrace/engine/enginetest"
)

func TestDescribeFaults(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return p
	}
	irisFile := write("iris.csv", "sepal.length,sepal.width,petal.length,petal.width,class\n5.1,3.5,1.4,.2,x\n")
	notGzip := write("x.csv.gz", "n,s\n")
	write("parts/year=2020/a.json", "{}")
	write("empty/sub/a.json", "{}")
	stream := table("path", filepath.Join(dir, "nowhere"))
	stream.Stream = true
	nested := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.ListOf(arrow.PrimitiveTypes.Int64)}}, nil)
	csv, json, text := NewCSV(disk.OS{}, Config{}), NewJSON(disk.OS{}, Config{}), NewText(disk.OS{}, Config{})
	for _, c := range []struct {
		name string
		conn *Connector
		tab  *catalog.Table
		want string
	}{
		{"no path", csv, table(), "option path is required"},
		{"a missing file", csv, table("path", filepath.Join(dir, "irsi.csv")), "irsi.csv: no such file or folder: did you mean " + irisFile + "?"},
		{"a missing folder", csv, table("path", filepath.Join(dir, "no", "where.csv")), "no such file or folder, and no folder " + filepath.Join(dir, "no")},
		{"a missing folder that cannot be written", text, table("path", filepath.Join(dir, "nowhere")), "no such file or folder"},
		{"no file fits", csv, table("path", filepath.Join(dir, "*.tsv")), "no file fits the pattern"},
		{"a bad pattern", csv, table("path", filepath.Join(dir, "[.csv")), "is not a pattern"},
		{"a bad filter", csv, table("path", dir, "pathGlobFilter", "["), "pathGlobFilter \"[\" is not a pattern"},
		{"another system", csv, table("path", "s3://bucket/x"), "s3 is not supported"},
		{"a missing column", csv, declared(irisSchema, "path", irisFile, "header", "true"), "CSV file " + irisFile + " has no column `variety`; it has: sepal.length, sepal.width, petal.length, petal.width, class"},
		{"not gzip", csv, table("path", notGzip, "header", "true"), "x.csv.gz: not a gzip file"},
		{"partitions", json, table("path", filepath.Join(dir, "parts")), "folders of partitions (key=value) are not supported yet"},
		{"an unknown option", csv, table("path", irisFile, "haeder", "true"), "unknown option haeder: did you mean header?"},
		{"a bad value", csv, table("path", irisFile, "header", "yes"), "header"},
		{"a stream over nothing", csv, stream, "nowhere: no such folder; with columns in CREATE STREAM the stream waits for it"},
		{"no number of files", csv, table("path", irisFile, "maxFilesPerTrigger", "0"), "\"0\" is not a number of files"},
		{"a type that CSV has not", csv, declared(nested, "path", irisFile), "CSV cannot hold"},
		{"text with columns", text, declared(irisSchema, "path", irisFile), "text files have one column"},
		{"nothing to infer from", text, declared(nested, "path", irisFile), "text files have one column"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.conn.Describe(context.Background(), connector.Env{}, c.tab, false)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Every option that a format claims is one that the codec knows.
func TestOptionsAreTheCodecs(t *testing.T) {
	// Values are not looked at here: an empty one may be refused.
	for _, o := range jsonOptions {
		if _, unknown, _ := codec.ParseJSONOptions(map[string]string{o.Name: ""}); len(unknown) > 0 {
			t.Errorf("json: %v", unknown)
		}
	}
	for _, o := range csvOptions {
		if _, unknown, _ := codec.ParseCSVOptions(map[string]string{o.Name: ""}); len(unknown) > 0 {
			t.Errorf("csv: %v", unknown)
		}
	}
	for _, c := range []*Connector{NewCSV(disk.OS{}, Config{}), NewJSON(disk.OS{}, Config{}), NewText(disk.OS{}, Config{})} {
		seen := map[string]bool{}
		for _, o := range c.Options() {
			if seen[strings.ToLower(o.Name)] {
				t.Errorf("%s: %s twice", c.Name(), o.Name)
			}
			seen[strings.ToLower(o.Name)] = true
		}
	}
}

func TestUnreadable(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	put(t, fsys, "/d/a.csv", "n,s\n1,a\n")
	fsys.FailAt(1, &fs.PathError{Op: "stat", Path: "/d/a.csv", Err: fs.ErrPermission})
	_, err := NewCSV(fsys, Config{}).Describe(context.Background(), connector.Env{}, table("path", "/d/a.csv"), false)
	if err == nil || !strings.Contains(err.Error(), "/d/a.csv: no permission to read; give this user the right") {
		t.Errorf("got %v", err)
	}
}

func TestDescribeNewFolder(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	c := NewJSON(fsys, Config{})
	tab := table("path", "/data/results", "header", "true")
	d, err := c.Describe(context.Background(), connector.Env{}, tab, true)
	if err != nil || d.Schema != nil || !d.Writable || len(d.Notes) != 1 || d.Notes[0] != "option header has no effect here" {
		t.Errorf("%+v %v", d, err)
	}
	if _, err := c.OpenSource(context.Background(), connector.Env{}, tab); err == nil || !strings.Contains(err.Error(), "/data/results: nothing has been written there yet") {
		t.Errorf("got %v", err)
	}
	d, err = c.Describe(context.Background(), connector.Env{}, declared(rowSchema, "path", "/data/results"), true)
	if err != nil || d.Schema != rowSchema || len(d.Notes) != 1 || d.Notes[0] != "/data/results: nothing is there yet; an INSERT makes the folder" {
		t.Errorf("%+v %v", d, err)
	}
	if n := len(names(t, fsys, "/")); n != 0 {
		t.Error("Describe changed something")
	}
}

func TestInference(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	put(t, fsys, "/j/a.json", `{"b":1,"a":"x"}`+"\n")
	put(t, fsys, "/j/b.json", `{"b":1.5,"c":[1]}`)
	put(t, fsys, "/c/a.csv", "n,s\n1,a") // no last newline
	put(t, fsys, "/c/b.csv", "n,s\n2.5,b\n")
	put(t, fsys, "/m/a.json", "{\n\"b\": 1\n}")
	for _, c := range []struct {
		conn    *Connector
		options []string
		want    string
	}{
		{NewJSON(fsys, Config{}), []string{"path", "/j"}, "a utf8, b float64, c list<item: int64, nullable>"},
		{NewJSON(fsys, Config{}), []string{"path", "/m", "multiLine", "true"}, "b int64"},
		{NewCSV(fsys, Config{}), []string{"path", "/c", "header", "true", "inferSchema", "true"}, "n float64, s utf8"},
		{NewCSV(fsys, Config{}), []string{"path", "/c"}, "_c0 utf8, _c1 utf8"},
		{NewText(fsys, Config{}), []string{"path", "/c"}, "value utf8"},
	} {
		d, err := c.conn.Describe(context.Background(), connector.Env{}, table(c.options...), true)
		if err != nil {
			t.Errorf("%v: %v", c.options, err)
			continue
		}
		var got []string
		for _, f := range d.Schema.Fields() {
			got = append(got, f.Name+" "+f.Type.String())
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%v: %v", c.options, got)
		}
	}
	// A fault of the disk is not a short file.
	odd := errors.New("odd")
	for k := 1; ; k++ {
		before := fsys.Ops()
		fsys.FailAt(k, odd)
		_, err := NewJSON(fsys, Config{}).Describe(context.Background(), connector.Env{}, table("path", "/j"), true)
		if fsys.Ops()-before < k {
			break
		}
		if !errors.Is(err, odd) {
			t.Errorf("fault %d: %v", k, err)
		}
	}
}

func TestSchemaText(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: &arrow.Decimal128Type{Precision: 10, Scale: 2}, Nullable: true},
		{Name: "b", Type: arrow.StructOf(arrow.Field{Name: "x y", Type: arrow.ListOf(arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int8)), Nullable: true})},
	}, nil)
	fields := s.Fields()
	for _, x := range scalarNames {
		fields = append(fields, arrow.Field{Name: x.name, Type: x.typ, Nullable: true})
	}
	s = arrow.NewSchema(fields, nil)
	text, err := encodeSchema(s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := decodeSchema(text)
	if err != nil || !back.Equal(s) {
		t.Errorf("%v %v", back, err)
	}
	if !strings.Contains(string(text), `{"name":"integer","type":"integer","nullable":true,"metadata":{}}`) {
		t.Errorf("text %s", text)
	}
	if _, err := encodeSchema(arrow.NewSchema([]arrow.Field{{Name: "u", Type: arrow.PrimitiveTypes.Uint64}}, nil)); err == nil || !strings.Contains(err.Error(), "column u: a file cannot hold the type uint64") {
		t.Errorf("got %v", err)
	}
	for _, bad := range []string{`"odd"`, `{"type":"odd"}`, `"integer"`, `{`} {
		if _, err := decodeSchema([]byte(bad)); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}
