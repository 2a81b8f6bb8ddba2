package codec

import "strconv"

// AppendDuration appends a day-time interval of micros microseconds as CAST to STRING, to_json and CSV give it:
// INTERVAL '1 02:03:04.5' DAY TO SECOND.
func AppendDuration(dst []byte, micros int64) []byte {
	dst = append(dst, "INTERVAL '"...)
	u := uint64(micros)
	if micros < 0 {
		dst, u = append(dst, '-'), -u
	}
	dst = strconv.AppendUint(dst, u/microsPerDay, 10)
	dst = appendClockMicros(append(dst, ' '), int(u%microsPerDay))
	return append(dst, "' DAY TO SECOND"...)
}

// AppendMonths appends a year-month interval: INTERVAL '1-2' YEAR TO MONTH.
func AppendMonths(dst []byte, months int32) []byte {
	dst = append(dst, "INTERVAL '"...)
	m := int64(months)
	if m < 0 {
		dst, m = append(dst, '-'), -m
	}
	dst = append(strconv.AppendInt(dst, m/12, 10), '-')
	return append(strconv.AppendInt(dst, m%12, 10), "' YEAR TO MONTH"...)
}
