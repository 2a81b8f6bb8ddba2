// Package onnx reads ONNX documents and scores Arrow columns with them: the operators of ai.onnx.ml that tabular models
// are exported with, and the dense operators of small networks, in the element types that the graph has (floats are
// computed as floats, as onnxruntime does).
//
// A graph is built once, when it is loaded: shapes are inferred with the number of rows left open, nodes whose inputs
// are constant are computed, and what does not fit is an error that names the node. The rows of a batch then pass
// through it in tiles. A graph in which a row's score depends on other rows of its batch, such as a mean over the batch,
// is refused: it would mean something else for each batch. So are subgraphs (If, Loop, Scan), functions, sequences
// other than a ZipMap's, constants in other files, float16 and the small integers, versions of ai.onnx before 7, and
// shapes that depend on the values of rows. A document that was exported for batches of one row is taken for any number.
//
// # Columns
//
// An input of the shape [N], or [N, 1], is a column of its name; one of [N, k] is k columns. Their names are those that
// Load is given, else those of the document's metadata_props feature_names, feature_names_in_ or features (a JSON array,
// or with commas) where there are as many as columns, else the input's name with _0, _1 and so on. With one name for each
// input, an input of several columns is an ARRAY. Floats and doubles are DOUBLE columns, int64 BIGINT, int32 INT, strings
// STRING and bool BOOLEAN. NULL is NaN in floats and doubles, as the libraries that graphs come from have it. A row
// is given up (its outputs are NULL and its fault is told) if it has a NULL and NaN comes out of the graph; if it has a
// NULL of another type; if its ARRAY is NULL or of the wrong length; if an operator has no result for it (an index outside
// its axis, a whole number divided by 0).
//
// An output of the shape [N], or [N, 1], is a column of its name: FLOAT for floats. One with a score for each of known
// classes (a classifier's, a ZipMap's, or one with prob in its name beside a label of so many classes) is a column
// probability(class) for each, other ones are an ARRAY. The classes of a network, which its document does not know, can be
// given to LoadWith. What predict gives is the label of a classifier, else the first
// output of one element, else the first.
//
// It may import engine/boosted, for its trees, and nothing else of ours.
package onnx
