"""Makes ONNX documents with operators of ai.onnx.ml, runs them with onnxruntime and writes documents and answers.

    pip install onnx==1.23.2 onnxruntime==1.32.0 skl2onnx==1.20.0 onnxmltools==1.16.0 scikit-learn==1.9.1 \
        xgboost-cpu==3.2.0 lightgbm==4.7.0 pandas
    python ml_generate.py [GROUP...]      all groups, or the named ones

A case of a library's model is ml/CASE.onnx and ml/CASE.json: {"inputs": {name: tensor}, "outputs": {name: tensor},
"tolerance": t}. Cases of single operators are together in ml/GROUP.json, a list of these with "name" and "model". A
tensor is {"type", "shape", "values"}, with NaN, Infinity and -Infinity as texts; the output of a ZipMap is {"type":
"map", "keys", "shape", "values"}. Numbers of a float tensor have the fewest digits that give them back. A tolerance
of 0 asks for the same bits, another is relative to the greatest number of the column. onnxruntime runs on one thread.
"""
import base64
import json
import os
import sys
import warnings

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

warnings.filterwarnings("ignore")
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ml")
ML = "ai.onnx.ml"
ROWS = 80
TYPES = {np.dtype(np.float32): "float", np.dtype(np.float64): "double", np.dtype(np.int64): "int64",
         np.dtype(np.int32): "int32", np.dtype(np.bool_): "bool"}
PROTO = {"float": TensorProto.FLOAT, "double": TensorProto.DOUBLE, "int64": TensorProto.INT64,
         "int32": TensorProto.INT32, "string": TensorProto.STRING, "bool": TensorProto.BOOL}
pack = []


def cell(v):
    if isinstance(v, (bytes, str, np.str_)):
        return v.decode() if isinstance(v, bytes) else str(v)
    if isinstance(v, (np.bool_, bool)):
        return int(v)
    if isinstance(v, (np.integer, int)):
        return int(v)
    if np.isnan(v):
        return "NaN"
    if np.isinf(v):
        return "Infinity" if v > 0 else "-Infinity"
    text = repr(v.item()) if isinstance(v, np.float64) else str(v)
    v = float(text)
    return int(v) if v.is_integer() and abs(v) < 1e15 and text != "-0.0" else v


def tensor(a):
    a = np.asarray(a)
    kind = TYPES.get(a.dtype, "string")
    return {"type": kind, "shape": list(a.shape), "values": [cell(v) for v in a.ravel()]}


def answer(v):
    if isinstance(v, list) and v and isinstance(v[0], dict):
        keys = list(v[0])
        return {"type": "map", "keys": [cell(k) for k in keys], "shape": [len(v), len(keys)],
                "values": [cell(np.float32(row[k])) for row in v for k in keys]}
    return tensor(v)


def run(model, feeds):
    o = ort.SessionOptions()
    o.intra_op_num_threads = 1
    o.inter_op_num_threads = 1
    o.log_severity_level = 3
    s = ort.InferenceSession(model.SerializeToString(), o, providers=["CPUExecutionProvider"])
    names = [x.name for x in s.get_outputs()]
    return dict(zip(names, s.run(names, feeds)))


def case(name, model, feeds, tolerance=0.0, alone=False):
    """Writes a case; feeds are arrays by input."""
    out = run(model, feeds)
    doc = {"tolerance": tolerance, "inputs": {k: tensor(v) for k, v in feeds.items()},
           "outputs": {k: answer(v) for k, v in out.items()}}
    if alone:
        onnx.save(model, os.path.join(HERE, name + ".onnx"))
        write(name, doc)
    else:
        pack.append({"name": name, "model": base64.b64encode(model.SerializeToString()).decode(), **doc})


def write(name, doc):
    with open(os.path.join(HERE, name + ".json"), "w") as f:
        lines = [json.dumps(d, separators=(",", ":")) for d in (doc if isinstance(doc, list) else [doc])]
        f.write("[\n" + ",\n".join(lines) + "\n]\n" if isinstance(doc, list) else lines[0] + "\n")


def graph(nodes, inputs, outputs, initializers=(), ml=3, opset=17, name="g"):
    """inputs and outputs: (name, type, shape)."""
    g = helper.make_graph(nodes, name, [helper.make_tensor_value_info(n, PROTO[t], s) for n, t, s in inputs],
                          [helper.make_tensor_value_info(n, PROTO[t], s) for n, t, s in outputs], list(initializers))
    m = helper.make_model(g, opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid(ML, ml)])
    m.ir_version = 8
    return m


def one(op, attrs, inputs, outputs, ml=3):
    """A document of one operator."""
    attrs = {k: v for k, v in attrs.items() if not (isinstance(v, list) and not v)}
    n = helper.make_node(op, [i[0] for i in inputs], [o[0] for o in outputs], domain=ML, **attrs)
    return graph([n], inputs, outputs, ml=ml)


# --- data -----------------------------------------------------------------------------------------------------------

def numbers(n, seed, missing=0.0):
    r = np.random.RandomState(seed)
    x = r.randn(n, 5) * np.array([1, 3, 0.5, 10, 1])
    x[:, 4] = r.randint(0, 6, n)
    x[:, 3] = np.round(x[:, 3], 1)
    if missing:
        x[r.rand(n, 5) < missing] = np.nan
    return x.astype(np.float32)


X, XM = numbers(300, 1), numbers(300, 1, 0.12)
T, TM = numbers(ROWS, 2), numbers(ROWS, 2, 0.12)
S = X[:, 0] + 0.4 * X[:, 1] * (X[:, 4] > 2) - np.abs(X[:, 2]) + 0.05 * X[:, 3]
TWO = (S > np.median(S)).astype(np.int64)
THREE = np.digitize(S, np.quantile(S, [0.3, 0.7])).astype(np.int64)
WORDS = np.array(["low", "mid", "high"])[THREE]


def planted(model, rows, every=4):
    """The rows, with thresholds of the document's trees in place of some values: tests that are hit exactly."""
    rows = rows.copy()
    r = np.random.RandomState(5)
    hits = []
    for n in model.graph.node:
        at = {a.name: a for a in n.attribute}
        if n.op_type.startswith("TreeEnsemble") and "nodes_values" in at:
            modes = at["nodes_modes"].strings
            hits += [(f, v) for f, v, m in zip(at["nodes_featureids"].ints, at["nodes_values"].floats, modes)
                     if m != b"LEAF"]
    if not hits:
        return rows
    for i in range(0, len(rows), every):
        for k in r.randint(0, len(hits), 3):
            f, v = hits[k]
            rows[i, f] = v
    return rows


