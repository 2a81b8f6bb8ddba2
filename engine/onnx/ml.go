package onnx

import (
	"cmp"
	"slices"
	"strings"
)

// mlOperators are the operators of the domain ai.onnx.ml, by name. CastMap and DictVectorizer are not among them: they
// take maps, and a column is none.
func mlOperators() map[string]builder {
	return map[string]builder{
		"ArrayFeatureExtractor":  buildArrayFeatureExtractor,
		"Binarizer":              buildBinarizer,
		"CategoryMapper":         buildCategoryMapper,
		"FeatureVectorizer":      buildFeatureVectorizer,
		"Imputer":                buildImputer,
		"LabelEncoder":           buildLabelEncoder,
		"LinearClassifier":       buildLinearClassifier,
		"LinearRegressor":        buildLinearRegressor,
		"Normalizer":             buildNormalizer,
		"OneHotEncoder":          buildOneHotEncoder,
		"SVMClassifier":          buildSVMClassifier,
		"SVMRegressor":           buildSVMRegressor,
		"Scaler":                 buildScaler,
		"TreeEnsemble":           buildTreeEnsemble,
		"TreeEnsembleClassifier": buildTreeEnsembleClassifier,
		"TreeEnsembleRegressor":  buildTreeEnsembleRegressor,
		"ZipMap":                 buildZipMap,
	}
}

// numeric checks that input i is of numbers, not of texts or booleans.
func (n *node) numeric(i int) error {
	return n.kindIn(i, kindFloat, kindDouble, kindInt64, kindInt32)
}

// kindIn checks an input's kind.
func (n *node) kindIn(i int, kinds ...kind) error {
	v := n.inputs[i]
	if v.maps {
		return n.errorf("input %s is a sequence of maps, expected a tensor", v.name)
	}
	if slices.Contains(kinds, v.kind) {
		return nil
	}
	names := make([]string, len(kinds))
	for j, k := range kinds {
		names[j] = k.String()
	}
	return n.errorf("input %s is of type %s, expected %s", v.name, v.kind, strings.Join(names, ", "))
}

// features checks that a node has one input, a matrix of numbers, and gives the number of its columns and of its rows
// as a shape has it.
func (n *node) features() (columns, rows int, err error) {
	if err := n.arity(1, 1); err != nil {
		return 0, 0, err
	}
	if err := n.numeric(0); err != nil {
		return 0, 0, err
	}
	if columns, err = n.matrix(0); err != nil {
		return 0, 0, err
	}
	return columns, n.inputs[0].rows(), nil
}

// rows is the number of rows of a matrix as a shape has it.
func (v *value) rows() int {
	if len(v.shape) == 2 || v.shape[0] < 0 {
		return v.shape[0]
	}
	return 1
}

// rowsOf is the number of rows of a matrix with so many columns.
func rowsOf(t *tensor, columns int) int {
	if len(t.shape) == 2 {
		return t.shape[0]
	}
	return t.size() / max(columns, 1)
}

// oneOf reads a STRING attribute with an allowed value.
func (n *node) oneOf(name, otherwise string, allowed ...string) (string, error) {
	s := n.text(name, otherwise)
	if !slices.Contains(allowed, s) {
		return "", n.errorf("attribute %s is %q, expected %s", name, s, strings.Join(allowed, ", "))
	}
	return s, nil
}

// classLabels reads the labels of a classifier: strings if there are any, otherwise integers.
func (n *node) classLabels(texts, ints string) (*labels, error) {
	l := &labels{strings: n.texts(texts), ints: n.ints(ints)}
	if len(l.strings) == 0 {
		l.strings = nil
	}
	if l.len() == 0 {
		return nil, n.errorf("attributes %s and %s are empty, expected the labels in one of them", texts, ints)
	}
	return l, nil
}

// kind is the kind of a tensor of labels.
func (l *labels) kind() kind {
	if l.strings != nil {
		return kindString
	}
	return kindInt64
}

// put writes label i as element at of a tensor of the labels' kind.
func (l *labels) put(t *tensor, at, i int) {
	if l.strings != nil {
		t.str[at] = l.strings[i]
		return
	}
	t.i64[at] = l.ints[i]
}

// pairOr gives the two labels of a classifier with one score, 0 and 1 if the document does not give two.
func (l *labels) pairOr() *labels {
	switch {
	case l.len() == 2:
		return l
	case l.strings != nil:
		return &labels{strings: []string{"0", "1"}}
	}
	return &labels{ints: []int64{0, 1}}
}

// floats32 are a tensor's numbers as float32: its own, or converted ones in the workspace's scratch memory.
func floats32(w *workspace, t *tensor) []float32 {
	switch t.kind {
	case kindFloat:
		return t.f32
	case kindDouble:
		return castAll(w.scratch32(len(t.f64)), t.f64)
	case kindInt64:
		return castAll(w.scratch32(len(t.i64)), t.i64)
	}
	return castAll(w.scratch32(len(t.i32)), t.i32)
}

func castAll[T, F float32 | float64 | int64 | int32](dst []T, src []F) []T {
	for i, x := range src {
		dst[i] = T(x)
	}
	return dst
}

// table finds the positions of keys in a list. NaN is found as any other key, and 0 is -0.
type table[K cmp.Ordered] struct {
	keys []K // sorted, each once
	at   []int32
}

// newTable takes the first of equal keys, or the last.
func newTable[K cmp.Ordered](keys []K, last bool) *table[K] {
	t := &table[K]{}
	order := make([]int32, len(keys))
	for i := range order {
		order[i] = int32(i)
		if last {
			order[i] = int32(len(keys) - 1 - i)
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(keys[a], keys[b]) })
	for _, i := range order {
		if n := len(t.keys); n > 0 && cmp.Compare(t.keys[n-1], keys[i]) == 0 {
			continue
		}
		t.keys, t.at = append(t.keys, keys[i]), append(t.at, i)
	}
	return t
}

// dropNaN takes NaN out.
func dropNaN[T number](t *table[T]) *table[T] {
	if len(t.keys) > 0 && t.keys[0] != t.keys[0] { // it is less than all others
		t.keys, t.at = t.keys[1:], t.at[1:]
	}
	return t
}

// find gives the position, -1 if the key is not in the list.
func (t *table[K]) find(key K) int32 {
	if i, ok := slices.BinarySearch(t.keys, key); ok {
		return t.at[i]
	}
	return -1
}
