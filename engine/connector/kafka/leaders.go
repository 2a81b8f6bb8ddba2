package kafka

import (
	"context"
	"fmt"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/millrace-sql/millrace/catalog"
)

// metadata asks for topics, or for all with nil, and remembers their leaders.
func (c *cluster) metadata(ctx context.Context, topics []string, create bool) ([]topicInfo, error) {
	a, err := c.call(ctx, metadataCall(topics, create), 0)
	if err != nil {
		return nil, err
	}
	l, err := parseMetadata(a)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.controller = l.controller
	now := time.Now()
	for _, t := range l.topics {
		t.asked = now
		if t.err == 0 {
			c.topics[t.name] = t
		} else {
			delete(c.topics, t.name)
		}
	}
	return l.topics, nil
}

// topicMaxAge is how long a topic's partitions are taken as known; faults look
// them up at once.
const topicMaxAge = 5 * time.Minute

// topic gives what is known of a topic, asking when nothing is. A topic that is
// not there is a kafkago.Error within a codeError.
func (c *cluster) topic(ctx context.Context, name string) (topicInfo, error) {
	c.mu.Lock()
	t, ok := c.topics[name]
	c.mu.Unlock()
	if ok && time.Since(t.asked) < topicMaxAge {
		return t, nil
	}
	ts, err := c.metadata(ctx, []string{name}, false)
	if err != nil {
		return topicInfo{}, err
	}
	for _, t := range ts {
		if t.name == name {
			if t.err != 0 {
				return t, &codeError{where: "topic " + name, code: t.err}
			}
			return t, nil
		}
	}
	return topicInfo{}, &codeError{where: "topic " + name, code: kafkago.UnknownTopicOrPartition}
}

// leader gives the broker that leads a partition.
func (c *cluster) leader(ctx context.Context, p partition) (int32, error) {
	t, err := c.topic(ctx, p.topic)
	if err != nil {
		return 0, err
	}
	if p.id < 0 || int(p.id) >= len(t.leaders) {
		c.forget(p.topic)
		return 0, &codeError{where: p.String(), code: kafkago.UnknownTopicOrPartition}
	}
	if t.leaders[p.id] < 0 {
		c.forget(p.topic)
		return 0, fmt.Errorf("%s: %w", p, errNoLeader)
	}
	return t.leaders[p.id], nil
}

// forget makes the next use of a topic look up its leaders.
func (c *cluster) forget(topic string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.topics, topic)
}

// checkCode turns a partition's error code into an error and forgets a leader
// that is no longer one.
func (c *cluster) checkCode(p partition, code kafkago.Error) error {
	if code == 0 {
		return nil
	}
	if staleLeader(code) {
		c.forget(p.topic)
	}
	return &codeError{where: p.String(), code: code}
}

// offsets asks for the offsets of partitions at times, each at its leader.
func (c *cluster) offsets(ctx context.Context, isolation int8, queries []offsetQuery) (map[partition]int64, error) {
	groups, err := groupByLeader(ctx, c, queries, func(q offsetQuery) partition { return q.partition })
	if err != nil {
		return nil, err
	}
	out := make(map[partition]int64, len(queries))
	answers, err := eachBroker(groups, func(broker int32, qs []offsetQuery) ([]offsetAnswer, error) {
		a, err := c.call(ctx, listOffsetsCall(broker, isolation, qs), 0)
		if err != nil {
			c.forgetAll(qs)
			return nil, err
		}
		return parseListOffsets(a)
	})
	if err != nil {
		return nil, err
	}
	for _, as := range answers {
		for _, a := range as {
			if err := c.checkCode(a.partition, a.err); err != nil {
				return nil, err
			}
			out[a.partition] = a.offset
		}
	}
	for _, q := range queries {
		if _, ok := out[q.partition]; !ok {
			return nil, fmt.Errorf("%w: no offset for %s", errAnswer, q.partition)
		}
	}
	return out, nil
}

func (c *cluster) forgetAll(qs []offsetQuery) {
	for _, q := range qs {
		c.forget(q.topic)
	}
}

// brokerGroup is what one broker is asked.
type brokerGroup[T any] struct {
	broker int32
	items  []T
}

// groupByLeader sorts items by the broker that leads their partition, keeping
// their order.
func groupByLeader[T any](ctx context.Context, c *cluster, items []T, of func(T) partition) ([]brokerGroup[T], error) {
	var groups []brokerGroup[T]
	at := map[int32]int{}
	for _, it := range items {
		leader, err := c.leader(ctx, of(it))
		if err != nil {
			return nil, err
		}
		i, ok := at[leader]
		if !ok {
			i = len(groups)
			at[leader] = i
			groups = append(groups, brokerGroup[T]{broker: leader})
		}
		groups[i].items = append(groups[i].items, it)
	}
	return groups, nil
}

// eachBroker runs f for every group, side by side, and waits for all. The first
// error is returned.
func eachBroker[T, R any](groups []brokerGroup[T], f func(broker int32, items []T) (R, error)) ([]R, error) {
	out := make([]R, len(groups))
	errs := make([]error, len(groups))
	if len(groups) == 1 {
		out[0], errs[0] = f(groups[0].broker, groups[0].items)
		return out, errs[0]
	}
	var wg sync.WaitGroup
	for i, g := range groups {
		wg.Go(func() { out[i], errs[i] = f(g.broker, g.items) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// require checks that topics are there; create lets the broker make them, where
// it does that for readers. A new topic takes a moment, so it asks a few times.
func (c *cluster) require(ctx context.Context, names []string, create bool) error {
	const attempts = 6
	return c.retry(ctx, "looking for topics", func(ctx context.Context) error {
		wait := 50 * time.Millisecond
		for n := 1; ; n++ {
			topics, err := c.metadata(ctx, names, create)
			if err != nil {
				return err
			}
			missing := firstMissing(topics)
			if missing == nil {
				return nil
			}
			if missing.err != kafkago.UnknownTopicOrPartition && missing.err != kafkago.LeaderNotAvailable {
				return &codeError{where: "topic " + missing.name, code: missing.err}
			}
			if n == attempts {
				return &noTopicError{topic: missing.name, near: c.nearest(ctx, missing.name)}
			}
			if err := pause(ctx, wait); err != nil {
				return err
			}
			wait *= 2
		}
	})
}

func firstMissing(topics []topicInfo) *topicInfo {
	for i := range topics {
		if t := &topics[i]; t.err != 0 || len(t.leaders) == 0 {
			return t
		}
	}
	return nil
}

// nearest gives the topic whose name is most like name, "" when none is.
func (c *cluster) nearest(ctx context.Context, name string) string {
	topics, err := c.metadata(ctx, nil, false)
	if err != nil {
		return ""
	}
	var names []string
	for _, t := range topics {
		if !t.internal && t.name != name {
			names = append(names, t.name)
		}
	}
	return catalog.Nearest(name, names)
}
