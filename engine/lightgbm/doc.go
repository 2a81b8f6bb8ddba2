// Package lightgbm reads models that LightGBM saved as text (model.txt, versions 2 to 4) and scores Arrow columns with
// them, in double and in the library's order.
//
// It reads numerical and categorical splits, all treatments of missing values, linear trees, forests (average_output)
// and the library's objectives; it trains nothing and writes nothing.
//
// An input is a DOUBLE; NULL and NaN are missing as each split says. A category is its code, but where the document
// knows the categories of a pandas frame the input is a STRING, or the numbers that were the categories, and a value
// that training did not see is missing, as in the library.
//
// It imports Arrow, the standard library and engine/boosted, and nothing else of millrace.
package lightgbm
