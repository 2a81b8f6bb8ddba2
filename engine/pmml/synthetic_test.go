package pmml

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// syntheticForest writes a forest of regression trees over features f0, f1, ...: balanced trees of a depth, or, if
// thin, a chain of tests each of which ends one side.
func syntheticForest(trees, depth, features int, thin bool) string {
	rng := rand.New(rand.NewPCG(9, 9))
	var b strings.Builder
	b.WriteString(`<PMML version="4.4"><DataDictionary><DataField name="y" optype="continuous" dataType="double"/>`)
	schema := ""
	for i := range features {
		fmt.Fprintf(&b, `<DataField name="f%d" optype="continuous" dataType="double"/>`, i)
		schema += fmt.Sprintf(`<MiningField name="f%d"/>`, i)
	}
	b.WriteString(`</DataDictionary><MiningModel functionName="regression"><MiningSchema><MiningField name="y" usageType="target"/>` + schema +
		`</MiningSchema><Segmentation multipleModelMethod="sum">`)
	var node func(test string, depth int)
	node = func(test string, depth int) {
		if depth == 0 {
			fmt.Fprintf(&b, `<Node score="%v">%s</Node>`, rng.NormFloat64(), test)
			return
		}
		fmt.Fprintf(&b, `<Node>%s`, test)
		left := depth - 1
		if thin {
			left = 0
		} else if depth > 2 && rng.IntN(8) == 0 {
			left = 1
		}
		node(fmt.Sprintf(`<SimplePredicate field="f%d" operator="lessOrEqual" value="%v"/>`, rng.IntN(features), rng.NormFloat64()), left)
		node(`<True/>`, depth-1)
		b.WriteString(`</Node>`)
	}
	for range trees {
		b.WriteString(`<Segment><True/><TreeModel functionName="regression"><MiningSchema>` + schema + `</MiningSchema>`)
		node(`<True/>`, depth)
		b.WriteString("</TreeModel></Segment>\n")
	}
	b.WriteString(`</Segmentation></MiningModel></PMML>`)
	return b.String()
}

// syntheticRows are normally distributed inputs for a model whose inputs are doubles.
func syntheticRows(m *Model, n int) []arrow.Array {
	rng := rand.New(rand.NewPCG(5, 6))
	in := make([]arrow.Array, len(m.inputs))
	for c := range in {
		b := array.NewFloat64Builder(memory.DefaultAllocator)
		for range n {
			b.Append(rng.NormFloat64())
		}
		in[c] = b.NewArray()
		b.Release()
	}
	return in
}
