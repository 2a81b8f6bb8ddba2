package onnx

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOldOpset loads a document of version 1 of the operators of ai.onnx whose only operator of that domain is Identity.
// Its answers are among TestMLAnswers's.
func TestOldOpset(t *testing.T) {
	f, err := os.Open(filepath.Join(mlData, "skl_boosting_opset.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := Load(f)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(m.Opsets(), ", "); got != "ai.onnx 1, ai.onnx.ml 1" {
		t.Errorf("the document has %s: that is no case of old operators", got)
	}
}

// TestOpsetWithClasses: the nodes that name the classes do not change what is said of the document.
func TestOpsetWithClasses(t *testing.T) {
	doc := operatorCase(t, "gemm")
	plain, err := parse(doc.Model)
	if err != nil {
		t.Fatal(err)
	}
	for _, said := range []int64{0, 6, 17} {
		m := &Model{doc: &document{opsets: map[string]int64{}, graph: plain.graph}}
		if said > 0 {
			m.doc.opsets[""] = said
		}
		l := newLoader(m.doc)
		v := &value{name: "Y", info: info{kind: kindFloat, shape: []int{-1, 3}}}
		if err := l.define(v); err != nil {
			t.Fatal(err)
		}
		if _, err := m.classify(l, []*value{v}, []string{"a", "b", "c"}); err != nil {
			t.Fatal(err)
		}
		want := map[int64]string{0: "", 6: "ai.onnx 6", 17: "ai.onnx 17"}[said]
		if got := strings.Join(m.Opsets(), ", "); got != want {
			t.Errorf("version %d: the document has %q", said, got)
		}
	}
}

// TestCheckOpset holds the versions from which on operators are supported.
func TestCheckOpset(t *testing.T) {
	for _, c := range []struct {
		op, domain string
		opset      int
		fine       bool
	}{
		{"Identity", "", 1, true}, {"Concat", "", 3, false}, {"Concat", "", 4, true}, {"Cast", "", 5, false}, {"Cast", "", 6, true},
		{"Add", "", 6, false}, {"Add", "", 7, true}, {"Scaler", mlDomain, 1, true},
	} {
		n := &node{op: c.op, domain: c.domain, opset: c.opset, name: "n"}
		if err := n.checkOpset(); (err == nil) != c.fine {
			t.Errorf("%s of version %d: %v", c.op, c.opset, err)
		}
	}
	for op := range sinceOpset {
		if _, ok := operators()[op]; !ok {
			t.Errorf("%s is no operator that is supported", op)
		}
	}
}
