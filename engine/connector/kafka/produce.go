package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// requestBytes bounds a produce request; brokers take up to 100 MiB.
const requestBytes = 8 << 20

// brokerAckWait is how long a broker may wait for its replicas.
const brokerAckWait = 30 * time.Second

// producePart is one partition's batch of a request.
type producePart struct {
	partition
	data []byte
}

// produceCall sends batches, one a partition, all led by one broker.
func produceCall(broker int32, batches []producePart) *call {
	return &call{key: protocol.Produce, min: 3, max: 8, broker: broker, body: func(_ int16, b []byte) []byte {
		size := 0
		for _, x := range batches {
			size += len(x.data) + 64 + len(x.topic)
		}
		b = slices.Grow(b, size)
		b = appendNullString(b) // no transaction
		b = appendInt16(b, -1)  // all replicas
		b = appendInt32(b, int32(brokerAckWait.Milliseconds()))
		of := func(x producePart) partition { return x.partition }
		b = appendInt32(b, countTopics(batches, of))
		byTopic(batches, of, func(name string, n int) {
			b = appendInt32(appendString(b, name), int32(n))
		}, func(x producePart) {
			b = appendInt32(b, x.id)
			b = appendInt32(b, int32(len(x.data)))
			b = append(b, x.data...)
		})
		return b
	}}
}

// produced is one partition's answer.
type produced struct {
	partition
	err kafkago.Error
	msg string
}

func parseProduce(a *answer) ([]produced, error) {
	r := wireReader{b: a.body}
	var out []produced
	for n := r.count(); n > 0 && !r.bad; n-- {
		topic := r.string()
		for m := r.count(); m > 0 && !r.bad; m-- {
			p := produced{partition: partition{topic, r.int32()}, err: kafkago.Error(r.int16())}
			r.take(16) // base offset, append time
			if a.version >= 5 {
				r.int64() // log start
			}
			if a.version >= 8 {
				for k := r.count(); k > 0 && !r.bad; k-- {
					r.int32() // record
					if s := r.string(); p.msg == "" {
						p.msg = s
					}
				}
				if s := r.string(); s != "" {
					p.msg = s
				}
			}
			out = append(out, p)
		}
	}
	if r.bad {
		return nil, a.broken()
	}
	return out, nil
}

// producerResets bounds how often a producer is made anew for the same batches.
const producerResets = 3

// send delivers one batch for each of some partitions and waits for all.
func (s *sink) send(ctx context.Context, batches []*sealed) error {
	resets := 0
	return s.cluster.retry(ctx, "kafka sink "+s.table, func(ctx context.Context) error {
		if err := s.stamp(ctx, batches); err != nil {
			return err
		}
		var err error
		batches, err = s.sendOnce(ctx, batches)
		if producerLost(err) && resets < producerResets {
			// The broker forgot the producer (retention, a log that was lost): go on as
			// another one, with the batches not stored yet.
			resets++
			s.producer = noProducer
			clear(s.sequences)
			for _, b := range batches {
				b.sequence = -1
			}
			return errProducerReset
		}
		return err
	})
}

// errProducerReset has send try again as a new producer.
var errProducerReset = errors.New("the broker does not know the producer any more")

