package kafka

import (
	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// Isolation levels as the protocol numbers them.
const (
	readUncommitted = int8(0)
	readCommitted   = int8(1)
)

// fetchPart asks for the records of one partition from an offset on.
type fetchPart struct {
	partition
	offset   int64
	maxBytes int32
}

// fetchLimits are a fetch request's bounds.
type fetchLimits struct {
	maxWaitMs, minBytes, maxBytes int32
	isolation                     int8
}

// fetchCall asks one broker for records of partitions that it leads.
func fetchCall(broker int32, l fetchLimits, parts []fetchPart, buf []byte) *call {
	return &call{key: protocol.Fetch, min: 4, max: 11, broker: broker, buf: buf, body: func(v int16, b []byte) []byte {
		b = appendInt32(b, -1) // not a replica
		b = appendInt32(b, l.maxWaitMs)
		b = appendInt32(b, l.minBytes)
		b = appendInt32(b, l.maxBytes)
		b = append(b, byte(l.isolation))
		if v >= 7 {
			b = appendInt32(appendInt32(b, 0), -1) // no session
		}
		of := func(p fetchPart) partition { return p.partition }
		b = appendInt32(b, countTopics(parts, of))
		byTopic(parts, of, func(name string, n int) {
			b = appendInt32(appendString(b, name), int32(n))
		}, func(p fetchPart) {
			b = appendInt32(b, p.id)
			if v >= 9 {
				b = appendInt32(b, -1) // leader epoch
			}
			b = appendInt64(b, p.offset)
			if v >= 5 {
				b = appendInt64(b, -1) // log start, for replicas
			}
			b = appendInt32(b, p.maxBytes)
		})
		if v >= 7 {
			b = appendInt32(b, 0) // forgotten
		}
		if v >= 11 {
			b = appendString(b, "") // rack
		}
		return b
	}}
}

// abortedTxn is a transaction that a read_committed reader must leave out.
type abortedTxn struct{ producer, first int64 }

// fetchedPart is one partition of an answer. Records alias the answer.
type fetchedPart struct {
	partition
	err                    kafkago.Error
	highWatermark          int64
	lastStable, logStart   int64
	aborted                []abortedTxn
	records                []byte
	recordsFrom, recordsTo int // where records lie in the answer
}

func parseFetch(a *answer) ([]fetchedPart, error) {
	r := wireReader{b: a.body}
	r.int32() // throttle
	if a.version >= 7 {
		code := kafkago.Error(r.int16())
		r.int32() // session
		if code != 0 {
			return nil, code
		}
	}
	var out []fetchedPart
	for n := r.count(); n > 0 && !r.bad; n-- {
		topic := r.string()
		for m := r.count(); m > 0 && !r.bad; m-- {
			p := parseFetchedPart(&r, a.version)
			p.topic = topic
			p.recordsTo = len(a.body) - len(r.b)
			p.recordsFrom = p.recordsTo - len(p.records)
			out = append(out, p)
		}
	}
	if r.bad {
		return nil, a.broken()
	}
	return out, nil
}

func parseFetchedPart(r *wireReader, version int16) fetchedPart {
	p := fetchedPart{logStart: -1}
	p.id, p.err = r.int32(), kafkago.Error(r.int16())
	p.highWatermark, p.lastStable = r.int64(), r.int64()
	if version >= 5 {
		p.logStart = r.int64()
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		p.aborted = append(p.aborted, abortedTxn{producer: r.int64(), first: r.int64()})
	}
	if version >= 11 {
		r.int32() // preferred replica
	}
	p.records = r.bytes()
	return p
}

// end is how far a reader may see: the last stable offset when it reads
// committed records only.
func (p *fetchedPart) end(isolation int8) int64 {
	if isolation == readCommitted {
		return p.lastStable
	}
	return p.highWatermark
}
