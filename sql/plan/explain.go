package plan

import "strings"

// Explain is a plan as text: one line a node, inputs below and further in.
func Explain(n Node) string {
	var b strings.Builder
	explain(&b, n, 0)
	return b.String()
}

func explain(b *strings.Builder, n Node, depth int) {
	b.WriteString(strings.Repeat("  ", depth))
	b.WriteString(n.String())
	b.WriteByte('\n')
	for _, in := range n.Inputs() {
		explain(b, in, depth+1)
	}
}

// ExplainExtended is a plan as it was bound and as it runs.
func ExplainExtended(n Node) string {
	return "== Bound plan ==\n" + Explain(n) + "\n== Optimised plan ==\n" + Explain(Optimize(n))
}
