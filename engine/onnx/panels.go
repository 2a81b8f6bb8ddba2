package onnx

// panelWidth is how many columns of B are summed together.
const panelWidth = 4

// panels are a matrix B in panels of panelWidth columns, one after another: of each row of B the panel's elements. The
// last panel is filled up with zeros.
type panels[T numberType] struct {
	data       []T
	rows, cols int
	bias       []T  // is added to each column; as long as the panels; nil: nothing
	relu       bool // then what is below 0 is 0
}

func panelSize(rows, cols int) int { return rows * ((cols + panelWidth - 1) / panelWidth * panelWidth) }

// pack writes a matrix of rows and cols, or its transpose, into panels, in the memory they have where it is enough.
func pack[T numberType](p *panels[T], b []T, rows, cols int, trans bool) *panels[T] {
	stepRow, stepCol := cols, 1
	if trans {
		rows, cols = cols, rows
		stepRow, stepCol = 1, rows
	}
	p.rows, p.cols = rows, cols
	grow(&p.data, panelSize(rows, cols))
	at := 0
	for j := 0; j < cols; j += panelWidth {
		for i := range rows {
			for c := range panelWidth {
				var x T
				if j+c < cols {
					x = b[i*stepRow+(j+c)*stepCol]
				}
				p.data[at] = x
				at++
			}
		}
	}
	return p
}

// multiply computes the rows of dst = a*B + bias. A row's sums do not depend on what other rows there are.
func (p *panels[T]) multiply(dst, a []T, rows int) {
	k := p.rows
	for i := 0; i < rows; i += 2 {
		second := min(i+1, rows-1) // the last of an odd number of rows is computed twice
		r0, r1 := a[i*k:(i+1)*k], a[second*k:(second+1)*k]
		d0, d1 := dst[i*p.cols:(i+1)*p.cols], dst[second*p.cols:(second+1)*p.cols]
		for j := 0; j < p.cols; j += panelWidth {
			var bias []T
			if p.bias != nil {
				bias = p.bias[j : j+panelWidth]
			}
			b := p.data[j*k : (j+panelWidth)*k]
			if j+panelWidth <= p.cols {
				twoRows((*[panelWidth]T)(d0[j:]), (*[panelWidth]T)(d1[j:]), bias, r0, r1, b, p.relu)
				continue
			}
			var s0, s1 [panelWidth]T
			twoRows(&s0, &s1, bias, r0, r1, b, p.relu)
			copy(d0[j:], s0[:])
			copy(d1[j:], s1[:])
		}
	}
}

// twoRows computes a panel's columns of two rows: eight sums that stay in registers, four steps at a time.
func twoRows[T numberType](d0, d1 *[panelWidth]T, bias, r0, r1, b []T, relu bool) {
	var s00, s01, s02, s03, s10, s11, s12, s13 T
	for len(r0) >= 4 && len(r1) >= 4 && len(b) >= 16 {
		p, q, c := (*[4]T)(r0), (*[4]T)(r1), (*[16]T)(b)
		x, y := p[0], q[0]
		s00 += x * c[0]
		s10 += y * c[0]
		s01 += x * c[1]
		s11 += y * c[1]
		s02 += x * c[2]
		s12 += y * c[2]
		s03 += x * c[3]
		s13 += y * c[3]
		x, y = p[1], q[1]
		s00 += x * c[4]
		s10 += y * c[4]
		s01 += x * c[5]
		s11 += y * c[5]
		s02 += x * c[6]
		s12 += y * c[6]
		s03 += x * c[7]
		s13 += y * c[7]
		x, y = p[2], q[2]
		s00 += x * c[8]
		s10 += y * c[8]
		s01 += x * c[9]
		s11 += y * c[9]
		s02 += x * c[10]
		s12 += y * c[10]
		s03 += x * c[11]
		s13 += y * c[11]
		x, y = p[3], q[3]
		s00 += x * c[12]
		s10 += y * c[12]
		s01 += x * c[13]
		s11 += y * c[13]
		s02 += x * c[14]
		s12 += y * c[14]
		s03 += x * c[15]
		s13 += y * c[15]
		r0, r1, b = r0[4:], r1[4:], b[16:]
	}
	for len(r0) >= 1 && len(r1) >= 1 && len(b) >= 4 {
		x, y, c := r0[0], r1[0], (*[4]T)(b)
		s00 += x * c[0]
		s10 += y * c[0]
		s01 += x * c[1]
		s11 += y * c[1]
		s02 += x * c[2]
		s12 += y * c[2]
		s03 += x * c[3]
		s13 += y * c[3]
		r0, r1, b = r0[1:], r1[1:], b[4:]
	}
	if len(bias) >= panelWidth {
		c := (*[panelWidth]T)(bias)
		s00, s01, s02, s03 = s00+c[0], s01+c[1], s02+c[2], s03+c[3]
		s10, s11, s12, s13 = s10+c[0], s11+c[1], s12+c[2], s13+c[3]
	}
	if relu {
		s00, s01, s02, s03 = max(s00, 0), max(s01, 0), max(s02, 0), max(s03, 0)
		s10, s11, s12, s13 = max(s10, 0), max(s11, 0), max(s12, 0), max(s13, 0)
	}
	d0[0], d0[1], d0[2], d0[3] = s00, s01, s02, s03
	d1[0], d1[1], d1[2], d1[3] = s10, s11, s12, s13
}
