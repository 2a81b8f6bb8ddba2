package onnx

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// cast is Cast.
func cast(n *node) (built, error) {
	if err := n.arity(1, 1); err != nil {
		return built{}, err
	}
	to, err := kindOf(n.int("to", 0))
	if err != nil {
		return built{}, n.errorf("attribute to: %v", err)
	}
	return castTo(n, to)
}

func castLike(n *node) (built, error) {
	if err := n.arity(2, 2); err != nil {
		return built{}, err
	}
	to := n.inputs[1].kind
	n.inputs = n.inputs[:1]
	return castTo(n, to)
}

// castTo makes a node that changes the type.
func castTo(n *node, to kind) (built, error) {
	v := n.inputs[0]
	if v.maps {
		return built{}, n.errorf("its input is a sequence of maps, expected a tensor")
	}
	if v.kind == to {
		return identity(n)
	}
	out := info{kind: to, shape: v.shape, classes: v.classes, class: v.class, labels: castLabels(v.labels, to)}
	if (v.kind == kindString || v.kind.floating() && !to.floating()) && batchAxis(v.shape) > 0 {
		return built{}, n.errorf("from %s to %s it is supported only where rows are the first axis, not of %s", v.kind, to, shapeText(v.shape))
	}
	switch {
	case v.kind == kindString:
		return built{outs: []info{out}, run: parseStrings}, nil
	case to == kindString:
		return built{outs: []info{out}, run: formatStrings}, nil
	case v.kind == kindFloat && to == kindDouble:
		return built{outs: []info{out}, run: mapped(convert[float32, float64])}, nil
	case v.kind == kindDouble && to == kindFloat:
		return built{outs: []info{out}, run: mapped(convert[float64, float32])}, nil
	case v.kind == kindInt64 && to == kindFloat:
		return built{outs: []info{out}, run: mapped(convert[int64, float32])}, nil
	case v.kind == kindInt64 && to == kindInt32:
		return built{outs: []info{out}, run: mapped(convert[int64, int32])}, nil
	case v.kind == kindInt32 && to == kindInt64:
		return built{outs: []info{out}, run: mapped(convert[int32, int64])}, nil
	case v.kind == kindInt64 && to == kindDouble:
		return built{outs: []info{out}, run: mapped(convert[int64, float64])}, nil
	}
	return built{outs: []info{out}, run: castOther}, nil
}

// castLabels are a classifier's labels after a cast; nil if they are not known.
func castLabels(l *labels, to kind) *labels {
	switch {
	case l == nil || to == kindBool || to != kindString && l.strings != nil:
		return nil
	case to == kindString && l.strings == nil:
		return &labels{strings: l.all()}
	}
	return l
}

func convert[T, R numberType](d []R, s []T) {
	for i, x := range s {
		d[i] = R(x)
	}
}

// castOther casts the pairs that are rare. From doubles to whole numbers it cuts the fraction off, and what does not
// fit gives the row up, where onnxruntime gives a number that depends on the processor.
func castOther(w *workspace, in, out []*tensor) error {
	s, d := in[0], out[0]
	for i := range s.size() {
		x := 0.0
		if s.kind == kindBool {
			if s.bool[i] {
				x = 1
			}
		} else {
			x = s.number(i)
		}
		switch d.kind {
		case kindBool:
			d.bool[i] = x != 0
		case kindInt64, kindInt32:
			if !(x > -limit(d.kind)-1 && x < limit(d.kind)) {
				w.dropElement(d, i, fmt.Errorf("%v does not fit in %s", x, d.kind))
				x = 0
			}
			d.setNumber(i, math.Trunc(x))
		default:
			d.setNumber(i, x)
		}
	}
	return nil
}

// limit is one past the largest number of a kind.
func limit(k kind) float64 {
	if k == kindInt32 {
		return 1 << 31
	}
	return 1 << 63
}

// parseStrings casts from strings.
func parseStrings(w *workspace, in, out []*tensor) error {
	d := out[0]
	for i, s := range in[0].str {
		if err := d.setText(i, strings.TrimSpace(s)); err != nil {
			w.dropElement(d, i, fmt.Errorf("%q is no %s", s, d.kind))
		}
	}
	return nil
}

var errNoNumber = errors.New("no number")

func (t *tensor) setText(i int, s string) error {
	switch t.kind {
	case kindFloat, kindDouble:
		bits := 64
		if t.kind == kindFloat {
			bits = 32
		}
		x, err := strconv.ParseFloat(s, bits)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			x = 0
		} else {
			err = nil
		}
		t.setNumber(i, x)
		return err
	case kindInt64:
		x, err := strconv.ParseInt(s, 10, 64)
		t.i64[i] = x
		return err
	case kindInt32:
		x, err := strconv.ParseInt(s, 10, 32)
		t.i32[i] = int32(x)
		return err
	}
	t.bool[i] = false
	return errNoNumber
}

// formatStrings casts to strings: floats with as many digits as onnxruntime writes.
func formatStrings(_ *workspace, in, out []*tensor) error {
	for i := range out[0].str {
		out[0].str[i] = in[0].text(i)
	}
	return nil
}

func (t *tensor) text(i int) string {
	switch t.kind {
	case kindFloat:
		return formatFloat(float64(t.f32[i]), 8)
	case kindDouble:
		return formatFloat(t.f64[i], 16)
	case kindBool:
		if t.bool[i] {
			return "1"
		}
		return "0"
	case kindInt64:
		return strconv.FormatInt(t.i64[i], 10)
	}
	return strconv.FormatInt(int64(t.i32[i]), 10)
}

// formatFloat writes a number as C's printf does with %.{digits}g.
func formatFloat(x float64, digits int) string {
	switch {
	case math.IsNaN(x):
		return "NaN"
	case math.IsInf(x, 1):
		return "INF"
	case math.IsInf(x, -1):
		return "-INF"
	}
	s := strconv.FormatFloat(x, 'e', digits-1, 64)
	mant, exp, _ := strings.Cut(s, "e")
	e, _ := strconv.Atoi(exp)
	if e < -4 || e >= digits {
		if strings.Contains(mant, ".") {
			mant = strings.TrimRight(strings.TrimRight(mant, "0"), ".")
		}
		sgn := "+"
		if e < 0 {
			sgn, e = "-", -e
		}
		return fmt.Sprintf("%se%s%02d", mant, sgn, e)
	}
	s = strconv.FormatFloat(x, 'f', digits-1-e, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
