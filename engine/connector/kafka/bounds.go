package kafka

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-sql/millrace/engine/connector"
)

// bound is where a query starts or ends, as its options say.
type bound struct {
	option string // that said so, in lower case; for messages
	// offsets, when not nil, has a position for each partition; latestTime and
	// earliestTime stand for themselves.
	offsets map[partition]int64
	// times, when not nil, has a time in milliseconds for each partition.
	times map[partition]int64
	// time is earliestTime, latestTime or a time in milliseconds, for every
	// partition, when neither map is set.
	time int64
	// late says that a partition without a record that late counts as at its end.
	late bool
}

// startBound reads the options that say where a query starts. The most
// specific one wins, as in Spark: one time for all, times, offsets.
func (s *settings) startBound(stream bool) (bound, error) {
	def := "earliest"
	if stream {
		def = "latest"
	}
	strategy, err := s.oneOf(optTimesStrategy, "error", "error", "latest")
	if err != nil {
		return bound{}, err
	}
	b, err := s.bound(optStartingTime, optStartingTimes, optStarting, def)
	if err != nil {
		return bound{}, err
	}
	b.late = strategy == "latest"
	if stream {
		return b, nil
	}
	if b.offsets == nil && b.times == nil && b.time == latestTime {
		return bound{}, &connector.OptionError{Option: optStarting, Msg: "starting offset can't be latest for batch queries on Kafka", Hint: "a table ends at the latest offset: start it at earliest or at offsets, or make it a STREAM"}
	}
	for _, p := range sortedPartitions(b.offsets) {
		if b.offsets[p] == latestTime {
			return bound{}, &connector.OptionError{Option: optStarting, Msg: fmt.Sprintf("startingOffsets for %s can't be latest for batch queries on Kafka", p)}
		}
	}
	return b, nil
}

// endBound reads the options that say where a table ends. Streams have no end.
func (s *settings) endBound(stream bool) (bound, error) {
	if stream {
		for _, k := range []string{optEnding, optEndingTime, optEndingTimes} {
			if s.has(k) {
				return bound{}, &connector.OptionError{Option: k, Msg: "ending offset not valid in streaming queries", Hint: "CREATE TABLE instead of CREATE STREAM reads up to an end"}
			}
		}
	}
	b, err := s.bound(optEndingTime, optEndingTimes, optEnding, "latest")
	if err != nil {
		return bound{}, err
	}
	b.late = true // Spark: no record that late is the end
	if b.offsets == nil && b.times == nil && b.time == earliestTime {
		return bound{}, &connector.OptionError{Option: optEnding, Msg: "ending offset can't be earliest for batch queries on Kafka"}
	}
	for _, p := range sortedPartitions(b.offsets) {
		if b.offsets[p] == earliestTime {
			return bound{}, &connector.OptionError{Option: optEnding, Msg: fmt.Sprintf("ending offset for %s can't be earliest for batch queries on Kafka", p)}
		}
	}
	return b, nil
}

func (s *settings) bound(timeKey, timesKey, offsetsKey, def string) (bound, error) {
	switch {
	case s.has(timeKey):
		ms, err := s.number(timeKey, 0, 0)
		return bound{option: timeKey, time: ms}, err
	case s.has(timesKey):
		times, err := parsePartitionNumbers(s.text(timesKey, ""))
		if err != nil {
			return bound{}, &connector.OptionError{Option: timesKey, Msg: fmt.Sprintf("option %s: %v", timesKey, err)}
		}
		for _, p := range sortedPartitions(times) {
			if times[p] < 0 {
				return bound{}, &connector.OptionError{Option: timesKey, Msg: fmt.Sprintf("option %s: %s has the time %d", timesKey, p, times[p])}
			}
		}
		return bound{option: timesKey, times: times}, nil
	}
	switch v := s.text(offsetsKey, def); strings.ToLower(v) {
	case "latest":
		return bound{option: offsetsKey, time: latestTime}, nil
	case "earliest":
		return bound{option: offsetsKey, time: earliestTime}, nil
	default:
		offsets, err := parsePartitionNumbers(v)
		if err != nil {
			return bound{}, &connector.OptionError{Option: offsetsKey, Msg: fmt.Sprintf("option %s is neither earliest nor latest nor JSON: %v", offsetsKey, err)}
		}
		for _, p := range sortedPartitions(offsets) {
			if offsets[p] < earliestTime {
				return bound{}, &connector.OptionError{Option: offsetsKey, Msg: fmt.Sprintf("option %s: %s is at %d", offsetsKey, p, offsets[p]), Hint: "offsets count from 0; -2 is earliest, -1 latest"}
			}
		}
		return bound{option: offsetsKey, offsets: offsets}, nil
	}
}

func sortedPartitions[V any](m map[partition]V) []partition {
	out := make([]partition, 0, len(m))
	for p := range m {
		out = append(out, p)
	}
	slices.SortFunc(out, comparePartitions)
	return out
}

// resolve turns a bound into offsets of the partitions at hand.
func (b *bound) resolve(ctx context.Context, c *cluster, isolation int8, parts []partition) (map[partition]int64, error) {
	out := make(map[partition]int64, len(parts))
	var queries []offsetQuery
	named := b.offsets
	if b.times != nil {
		named = b.times
	}
	if named != nil {
		if err := b.checkNamed(named, parts); err != nil {
			return nil, err
		}
	}
	for _, p := range parts {
		t := b.time
		if named != nil {
			t = named[p]
		}
		if b.offsets != nil && t >= 0 {
			out[p] = t
			continue
		}
		queries = append(queries, offsetQuery{p, t})
	}
	if len(queries) == 0 {
		return out, nil
	}
	found, err := c.offsets(ctx, isolation, queries)
	if err != nil {
		return nil, err
	}
	var late []offsetQuery
	for _, q := range queries {
		if found[q.partition] >= 0 {
			out[q.partition] = found[q.partition]
			continue
		}
		if !b.late {
			return nil, &connector.OptionError{Option: b.option, Msg: fmt.Sprintf("%s has no record at or after the time %d", q.partition, q.time), Hint: "startingOffsetsByTimestampStrategy = 'latest' starts at the end then"}
		}
		late = append(late, offsetQuery{q.partition, latestTime})
	}
	if len(late) == 0 {
		return out, nil
	}
	ends, err := c.offsets(ctx, isolation, late)
	for p, o := range ends {
		out[p] = o
	}
	return out, err
}

// checkNamed compares the partitions of a JSON option with those there are: all
// must be named, and no others.
func (b *bound) checkNamed(named map[partition]int64, parts []partition) error {
	got := sortedPartitions(named)
	if slices.Equal(got, parts) {
		return nil
	}
	return &connector.OptionError{
		Option: b.option,
		Msg:    fmt.Sprintf("option %s must specify all partitions that are read: it names %s, there are %s", b.option, listPartitions(got), listPartitions(parts)),
		Hint:   "use -1 for latest, -2 for earliest",
	}
}

// listPartitions writes "iris/0, iris/1", the first few.
func listPartitions(parts []partition) string {
	const most = 8
	var s []string
	for i, p := range parts {
		if i == most {
			s = append(s, strconv.Itoa(len(parts)-most)+" more")
			break
		}
		s = append(s, p.String())
	}
	if s == nil {
		return "none"
	}
	return strings.Join(s, ", ")
}
