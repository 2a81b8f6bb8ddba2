"""Trains every Spark ML stage that engine/sparkml reads and records what Spark answers.

Run by `make sparkml-models` with a Python that has pyspark 3.5.7 and numpy, and Java 17. Each case is a folder:
model/ is what save() wrote (without checksum files), rows.jsonl has one object a row: "in", and "out" (the columns
that transform added), "dropped" (the row is gone) or "error" (the query failed). Numbers that JSON does not have are
the strings NaN, Infinity, -Infinity. Arguments are the names of the cases to make; none means all.
"""

import json
import math
import os
import random
import shutil
import sys

from pyspark.ml import Pipeline
from pyspark.ml.classification import (
    DecisionTreeClassifier, GBTClassifier, LinearSVC, LogisticRegression, MultilayerPerceptronClassifier, NaiveBayes,
    RandomForestClassifier)
from pyspark.ml.clustering import KMeans
from pyspark.ml.feature import (
    IDF, PCA, Binarizer, Bucketizer, HashingTF, Imputer, IndexToString, MaxAbsScaler, MinMaxScaler, Normalizer,
    OneHotEncoder, PolynomialExpansion, RegexTokenizer, StandardScaler, StringIndexer, Tokenizer, VectorAssembler,
    VectorIndexer)
from pyspark.ml.linalg import DenseVector, SparseVector, Vectors, VectorUDT
from pyspark.ml.regression import (
    DecisionTreeRegressor, GBTRegressor, GeneralizedLinearRegression, LinearRegression, RandomForestRegressor)
from pyspark.sql import SparkSession
from pyspark.sql.types import ArrayType, DoubleType, LongType, StringType, StructField, StructType

HERE = os.path.dirname(os.path.abspath(__file__))
spark = (SparkSession.builder.master("local[1]").appName("sparkml-models")
         .config("spark.sql.shuffle.partitions", "1").config("spark.ui.enabled", "false")
         .config("spark.driver.memory", "1g").getOrCreate())
spark.sparkContext.setLogLevel("OFF")
ONLY = set(sys.argv[1:])

TYPES = {"d": DoubleType(), "s": StringType(), "v": VectorUDT(), "w": ArrayType(StringType())}


def frame(columns, rows):
    """columns is "name:type ..."; a row is a list; d double, s string, v vector, w words."""
    fields = [c.rsplit(":", 1) for c in columns.split()]
    schema = StructType([StructField("__id", LongType())] + [StructField(n, TYPES[t]) for n, t in fields])
    data = [[i] + [Vectors.dense(x) if t == "v" and x is not None else x for x, (_, t) in zip(r, fields)]
            for i, r in enumerate(rows)]
    return spark.createDataFrame(data, schema).coalesce(1)


def plain(x):
    if isinstance(x, (DenseVector, SparseVector)):
        x = [float(v) for v in x.toArray()]
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, float) and not math.isfinite(x):
        return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"
    return x


def case(name, model, df, inputs, bad=None, skip=()):
    """Saves model, and what it says of df's rows and, one by one, of the rows of bad, which may fail. inputs are the
    columns recorded as input, skip output columns that are not recorded."""
    home = os.path.join(HERE, name)
    shutil.rmtree(home, ignore_errors=True)
    model.write().overwrite().save("file://" + home + "/model")
    for at, _, files in os.walk(home):
        for f in files:
            if f.endswith(".crc") or f == "_SUCCESS":
                os.remove(os.path.join(at, f))
    seen = df.select("__id", *inputs).orderBy("__id").collect()
    lines = []
    out = {r["__id"]: r.asDict() for r in model.transform(df).collect()}
    for r in seen:
        line = {"in": {c: plain(r[c]) for c in inputs}}
        if r["__id"] in out:
            line["out"] = {c: plain(v) for c, v in out[r["__id"]].items()
                           if c not in df.columns and c not in skip}
        else:
            line["dropped"] = True
        lines.append(line)
    if bad is not None:
        for r in bad.orderBy("__id").collect():
            one = bad.filter(bad["__id"] == r["__id"])
            line = {"in": {c: plain(r[c]) for c in inputs}}
            try:
                got = model.transform(one).collect()
                if got:
                    line["out"] = {c: plain(v) for c, v in got[0].asDict().items()
                                   if c not in bad.columns and c not in skip}
                else:
                    line["dropped"] = True
            except Exception as e:  # the query fails
                line["error"] = str(e).splitlines()[0][:100].replace("file://" + HERE, "")
            lines.append(line)
    with open(home + "/rows.jsonl", "w") as f:
        for line in lines:
            f.write(json.dumps(line) + "\n")
    print("made", name, flush=True)


