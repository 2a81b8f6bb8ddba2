package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	kafkago "github.com/segmentio/kafka-go"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

// source reads the partitions of a subscription by offset ranges.
type source struct {
	*sourceConfig
	table     string
	cluster   *cluster
	schema    *arrow.Schema
	buffers   bufferPool
	scans     scannerPool
	inflaters inflaterPool

	// What Plan found last, used by its one goroutine only.
	parts      []partition
	partsUntil time.Time

	mu     sync.Mutex
	reads  map[string]*reader
	fresh  map[string]bool // splits that came while the query ran
	closed bool
}

var _ connector.OffsetCodec = (*source)(nil)

// OpenSource makes a source. It waits for a broker that is away until ctx ends;
// a topic that is not there and is not created is an error.
func (kafkaConnector) OpenSource(ctx context.Context, env connector.Env, t *catalog.Table) (connector.Source, error) {
	s, err := newSettings(t)
	if err != nil {
		return nil, err
	}
	c, err := s.source(t.Stream)
	if err != nil {
		return nil, err
	}
	if !c.subscribed() {
		return nil, &connector.OptionError{Msg: fmt.Sprintf("table %s says not what to read", t.Name), Hint: "give one of the options subscribe, assign, subscribePattern"}
	}
	cl, err := newCluster(ctx, env, c.common)
	if err != nil {
		return nil, err
	}
	src := newSource(t.Name, c, cl)
	if err := src.checkTopics(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("kafka source %s: %w", t.Name, err), src.Close())
	}
	return src, nil
}

func newSource(table string, c *sourceConfig, cl *cluster) *source {
	return &source{sourceConfig: c, table: table, cluster: cl, schema: sourceSchema(c.headers), reads: map[string]*reader{}, fresh: map[string]bool{}}
}

// checkTopics makes sure that what is subscribed to is there.
func (s *source) checkTopics(ctx context.Context) error {
	topics := s.topics
	for _, p := range s.assigned {
		if !slices.Contains(topics, p.topic) {
			topics = append(topics, p.topic)
		}
	}
	if len(topics) > 0 {
		if err := s.cluster.require(ctx, topics, s.autoCreate); err != nil {
			return err
		}
	}
	for _, p := range s.assigned {
		t, err := s.cluster.topic(ctx, p.topic)
		if err == nil && int(p.id) >= len(t.leaders) {
			return &connector.OptionError{Option: optAssign, Msg: fmt.Sprintf("topic %s has no partition %d, it has %d partitions", p.topic, p.id, len(t.leaders))}
		}
	}
	return nil
}

// Schema of the rows of its chunks.
func (s *source) Schema() *arrow.Schema { return s.schema }

// Close ends what is being fetched ahead and the connections. It is called when no
// Read is under way, and waits for one that is.
func (s *source) Close() error {
	s.mu.Lock()
	s.closed = true
	reads := slices.Collect(maps.Values(s.reads))
	s.mu.Unlock()
	for _, r := range reads {
		r.close()
	}
	return s.cluster.Close()
}

// FormatOffsets writes offsets as Spark's Kafka source does.
func (s *source) FormatOffsets(o connector.Offsets) (string, error) { return formatOffsets(o) }

// ParseOffsets reads what FormatOffsets, or Spark, wrote.
func (s *source) ParseOffsets(text string) (connector.Offsets, error) { return parseOffsets(text) }

// Initial says where a query without a checkpoint starts.
func (s *source) Initial(ctx context.Context) (connector.Offsets, error) {
	return s.resolve(ctx, &s.start)
}

// Latest says what the source holds now. With read_committed that is up to the
// first transaction that is still open. A table ends at its endingOffsets.
func (s *source) Latest(ctx context.Context) (connector.Offsets, error) {
	return s.resolve(ctx, &s.end)
}

func (s *source) resolve(ctx context.Context, b *bound) (connector.Offsets, error) {
	var out connector.Offsets
	err := s.cluster.retry(ctx, "kafka source "+s.table, func(ctx context.Context) error {
		parts, err := s.partitions(ctx)
		if err != nil {
			return err
		}
		found, err := b.resolve(ctx, s.cluster, s.isolation, parts)
		if err != nil {
			return s.stale(err)
		}
		out = make(connector.Offsets, len(found))
		for p, o := range found {
			out[p.String()] = o
		}
		return nil
	})
	return out, err
}

// stale makes the next look at the partitions a fresh one.
func (s *source) stale(err error) error {
	s.partsUntil = time.Time{}
	return err
}

// partitions lists what the subscription covers now, in order. It is asked anew
// when it is old, so that new partitions and topics are noticed.
func (s *source) partitions(ctx context.Context) ([]partition, error) {
	if now := time.Now(); now.Before(s.partsUntil) {
		return s.parts, nil
	}
	topics := s.topics
	for _, p := range s.assigned {
		if !slices.Contains(topics, p.topic) {
			topics = append(topics, p.topic)
		}
	}
	if s.pattern != nil {
		topics = nil
	}
	infos, err := s.cluster.metadata(ctx, topics, false)
	if err != nil {
		return nil, err
	}
	var parts []partition
	for _, t := range infos {
		switch {
		case s.pattern != nil && (t.internal || !s.pattern.MatchString(t.name)):
			continue
		case t.err == kafkago.UnknownTopicOrPartition:
			continue // deleted: Plan says what is gone
		case t.err != 0:
			return nil, &codeError{where: "topic " + t.name, code: t.err}
		}
		for id := range t.leaders {
			parts = append(parts, partition{t.name, int32(id)})
		}
	}
	if s.assigned != nil {
		parts = slices.DeleteFunc(slices.Clone(s.assigned), func(p partition) bool { return !slices.Contains(parts, p) })
	}
	slices.SortFunc(parts, comparePartitions)
	s.parts, s.partsUntil = parts, time.Now().Add(s.metadataMaxAge)
	return parts, nil
}