# --- trees ----------------------------------------------------------------------------------------------------------

MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]


def trees(seed, count, depth, modes, targets, features=5, weight=None, missing=False, per_leaf=None, grid=True):
    """Random trees as attributes; weights by leaf: one for each of per_leaf targets."""
    r = np.random.RandomState(seed)
    a = {k: [] for k in ["nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_modes", "nodes_values",
                         "nodes_truenodeids", "nodes_falsenodeids", "nodes_missing_value_tracks_true"]}
    w = {k: [] for k in ["treeids", "nodeids", "ids", "weights"]}
    weight = weight or (lambda: r.randn())

    for t in range(count):
        ids = iter(range(10000))

        def node(level):
            me = next(ids)
            at = len(a["nodes_nodeids"])
            leaf = level == depth or (level > 0 and r.rand() < 0.25)
            f = int(r.randint(features))
            v = float(np.round(r.randn() * [1, 3, 0.5, 10, 1][f], 1)) if f != 4 else float(r.randint(6))
            for k, x in [("nodes_treeids", t), ("nodes_nodeids", me), ("nodes_featureids", 0 if leaf else f),
                         ("nodes_modes", "LEAF" if leaf else str(r.choice(modes))),
                         ("nodes_values", 0.0 if leaf else v), ("nodes_truenodeids", 0), ("nodes_falsenodeids", 0),
                         ("nodes_missing_value_tracks_true", 0 if leaf else int(r.rand() < 0.5))]:
                a[k].append(x)
            if leaf:
                some = targets if per_leaf is None else r.choice(targets, per_leaf, replace=False)
                for g in some:
                    w["treeids"].append(t)
                    w["nodeids"].append(me)
                    w["ids"].append(int(g))
                    w["weights"].append(float(np.float32(weight())))
                return me
            a["nodes_truenodeids"][at] = node(level + 1)
            a["nodes_falsenodeids"][at] = node(level + 1)
            return me

        node(0)
    if not missing:
        del a["nodes_missing_value_tracks_true"]
    return a, w


def regressor(name, n_targets, tree_args, rows=None, tolerance=0.0, kind="float", ml=3, tensors=(), **attrs):
    a, w = trees(**tree_args)
    a.update({"target_" + k: v for k, v in w.items()})
    for k in tensors:
        v = np.array(a.pop(k) if k in a else attrs.pop(k), np.float64)
        a[k + "_as_tensor"] = numpy_helper.from_array(v + 1e-9 * np.arange(len(v)))
    m = one("TreeEnsembleRegressor", {**a, "n_targets": n_targets, **attrs}, [("X", kind, [None, 5])],
            [("Y", "float", [None, n_targets])], ml)
    rows = planted(m, TM if rows is None else rows)
    case(name, m, {"X": rows.astype({"float": np.float32, "double": np.float64}[kind])}, tolerance)


def classifier(name, labels, tree_args, rows=None, tolerance=0.0, kind="float", ml=3, tensors=(), **attrs):
    a, w = trees(**tree_args)
    a.update({"class_" + k: v for k, v in w.items()})
    for k in tensors:
        v = np.array(a.pop(k) if k in a else attrs.pop(k), np.float64)
        a[k + "_as_tensor"] = numpy_helper.from_array(v + 1e-9 * np.arange(len(v)))
    texts = isinstance(labels[0], str)
    attrs["classlabels_strings" if texts else "classlabels_int64s"] = labels
    m = one("TreeEnsembleClassifier", {**a, **attrs}, [("X", kind, [None, 5])],
            [("label", "string" if texts else "int64", [None]), ("scores", "float", [None, len(labels)])], ml)
    rows = planted(m, TM if rows is None else rows)
    if kind in ("int64", "int32"):
        rows = np.nan_to_num(np.round(rows))
    case(name, m, {"X": rows.astype({"float": np.float32, "double": np.float64, "int64": np.int64,
                                     "int32": np.int32}[kind])}, tolerance)


TRANSFORMS = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"]