CASES = []


def makes(f):
    CASES.append(f)
    return f


def iris():
    with open(os.path.join(HERE, "../iris/iris.csv")) as f:
        rows = [line.strip().replace('"', "").split(",") for line in f][1:]
    return frame("sepal_length:d sepal_width:d petal_length:d petal_width:d variety:s",
                 [[float(x) for x in r[:4]] + [r[4]] for r in rows])


MEASURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def vectors(n=80, classes=3, seed=7, positive=False, binary=False):
    """label, y, count and weight with features of 4 numbers."""
    rnd = random.Random(seed)
    rows = []
    for i in range(n):
        k = i % classes
        x = [rnd.gauss(k, 1.0), rnd.gauss(-k, 0.7), rnd.uniform(-2, 2), float(rnd.randrange(4))]
        if positive:
            x = [abs(v) for v in x]
        if binary:
            x = [float(v > 0.5) for v in x]
        y = 2 * x[0] - x[1] + 0.5 * x[2] ** 2 + rnd.gauss(0, 0.1)
        count = float(rnd.randrange(1 + int(3 * abs(x[0]))))
        rows.append([x, float(k), y, count])
    return frame("features:v label:d y:d count:d", rows)


def odd(size=4):
    """vectors that training did not see."""
    n = float("nan")
    return frame("features:v", [[[0.0] * size], [[1e300, -1e300] + [0.0] * (size - 2)], [[n] + [1.0] * (size - 1)],
                                [[-0.5, 2.25] + [7.5] * (size - 2)]])


def mixed(holes=False):
    rnd = random.Random(11)
    cities = ["Bern", "Rome", "Oslo", "Paris", "Ürümqi"]
    words = "the quick brown fox jumps over a lazy dog while spark ML reads Many words".split()
    rows = []
    for i in range(120):
        c = cities[min(int(rnd.expovariate(0.7)), 4)]
        g = rnd.choice("mf")
        a, b = rnd.gauss(10, 3), rnd.uniform(0, 1)
        if holes and i % 7 == 0:
            a = None
        if holes and i % 11 == 0:
            b = float("nan")
        text = " ".join(rnd.choice(words) for _ in range(rnd.randrange(1, 8)))
        label = "yes" if (0 if a is None else a) + 4 * cities.index(c) + rnd.gauss(0, 2) > 12 else "no"
        rows.append([a, b, c, g, text, label])
    return frame("a:d b:d city:s sex:s text:s answer:s", rows)


# Feature stages alone

@makes
def string_indexer():
    for invalid in ("error", "skip", "keep"):
        m = StringIndexer(inputCol="city", outputCol="city_index", handleInvalid=invalid).fit(mixed())
        case("string_indexer_" + invalid, m, mixed().limit(20), ["city"],
             bad=frame("city:s", [["Bern"], ["Atlantis"], [None], [""]]))
    m = StringIndexer(inputCols=["city", "sex"], outputCols=["ci", "si"], handleInvalid="keep",
                      stringOrderType="alphabetAsc").fit(mixed())
    case("string_indexer_two", m, mixed().limit(20), ["city", "sex"], bad=frame("city:s sex:s", [[None, "x"], ["Rome", "f"]]))


