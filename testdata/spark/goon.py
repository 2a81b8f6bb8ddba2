# goon.py BROKERS TOPIC SCHEMA CHECKPOINT FOLDER LIMIT: goes on from a checkpoint and an output folder with what is in the
# topic now, LIMIT records a batch, and prints the rows of the folder then.
import sys

from pyspark.sql.functions import col, from_json
from session import session, show

brokers, topic, schema, checkpoint, folder, limit = sys.argv[1:]
spark = session()
stream = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", brokers)
    .option("subscribe", topic)
    .option("startingOffsets", "earliest")
    .option("maxOffsetsPerTrigger", limit)
    .load()
)
rows = stream.select(from_json(col("value").cast("string"), schema).alias("v")).select("v.*")
query = rows.writeStream.format("json").option("checkpointLocation", checkpoint).trigger(availableNow=True).start(folder)
query.awaitTermination()
show(spark.read.schema(schema).json(folder))
