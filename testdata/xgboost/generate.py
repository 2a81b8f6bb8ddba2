"""Trains small models with the real XGBoost and writes them with inputs and the library's own predictions.

    pip install xgboost-cpu==3.2.0 numpy pandas scikit-learn
    python generate.py [CASE...]       all cases, or the named ones

Each case is CASE.json (or .ubj), CASE.input.csv and CASE.expected.csv. An empty cell is missing. Numbers of the
answers are float32 in the fewest digits that give them back. The cases old_* need another version of the library:
`python generate.py old_1_7` with that version writes its case.
"""
import json
import os
import sys

import numpy as np
import xgboost as xgb

HERE = os.path.dirname(os.path.abspath(__file__))
VERSION = tuple(int(p) for p in xgb.__version__.split(".")[:2])
NAMES = ["a", "b", "c", "d", "e"]
rng = np.random.RandomState(7)


def numbers(n, seed):
    r = np.random.RandomState(seed)
    x = r.randn(n, 5) * np.array([1, 3, 0.5, 10, 1])
    x[:, 4] = r.randint(0, 6, n)
    x[:, 3] = np.round(x[:, 3], 1)
    x[r.rand(n, 5) < 0.12] = np.nan
    return x


def signal(x):
    z = np.nan_to_num(x, nan=0.3)
    return z[:, 0] + 0.4 * z[:, 1] * (z[:, 4] > 2) - np.abs(z[:, 2]) + 0.05 * z[:, 3]


X, T = numbers(400, 1), numbers(90, 2)
S = signal(X)
ST = (S - S.mean()) / S.std()


def cell(v):
    return v if isinstance(v, str) else "" if np.isnan(v) else repr(float(v))


def short(v):
    return np.format_float_scientific(np.float32(v), unique=True) if np.isfinite(v) else repr(float(v))


def write(name, booster, test, names, expected, suffix="json"):
    if booster is not None:
        booster.save_model(os.path.join(HERE, f"{name}.{suffix}"))
    with open(os.path.join(HERE, f"{name}.input.csv"), "w") as f:
        f.write(",".join(names) + "\n")
        for row in test:
            f.write(",".join(cell(v) for v in row) + "\n")
    with open(os.path.join(HERE, f"{name}.expected.csv"), "w") as f:
        f.write(",".join(expected) + "\n")
        for row in zip(*expected.values()):
            f.write(",".join(short(v) for v in row) + "\n")


def answers(booster, d, objective):
    """The columns that millrace gives, from the library's predict."""
    kw = {}
    margin = booster.predict(d, output_margin=True, **kw)
    plain = booster.predict(d, **kw)
    out = {}
    if objective.startswith("multi:"):
        if objective == "multi:softmax":
            out["prediction"] = plain
            e = np.exp(margin - margin.max(axis=1, keepdims=True))
            proba = e / e.sum(axis=1, keepdims=True)
        else:
            proba = plain
            out["prediction"] = plain.argmax(axis=1)
        for k in range(proba.shape[1]):
            out[f"probability({k})"] = proba[:, k]
        for k in range(proba.shape[1]):
            out[f"margin({k})"] = margin[:, k]
    elif objective == "binary:logistic":
        out["prediction"] = (plain > 0.5).astype(int)
        out["probability(0)"] = np.float32(1) - plain
        out["probability(1)"] = plain
        out["margin"] = margin
    elif plain.ndim == 2:
        for k in range(plain.shape[1]):
            out[f"prediction({k})"] = plain[:, k]
        if not np.array_equal(plain, margin):
            for k in range(plain.shape[1]):
                out[f"margin({k})"] = margin[:, k]
    else:
        out["prediction"] = plain
        if not np.array_equal(plain, margin):
            out["margin"] = margin
    return out


