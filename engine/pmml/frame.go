package pmml

import "strings"

// body is what makes one model type: its elements, and how it scores a row. One model type is one file with one
// body and one case in newBody; a batch form, where there is one, is a case in compile.
type body interface {
	// child decodes one child element of the model that is not common to all models.
	child(l *loader, f *frame, c *element) error
	// finish checks the model when all of it was read.
	finish(l *loader, f *frame) error
	// score gives the prediction for a row. A row's fault goes to r.fail.
	score(r *row, f *frame) result
}

// modelTypes are the model elements that newBody knows.
var modelTypes = []string{"TreeModel", "MiningModel", "RegressionModel", "GeneralRegressionModel", "SupportVectorMachineModel", "NeuralNetwork",
	"ClusteringModel", "NearestNeighborModel", "NaiveBayesModel", "RuleSetModel", "Scorecard", "AnomalyDetectionModel", "AssociationModel",
	"TimeSeriesModel", "GaussianProcessModel", "BaselineModel", "BayesianNetworkModel"}

// newBody reads a model element's own attributes; nil means that the model type is not supported.
func newBody(name string, a *attrs, f *frame) body {
	switch name {
	case "TreeModel":
		return newTree(a, f)
	case "MiningModel":
		return newMining(a, f)
	case "RegressionModel":
		return newRegression(a, f)
	case "GeneralRegressionModel":
		return newGeneral(a, f)
	case "NeuralNetwork":
		return newNeural(a, f)
	case "ClusteringModel":
		return newClustering(a, f)
	case "Scorecard":
		return newScorecard(a, f)
	case "RuleSetModel":
		return newRuleSet(a, f)
	case "SupportVectorMachineModel":
		return newSVM(a, f)
	case "NaiveBayesModel":
		return newNaiveBayes(a, f)
	case "NearestNeighborModel":
		return newNeighbors(a, f)
	case "AnomalyDetectionModel":
		return newAnomaly(a, f)
	case "AssociationModel":
		return newAssociation(a, f)
	case "TimeSeriesModel":
		return newTimeSeries(a, f)
	case "GaussianProcessModel":
		return newGaussianProcess(a, f)
	case "BaselineModel":
		return newBaseline(a, f)
	case "BayesianNetworkModel":
		return newBayesNet(a, f)
	}
	return nil
}

// functionsOf are the values of functionName that a model type may have.
func functionsOf(name string) []string {
	switch name {
	case "MiningModel":
		return []string{"classification", "regression", "mixed", "clustering"}
	case "ClusteringModel":
		return []string{"clustering"}
	case "AssociationModel":
		return []string{"associationRules"}
	case "TimeSeriesModel":
		return []string{"timeSeries"}
	case "NaiveBayesModel", "RuleSetModel", "BayesianNetworkModel":
		return []string{"classification"}
	case "AnomalyDetectionModel", "GaussianProcessModel", "BaselineModel", "Scorecard":
		return []string{"regression"}
	}
	return []string{"classification", "regression"}
}

// isModel reports whether an element is a model of PMML, supported or not.
func isModel(name string) bool {
	switch name {
	case "TreeModel", "MiningModel", "RegressionModel", "AnomalyDetectionModel", "AssociationModel", "BayesianNetworkModel",
		"BaselineModel", "ClusteringModel", "GaussianProcessModel", "GeneralRegressionModel", "NaiveBayesModel",
		"NearestNeighborModel", "NeuralNetwork", "RuleSetModel", "Scorecard", "SequenceModel",
		"SupportVectorMachineModel", "TextModel", "TimeSeriesModel":
		return true
	}
	return false
}

