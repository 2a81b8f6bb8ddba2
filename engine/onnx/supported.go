package onnx

import (
	"maps"
	"slices"
)

// Supported are the operators that graphs may have, sorted: those of ai.onnx.ml with their domain, such as
// ai.onnx.ml.Scaler, those of ai.onnx without.
func Supported() []string { return slices.Sorted(maps.Keys(operators())) }