@makes
def vector_assembler():
    for invalid in ("error", "skip", "keep"):
        m = VectorAssembler(inputCols=["a", "b"], outputCol="f", handleInvalid=invalid)
        case("assembler_" + invalid, m, frame("a:d b:d", [[1.0, 2.0], [0.0, -3.5]]), ["a", "b"],
             bad=frame("a:d b:d", [[None, 1.0], [1.0, float("nan")], [float("inf"), 0.0], [None, None]]))


@makes
def vector_indexer():
    for invalid in ("error", "skip", "keep"):
        m = VectorIndexer(inputCol="features", outputCol="indexed", maxCategories=4, handleInvalid=invalid).fit(vectors())
        case("vector_indexer_" + invalid, m, vectors().limit(20), ["features"],
             bad=frame("features:v", [[[0.0, 1.0, 2.0, 9.0]], [[0.0, 1.0, 2.0, 1.0]], [[0.0, 1.0, 2.0, float("nan")]]]))


@makes
def one_hot():
    df = frame("x:d y:d", [[float(i % 4), float(i % 3)] for i in range(12)])
    bad = frame("x:d y:d", [[4.0, 0.0], [1.5, 0.0], [-1.0, 0.0], [None, 1.0], [float("nan"), 1.0], [9.0, 2.0]])
    for drop in (True, False):
        for invalid in ("error", "keep"):
            m = OneHotEncoder(inputCols=["x", "y"], outputCols=["xv", "yv"], dropLast=drop, handleInvalid=invalid).fit(df)
            case("one_hot_%s_%s" % ("drop" if drop else "all", invalid), m, df, ["x", "y"], bad=bad)
    case("one_hot_single", OneHotEncoder(inputCol="x", outputCol="xv").fit(df), df, ["x"])


@makes
def bucketizer():
    inf = float("inf")
    for invalid in ("error", "skip", "keep"):
        m = Bucketizer(inputCol="x", outputCol="bucket", splits=[-1.0, 0.0, 0.5, 10.0], handleInvalid=invalid)
        case("bucketizer_" + invalid, m, frame("x:d", [[-1.0], [-0.5], [0.0], [0.49], [0.5], [10.0], [-0.0]]), ["x"],
             bad=frame("x:d", [[11.0], [-1.1], [float("nan")], [None], [inf]]))
    m = Bucketizer(inputCols=["x", "y"], outputCols=["xb", "yb"], splitsArray=[[-inf, 0.0, inf], [0.0, 1.0, 2.0, 3.0]])
    case("bucketizer_two", m, frame("x:d y:d", [[-1.0, 0.0], [inf, 3.0], [-inf, 2.5]]), ["x", "y"])


@makes
def binarizer():
    case("binarizer", Binarizer(inputCol="x", outputCol="xb", threshold=0.5),
         frame("x:d", [[0.5], [0.6], [-1.0], [None], [float("nan")]]), ["x"])
    case("binarizer_two", Binarizer(inputCols=["x", "y"], outputCols=["xb", "yb"], thresholds=[0.0, 1.0]),
         frame("x:d y:d", [[0.5, 1.0], [0.0, 1.5]]), ["x", "y"])


@makes
def scalers():
    df = frame("features:v", [[[float(i), 3.0, -i * 0.37]] for i in range(15)])
    for name, s in (("min_max", MinMaxScaler(min=-1.0, max=2.0)), ("standard", StandardScaler()),
                    ("standard_mean", StandardScaler(withMean=True)),
                    ("standard_only_mean", StandardScaler(withMean=True, withStd=False)),
                    ("standard_none", StandardScaler(withStd=False)), ("max_abs", MaxAbsScaler())):
        case("scaler_" + name, s.setInputCol("features").setOutputCol("scaled").fit(df), df, ["features"], bad=odd(3))
    for p in (1.0, 2.0, 3.0, float("inf")):
        case("normalizer_%s" % p, Normalizer(inputCol="features", outputCol="n", p=p), df, ["features"], bad=odd(3))


