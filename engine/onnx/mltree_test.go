package onnx

import (
	"math"
	"math/rand"
	"testing"
)

// testForest makes random trees. Some nodes are reached in two ways if shared says so.
func testForest[T number](r *rand.Rand, count, depth, features, targets int, modes []treeMode, shared bool) *treeDoc[T] {
	d := &treeDoc[T]{targets: targets, names: func(int) string { return "a node" }}
	values := []T{0, T(math.Copysign(0, -1)), 1, -1, 2.5, T(math.Inf(1)), T(math.Inf(-1)), nan[T](), 1e-40}
	var grow func(level int) int
	grow = func(level int) int {
		i := len(d.nodes)
		d.nodes = append(d.nodes, treeNode[T]{mode: leaf})
		if level == depth || r.Intn(8) == 0 {
			for _, k := range r.Perm(targets)[:1+r.Intn(targets)] {
				d.nodes[i].weights = append(d.nodes[i].weights, treeWeight[T]{k, T(r.NormFloat64())})
			}
			return i
		}
		n := treeNode[T]{mode: modes[r.Intn(len(modes))], missing: r.Intn(3) == 0, feature: r.Intn(features)}
		if n.value = values[r.Intn(len(values))]; r.Intn(3) == 0 {
			n.value = T(r.NormFloat64())
		}
		n.yes = grow(level + 1)
		if n.no = n.yes; !shared || r.Intn(4) > 0 {
			n.no = grow(level + 1)
		}
		d.nodes[i] = n
		return i
	}
	for range count {
		d.roots = append(d.roots, grow(0))
	}
	return d
}

// score is the plain way: each row walks the document's nodes.
func (d *treeDoc[T]) score(row []T, how treeAggregate) (sums []T, has []bool) {
	sums, has = make([]T, d.targets), make([]bool, d.targets)
	for _, i := range d.roots {
		for d.nodes[i].mode != leaf {
			n := &d.nodes[i]
			v, pass := row[n.feature], false
			switch n.mode {
			case atMost:
				pass = v <= n.value
			case below:
				pass = v < n.value
			case atLeast:
				pass = v >= n.value
			case above:
				pass = v > n.value
			case equal:
				pass = v == n.value
			case unequal:
				pass = v != n.value
			}
			if i = n.no; pass || n.missing && v != v {
				i = n.yes
			}
		}
		weights := d.nodes[i].weights
		if d.targets == 1 {
			weights = weights[:1]
		}
		for _, w := range weights {
			switch {
			case how == aggregateSum:
				sums[w.target] += w.value
			case !has[w.target], how == aggregateMin && w.value < sums[w.target], how == aggregateMax && w.value > sums[w.target]:
				sums[w.target] = w.value
			}
			has[w.target] = true
		}
	}
	return sums, has
}

// TestForest holds both forms of trees equal to the plain walk, to the last bit.
func TestForest(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	forms := [2]int{}
	for round := range 300 {
		modes := []treeMode{atMost, below, atLeast, above, equal, unequal}
		if round%3 > 0 {
			modes = modes[:4]
		}
		targets := 1 + round%3
		d := testForest[float32](r, 1+r.Intn(6), r.Intn(9), 4, targets, modes, round%5 == 0)
		if round%2 == 0 { // all leaves give to all targets
			for i := range d.nodes {
				if n := &d.nodes[i]; n.mode == leaf {
					n.weights = nil
					for k := range targets {
						n.weights = append(n.weights, treeWeight[float32]{k, float32(r.NormFloat64())})
					}
				}
			}
		}
		if round%4 == 1 { // each tree gives to one
			sizes, _ := d.check(4)
			for i, root := range d.roots {
				k := r.Intn(targets)
				d.leaves(root, sizes[i], func(n *treeNode[float32]) { n.weights = []treeWeight[float32]{{k, float32(r.NormFloat64())}} })
			}
		}
		sizes, err := d.check(4)
		if err != nil {
			t.Fatal(err)
		}
		f := newForest(d, sizes)
		for i := range f.trees {
			if f.trees[i].pairs != nil {
				forms[0]++
			} else {
				forms[1]++
			}
		}
		in := newTensor(kindFloat, 300, 4)
		for i := range in.f32 {
			switch in.f32[i] = float32(r.NormFloat64()); r.Intn(4) {
			case 0:
				in.f32[i] = []float32{0, float32(math.Copysign(0, -1)), 1, -1, 2.5, float32(math.Inf(1)), float32(math.Inf(-1)), nan[float32](), 1e-40}[r.Intn(9)]
			case 1:
				in.f32[i] = d.nodes[r.Intn(len(d.nodes))].value
			}
		}
		s := &treeScratch[float32]{}
		for _, how := range []treeAggregate{aggregateSum, aggregateMin, aggregateMax} {
			f.sum(s, in, 4, 300, how)
			for row := range 300 {
				want, has := d.score(in.f32[row*4:row*4+4], how)
				for k := range targets {
					got := s.sums[row*targets+k]
					if got != want[k] {
						t.Fatalf("round %d, row %v, aggregate %d, target %d: %v, expected %v", round, in.f32[row*4:row*4+4], how, k, got, want[k])
					}
					if f.some && s.has[row*targets+k] != has[k] {
						t.Fatalf("round %d, row %d, target %d: has is %v, expected %v", round, row, k, s.has[row*targets+k], has[k])
					}
				}
			}
		}
	}
	if forms[0] < 100 || forms[1] < 100 {
		t.Errorf("%d trees walked in lockstep, %d not: expected many of both", forms[0], forms[1])
	}
}

