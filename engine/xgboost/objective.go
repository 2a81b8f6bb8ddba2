package xgboost

import (
	"math"
	"slices"
	"strings"

	"github.com/millrace-sql/millrace/engine/boosted"
)

// objective is what a model's margins mean.
type objective struct {
	name string
	task boosted.Task
	// link turns margins into predictions; nil leaves them.
	link func([][]float32)
	// margin turns base_score, which is a prediction, into a margin; nil leaves it.
	margin func(float32) float32
	// multi needs several classes.
	multi bool
}

// objectives are the library's. binary:logitraw predicts its margin, binary:hinge 0 or 1.
var objectives = []objective{
	{name: "reg:squarederror"}, {name: "reg:linear"}, {name: "reg:squaredlogerror"}, {name: "reg:pseudohubererror"},
	{name: "reg:absoluteerror"}, {name: "reg:quantileerror"},
	{name: "reg:logistic", link: sigmoid, margin: logit},
	{name: "reg:gamma", link: exp, margin: log}, {name: "reg:tweedie", link: exp, margin: log},
	{name: "count:poisson", link: exp, margin: log},
	{name: "survival:cox", link: exp, margin: log}, {name: "survival:aft", link: exp, margin: log},
	{name: "binary:logistic", task: boosted.Classification, link: sigmoid, margin: logit},
	{name: "binary:logitraw"}, {name: "binary:hinge", link: hinge},
	{name: "multi:softmax", task: boosted.Classification, link: boosted.Softmax[float32], multi: true},
	{name: "multi:softprob", task: boosted.Classification, link: boosted.Softmax[float32], multi: true},
	{name: "rank:pairwise"}, {name: "rank:ndcg"}, {name: "rank:map"},
}

// objectiveOf finds an objective by name.
func objectiveOf(name path) (*objective, error) {
	if err := name.expect(text); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(objectives, func(o objective) bool { return o.name == name.v.text })
	if i < 0 {
		return nil, name.errorf("the objective %q is not supported, expected one of %s", name.v.text, strings.Join(Objectives(), ", "))
	}
	return &objectives[i], nil
}

// each applies a function to all values.
func each(groups [][]float32, f func(float32) float32) {
	for _, g := range groups {
		for i, x := range g {
			g[i] = f(x)
		}
	}
}

func exp32(x float32) float32 { return float32(math.Exp(float64(x))) }

func sigmoid(groups [][]float32) {
	each(groups, func(x float32) float32 {
		d := exp32(min(-x, 88.7)) + 1
		return 1 / (d + 1e-16)
	})
}

func exp(groups [][]float32) { each(groups, exp32) }

func hinge(groups [][]float32) {
	each(groups, func(x float32) float32 {
		if x > 0 {
			return 1
		}
		return 0
	})
}

func logit(p float32) float32 {
	const least = 1e-6
	p = min(max(p, least), 1-least)
	q := 1 / p
	return -float32(math.Log(float64(q - 1)))
}

func log(x float32) float32 { return float32(math.Log(float64(x))) }

// Objectives are the names of the objectives that are read.
func Objectives() []string {
	all := make([]string, len(objectives))
	for i, o := range objectives {
		all[i] = o.name
	}
	return all
}
