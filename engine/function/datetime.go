package function

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
)

// dateField is a number taken off a date.
func dateField(f func(day int32) int32) binder {
	return strict(takes(tDate), tInt, mapFixed(tInt, f))
}

// clockField is a number taken off the time of day of a timestamp, in UTC.
func clockField(unit, mod int64) binder {
	return strict(takes(tTimestamp), tInt, mapFixed(tInt, func(v int64) int32 {
		return int32(floorMod(v, microsPerDay) / unit % mod)
	}))
}

func yearOf(day int32) int32    { y, _, _ := civil(day); return int32(y) }
func monthOf(day int32) int32   { _, m, _ := civil(day); return int32(m) }
func dayOf(day int32) int32     { _, _, d := civil(day); return int32(d) }
func quarterOf(day int32) int32 { return (monthOf(day)-1)/3 + 1 }
func dayOfYear(day int32) int32 { return day - dayNumber(int(yearOf(day)), 1, 1) + 1 }
func dayOfWeek(day int32) int32 { return int32((weekday(day)+1)%7) + 1 }

// isoWeek is the ISO 8601 week and its year: the week of a date is that of its
// Thursday.
func isoWeek(day int32) (year, week int32) {
	thursday := day - int32(weekday(day)) + 3
	year = yearOf(thursday)
	return year, (thursday-dayNumber(int(year), 1, 1))/7 + 1
}

func weekOf(day int32) int32     { _, w := isoWeek(day); return w }
func isoYearOf(day int32) int32  { y, _ := isoWeek(day); return y }
func lastDayOf(day int32) int32  { y, m, _ := civil(day); return dayNumber(y, m, daysInMonth(y, m)) }
func weekdayOf(day int32) int32  { return int32(weekday(day)) }
func weekdayISO(day int32) int32 { return int32(weekday(day)) + 1 }

// bindDateAdd is date_add and date_sub: whole days, also as a string.
func bindDateAdd(sign int32) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		if len(args) == 2 && args[1].Type != nil {
			if t := args[1].Type; isFloating(t) || isDecimal(t) || t.ID() == arrow.INT64 {
				return catalog.Call{}, wantType(name, 1, "an INT", t)
			}
		}
		return strict(takes(tDate, tInt), tDate, mapTwo(tDate, func(d, n int32) int32 { return d + sign*n }))(name, args)
	}
}

// monthsBetween counts months, days as parts of 31; dates on the same day or
// both at their month's end count whole months.
func monthsBetween(a, b int64) float64 {
	da, db := int32(floorDiv(a, microsPerDay)), int32(floorDiv(b, microsPerDay))
	ya, ma, dda := civil(da)
	yb, mb, ddb := civil(db)
	months := float64((ya-yb)*12 + ma - mb)
	if dda == ddb || dda == daysInMonth(ya, ma) && ddb == daysInMonth(yb, mb) {
		return months
	}
	secs := int64(dda-ddb)*86400 + floorMod(a, microsPerDay)/1_000_000 - floorMod(b, microsPerDay)/1_000_000
	return months + float64(secs)/(31*86400)
}

func monthsBetweenRow(r *row) (float64, bool) {
	m := monthsBetween(r.long(0), r.long(1))
	if r.n() == 2 || r.bool(2) {
		m = math.Round(m*1e8) / 1e8
	}
	return m, true
}

// nextDay is the first day after day that is a weekday by name; false for no
// weekday.
func nextDay(r *row) (int32, bool) {
	name := strings.ToUpper(strings.TrimSpace(string(r.str(1))))
	for k, w := range weekdays {
		if len(name) >= 2 && (name == w[:2] || name == w[:3] || name == w) {
			day := r.int(0)
			return day + 1 + int32(floorMod(int64(k-weekday(day)-1), 7)), true
		}
	}
	return 0, false
}

var weekdays = [...]string{"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"}

