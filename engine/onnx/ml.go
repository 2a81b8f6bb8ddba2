package onnx

// mlOperators are the operators of the domain ai.onnx.ml, by name.
func mlOperators() map[string]builder {
	return map[string]builder{}
}