// attrs makes a node's attributes of Go values.
func testAttrs(values map[string]any) map[string]attribute {
	out := map[string]attribute{}
	for name, v := range values {
		switch v := v.(type) {
		case int:
			out[name] = attribute{kind: attrInt, i: int64(v)}
		case float64:
			out[name] = attribute{kind: attrFloat, f: float32(v)}
		case string:
			out[name] = attribute{kind: attrString, s: v}
		case []int64:
			out[name] = attribute{kind: attrInts, ints: v}
		case []float32:
			out[name] = attribute{kind: attrFloats, floats: v}
		case []string:
			out[name] = attribute{kind: attrStrings, strings: v}
		case *tensor:
			out[name] = attribute{kind: attrTensor, t: v}
		}
	}
	return out
}

// buildML builds a node with one input of so many columns.
func buildML(op string, k kind, columns int, values map[string]any) (built, error) {
	n := &node{op: op, domain: mlDomain, name: "n", opset: 5, attrs: testAttrs(values), graph: &loader{}}
	n.inputs = []*value{{name: "X", info: info{kind: k, shape: []int{-1, columns}}}}
	b, err := mlOperators()[op](n)
	if n.err != nil {
		return b, n.err
	}
	return b, err
}

// TestMLRefused holds what a user is told of nodes that make no sense.
func TestMLRefused(t *testing.T) {
	tree := func(change map[string]any) map[string]any {
		all := map[string]any{
			"n_targets":     1,
			"nodes_treeids": []int64{0, 0, 0}, "nodes_nodeids": []int64{0, 1, 2}, "nodes_featureids": []int64{1, 0, 0},
			"nodes_modes": []string{"BRANCH_LEQ", "LEAF", "LEAF"}, "nodes_values": []float32{0.5, 0, 0},
			"nodes_truenodeids": []int64{1, 0, 0}, "nodes_falsenodeids": []int64{2, 0, 0},
			"target_treeids": []int64{0, 0}, "target_nodeids": []int64{1, 2}, "target_ids": []int64{0, 0}, "target_weights": []float32{1, 2},
		}
		for k, v := range change {
			if all[k] = v; v == nil {
				delete(all, k)
			}
		}
		return all
	}
	ensemble := func(change map[string]any) map[string]any {
		all := map[string]any{
			"tree_roots": []int64{0, 1}, "nodes_featureids": []int64{0, 1},
			"nodes_splits": &tensor{kind: kindFloat, shape: []int{2}, f32: []float32{1, 2}}, "nodes_modes": &tensor{kind: kindInt32, shape: []int{2}, i32: []int32{0, 1}},
			"nodes_truenodeids": []int64{0, 1}, "nodes_falsenodeids": []int64{1, 2}, "nodes_trueleafs": []int64{1, 1}, "nodes_falseleafs": []int64{1, 1},
			"leaf_targetids": []int64{0, 0, 0}, "leaf_weights": &tensor{kind: kindFloat, shape: []int{3}, f32: []float32{1, 2, 3}},
		}
		for k, v := range change {
			all[k] = v
		}
		return all
	}
	svm := map[string]any{
		"classlabels_ints": []int64{1, 2}, "vectors_per_class": []int64{1, 1}, "coefficients": []float32{1, -1},
		"support_vectors": []float32{1, 2, 3, 4}, "rho": []float32{0}, "kernel_params": []float32{1, 0, 3},
	}
	with := func(all map[string]any, name string, v any) map[string]any {
		out := map[string]any{}
		for k, x := range all {
			out[k] = x
		}
		out[name] = v
		return out
	}
	for _, c := range []struct {
		op    string
		attrs map[string]any
		want  string
	}{
		{"TreeEnsembleRegressor", tree(nil), ""},
		{"TreeEnsembleRegressor", tree(map[string]any{"nodes_modes": []string{"LEAF"}}), `attribute nodes_modes has 1 elements, but nodes_treeids has 3`},
		{"TreeEnsembleRegressor", tree(map[string]any{"nodes_values": []float32{}}), `attribute nodes_values has 0 elements, but nodes_treeids has 3`},
		{"TreeEnsembleRegressor", tree(map[string]any{"nodes_missing_value_tracks_true": []int64{1}}), `attribute nodes_missing_value_tracks_true has 1 elements, but nodes_treeids has 3`},
		{"TreeEnsembleRegressor", tree(map[string]any{"nodes_truenodeids": []int64{7, 0, 0}}), `node 0 of tree 0 leads to node 7 (nodes_truenodeids), which is not in its tree`},
		{"TreeEnsembleRegressor", tree(map[string]any{"nodes_falsenodeids": []int64{-1, 0, 0}}), `node 0 of tree 0 leads to node -1 (nodes_falsenodeids), which is not in its tree`},
		{"TreeEnsembleRegressor", tree(map[string]any{"nodes_falsenodeids": []int64{0, 0, 0}}), `node 0 of tree 0 leads back to node 0 of tree 0, expected a tree`},
		{"TreeEnsembleRegressor", tree(map[string]any{"nodes_modes": []string{"BRANCH_LEQ", "BRANCH_LT", "LEAF"}}), `node 1 of tree 0 leads back to node 0 of tree 0, expected a tree`},
		{"TreeEnsembleRegressor", tree(map[string]any{"nodes_nodeids": []int64{0, 1, 1}}), `node 1 of tree 0 is there twice`},
		{"TreeEnsembleRegressor", tree(map[string]any{"nodes_modes": []string{"BRANCH_LEG", "LEAF", "LEAF"}}), `node 0 of tree 0 has the mode "BRANCH_LEG", expected one of BRANCH_LEQ, BRANCH_LT,`},
		{"TreeEnsembleRegressor", tree(map[string]any{"nodes_featureids": []int64{2, 0, 0}}), `node 0 of tree 0 tests feature 2, but the input has 2 columns`},
		{"TreeEnsembleRegressor", tree(map[string]any{"nodes_featureids": []int64{-1, 0, 0}}), `node 0 of tree 0 tests feature -1`},
		{"TreeEnsembleRegressor", tree(map[string]any{"target_ids": []int64{0, 1}}), `target_ids has 1 for node 2 of tree 0, expected 0 to 0`},
		{"TreeEnsembleRegressor", tree(map[string]any{"target_nodeids": []int64{1, 9}}), `target_nodeids has the node 9 of tree 0, which is not there`},
		{"TreeEnsembleRegressor", tree(map[string]any{"target_weights": []float32{1}}), `attribute target_weights has 1 elements, but target_treeids has 2`},
		{"TreeEnsembleRegressor", tree(map[string]any{"n_targets": 0}), `attribute n_targets is 0, expected 1 or more`},
		{"TreeEnsembleRegressor", tree(map[string]any{"aggregate_function": "MEAN"}), `attribute aggregate_function is "MEAN", expected AVERAGE, SUM, MIN, MAX`},
		{"TreeEnsembleRegressor", tree(map[string]any{"post_transform": "LOG"}), `attribute post_transform is "LOG", expected NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO, PROBIT`},
		{"TreeEnsembleRegressor", tree(map[string]any{"base_values": []float32{1, 2}}), `attribute base_values has 2 elements, expected none or 1`},
		{"TreeEnsembleRegressor", tree(map[string]any{"nodes_values_as_tensor": &tensor{kind: kindDouble, shape: []int{3}, f64: []float64{1, 2, 3}}}), `attributes nodes_values and nodes_values_as_tensor are both there, expected one`},
		{"TreeEnsembleRegressor", map[string]any{"n_targets": 1}, `attribute nodes_treeids is empty, expected at least one tree`},
		{"TreeEnsembleClassifier", tree(nil), `attributes classlabels_strings and classlabels_int64s are empty, expected the labels in one of them`},
		{"TreeEnsemble", ensemble(map[string]any{"nodes_falsenodeids": []int64{2, 3}}), `node 1 leads to leaf 3, expected 0 to 2`},
		{"TreeEnsemble", ensemble(nil), `leaf 1 belongs to two trees`},
		{"TreeEnsemble", ensemble(map[string]any{"nodes_trueleafs": []int64{0, 1}, "nodes_truenodeids": []int64{1, 1}}), `node 1 belongs to two trees`},
		{"TreeEnsemble", ensemble(map[string]any{"nodes_trueleafs": []int64{0, 1}}), `node 0 leads back to node 0, expected a tree`},
		{"TreeEnsemble", ensemble(map[string]any{"tree_roots": []int64{5}}), `tree_roots has the node 5, expected 0 to 1`},
		{"TreeEnsemble", ensemble(map[string]any{"leaf_targetids": []int64{0, 1, 0}}), `leaf_targetids has 1 for leaf 1, expected 0 to 0`},
		{"TreeEnsemble", ensemble(map[string]any{"aggregate_function": 9}), `attribute aggregate_function is 9, expected 0 to 3`},
		{"TreeEnsemble", ensemble(map[string]any{"nodes_modes": &tensor{kind: kindInt32, shape: []int{2}, i32: []int32{0, 7}}}), `attribute nodes_modes has 7 for node 1, expected 0 to 6`},
		{"LinearRegressor", map[string]any{"coefficients": []float32{1, 2, 3}}, `attribute coefficients has 3 elements, expected 2: one for each of 1 targets and each of 2 columns`},
		{"LinearClassifier", map[string]any{"classlabels_ints": []int64{1, 2, 3}, "coefficients": []float32{1, 2}, "intercepts": []float32{1}}, `there are 3 labels for 1 intercepts`},
		{"LinearClassifier", map[string]any{"classlabels_ints": []int64{1, 2}, "coefficients": []float32{1, 2}, "intercepts": []float32{1}, "post_transform": "PROBIT"}, `post_transform PROBIT is not supported for two classes with one score`},
		{"SVMClassifier", svm, ""},
		{"SVMClassifier", with(svm, "support_vectors", []float32{1}), `attribute support_vectors has 1 elements, expected 4: 2 vectors of 2 columns`},
		{"SVMClassifier", with(svm, "vectors_per_class", []int64{2}), `attribute vectors_per_class has 1 elements, but there are 2 labels`},
		{"SVMClassifier", with(svm, "vectors_per_class", []int64{2, -1}), `attribute vectors_per_class has -1 for class 1`},
		{"SVMClassifier", with(svm, "coefficients", []float32{1}), `attribute coefficients has 1 elements, expected 2: 2 vectors for each of 2 classes but one`},
		{"SVMClassifier", with(svm, "rho", []float32{}), `attribute rho has 0 elements, expected 1: one for each pair of classes`},
		{"SVMClassifier", with(svm, "prob_a", []float32{1}), `attributes prob_a and prob_b have 1 and 0 elements, expected 1 or none`},
		{"SVMClassifier", with(svm, "kernel_type", "CUBIC"), `attribute kernel_type is "CUBIC", expected LINEAR, POLY, RBF, SIGMOID`},
		{"SVMClassifier", with(svm, "kernel_params", []float32{1}), `attribute kernel_params has 1 elements, expected gamma, coef0 and degree`},
		{"SVMRegressor", map[string]any{"coefficients": []float32{1}, "rho": []float32{0}}, `attribute coefficients has 1 elements, expected one for each of 2 columns`},
		{"SVMRegressor", map[string]any{"coefficients": []float32{1}, "rho": []float32{0}, "n_supports": 2, "support_vectors": []float32{1, 2}}, `attribute coefficients has 1 elements, but n_supports is 2`},
		{"Scaler", map[string]any{"scale": []float32{1, 2}, "offset": []float32{1}}, `attributes scale and offset have 2 and 1 elements, expected one or 2 in both`},
		{"Normalizer", map[string]any{"norm": "L3"}, `attribute norm is "L3", expected MAX, L1, L2`},
		{"Imputer", map[string]any{"imputed_value_floats": []float32{1, 2, 3}}, `attribute imputed_value_floats has 3 elements, expected one or 2`},
		{"OneHotEncoder", map[string]any{}, `attributes cats_strings and cats_int64s have 0 and 0 elements, expected categories in one of them`},
		{"OneHotEncoder", map[string]any{"cats_strings": []string{"a"}}, `input X is of type float, which the categories are not`},
		{"LabelEncoder", map[string]any{"keys_floats": []float32{1}, "values_int64s": []int64{1, 2}}, `there are 1 keys but 2 values`},
		{"LabelEncoder", map[string]any{"keys_floats": []float32{1}}, `there is no attribute values_strings, values_int64s, values_floats or values_tensor`},
		{"LabelEncoder", map[string]any{"keys_strings": []string{"a"}, "values_int64s": []int64{1}}, `input X is of type float, expected string`},
		{"CategoryMapper", map[string]any{}, `input X is of type float, expected string, int64`},
		{"FeatureVectorizer", map[string]any{"inputdimensions": []int64{1, 2}}, `attribute inputdimensions has 2 elements, but there are 1 inputs`},
		{"ZipMap", map[string]any{"classlabels_int64s": []int64{1}}, `there are 1 labels for 2 columns`},
		{"ZipMap", map[string]any{"classlabels_int64s": []int64{1, 1}}, `the label "1" is there twice`},
		{"ArrayFeatureExtractor", map[string]any{}, `expected 2 inputs, found 1`},
	} {
		_, err := buildML(c.op, kindFloat, 2, c.attrs)
		want := `node "n" (ai.onnx.ml.` + c.op + `): ` + c.want
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.op, err)
		case c.want != "" && err == nil:
			t.Errorf("%s is built, expected: %s", c.op, c.want)
		case c.want != "" && len(err.Error()) < len(want) || err != nil && err.Error()[:len(want)] != want:
			t.Errorf("gave:     %v\nexpected: %s", err, want)
		}
	}
}

