package sparkml

// Categories are the labels that the StringIndexers over an input know, in their order; nil for an input that none
// reads. There is an element for each of Inputs. The slices are shared: do not change them.
func (m *Model) Categories() [][]string {
	out := make([][]string, len(m.inputs))
	for i, s := range m.inputSlots {
		for _, n := range m.nodes {
			if _, ok := n.stage.(*stringIndexer); ok && n.in[0] == s && out[i] == nil {
				out[i] = m.slots[n.out[0]].labels
			}
		}
	}
	return out
}

// OutputCategories are the labels that an IndexToString gives, an element for each of Outputs; nil for what none
// makes. The slices are shared: do not change them.
func (m *Model) OutputCategories() [][]string {
	out := make([][]string, len(m.outs))
	for i, o := range m.outs {
		if k := m.makers[o.slot]; k >= 0 {
			if s, ok := m.nodes[k].stage.(*indexToString); ok {
				out[i] = s.labels
			}
		}
	}
	return out
}
