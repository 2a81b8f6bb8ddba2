"""Trains the models of `make bench-models` and writes each as a PMML document, with its rows as CSV.

All of it is deterministic. The rows hold numbers that are float32 values, so that libraries that compare in float32
and documents that compare in double go the same ways. Usage: generate.py FOLDER
"""
import pathlib
import sys
from xml.sax.saxutils import quoteattr

import lightgbm
import numpy
import xgboost
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
import joblib

ROWS = 20_000
FEATURES = 20
TRAIN = 6_000
out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
names = [f"f{i}" for i in range(FEATURES)]


def number(x):
    if x == numpy.inf:  # a test of nothing but being missing
        return "1.7976931348623157e308"
    return repr(float(x))


class Doc:
    """Writes a PMML document."""

    def __init__(self, name, fields, target):
        self.name, self.fields, self.target, self.parts = name, fields, target, []

    def add(self, *lines):
        self.parts += lines

    def schema(self, only=None, target=True):
        s = "<MiningSchema>"
        if target and self.target:
            s += f'<MiningField name={quoteattr(self.target[0])} usageType="target"/>'
        for f in self.fields:
            if only is None or f[0] in only:
                s += f"<MiningField name={quoteattr(f[0])}/>"
        return s + "</MiningSchema>"

    def write(self):
        head = ['<?xml version="1.0" encoding="UTF-8"?>', '<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">', "<Header/>", "<DataDictionary>"]
        for name, categories, optype, kind in ([self.target] if self.target else []) + self.fields:
            head.append(f'<DataField name={quoteattr(name)} optype="{optype}" dataType="{kind}">'
                        + "".join(f"<Value value={quoteattr(str(c))}/>" for c in categories) + "</DataField>")
        head.append("</DataDictionary>")
        (out / f"{self.name}.pmml").write_text("\n".join(head + self.parts + ["</PMML>", ""]))


def continuous(name):
    return (name, [], "continuous", "double")


def probabilities(classes):
    return "<Output>" + "".join(f'<OutputField name="probability({c})" optype="continuous" dataType="double" feature="probability" value="{c}"/>'
                                for c in classes) + "</Output>"


def sk_tree(tree, classes, doc):
    """A tree of scikit-learn: a test and then <True/>, missing values by defaultChild."""
    t = tree.tree_
    lines, used = [], set()

    def node(at, test):
        leaf = t.children_left[at] < 0
        attrs = f'id="{at}"'
        if leaf:
            v = t.value[at][0]
            attrs += f' score="{classes[int(v.argmax())] if classes else number(v[0])}"'
        else:
            default = t.children_left[at] if t.missing_go_to_left[at] else t.children_right[at]
            attrs += f' defaultChild="{default}"'
        lines.append(f"<Node {attrs}>{test}")
        if leaf and classes:
            n = t.n_node_samples[at]
            for c, p in zip(classes, t.value[at][0]):
                lines.append(f'<ScoreDistribution value="{c}" recordCount="{number(p * n)}"/>')
        if not leaf:
            f = names[t.feature[at]]
            used.add(f)
            node(t.children_left[at], f'<SimplePredicate field="{f}" operator="lessOrEqual" value="{number(t.threshold[at])}"/>')
            node(t.children_right[at], "<True/>")
        lines.append("</Node>")

    node(0, "<True/>")
    function = "classification" if classes else "regression"
    return [f'<TreeModel functionName="{function}" missingValueStrategy="defaultChild" splitCharacteristic="binarySplit">', doc.schema(used, False), *lines, "</TreeModel>"]


def forest(name, model, classes):
    target = ("y", classes, "categorical", "integer") if classes else continuous("y")
    doc = Doc(name, [continuous(f) for f in names], target)
    function = "classification" if classes else "regression"
    doc.add(f'<MiningModel functionName="{function}">', doc.schema())
    if classes:
        doc.add(probabilities(classes))
    doc.add('<Segmentation multipleModelMethod="average">')
    for i, tree in enumerate(model.estimators_):
        doc.add(f'<Segment id="{i}"><True/>', *sk_tree(tree, classes, doc), "</Segment>")
    doc.add("</Segmentation></MiningModel>")
    doc.write()


