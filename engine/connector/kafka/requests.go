package kafka

import (
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// partition is one partition of a topic.
type partition struct {
	topic string
	id    int32
}

// byTopic puts partitions that stand together in a list under their topic and
// calls topic and part for each: the nesting of every Kafka request.
func byTopic[T any](items []T, of func(T) partition, topic func(name string, n int), part func(T)) {
	for i := 0; i < len(items); {
		name, j := of(items[i]).topic, i+1
		for j < len(items) && of(items[j]).topic == name {
			j++
		}
		topic(name, j-i)
		for ; i < j; i++ {
			part(items[i])
		}
	}
}

func countTopics[T any](items []T, of func(T) partition) int32 {
	n := int32(0)
	byTopic(items, of, func(string, int) { n++ }, func(T) {})
	return n
}

// topicInfo is what a broker says of one topic.
type topicInfo struct {
	name     string
	err      kafkago.Error
	internal bool
	// leaders has the leader of each partition, -1 where there is none now.
	leaders []int32
	asked   time.Time
}

// layout is an answer to a metadata request.
type layout struct {
	brokers    map[int32]string
	controller int32
	topics     []topicInfo
}

// metadataCall asks for topics, or for all with nil; create lets the broker make
// those that are missing.
func metadataCall(topics []string, create bool) *call {
	return &call{key: protocol.Metadata, min: 4, max: 8, broker: anyBroker, body: func(v int16, b []byte) []byte {
		if topics == nil {
			b = appendInt32(b, -1)
		} else {
			b = appendInt32(b, int32(len(topics)))
			for _, t := range topics {
				b = appendString(b, t)
			}
		}
		b = appendBool(b, create)
		if v >= 8 {
			b = append(b, 0, 0)
		}
		return b
	}}
}

func parseMetadata(a *answer) (*layout, error) {
	r := wireReader{b: a.body}
	l := &layout{brokers: map[int32]string{}}
	r.int32() // throttle
	for n := r.count(); n > 0 && !r.bad; n-- {
		id, host, port := r.int32(), r.string(), r.int32()
		r.string() // rack
		l.brokers[id] = hostPort(host, port)
	}
	r.string() // cluster id
	l.controller = r.int32()
	for n := r.count(); n > 0 && !r.bad; n-- {
		l.topics = append(l.topics, parseTopic(&r, a.version))
	}
	if r.bad {
		return nil, a.broken()
	}
	return l, nil
}

func parseTopic(r *wireReader, version int16) topicInfo {
	t := topicInfo{err: kafkago.Error(r.int16()), name: r.string(), internal: r.bool()}
	n := r.count()
	t.leaders = make([]int32, n)
	for i := range t.leaders {
		t.leaders[i] = -1
	}
	for ; n > 0 && !r.bad; n-- {
		r.int16() // error
		id, leader := r.int32(), r.int32()
		if version >= 7 {
			r.int32() // leader epoch
		}
		for range 2 { // replicas, in sync
			r.take(4 * r.count())
		}
		if version >= 5 {
			r.take(4 * r.count()) // offline
		}
		if id >= 0 && int(id) < len(t.leaders) {
			t.leaders[id] = leader
		}
	}
	if version >= 8 {
		r.int32() // authorized operations
	}
	return t
}

// The times that ListOffsets knows by name.
const (
	latestTime   = int64(-1)
	earliestTime = int64(-2)
)

// offsetQuery asks for the offset of a partition at a time in milliseconds, or
// at earliestTime or latestTime.
type offsetQuery struct {
	partition
	time int64
}

// offsetAnswer is one partition's. Offset is -1 when no record is that late.
type offsetAnswer struct {
	partition
	err    kafkago.Error
	offset int64
}

func listOffsetsCall(broker int32, isolation int8, queries []offsetQuery) *call {
	return &call{key: protocol.ListOffsets, min: 2, max: 5, broker: broker, body: func(v int16, b []byte) []byte {
		b = appendInt32(b, -1)
		b = append(b, byte(isolation))
		of := func(q offsetQuery) partition { return q.partition }
		b = appendInt32(b, countTopics(queries, of))
		byTopic(queries, of, func(name string, n int) {
			b = appendInt32(appendString(b, name), int32(n))
		}, func(q offsetQuery) {
			b = appendInt32(b, q.id)
			if v >= 4 {
				b = appendInt32(b, -1) // leader epoch
			}
			b = appendInt64(b, q.time)
		})
		return b
	}}
}

func parseListOffsets(a *answer) ([]offsetAnswer, error) {
	r := wireReader{b: a.body}
	r.int32() // throttle
	var out []offsetAnswer
	for n := r.count(); n > 0 && !r.bad; n-- {
		topic := r.string()
		for m := r.count(); m > 0 && !r.bad; m-- {
			o := offsetAnswer{partition: partition{topic, r.int32()}, err: kafkago.Error(r.int16())}
			r.int64() // timestamp
			o.offset = r.int64()
			if a.version >= 4 {
				r.int32() // leader epoch
			}
			out = append(out, o)
		}
	}
	if r.bad {
		return nil, a.broken()
	}
	return out, nil
}

// newTopic is a topic to be made; -1 leaves a number to the broker.
type newTopic struct {
	name        string
	partitions  int32
	replication int16
}

func createTopicCall(controller int32, t newTopic, timeoutMs int32) *call {
	return &call{key: protocol.CreateTopics, min: 2, max: 4, broker: controller, body: func(v int16, b []byte) []byte {
		if v < 4 { // brokers before 2.4 have no way to say "your default"
			t.partitions, t.replication = max(t.partitions, 1), max(t.replication, 1)
		}
		b = appendString(appendInt32(b, 1), t.name)
		b = appendInt16(appendInt32(b, t.partitions), t.replication)
		b = appendInt32(b, 0) // assignments
		b = appendInt32(b, 0) // configs
		b = appendInt32(b, timeoutMs)
		return append(b, 0) // not only validate
	}}
}

func parseCreateTopic(a *answer) (kafkago.Error, string, error) {
	r := wireReader{b: a.body}
	r.int32() // throttle
	if r.count() == 0 {
		return 0, "", a.broken()
	}
	r.string() // name
	code, msg := kafkago.Error(r.int16()), r.string()
	if r.bad {
		return 0, "", a.broken()
	}
	return code, msg, nil
}

// producerID identifies an idempotent producer to the brokers.
type producerID struct {
	id    int64
	epoch int16
}

func initProducerCall() *call {
	return &call{key: protocol.InitProducerId, min: 0, max: 1, broker: anyBroker, body: func(_ int16, b []byte) []byte {
		return appendInt32(appendNullString(b), 0)
	}}
}

func parseInitProducer(a *answer) (producerID, error) {
	r := wireReader{b: a.body}
	r.int32() // throttle
	code := kafkago.Error(r.int16())
	p := producerID{id: r.int64(), epoch: r.int16()}
	switch {
	case r.bad:
		return producerID{}, a.broken()
	case code != 0:
		return producerID{}, code
	}
	return p, nil
}