@makes
def imputer():
    df = mixed(holes=True).select("__id", "a", "b")
    for strategy in ("mean", "median", "mode"):
        m = Imputer(inputCols=["a", "b"], outputCols=["ai", "bi"], strategy=strategy).fit(df)
        case("imputer_" + strategy, m, df.limit(30), ["a", "b"])
    df = frame("x:d", [[-1.0], [2.0], [4.0], [None], [float("nan")]])
    m = Imputer(inputCol="x", outputCol="xi", missingValue=-1.0).fit(df.filter("not isnan(x)"))
    case("imputer_value", m, df, ["x"])


@makes
def pca_poly():
    df = vectors().select("__id", "features").limit(30)
    case("pca", PCA(k=2, inputCol="features", outputCol="p").fit(df), df, ["features"])
    for degree in (1, 2, 3, 4):
        case("polynomial_%d" % degree, PolynomialExpansion(inputCol="features", outputCol="p", degree=degree),
             df.limit(10), ["features"])


@makes
def text():
    df = frame("text:s", [["Hello  World"], [" leading and trailing "], [""], ["a\tb\nc"], ["Ünï çödé"], ["   "],
                          ["one,two;three"], ["one"]])
    case("tokenizer", Tokenizer(inputCol="text", outputCol="w"), df, ["text"])
    for name, t in (("gaps", RegexTokenizer()), ("comma", RegexTokenizer(pattern="[,;]", toLowercase=False)),
                    ("words", RegexTokenizer(pattern="\\w+", gaps=False)), ("long", RegexTokenizer(minTokenLength=4))):
        case("regex_tokenizer_" + name, t.setInputCol("text").setOutputCol("w"), df, ["text"])
    df = mixed().select("__id", "text").limit(30)
    hashed = Pipeline(stages=[Tokenizer(inputCol="text", outputCol="w"),
                              HashingTF(inputCol="w", outputCol="tf", numFeatures=32)])
    case("hashing_tf", hashed.fit(df), df, ["text"], bad=frame("text:s", [["Ünï çödé naïve 漢字 😀"], ["a b a b a"]]))
    binary = Pipeline(stages=[Tokenizer(inputCol="text", outputCol="w"),
                              HashingTF(inputCol="w", outputCol="tf", numFeatures=32, binary=True)])
    case("hashing_tf_binary", binary.fit(df), df, ["text"])
    idf = Pipeline(stages=[Tokenizer(inputCol="text", outputCol="w"),
                           HashingTF(inputCol="w", outputCol="tf", numFeatures=32),
                           IDF(inputCol="tf", outputCol="tfidf", minDocFreq=3)])
    case("idf", idf.fit(df), df, ["text"])


# Predictors alone, on vectors

@makes
def trees():
    df = vectors()
    for name, m in (("tree_classifier", DecisionTreeClassifier(seed=1)),
                    ("tree_regressor", DecisionTreeRegressor(labelCol="y", seed=1)),
                    ("forest_classifier", RandomForestClassifier(numTrees=7, seed=1)),
                    ("forest_thresholds", RandomForestClassifier(numTrees=3, seed=1).setThresholds([0.1, 0.8, 0.3])),
                    ("forest_regressor", RandomForestRegressor(labelCol="y", numTrees=7, seed=1)),
                    ("gbt_regressor", GBTRegressor(labelCol="y", maxIter=6, seed=1))):
        case(name, m.fit(df), df, ["features"], bad=odd())
    two = vectors(classes=2)
    case("gbt_classifier", GBTClassifier(maxIter=6, seed=1).fit(two), two, ["features"], bad=odd())


@makes
def linear():
    df, two = vectors(), vectors(classes=2)
    for name, m, d in (
            ("logistic_binomial", LogisticRegression(regParam=0.01), two),
            ("logistic_threshold", LogisticRegression(regParam=0.01, threshold=0.7), two),
            ("logistic_thresholds", LogisticRegression(regParam=0.01, thresholds=[0.3, 0.9]), two),
            ("logistic_multinomial", LogisticRegression(regParam=0.01), df),
            ("logistic_multinomial_two", LogisticRegression(regParam=0.01, family="multinomial"), two),
            ("logistic_multinomial_thresholds", LogisticRegression(regParam=0.01, thresholds=[0.2, 0.9, 0.5]), df),
            ("logistic_sparse", LogisticRegression(regParam=0.2, elasticNetParam=1.0), df),
            ("linear_regression", LinearRegression(labelCol="y", regParam=0.1), df),
            ("linear_huber", LinearRegression(labelCol="y", loss="huber", maxIter=20), df),
            ("svc", LinearSVC(maxIter=20, regParam=0.01), two),
            ("svc_threshold", LinearSVC(maxIter=20, regParam=0.01, threshold=0.4), two)):
        case(name, m.fit(d), d, ["features"], bad=odd())


