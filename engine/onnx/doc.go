// Package onnx reads ONNX documents and scores rows with them: the operators of
// ai.onnx.ml that tabular models are exported with, and the dense operators of small
// networks.
//
// It may import engine/boosted, for its trees, and nothing else of ours.
package onnx
