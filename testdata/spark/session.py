# A Spark session for the tests in engine/realspark_test.go: quiet, small, local.
import glob
import os

from pyspark.sql import SparkSession


def session():
    jars = ",".join(sorted(glob.glob(os.path.join(os.environ.get("MILLRACE_SPARK_JARS", ""), "*.jar"))))
    builder = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
    )
    if jars:
        builder = builder.config("spark.jars", jars)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def show(frame):
    """Prints a frame's rows, one JSON object a line, after a mark."""
    print("ROWS")
    for line in frame.toJSON().collect():
        print(line)