// Plan says what the next epoch takes. The end of a split is below its start in
// one case: the log ends before it (a topic made anew) and failOnDataLoss is
// false; then the query goes on from that end.
func (s *source) Plan(ctx context.Context, from connector.Offsets, l connector.Limit) (connector.Offsets, error) {
	var to connector.Offsets
	err := s.cluster.retry(ctx, "kafka source "+s.table, func(ctx context.Context) error {
		var err error
		to, err = s.plan(ctx, from, l)
		if err != nil {
			return s.stale(err)
		}
		return nil
	})
	return to, err
}

func (s *source) plan(ctx context.Context, from connector.Offsets, l connector.Limit) (connector.Offsets, error) {
	parts, err := s.partitions(ctx)
	if err != nil {
		return nil, err
	}
	if gone := missingSplits(from, parts); len(gone) > 0 {
		if parts, err = s.confirmGone(ctx, from, parts); err != nil {
			return nil, err
		}
	}
	ends, err := s.ends(ctx, from, parts)
	if err != nil {
		return nil, err
	}
	begins, err := s.begins(ctx, from, parts, ends)
	if err != nil {
		return nil, err
	}
	to := make(connector.Offsets, len(parts))
	var takes []take
	for _, p := range parts {
		split := p.String()
		begin, known := begins[p]
		if !known {
			continue // new, and never had a record
		}
		end := ends[p]
		if l.Until != nil {
			until, ok := l.Until[split]
			if _, old := from[split]; !ok && !old {
				continue // came after the end was set
			}
			end = min(end, max(until, begin))
		}
		to[split] = end
		if end > begin {
			takes = append(takes, take{split, begin, end})
		}
	}
	share(takes, limitRows(s.maxOffsets, l.Rows))
	for _, t := range takes {
		to[t.split] = t.end
	}
	return to, nil
}

// limitRows gives the smaller of two bounds of which 0 is none.
func limitRows(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// take is what a split can give.
type take struct {
	split      string
	begin, end int64
}

// share cuts the ends so that all splits together give about limit rows, each
// in proportion to what it holds and at least one, as Spark does.
func share(takes []take, limit int64) {
	if limit <= 0 {
		return
	}
	total := 0.0
	for _, t := range takes {
		total += float64(t.end - t.begin)
	}
	if total <= float64(limit) {
		return
	}
	for i := range takes {
		t := &takes[i]
		part := float64(limit) * (float64(t.end-t.begin) / total)
		if part < 1 {
			part = math.Ceil(part)
		}
		t.end = min(t.end, t.begin+int64(part))
	}
}

// ends gives the end of every partition. An end before what was already read is
// asked for again: a new leader may lag for a moment.
func (s *source) ends(ctx context.Context, from connector.Offsets, parts []partition) (map[partition]int64, error) {
	for deadline := time.Now().Add(s.missing); ; {
		ends, err := s.end.resolve(ctx, s.cluster, s.isolation, parts)
		if err != nil {
			return nil, err
		}
		back := slices.IndexFunc(parts, func(p partition) bool { o, ok := from[p.String()]; return ok && ends[p] < o })
		if back < 0 {
			return ends, nil
		}
		p := parts[back]
		if s.end.offsets != nil || s.end.times != nil || s.end.time != latestTime {
			// The options end there, not the log: what was read stays read.
			for _, q := range parts {
				ends[q] = max(ends[q], from[q.String()])
			}
			return ends, nil
		}
		if !time.Now().Before(deadline) {
			return ends, s.lost("%s: its offset was changed from %d to %d, some data may have been missed", p, from[p.String()], ends[p])
		}
		if err := pause(ctx, min(s.retryBackoff, s.missing/4)); err != nil {
			return nil, err
		}
	}
}

// begins gives where each partition is read from: from, and for new ones their
// beginning. New ones that never had a record are left out: an
// offset that is not there counts as 0.
func (s *source) begins(ctx context.Context, from connector.Offsets, parts []partition, ends map[partition]int64) (map[partition]int64, error) {
	out := make(map[partition]int64, len(parts))
	var fresh []offsetQuery
	for _, p := range parts {
		if o, ok := from[p.String()]; ok {
			out[p] = o
		} else {
			fresh = append(fresh, offsetQuery{p, earliestTime})
		}
	}
	if len(fresh) == 0 {
		return out, nil
	}
	found, err := s.cluster.offsets(ctx, s.isolation, fresh)
	if err != nil {
		return nil, err
	}
	for p, o := range found {
		if ends[p] > 0 {
			out[p] = min(o, ends[p])
		}
	}
	return out, nil
}

// Ranges gives a range for every partition that has rows between two offsets, in
// the order of topic and partition. The range of a partition that is new in to
// begins at 0; what Kafka deleted there before is not a loss.
func (s *source) Ranges(from, to connector.Offsets) []connector.Range {
	type ranged struct {
		partition
		connector.Range
	}
	var rs []ranged
	for split, end := range to {
		p, err := parseSplit(split)
		if err != nil {
			continue
		}
		begin, known := from[split]
		if begin < end {
			if !known {
				s.markNew(split)
			}
			rs = append(rs, ranged{p, connector.Range{Split: split, From: begin, To: end}})
		}
	}
	slices.SortFunc(rs, func(a, b ranged) int { return comparePartitions(a.partition, b.partition) })
	out := make([]connector.Range, len(rs))
	for i, r := range rs {
		out[i] = r.Range
	}
	return out
}

// markNew remembers that a partition came while the query ran.
func (s *source) markNew(split string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh[split] = true
}

func (s *source) isNew(split string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fresh[split]
}
