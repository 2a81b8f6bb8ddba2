package openscoring

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// otherModel is a model of a format that is not PMML, with rows and what its own
// library made of them.
type otherModel struct{ file, format, function, contentType, extension string }

var otherModels = []otherModel{
	{"xgboost/logistic.json", "xgboost", "classification", "application/json", ".json"},
	{"xgboost/frame_ubj.ubj", "xgboost", "regression", "application/ubjson", ".ubj"},
	{"xgboost/squarederror.json", "xgboost", "regression", "application/json", ".json"},
	{"lightgbm/binary.txt", "lightgbm", "classification", "text/plain; charset=utf-8", ".txt"},
	{"lightgbm/category.txt", "lightgbm", "regression", "text/plain; charset=utf-8", ".txt"},
	{"lightgbm/gamma.txt", "lightgbm", "regression", "text/plain; charset=utf-8", ".txt"},
	{"onnx/dense/mlp_logistic.onnx", "onnx", "classification", "application/octet-stream", ".onnx"},
}

func (o otherModel) path() string { return "../../testdata/" + o.file }

// table is a CSV file beside the model: input or expected.
func (o otherModel) table(t *testing.T, what string) (text string, rows [][]string) {
	t.Helper()
	if o.format == "onnx" {
		return o.tensors(t, what)
	}
	text = readFile(t, strings.TrimSuffix(o.path(), filepath.Ext(o.file))+"."+what+".csv")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return text, rows
}

// tensors is table for ONNX: its input X, or the labels that onnxruntime gave.
func (o otherModel) tensors(t *testing.T, what string) (text string, rows [][]string) {
	t.Helper()
	type tensor struct {
		Shape  []int
		Values []any
	}
	var doc struct{ Inputs, Outputs map[string]tensor }
	if err := json.Unmarshal([]byte(readFile(t, strings.TrimSuffix(o.path(), ".onnx")+".json")), &doc); err != nil {
		t.Fatal(err)
	}
	all, name := doc.Outputs["output_label"], "output_label"
	columns := []string{name}
	if what == "input" {
		all, columns = doc.Inputs["X"], nil
		for i := range all.Shape[1] {
			columns = append(columns, fmt.Sprintf("X_%d", i))
		}
	}
	rows = append(rows, columns)
	for i := 0; i < len(all.Values); i += len(columns) {
		var row []string
		for _, v := range all.Values[i : i+len(columns)] {
			row = append(row, fmt.Sprint(v))
		}
		rows = append(rows, row)
	}
	var b strings.Builder
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return b.String(), rows
}

// compare looks for the library's answers among those of a table of ours.
func (o otherModel) compare(t *testing.T, got [][]string) {
	t.Helper()
	_, want := o.table(t, "expected")
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	seen := 0
	for j, name := range want[0] {
		at := slices.Index(got[0], name)
		if at < 0 {
			continue
		}
		seen++
		for i := 1; i < len(want); i++ {
			x, err1 := strconv.ParseFloat(got[i][at], 64)
			y, err2 := strconv.ParseFloat(want[i][j], 64)
			if got[i][at] != want[i][j] && (err1 != nil || err2 != nil || math.Abs(x-y) > 1e-6*math.Max(1, math.Abs(y))) {
				t.Fatalf("row %d: %s = %s, the library gives %s", i, name, got[i][at], want[i][j])
			}
		}
	}
	if seen == 0 {
		t.Fatalf("none of the library's columns %q is among %q", want[0], got[0])
	}
}

// TestFormats scores files of every format with ScoreCSV and over HTTP, deployed
// by PUT and found again after a restart.
func TestFormats(t *testing.T) {
	for _, o := range otherModels {
		t.Run(o.file, func(t *testing.T) { testFormat(t, o) })
	}
}

