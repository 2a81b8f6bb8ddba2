// Package xgboost reads models that XGBoost saved as JSON or UBJSON (versions 1.0 to 3.x) and scores Arrow columns
// with them, in float32 and in the library's order, so that margins are equal to the last bit.
//
// It reads the boosters gbtree, dart and gblinear; it trains nothing and writes nothing. The old binary format, trees
// with vectors in their leaves and unknown objectives are refused.
//
// It imports Arrow, the standard library and engine/boosted, and nothing else of millrace.
package xgboost
