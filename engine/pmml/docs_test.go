package pmml

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

const modelsDoc = "../../docs/models.md"

// The lists of PMML 4.4, to which the document compares what the code takes.
var (
	specModels = []string{"AnomalyDetectionModel", "AssociationModel", "BaselineModel", "BayesianNetworkModel", "ClusteringModel", "GaussianProcessModel",
		"GeneralRegressionModel", "MiningModel", "NaiveBayesModel", "NearestNeighborModel", "NeuralNetwork", "RegressionModel", "RuleSetModel", "Scorecard",
		"SequenceModel", "SupportVectorMachineModel", "TextModel", "TimeSeriesModel", "TreeModel"}
	specExpressions = []string{"Constant", "FieldRef", "NormContinuous", "NormDiscrete", "Discretize", "MapValues", "TextIndex", "Apply", "Aggregate", "Lag"}
	specPredicates  = []string{"SimplePredicate", "SimpleSetPredicate", "CompoundPredicate", "True", "False"}
	specFunctions   = []string{"+", "-", "*", "/", "min", "max", "sum", "avg", "median", "product", "log10", "ln", "sqrt", "abs", "exp", "pow", "threshold", "floor",
		"ceil", "round", "rint", "isMissing", "isNotMissing", "isValid", "isNotValid", "equal", "notEqual", "lessThan", "lessOrEqual", "greaterThan",
		"greaterOrEqual", "and", "or", "not", "isIn", "isNotIn", "if", "uppercase", "lowercase", "stringLength", "substring", "trimBlanks", "concat", "replace",
		"matches", "formatNumber", "formatDatetime", "dateDaysSinceYear", "dateSecondsSinceYear", "dateSecondsSinceMidnight", "normalCDF", "normalPDF",
		"stdNormalCDF", "stdNormalPDF", "erf", "normalIDF", "stdNormalIDF", "expm1", "hypot", "ln1p", "sin", "cos", "tan", "asin", "acos", "atan", "atan2",
		"sinh", "cosh", "tanh", "modulo", "avg"}
	specMethods = []string{"majorityVote", "weightedMajorityVote", "average", "weightedAverage", "median", "weightedMedian", "max", "sum", "weightedSum",
		"selectFirst", "selectAll", "modelChain", "multiModelChain"}
	specFeatures = []string{"predictedValue", "predictedDisplayValue", "transformedValue", "decision", "probability", "affinity", "residual", "standardError",
		"standardDeviation", "clusterId", "clusterAffinity", "entityId", "entityAffinity", "warning", "ruleValue", "reasonCode", "antecedent", "consequent",
		"rule", "ruleId", "confidence", "support", "lift", "leverage"}
	specMeasures = []string{"euclidean", "squaredEuclidean", "chebychev", "cityBlock", "minkowski", "simpleMatching", "jaccard", "tanimoto", "binarySimilarity"}
)

// modelNotes are the limits of the model types.
var modelNotes = map[string]string{
	"TreeModel":                 "every missingValueStrategy and noTrueChildStrategy; embedded models are refused",
	"MiningModel":               "nested and chained without limit; selectAll only where the segments agree",
	"RegressionModel":           "every normalizationMethod, ordinal targets",
	"GeneralRegressionModel":    "also ordinalMultinomial and CoxRegression (the prediction is the cumulative hazard); contrast matrices",
	"SupportVectorMachineModel": "the four kernels, both representations, OneAgainstAll and OneAgainstOne; a missing field makes the prediction missing",
	"NeuralNetwork":             "every activation and normalization",
	"ClusteringModel":           "centerBased; distributionBased and the center fields of PMML 3.1 are refused",
	"NearestNeighborModel":      "training rows in an InlineTable; one target; compareFunction table is refused",
	"NaiveBayesModel":           "counts; Gaussian, Poisson and uniform distributions",
	"RuleSetModel":              "simple and compound rules, every selection criterion",
	"Scorecard":                 "reason codes and complex partial scores",
	"AnomalyDetectionModel":     "iforest, ocsvm, clusterMeanDist and other",
	"AssociationModel":          "the row is the basket; with a group field the item field is an ARRAY<STRING>, as `collect_set` with GROUP BY gives it",
	"TimeSeriesModel":           "ExponentialSmoothing, a row is a number of steps ahead; ARIMA, spectral analysis and the rest are refused",
	"GaussianProcessModel":      "the posterior mean; at most 2000 training rows",
	"BaselineModel":             "testStatistic zValue; the others look at many rows and are refused",
	"BayesianNetworkModel":      "discrete nodes, sums over unknown nodes up to 65536 combinations; continuous nodes are refused",
	"SequenceModel":             "looks at many rows",
	"TextModel":                 "deprecated by the standard",
}

