package sparkml

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
)

// stage is one loaded step: it reads and writes columns of a tile. It is immutable.
type stage interface {
	// run computes the stage's columns of a tile, and drops the rows that it cannot. An error is why no row of the
	// tile can be scored.
	run(t *tile) error
}

// slot is a column that stages exchange.
type slot struct {
	name   string
	kind   kind
	raw    bool     // no stage makes it: an input of the model
	dim    int      // length of vectors where a stage says it, else 0
	labels []string // for an index that a StringIndexer made: the labels
	shown  Role     // of a predictor's columns
	always bool     // a predictor's column: an output also if another stage reads it
	whole  bool     // numbers that are integers in Spark
	hidden bool     // Spark has no such column, or the user turned it off
}

// node is a stage and the slots it reads and writes.
type node struct {
	stage
	class string
	in    []int
	out   []int
	drop  bool // a StringIndexer's column: without a use it was made of the training's label
}

// builder assembles the stages of a model in order.
type builder struct {
	slots  []slot
	byName map[string]int
	nodes  []node
	proba  []proba // what gives the probabilities, for naming their classes

	// the stage being read
	md *metadata
	fs fs.FS
	in []int
	ou []int
}

// proba is the probability column of a classifier.
type proba struct {
	slot, prediction, classes int
	label                     string // name of the label column it was trained with
}

// key is how Spark compares column names.
func key(name string) string { return strings.ToLower(name) }

// use finds the column a stage reads; if no stage makes it, it is an input of the model.
func (b *builder) use(name string, k kind) (int, error) {
	at, ok := b.byName[key(name)]
	if !ok {
		at = len(b.slots)
		b.byName[key(name)] = at
		b.slots = append(b.slots, slot{name: name, kind: k, raw: true})
	}
	if got := b.slots[at].kind; got != k {
		return 0, fmt.Errorf("the column %s is %s, but %s is needed", name, got, k)
	}
	b.in = append(b.in, at)
	return at, nil
}

// vector is use for vectors of dim features; 0 takes any.
func (b *builder) vector(name string, dim int) (int, error) {
	at, err := b.use(name, vector)
	if err != nil {
		return 0, err
	}
	s := &b.slots[at]
	switch {
	case s.dim == 0:
		s.dim = dim
	case dim != 0 && s.dim != dim:
		return 0, fmt.Errorf("the column %s has %d features, expected %d", name, s.dim, dim)
	}
	return at, nil
}

// create adds a column that the stage makes.
func (b *builder) create(s slot) (int, error) {
	at := len(b.slots)
	if s.name == "" {
		s.hidden = true
	}
	if !s.hidden {
		if old, ok := b.byName[key(s.name)]; ok {
			return 0, fmt.Errorf("the output column %s exists already, as %s", s.name, b.slots[old].kind)
		}
		b.byName[key(s.name)] = at
	}
	b.slots = append(b.slots, s)
	b.ou = append(b.ou, at)
	return at, nil
}

// useCreate is use of the column a stage reads, then create of the one it makes.
func (b *builder) useCreate(name string, k kind, made slot) (in, out int, err error) {
	if in, err = b.use(name, k); err != nil {
		return 0, 0, err
	}
	out, err = b.create(made)
	return in, out, err
}

// add ends a node of the stage being read.
func (b *builder) add(s stage) {
	b.nodes = append(b.nodes, node{stage: s, class: b.md.Class, in: b.in, out: b.ou})
	b.in, b.ou = nil, nil
}

// input and output are the column names of a stage with one of each.
func (b *builder) inputOutput() (string, string, error) {
	ins, outs, err := b.pairs()
	if err != nil {
		return "", "", err
	}
	if len(ins) != 1 {
		return "", "", fmt.Errorf("it has %d input columns, expected 1", len(ins))
	}
	return ins[0], outs[0], nil
}

// pairs are the input and output columns of a stage that takes several.
func (b *builder) pairs() (ins, outs []string, err error) {
	md := b.md
	if _, err := md.param("inputCols", &ins); err != nil {
		return nil, nil, err
	}
	if len(ins) > 0 {
		if _, err := md.param("outputCols", &outs); err != nil {
			return nil, nil, err
		}
		if len(ins) != len(outs) {
			return nil, nil, fmt.Errorf("it has %d inputCols, but %d outputCols", len(ins), len(outs))
		}
		return ins, outs, nil
	}
	in, err := md.text("inputCol", "")
	if err != nil {
		return nil, nil, err
	}
	out, err := md.text("outputCol", md.UID+"__output")
	if err != nil {
		return nil, nil, err
	}
	if in == "" {
		return nil, nil, fmt.Errorf("it was saved without inputCol")
	}
	return []string{in}, []string{out}, nil
}

