// Package lightgbm reads models that LightGBM saved as text (model.txt, versions 2 to 4) and scores Arrow columns with
// them, in double and in the library's order.
//
// It reads numerical and categorical splits, all treatments of missing values, linear trees, forests (average_output)
// and the library's objectives; it trains nothing and writes nothing.
//
// It imports Arrow, the standard library and engine/boosted, and nothing else of millrace.
package lightgbm