// truncDate cuts a date at a unit of a week or more.
func truncDate(day int32, unit string) (int32, bool) {
	y, m, _ := civil(day)
	switch strings.ToUpper(unit) {
	case "WEEK":
		return day - int32(weekday(day)), true
	case "MONTH", "MON", "MM":
		return dayNumber(y, m, 1), true
	case "QUARTER":
		return dayNumber(y, (m-1)/3*3+1, 1), true
	case "YEAR", "YYYY", "YY":
		return dayNumber(y, 1, 1), true
	}
	return 0, false
}

func truncRow(r *row) (int32, bool) { return truncDate(r.int(0), string(r.str(1))) }

// dateTruncRow is date_trunc(unit, timestamp).
func dateTruncRow(r *row) (int64, bool) {
	unit, v := strings.ToUpper(string(r.str(0))), r.long(1)
	switch unit {
	case "DD":
		unit = "DAY"
	}
	if length, ok := unitMicros[unit]; ok && unit != "WEEK" {
		return v - floorMod(v, length), true
	}
	day, ok := truncDate(int32(floorDiv(v, microsPerDay)), unit)
	return int64(day) * microsPerDay, ok
}

func makeDate(r *row) (int32, bool) {
	y, m, d := int(r.int(0)), int(r.int(1)), int(r.int(2))
	if m < 1 || m > 12 || d < 1 || d > daysInMonth(y, m) || y < -999999 || y > 999999 {
		return 0, false
	}
	return dayNumber(y, m, d), true
}

// makeTimestamp is make_timestamp(y, m, d, h, min, s[, zone]); the seconds are a
// decimal(16,6), 60 with no fraction being the next minute.
func makeTimestamp(r *row) (int64, bool) {
	day, ok := makeDate(r)
	h, min := r.int(3), r.int(4)
	sec := decToInt64(r.dec(5), 0) // micros
	if !ok || h < 0 || h > 23 || min < 0 || min > 59 || sec < 0 || sec > 60_000_000 {
		return 0, false
	}
	v := int64(day)*microsPerDay + int64(h)*3_600_000_000 + int64(min)*60_000_000 + sec
	if r.n() == 7 {
		zone, ok := r.zone(6)
		if !ok {
			return 0, false
		}
		v = localToUTC(v, zone)
	}
	return v, true
}

// zone is the time zone that argument k names. An unknown one is an error of the
// query.
func (r *row) zone(k int) (*time.Location, bool) {
	text := r.str(k)
	if c, ok := r.state.(*compiled[*time.Location]); ok && c.text == string(text) {
		return c.p, true
	}
	z, err := codec.ParseZone(string(text))
	if err != nil {
		r.fail(err)
		return nil, false
	}
	r.state = &compiled[*time.Location]{string(text), z}
	return z, true
}

func localToUTC(v int64, zone *time.Location) int64 {
	t := time.UnixMicro(v).UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone).UnixMicro()
}

func utcToLocal(v int64, zone *time.Location) int64 {
	_, off := time.UnixMicro(v).In(zone).Zone()
	return v + int64(off)*1_000_000
}

func zoneShift(f func(v int64, zone *time.Location) int64) func(r *row) (int64, bool) {
	return func(r *row) (int64, bool) {
		z, ok := r.zone(1)
		if !ok {
			return 0, false
		}
		return f(r.long(0), z), true
	}
}

var tNTZ = &arrow.TimestampType{Unit: arrow.Microsecond}

// bindConvertZone is convert_timezone([from, ]to, clock reading); without from
// the reading is UTC's.
func bindConvertZone(name string, args []catalog.Arg) (catalog.Call, error) {
	s := takes(tString, tString, tNTZ)
	if len(args) == 2 {
		s = takes(tString, tNTZ)
	}
	return strict(s, tNTZ, rowsFixed(tNTZ, convertZone))(name, args)
}

func convertZone(r *row) (int64, bool) {
	last := r.n() - 1
	zones := [2]*time.Location{time.UTC, time.UTC}
	for k := range last {
		z, err := codec.ParseZone(string(r.str(k)))
		if err != nil {
			r.fail(err)
			return 0, false
		}
		zones[2-last+k] = z
	}
	return utcToLocal(localToUTC(r.long(last), zones[0]), zones[1]), true
}