func yesNo(ok bool) string {
	if ok {
		return "supported"
	}
	return "refused"
}

// support writes the generated part of docs/models.md.
func support() string {
	var b strings.Builder
	w := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	list := func(title string, spec, have []string) {
		w("\n### %s\n\n| name | |\n| --- | --- |", title)
		all := slices.Clone(spec)
		for _, h := range have {
			if !contains(spec, h) {
				all = append(all, h)
			}
		}
		slices.Sort(all)
		for _, s := range slices.Compact(all) {
			more := ""
			if !contains(spec, s) {
				more = ", beyond PMML 4.4"
			}
			w("| `%s` | %s%s |", s, yesNo(contains(have, s)), more)
		}
	}
	w("### Model elements\n\n| element | | functionName | columns at once | notes |\n| --- | --- | --- | --- | --- |")
	for _, s := range specModels {
		if !contains(modelTypes, s) {
			w("| `%s` | refused | | | %s |", s, modelNotes[s])
			continue
		}
		columns := ""
		if contains(batchTypes, s) {
			columns = "yes"
		}
		w("| `%s` | supported | %s | %s | %s |", s, strings.Join(functionsOf(s), ", "), columns, modelNotes[s])
	}
	list("Values of multipleModelMethod", specMethods, methods)
	list("Expressions", specExpressions, exprElements)
	var predicates []string
	for _, p := range specPredicates {
		if isPredicate(p) {
			predicates = append(predicates, p)
		}
	}
	list("Predicates", specPredicates, predicates)
	var names []string
	for n := range builtins {
		names = append(names, n)
	}
	list("Built-in functions", specFunctions, names)
	list("Features of an OutputField", specFeatures, features)
	list("Measures of clusters and neighbors", specMeasures, measures)
	w("\n### Activation functions of a NeuralNetwork\n\n`%s`", strings.Join(activations, "`, `"))
	return b.String()
}

const generatedMark = "<!-- generated by go test ./engine/pmml with MILLRACE_GOLDEN=rewrite: do not edit below -->\n"

// TestModelsDoc: docs/models.md says what the code does.
func TestModelsDoc(t *testing.T) {
	b, err := os.ReadFile(modelsDoc)
	if err != nil {
		t.Fatal(err)
	}
	head, got, found := strings.Cut(string(b), generatedMark)
	if !found {
		t.Fatalf("%s has lost its mark", modelsDoc)
	}
	want := support()
	if os.Getenv("MILLRACE_GOLDEN") == "rewrite" {
		if err := os.WriteFile(modelsDoc, []byte(head+generatedMark+want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("%s is out of date: run this test with MILLRACE_GOLDEN=rewrite", modelsDoc)
	}
}

// TestDocumentedRefusals: what the document calls refused, Load refuses by name.
func TestDocumentedRefusals(t *testing.T) {
	for _, s := range specModels {
		_, err := Load(strings.NewReader(inPMML("", "<"+s+` functionName="classification"/>`)))
		refused := err != nil && strings.Contains(err.Error(), s+": this model type is not supported")
		if refused == contains(modelTypes, s) {
			t.Errorf("%s: %v", s, err)
		}
		if modelNotes[s] == "" {
			t.Errorf("%s has no note", s)
		}
	}
	for _, s := range specExpressions {
		_, err := Load(strings.NewReader(exprDoc("double", "<"+s+"/>", "")))
		if refused := err != nil && strings.Contains(err.Error(), "this expression is not supported"); refused == contains(exprElements, s) {
			t.Errorf("%s: %v", s, err)
		}
	}
}
