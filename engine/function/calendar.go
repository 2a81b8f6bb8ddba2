package function

// civil is the proleptic Gregorian date of a day number (days since 1970-01-01).
func civil(day int32) (y, m, d int) {
	z := int64(day) + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = int(doy - (153*mp+2)/5 + 1)
	m = int(mp + 3)
	if m > 12 {
		m -= 12
	}
	y = int(yoe + era*400)
	if m <= 2 {
		y++
	}
	return y, m, d
}

// dayNumber is the inverse of civil.
func dayNumber(y, m, d int) int32 {
	if m <= 2 {
		y--
	}
	era := floorDiv(int64(y), 400)
	yoe := int64(y) - era*400
	mp := int64((m + 9) % 12)
	doy := (153*mp+2)/5 + int64(d) - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int32(era*146097 + doe - 719468)
}

func daysInMonth(y, m int) int {
	switch m {
	case 2:
		if isLeap(y) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func isLeap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

// addMonths moves a date by months and keeps the day where the month has it.
func addMonths(day, months int32) int32 {
	y, m, d := civil(day)
	total := int64(y)*12 + int64(m-1) + int64(months)
	y, m = int(floorDiv(total, 12)), int(floorMod(total, 12))+1
	return dayNumber(y, m, min(d, daysInMonth(y, m)))
}

// weekday is 0 for Monday.
func weekday(day int32) int { return int(floorMod(int64(day)+3, 7)) }
