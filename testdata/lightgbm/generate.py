"""Trains small models with the real LightGBM and writes them with inputs and the library's own predictions.

    pip install lightgbm==4.7.0 numpy scikit-learn pandas
    python generate.py [CASE...]       all cases, or the named ones

Each case is CASE.txt, CASE.input.csv and CASE.expected.csv. An empty cell is missing.
"""
import os
import sys

import lightgbm as lgb
import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = ["a", "b", "c", "d", "e"]


def numbers(n, seed):
    r = np.random.RandomState(seed)
    x = r.randn(n, 5) * np.array([1, 3, 0.5, 10, 1])
    x[:, 4] = r.randint(0, 6, n)
    x[:, 3] = np.round(x[:, 3], 1)
    x[r.rand(n, 5) < 0.12] = np.nan
    x[r.rand(n) < 0.1, 0] = 0.0
    return x


def signal(x):
    z = np.nan_to_num(x, nan=0.3)
    return z[:, 0] + 0.4 * z[:, 1] * (z[:, 4] > 2) - np.abs(z[:, 2]) + 0.05 * z[:, 3] + 0.8 * (z[:, 0] == 0)


X, T = numbers(500, 1), numbers(90, 2)
T[0, 0], T[1, 0], T[2, 1] = 1e-36, -1e-37, -0.0
S = signal(X)
ST = (S - S.mean()) / S.std()


def cell(v):
    return v if isinstance(v, str) else "" if np.isnan(v) else repr(float(v))


def write(name, booster, test, names, expected):
    booster.save_model(os.path.join(HERE, name + ".txt"))
    with open(os.path.join(HERE, name + ".input.csv"), "w") as f:
        f.write(",".join(names) + "\n")
        for row in test:
            f.write(",".join(cell(v) for v in row) + "\n")
    with open(os.path.join(HERE, name + ".expected.csv"), "w") as f:
        f.write(",".join(expected) + "\n")
        for row in zip(*expected.values()):
            f.write(",".join(repr(float(v)) for v in row) + "\n")


def answers(b, t, objective):
    """The columns that millrace gives, from the library's predict."""
    plain, raw = b.predict(t, num_threads=1), b.predict(t, raw_score=True, num_threads=1)
    out = {}
    if objective.startswith("multiclass"):
        out["prediction"] = plain.argmax(axis=1)
        for k in range(plain.shape[1]):
            out[f"probability({k})"] = plain[:, k]
        for k in range(plain.shape[1]):
            out[f"raw_score({k})"] = raw[:, k]
    elif objective == "binary":
        out["prediction"] = (plain > 0.5).astype(int)
        out["probability(0)"] = 1 - plain
        out["probability(1)"] = plain
        out["raw_score"] = raw
    else:
        out["prediction"] = plain
        if not np.array_equal(plain, raw):
            out["raw_score"] = raw
    return out


def case(name, objective, y, rounds=8, x=None, t=None, names=NAMES, group=None, cats="auto", **params):
    if len(sys.argv) > 1 and name not in sys.argv[1:]:
        return
    x = X if x is None else x
    t = T if t is None else t
    p = {"objective": objective, "num_leaves": 12, "min_data_in_leaf": 5, "seed": 3, "verbose": -1, "num_threads": 1, "deterministic": True,
         "force_col_wise": True, "min_data_per_group": 5, "cat_smooth": 1, "learning_rate": 0.2}
    p.update(params)
    d = lgb.Dataset(x, y, feature_name=names if names else "auto", categorical_feature=cats, group=group)
    b = lgb.train(p, d, rounds)
    rows = t.values.tolist() if hasattr(t, "values") else t
    write(name, b, rows, names or b.feature_name(), answers(b, t, objective))


def categories(n, seed):
    r = np.random.RandomState(seed)
    x = numbers(n, seed)
    k, m = r.randint(0, 40, n).astype(float), r.randint(0, 3, n).astype(float)
    k[r.rand(n) < 0.1] = np.nan
    return np.column_stack([x[:, :3], k, m]), k, m


