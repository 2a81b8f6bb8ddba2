"""Trains a forest with Spark ML for `make bench-models`, or scores with it, on one core.

`spark.py FOLDER train` trains; `spark.py FOLDER` answers lines on standard input: see main.go. The rows stand in memory
ten times over, in Spark's own columns, so that starting a job costs little for each row.
"""
import os
import pathlib
import sys

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import RandomForestClassifier
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import SparkSession

COPIES = 10
folder = pathlib.Path(sys.argv[1]).resolve()
spark = (SparkSession.builder.master("local[1]").appName("bench-models").config("spark.ui.enabled", "false")
         .config("spark.driver.memory", "2g").config("spark.sql.shuffle.partitions", "1").getOrCreate())
spark.sparkContext.setLogLevel("OFF")


def table(name):
    return spark.read.csv(f"file://{folder}/{name}.csv", header=True, inferSchema=True).coalesce(1)


def train():
    names = [f"f{i}" for i in range(20)]
    forest = RandomForestClassifier(numTrees=100, maxDepth=8, seed=1, labelCol="label", featuresCol="features")
    model = Pipeline(stages=[VectorAssembler(inputCols=names, outputCol="features"), forest]).fit(table("forest-train"))
    model.write().overwrite().save(f"file://{folder}/spark-forest.sparkml")


def spent():
    """The processor time of the JVM, in nanoseconds."""
    pid = spark.sparkContext._gateway.proc.pid
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(stat[11]) + int(stat[12])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def answer():
    known = {}
    for line in sys.stdin:
        what, _, name, rows, *more = line.split()
        if (name, rows) not in known:
            data = table(rows)
            many = data
            for _ in range(COPIES - 1):
                many = many.unionAll(data)
            many = many.coalesce(1).cache()
            known[name, rows] = PipelineModel.load(f"file://{folder}/{name}.sparkml"), data, many, many.count()
        model, data, many, n = known[name, rows]
        if what == "check":
            with open(folder / f"{name}@{rows}.spark.csv", "w") as f:
                f.write("prediction\n")
                for r in model.transform(data).select("prediction").collect():
                    f.write(f"{r[0]}\n")
            print("ok", flush=True)
            continue
        scored, start = 0, spent()
        while True:
            model.transform(many).select("prediction", "probability").write.format("noop").mode("overwrite").save()
            scored += n
            took = spent() - start
            if took >= float(more[0]) * 1e9:
                break
        print(took / scored, flush=True)


train() if sys.argv[2:] == ["train"] else answer()