// result is a model's prediction for one row.
type result struct {
	missing bool
	value   value     // the predicted value: of the target's type for a classification, a number for a regression
	code    int       // the predicted class, -1 for none
	probs   []float64 // by class code; classes beyond its length have probability 0; nil if the model has none
	conf    []float64 // confidences likewise
	entity  string    // the id of the tree node, rule or cluster

	affinity []float64 // distances by cluster, decision values by class
	reasons  []string  // reason codes of a scorecard, the costliest first

	ids       []string  // of the nearest training rows, the nearest first
	distances []float64 // likewise
	baskets   []bool    // items of an association model's row
	parts     []result  // of an ensemble's segments, if an output field asks for one
}

// absent is the result of a model that cannot tell.
var absent = result{missing: true, code: -1}

// classes are the classes of a target, in order of first appearance in the document. A classification and its
// segments share one, so a class has the same code in all of them.
type classes struct {
	typ    dataType
	values []value
	index  map[value]int
}

func newClasses(t dataType) *classes { return &classes{typ: t, index: map[value]int{}} }

// code gives the code of a class named in the document; load time only.
func (c *classes) code(e *element, raw string) (int, error) {
	v, err := c.typ.parse(raw)
	if err != nil {
		return -1, e.errorf("the class %v", err)
	}
	if i, ok := c.index[v]; ok {
		return i, nil
	}
	c.index[v] = len(c.values)
	c.values = append(c.values, v)
	return len(c.values) - 1, nil
}

// frame is one model element: what is common to all model types, and its body.
type frame struct {
	e        *element
	function string
	parent   *frame
	scope    *scope
	hasField bool // the MiningSchema was read
	target   target
	classes  *classes
	float32  bool // x-mathContext="float": the model computes in float32
	outputs  []*outputField
	body     body
	group    *element   // the MiningField with usageType="group"
	more     []*element // further target fields, of a multiModelChain
	parts    bool       // some output field asks for a segment's result
	actual   int        // slot of the true target, for residuals; -1 if none asks
}

// classification is true of a clustering and of association rules, too: clusters and rules are classes.
func (f *frame) classification() bool {
	return f.function == "classification" || f.function == "clustering" || f.function == "associationRules"
}

// model decodes a model element; parent is nil for the document's model.
func (l *loader) model(e *element, parent *frame) (*frame, error) {
	a := e.read()
	f := &frame{e: e, parent: parent, scope: newScope(nil), target: target{slot: -1}, actual: -1}
	if parent != nil {
		f.scope.parent = parent.scope
	} else {
		f.scope = l.top // where the fields of the TransformationDictionary look for theirs
	}
	a.need("functionName")
	f.function = a.str("functionName", "")
	f.body = newBody(e.name, a, f)
	if f.body == nil {
		return nil, e.errorf("this model type is not supported, expected one of %s", join(modelTypes))
	}
	if may := functionsOf(e.name); !contains(may, f.function) {
		a.fail("functionName=%q is not supported, expected %s", f.function, strings.Join(may, " or "))
	}
	if !a.flag("isScorable", true) {
		a.fail("the document says that this model is not for scoring (isScorable)")
	}
	f.float32 = a.word("x-mathContext", "double", "float") == "float"
	if err := a.end("modelName", "algorithmName"); err != nil {
		return nil, err
	}
	var checks []*element
	err := l.d.each(e, func(c *element) error { return l.modelChild(f, c, &checks) })
	if err != nil {
		return nil, err
	}
	if !f.hasField {
		return nil, e.errorf("has no MiningSchema")
	}
	if err := f.body.finish(l, f); err != nil {
		return nil, err
	}
	if err := l.checkTargets(f); err != nil {
		return nil, err
	}
	if f.classification() && len(f.classes.values) == 0 {
		return nil, e.errorf("a classification that names no class")
	}
	return f, l.bindOutputs(f)
}

func (l *loader) modelChild(f *frame, c *element, checks *[]*element) error {
	switch c.name {
	case "MiningSchema":
		return l.miningSchema(f, c)
	case "ModelStats", "ModelExplanation", "ModelLiftData":
		return l.d.skip(c)
	}
	if !f.hasField {
		return c.errorf("expected MiningSchema first")
	}
	switch c.name {
	case "Output":
		return l.output(f, c)
	case "Targets":
		return l.targets(f, c)
	case "LocalTransformations":
		return l.localTransformations(f, c)
	case "ModelVerification":
		if f.parent != nil {
			return l.d.skip(c)
		}
		return l.modelVerification(c)
	}
	return f.body.child(l, f, c)
}

