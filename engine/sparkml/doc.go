// Package sparkml reads model directories that Spark ML's save() wrote (JSON metadata and Parquet data, Spark 3) and
// applies their stages to Arrow columns with Spark's own answers.
//
// A model is a stage or a PipelineModel, also nested. Its inputs are the columns that stages read and none makes:
// numbers are DOUBLE, strings STRING, vectors ARRAY<DOUBLE>. A StringIndexer whose index no stage reads indexed the
// label in training; in a pipeline that predicts it is left out. The outputs keep Spark's names: prediction columns and
// their labels from IndexToString first (the last predictor's is the target, which predict gives), then a DOUBLE
// probability(class) for each class (predict_proba makes its map of them), then what else no stage reads: probability
// and rawPrediction as ARRAY<DOUBLE>, and the columns of feature stages. A class is called by the label of the
// StringIndexer or IndexToString of the pipeline, else "0", "1" and so on. All together are what predict_all gives.
//
// Where Spark fails the query (handleInvalid = error, an unknown label, a feature that NaiveBayes refuses) Score fails
// with the value, the column and the row in the batch. A row that Spark would drop (handleInvalid = skip) is NULL and a
// fault, as is a NULL vector.
//
// Rows go through the stages in tiles of 256: a column of numbers or a block of vectors, feature by feature, in pooled
// memory; word counts and large one-hot vectors are sparse. Only the stages that the wanted outputs need run.
//
// A stage is one entry in readers, a read function that declares its columns with a builder, and a type with run. The
// package trains nothing and writes nothing. It imports Arrow with its Parquet reader and the standard library, and
// nothing else of millrace.
package sparkml
