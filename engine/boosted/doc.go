// Package boosted scores Arrow columns with ensembles of binary decision trees, as gradient boosting libraries make
// them: each tree adds the value of one leaf to the margin of its group, and a link turns margins into predictions.
//
// The packages of the formats (engine/xgboost, engine/lightgbm) read documents and describe them with Spec; this one
// knows no format. Thresholds, leaves and sums are of one type, float32 or float64, and are added in the order of the
// trees, so that margins are the library's to the last bit. Trees are laid out flat, in the form that suits each, and
// walked for a tile of rows at a time.
//
// It imports Arrow and the standard library, and nothing else of millrace.
package boosted