func (l *loader) localTransformations(f *frame, e *element) error {
	if err := e.read().end(); err != nil {
		return err
	}
	return l.d.each(e, func(c *element) error {
		if c.name != "DerivedField" {
			return c.unsupported(e)
		}
		return l.derivedField(c, f.scope, f.scope.fields)
	})
}

func (l *loader) miningSchema(f *frame, e *element) error {
	if f.hasField {
		return e.errorf("a second MiningSchema")
	}
	f.hasField = true
	if err := e.read().end(); err != nil {
		return err
	}
	err := l.d.each(e, func(c *element) error {
		if c.name != "MiningField" {
			return c.unsupported(e)
		}
		m, err := l.miningField(c)
		if err != nil {
			return err
		}
		return l.addMiningField(f, m)
	})
	if err != nil {
		return err
	}
	f.setClasses()
	return nil
}

func (l *loader) addMiningField(f *frame, m *miningField) error {
	e := m.line
	switch m.usage {
	case "predicted", "target":
		if f.target.name != "" {
			if _, ok := f.body.(*mining); !ok {
				return e.errorf("a second target field (%s, after %s) is not supported", m.name, f.target.name)
			}
			f.more = append(f.more, e)
			return nil
		}
		f.target.name, f.target.data = m.name, m.treat.data
		if m.treat.data == nil && f.parent == nil {
			return e.errorf("the target field %q is not in the DataDictionary%s", m.name, hint(m.name, l.dataNames))
		}
		return nil
	case "active":
	case "group":
		f.group = e
		return nil
	default:
		return nil // supplementary and the like play no part in scoring
	}
	if _, twice := f.scope.fields[m.name]; twice {
		return e.errorf("the field %q is listed twice", m.name)
	}
	if f.parent == nil {
		return l.addInput(f, m)
	}
	up := l.lookup(f.scope.parent, m.name)
	switch {
	case up == nil:
		return e.errorf("%s", l.undefined(f.scope.parent, m.name))
	case m.treat.data == nil || up.data == nil || !m.treat.changes():
		f.scope.fields[m.name] = up
	default:
		at := l.newSlot(slot{name: m.name, kind: fromSlot, typ: up.typ, data: up.data, src: up.slot, treat: &m.treat})
		f.scope.fields[m.name] = &field{name: m.name, typ: up.typ, slot: at, data: up.data}
	}
	return nil
}

func (l *loader) addInput(f *frame, m *miningField) error {
	d := m.treat.data
	if d == nil {
		return m.line.errorf("the field %q is not in the DataDictionary%s", m.name, hint(m.name, l.dataNames))
	}
	at := l.newSlot(slot{name: m.name, kind: fromInput, typ: d.typ, data: d, col: len(l.inputs), treat: &m.treat})
	f.scope.fields[m.name] = &field{name: m.name, typ: d.typ, slot: at, data: d}
	l.inputs = append(l.inputs, at)
	return nil
}

// setClasses settles the target's type and the class list, once the MiningSchema is known.
func (f *frame) setClasses() {
	t := &f.target
	t.typ = tDouble
	if f.classification() {
		t.typ = tString
	}
	if t.data != nil {
		t.typ = t.data.typ
	}
	if !f.classification() {
		return
	}
	if p := f.parent; p != nil && p.classification() && (t.name == "" || t.name == p.target.name) {
		f.classes, t.typ = p.classes, p.target.typ
		return
	}
	f.classes = newClasses(t.typ)
}

// score gives the model's prediction with its Targets applied.
func (f *frame) score(r *row) result {
	res := f.body.score(r, f)
	f.target.apply(r, f, &res)
	return res
}
