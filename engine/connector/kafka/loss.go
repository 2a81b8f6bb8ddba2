package kafka

import (
	"context"
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/millrace-sql/millrace/engine/connector"
)

// missingSplits lists splits of from that are not among parts.
func missingSplits(from connector.Offsets, parts []partition) []partition {
	have := make(map[string]bool, len(parts))
	for _, p := range parts {
		have[p.String()] = true
	}
	var gone []partition
	for _, split := range sortedKeys(from) {
		if !have[split] {
			if p, err := parseSplit(split); err == nil {
				gone = append(gone, p)
			}
		}
	}
	return gone
}

// confirmGone looks again for partitions that were not there, for as long as a
// broker may take to know of them, and then says what their loss means.
func (s *source) confirmGone(ctx context.Context, from connector.Offsets, parts []partition) ([]partition, error) {
	for deadline := time.Now().Add(s.missing); ; {
		gone := missingSplits(from, parts)
		if len(gone) == 0 {
			return parts, nil
		}
		if !time.Now().Before(deadline) {
			return parts, s.lost("%s are gone. Some data may have been missed", listPartitions(gone))
		}
		if err := pause(ctx, min(s.retryBackoff, s.missing/4)); err != nil {
			return nil, err
		}
		s.partsUntil = time.Time{}
		var err error
		if parts, err = s.partitions(ctx); err != nil {
			return nil, err
		}
	}
}

// lost reports that records are gone: an error, or with failOnDataLoss off a
// remark in the log.
func (s *source) lost(format string, args ...any) error {
	err := &dataLossError{msg: fmt.Sprintf(format, args...)}
	if s.failOnDataLoss {
		return err
	}
	s.cluster.logger.Warn("kafka source " + s.table + ": " + err.msg)
	return nil
}

// dataLossError says that records that should be read are not there any more.
type dataLossError struct{ msg string }

func (e *dataLossError) Error() string {
	return e.msg + ": either they were deleted by Kafka's retention, or the topic was deleted or made anew. " +
		"To go on without them set failOnDataLoss = 'false'"
}

// absence measures how long records that should be there are not.
type absence struct {
	limit time.Duration
	since time.Time
	over  bool
}

func (a *absence) reset() { a.since = time.Time{} }

// nothing handles an answer without progress: a batch larger than the fetch, an
// empty answer, or a log that ends before the range does.
func (rd *reader) nothing(ctx context.Context, f *fetched, r connector.Range, w *absence) error {
	next := f.from
	cut, end := f.cut, f.end
	rd.drop()
	if cut {
		if rd.maxBytes >= maxAnswer/2 {
			return fmt.Errorf("%s at offset %d: a batch is larger than %d bytes", rd.split, next, rd.maxBytes)
		}
		rd.maxBytes = min(rd.maxBytes*2, maxAnswer/2)
		return nil
	}
	if w.since.IsZero() {
		w.since = time.Now()
	}
	if time.Since(w.since) >= w.limit {
		w.over = true
		return rd.src.lost("%s: the records from offset %d to %d are not there, the partition ends at %d", rd.split, next, r.To, end)
	}
	return pause(ctx, min(rd.src.retryBackoff, w.limit/4))
}

// outOfRange says what it means that a partition does not have an offset. When
// the first records are gone and that is allowed, the rest is fetched.
func (rd *reader) outOfRange(ctx context.Context, offset int64, r connector.Range) (*fetched, error) {
	s := rd.src
	begins, err := s.cluster.offsets(ctx, s.isolation, []offsetQuery{{rd.part, earliestTime}})
	if err != nil {
		return nil, err
	}
	ends, err := s.cluster.offsets(ctx, readUncommitted, []offsetQuery{{rd.part, latestTime}})
	if err != nil {
		return nil, err
	}
	begin, end := begins[rd.part], ends[rd.part]
	switch {
	case offset < begin:
		if !(r.From == 0 && offset == 0 && s.isNew(rd.split)) {
			if err := s.lost("%s: the records from offset %d to %d are gone, the first one left has offset %d", rd.split, offset, min(begin, r.To), begin); err != nil {
				return nil, err
			}
		}
		if begin >= r.To {
			return rd.empty(r.To), nil
		}
		return rd.fetch(ctx, begin)
	case offset > end:
		if err := s.lost("%s: the records from offset %d to %d are not there, the partition ends at %d", rd.split, offset, r.To, end); err != nil {
			return nil, err
		}
		return rd.empty(r.To), nil
	}
	return nil, &codeError{where: rd.split, code: kafkago.OffsetNotAvailable} // it came back: ask again
}

// empty is an answer that leads on to an offset.
func (rd *reader) empty(next int64) *fetched {
	return &fetched{buf: rd.src.buffers.share(nil), from: next, next: next}
}
