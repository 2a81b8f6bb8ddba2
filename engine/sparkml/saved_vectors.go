package sparkml

import "fmt"

// maxDim bounds the length of vectors and the number of a matrix's entries.
const maxDim = 1 << 27

// vectors gives a column of Spark's vectors, dense.
func (t *table) vectors(name string) ([][]float64, error) {
	kinds, err := t.scalars(name+".type", -1)
	if err != nil {
		return nil, err
	}
	sizes, err := t.scalars(name+".size", 0)
	if err != nil {
		return nil, err
	}
	idx, err := t.lists(name + ".indices")
	if err != nil {
		return nil, err
	}
	vals, err := t.lists(name + ".values")
	if err != nil {
		return nil, err
	}
	if len(sizes) != len(kinds) || len(idx) != len(kinds) || len(vals) != len(kinds) {
		return nil, fmt.Errorf("the column %s of %s is damaged", name, t.what)
	}
	out := make([][]float64, len(kinds))
	for r := range out {
		if kinds[r] != 0 {
			out[r] = vals[r]
			continue
		}
		t.sparse[name] = true
		n := int(sizes[r])
		if n < 0 || n > maxDim || len(idx[r]) != len(vals[r]) {
			return nil, fmt.Errorf("the vector %s of %s is damaged", name, t.what)
		}
		if err := t.spend(n); err != nil {
			return nil, err
		}
		out[r] = make([]float64, n)
		for k, i := range idx[r] {
			if i < 0 || int(i) >= n {
				return nil, fmt.Errorf("the vector %s of %s has the index %v, but %d values", name, t.what, i, n)
			}
			out[r][int(i)] = vals[r][k]
		}
	}
	return out, nil
}

// vector gives the vector of the only row.
func (t *table) vector(name string) ([]float64, error) {
	if err := t.one(); err != nil {
		return nil, err
	}
	vs, err := t.vectors(name)
	if err != nil {
		return nil, err
	}
	return vs[0], nil
}

// matrix gives the matrix of the only row, by rows.
func (t *table) matrix(name string) ([][]float64, error) {
	if err := t.one(); err != nil {
		return nil, err
	}
	var head [4]float64
	for i, f := range []string{"type", "numRows", "numCols", "isTransposed"} {
		x, err := t.scalars(name+"."+f, -1)
		if err != nil {
			return nil, err
		}
		head[i] = x[0]
	}
	var part [3][]float64
	for i, f := range []string{"values", "colPtrs", "rowIndices"} {
		x, err := t.lists(name + "." + f)
		if err != nil {
			return nil, err
		}
		part[i] = x[0]
	}
	rows, cols := int(head[1]), int(head[2])
	damaged := fmt.Errorf("the matrix %s of %s is damaged", name, t.what)
	if rows < 0 || cols < 0 || rows > maxDim || cols > maxDim || rows*max(cols, 1) > maxDim {
		return nil, damaged
	}
	if err := t.spend(rows * (cols + 3)); err != nil { // a row is a slice: 3 words beside its numbers
		return nil, err
	}
	m := make([][]float64, rows)
	for r := range m {
		m[r] = make([]float64, cols)
	}
	vals, across := part[0], head[3] == 1
	if head[0] == 1 {
		if len(vals) != rows*cols {
			return nil, damaged
		}
		for r := range m {
			for c := range m[r] {
				if across {
					m[r][c] = vals[r*cols+c]
				} else {
					m[r][c] = vals[c*rows+r]
				}
			}
		}
		return m, nil
	}
	t.sparse[name] = true
	ptrs, idx := part[1], part[2]
	lines, width := cols, rows
	if across {
		lines, width = rows, cols
	}
	if len(ptrs) != lines+1 || len(idx) != len(vals) {
		return nil, damaged
	}
	for line := range lines {
		from, to := int(ptrs[line]), int(ptrs[line+1])
		if from < 0 || to > len(idx) || from > to {
			return nil, damaged
		}
		for k := from; k < to; k++ {
			i := int(idx[k])
			switch {
			case i < 0 || i >= width:
				return nil, damaged
			case across:
				m[line][i] = vals[k]
			default:
				m[i][line] = vals[k]
			}
		}
	}
	return m, nil
}
