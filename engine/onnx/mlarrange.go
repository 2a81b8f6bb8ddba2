package onnx

import "fmt"

// buildZipMap builds a map for each row from labels to its numbers. The values stay a tensor.
func buildZipMap(n *node) (built, error) {
	columns, rows, err := n.features()
	if err != nil {
		return built{}, err
	}
	if err := n.kindIn(0, kindFloat); err != nil {
		return built{}, err
	}
	names, err := n.classLabels("classlabels_strings", "classlabels_int64s")
	if err != nil {
		return built{}, err
	}
	if names.len() != columns {
		return built{}, n.errorf("there are %d labels for %d columns", names.len(), columns)
	}
	seen := map[string]bool{}
	for i := range columns {
		if t := names.text(i); seen[t] {
			return built{}, n.errorf("the label %q is there twice", t)
		}
		seen[names.text(i)] = true
	}
	return built{outs: []info{{kind: kindFloat, shape: []int{rows, columns}, classes: names, maps: true}}}, nil
}

// buildFeatureVectorizer builds one matrix of several: as many columns of each as inputdimensions says, with zeros for
// those it does not have.
func buildFeatureVectorizer(n *node) (built, error) {
	sizes := n.ints("inputdimensions")
	if len(sizes) == 0 || len(sizes) != len(n.inputs) {
		return built{}, n.errorf("attribute inputdimensions has %d elements, but there are %d inputs", len(sizes), len(n.inputs))
	}
	if err := n.arity(len(sizes), len(sizes)); err != nil {
		return built{}, err
	}
	rows, total := 1, 0
	have := make([]int, len(sizes))
	for i, size := range sizes {
		if err := n.numeric(i); err != nil {
			return built{}, err
		}
		columns, err := n.matrix(i)
		if err != nil {
			return built{}, err
		}
		if size < 0 || size > maxWidth {
			return built{}, n.errorf("attribute inputdimensions has %d for input %d", size, i+1)
		}
		have[i] = columns
		total += int(size)
		switch r := n.inputs[i].rows(); {
		case i == 0:
			rows = r
		case r != rows:
			return built{}, n.errorf("inputs %s and %s have the shapes %s and %s, expected as many rows", n.inputs[0].name, n.inputs[i].name, shapeText(n.inputs[0].shape), shapeText(n.inputs[i].shape))
		}
	}
	run := func(w *workspace, in, out []*tensor) error {
		y, at := out[0].f32, 0
		clear(y)
		for i, t := range in {
			x := floats32(w, t)
			for row := range rowsOf(t, have[i]) {
				width := min(have[i], int(sizes[i]))
				copy(y[row*total+at:], x[row*have[i]:][:width])
			}
			at += int(sizes[i])
		}
		return nil
	}
	return built{outs: []info{{kind: kindFloat, shape: []int{rows, total}}}, run: run}, nil
}

// buildArrayFeatureExtractor builds the choice of elements of the last axis.
func buildArrayFeatureExtractor(n *node) (built, error) {
	if err := n.arity(2, 2); err != nil {
		return built{}, err
	}
	x, at := n.inputs[0], n.inputs[1]
	if err := n.kindIn(1, kindInt64); err != nil {
		return built{}, err
	}
	if len(x.shape) == 0 {
		return built{}, n.errorf("input %s is one element, expected an array", x.name)
	}
	last := x.shape[len(x.shape)-1]
	if last < 0 {
		return built{}, n.errorf("input %s has the shape %s: elements are chosen of rows, not of the batch", x.name, shapeText(x.shape))
	}
	if at.constant != nil {
		for _, i := range at.constant.i64 {
			if i < 0 || i >= int64(last) {
				return built{}, n.errorf("it chooses element %d of %s, expected 0 to %d", i, x.name, last-1)
			}
		}
	}
	chosen, batches := 1, 0
	for _, d := range at.shape {
		chosen *= d
		if d < 0 {
			batches++
		}
	}
	shape := append(append([]int{}, x.shape[:len(x.shape)-1]...), chosen)
	if len(x.shape) == 1 {
		shape = []int{1, chosen}
	}
	if batches > 1 || batches == 1 && batchAxis(x.shape) >= 0 {
		return built{}, n.errorf("inputs %s and %s have the shapes %s and %s: only one may depend on the rows", x.name, at.name, shapeText(x.shape), shapeText(at.shape))
	}
	out := info{kind: x.kind, shape: shape, labels: x.labels}
	if x.constant != nil {
		out.labels = labelsOf(x.constant) // a table of classes; skl2onnx writes those that are numbers as int32
	}
	perRow := max(1, chosen)
	if chosen < 0 {
		perRow = -chosen
	}
	run := func(w *workspace, in, out []*tensor) error {
		for i, k := range in[1].i64 {
			if k >= 0 && k < int64(last) {
				continue
			}
			if chosen >= 0 || i/perRow >= w.rows {
				return fmt.Errorf("it chooses element %d, expected 0 to %d", k, last-1)
			}
			w.drop(i/perRow, fmt.Errorf("element %d is chosen, expected 0 to %d", k, last-1))
		}
		switch x.kind {
		case kindFloat:
			extract(out[0].f32, in[0].f32, in[1].i64, last)
		case kindDouble:
			extract(out[0].f64, in[0].f64, in[1].i64, last)
		case kindInt64:
			extract(out[0].i64, in[0].i64, in[1].i64, last)
		case kindInt32:
			extract(out[0].i32, in[0].i32, in[1].i64, last)
		case kindString:
			extract(out[0].str, in[0].str, in[1].i64, last)
		case kindBool:
			extract(out[0].bool, in[0].bool, in[1].i64, last)
		}
		return nil
	}
	return built{outs: []info{out}, run: run}, nil
}

func extract[T any](dst, x []T, at []int64, last int) {
	if last == 0 || len(at) == 0 {
		return
	}
	for i := 0; i < len(x); i += last {
		for _, k := range at {
			dst[0] = x[i+int(min(max(k, 0), int64(last-1)))]
			dst = dst[1:]
		}
	}
}
