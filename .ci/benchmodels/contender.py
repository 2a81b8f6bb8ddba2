"""Scores the models of `make bench-models` with the libraries that trained them, one thread each.

It answers lines on standard input: see main.go. Usage: contender.py FOLDER
"""
import pathlib
import sys
import time

import joblib
import lightgbm
import numpy
import xgboost

folder = pathlib.Path(sys.argv[1])


def table(name):
    with open(folder / f"{name}.csv") as f:
        f.readline()
        return numpy.array([[float(x) if x else numpy.nan for x in line.rstrip("\n").split(",")] for line in f])


def scorer(library, model, rows):
    """Gives a function that scores all rows, and the names of its columns."""
    if library == "lightgbm":
        b, x = lightgbm.Booster(model_file=str(folder / f"{model}.lightgbm.txt")), table(rows)
        return lambda: b.predict(x, num_threads=1), ["probability(1)"]
    if library == "xgboost":
        b = xgboost.Booster(model_file=str(folder / f"{model}.xgboost.json"))
        b.set_param({"nthread": 1})
        x = table(rows).astype(numpy.float32)
        return lambda: b.inplace_predict(x), ["probability(1)"]  # a DMatrix would keep the predictions
    m = joblib.load(folder / f"{model}.joblib")
    prepared = folder / f"{rows}.npy"
    x = numpy.load(prepared) if prepared.exists() else table(rows)
    if not hasattr(m, "classes_"):
        return lambda: m.predict(x), ["y"]
    if hasattr(m, "estimators_"):
        x = x.astype(numpy.float32)  # what it computes in: spares it the conversion
    return lambda: m.predict_proba(x), [f"probability({c})" for c in m.classes_]


known = {}
for line in sys.stdin:
    what, library, model, rows, *more = line.split()
    key = library, model, rows
    if key not in known:
        known[key] = scorer(*key)
    score, names = known[key]
    if what == "check":
        y = score()
        numpy.savetxt(folder / f"{model}@{rows}.{library}.csv", y if y.ndim == 2 else y[:, None], fmt="%.17g", delimiter=",", header=",".join(names), comments="")
        print("ok", flush=True)
        continue
    n, start = 0, time.process_time()
    while True:
        n += len(score())
        spent = time.process_time() - start
        if spent >= float(more[0]):
            break
    print(spent * 1e9 / n, flush=True)
