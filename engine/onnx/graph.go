package onnx

// loader builds a model from a graph.
type loader struct {
	locals int
}
