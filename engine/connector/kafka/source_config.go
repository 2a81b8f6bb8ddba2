package kafka

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/millrace-sql/millrace/engine/connector"
)

// sourceConfig is what the options say about reading.
type sourceConfig struct {
	common
	stream   bool
	topics   []string       // subscribe
	assigned []partition    // assign
	pattern  *regexp.Regexp // subscribePattern

	start, end bound

	maxOffsets     int64 // an epoch; 0 is no bound
	headers        bool
	failOnDataLoss bool
	isolation      int8
	partitionBytes int32 // of one fetch
	fetchBytes     int64 // of all that is fetched at a time
	metadataMaxAge time.Duration
	group          string // commits go there; "" for none
	groupPrefix    string
	// missing is how long records that should be there are waited for before they
	// count as lost.
	missing time.Duration
}

// subscribed says whether the table says what to read.
func (c *sourceConfig) subscribed() bool {
	return len(c.topics) > 0 || len(c.assigned) > 0 || c.pattern != nil
}

// source reads the options of a source. A table that is only written has none.
func (s *settings) source(stream bool) (*sourceConfig, error) {
	c := &sourceConfig{stream: stream, isolation: readCommitted, missing: 10 * time.Second}
	var err error
	if c.common, err = s.common(); err != nil {
		return nil, err
	}
	if err := s.subscription(c); err != nil {
		return nil, err
	}
	if c.start, err = s.startBound(stream); err != nil {
		return nil, err
	}
	if c.end, err = s.endBound(stream); err != nil {
		return nil, err
	}
	if c.maxOffsets, err = s.number(optMaxOffsets, 0, 1); err != nil {
		return nil, err
	}
	if _, err = s.number(optMinPartitions, 1, 1); err != nil {
		return nil, err
	}
	if c.headers, err = s.bool(optHeaders, false); err != nil {
		return nil, err
	}
	if c.failOnDataLoss, err = s.bool(optFailOnDataLoss, true); err != nil {
		return nil, err
	}
	level, err := s.oneOf(optIsolation, "read_committed", "read_committed", "read_uncommitted")
	if err != nil {
		return nil, err
	}
	if level == "read_uncommitted" {
		c.isolation = readUncommitted
	}
	if err := s.fetchSizes(c); err != nil {
		return nil, err
	}
	if c.metadataMaxAge, err = s.millis(optMetadataMaxAge, 5*time.Second); err != nil {
		return nil, err
	}
	c.group, c.groupPrefix = s.text(optGroupID, ""), s.text(optGroupPrefix, "")
	return c, nil
}

// fetchSizes reads the size of a fetch: one partition's, and that of all together.
func (s *settings) fetchSizes(c *sourceConfig) error {
	one, err := s.number(optPartitionMax, defaultPartitionMax, 1)
	if err != nil {
		return err
	}
	if c.fetchBytes, err = s.number(optFetchMax, defaultFetchMax, 1); err != nil {
		return err
	}
	c.partitionBytes = int32(min(one, c.fetchBytes, maxAnswer/2))
	return nil
}

// subscription reads the three ways to say what is read: at most one is given.
func (s *settings) subscription(c *sourceConfig) error {
	var given []string
	for _, k := range []string{optAssign, optSubscribe, optPattern} {
		if s.has(k) {
			given = append(given, k)
		}
	}
	if len(given) > 1 {
		return &connector.OptionError{Option: given[1], Msg: "only one of the options subscribe, assign and subscribePattern can be given"}
	}
	if len(given) == 0 {
		return nil
	}
	var err error
	switch given[0] {
	case optSubscribe:
		c.topics = splitList(s.opts[optSubscribe])
		slices.Sort(c.topics)
		c.topics = slices.Compact(c.topics)
		if len(c.topics) == 0 {
			return &connector.OptionError{Option: optSubscribe, Msg: "option subscribe names no topic"}
		}
	case optAssign:
		c.assigned, err = parseAssign(s.opts[optAssign])
	default:
		// Java matches the whole name.
		c.pattern, err = regexp.Compile("^(?:" + s.text(optPattern, "") + ")$")
		if err != nil {
			return &connector.OptionError{Option: optPattern, Msg: fmt.Sprintf("option subscribePattern: %v", err)}
		}
	}
	return err
}
