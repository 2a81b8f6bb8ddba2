package onnx

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// operatorCase is the document of one operator.
func operatorCase(t *testing.T, name string) denseCase {
	t.Helper()
	for _, c := range denseCases(t) {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no document %s", name)
	return denseCase{}
}

// TestClasses names the classes of graphs: of one score, and of one for each class.
func TestClasses(t *testing.T) {
	for _, c := range []struct {
		document string
		classes  []string
	}{{"matmul_vector", []string{"no", "yes"}}, {"gemm", []string{"a", "b", "c"}}, {"gemm_5_1", []string{"no", "yes"}}, {"gemm_5_2", []string{"x", "y"}}} {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		doc := operatorCase(t, c.document)
		m, err := LoadWith(bytes.NewReader(doc.Model), Options{Classes: c.classes})
		if err != nil {
			t.Fatal(err)
		}
		if o := m.Outputs()[0]; o.Field.Name != "prediction" || !o.Target || fmt.Sprint(o.Labels) != fmt.Sprint(c.classes) || len(m.Outputs()) != len(c.classes)+1 {
			t.Errorf("%s has the outputs %v", c.document, m.Outputs())
		}
		in, rows := doc.columns(mem, m)
		out, err := m.Score(mem, rows, in, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := doc.Outputs["Y"]
		for i := range rows {
			best, top := 0, 0.0
			for k := range c.classes {
				x := 0.0
				if width := len(want.Values) / rows; width > 1 {
					x = want.number(i*width + k)
				} else if x = want.number(i); k == 0 {
					x = 1 - x
				}
				got := float64(out[k+1].(*array.Float32).Value(i))
				if d := got - x; d > 1e-5 || d < -1e-5 {
					t.Errorf("%s, row %d: %v for %s, expected %v", c.document, i, got, c.classes[k], x)
				}
				if k == 0 || x > top {
					best, top = k, x
				}
			}
			if got := out[0].(*array.String).Value(i); got != c.classes[best] {
				t.Errorf("%s, row %d: %s, expected %s", c.document, i, got, c.classes[best])
			}
		}
		freeAll(out)
		freeAll(in)
		mem.AssertSize(t, 0)
	}
	for want, classes := range map[string][]string{
		"the option classes has 4 names, but no output has so many scores: Y is a float of [N, 3]": {"a", "b", "c", "d"},
		`the option classes has an empty name or "a" twice`:                                        {"a", "b", "a"},
	} {
		if _, err := LoadWith(bytes.NewReader(operatorCase(t, "gemm").Model), Options{Classes: classes}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v gave %v, expected %s", classes, err, want)
		}
	}
}

// TestJoinColumns: columns of scores are probabilities where there is one for each class of the label.
func TestJoinColumns(t *testing.T) {
	names := &labels{strings: []string{"a", "b"}}
	for _, c := range []struct {
		columns []int
		given   *labels
		joined  bool
	}{
		{[]int{0, 1}, names, true}, {[]int{1, 0}, names, true}, {[]int{1}, names, false}, {[]int{0, 0}, names, false}, {[]int{0, 1, 1}, names, false},
		{[]int{0, 1}, nil, false}, {[]int{0, 1}, &labels{strings: []string{"a", "b", "c"}}, false}, {[]int{0, 1}, &labels{ints: []int64{0, 1}}, false},
	} {
		values := []*value{{name: "label"}}
		for _, i := range c.columns {
			values = append(values, &value{info: info{class: names.one(i)}})
		}
		joinColumns(values, c.given)
		for _, v := range values[1:] {
			if (v.classes != nil) != c.joined {
				t.Errorf("%v of %v: joined is %v, expected %v", c.columns, c.given.all(), v.classes != nil, c.joined)
			}
		}
	}
}