def tree_cases():
    for i, mode in enumerate(MODES):
        regressor("tree_mode_" + mode[7:].lower(), 1,
                  dict(seed=i, count=6, depth=4, modes=[mode], targets=[0], missing=i % 2 == 0))
    regressor("tree_modes", 1, dict(seed=11, count=12, depth=5, modes=MODES, targets=[0], missing=True))
    regressor("tree_modes_no_tracks", 1, dict(seed=11, count=12, depth=5, modes=MODES, targets=[0]))
    regressor("tree_deep", 1, dict(seed=12, count=3, depth=13, modes=["BRANCH_LEQ"], targets=[0], missing=True))
    regressor("tree_stump", 1, dict(seed=13, count=3, depth=0, modes=MODES, targets=[0]))
    for f in ["SUM", "AVERAGE", "MIN", "MAX"]:
        low = f.lower()
        regressor("tree_" + low, 1, dict(seed=20, count=7, depth=4, modes=["BRANCH_LEQ", "BRANCH_LT"], targets=[0]),
                  aggregate_function=f, base_values=[0.25])
        regressor("tree_" + low + "_many", 3,
                  dict(seed=21, count=7, depth=4, modes=["BRANCH_LEQ"], targets=[0, 1, 2]),
                  aggregate_function=f, base_values=[0.25, -1.0, 3.0])
        for base in [[], [0.25, -1.0, 3.0]]:
            regressor(f"tree_{low}_sparse_{len(base)}", 3,
                      dict(seed=22, count=5, depth=3, modes=["BRANCH_LEQ"], targets=[0, 1, 2], per_leaf=1),
                      aggregate_function=f, base_values=base)
            regressor(f"tree_{low}_single_{len(base)}", 3,
                      dict(seed=22, count=5, depth=3, modes=["BRANCH_LEQ"], targets=[1]),
                      aggregate_function=f, base_values=base)
    for p in TRANSFORMS:
        r = np.random.RandomState(3)
        w = (lambda: r.rand() / 8) if p == "PROBIT" else None
        tol = {"NONE": 0.0, "PROBIT": 1e-4}.get(p, 1e-6)
        low = p.lower()
        regressor("tree_post_" + low, 1, dict(seed=30, count=5, depth=3, modes=["BRANCH_LEQ"], targets=[0], weight=w),
                  tolerance=tol, post_transform=p)
        regressor("tree_post_" + low + "_many", 4,
                  dict(seed=31, count=5, depth=3, modes=["BRANCH_LEQ"], targets=[0, 1, 2, 3], weight=w, per_leaf=3),
                  tolerance=tol, post_transform=p)
        classifier("treec_post_" + low, [10, 20, 30],
                   dict(seed=32, count=5, depth=3, modes=["BRANCH_LEQ"], targets=[0, 1, 2], weight=w),
                   tolerance=tol, post_transform=p)
        for sign in ["positive", "mixed"]:
            r2 = np.random.RandomState(4)
            w2 = w or ((lambda: r2.rand() / 5) if sign == "positive" else None)
            for bases in [[], [0.125], [0.125, 0.25]][p == "PROBIT":]:
                n = f"treec_two_{low}_{sign}_{len(bases)}"
                kw = {"base_values": bases} if bases else {}
                classifier(n, ["no", "yes"] if sign == "mixed" else [7, 9],
                           dict(seed=33, count=5, depth=3, modes=["BRANCH_LEQ"], targets=[len(bases) % 2], weight=w2),
                           tolerance=tol, post_transform=p, **kw)
    for bases in [[], [0.5], [0.5, -0.25]]:
        classifier(f"treec_two_both_{len(bases)}", [0, 1],
                   dict(seed=34, count=5, depth=3, modes=["BRANCH_LEQ"], targets=[0, 1]), base_values=bases)
        classifier(f"treec_two_both_labels_{len(bases)}", ["a", "b"],
                   dict(seed=35, count=5, depth=3, modes=["BRANCH_LEQ"], targets=[0, 1],
                        weight=lambda r=np.random.RandomState(8): r.rand()), base_values=bases)
    classifier("treec_words", ["low", "mid", "high", "top"],
               dict(seed=36, count=8, depth=4, modes=MODES, targets=[0, 1, 2, 3], missing=True, per_leaf=2),
               base_values=[0.5, -0.25, 0.0, 0.125])
    r3 = np.random.RandomState(7)
    classifier("treec_sparse", [5, 6, 7],
               dict(seed=44, count=2, depth=3, modes=["BRANCH_LEQ"], targets=[0, 1, 2], per_leaf=1,
                    weight=lambda: -r3.rand()))
    classifier("treec_one_each", [5, 6, 7],
               dict(seed=45, count=2, depth=0, modes=["BRANCH_LEQ"], targets=[0, 1, 2], per_leaf=1,
                    weight=lambda: -r3.rand()))
    classifier("treec_one", [4], dict(seed=37, count=4, depth=3, modes=["BRANCH_LEQ"], targets=[0]))
    classifier("treec_ties", [3, 1, 2],
               dict(seed=38, count=4, depth=3, modes=["BRANCH_LEQ"], targets=[0, 1, 2], weight=lambda: 1.0))
    for kind in ["double", "int64", "int32"]:
        classifier("treec_" + kind, [0, 1, 2],
                   dict(seed=39, count=6, depth=4, modes=["BRANCH_LEQ"], targets=[0, 1, 2]), kind=kind)
    classifier("treec_double_tensors", [0, 1, 2],
               dict(seed=40, count=6, depth=4, modes=["BRANCH_LEQ"], targets=[0, 1, 2]), kind="double",
               tensors=["nodes_values", "class_weights", "base_values"], base_values=[0.5, 0.1, 0.2])
    regressor("tree_double", 2, dict(seed=41, count=6, depth=4, modes=["BRANCH_LEQ"], targets=[0, 1]), kind="double")
    regressor("tree_double_tensors", 1, dict(seed=42, count=6, depth=4, modes=["BRANCH_LT"], targets=[0]),
              kind="double", tensors=["nodes_values", "target_weights", "base_values"], base_values=[0.1])
    regressor("tree_ml1", 1, dict(seed=43, count=6, depth=4, modes=["BRANCH_LEQ"], targets=[0]), ml=1)


def ensemble_cases():
    """TreeEnsemble of version 5: thresholds and weights are tensors, sets of members."""
    for kind, dt in [("float", np.float32), ("double", np.float64)]:
        def t(v):
            return numpy_helper.from_array(np.array(v, dt))
        modes = np.array([0, 6, 1, 2, 3, 4, 5], np.uint8)  # LEQ, MEMBER, LT, GTE, GT, EQ, NEQ
        attrs = dict(
            n_targets=2, aggregate_function=1, post_transform=0, tree_roots=[0, 3, 5],
            nodes_modes=numpy_helper.from_array(modes),
            nodes_featureids=[0, 4, 1, 2, 3, 4, 0],
            nodes_splits=t([0.1, 0, -0.5, 0.2, 1.5, 3, 0.5]),
            membership_values=t([1, 2, 4, np.nan]),
            nodes_truenodeids=[1, 0, 2, 4, 4, 6, 7], nodes_trueleafs=[0, 1, 1, 0, 1, 0, 1],
            nodes_falsenodeids=[2, 1, 3, 5, 6, 8, 9], nodes_falseleafs=[0, 1, 1, 1, 1, 1, 1],
            nodes_missing_value_tracks_true=[1, 0, 0, 1, 0, 1, 0],
            leaf_targetids=[0, 1, 0, 1, 0, 1, 0, 1, 0, 1],
            leaf_weights=t([0.5, -1.25, 2.5, 3.1, -0.7, 0.3, 1.1, -2.2, 0.9, 4.4]))
        rows = TM.copy()
        rows[::5, 0] = np.float32(0.1)
        rows[::7, 2] = np.float32(0.2)
        rows[::9, 4] = np.arange(len(rows[::9])) / 2 - 1
        for agg, label in enumerate(["average", "sum", "min", "max"]):
            attrs["aggregate_function"] = agg
            m = one("TreeEnsemble", attrs, [("X", kind, [None, 5])], [("Y", kind, [None, 2])], ml=5)
            case(f"ensemble_{kind}_{label}", m, {"X": rows.astype(dt)})
        attrs["aggregate_function"] = 1
        for post in [1, 2, 3]:
            attrs["post_transform"] = post
            m = one("TreeEnsemble", attrs, [("X", kind, [None, 5])], [("Y", kind, [None, 2])], ml=5)
            case(f"ensemble_{kind}_post_{post}", m, {"X": rows.astype(dt)}, 1e-6)
        big = dict(attrs, post_transform=0, n_targets=1, tree_roots=[0],
                   nodes_modes=numpy_helper.from_array(np.array([6], np.uint8)), nodes_featureids=[3],
                   nodes_splits=t([0]), membership_values=t([-10, 0, 40, 3, 100, np.nan]),
                   nodes_truenodeids=[0], nodes_trueleafs=[1],
                   nodes_falsenodeids=[1], nodes_falseleafs=[1], nodes_missing_value_tracks_true=[0],
                   leaf_targetids=[0, 0], leaf_weights=t([1.5, -2.5]))
        rows = TM.copy()
        rows[:10, 3] = [-10.5, 0.5, 40, 3.5, 100, 0, np.nan, 41, 3, -10]
        m = one("TreeEnsemble", big, [("X", kind, [None, 5])], [("Y", kind, [None, 1])], ml=5)
        case(f"ensemble_{kind}_set", m, {"X": rows.astype(dt)})