def case(name, objective, y, rounds=8, x=None, t=None, names=NAMES, types=None, suffix="json", set_info=None, **params):
    if len(sys.argv) > 1 and name not in sys.argv[1:]:
        return
    x = X if x is None else x
    t = T if t is None else t
    kw = {}
    if types:
        kw = {"feature_types": types, "enable_categorical": True}
    d = xgb.DMatrix(x, None if y is None else np.asarray(y, dtype=np.float32), feature_names=names, **kw)
    if set_info:
        set_info(d)
    p = {"objective": objective, "max_depth": 4, "eta": 0.3, "seed": 3, "nthread": 1}
    p.update(params)
    b = xgb.train(p, d, rounds)
    td = xgb.DMatrix(t, feature_names=names, **kw)
    shown = names or [f"f{i}" for i in range(t.shape[1])]
    write(name, b, t, shown, answers(b, td, objective), suffix)


def older():
    """A small model of another version of the library."""
    name = "old_%d_%d" % VERSION
    if sys.argv[1:] == [name]:
        names = NAMES if VERSION >= (1, 4) else None  # older documents do not have them
        case(name, "binary:logistic", ST > 0, rounds=5, base_score=0.3, names=names)
        return True
    return False


def early_stopping():
    if len(sys.argv) > 1 and "early_stopping" not in sys.argv[1:]:
        return
    noisy = (ST + rng.randn(len(ST)) > 0).astype(int)
    m = xgb.XGBClassifier(n_estimators=60, max_depth=4, learning_rate=0.5, early_stopping_rounds=3, n_jobs=1, random_state=5)
    m.fit(X[:250], noisy[:250], eval_set=[(X[250:], noisy[250:])], verbose=False)
    b = m.get_booster()
    d = xgb.DMatrix(T)
    upto = (0, m.best_iteration + 1)
    assert m.best_iteration + 1 < b.num_boosted_rounds()
    plain, margin = b.predict(d, iteration_range=upto), b.predict(d, iteration_range=upto, output_margin=True)
    assert np.array_equal(m.predict_proba(T)[:, 1], plain)
    m.save_model(os.path.join(HERE, "early_stopping.json"))
    write("early_stopping", None, T, [f"f{i}" for i in range(5)], {
        "prediction": m.predict(T), "probability(0)": m.predict_proba(T)[:, 0], "probability(1)": plain, "margin": margin})


def categories(n, seed, top):
    r = np.random.RandomState(seed)
    x = numbers(n, seed)
    k, l = r.randint(0, top, n).astype(float), r.randint(0, 3, n).astype(float)
    k[r.rand(n) < 0.1] = np.nan
    return np.column_stack([x[:, :3], k, l]), k, l


def frame():
    """Columns of categories in a pandas frame: the document has their names."""
    if len(sys.argv) > 1 and "frame" not in sys.argv[1:]:
        return
    import pandas as pd
    words, r = np.array(["nord", "ost", "sued", "west"]), np.random.RandomState(4)
    x = pd.DataFrame({"a": X[:, 0], "where": pd.Categorical(words[r.randint(0, 4, 400)]), "n": pd.Categorical(r.choice([3, 5, 7, 40], 400))})
    y = np.nan_to_num(X[:, 0]) + x["where"].cat.codes % 3 + (x["n"].astype(int) == 7) * 2
    x.loc[5:20, "where"] = np.nan
    for suffix in ("json", "ubj"):
        name = "frame" + ("_ubj" if suffix == "ubj" else "")
        b = xgb.train({"max_depth": 4, "tree_method": "hist", "nthread": 1, "max_cat_to_onehot": 1}, xgb.DMatrix(x, y, enable_categorical=True), 5)
        t = x.iloc[:90]
        rows = t.astype(object).where(t.notna(), np.nan).values.tolist()
        rows = [[float("nan") if v != v else v for v in row] for row in rows]
        write(name, b, rows, list(t.columns), answers(b, xgb.DMatrix(t, enable_categorical=True), "reg:squarederror"), suffix)