func testFormat(t *testing.T, o otherModel) {
	m, err := Load(o.path(), "")
	if err != nil {
		t.Fatal(err)
	}
	doc := readFile(t, o.path())
	if m.Format() != o.format || m.function != o.function || m.size != int64(len(doc)) || len(m.checksum) != 64 || m.targets != 1 {
		t.Errorf("format %s, function %q, %d bytes, checksum %s, %d targets", m.Format(), m.function, m.size, m.checksum, m.targets)
	}
	in, inRows := o.table(t, "input")
	out, _ := scoreText(t, m, in, CSVOptions{})
	o.compare(t, records(t, out))
	dir := t.TempDir()
	s := newServer(t, Config{Dir: dir})
	w := admin(s, http.MethodPut, "/openscoring/model/m", "application/octet-stream", doc)
	if w.Code != http.StatusCreated {
		t.Fatal(w.Code, w.Body)
	}
	described := w.Body.String()
	if want := fmt.Sprintf(`"model.format" : %q`, o.format); !strings.Contains(described, want) {
		t.Errorf("%s has no %s", described, want)
	}
	if readFile(t, filepath.Join(dir, "m"+o.extension)) != doc {
		t.Error("the folder has another document")
	}
	w = admin(s, http.MethodPost, "/openscoring/model/m/csv", "text/csv", in)
	if got, err := csv.NewReader(w.Body).ReadAll(); w.Code != http.StatusOK || err != nil {
		t.Fatal(w.Code, err, w.Body)
	} else {
		o.compare(t, got)
	}
	s = newServer(t, Config{Dir: dir})
	if len(s.Faults()) > 0 || !slices.Equal(s.Models(), []string{"m"}) {
		t.Fatal(s.Faults(), s.Models())
	}
	o.compare(t, batchOf(t, s, inRows, m))
	testDownload(t, s, o, doc)
	if w := admin(s, http.MethodDelete, "/openscoring/model/m", "", ""); w.Code != http.StatusOK {
		t.Error(w.Code, w.Body)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}

// batchOf scores a table's rows as a batch of JSON records.
func batchOf(t *testing.T, s *Server, rows [][]string, m *Model) [][]string {
	t.Helper()
	type record struct {
		Arguments map[string]any `json:"arguments"`
	}
	var req struct {
		Requests []record `json:"requests"`
	}
	for _, r := range rows[1:] {
		args := map[string]any{}
		for i, cell := range r {
			if x, err := strconv.ParseFloat(cell, 64); err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) {
				args[rows[0][i]] = x
			} else if cell != "" {
				args[rows[0][i]] = cell
			}
		}
		req.Requests = append(req.Requests, record{args})
	}
	body, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	w := admin(s, http.MethodPost, "/openscoring/model/m/batch", "application/json", string(body))
	var answer struct {
		Responses []struct {
			Message string
			Results map[string]any
		}
	}
	dec := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
	dec.UseNumber()
	if err := dec.Decode(&answer); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %v %.300s", w.Code, err, w.Body)
	}
	got := [][]string{m.Results()}
	for _, r := range answer.Responses {
		var row []string
		for _, name := range m.Results() {
			row = append(row, fmt.Sprint(r.Results[name]))
		}
		got = append(got, row)
	}
	return got
}

func testDownload(t *testing.T, s *Server, o otherModel, doc string) {
	t.Helper()
	w := admin(s, http.MethodGet, "/openscoring/model/m/document", "", "")
	if w.Code != http.StatusOK || w.Body.String() != doc || w.Header().Get("Content-Type") != o.contentType ||
		w.Header().Get("Content-Disposition") != "attachment; filename=m"+o.extension {
		t.Errorf("%d %v, %d bytes", w.Code, w.Header(), w.Body.Len())
	}
	w = admin(s, http.MethodGet, "/openscoring/model/m/pmml", "", "")
	if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "the model m is of the format "+o.format+" and has no PMML document: its own is at /openscoring/model/m/document") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestLoadWith loads with the options of a format, and refuses others.
func TestLoadWith(t *testing.T) {
	onnx := otherModels[len(otherModels)-1].path()
	m, err := LoadWith(onnx, "", map[string]string{"features": "a,b,c,d"})
	if err != nil || !slices.Equal(m.Inputs(), []string{"a", "b", "c", "d"}) {
		t.Errorf("%v", err)
	}
	for _, c := range []struct {
		path, option, value, want string
	}{
		{onnx, "feature", "a", "did you mean features?"},
		{onnx, "features", "a,b,c,d,e", "the option features has 5 names, the inputs have 4 columns"},
		{irisDocument, "modelname", "other", "RandomForestIris.pmml: "},
		{otherModels[0].path(), "modelname", "other", "modelname"},
	} {
		if _, err := LoadWith(c.path, "", map[string]string{c.option: c.value}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s = %s: %v, want %s", c.option, c.value, err, c.want)
		}
	}
}

// TestDescribe tells the ranges and categories that documents of other formats have.
func TestDescribe(t *testing.T) {
	for _, c := range []struct{ path, want string }{
		{"lightgbm/category.txt", `a double continuous [[-3.3619920318007046, 2.536148399717705]] b double continuous [[-8.7833393120959293, 8.6813390364581178]] ` +
			`c double continuous [[-1.7301413861897557, 1.3314267863582918]]`},
		{"xgboost/frame.json", "a double continuous [] where string categorical [nord ost sued west] n double categorical [3.0 5.0 7.0 40.0]"},
		{"sparkml/pipeline_mixed/model", "city string categorical [Bern Rome Oslo Paris Ürümqi] sex string categorical [m f] a double continuous [] b double continuous []"},
	} {
		var got []string
		for _, in := range load(t, "../../testdata/"+c.path).inputs {
			got = append(got, fmt.Sprintf("%s %s %s %v", in.name, in.dataType, in.opType, in.values))
		}
		if text := strings.Join(got, " "); !strings.HasPrefix(text, c.want) {
			t.Errorf("%s: %s, want %s", c.path, text, c.want)
		}
	}
}

