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
	if _, ok := t.Options[connector.OverwriteOption]; ok {
		return nil, fmt.Errorf("table %s: a Kafka topic cannot be overwritten, rows are only added: use INSERT INTO", t.Name)
	}
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
const pendingBytes = 2 << 20

// Write sends an epoch's batches, in order for each partition, and returns when
// all in-sync replicas have them. While some are on their way the next are
// gathered.
func (s *sink) Write(ctx context.Context, _ connector.QueryID, _ int64, rows iter.Seq2[connector.Encoded, error]) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var way flushing
	err := s.gather(ctx, rows, &way)
	if err != nil {
		cancel() // what is on its way has no use any more
	}
	if sent := way.wait(); err == nil {
		err = sent
	}
	return err
}

// gather queues batches and has them sent.
func (s *sink) gather(ctx context.Context, rows iter.Seq2[connector.Encoded, error], way *flushing) error {
	q := newQueue()
	defer func() { q.release() }()
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
		if q.bytes < pendingBytes {
			continue
		}
		if err := way.wait(); err != nil {
			return err
		}
		way.start(ctx, s, q)
		q = newQueue()
	}
	if err := way.wait(); err != nil {
		return err
	}
	way.start(ctx, s, q)
	q = newQueue()
	return way.wait()
}

// flushing is the one queue that is being sent, if any. Write owns its goroutine.
type flushing struct{ done chan error }

func (f *flushing) start(ctx context.Context, s *sink, q *queue) {
	done := make(chan error, 1)
	f.done = done
	go func() {
		err := s.flush(ctx, q)
		if err != nil {
			err = fmt.Errorf("kafka sink %s: %w", s.table, err)
		}
		q.release()
		done <- err
	}()
}

// wait gives the outcome of what is being sent.
func (f *flushing) wait() error {
	if f.done == nil {
		return nil
	}
	err := <-f.done
	f.done = nil
	return err
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
	return nil
}
