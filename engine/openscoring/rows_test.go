package openscoring

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

const strictPipeline = "../../testdata/sparkml/pipeline_categories_error/model"

// TestRefusedRows scores rows that a stage of Spark ML refuses: they fail alone, in
// a file with its own row numbers, in a batch, and as a single record.
func TestRefusedRows(t *testing.T) {
	m := load(t, strictPipeline)
	in := "id,a,b,city,sex\n1,1.0,0.5,Bern,f\n2,1.0,0.5,Atlantis,f\n3,1.0,0.5,Bern,m\n4,,0.5,Bern,m\n5,1.0,0.5,Bern,f\n"
	const unseen, null = `StringIndexer(city): Unseen label: Atlantis. To handle unseen labels, set Param handleInvalid to keep`,
		`VectorAssembler(a): Encountered null while assembling a row with handleInvalid = "error". Consider removing nulls from dataset or using handleInvalid = "keep" or "skip"`
	for rows := 1; rows <= 5; rows++ {
		out, res := scoreText(t, m, in, CSVOptions{ID: "id", Rows: rows})
		got := records(t, out)
		if res.Rows != 5 || res.Failed != 2 || res.First != "row 2: "+unseen {
			t.Errorf("%d at a time: %+v", rows, res)
		}
		last := len(got[0]) - 1
		for i, r := range got[1:] {
			want := map[int]string{1: unseen, 3: null}[i]
			if got[0][last] != errorColumn || r[last] != want || r[0] != fmt.Sprint(i+1) || (r[1] == "") != (want != "") {
				t.Errorf("%d at a time, row %d: %q", rows, i+1, r)
			}
		}
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "m"), os.DirFS(strictPipeline)); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, Config{Dir: dir})
	good, bad := `{"arguments":{"a":1,"b":0.5,"city":"Bern","sex":"f"}}`, `{"id":"x","arguments":{"a":1,"b":0.5,"city":"Atlantis","sex":"f"}}`
	w := admin(s, http.MethodPost, "/openscoring/model/m/batch", "application/json", `{"requests":[`+good+","+bad+","+good+`]}`)
	var answer struct {
		Responses []struct {
			Message string
			Results map[string]any
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK || len(answer.Responses) != 3 {
		t.Fatalf("%d %v %s", w.Code, err, w.Body)
	}
	for i, r := range answer.Responses {
		if failed := i == 1; strings.HasSuffix(r.Message, unseen) != failed || (len(r.Results) == 0) != failed {
			t.Errorf("record %d: %+v", i, r)
		}
	}
	if w := admin(s, http.MethodPost, "/openscoring/model/m", "application/json", bad); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "Unseen label: Atlantis") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestScorePanic makes a panic of a model the file's fault, and says where.
func TestScorePanic(t *testing.T) {
	m := load(t, irisDocument)
	calls := 0
	sound := m.score
	m.score = func(mem memory.Allocator, n int, in []arrow.Array, want []int, fault func(int, error)) ([]arrow.Array, error) {
		if calls++; calls > 1 {
			panic("a fault of ours")
		}
		return sound(mem, n, in, want, fault)
	}
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	var out strings.Builder
	_, err := m.ScoreCSV(context.Background(), &out, strings.NewReader("sepal_length\n1\n2\n3\n"), CSVOptions{Allocator: mem, TempDir: t.TempDir(), Rows: 2})
	if err == nil || err.Error() != "rows 3 to 3: scoring failed inside millrace: a fault of ours" || out.Len() > 0 {
		t.Errorf("%v, output %q", err, out.String())
	}
}

// peak is an allocator that notes the most that was in use.
type peak struct {
	memory.Allocator
	now, most int
}

func (p *peak) note(n int) { p.now += n; p.most = max(p.most, p.now) }

func (p *peak) Allocate(n int) []byte { p.note(n); return p.Allocator.Allocate(n) }

func (p *peak) Reallocate(n int, b []byte) []byte {
	p.note(n - len(b))
	return p.Allocator.Reallocate(n, b)
}

func (p *peak) Free(b []byte) { p.note(-len(b)); p.Allocator.Free(b) }

// TestScoreMemory takes no more memory for ten times the rows, a tenth of which
// fail.
func TestScoreMemory(t *testing.T) {
	m := load(t, irisDocument)
	measure := func(rows int) int {
		r, w := io.Pipe()
		go func() {
			out := bufio.NewWriter(w)
			fmt.Fprintln(out, "sepal_length,sepal_width,petal_length,petal_width")
			for i := range rows {
				if i%10 == 7 {
					fmt.Fprintln(out, "long,3,1.4,0.2")
					continue
				}
				fmt.Fprintf(out, "%d.%d,3.%d,%d.4,1.%d\n", 4+i%4, i%7, i%10, 1+i%6, i%9)
			}
			_ = w.CloseWithError(out.Flush())
		}()
		p := &peak{Allocator: memory.DefaultAllocator}
		res, err := m.ScoreCSV(context.Background(), io.Discard, r, CSVOptions{Allocator: p, TempDir: t.TempDir(), Rows: 1000})
		if err != nil || res.Rows != int64(rows) || res.Failed != int64(rows/10) || p.now != 0 {
			t.Fatalf("%+v, %v, %d bytes are left", res, err, p.now)
		}
		return p.most
	}
	few, many := measure(5_000), measure(50_000)
	if few == 0 || many > few+few/10 {
		t.Errorf("%d bytes for 5,000 rows, %d for 50,000", few, many)
	}
}

// TestTextLists reads lists of texts from JSON and from CSV's cells.
func TestTextLists(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	m := &Model{inputs: []input{{field: field{name: "items"}, typ: arrow.ListOf(arrow.BinaryTypes.String)}}}
	if err := m.finish(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cell cell
		want string
	}{
		{cell{}, "(null)"},
		{cell{list, []byte(`["a", "b\u00e9", null, 1.50, true]`)}, `["a","bé",null,"1.5","true"]`},
		{cell{list, []byte("[]")}, "[]"},
		{cell{quoted, []byte(`["a","b"]`)}, `["a","b"]`},
		{cell{quoted, []byte("a b")}, `["a b"]`},
		{cell{number, []byte("7")}, `["7"]`},
		{cell{list, []byte(`["a",["b"]]`)}, `Field "items" cannot accept invalid value ["a",["b"]]`},
		{cell{quoted, []byte(`["a"`)}, `Field "items" cannot accept invalid value "["a""`},
		{cell{object, []byte(`{"a":1}`)}, `Field "items" cannot accept invalid value {"a":1}`},
	} {
		r := newRows(m, mem)
		r.cells[0] = c.cell
		r.add()
		got := ""
		if len(r.faults) > 0 {
			got = r.faults[0].message
		}
		in := r.take()
		if got == "" {
			got = in[0].ValueStr(0)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.cell.text, got, c.want)
		}
		releaseAll(in)
		r.release()
	}
}
