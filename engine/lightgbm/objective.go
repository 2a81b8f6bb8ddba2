package lightgbm

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-sql/millrace/engine/boosted"
)

// objective is what a model's raw scores mean.
type objective struct {
	name    string
	classes int
	task    boosted.Task
	// link turns raw scores into predictions; nil leaves them.
	link func([][]float64)
}

// names are the objectives, with the other names that the library reads.
var names = map[string]string{
	"regression": "regression", "regression_l2": "regression", "mean_squared_error": "regression", "mse": "regression", "l2": "regression",
	"l2_root": "regression", "root_mean_squared_error": "regression", "rmse": "regression",
	"regression_l1": "regression_l1", "mean_absolute_error": "regression_l1", "l1": "regression_l1", "mae": "regression_l1",
	"huber": "huber", "fair": "fair", "quantile": "quantile", "mape": "mape", "mean_absolute_percentage_error": "mape",
	"poisson": "poisson", "gamma": "gamma", "tweedie": "tweedie", "binary": "binary",
	"multiclass": "multiclass", "softmax": "multiclass",
	"multiclassova": "multiclassova", "multiclass_ova": "multiclassova", "ova": "multiclassova", "ovr": "multiclassova",
	"cross_entropy": "cross_entropy", "xentropy": "cross_entropy", "cross_entropy_lambda": "cross_entropy_lambda", "xentlambda": "cross_entropy_lambda",
	"lambdarank": "lambdarank", "rank_xendcg": "rank_xendcg", "xendcg": "rank_xendcg", "xe_ndcg": "rank_xendcg", "xe_ndcg_mart": "rank_xendcg",
	"xendcg_mart": "rank_xendcg", "custom": "custom", "none": "custom", "null": "custom", "na": "custom",
}

// supported lists the objectives for an error.
const supported = "regression, regression_l1, huber, fair, quantile, mape, poisson, gamma, tweedie, binary, multiclass, " +
	"multiclassova, cross_entropy, cross_entropy_lambda, lambdarank, rank_xendcg, custom"

// readObjective reads the head's line, such as "binary sigmoid:1". Without it raw scores are the predictions.
func readObjective(s *section) (*objective, error) {
	if !s.has("objective") {
		return &objective{name: "custom"}, nil
	}
	e, err := s.get("objective")
	if err != nil {
		return nil, err
	}
	words := strings.Fields(e.text)
	if len(words) == 0 {
		return nil, e.errorf(s, "objective", "expected one of %s", supported)
	}
	o := &objective{name: names[words[0]]}
	settings := map[string]string{}
	for _, w := range words[1:] {
		key, text, _ := strings.Cut(w, ":")
		settings[key] = text
	}
	number := func(key string) (float64, error) {
		x, err := strconv.ParseFloat(settings[key], 64)
		if err != nil || x <= 0 || math.IsInf(x, 0) {
			return 0, e.errorf(s, "objective", "%s needs %s:NUMBER, above 0; found %q", o.name, key, short(e.text))
		}
		return x, nil
	}
	switch o.name {
	case "":
		return nil, e.errorf(s, "objective", "%q is not supported, expected one of %s", short(words[0]), supported)
	case "regression", "regression_l1", "fair", "quantile", "mape":
		if _, sqrt := settings["sqrt"]; sqrt {
			o.link = each(func(x float64) float64 { return math.Copysign(x*x, x) })
		}
	case "poisson", "gamma", "tweedie":
		o.link = each(math.Exp)
	case "cross_entropy":
		o.link = sigmoid(1)
	case "cross_entropy_lambda":
		o.link = each(func(x float64) float64 { return math.Log1p(math.Exp(x)) })
	case "binary":
		k, err := number("sigmoid")
		if err != nil {
			return nil, err
		}
		o.task, o.link = boosted.Classification, sigmoid(k)
	case "multiclass", "multiclassova":
		n, err := number("num_class")
		if err != nil {
			return nil, err
		}
		o.classes, o.task, o.link = int(min(n, math.MaxInt32)), boosted.Classification, boosted.Softmax[float64]
		if o.name == "multiclassova" {
			k, err := number("sigmoid")
			if err != nil {
				return nil, err
			}
			o.link = sigmoid(k)
		}
	}
	return o, nil
}

// each applies a function to all values.
func each(f func(float64) float64) func([][]float64) {
	return func(groups [][]float64) {
		for _, g := range groups {
			for i, x := range g {
				g[i] = f(x)
			}
		}
	}
}

func sigmoid(k float64) func([][]float64) {
	return each(func(x float64) float64 { return 1 / (1 + math.Exp(-k*x)) })
}

// average divides raw scores by the number of iterations before the link.
func average(n float64, link func([][]float64)) func([][]float64) {
	divide := each(func(x float64) float64 { return x / n })
	return func(groups [][]float64) {
		divide(groups)
		if link != nil {
			link(groups)
		}
	}
}

// Objectives are the objectives that are read, sorted: each by the name that Objective gives, then the others that the
// library has for it.
func Objectives() [][]string {
	others := map[string][]string{}
	for _, n := range slices.Sorted(maps.Keys(names)) {
		if name := names[n]; n == name {
			others[name] = append([]string{n}, others[name]...)
		} else {
			others[name] = append(others[name], n)
		}
	}
	var all [][]string
	for _, name := range slices.Sorted(maps.Keys(others)) {
		all = append(all, others[name])
	}
	return all
}