// data reads the stage's Parquet data.
func (b *builder) data() (*table, error) { return readTable(b.fs, "data") }

// readers read the stages, by the part of the class name after org.apache.spark.ml.
var readers = map[string]func(*builder) error{
	"feature.IndexToString":                                  readIndexToString,
	"feature.StringIndexerModel":                             readStringIndexer,
	"feature.VectorAssembler":                                readAssembler,
	"feature.VectorIndexerModel":                             readVectorIndexer,
	"feature.OneHotEncoderModel":                             readOneHot,
	"feature.Bucketizer":                                     readBucketizer,
	"feature.Binarizer":                                      readBinarizer,
	"feature.MinMaxScalerModel":                              readMinMax,
	"feature.StandardScalerModel":                            readStandardScaler,
	"feature.MaxAbsScalerModel":                              readMaxAbs,
	"feature.Normalizer":                                     readNormalizer,
	"feature.ImputerModel":                                   readImputer,
	"feature.PCAModel":                                       readPCA,
	"feature.PolynomialExpansion":                            readPolynomial,
	"feature.Tokenizer":                                      readTokenizer,
	"feature.RegexTokenizer":                                 readRegexTokenizer,
	"feature.HashingTF":                                      readHashingTF,
	"feature.IDFModel":                                       readIDF,
	"classification.DecisionTreeClassificationModel":         readTrees,
	"classification.RandomForestClassificationModel":         readTrees,
	"classification.GBTClassificationModel":                  readTrees,
	"regression.DecisionTreeRegressionModel":                 readTrees,
	"regression.RandomForestRegressionModel":                 readTrees,
	"regression.GBTRegressionModel":                          readTrees,
	"classification.LogisticRegressionModel":                 readLogistic,
	"classification.LinearSVCModel":                          readSVC,
	"classification.NaiveBayesModel":                         readBayes,
	"classification.MultilayerPerceptronClassificationModel": readPerceptron,
	"regression.LinearRegressionModel":                       readLinear,
	"regression.GeneralizedLinearRegressionModel":            readGeneralized,
	"clustering.KMeansModel":                                 readKMeans,
}

const (
	classPrefix = "org.apache.spark.ml."
	maxNesting  = 32
	maxStages   = 10000
)

// supported lists the classes by their last name, sorted.
func supported() []string {
	names := []string{"PipelineModel"}
	for n := range readers {
		names = append(names, n[strings.LastIndexByte(n, '.')+1:])
	}
	slices.Sort(names)
	return names
}

// read adds the stage saved in fsys, or those of the pipeline saved there.
func (b *builder) read(fsys fs.FS, md *metadata, depth int) error {
	if md.Class == classPrefix+"PipelineModel" || md.Class == "pyspark.ml.pipeline.PipelineModel" {
		if depth > maxNesting {
			return fmt.Errorf("pipelines nest deeper than %d", maxNesting)
		}
		return b.pipeline(fsys, md, depth)
	}
	short, ours := strings.CutPrefix(md.Class, classPrefix)
	read, ok := readers[short]
	if !ours || !ok {
		hint := ""
		if _, model := readers[short+"Model"]; model {
			hint = "it is an estimator that was not fitted; save the model that fit() gives; "
		}
		return fmt.Errorf("the Spark ML class %s is not supported: %sexpected one of: %s", md.Class, hint, strings.Join(supported(), ", "))
	}
	if len(b.nodes) > maxStages {
		return fmt.Errorf("the pipeline has more than %d stages", maxStages)
	}
	b.md, b.fs, b.in, b.ou = md, fsys, nil, nil
	if err := read(b); err != nil {
		return fmt.Errorf("%s: %w", md.kind(), err)
	}
	return nil
}

