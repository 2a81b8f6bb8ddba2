// Package xgboost reads models that XGBoost saved as JSON or UBJSON (versions 1.0 to 3.x) and scores Arrow columns
// with them, in float32 and in the library's order, so that margins are equal to the last bit.
//
// It reads the boosters gbtree, dart and gblinear; it trains nothing and writes nothing. The old binary format, trees
// with vectors in their leaves and unknown objectives are refused.
//
// An input is a DOUBLE, rounded to float32; NULL and NaN are missing. A category is its code, but where the document
// knows the categories of a data frame (version 3.1 on) the input is a STRING, or the numbers that were the categories; a
// value that training did not see is missing there, where the library refuses the batch.
//
// It imports Arrow, the standard library and engine/boosted, and nothing else of millrace.
package xgboost