// bindTimestampSeconds is timestamp_seconds of an integer, a decimal or a
// floating number.
func bindTimestampSeconds(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := oneArg(name, args); err != nil {
		return catalog.Call{}, err
	}
	if t := args[0].Type; !isNumeric(t) && !isNull(t) {
		return catalog.Call{}, wantType(name, 0, "a number", t)
	}
	k, _ := castKernel(args[0].Type, tTimestamp)
	return catalog.Call{Type: tTimestamp, ArgTypes: typesOf(args), Deterministic: true, Strict: true, Eval: k}, nil
}

// fromUnit makes a timestamp of a count of units since the epoch.
func fromUnit(unit int64) binder {
	return strict(takes(tLong), tTimestamp, mapFixed(tTimestamp, func(v int64) int64 { return timesSaturated(v, unit) }))
}

// toUnit is the count of units of a timestamp since the epoch.
func toUnit(unit int64) binder {
	return strict(takes(tTimestamp), tLong, mapFixed(tLong, func(v int64) int64 { return floorDiv(v, unit) }))
}

// addUnits is timestampadd(unit, n, timestamp).
func addUnits(r *row) (int64, bool) {
	unit, n, v := string(r.str(0)), int64(r.int(1)), r.long(2)
	if length, ok := unitMicros[strings.ToUpper(unit)]; ok {
		return v + n*length, true
	}
	months, ok := unitMonths[strings.ToUpper(unit)]
	if !ok {
		if !strings.EqualFold(unit, "DAYOFYEAR") {
			r.fail(fmt.Errorf("there is no unit %s of time", unit))
			return 0, false
		}
		return v + n*microsPerDay, true
	}
	day := floorDiv(v, microsPerDay)
	return int64(addMonths(int32(day), int32(n*months)))*microsPerDay + v - day*microsPerDay, true
}

var unitMonths = map[string]int64{"MONTH": 1, "QUARTER": 3, "YEAR": 12}

// diffUnits is timestampdiff(unit, from, to): whole units.
func diffUnits(r *row) (int64, bool) {
	unit, a, b := strings.ToUpper(string(r.str(0))), r.long(1), r.long(2)
	if length, ok := unitMicros[unit]; ok {
		return (b - a) / length, true
	}
	months, ok := unitMonths[unit]
	if !ok {
		r.fail(fmt.Errorf("there is no unit %s of time", unit))
		return 0, false
	}
	return wholeMonths(a, b) / months, true
}

// wholeMonths is how many months fit between two instants.
func wholeMonths(a, b int64) int64 {
	ya, ma, da := civil(int32(floorDiv(a, microsPerDay)))
	yb, mb, db := civil(int32(floorDiv(b, microsPerDay)))
	m := int64((yb-ya)*12 + mb - ma)
	restA := int64(da)*microsPerDay + floorMod(a, microsPerDay)
	restB := int64(db)*microsPerDay + floorMod(b, microsPerDay)
	switch {
	case m > 0 && restB < restA:
		m--
	case m < 0 && restB > restA:
		m++
	}
	return m
}

// bindExtract is extract(field FROM x) and date_part(field, x).
func bindExtract(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 2, 2); err != nil {
		return catalog.Call{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	if args[0].Const == nil || !isString(args[0].Type) || nullAt(args[0].Const, 0) {
		return catalog.Call{}, argErr(0, "the field of %s must be a constant string", name)
	}
	field := strings.ToUpper(string(textOf(args[0].Const).at(0)))
	x := args[1].Type
	var inner catalog.Call
	var err error
	switch {
	case isInterval(x):
		inner, err = intervalField(name, field, x)
	default:
		inner, err = extractField(name, field, args[1])
	}
	if err != nil {
		return catalog.Call{}, err
	}
	inner.ArgTypes = []arrow.DataType{tString, inner.ArgTypes[0]}
	eval := inner.Eval
	inner.Eval = func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) { return eval(t, n, args[1:]) }
	return inner, nil
}

