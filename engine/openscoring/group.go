package openscoring

import "bytes"

// groups are the records of a request for a model that has a group field, such as
// the transaction of an association model: those with the same value of it make
// one row, in the order of their first ones.
type groups struct {
	at     map[string]int // by the group field's value
	groups [][]cell       // of each, the cells of its records one after the other
	n      int            // records
}

// add notes a record: the value of its group field, and its cells, which it empties.
// With copied the texts are the request's no longer than this call.
func (g *groups) add(key cell, cells []cell, copied bool) {
	if g.at == nil {
		g.at = map[string]int{}
	}
	name := string(append([]byte{byte(key.shape)}, key.text...))
	i, known := g.at[name]
	if !known {
		i = len(g.groups)
		g.at[name] = i
		g.groups = append(g.groups, nil)
	}
	for j, c := range cells {
		if copied {
			c.text = bytes.Clone(c.text)
		}
		g.groups[i] = append(g.groups[i], c)
		cells[j] = cell{}
	}
	g.n++
}

// rows makes the groups rows. Merged says that there are fewer of them than
// records, which then have no ids.
func (g *groups) rows(r *rows) (merged bool) {
	merged = len(g.groups) < g.n
	for _, cells := range g.groups {
		for i := range r.cells {
			r.cells[i] = together(cells, i, len(r.cells))
		}
		r.add()
	}
	return merged
}

// together is input i of all records of a group: the list of their values, but of a
// single record its own. A value that is a list gives its elements.
func together(cells []cell, i, width int) cell {
	if len(cells) == width {
		return cells[i]
	}
	text := []byte{'['}
	for ; i < len(cells); i += width {
		c := cells[i]
		inner := c.text
		switch {
		case c.shape == absent:
			continue
		case c.shape == quoted && !bytes.HasPrefix(inner, []byte{'['}):
			inner = appendJSONString(nil, string(inner))
		case c.shape == list || c.shape == quoted:
			inner = bytes.TrimSpace(bytes.Trim(inner, "[]"))
		}
		if len(inner) == 0 {
			continue
		}
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = append(text, inner...)
	}
	return cell{shape: list, text: append(text, ']')}
}