def boosted(name, booster):
    """A binary LightGBM model as converters write it: a chain of the sum of the trees and a logit."""
    doc = Doc(name, [continuous(f) for f in names], ("y", [0, 1], "categorical", "integer"))
    doc.add('<MiningModel functionName="classification">', doc.schema(), '<Segmentation multipleModelMethod="modelChain">')
    doc.add('<Segment id="1"><True/><MiningModel functionName="regression">', doc.schema(target=False),
            '<Output><OutputField name="margin" optype="continuous" dataType="double" feature="predictedValue" isFinalResult="false"/></Output>',
            '<Segmentation multipleModelMethod="sum">')
    for i, info in enumerate(booster.dump_model()["tree_info"]):
        lines, used, count = [], set(), [0]

        def size(n):
            return 1 if "leaf_value" in n else 1 + size(n["left_child"]) + size(n["right_child"])

        def node(n, test):
            at = count[0]
            count[0] += 1
            if "leaf_value" in n:
                lines.append(f'<Node id="{at}" score="{number(n["leaf_value"])}">{test}</Node>')
                return
            assert n["decision_type"] == "<=" and n["missing_type"] in ("NaN", "None"), n
            f = names[n["split_feature"]]
            used.add(f)
            left = at + 1
            right = left + size(n["left_child"])
            lines.append(f'<Node id="{at}" defaultChild="{left if n["default_left"] else right}">{test}')
            node(n["left_child"], f'<SimplePredicate field="{f}" operator="lessOrEqual" value="{number(n["threshold"])}"/>')
            node(n["right_child"], "<True/>")
            lines.append("</Node>")

        node(info["tree_structure"], "<True/>")
        doc.add(f'<Segment id="{i}"><True/><TreeModel functionName="regression" missingValueStrategy="defaultChild" splitCharacteristic="binarySplit">',
                doc.schema(used, False), *lines, "</TreeModel></Segment>")
    doc.add("</Segmentation></MiningModel></Segment>",
            '<Segment id="2"><True/><RegressionModel functionName="classification" normalizationMethod="logit">',
            '<MiningSchema><MiningField name="y" usageType="target"/><MiningField name="margin"/></MiningSchema>', probabilities([0, 1]),
            '<RegressionTable intercept="0" targetCategory="1"><NumericPredictor name="margin" coefficient="1"/></RegressionTable>',
            '<RegressionTable intercept="0" targetCategory="0"/></RegressionModel></Segment></Segmentation></MiningModel>')
    doc.write()


def logistic(name, model, categories):
    fields = [continuous(f) for f in names[:8]] + [(f, c, "categorical", "string") for f, c in categories]
    doc = Doc(name, fields, ("y", [0, 1], "categorical", "integer"))
    doc.add('<RegressionModel functionName="classification" normalizationMethod="logit">', doc.schema(), probabilities([0, 1]),
            f'<RegressionTable intercept="{number(model.intercept_[0])}" targetCategory="1">')
    w = list(model.coef_[0])
    for f in names[:8]:
        doc.add(f'<NumericPredictor name="{f}" coefficient="{number(w.pop(0))}"/>')
    for f, values in categories:
        for v in values:
            doc.add(f'<CategoricalPredictor name="{f}" value="{v}" coefficient="{number(w.pop(0))}"/>')
    doc.add('</RegressionTable><RegressionTable intercept="0" targetCategory="0"/></RegressionModel>')
    doc.write()