func extractField(name, field string, x catalog.Arg) (catalog.Call, error) {
	dates := map[string]func(int32) int32{
		"YEAR": yearOf, "Y": yearOf, "YEARS": yearOf, "YR": yearOf, "YRS": yearOf, "YEAROFWEEK": isoYearOf,
		"QUARTER": quarterOf, "QTR": quarterOf, "MONTH": monthOf, "MON": monthOf, "MONS": monthOf, "MONTHS": monthOf,
		"WEEK": weekOf, "W": weekOf, "WEEKS": weekOf, "DAY": dayOf, "D": dayOf, "DAYS": dayOf,
		"DAYOFWEEK": dayOfWeek, "DOW": dayOfWeek, "DAYOFWEEK_ISO": weekdayISO, "DOW_ISO": weekdayISO,
		"DOY": dayOfYear,
	}
	if f, ok := dates[field]; ok {
		return dateField(f)(name, []catalog.Arg{x})
	}
	switch field {
	case "HOUR", "H", "HOURS", "HR", "HRS":
		return clockField(3_600_000_000, 24)(name, []catalog.Arg{x})
	case "MINUTE", "M", "MIN", "MINS", "MINUTES":
		return clockField(60_000_000, 60)(name, []catalog.Arg{x})
	case "SECOND", "S", "SEC", "SECONDS", "SECS":
		dt := decimalType(8, 6)
		return strict(takes(tTimestamp), dt, mapFixed(dt, func(v int64) dec { return decFromInt(floorMod(v, 60_000_000)) }))(name, []catalog.Arg{x})
	}
	return catalog.Call{}, argErr(0, "%s knows no field %s of a %s", name, field, typeName(x.Type))
}

func intervalField(name, field string, dt arrow.DataType) (catalog.Call, error) {
	call := catalog.Call{ArgTypes: []arrow.DataType{dt}, Deterministic: true, Strict: true, Type: tInt}
	months := dt.ID() == arrow.INTERVAL_MONTHS
	switch field = singular(field); {
	case months && field == "YEAR":
		call.Eval = mapFixed(tInt, func(v int32) int32 { return v / 12 })
	case months && field == "MONTH":
		call.Type, call.Eval = tTiny, mapFixed(tTiny, func(v int32) int8 { return int8(v % 12) })
	case !months && field == "DAY":
		call.Eval = mapFixed(tInt, func(v int64) int32 { return int32(v / microsPerDay) })
	case !months && field == "HOUR":
		call.Type, call.Eval = tTiny, mapFixed(tTiny, func(v int64) int8 { return int8(v % microsPerDay / 3_600_000_000) })
	case !months && field == "MINUTE":
		call.Type, call.Eval = tTiny, mapFixed(tTiny, func(v int64) int8 { return int8(v % 3_600_000_000 / 60_000_000) })
	case !months && field == "SECOND":
		out := decimalType(8, 6)
		call.Type = out
		call.Eval = mapFixed(out, func(v int64) dec { return decFromInt(v % 60_000_000) })
	default:
		return call, argErr(0, "%s knows no field %s of an interval", name, field)
	}
	return call, nil
}

// makeDuration is make_dt_interval([days[, hours[, mins[, secs]]]]).
func makeDuration(r *row) (int64, bool) {
	total := new(big.Int)
	for k, unit := range []int64{microsPerDay, 3_600_000_000, 60_000_000} {
		if k < r.n() {
			total.Add(total, new(big.Int).Mul(big.NewInt(int64(r.int(k))), big.NewInt(unit)))
		}
	}
	if r.n() == 4 {
		total.Add(total, r.dec(3).BigInt())
	}
	return total.Int64(), total.IsInt64()
}

func makeMonths(r *row) (int32, bool) {
	total := int64(0)
	if r.n() > 0 {
		total = int64(r.int(0)) * 12
	}
	if r.n() > 1 {
		total += int64(r.int(1))
	}
	return int32(total), total == int64(int32(total))
}