def exported_trees():
    from sklearn.ensemble import (ExtraTreesClassifier, ExtraTreesRegressor, GradientBoostingClassifier,
                                  GradientBoostingRegressor, HistGradientBoostingClassifier,
                                  HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor)
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
    from skl2onnx import convert_sklearn, to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    make = helper.make_attribute

    def make_ints(key, value, *rest, **kw):  # protobuf takes no booleans for integers, and skl2onnx gives them
        if isinstance(value, (list, np.ndarray)) and any(isinstance(v, (bool, np.bool_)) for v in value):
            value = [int(v) for v in value]
        return make(key, value, *rest, **kw)

    helper.make_attribute = make_ints

    def skl(name, est, y, x=X, rows=T, tolerance=0.0, opts=None):
        est.fit(x, y)
        m = to_onnx(est, x[:1], options=opts, target_opset={"": 17, ML: 3})
        case(name, m, {"X": planted(m, rows)}, tolerance, alone=True)

    plain = {"zipmap": False}
    skl("skl_forest", RandomForestClassifier(12, max_depth=5, random_state=1), THREE, opts=plain)
    skl("skl_forest_zipmap", RandomForestClassifier(6, max_depth=4, random_state=1), WORDS)
    skl("skl_forest_columns", RandomForestClassifier(6, max_depth=4, random_state=1), WORDS, opts={"zipmap": "columns"})
    skl("skl_forest_two", RandomForestClassifier(8, max_depth=4, random_state=2), TWO, opts=plain)
    skl("skl_forest_regressor", RandomForestRegressor(10, max_depth=5, random_state=1), S)
    skl("skl_forest_regressor_many", RandomForestRegressor(6, max_depth=4, random_state=1), np.stack([S, S * S], 1))
    skl("skl_extra", ExtraTreesClassifier(8, max_depth=5, random_state=1), WORDS, opts=plain)
    skl("skl_extra_regressor", ExtraTreesRegressor(8, max_depth=5, random_state=1), S)
    skl("skl_tree", DecisionTreeClassifier(max_depth=5, random_state=1), THREE)
    skl("skl_tree_two", DecisionTreeClassifier(max_depth=4, random_state=1), TWO, opts=plain)
    skl("skl_tree_regressor", DecisionTreeRegressor(max_depth=6, random_state=1), S)
    skl("skl_boosting", GradientBoostingClassifier(n_estimators=10, random_state=1), THREE, opts=plain, tolerance=1e-6)
    skl("skl_boosting_two", GradientBoostingClassifier(n_estimators=10, random_state=1), TWO, opts=plain,
        tolerance=1e-6)
    # convert_sklearn says that this one needs version 1 of the operators of ai.onnx: it has an Identity of them.
    old = make_pipeline(StandardScaler(), GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=1))
    m = convert_sklearn(old.fit(X, WORDS), initial_types=[("X", FloatTensorType([None, X.shape[1]]))],
                        target_opset={"": 11, ML: 1})
    case("skl_boosting_opset", m, {"X": planted(m, T)}, 1e-6, alone=True)
    skl("skl_boosting_regressor", GradientBoostingRegressor(n_estimators=15, random_state=1), S)
    skl("skl_hist", HistGradientBoostingClassifier(max_iter=8, max_leaf_nodes=9), WORDS, x=XM, rows=TM, opts=plain,
        tolerance=1e-6)
    skl("skl_hist_two", HistGradientBoostingClassifier(max_iter=8, max_leaf_nodes=9), TWO, x=XM, rows=TM, opts=plain,
        tolerance=1e-6)
    skl("skl_hist_regressor", HistGradientBoostingRegressor(max_iter=12, max_leaf_nodes=9), S, x=XM, rows=TM)


def boosted():
    import lightgbm
    import xgboost
    from onnxmltools import convert_lightgbm, convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    def export(name, est, y, convert, x=XM, rows=TM, **kw):
        est.fit(x, y, **kw)
        m = convert(est, initial_types=[("X", FloatTensorType([None, x.shape[1]]))], target_opset=15)
        if name == "lgb_category":
            rows = rows.copy()
            rows[::6, 4] = np.arange(len(rows[::6])) / 2 - 1
        case(name, m, {"X": planted(m, rows)}, 0.0 if name in exact else 1e-6, alone=True)

    exact = ["xgb_regressor", "xgb_rf", "lgb_regressor", "lgb_category"]  # sums alone
    x = dict(n_estimators=10, max_depth=4, learning_rate=0.3)
    export("xgb_two", xgboost.XGBClassifier(**x), TWO, convert_xgboost)
    export("xgb_three", xgboost.XGBClassifier(**x), THREE, convert_xgboost)
    export("xgb_regressor", xgboost.XGBRegressor(**x), S, convert_xgboost)
    export("xgb_poisson", xgboost.XGBRegressor(objective="count:poisson", **x), np.abs(np.round(S)), convert_xgboost)
    export("xgb_rf", xgboost.XGBRFRegressor(n_estimators=6, max_depth=4), S, convert_xgboost)
    lg = dict(n_estimators=8, num_leaves=9, verbose=-1)
    export("lgb_two", lightgbm.LGBMClassifier(**lg), TWO, convert_lightgbm)
    export("lgb_three", lightgbm.LGBMClassifier(**lg), THREE, convert_lightgbm)
    export("lgb_regressor", lightgbm.LGBMRegressor(**lg), S, convert_lightgbm)
    export("lgb_category", lightgbm.LGBMRegressor(**dict(lg, min_data_per_group=5, cat_smooth=1, max_cat_to_onehot=1)),
           S, convert_lightgbm, x=X, rows=T, categorical_feature=[4])


# --- linear, SVM ----------------------------------------------------------------------------------------------------