def all_cases():
    classes = np.digitize(ST, [-0.6, 0.5])
    positive = np.exp(ST)
    case("squarederror", "reg:squarederror", S, rounds=12)
    case("squarederror_unnamed_ubj", "reg:squarederror", S, names=None, suffix="ubj")
    case("deep_lossguide", "reg:squarederror", S, rounds=4, tree_method="hist", grow_policy="lossguide", max_depth=0, max_leaves=40, suffix="ubj")
    case("stump", "reg:squarederror", S, rounds=2, gamma=1e9)
    case("squaredlogerror", "reg:squaredlogerror", positive)
    case("pseudohubererror", "reg:pseudohubererror", S)
    case("absoluteerror", "reg:absoluteerror", S)
    case("quantileerror", "reg:quantileerror", S, quantile_alpha=[0.1, 0.9], tree_method="hist")
    case("reglogistic", "reg:logistic", 1 / (1 + positive))
    case("gamma", "reg:gamma", positive)
    case("tweedie", "reg:tweedie", positive)
    case("poisson", "count:poisson", np.round(positive))
    case("cox", "survival:cox", np.where(ST > -0.5, positive, -positive))
    case("aft", "survival:aft", None, set_info=lambda d: (
        d.set_float_info("label_lower_bound", positive.astype(np.float32)), d.set_float_info("label_upper_bound", (positive * 1.5).astype(np.float32))))
    case("logistic", "binary:logistic", ST > 0, base_score=0.3)
    case("logistic_ubj", "binary:logistic", ST > 0, suffix="ubj")
    case("logitraw", "binary:logitraw", ST > 0)
    case("hinge", "binary:hinge", ST > 0)
    case("softmax", "multi:softmax", classes, num_class=3, rounds=5)
    case("softprob", "multi:softprob", classes, num_class=3, rounds=5, suffix="ubj")
    case("dart", "reg:squarederror", S, booster="dart", rate_drop=0.4, rounds=10)
    case("dart_softprob", "multi:softprob", classes, num_class=3, booster="dart", rate_drop=0.4, one_drop=1, rounds=6)
    case("parallel_trees", "binary:logistic", ST > 0, num_parallel_tree=3, subsample=0.6, rounds=4)
    case("gblinear", "reg:squarederror", S, booster="gblinear", rounds=5)
    case("gblinear_softprob", "multi:softprob", classes, num_class=3, booster="gblinear", rounds=5, suffix="ubj")
    case("multi_target", "reg:squarederror", np.column_stack([S, S * S]), rounds=4)
    case("rank", "rank:ndcg", np.digitize(ST, [-1, 0, 1]), rounds=5, set_info=lambda d: d.set_group([40] * 10))
    x, k, l = categories(400, 11, 12)
    t, _, _ = categories(90, 12, 12)
    t[3, 3], t[4, 3], t[5, 4], t[6, 3], t[7, 3] = 13, 40, 9, 70, 2  # categories that training did not see
    y = np.nan_to_num(x[:, 0]) + np.isin(k, [1, 4, 5, 9]) * 2 - np.isin(l, [1]) * 1.5
    types = ["float", "float", "q", "c", "c"]
    names = ["a", "b", "c", "kind", "level"]
    case("category_partition", "reg:squarederror", y, x=x, t=t, names=names, types=types, tree_method="hist", max_cat_to_onehot=1)
    case("category_onehot", "binary:logistic", y > 0.5, x=x, t=t, names=names, types=types, tree_method="hist", max_cat_to_onehot=64, suffix="ubj")
    for name, suffix in (("tiny", "json"), ("tiny_ubj", "ubj")):
        case(name, "reg:squarederror", y, x=x[:, 3:], t=t[:, 3:], names=["kind", "level"], types=["c", "c"], tree_method="hist",
             rounds=1, suffix=suffix, max_depth=1)
    early_stopping()
    frame()


if not older():
    all_cases()
