package kafka

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v14/arrow"
	kafkago "github.com/segmentio/kafka-go"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

// sink writes rows to topics: at least once. A batch that is sent again because
// its answer got lost is stored once, since the producer is idempotent; an epoch
// that is run again after a crash is stored again, and rows of an epoch that
// failed half-way stay.
type sink struct {
	*sinkConfig
	table   string
	cluster *cluster
	fields  rowFields
	turn    atomic.Uint32 // picks the partition of rows without a key
	buffers sync.Pool     // *[]byte

	// Used by Write only.
	producer  producerID
	sequences map[partition]int32
}

// noProducer marks batches of a producer that is not idempotent.
var noProducer = producerID{id: -1, epoch: -1}

// OpenSink makes a sink. The topic is created when it is missing and that is
// allowed.
func (kafkaConnector) OpenSink(ctx context.Context, env connector.Env, t *catalog.Table, schema *arrow.Schema) (connector.Sink, error) {
	set, err := newSettings(t)
	if err != nil {
		return nil, err
	}
	c, err := set.sink()
	if err != nil {
		return nil, err
	}
	fields, err := newRowFields(schema, c)
	if err != nil {
		return nil, err
	}
	cl, err := newCluster(ctx, env, c.common)
	if err != nil {
		return nil, err
	}
	s := &sink{sinkConfig: c, table: t.Name, cluster: cl, fields: fields, producer: noProducer, sequences: map[partition]int32{}}
	topic := c.topic
	if topic == "" && fields.topic < 0 {
		topic = c.home
	}
	if topic != "" {
		if _, err := s.partitions(ctx, topic); err != nil {
			return nil, errors.Join(fmt.Errorf("kafka sink %s: %w", t.Name, err), cl.Close())
		}
	}
	return s, nil
}

// Close closes the connections.
func (s *sink) Close() error { return s.cluster.Close() }

func (s *sink) buffer() []byte {
	if b, ok := s.buffers.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 0, min(s.batchBytes, 64<<10))
}

// partitions says how many partitions a topic has, creating it when it is
// missing.
func (s *sink) partitions(ctx context.Context, topic string) (int, error) {
	n := 0
	err := s.cluster.retry(ctx, "topic "+topic, func(ctx context.Context) error {
		t, err := s.cluster.topic(ctx, topic)
		if errors.Is(err, kafkago.UnknownTopicOrPartition) {
			return s.create(ctx, topic)
		}
		if err == nil && len(t.leaders) == 0 {
			s.cluster.forget(topic)
			return &codeError{where: "topic " + topic, code: kafkago.LeaderNotAvailable}
		}
		n = len(t.leaders)
		return err
	})
	return n, err
}

// create makes a topic with the broker's own numbers. It succeeds by an error
// that has the caller ask again: a new topic takes a moment.
func (s *sink) create(ctx context.Context, topic string) error {
	if !s.autoCreate {
		return &noTopicError{topic: topic, near: s.cluster.nearest(ctx, topic)}
	}
	s.cluster.mu.Lock()
	controller := s.cluster.controller
	s.cluster.mu.Unlock()
	a, err := s.cluster.call(ctx, createTopicCall(controller, newTopic{name: topic, partitions: -1, replication: -1}, int32(s.requestTimeout.Milliseconds())), s.requestTimeout)
	if err != nil {
		return err
	}
	code, msg, err := parseCreateTopic(a)
	switch {
	case err != nil:
		return err
	case code == 0, code == kafkago.TopicAlreadyExists:
		return &codeError{where: "topic " + topic, code: kafkago.LeaderNotAvailable}
	case retriableCode(code):
		return code
	case msg == "":
		msg = describeCode(code)
	}
	return fmt.Errorf("topic %s does not exist and cannot be created: %s", topic, msg)
}

// pendingBytes is how much Write gathers before it sends, so that a request
// carries the batches of many partitions.
const pendingBytes = 4 << 20

// Write sends an epoch's batches, in order for each partition, and returns when
// all in-sync replicas have them.
func (s *sink) Write(ctx context.Context, _ connector.QueryID, _ int64, rows iter.Seq2[connector.Encoded, error]) error {
	q := newQueue()
	defer q.release()
	for e, err := range rows {
		if err != nil {
			return err
		}
		enc, ok := e.(*encoded)
		if !ok {
			e.Release()
			return fmt.Errorf("kafka sink %s: rows were encoded by another sink (%T)", s.table, e)
		}
		q.add(enc)
		if q.bytes >= pendingBytes {
			if err := s.flush(ctx, q); err != nil {
				return fmt.Errorf("kafka sink %s: %w", s.table, err)
			}
		}
	}
	if err := s.flush(ctx, q); err != nil {
		return fmt.Errorf("kafka sink %s: %w", s.table, err)
	}
	return nil
}

// queue holds batches by partition, in order.
type queue struct {
	parts   map[partition][]*sealed
	order   []partition
	encoded []*encoded
	bytes   int
}

func newQueue() *queue { return &queue{parts: map[partition][]*sealed{}} }

func (q *queue) add(e *encoded) {
	q.encoded = append(q.encoded, e)
	for _, b := range e.batches {
		if len(q.parts[b.partition]) == 0 {
			q.order = append(q.order, b.partition)
		}
		q.parts[b.partition] = append(q.parts[b.partition], b)
		q.bytes += len(b.data)
	}
}

// heads takes the first batch of every partition: a request may have one each.
func (q *queue) heads() []*sealed {
	var out []*sealed
	left := q.order[:0]
	for _, p := range q.order {
		bs := q.parts[p]
		out = append(out, bs[0])
		q.parts[p] = bs[1:]
		if len(bs) > 1 {
			left = append(left, p)
		}
	}
	q.order = left
	return out
}

func (q *queue) release() {
	for _, e := range q.encoded {
		e.Release()
	}
	*q = *newQueue()
}

// flush sends all that is queued.
func (s *sink) flush(ctx context.Context, q *queue) error {
	for len(q.order) > 0 {
		if err := s.send(ctx, q.heads()); err != nil {
			return err
		}
	}
	q.release()
	return nil
}