def linear_cases():
    r = np.random.RandomState(50)
    x = [("X", "float", [None, 5])]
    for p in TRANSFORMS:
        low, tol = p.lower(), 1e-2 if p == "PROBIT" else 1e-5
        rows = T / 40 + 0.5 if p == "PROBIT" else T
        c = [float(v) for v in np.float32(r.randn(15) / (15 if p == "PROBIT" else 1))]
        b = [0.4, 0.5, 0.6]
        m = one("LinearClassifier", dict(coefficients=c, intercepts=b, classlabels_ints=[5, 6, 7], post_transform=p),
                x, [("label", "int64", [None]), ("scores", "float", [None, 3])])
        case("linear_three_" + low, m, {"X": rows}, tol)
        for labels in [["no", "yes"], [8, 9]]:
            texts = isinstance(labels[0], str)
            k = "classlabels_strings" if texts else "classlabels_ints"
            if p != "PROBIT":  # onnxruntime leaves memory as it was
                m = one("LinearClassifier", {"coefficients": c[:5], "intercepts": b[:1], k: labels,
                                             "post_transform": p},
                        x, [("label", "string" if texts else "int64", [None]), ("scores", "float", [None, 2])])
                case(f"linear_two_{low}_{'words' if texts else 'ints'}", m, {"X": rows}, tol)
            m = one("LinearClassifier", {"coefficients": c[:10], "intercepts": b[:2], k: labels, "post_transform": p},
                    x, [("label", "string" if texts else "int64", [None]), ("scores", "float", [None, 2])])
            case(f"linear_pair_{low}_{'words' if texts else 'ints'}", m, {"X": rows}, tol)
        m = one("LinearRegressor", dict(coefficients=c[:5], intercepts=b[:1], targets=1, post_transform=p), x,
                [("Y", "float", [None, 1])])
        case("linear_one_" + low, m, {"X": rows}, tol)
        m = one("LinearRegressor", dict(coefficients=c, targets=3, post_transform=p), x, [("Y", "float", [None, 3])])
        case("linear_many_" + low, m, {"X": rows}, tol)
    c = [float(v) for v in np.float32(r.randn(15))]
    for kind, dt in [("double", np.float64), ("int64", np.int64), ("int32", np.int32)]:
        m = one("LinearClassifier", dict(coefficients=c, intercepts=[0.1, 0.2, 0.3], classlabels_ints=[1, 2, 3]),
                [("X", kind, [None, 5])], [("label", "int64", [None]), ("scores", "float", [None, 3])])
        case("linear_" + kind, m, {"X": T.astype(dt)}, 1e-5)


def svm_cases():
    from sklearn.svm import NuSVC, NuSVR, OneClassSVM, SVC, SVR, LinearSVC, LinearSVR
    from skl2onnx import to_onnx
    xs = (X / np.float32([1, 3, 0.5, 10, 3])).astype(np.float32)
    ts = (T / np.float32([1, 3, 0.5, 10, 3])).astype(np.float32)

    def skl(name, est, y, n=90, **opts):
        est.fit(xs[:n], y[:n])
        m = to_onnx(est, xs[:1], options=opts or None, target_opset={"": 17, ML: 1})
        case(name, m, {"X": ts}, 2e-5)

    for kernel in ["linear", "poly", "rbf", "sigmoid"]:
        skl(f"svc_{kernel}_two", SVC(kernel=kernel, gamma=0.3, coef0=0.2), TWO, zipmap=False)
        skl(f"svc_{kernel}_three", SVC(kernel=kernel, gamma=0.3, coef0=0.2), WORDS, zipmap=False)
        skl(f"svc_{kernel}_two_proba", SVC(kernel=kernel, probability=True, random_state=1), WORDS[:0].tolist() or TWO,
            zipmap=False)
        skl(f"svc_{kernel}_three_proba", SVC(kernel=kernel, probability=True, random_state=1), THREE, zipmap=False)
        skl(f"svr_{kernel}", SVR(kernel=kernel, gamma=0.3, coef0=0.2), S)
    skl("svc_poly2", SVC(kernel="poly", degree=2), THREE, zipmap=False)
    skl("svc_poly4", SVC(kernel="poly", degree=4, coef0=0.5), THREE, zipmap=False)
    skl("svc_zipmap", SVC(probability=True, random_state=1), WORDS)
    skl("nusvc", NuSVC(nu=0.3), THREE, zipmap=False)
    skl("nusvr", NuSVR(), S)
    skl("svm_one_class", OneClassSVM(nu=0.2), S)
    skl("linear_svc", LinearSVC(random_state=1), WORDS)
    skl("linear_svc_two", LinearSVC(random_state=1), TWO)
    skl("linear_svr", LinearSVR(random_state=1), S)

    x = [("X", "float", [None, 5])]
    r = np.random.RandomState(60)
    f = lambda n: [float(v) for v in np.float32(r.randn(n))]
    for k, labels in [("classlabels_ints", [4, 5, 6]), ("classlabels_strings", ["a", "b", "c"])]:
        texts = k.endswith("strings")
        for p in ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"]:
            m = one("SVMClassifier", {k: labels, "coefficients": f(15), "kernel_type": "LINEAR",
                                      "kernel_params": [0.0, 0.0, 0.0], "rho": [0.3], "post_transform": p}, x,
                    [("label", "string" if texts else "int64", [None]), ("scores", "float", [None, 3])], ml=1)
            case(f"svm_linear_{'words' if texts else 'ints'}_{p.lower()}", m, {"X": ts}, 1e-5)
    for positive in [True, False]:
        w = f(10)
        m = one("SVMClassifier", dict(classlabels_ints=[4, 5], coefficients=[abs(v) for v in w] if positive else w,
                                      kernel_type="LINEAR", kernel_params=[0.0, 0.0, 0.0], rho=[-0.3]), x,
                [("label", "int64", [None]), ("scores", "float", [None, 2])], ml=1)
        case(f"svm_linear_two_{'positive' if positive else 'mixed'}", m, {"X": ts}, 1e-5)
        for p in ["NONE", "SOFTMAX", "LOGISTIC"]:
            c = f(6)
            m = one("SVMClassifier", dict(classlabels_strings=["n", "p"], vectors_per_class=[2, 4],
                                          coefficients=[abs(v) for v in c] if positive else c,
                                          support_vectors=f(30), kernel_type="RBF", kernel_params=[0.2, 0.0, 0.0],
                                          rho=[-0.1], post_transform=p), x,
                    [("label", "string", [None]), ("scores", "float", [None, 2])], ml=1)
            case(f"svm_two_{p.lower()}_{'positive' if positive else 'mixed'}", m, {"X": ts}, 1e-5)
    for p in ["SOFTMAX", "LOGISTIC"]:
        m = one("SVMClassifier", dict(classlabels_ints=[2, 4, 8], vectors_per_class=[2, 1, 3], coefficients=f(12),
                                      support_vectors=f(30), kernel_type="POLY", kernel_params=[0.2, 0.5, 3.0],
                                      rho=[-0.1, 0.2, 0.3], post_transform=p), x,
                [("label", "int64", [None]), ("scores", "float", [None, 3])], ml=1)
        case(f"svm_three_{p.lower()}", m, {"X": ts}, 1e-5)
    for kind, dt in [("double", np.float64), ("int64", np.int64)]:
        m = one("SVMClassifier", dict(classlabels_ints=[2, 4, 8], vectors_per_class=[2, 1, 3], coefficients=f(12),
                                      support_vectors=f(30), kernel_type="RBF", kernel_params=[0.2, 0.5, 3.0],
                                      rho=[-0.1, 0.2, 0.3]), [("X", kind, [None, 5])],
                [("label", "int64", [None]), ("scores", "float", [None, 3])], ml=1)
        case("svm_" + kind, m, {"X": ts.astype(dt)}, 1e-5)
    for one_class in [0, 1]:
        m = one("SVMRegressor", dict(coefficients=f(5), kernel_type="LINEAR", kernel_params=[0.0, 0.0, 0.0],
                                     n_supports=0, one_class=one_class, rho=[0.2]), x, [("Y", "float", [None, 1])],
                ml=1)
        case(f"svm_regressor_linear_{one_class}", m, {"X": ts}, 1e-5)


