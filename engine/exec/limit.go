package exec

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// limit gives at most n rows (all when n is negative) after the first skip rows.
type limit struct {
	label
	schema  *arrow.Schema
	n, skip int64
	inOrder
}

func (l *limit) Schema() *arrow.Schema { return l.schema }

func (l *limit) Local(catalog.Task) Partial {
	return &limited{skip: l.skip, n: l.n, all: l.n < 0}
}

// Finish gives the rows kept.
func (l *limit) Finish(_ catalog.Task, p Partial) Records { return p.(*limited).records() }

// limited is the rows kept so far.
type limited struct {
	recs    []arrow.Record
	skip, n int64
	all     bool
}

// Add keeps those rows that count; done once there are enough.
func (l *limited) Add(_ catalog.Task, _ int64, rec arrow.Record) (bool, error) {
	from := min(l.skip, rec.NumRows())
	l.skip -= from
	to := rec.NumRows()
	if !l.all {
		to = min(to, from+l.n)
		l.n -= to - from
	}
	if to > from {
		l.recs = append(l.recs, plainRecord(rec).NewSlice(from, to))
	}
	return !l.all && l.n == 0, nil
}

// Release drops the rows.
func (l *limited) Release() {
	for _, r := range l.recs {
		r.Release()
	}
	l.recs = nil
}

func (l *limited) records() Records {
	return func(yield func(arrow.Record, error) bool) {
		defer l.Release()
		for len(l.recs) > 0 {
			rec := l.recs[0]
			l.recs = l.recs[1:]
			if !yield(rec, nil) {
				return
			}
		}
	}
}
