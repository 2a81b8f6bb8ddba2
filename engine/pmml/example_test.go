package pmml_test

import (
	"fmt"
	"os"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine/pmml"
)

// A forest is loaded and two flowers are scored; only the outputs that are wanted are computed.
func ExampleModel_ScoreOutputs() {
	f, err := os.Open("../../testdata/iris/RandomForestIris.pmml")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	m, err := pmml.Load(f)
	if err != nil {
		fmt.Println(err)
		return
	}
	flowers := map[string][]float64{"sepal_length": {5.1, 6.3}, "sepal_width": {3.5, 3.3}, "petal_length": {1.4, 6}, "petal_width": {0.2, 2.5}}
	var in []arrow.Array
	for _, field := range m.Inputs() {
		b := array.NewFloat64Builder(memory.DefaultAllocator)
		b.AppendValues(flowers[field.Name], nil)
		in = append(in, b.NewArray())
	}
	var want []int
	for i, o := range m.Outputs() {
		if o.Final && (o.Field.Name == "prediction" || o.Role == pmml.Probability) {
			want = append(want, i)
		}
	}
	out, err := m.ScoreOutputs(memory.DefaultAllocator, 2, in, want, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, w := range want {
		fmt.Println(m.Outputs()[w].Field.Name, out[i])
	}
	// Output:
	// prediction [0 2]
	// probability(0) [1 0]
	// probability(1) [0 0.006666666666666666]
	// probability(2) [0 0.9933333333333334]
}
