package plan

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/sql"
)

// units are what the units of an interval literal count: months, or
// microseconds.
var units = map[string]struct{ months, micros int64 }{
	"YEAR":        {months: 12},
	"QUARTER":     {months: 3},
	"MONTH":       {months: 1},
	"WEEK":        {micros: 7 * 24 * 3600 * 1e6},
	"DAY":         {micros: 24 * 3600 * 1e6},
	"HOUR":        {micros: 3600 * 1e6},
	"MINUTE":      {micros: 60 * 1e6},
	"SECOND":      {micros: 1e6},
	"MILLISECOND": {micros: 1e3},
	"MICROSECOND": {micros: 1},
}

// interval binds an interval literal. As in Spark 3.5 it is a YEAR TO MONTH or a
// DAY TO SECOND interval; a mix of both is an error.
func (x *exprBinder) interval(e *sql.IntervalLit) Expr {
	sum, err := sumInterval(e)
	if err != nil {
		x.errorf(e.Pos(), "%s", err)
		return nil
	}
	return sum.literal(x.pos(e.Pos()))
}

func sumInterval(e *sql.IntervalLit) (intervalSum, error) {
	var sum intervalSum
	for _, p := range e.Parts {
		text, ok := intervalText(p.Value)
		if !ok {
			return sum, errors.New("an interval needs constant numbers")
		}
		var err error
		switch {
		case p.To != "":
			err = sum.addRange(text, p.Unit, p.To)
		case p.Unit == "":
			err = sum.addText(text)
		default:
			err = sum.add(text, p.Unit)
		}
		if err != nil {
			return sum, err
		}
	}
	if sum.byMonth && sum.byTime {
		return sum, errors.New("an interval cannot mix years or months with days or times")
	}
	return sum, nil
}

// moveDate is a date plus or minus an interval of days as written, which gives a
// date in Spark: its type INTERVAL DAY is no INTERVAL DAY TO SECOND. It is nil for
// other operators.
func (x *exprBinder) moveDate(e *sql.Binary, l, r Expr) Expr {
	lit, ok := e.R.(*sql.IntervalLit)
	if !ok && e.Op == "+" {
		lit, ok = e.L.(*sql.IntervalLit)
		l = r
	}
	if !ok || e.Op != "+" && e.Op != "-" || l.Type().ID() != arrow.DATE32 {
		return nil
	}
	sum, err := sumInterval(lit)
	if err != nil || !sum.byTime || sum.finer {
		return nil
	}
	days := sum.micros / units["DAY"].micros
	if e.Op == "-" {
		days = -days
	}
	return x.callNamed("date_add", e.Pos(), []Expr{l, integer(int32(days), x.pos(lit.Pos()))})
}

// intervalText is a number of an interval as written.
func intervalText(e sql.Expr) (string, bool) {
	switch e := e.(type) {
	case *sql.StringLit:
		return strings.TrimSpace(e.Value), true
	case *sql.NumberLit:
		return e.Text, true
	case *sql.Unary:
		text, ok := intervalText(e.X)
		if e.Op != "-" {
			return text, ok
		}
		if rest, negative := strings.CutPrefix(text, "-"); negative {
			return rest, ok
		}
		return "-" + text, ok
	}
	return "", false
}

// intervalSum adds up the parts of an interval.
type intervalSum struct {
	months, micros  int64
	byMonth, byTime bool
	finer           bool // has a unit shorter than a day
}

func (s *intervalSum) literal(span sql.Span) Expr {
	if s.byMonth {
		b := array.NewMonthIntervalBuilder(goHeap)
		b.Append(arrow.MonthInterval(s.months))
		return &Literal{Span: span, Value: b.NewArray()}
	}
	b := array.NewDurationBuilder(goHeap, &arrow.DurationType{Unit: arrow.Microsecond})
	b.Append(arrow.Duration(s.micros))
	return &Literal{Span: span, Value: b.NewArray()}
}

// add adds a number of a unit; only seconds may have a fraction.
func (s *intervalSum) add(text, unit string) error {
	u, ok := units[unit]
	if !ok {
		return fmt.Errorf("%s is no unit of an interval", unit)
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok || strings.ContainsAny(text, "/eE") {
		return fmt.Errorf("'%s' is no number of %sS", text, unit)
	}
	if !n.IsInt() && unit != "SECOND" {
		return fmt.Errorf("%s %sS: only seconds can have a fraction", text, unit)
	}
	size := u.micros
	if u.months != 0 {
		size = u.months
	}
	n.Mul(n, new(big.Rat).SetInt64(size))
	v := new(big.Int).Quo(n.Num(), n.Denom())
	if !v.IsInt64() {
		return fmt.Errorf("an interval of %s %sS is too long", text, unit)
	}
	if u.months != 0 {
		s.months, s.byMonth = s.months+v.Int64(), true
		if s.months != int64(int32(s.months)) {
			return fmt.Errorf("an interval of %s %sS is too long", text, unit)
		}
		return nil
	}
	s.micros, s.byTime = s.micros+v.Int64(), true
	s.finer = s.finer || u.micros < units["DAY"].micros
	return nil
}

// addText adds '1 day 2 hours'.
func (s *intervalSum) addText(text string) error {
	words := strings.Fields(text)
	if len(words) > 0 && strings.EqualFold(words[0], "interval") {
		words = words[1:]
	}
	if len(words) == 0 || len(words)%2 != 0 {
		return fmt.Errorf("'%s' is no interval: expected numbers and units in turn", text)
	}
	for i := 0; i < len(words); i += 2 {
		unit := strings.TrimSuffix(strings.ToUpper(words[i+1]), "S")
		if err := s.add(words[i], unit); err != nil {
			return err
		}
	}
	return nil
}

// intervalRanges are the units of a range, largest first.
var intervalRanges = []string{"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"}

// addRange adds '1-2' YEAR TO MONTH, '1 02:03:04.5' DAY TO SECOND and the like.
func (s *intervalSum) addRange(text, from, to string) error {
	fault := fmt.Errorf("'%s' is no interval %s TO %s", text, from, to)
	rest, negative := strings.CutPrefix(text, "-")
	sign := ""
	if negative {
		sign = "-"
	}
	first, last := -1, -1
	for i, u := range intervalRanges {
		if u == from {
			first = i
		}
		if u == to {
			last = i
		}
	}
	if first < 0 || last <= first || first < 2 != (last < 2) {
		return fault
	}
	parts := strings.FieldsFunc(rest, func(r rune) bool { return r == '-' || r == ' ' || r == ':' })
	if len(parts) != last-first+1 {
		return fault
	}
	for i, p := range parts {
		unit := intervalRanges[first+i]
		n, err := strconv.ParseFloat(p, 64)
		limit := map[string]float64{"MONTH": 12, "HOUR": 24, "MINUTE": 60, "SECOND": 60}[unit]
		if err != nil || i > 0 && n >= limit {
			return fault
		}
		if s.add(sign+p, unit) != nil {
			return fault
		}
	}
	return nil
}