def network(name, model, activation):
    doc = Doc(name, [continuous(f) for f in names], ("y", [0, 1, 2], "categorical", "integer"))
    doc.add(f'<NeuralNetwork functionName="classification" activationFunction="{activation}">', doc.schema(), probabilities([0, 1, 2]), "<NeuralInputs>")
    for f in names:
        doc.add(f'<NeuralInput id="{f}"><DerivedField optype="continuous" dataType="double"><FieldRef field="{f}"/></DerivedField></NeuralInput>')
    doc.add("</NeuralInputs>")
    before = names
    for i, (w, b) in enumerate(zip(model.coefs_, model.intercepts_)):
        last = i == len(model.coefs_) - 1
        doc.add('<NeuralLayer activationFunction="identity" normalizationMethod="softmax">' if last else "<NeuralLayer>")
        now = [f"{i}/{j}" for j in range(len(b))]
        for j, neuron in enumerate(now):
            doc.add(f'<Neuron id="{neuron}" bias="{number(b[j])}">' + "".join(f'<Con from="{p}" weight="{number(w[k][j])}"/>' for k, p in enumerate(before)) + "</Neuron>")
        doc.add("</NeuralLayer>")
        before = now
    doc.add("<NeuralOutputs>")
    for c, neuron in enumerate(before):
        doc.add(f'<NeuralOutput outputNeuron="{neuron}"><DerivedField optype="categorical" dataType="integer"><NormDiscrete field="y" value="{c}"/></DerivedField></NeuralOutput>')
    doc.add("</NeuralOutputs></NeuralNetwork>")
    doc.write()


def scorecard(name, rng, categories):
    """Ten characteristics, the numeric ones in five ranges, with three reason codes."""
    fields = [continuous(f) for f in names[:8]] + [(f, c, "categorical", "string") for f, c in categories]
    doc = Doc(name, fields, continuous("y"))
    doc.add('<Scorecard functionName="regression" initialScore="300" useReasonCodes="true" reasonCodeAlgorithm="pointsBelow">', doc.schema(),
            '<Output><OutputField name="score" optype="continuous" dataType="double" feature="predictedValue"/>'
            + "".join(f'<OutputField name="reason{r}" optype="categorical" dataType="string" feature="reasonCode" rank="{r}"/>' for r in (1, 2, 3)) + "</Output><Characteristics>")
    for f in names[:8]:
        doc.add(f'<Characteristic name="{f}" reasonCode="RC_{f}" baselineScore="{rng.integers(10, 60)}">')
        cuts = numpy.sort(rng.normal(size=4)).round(3)
        for i in range(5):
            low = f'<SimplePredicate field="{f}" operator="greaterThan" value="{cuts[i - 1]}"/>' if i > 0 else ""
            high = f'<SimplePredicate field="{f}" operator="lessOrEqual" value="{cuts[i]}"/>' if i < 4 else ""
            test = f'<CompoundPredicate booleanOperator="and">{low}{high}</CompoundPredicate>' if low and high else low + high
            doc.add(f'<Attribute partialScore="{rng.integers(-20, 80)}">{test}</Attribute>')
        doc.add("</Characteristic>")
    for f, values in categories:
        doc.add(f'<Characteristic name="{f}" reasonCode="RC_{f}" baselineScore="{rng.integers(10, 60)}">')
        for v in values:
            doc.add(f'<Attribute partialScore="{rng.integers(-20, 80)}"><SimplePredicate field="{f}" operator="equal" value="{v}"/></Attribute>')
        doc.add("</Characteristic>")
    doc.add("</Characteristics></Scorecard>")
    doc.write()


def rows(name, header, columns):
    with open(out / f"{name}.csv", "w") as f:
        f.write(",".join(header) + "\n")
        for row in zip(*columns):
            f.write(",".join(x if isinstance(x, str) else "" if numpy.isnan(x) else number(x) for x in row) + "\n")


def holes(x, share, rng):
    x = x.copy()
    x[rng.random(x.shape) < share] = numpy.nan
    return x