# --- small operators ------------------------------------------------------------------------------------------------

def small_cases():
    f32, f64, i64, i32 = np.float32, np.float64, np.int64, np.int32
    for kind, dt in [("float", f32), ("double", f64), ("int64", i64), ("int32", i32)]:
        rows = TM if kind in ("float", "double") else T
        m = one("Scaler", dict(offset=[0.5, -1.0, 0.25, 3.0, 2.0], scale=[1.5, 0.3, 2.0, 0.1, 0.7]),
                [("X", kind, [None, 5])], [("Y", "float", [None, 5])], ml=1)
        case("scaler_" + kind, m, {"X": rows.astype(dt)})
        for norm in ["MAX", "L1", "L2"]:
            m = one("Normalizer", dict(norm=norm), [("X", kind, [None, 5])], [("Y", "float", [None, 5])], ml=1)
            x = T.astype(dt)
            x[3] = 0
            case(f"normalizer_{norm.lower()}_{kind}", m, {"X": x})
    m = one("Scaler", dict(offset=[0.5], scale=[1.5]), [("X", "float", [None, 5])], [("Y", "float", [None, 5])], ml=1)
    case("scaler_one", m, {"X": TM})
    m = one("Normalizer", dict(norm="L2"), [("X", "float", [None, 5])], [("Y", "float", [None, 5])], ml=1)
    case("normalizer_nan", m, {"X": TM})
    m = one("Binarizer", dict(threshold=0.5), [("X", "float", [None, 5])], [("Y", "float", [None, 5])], ml=1)
    x = T.copy()
    x[::3, 1] = 0.5
    case("binarizer", m, {"X": x})
    m = one("Binarizer", {}, [("X", "float", [None, 5])], [("Y", "float", [None, 5])], ml=1)
    case("binarizer_plain", m, {"X": x})

    m = one("Imputer", dict(imputed_value_floats=[1.0, 2.0, 3.0, 4.0, 5.0], replaced_value_float=float("nan")),
            [("X", "float", [None, 5])], [("Y", "float", [None, 5])], ml=1)
    case("imputer_nan", m, {"X": TM})
    m = one("Imputer", dict(imputed_value_floats=[9.5], replaced_value_float=3.0), [("X", "float", [None, 5])],
            [("Y", "float", [None, 5])], ml=1)
    case("imputer_one", m, {"X": TM})
    m = one("Imputer", dict(imputed_value_int64s=[1, 2, 3, 4, 5], replaced_value_int64=-1),
            [("X", "int64", [None, 5])], [("Y", "int64", [None, 5])], ml=1)
    case("imputer_int64", m, {"X": T.astype(i64)})

    words = np.array([["a"], ["b"], ["zzz"], ["c"], [""], ["a"], ["ä"]], dtype=object)
    m = one("OneHotEncoder", dict(cats_strings=["a", "c", "ä", ""], zeros=1), [("X", "string", [None, 1])],
            [("Y", "float", [None, 1, 4])], ml=1)
    case("onehot_words", m, {"X": words})
    m = one("OneHotEncoder", dict(cats_strings=["a", "b", "c", "ä", "", "zzz"], zeros=0),
            [("X", "string", [None, 1])], [("Y", "float", [None, 1, 6])], ml=1)
    case("onehot_words_all", m, {"X": words})
    m = one("OneHotEncoder", dict(cats_int64s=[5, 1, 3], zeros=1), [("X", "int64", [None, 2])],
            [("Y", "float", [None, 2, 3])], ml=1)
    case("onehot_int64", m, {"X": np.array([[1, 2], [3, 5], [5, 5], [0, 1]], i64)})
    for kind, dt in [("float", f32), ("double", f64)]:
        m = one("OneHotEncoder", dict(cats_int64s=[0, -1, 3], zeros=1), [("X", kind, [None, 1])],
                [("Y", "float", [None, 1, 3])], ml=1)
        case("onehot_" + kind, m, {"X": np.array([[0.7], [3.0], [-1.5], [-0.5], [3.9], [8]], dt)})

    labels_cases()

    m = one("CategoryMapper", dict(cats_strings=["a", "b", "ä"], cats_int64s=[10, 20, 30], default_int64=-5),
            [("X", "string", [None, 1])], [("Y", "int64", [None, 1])], ml=1)
    case("category_words", m, {"X": words})
    m = one("CategoryMapper", dict(cats_strings=["a", "b", "ä"], cats_int64s=[10, 20, 30], default_string="?"),
            [("X", "int64", [None, 1])], [("Y", "string", [None, 1])], ml=1)
    case("category_int64", m, {"X": np.array([[10], [20], [30], [31], [-10]], i64)})

    y = helper.make_tensor("at", TensorProto.INT64, [3], [4, 0, 4])
    n = helper.make_node("ArrayFeatureExtractor", ["X", "at"], ["Y"], domain=ML)
    m = graph([n], [("X", "float", [None, 5])], [("Y", "float", [None, 3])], [y], ml=1)
    case("extractor_float", m, {"X": TM})
    m = graph([n], [("X", "string", [None, 5])], [("Y", "string", [None, 3])], [y], ml=1)
    case("extractor_words", m, {"X": np.array([["a", "b", "c", "d", "e"], ["f", "g", "h", "i", ""]], dtype=object)})

    n = helper.make_node("FeatureVectorizer", ["A", "B", "C", "D"], ["Y"], domain=ML, inputdimensions=[2, 1, 1, 3])
    for kind, dt in [("float", f32), ("double", f64), ("int64", i64), ("int32", i32)]:
        m = graph([n], [("A", kind, [None, 2]), ("B", kind, [None, 1]), ("C", kind, [None, 2]), ("D", kind, [None, 1])],
                  [("Y", "float", [None, 7])], ml=1)
        t = (TM if kind in ("float", "double") else T).astype(dt)
        case("vectorizer_" + kind, m, {"A": t[:, :2], "B": t[:, 2:3], "C": t[:, 3:5], "D": t[:, :1]})

    for k, keys in [("classlabels_strings", ["x", "y", "z"]), ("classlabels_int64s", [3, 1, 2])]:
        n = helper.make_node("ZipMap", ["X"], ["Z"], domain=ML, **{k: keys})
        kt = TensorProto.STRING if k.endswith("strings") else TensorProto.INT64
        z = helper.make_value_info("Z", helper.make_sequence_type_proto(helper.make_map_type_proto(
            kt, helper.make_tensor_type_proto(TensorProto.FLOAT, []))))
        g = helper.make_graph([n], "g", [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 3])], [z])
        m = helper.make_model(g, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(ML, 1)])
        m.ir_version = 8
        case("zipmap_" + k[12:], m, {"X": TM[:, :3]})