@makes
def glm():
    df, two = vectors(positive=True), vectors(classes=2)
    up = df.withColumn("y", df["y"] * df["y"] + 0.1)
    for family, links in (("gaussian", ["identity", "log", "inverse"]), ("binomial", ["logit", "probit", "cloglog"]),
                          ("poisson", ["log", "identity", "sqrt"]), ("gamma", ["inverse", "log", "identity"])):
        for link in links:
            d = {"gaussian": up, "binomial": two, "poisson": df, "gamma": up}[family]
            label = {"gaussian": "y", "binomial": "label", "poisson": "count", "gamma": "y"}[family]
            m = GeneralizedLinearRegression(family=family, link=link, labelCol=label, regParam=0.05, maxIter=8,
                                            linkPredictionCol="eta")
            try:
                fitted = m.fit(d)
            except Exception as e:
                print("no fit", family, link, str(e)[:80])
                continue
            case("glm_%s_%s" % (family, link), fitted, d.limit(25), ["features"], bad=odd())
    for power, link in ((1.5, None), (1.2, 0.0), (0.0, 1.0), (1.6, 0.5), (1.6, -1.0)):
        m = GeneralizedLinearRegression(family="tweedie", variancePower=power, labelCol="y", regParam=0.05, maxIter=8)
        if link is not None:
            m = m.setLinkPower(link)
        try:
            fitted = m.fit(up)
        except Exception as e:
            print("no fit tweedie", power, link, str(e)[:80])
            continue
        case("glm_tweedie_%s_%s" % (power, link), fitted, up.limit(25), ["features"], bad=odd())
    off = df.withColumn("off", df["label"] * 0.1)
    m = GeneralizedLinearRegression(family="poisson", labelCol="count", offsetCol="off", maxIter=8).fit(off)
    case("glm_offset", m, off.limit(25), ["features", "off"])


@makes
def bayes():
    for kind in ("multinomial", "bernoulli", "gaussian", "complement"):
        df = vectors(positive=kind != "gaussian", binary=kind == "bernoulli")
        case("bayes_" + kind, NaiveBayes(modelType=kind).fit(df), df, ["features"], bad=odd())
    df = vectors(positive=True)
    case("bayes_thresholds", NaiveBayes(thresholds=[0.2, 0.5, 0.9]).fit(df), df, ["features"])


@makes
def others():
    df = vectors()
    case("perceptron", MultilayerPerceptronClassifier(layers=[4, 6, 5, 3], seed=3, maxIter=30).fit(df), df,
         ["features"], bad=odd())
    case("kmeans", KMeans(k=4, seed=5).fit(df), df, ["features"], bad=odd())
    case("kmeans_cosine", KMeans(k=3, seed=5, distanceMeasure="cosine").fit(df), df, ["features"])


# Pipelines