func producerLost(err error) bool {
	for _, code := range []kafkago.Error{kafkago.OutOfOrderSequenceNumber, kafkago.UnknownProducerId, kafkago.InvalidProducerEpoch, kafkago.InvalidProducerIDMapping} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// stamp numbers the batches that have no number yet.
func (s *sink) stamp(ctx context.Context, batches []*sealed) error {
	if s.idempotent && s.producer == noProducer {
		if err := s.initProducer(ctx); err != nil {
			return err
		}
	}
	for _, b := range batches {
		if b.sequence >= 0 {
			continue
		}
		if s.producer == noProducer {
			stamp(b.data, noProducer, -1)
			continue
		}
		b.sequence = s.sequences[b.partition]
		stamp(b.data, s.producer, b.sequence)
		s.sequences[b.partition] = int32((int64(b.sequence) + int64(b.count)) & 0x7fffffff)
	}
	return nil
}

// initProducer asks for a producer id. A cluster that does not allow it gets
// batches without: a retry may then store rows twice.
func (s *sink) initProducer(ctx context.Context) error {
	a, err := s.cluster.call(ctx, initProducerCall(), 0)
	if err != nil {
		return err
	}
	p, err := parseInitProducer(a)
	if errors.Is(err, kafkago.ClusterAuthorizationFailed) {
		s.cluster.logger.Warn("kafka sink " + s.table + ": the cluster does not allow an idempotent producer: a retry may store rows twice")
		s.idempotent = false
		return nil
	}
	s.producer = p
	if err != nil {
		s.producer = noProducer
	}
	return err
}

// sendOnce sends batches to their leaders, side by side, and gives those that
// are not stored, with the error that weighs most.
func (s *sink) sendOnce(ctx context.Context, batches []*sealed) ([]*sealed, error) {
	groups, err := groupByLeader(ctx, s.cluster, batches, func(b *sealed) partition { return b.partition })
	if err != nil {
		return batches, err
	}
	type result struct {
		left []*sealed
		err  error
	}
	results, _ := eachBroker(groups, func(broker int32, bs []*sealed) (result, error) {
		left, err := s.sendTo(ctx, broker, bs)
		return result{left, err}, nil
	})
	var left []*sealed
	for _, r := range results {
		left = append(left, r.left...)
		if r.err != nil && (err == nil || retriable(err) && !retriable(r.err)) {
			err = r.err
		}
	}
	return left, err
}

// sendTo sends batches to one broker, in requests of a bounded size.
func (s *sink) sendTo(ctx context.Context, broker int32, batches []*sealed) ([]*sealed, error) {
	var left []*sealed
	var worst error
	for len(batches) > 0 {
		n, size := 0, 0
		for n < len(batches) && (n == 0 || size+len(batches[n].data) <= requestBytes) {
			size += len(batches[n].data)
			n++
		}
		l, err := s.request(ctx, broker, batches[:n])
		left = append(left, l...)
		if err != nil && (worst == nil || retriable(worst) && !retriable(err)) {
			worst = err
		}
		batches = batches[n:]
	}
	return left, worst
}

func (s *sink) request(ctx context.Context, broker int32, batches []*sealed) ([]*sealed, error) {
	slices.SortStableFunc(batches, func(a, b *sealed) int { return comparePartitions(a.partition, b.partition) })
	parts := make([]producePart, len(batches))
	for i, b := range batches {
		parts[i] = producePart{b.partition, b.data}
	}
	a, err := s.cluster.call(ctx, produceCall(broker, parts), brokerAckWait)
	if err != nil {
		for _, b := range batches {
			s.cluster.forget(b.topic)
			// The exchange may still be going on and read the bytes: they are left to it.
			b.data = slices.Clone(b.data)
		}
		return batches, err
	}
	answers, err := parseProduce(a)
	if err != nil {
		return batches, err
	}
	var left []*sealed
	var worst error
	for _, b := range batches {
		err := s.outcome(b, answers)
		if err == nil {
			continue
		}
		left = append(left, b)
		if worst == nil || retriable(worst) && !retriable(err) {
			worst = err
		}
	}
	return left, worst
}

// outcome finds what became of a batch.
func (s *sink) outcome(b *sealed, answers []produced) error {
	i := slices.IndexFunc(answers, func(p produced) bool { return p.partition == b.partition })
	if i < 0 {
		return fmt.Errorf("%w: the produce answer has no %s", errAnswer, b.partition)
	}
	p := answers[i]
	switch p.err {
	case 0, kafkago.DuplicateSequenceNumber: // stored before, the answer was lost
		return nil
	case kafkago.MessageSizeTooLarge, kafkago.RecordListTooLarge, kafkago.InvalidMessageSize:
		return fmt.Errorf("topic %s: a batch of %d bytes (%d records) is larger than the broker takes: raise max.message.bytes of the topic or lower kafka.batch.size: %w", b.topic, len(b.data), b.count, p.err)
	}
	err := s.cluster.checkCode(b.partition, p.err)
	if err != nil && p.msg != "" {
		return fmt.Errorf("%w: %s", err, p.msg)
	}
	return err
}