func (b *builder) pipeline(fsys fs.FS, md *metadata, depth int) error {
	var uids []string
	if ok, err := md.param("stageUids", &uids); err != nil {
		return err
	} else if !ok {
		return fmt.Errorf("PipelineModel: the metadata has no stageUids")
	}
	digits := len(fmt.Sprint(len(uids)))
	for i, uid := range uids {
		dir := fmt.Sprintf("stages/%0*d_%s", digits, i, uid)
		if !fs.ValidPath(dir) {
			return fmt.Errorf("PipelineModel: the stage name %q is no name of a folder", uid)
		}
		sub, err := fs.Sub(fsys, dir)
		if err != nil {
			return err
		}
		inner, err := readStage(sub)
		if err == nil {
			err = b.read(sub, inner, depth+1)
		}
		if err != nil {
			return fmt.Errorf("stage %d (%s): %w", i, dir, err)
		}
	}
	return nil
}

// prune takes out the indexes of labels: columns of StringIndexers that no stage reads, in a pipeline that predicts.
// Spark skips them too where the label column is missing.
func (b *builder) prune() {
	predicts := slices.ContainsFunc(b.slots, func(s slot) bool { return s.always })
	if !predicts {
		return
	}
	read := b.readers()
	b.nodes = slices.DeleteFunc(b.nodes, func(n node) bool { return n.drop && read[n.out[0]] == 0 })
}

// readers counts the stages that read each slot.
func (b *builder) readers() []int {
	read := make([]int, len(b.slots))
	for _, n := range b.nodes {
		for _, s := range n.in {
			read[s]++
		}
	}
	return read
}

// finish makes the model.
func (b *builder) finish(m *Model) error {
	if len(b.nodes) == 0 {
		return fmt.Errorf("the pipeline has no stages")
	}
	labels := b.labelsOf()
	b.prune()
	read := b.readers()
	m.nodes, m.slots = b.nodes, b.slots
	for i, s := range b.slots {
		if s.raw && read[i] > 0 {
			m.inputSlots = append(m.inputSlots, i)
			m.inputs = append(m.inputs, arrow.Field{Name: s.name, Type: s.kind.arrow(), Nullable: true})
		}
	}
	m.makers = make([]int, len(b.slots))
	for i := range m.makers {
		m.makers[i] = -1
	}
	var rest []output
	for k, n := range b.nodes {
		for _, at := range n.out {
			m.makers[at] = k
			s := b.slots[at]
			if s.hidden || read[at] > 0 && !s.always {
				continue
			}
			o := output{slot: at, elem: -1}
			o.Field = arrow.Field{Name: s.name, Type: s.kind.arrow(), Nullable: true}
			if s.whole {
				o.Field.Type = arrow.PrimitiveTypes.Int32
			}
			o.Role, o.Final = s.shown, true
			if s.shown == Predicted {
				m.outs = append(m.outs, o)
				continue
			}
			rest = append(rest, o)
		}
	}
	for _, p := range b.proba {
		for c := range p.classes {
			if b.slots[p.slot].hidden {
				break
			}
			class := fmt.Sprint(c)
			if names := labels[p.slot]; len(names) == p.classes {
				class = names[c]
			}
			o := output{slot: p.slot, elem: c}
			o.Field = arrow.Field{Name: fmt.Sprintf("%s(%s)", b.slots[p.slot].name, class), Type: arrow.PrimitiveTypes.Float64, Nullable: true}
			o.Role, o.Class, o.Final = Probability, class, true
			m.outs = append(m.outs, o)
		}
	}
	m.outs = append(m.outs, rest...)
	if len(m.outs) == 0 {
		return fmt.Errorf("the model has no output column")
	}
	m.target(b)
	for _, o := range m.outs {
		m.outputs = append(m.outputs, o.Output)
	}
	return nil
}

// labelsOf finds the class names of each classifier: those of the StringIndexer that made its label column, else
// those of an IndexToString of its prediction.
func (b *builder) labelsOf() map[int][]string {
	out := map[int][]string{}
	for _, p := range b.proba {
		if at, ok := b.byName[key(p.label)]; ok && b.slots[at].labels != nil {
			out[p.slot] = b.slots[at].labels
			continue
		}
		for _, n := range b.nodes {
			if s, ok := n.stage.(*indexToString); ok && n.in[0] == p.prediction {
				out[p.slot] = s.labels
			}
		}
	}
	return out
}

// arrow is the type a column of a kind has outside.
func (k kind) arrow() arrow.DataType {
	switch k {
	case text:
		return arrow.BinaryTypes.String
	case vector:
		return arrow.ListOf(arrow.PrimitiveTypes.Float64)
	case words:
		return arrow.ListOf(arrow.BinaryTypes.String)
	}
	return arrow.PrimitiveTypes.Float64
}