def main():
    rng = numpy.random.default_rng(7)
    single = lambda x: x.astype(numpy.float32).astype(numpy.float64)
    x3, y3 = make_classification(TRAIN + ROWS, FEATURES, n_informative=14, n_classes=3, random_state=1)
    x2, y2 = make_classification(TRAIN + ROWS, FEATURES, n_informative=14, n_classes=2, flip_y=0.1, random_state=2)
    xr, yr = make_regression(TRAIN + ROWS, FEATURES, n_informative=14, noise=20, random_state=3)
    sets = {"forest": single(x3), "regression": single(xr), "boosted": single(x2)}
    for name, x in sets.items():
        rows(name, names, x[TRAIN:].T)
        rows(name + "-missing", names, holes(x[TRAIN:], 0.05, rng).T)

    rows("forest-train", names + ["label"], [*sets["forest"][:TRAIN].T, y3[:TRAIN].astype(float)])
    train = holes(sets["forest"][:TRAIN], 0.05, rng)
    m = RandomForestClassifier(100, max_depth=8, random_state=1, n_jobs=1).fit(train, y3[:TRAIN])
    joblib.dump(m, out / "forest.joblib")
    forest("forest", m, [0, 1, 2])
    m = RandomForestRegressor(100, max_depth=8, max_features=7, random_state=1, n_jobs=1).fit(holes(sets["regression"][:TRAIN], 0.05, rng), yr[:TRAIN])
    joblib.dump(m, out / "regression.joblib")
    forest("regression", m, None)

    train = holes(sets["boosted"][:TRAIN], 0.05, rng)
    params = dict(objective="binary", max_depth=4, num_leaves=16, num_threads=1, seed=1, deterministic=True, verbose=-1, learning_rate=0.05)
    b = lightgbm.train(params, lightgbm.Dataset(train, y2[:TRAIN], feature_name=names), 200)
    b.save_model(out / "boosted.lightgbm.txt")
    boosted("boosted", b)
    d = xgboost.DMatrix(train, y2[:TRAIN], feature_names=names)
    b = xgboost.train(dict(objective="binary:logistic", max_depth=4, nthread=1, seed=1, eta=0.1), d, 200)
    b.save_model(out / "boosted.xgboost.json")

    categories = [("c0", ["red", "green", "blue", "black"]), ("c1", [f"region {i}" for i in range(7)])]
    cats = [rng.integers(0, len(v), TRAIN + ROWS) for _, v in categories]
    x = sets["boosted"][:, :8]
    onehot = numpy.column_stack([x] + [numpy.equal.outer(c, numpy.arange(len(v))) for c, (_, v) in zip(cats, categories)]).astype(float)
    m = LogisticRegression(max_iter=2000).fit(onehot[:TRAIN], y2[:TRAIN])
    joblib.dump(m, out / "logistic.joblib")
    numpy.save(out / "logistic.npy", onehot[TRAIN:])
    logistic("logistic", m, categories)
    texts = [[v[k] for k in c[TRAIN:]] for c, (_, v) in zip(cats, categories)]
    rows("logistic", names[:8] + ["c0", "c1"], list(x[TRAIN:].T) + texts)
    scorecard("scorecard", rng, categories)
    rows("scorecard", names[:8] + ["c0", "c1"], list(x[TRAIN:].T) + texts)

    for name, activation in (("network", "relu"), ("network-logistic", "logistic")):
        m = MLPClassifier((16, 8), activation=activation, max_iter=400, tol=1e-3, random_state=1).fit(sets["forest"][:TRAIN], y3[:TRAIN])
        joblib.dump(m, out / f"{name}.joblib")
        network(name, m, {"relu": "rectifier", "logistic": "logistic"}[activation])

    iris = pathlib.Path(__file__).parents[2] / "testdata/iris"
    (out / "iris.pmml").write_bytes((iris / "RandomForestIris.pmml").read_bytes())
    lines = (iris / "iris.csv").read_text().split("\n")
    header = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    body = [l.strip().split(",")[:4] for l in lines[1:] if l.strip()]
    pick = rng.integers(0, len(body), ROWS)
    rows("iris", header, [[float(body[p][c]) for p in pick] for c in range(4)])


main()
