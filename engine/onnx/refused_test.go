package onnx

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// TestRefused holds what a user is told of documents that are refused when they are loaded.
func TestRefused(t *testing.T) {
	var all []denseCase
	readJSON(t, filepath.Join(denseData, "refused.json"), &all)
	want := map[string]string{
		"unknown operator":     `node "Y_node" (NonZero): the operator is not supported; of ai.onnx there are Abs, Acos,`,
		"another domain":       `node "f" (com.acme.FusedThing): the document does not say which version of its domain it uses (opset_import)`,
		"mean of the batch":    `node "m_node" (ReduceMean): it puts the rows of a batch together (axis 0 of [N, 5]): a row's score may not depend on the others`,
		"first row":            `node "g_node" (Gather): it takes rows of a batch by their number: a row's score may not depend on the others`,
		"index outside":        `node "Y_node" (Gather): the index 5 is outside an axis of 5`,
		"softmax of the batch": `node "Y_node" (Softmax): it scales by the rows of the batch`,
		"product of the batch": `node "Y_node" (MatMul): it sums over the rows of the batch`,
		"rows beside rows":     `node "Y_node" (MatMul): its output has the shape [N, N]: rows are put together with other rows of the batch`,
		"concat of rows":       `node "Y_node" (Concat): it puts the rows of a batch behind each other`,
		"slice of rows":        `node "Y_node" (Slice): it takes some of the rows of a batch`,
		"number of rows":       `node "f_node" (Cast): it makes a float of the number of rows of a batch`,
		"shapes":               `node "Y_node" (MatMul): a matrix of 5 columns is multiplied by one of 4 rows`,
		"broadcast":            `node "Y_node" (Add): the shapes [N, 5] and [4] do not fit together`,
		"types":                `node "Y_node" (Add): its inputs are a float and a double, expected two of one type`,
		"attribute type":       `node "Y_node" (Gemm): attribute alpha is of type INT, not FLOAT`,
		"undefined value":      `node "Y_node" (Add): it reads the value "missing", which neither an input nor a node before it gives`,
		"no such output":       `output "Y": no node gives it`,
		"constant output":      `output "Y": it does not depend on the inputs`,
		"too old":              `the document uses version 6 of the operators of ai.onnx, expected 7 to 26`,
		"too new":              `the document uses version 99 of the operators of ai.onnx, expected 7 to 26`,
		"fixed batch":          `input "A": its first axis is always 7 long: export the model with a batch of any number of rows`,
		"unknown width":        `input "A": the document does not say how many columns it has: name them with the option features`,
		"two unknown widths":   `input "A": the document does not say how many columns it has`,
		"training":             `node "drop" (Dropout): it is in training mode: export the model for inference`,
		"float16":              `node "h_node" (Cast): attribute to: the element type FLOAT16 is not supported, expected FLOAT, DOUBLE, INT64, INT32, STRING or BOOL`,
		"same names":           `two input columns are called "a": SQL finds an input by its name; give them names with the option features`,
		"huge constant":        `node "c_node" (ConstantOfShape): its output has the shape [16777216, 16777216]: that is more than 16777216 elements for a row`,
		"external data":        `graph: initializer "W": the data is in another file, "weights.bin", which is not supported: save the model as one file, with onnx.save(onnx.load(path), path) in Python`,
		"short data":           `graph: initializer "W": the shape [5, 3] has 15 elements of 4 bytes, raw_data has 56 bytes`,
	}
	for _, c := range all {
		_, err := Load(bytes.NewReader(c.Model))
		switch w, ok := want[c.Name]; {
		case !ok:
			t.Errorf("%s: the table has no message", c.Name)
		case err == nil:
			t.Errorf("%s: it loads", c.Name)
		case !strings.Contains(err.Error(), w):
			t.Errorf("%s\ngave:     %v\nexpected: %s", c.Name, err, w)
		}
		delete(want, c.Name)
	}
	for name := range want {
		t.Errorf("%s: there is no document", name)
	}
}

// TestDamaged cuts and changes documents at every byte: an error, never a panic.
func TestDamaged(t *testing.T) {
	for _, name := range []string{"mlp_columns", "kmeans"} {
		doc := denseModel(t, name).Model
		for i := range doc {
			if _, err := Load(bytes.NewReader(doc[:i])); err == nil && i < len(doc)/2 {
				t.Errorf("%s: the first %d of %d bytes load", name, i, len(doc))
			}
			damaged := bytes.Clone(doc)
			damaged[i] ^= 0x55
			scoreAnything(t, damaged)
		}
	}
	for text, want := range map[string]string{
		"":                 "ONNX document: the document is empty",
		"<PMML/>":          "it begins with '<': expected a protocol buffer, as onnx.save writes it",
		"\x08\x08":         "there is no graph: this is no ONNX model",
		"\x3a\x05\x0a":     "byte 1 of 3: field 7 ends too early or is damaged: unexpected end",
		"\x3a\x02\x0a\x05": "graph: byte 1 of 2: field 1 ends too early or is damaged: unexpected end",
		"\x3a\x00":         "the graph has no inputs",
		"\x38\x01":         "field 7 has the wrong wire type 0",
	} {
		if _, err := Load(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gave: %v\nexpected: %s", text, err, want)
		}
	}
}
