package pmml

import (
	"fmt"
	"math"
)

// timeSeries is the body of a TimeSeriesModel with exponential smoothing. A row's only active field is the number of
// steps after the last value that the model has seen.
type timeSeries struct {
	slot          int
	found         bool
	level         float64
	trend         string // empty for none
	slope, phi    float64
	season        string // empty for none
	phase         int
	seasonal      []float64
	trendLine     *element
	hasLevel      bool
	seasonElement *element
}

func newTimeSeries(a *attrs, f *frame) body {
	a.need("bestFit")
	if fit := a.str("bestFit", "ExponentialSmoothing"); fit != "ExponentialSmoothing" {
		a.fail("bestFit=%q is not supported, expected ExponentialSmoothing", fit)
	}
	return &timeSeries{phi: 1}
}

func (m *timeSeries) child(l *loader, f *frame, c *element) error {
	switch c.name {
	case "TimeSeries":
		return l.d.skip(c)
	case "ExponentialSmoothing":
		if m.found {
			return c.errorf("a second ExponentialSmoothing")
		}
		m.found = true
		if err := c.read().end("RMSE", "transformation"); err != nil {
			return err
		}
		if t := c.read().str("transformation", "none"); t != "none" {
			return c.errorf("transformation=%q is not supported", t)
		}
		return l.d.each(c, func(e *element) error { return m.part(l, c, e) })
	}
	return c.unsupported(f.e)
}

func (m *timeSeries) part(l *loader, in, e *element) error {
	a := e.read()
	switch e.name {
	case "Level":
		a.need("smoothedValue")
		m.level, m.hasLevel = a.num("smoothedValue", 0), true
		if err := a.end("alpha", "quadraticSmoothedValue", "cubicSmoothedValue"); err != nil {
			return err
		}
	case "Trend_ExpoSmooth", "Trend":
		m.trendLine = e
		m.trend = a.word("trend", "additive", "damped_additive", "multiplicative", "damped_multiplicative")
		a.need("smoothedValue")
		m.slope, m.phi = a.num("smoothedValue", 0), a.num("phi", 1)
		if err := a.end("gamma"); err != nil {
			return err
		}
		return l.each(e, "Array", func(c *element) error { return l.d.skip(c) })
	case "Seasonality_ExpoSmooth", "Seasonality":
		m.seasonElement = e
		a.need("type")
		m.season = a.word("type", "additive", "multiplicative")
		a.need("period")
		period := a.int("period", 0)
		m.phase = a.int("phase", 0)
		if err := a.end("unit", "delta"); err != nil {
			return err
		}
		err := l.d.each(e, func(c *element) (err error) {
			m.seasonal, err = l.numbers(c)
			return err
		})
		if err == nil && (period < 1 || len(m.seasonal) != period) {
			err = e.errorf("period=%d, but its Array has %d numbers", period, len(m.seasonal))
		}
		return err
	case "TimeValue":
		return l.d.skip(e)
	default:
		return e.unsupported(in)
	}
	return l.d.none(e)
}

func (m *timeSeries) finish(l *loader, f *frame) error {
	switch {
	case !m.found:
		return f.e.errorf("has no ExponentialSmoothing")
	case !m.hasLevel:
		return f.e.errorf("has no Level")
	}
	n := 0
	for _, v := range f.scope.fields {
		if v.data != nil && v.typ.numeric() {
			m.slot = v.slot
			n++
		}
	}
	if n != 1 {
		return f.e.errorf("needs one numeric active field, the number of steps to look ahead; here are %d", n)
	}
	return nil
}

// maxSteps bounds how far a forecast with a damped trend looks ahead.
const maxSteps = 1 << 20

func (m *timeSeries) score(r *row, f *frame) result {
	h, ok := r.number(m.slot)
	if !ok {
		return absent
	}
	if h < 1 || h > maxSteps || h != math.Trunc(h) {
		r.fail(fmt.Errorf("a forecast looks a whole number of steps ahead, 1 or more, not %s", formatDouble(h)))
		return absent
	}
	y, steps := m.level, h
	if m.trend == "damped_additive" || m.trend == "damped_multiplicative" {
		steps = 0
		for i, p := 0, m.phi; i < int(h); i, p = i+1, p*m.phi {
			steps += p
		}
	}
	switch m.trend {
	case "additive", "damped_additive":
		y += steps * m.slope
	case "multiplicative", "damped_multiplicative":
		y *= math.Pow(m.slope, steps)
	}
	if m.season != "" {
		n := len(m.seasonal)
		s := m.seasonal[((m.phase+int(h)-1)%n+n)%n]
		if m.season == "additive" {
			y += s
		} else {
			y *= s
		}
	}
	return result{value: double(y), code: -1}
}
