package engine

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Trigger says when a streaming query runs an epoch. The zero value is as fast
// as there are rows.
type Trigger struct {
	// Interval between the starts of epochs; an epoch that takes longer is followed
	// by the next at once.
	Interval time.Duration
	// Once runs one epoch over what is there, whatever its size, and ends.
	Once bool
	// AvailableNow runs epochs until what was there at the start is done, and ends.
	AvailableNow bool
}

// units are the words that a processing time may be given in.
var units = map[string]time.Duration{
	"millisecond": time.Millisecond, "ms": time.Millisecond,
	"second": time.Second, "s": time.Second, "sec": time.Second,
	"minute": time.Minute, "m": time.Minute, "min": time.Minute,
	"hour": time.Hour, "h": time.Hour,
}

// ParseTrigger reads '10 seconds', '500 ms', '1m30s', 'availableNow', 'once' or
// 'asap'.
func ParseTrigger(s string) (Trigger, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "once":
		return Trigger{Once: true}, nil
	case "availablenow", "available-now":
		return Trigger{AvailableNow: true}, nil
	case "asap", "0", "0 seconds":
		return Trigger{}, nil
	}
	d, err := time.ParseDuration(strings.TrimSpace(s))
	if err != nil {
		d, err = wordyDuration(s)
	}
	if err != nil || d <= 0 {
		return Trigger{}, fmt.Errorf("trigger %q: '10 seconds', '500 ms', 'availableNow', 'once' or 'asap' was expected", s)
	}
	return Trigger{Interval: d}, nil
}

// wordyDuration reads "1 minute 30 seconds".
func wordyDuration(s string) (time.Duration, error) {
	words := strings.Fields(strings.ToLower(s))
	if len(words) == 0 || len(words)%2 != 0 {
		return 0, strconv.ErrSyntax
	}
	var sum time.Duration
	for i := 0; i < len(words); i += 2 {
		n, err := strconv.ParseInt(words[i], 10, 32)
		unit, ok := units[words[i+1]]
		if !ok { // 10 seconds; ms is no plural
			unit, ok = units[strings.TrimSuffix(words[i+1], "s")]
		}
		if err != nil || !ok {
			return 0, strconv.ErrSyntax
		}
		sum += time.Duration(n) * unit
	}
	return sum, nil
}