classes = np.digitize(ST, [-0.6, 0.5])
positive = np.exp(ST)
case("regression", "regression", S)
case("regression_unnamed", "regression", S, names=None)
case("regression_sqrt", "regression", S, reg_sqrt=True)
case("regression_l1", "regression_l1", S, rounds=4)
case("huber", "huber", S, rounds=4)
case("fair", "fair", S, rounds=4)
case("quantile", "quantile", S, rounds=4, alpha=0.8)
case("mape", "mape", positive + 1, rounds=4)
case("poisson", "poisson", np.round(positive))
case("gamma", "gamma", positive)
case("tweedie", "tweedie", positive)
case("binary", "binary", ST > 0)
case("binary_sigmoid", "binary", ST > 0, sigmoid=0.7, rounds=4)
case("multiclass", "multiclass", classes, num_class=3, rounds=4)
case("multiclassova", "multiclassova", classes, num_class=3, rounds=4, sigmoid=1.3)
case("cross_entropy", "cross_entropy", 1 / (1 + positive), rounds=4)
case("cross_entropy_lambda", "cross_entropy_lambda", 1 / (1 + positive), rounds=4)
case("lambdarank", "lambdarank", np.digitize(ST, [-1, 0, 1]), group=[50] * 10, rounds=4)
case("rf", "binary", ST > 0, boosting="rf", bagging_freq=1, bagging_fraction=0.6)
case("rf_regression", "regression", S, boosting="rf", bagging_freq=1, bagging_fraction=0.6)
case("rf_multiclass", "multiclass", classes, num_class=3, boosting="rf", bagging_freq=1, bagging_fraction=0.6, rounds=3)
case("dart", "regression", S, boosting="dart", drop_rate=0.4)
case("linear", "regression", S, linear_tree=True)
case("linear_binary", "binary", ST > 0, linear_tree=True, linear_lambda=0.1, rounds=4)
case("zero_missing", "regression", S, zero_as_missing=True)
case("no_missing", "regression", S, use_missing=False)
case("stump", "regression", S, min_gain_to_split=1e9, rounds=2)
case("deep", "regression", S, num_leaves=60, min_data_in_leaf=1, rounds=4)
xc, k, m = categories(500, 11)
tc, _, _ = categories(90, 12)
tc[3, 3], tc[4, 3], tc[5, 4], tc[6, 3], tc[7, 3], tc[8, 3] = 41, 4000, 9, -1, 2.9, -0.5
yc = np.nan_to_num(xc[:, 0]) + np.isin(k, [1, 4, 5, 9, 33]) * 2 - np.isin(m, [1]) * 1.5
case("category", "regression", yc, x=xc, t=tc, names=["a", "b", "c", "kind", "level"], cats=[3, 4])
case("category_onehot", "binary", yc > 0.5, x=xc, t=tc, names=["a", "b", "c", "kind", "level"], cats=[3, 4], max_cat_to_onehot=50)
case("category_linear", "regression", yc, x=xc, t=tc, names=["a", "b", "c", "kind", "level"], cats=[3, 4], linear_tree=True, rounds=4)
case("tiny", "regression", yc, x=xc[:, 2:4], t=tc[:, 2:4], names=["c", "kind"], cats=[1], linear_tree=True, rounds=2, num_leaves=3)
words = np.array(["north", "east", "south", "west", "up", "down"])
xp = pd.DataFrame({"a": xc[:, 0], "where": pd.Categorical(words[(np.nan_to_num(k) % 6).astype(int)]), "c": xc[:, 2]})
tp = pd.DataFrame({"a": tc[:, 0], "where": words[np.arange(90) % 6], "c": tc[:, 2]})
tp.loc[3, "where"] = "elsewhere"
tp["where"] = pd.Categorical(tp["where"])
yp = np.nan_to_num(xc[:, 0]) + np.isin(k % 6, [1, 4]) * 2
case("pandas", "regression", yp, x=xp, t=tp, names=["a", "where", "c"])
