package onnx

import "fmt"

// The versions of the operators that are known. Older ones broadcast in another way.
const (
	oldestOpset   = 7
	newestOpset   = 26
	newestMLOpset = 5
)

// sinceOpset are the operators that were before oldestOpset what they are since. Documents of skl2onnx say the oldest
// version that has all their operators: 1 for trees that have only an Identity beside the operators of ai.onnx.ml.
var sinceOpset = map[string]int64{
	"ArgMax": 1, "ArgMin": 1, "Flatten": 1, "Gather": 1, "Identity": 1, "MatMul": 1, "Shape": 1, "Softmax": 1, "Transpose": 1,
	"Concat": 4, "Reshape": 5, "Cast": 6,
}

// checkOpsets checks the versions of the domains that the document names.
func (d *document) checkOpsets() error {
	if v, ok := d.opsets[""]; ok && (v < 1 || v > newestOpset) {
		return opsetError("ai.onnx", v, oldestOpset, newestOpset)
	}
	if v, ok := d.opsets[mlDomain]; ok && (v < 1 || v > newestMLOpset) {
		return opsetError(mlDomain, v, 1, newestMLOpset)
	}
	return nil // an operator of another domain is refused by name
}

// checkOpset checks that a node's operator was in its version what it is now.
func (n *node) checkOpset() error {
	oldest, ok := sinceOpset[n.op]
	if !ok {
		oldest = oldestOpset
	}
	if n.domain == "" && int64(n.opset) < oldest {
		return n.errorf("%v", opsetError("ai.onnx", int64(n.opset), oldest, newestOpset))
	}
	return nil
}

func opsetError(domain string, v, oldest, newest int64) error {
	return fmt.Errorf("the document uses version %d of the operators of %s, expected %d to %d", v, domain, oldest, newest)
}