// TestFormatOfBody takes a document for what it is, unless it is said to be XML.
func TestFormatOfBody(t *testing.T) {
	s := newServer(t, Config{})
	lightgbm := readFile(t, otherModels[3].path())
	form, formType := formWith(t, "model", lightgbm)
	for name, c := range map[string]struct {
		contentType, body string
		code              int
		want              string
	}{
		"no type":      {"", lightgbm, http.StatusCreated, `"model.format" : "lightgbm"`},
		"text":         {"text/plain; charset=utf-8", lightgbm, http.StatusCreated, `"model.format" : "lightgbm"`},
		"form":         {formType, form, http.StatusCreated, `"model.format" : "lightgbm"`},
		"as XML":       {"text/xml", lightgbm, http.StatusBadRequest, "Content is not allowed in prolog."},
		"nothing":      {"", "hello", http.StatusBadRequest, "Content is not allowed in prolog."},
		"unknown":      {"application/octet-stream", "hello", http.StatusBadRequest, "the document: it is none of the formats of models"},
		"pickle":       {"application/octet-stream", "\x80\x04", http.StatusBadRequest, "Python pickle"},
		"PMML as JSON": {"application/json", readFile(t, irisDocument), http.StatusUnsupportedMediaType, "Unsupported Media Type"},
		"broken":       {"application/json", `{"learner":{}}`, http.StatusBadRequest, `"message" : "XGBoost model: `},
		"other type":   {"image/png", lightgbm, http.StatusUnsupportedMediaType, "Unsupported Media Type"},
	} {
		t.Run(name, func(t *testing.T) {
			w := admin(s, http.MethodPut, "/openscoring/model/m", c.contentType, c.body)
			if w.Code != c.code || !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, c.code, c.want)
			}
			admin(s, http.MethodDelete, "/openscoring/model/m", "", "")
		})
	}
}

// TestOtherFormatInPlace leaves one file of a model that changes its format, and of
// two that a crash left it takes the newer.
func TestOtherFormatInPlace(t *testing.T) {
	dir := t.TempDir()
	s := newServer(t, Config{Dir: dir})
	put(t, s, "m", irisDocument, http.StatusCreated)
	lightgbm := readFile(t, otherModels[3].path())
	if w := admin(s, http.MethodPut, "/openscoring/model/m", "text/plain", lightgbm); w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	if got := fileNames(t, dir); !slices.Equal(got, []string{"m.txt"}) {
		t.Errorf("%q", got)
	}
	// As if the server had died before it removed the PMML document.
	old := filepath.Join(dir, "m.pmml")
	if err := os.WriteFile(old, []byte(readFile(t, irisDocument)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, age := range []struct {
		hours     int
		want, say string
	}{{-1, "lightgbm", "m.txt is newer, and m.pmml is not used"}, {1, "pmml", "a second model m: m.pmml is used"}} {
		at := time.Now().Add(time.Duration(age.hours) * time.Hour)
		if err := os.Chtimes(old, at, at); err != nil {
			t.Fatal(err)
		}
		s = newServer(t, Config{Dir: dir})
		if f := s.Faults(); len(f) != 1 || !strings.Contains(f[0].Err.Error(), age.say) || s.store.get("m").model.format != age.want {
			t.Errorf("%v, %s", f, s.store.get("m").model.format)
		}
	}
	if w := admin(s, http.MethodDelete, "/openscoring/model/m", "", ""); w.Code != http.StatusOK {
		t.Error(w.Code, w.Body)
	}
	if got := fileNames(t, dir); len(got) > 0 {
		t.Errorf("%q are left", got)
	}
}

func fileNames(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestFileNames gives every document a name that is read back as its format.
func TestFileNames(t *testing.T) {
	for _, c := range []struct{ format, doc, want string }{
		{"pmml", "<PMML/>", "a.b.pmml"}, {"xgboost", ` { "learner":{}}`, "a.b.json"}, {"xgboost", "{L\x00\x00", "a.b.ubj"}, {"lightgbm", "tree\n", "a.b.txt"}, {"onnx", "\x08\x08", "a.b.onnx"},
	} {
		if got := fileName("a.b", c.format, []byte(c.doc)); got != c.want {
			t.Errorf("%s: %s, want %s", c.format, got, c.want)
		}
	}
	for name, want := range map[string]string{"a.pmml": "pmml", "a.json": "xgboost", "a.ubj": "xgboost", "a.txt": "lightgbm", "a.csv": "", "a.sparkml": "", "a": ""} {
		if _, format := formatByName(name); format != want {
			t.Errorf("%s: %s, want %s", name, format, want)
		}
	}
}