@makes
def pipelines():
    df = iris()
    label = StringIndexer(inputCol="variety", outputCol="label").fit(df)
    forest = Pipeline(stages=[label, VectorAssembler(inputCols=MEASURES, outputCol="features"),
                              RandomForestClassifier(numTrees=20, seed=42),
                              IndexToString(inputCol="prediction", outputCol="predicted_variety", labels=label.labels)])
    case("pipeline_iris", forest.fit(df), df, MEASURES, skip=["label", "features"])
    inner = Pipeline(stages=[VectorAssembler(inputCols=MEASURES, outputCol="raw"),
                             StandardScaler(inputCol="raw", outputCol="scaled", withMean=True)])
    nested = Pipeline(stages=[label, inner, PCA(k=3, inputCol="scaled", outputCol="features"),
                              LogisticRegression(regParam=0.01)])
    case("pipeline_nested", nested.fit(df), df, MEASURES, skip=["label", "raw", "scaled", "features"])

    df = mixed(holes=True)
    everything = Pipeline(stages=[
        StringIndexer(inputCol="answer", outputCol="label"),
        StringIndexer(inputCols=["city", "sex"], outputCols=["ci", "si"], handleInvalid="keep"),
        OneHotEncoder(inputCols=["ci", "si"], outputCols=["cv", "sv"]),
        Imputer(inputCols=["a", "b"], outputCols=["ai", "bi"]),
        Bucketizer(inputCol="ai", outputCol="ab", splits=[-float("inf"), 5.0, 10.0, 12.0, float("inf")]),
        VectorAssembler(inputCols=["ab", "bi", "cv", "sv"], outputCol="assembled"),
        MinMaxScaler(inputCol="assembled", outputCol="features"),
        LogisticRegression(regParam=0.01, predictionCol="guess", probabilityCol="p", rawPredictionCol="raw")])
    internal = ["label", "ci", "si", "cv", "sv", "ai", "bi", "ab", "assembled", "features"]
    case("pipeline_mixed", everything.fit(df), df, ["a", "b", "city", "sex"], skip=internal,
         bad=frame("a:d b:d city:s sex:s", [[None, None, None, None], [1.0, 2.0, "Atlantis", "x"]]))

    for invalid in ("error", "skip"):
        boosted = Pipeline(stages=[
            StringIndexer(inputCol="answer", outputCol="label"),
            StringIndexer(inputCols=["city", "sex"], outputCols=["ci", "si"], handleInvalid=invalid),
            VectorAssembler(inputCols=["a", "b", "ci", "si"], outputCol="v", handleInvalid=invalid),
            VectorIndexer(inputCol="v", outputCol="features", maxCategories=6, handleInvalid=invalid),
            GBTClassifier(maxIter=8, seed=2, maxDepth=4)])
        full = mixed()
        case("pipeline_categories_" + invalid, boosted.fit(full), full, ["a", "b", "city", "sex"],
             skip=["label", "ci", "si", "v", "features"],
             bad=frame("a:d b:d city:s sex:s", [[1.0, 2.0, "Atlantis", "f"], [None, 1.0, "Rome", "m"],
                                                [1.0, float("nan"), "Rome", None], [1.0, 0.5, "Rome", "m"]]))

    df = mixed()
    words = Pipeline(stages=[
        StringIndexer(inputCol="answer", outputCol="label"), RegexTokenizer(inputCol="text", outputCol="w"),
        HashingTF(inputCol="w", outputCol="tf", numFeatures=4096), IDF(inputCol="tf", outputCol="tfidf"),
        VectorAssembler(inputCols=["a", "tfidf"], outputCol="features"), NaiveBayes()])
    case("pipeline_text", words.fit(df), df, ["a", "text"], skip=["label", "w", "tf", "tfidf", "features"])
    words = Pipeline(stages=[
        StringIndexer(inputCol="answer", outputCol="label"), RegexTokenizer(inputCol="text", outputCol="w"),
        HashingTF(inputCol="w", outputCol="features"), LogisticRegression(regParam=0.1, elasticNetParam=0.5)])
    case("pipeline_text_wide", words.fit(df), df, ["text"], skip=["label", "w", "features"])


@makes
def kinds_for_errors():
    """classes that are not supported"""
    from pyspark.ml.feature import NGram
    home = os.path.join(HERE, "unsupported")
    shutil.rmtree(home, ignore_errors=True)
    NGram(inputCol="w", outputCol="n").write().overwrite().save("file://" + home + "/model")
    for at, _, files in os.walk(home):
        for f in files:
            if f.endswith(".crc") or f == "_SUCCESS":
                os.remove(os.path.join(at, f))


for f in CASES:
    if not ONLY or f.__name__ in ONLY:
        f()