def labels_cases():
    """LabelEncoder: all pairs of types, in the attributes of versions 1, 2 and 4."""
    nan = float("nan")
    words = np.array([["a"], ["b"], ["zzz"], ["c"], [""], ["ä"]], dtype=object)
    keys = {"string": ["a", "c", "", "ä"], "int64": [3, -1, 0, 9], "float": [1.5, -0.5, nan, 0.0]}
    data = {"string": words, "int64": np.array([[3], [2], [-1], [0], [10], [9]], np.int64),
            "float": np.array([[1.5], [1.6], [nan], [-0.5], [0.0], [-0.0], [np.inf]], np.float32)}
    vals = {"string": ["one", "two", "", "vier"], "int64": [7, -8, 0, 2], "float": [0.5, nan, -2.0, 4.25]}
    defaults = {"string": ("default_string", "?"), "int64": ("default_int64", -9), "float": ("default_float", 0.125)}
    for k in keys:
        for v in vals:
            io = ([("X", k, [None, 1])], [("Y", v, [None, 1])])
            attrs = {f"keys_{k}s": keys[k], f"values_{v}s": vals[v]}
            if k != v or k == "string":
                case(f"label_{k}_{v}_plain", one("LabelEncoder", attrs, *io, ml=2), {"X": data[k]})
                case(f"label_{k}_{v}", one("LabelEncoder", {**attrs, defaults[v][0]: defaults[v][1]}, *io, ml=2),
                     {"X": data[k]})
                case(f"label_{k}_{v}_four", one("LabelEncoder", attrs, *io, ml=4), {"X": data[k]})

    def t(kind, v):
        if kind == "string":
            return helper.make_tensor("t", TensorProto.STRING, [len(v)], [s.encode() for s in v])
        return numpy_helper.from_array(np.array(v, {"int64": np.int64, "float": np.float32, "double": np.float64,
                                                    "int16": np.int16}[kind]))
    keys["double"], vals["double"] = [1.5, -0.5, nan, 0.1], [0.1, nan, -2.0, 4.25]
    data["double"] = np.array([[1.5], [0.1], [nan], [-0.5], [np.float32(0.1)]], np.float64)
    default = {"string": ["?"], "int64": [-9], "double": [0.1], "float": [0.125]}
    for k, v in [("double", "double"), ("string", "double"), ("double", "string"), ("int64", "int64"),
                 ("int64", "double"), ("double", "int64"), ("float", "float"), ("string", "string"),
                 ("string", "int64")]:
        attrs = dict(keys_tensor=t(k, keys[k]), values_tensor=t(v, vals[v]), default_tensor=t(v, default[v]))
        try:
            case(f"label_tensor_{k}_{v}", one("LabelEncoder", attrs, [("X", k, [None, 1])], [("Y", v, [None, 1])],
                                              ml=4), {"X": data[k]})
        except Exception as e:  # onnxruntime has no such kernel
            print(f"label_tensor_{k}_{v}: {str(e)[:150]}")
    m = one("LabelEncoder", dict(classes_strings=["a", "c", "ä"], default_int64=-7), [("X", "string", [None, 1])],
            [("Y", "int64", [None, 1])], ml=1)
    case("label_one_words", m, {"X": words})
    m = one("LabelEncoder", dict(classes_strings=["a", "c", "ä"], default_string="?"), [("X", "int64", [None, 1])],
            [("Y", "string", [None, 1])], ml=1)
    case("label_one_int64", m, {"X": np.array([[0], [1], [2], [3], [-1]], np.int64)})


# --- pipelines ------------------------------------------------------------------------------------------------------

