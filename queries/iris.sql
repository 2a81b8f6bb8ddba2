-- The iris notebook in one file: Kafka -> from_json -> random forest -> join -> IndexToString -> JSON files.
-- Run it:   millrace run --idle-timeout 3s queries/iris.sql

-- spark.readStream.format("kafka"): the topic. 'embedded' is a broker inside this process; give
-- --define brokers=host:9092 to use yours.
CREATE STREAM iris USING kafka
OPTIONS ('kafka.bootstrap.servers' = '${brokers:-embedded}', subscribe = 'iris', startingOffsets = 'latest');

-- spark.read.csv: the static table, and the view that renames its dotted columns.
CREATE TABLE iris_raw (`sepal.length` DOUBLE, `sepal.width` DOUBLE, `petal.length` DOUBLE, `petal.width` DOUBLE, variety STRING)
USING csv OPTIONS (path = 'testdata/iris/iris.csv', header = true);

CREATE VIEW iris_df AS
SELECT `sepal.width`  AS sepal_width, `sepal.length` AS sepal_length,
       `petal.width`  AS petal_width, `petal.length` AS petal_length, variety
FROM iris_raw;

CACHE TABLE iris_df;  -- iris_df.cache()

-- The Openscoring server's model, scored in process instead.
CREATE MODEL forest USING pmml OPTIONS (path = 'testdata/iris/RandomForestIris.pmml');

-- IndexToString.load(...): from the predicted index to the name of the class.
CREATE MODEL index_to_class USING sparkml OPTIONS (path = 'testdata/iris/index_to_class');

-- The JSON sink's folder. Its columns come from the query below.
CREATE TABLE results USING json OPTIONS (path = '${data_dir}/results');

-- writeStream: every record is scored and written once, whatever is killed in between.
CREATE QUERY classify OPTIONS (checkpointLocation = '${data_dir}/checkpoint') AS
INSERT INTO results
SELECT sepal_length, sepal_width, petal_length, petal_width, prediction,
       variety AS original_class,
       predict('index_to_class', CAST(prediction AS DOUBLE) AS prediction) AS predicted_class
FROM (
  SELECT s.*, CAST(predict('forest', s.*) AS INT) AS prediction
  FROM (
    SELECT v.*
    FROM (
      SELECT from_json(CAST(value AS STRING),
                       'sepal_length DOUBLE, sepal_width DOUBLE, petal_length DOUBLE, petal_width DOUBLE') AS v
      FROM iris
    )
  ) s
)
JOIN iris_df USING (sepal_length, sepal_width, petal_length, petal_width);

-- The batch producer: a tenth of the rows as JSON, keyed by their digest.
INSERT INTO iris
SELECT md5(value) AS key, value
FROM (
  SELECT to_json(struct(sepal_width, sepal_length, petal_width, petal_length)) AS value
  FROM iris_df TABLESAMPLE (10 PERCENT)
);

-- query.processAllAvailable()
AWAIT ALL AVAILABLE;

-- How many predictions were right?
SELECT original_class, predicted_class, count(*) AS n, original_class = predicted_class AS correct
FROM results
GROUP BY original_class, predicted_class
ORDER BY original_class, predicted_class;
