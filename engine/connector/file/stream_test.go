package file

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/enginetest"
)

func streamOf(options ...string) *catalog.Table {
	t := declared(rowSchema, options...)
	t.Stream = true
	return t
}

// rowsBetween reads what lies between two offsets.
func rowsBetween(t *testing.T, src connector.Source, from, to connector.Offsets) []string {
	t.Helper()
	s := &fixed{Source: src, from: from, to: to}
	rows, err := rowsOf(s, checked(t))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// fixed is a source that plans one thing.
type fixed struct {
	connector.Source
	from, to connector.Offsets
}

func (f *fixed) Initial(context.Context) (connector.Offsets, error) { return f.from, nil }
func (f *fixed) Plan(context.Context, connector.Offsets, connector.Limit) (connector.Offsets, error) {
	return f.to, nil
}

func TestStream(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	file := func(name string, from, to int64) { put(t, fsys, "/in/"+name, strings.Join(rowTexts(from, to), "\n")) }
	file("z.json", 0, 2)
	file("a.json", 2, 3)
	c := NewJSON(fsys, Config{})
	tab := streamOf("path", "/in", "maxFilesPerTrigger", "2")
	d, err := c.Describe(context.Background(), connector.Env{}, tab, true)
	if err != nil || !d.Unbounded {
		t.Fatalf("%+v %v", d, err)
	}
	open := func() connector.Source {
		src, err := c.OpenSource(context.Background(), connector.Env{}, tab)
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	src := open()
	plan := func(from connector.Offsets, l connector.Limit) connector.Offsets {
		to, err := src.Plan(context.Background(), from, l)
		if err != nil {
			t.Fatal(err)
		}
		return to
	}
	zero, err := src.Initial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	file("b.json", 3, 5)
	latest, err := src.Latest(context.Background())
	if err != nil || len(latest) != 3 {
		t.Fatalf("%v %v", latest, err)
	}
	file("c.json", 5, 6)
	one := plan(zero, connector.Limit{}) // the two oldest
	equalRows(t, rowsBetween(t, src, zero, one), append(rowTexts(2, 3), rowTexts(0, 2)...))
	two := plan(one, connector.Limit{Until: latest}) // c came later
	equalRows(t, rowsBetween(t, src, one, two), rowTexts(3, 5))
	three := plan(two, connector.Limit{})
	equalRows(t, rowsBetween(t, src, two, three), rowTexts(5, 6))
	if again := plan(three, connector.Limit{}); len(src.Ranges(three, again)) != 0 {
		t.Errorf("nothing new: %v", again)
	}

	// After a restart the same range gives the same rows, also if a file has grown.
	offsets := src.(connector.OffsetCodec)
	text, err := offsets.FormatOffsets(two)
	if err != nil {
		t.Fatal(err)
	}
	back, err := offsets.ParseOffsets(text)
	if err != nil {
		t.Fatal(err)
	}
	put(t, fsys, "/in/b.json", strings.Join(rowTexts(3, 9), "\n"))
	equalRows(t, rowsBetween(t, open(), one, back), rowTexts(3, 5))
	if _, err := offsets.ParseOffsets("["); err == nil {
		t.Error("bad offsets were accepted")
	}
}

// A stream may wait for its folder.
func TestStreamWaitsForItsFolder(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	c := NewJSON(fsys, Config{})
	if _, err := c.Describe(context.Background(), connector.Env{}, streamOf("path", "/in"), true); err != nil {
		t.Fatal(err)
	}
	src, err := c.OpenSource(context.Background(), connector.Env{}, streamOf("path", "/in"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, fsys, "/in/a.json", rowText(0))
	to, err := src.Plan(context.Background(), nil, connector.Limit{})
	if err != nil {
		t.Fatal(err)
	}
	equalRows(t, rowsBetween(t, src, nil, to), rowTexts(0, 1))
}

// Ranges may be read side by side.
func TestReadSideBySide(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	var text strings.Builder
	text.WriteString("n,s\n")
	for n := range 500 {
		fmt.Fprintf(&text, "%d,row %d\n", n, n)
	}
	put(t, fsys, "/in/a.csv", text.String())
	src, err := NewCSV(fsys, Config{}).OpenSource(context.Background(), connector.Env{}, declared(rowSchema, "path", "/in", "header", "true"))
	if err != nil {
		t.Fatal(err)
	}
	src.(*source).block = 100
	to, err := src.Latest(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ranges := src.Ranges(nil, to)
	results := make([][]string, len(ranges))
	tk := checked(t)
	var wg sync.WaitGroup
	for i, r := range ranges {
		wg.Go(func() {
			rows, err := rowsOf(&fixed{Source: one{src, r}}, tk)
			if err != nil {
				t.Error(err)
			}
			results[i] = rows
		})
	}
	wg.Wait()
	equalRows(t, slices.Concat(results...), rowTexts(0, 500))
}

// one is a source with one range.
type one struct {
	connector.Source
	r connector.Range
}

func (o one) Ranges(_, _ connector.Offsets) []connector.Range { return []connector.Range{o.r} }