def pipelines():
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.cluster import KMeans
    from sklearn.compose import ColumnTransformer
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.ensemble import (AdaBoostClassifier, BaggingClassifier, IsolationForest, RandomForestClassifier,
                                  StackingClassifier, VotingClassifier)
    from sklearn.feature_selection import SelectKBest, f_regression
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import (LinearRegression, LogisticRegression, Perceptron, PoissonRegressor, Ridge,
                                      SGDClassifier)
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.naive_bayes import BernoulliNB, GaussianNB
    from sklearn.neural_network import MLPClassifier
    from sklearn.decomposition import PCA, TruncatedSVD
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import (Binarizer, KBinsDiscretizer, MaxAbsScaler, MinMaxScaler, Normalizer,
                                       OneHotEncoder, OrdinalEncoder, PolynomialFeatures, PowerTransformer,
                                       RobustScaler, StandardScaler)
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
    import pandas as pd

    def frame(n, x, seed):
        r = np.random.RandomState(seed)
        return pd.DataFrame({"age": x[:n, 0], "income": x[:n, 1], "score": x[:n, 2],
                             "city": r.choice(["Berlin", "Wien", "Zürich", "Bern"], n),
                             "plan": r.choice(["a", "b"], n), "visits": r.randint(0, 9, n)})

    train, test = frame(300, X, 1), frame(60, T, 2)
    trainm, testm = frame(300, XM, 1), frame(60, TM, 2)
    test.loc[::7, "city"] = "Paris"
    testm.loc[::7, "city"] = "Paris"
    types = [(c, StringTensorType([None, 1]) if c in ("city", "plan") else
              Int64TensorType([None, 1]) if c == "visits" else FloatTensorType([None, 1])) for c in train.columns]

    def feeds(df):
        out = {}
        for c, t in types:
            v = df[c].values.reshape(-1, 1)
            out[c] = v.astype(object) if c in ("city", "plan") else \
                v.astype(np.int64) if c == "visits" else v.astype(np.float32)
        return out

    def pipe(name, steps, y, tr=train, te=test, tolerance=1e-5, opts=None):
        est = make_pipeline(*steps)
        est.fit(tr, y)
        used = set(types_of(est))
        ty = [t for t in types if t[0] in used]
        m = to_onnx(est, initial_types=ty, options=opts, target_opset={"": 17, ML: 3})
        names = {i.name for i in m.graph.input}
        case(name, m, {k: v for k, v in feeds(te).items() if k in names}, tolerance, alone=True)

    def types_of(est):
        return [c for _, _, cols in est.steps[0][1].transformers for c in cols]

    num, cat = ["age", "income", "score"], ["city", "plan"]
    one_hot = OneHotEncoder(handle_unknown="ignore")
    plain = {"zipmap": False}
    pipe("pipe_logistic", [ColumnTransformer([("n", make_pipeline(SimpleImputer(), StandardScaler()), num),
                                              ("c", one_hot, cat)]), LogisticRegression()], WORDS, trainm, testm)
    pipe("pipe_forest", [ColumnTransformer([("n", SimpleImputer(strategy="median"), num), ("c", one_hot, cat)]),
                         RandomForestClassifier(6, max_depth=4, random_state=1)], WORDS, trainm, testm, 1e-6, plain)
    pipe("pipe_linear", [ColumnTransformer([("n", MinMaxScaler(), num), ("c", one_hot, cat),
                                            ("v", StandardScaler(), ["visits"])]), LinearRegression()], S)
    pipe("pipe_ordinal", [ColumnTransformer([("n", RobustScaler(), num), ("c", OrdinalEncoder(), ["plan"])]),
                          Ridge()], S)
    pipe("pipe_words_only", [ColumnTransformer([("c", OrdinalEncoder(), ["plan"])]),
                             RandomForestClassifier(3, max_depth=2, random_state=1)], TWO, opts=plain)

    def skl(name, est, y, x=X, rows=T, tolerance=1e-5, opts=None):
        try:
            est.fit(x, y)
            m = to_onnx(est, x[:1], options=opts, target_opset={"": 17, ML: 3})
        except Exception as e:
            print(f"{name}: {type(e).__name__} {str(e)[:150]}")
            return
        case(name, m, {"X": rows}, tolerance, alone=True)

    skl("skl_logistic", LogisticRegression(max_iter=500), WORDS)
    skl("skl_logistic_two", LogisticRegression(), TWO, opts=plain)
    skl("skl_linear", LinearRegression(), S)
    skl("skl_linear_many", LinearRegression(), np.stack([S, S * S], 1))
    skl("skl_calibrated", CalibratedClassifierCV(LogisticRegression(), cv=2), TWO, opts=plain)
    skl("skl_calibrated_isotonic", CalibratedClassifierCV(GaussianNB(), cv=2, method="isotonic"), TWO, opts=plain)
    skl("skl_one_vs_rest", OneVsRestClassifier(LogisticRegression()), THREE, opts=plain)
    skl("skl_voting", VotingClassifier([("a", LogisticRegression()),
                                        ("b", RandomForestClassifier(4, max_depth=3, random_state=1))],
                                       voting="soft", flatten_transform=False), THREE, opts=plain)
    skl("skl_voting_hard", VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())],
                                            flatten_transform=False), TWO, opts=plain)
    skl("skl_bagging", BaggingClassifier(n_estimators=3, random_state=1), THREE, opts=plain)
    skl("skl_adaboost", AdaBoostClassifier(n_estimators=4, random_state=1), THREE, opts=plain)
    skl("skl_stacking", StackingClassifier([("a", LogisticRegression()), ("b", GaussianNB())], cv=2), TWO, opts=plain)
    skl("skl_naive_bayes", GaussianNB(), THREE, opts=plain, tolerance=1e-4)
    skl("skl_kmeans", KMeans(3, n_init=2, random_state=1), None, tolerance=1e-4)
    skl("skl_mlp", MLPClassifier((8,), max_iter=100, random_state=1), THREE, opts=plain)
    skl("skl_pca_logistic", make_pipeline(StandardScaler(), PCA(3), LogisticRegression()), THREE, opts=plain)
    skl("skl_scalers", make_pipeline(MaxAbsScaler(), Normalizer(), PolynomialFeatures(2), Ridge()), S, tolerance=1e-4)
    skl("skl_binarizer", make_pipeline(Binarizer(threshold=0.2), LogisticRegression()), TWO, opts=plain)
    skl("skl_lda", LinearDiscriminantAnalysis(), THREE, opts=plain)
    skl("skl_sgd", SGDClassifier(random_state=1), THREE, tolerance=1e-4)
    skl("skl_sgd_log", SGDClassifier(loss="log_loss", random_state=1), WORDS, opts=plain, tolerance=1e-4)
    skl("skl_perceptron", Perceptron(random_state=1), TWO)
    skl("skl_isolation", IsolationForest(n_estimators=5, random_state=1), None)
    skl("skl_bernoulli", BernoulliNB(), THREE, opts=plain)
    skl("skl_poisson", PoissonRegressor(), np.abs(S))
    skl("skl_power", make_pipeline(PowerTransformer(), Ridge()), S, tolerance=1e-4)
    skl("skl_select_svd", make_pipeline(SelectKBest(f_regression, k=3), TruncatedSVD(2), Ridge()), S)
    skl("skl_bins", make_pipeline(KBinsDiscretizer(4, encode="onehot-dense"), LogisticRegression()), TWO, opts=plain)


GROUPS = {"trees": tree_cases, "ensembles": ensemble_cases, "exported": exported_trees, "boosted": boosted,
          "linear": linear_cases, "svm": svm_cases, "small": small_cases, "pipelines": pipelines}

if __name__ == "__main__":
    os.makedirs(HERE, exist_ok=True)
    for group in sys.argv[1:] or GROUPS:
        pack.clear()
        GROUPS[group]()
        if pack:
            write(group, pack)
    print(f"onnxruntime {ort.__version__}")