// mlFuzzed are the cases that seed the fuzzer.
var mlFuzzed = []string{"tree_modes", "treec_words", "treec_double_tensors", "ensemble_float_set", "ensemble_double_sum", "lgb_category",
	"svc_rbf_three_proba", "svr_poly", "linear_two_none_words", "onehot_words", "label_float_string_four", "label_tensor_string_double",
	"imputer_nan", "zipmap_strings", "vectorizer_float", "extractor_words", "category_int64", "normalizer_l2_double", "scaler_int64", "pipe_forest"}

// TestMLDamaged changes bytes of documents: an error or a model, never a panic.
func TestMLDamaged(t *testing.T) {
	cases := mlCases(t)
	r := rand.New(rand.NewSource(2))
	for _, name := range mlFuzzed {
		doc := cases[name].Model
		for range 150 {
			damaged := append([]byte{}, doc...)
			for range 1 + r.Intn(3) {
				damaged[r.Intn(len(damaged))] = byte(r.Intn(256))
			}
			scoreAnything(t, damaged)
		}
	}
}

// BenchmarkForest scores 10,000 rows of 20 features with 100 full trees of depth 8.
func BenchmarkForest(b *testing.B) {
	r := rand.New(rand.NewSource(3))
	for _, targets := range []int{1, 5} {
		d := &treeDoc[float32]{targets: targets}
		var grow func(level int) int
		grow = func(level int) int {
			i := len(d.nodes)
			d.nodes = append(d.nodes, treeNode[float32]{mode: leaf})
			if level == 8 {
				for k := range targets {
					d.nodes[i].weights = append(d.nodes[i].weights, treeWeight[float32]{k, r.Float32()})
				}
				return i
			}
			n := treeNode[float32]{mode: atMost, feature: r.Intn(20), value: float32(r.NormFloat64())}
			n.yes, n.no = grow(level+1), grow(level+1)
			d.nodes[i] = n
			return i
		}
		for range 100 {
			d.roots = append(d.roots, grow(0))
		}
		sizes, err := d.check(20)
		if err != nil {
			b.Fatal(err)
		}
		f := newForest(d, sizes)
		const rows = 10000
		in := make([]*tensor, 0, rows/tileRows+1)
		for from := 0; from < rows; from += tileRows {
			in = append(in, newTensor(kindFloat, min(tileRows, rows-from), 20))
			for i := range in[len(in)-1].f32 {
				in[len(in)-1].f32[i] = float32(r.NormFloat64())
			}
		}
		b.Run(map[int]string{1: "one target", 5: "five targets"}[targets], func(b *testing.B) {
			s := &treeScratch[float32]{}
			b.ReportAllocs()
			for b.Loop() {
				for _, t := range in {
					f.sum(s, t, 20, t.shape[0], aggregateSum)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
