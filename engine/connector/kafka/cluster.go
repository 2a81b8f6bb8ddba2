package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

// transport is what the cluster needs of kafka-go: a *kafkago.Transport, or a
// fake in tests.
type transport interface {
	kafkago.RoundTripper
	CloseIdleConnections()
}

// cluster is the connection to one Kafka cluster: calls, who leads what, and
// patience. It may be used by many goroutines.
type cluster struct {
	transport transport
	addr      net.Addr
	servers   string // as the user wrote them
	clientID  string
	timeout   time.Duration
	backoff   time.Duration
	logger    *slog.Logger
	status    func(string)

	mu         sync.Mutex
	topics     map[string]topicInfo
	controller int32
	waiting    int // calls that are backing off
}

// maxBackoff bounds the wait between two attempts.
const maxBackoff = 5 * time.Second

// newCluster makes the connection's parts; nothing is contacted before the first
// call.
func newCluster(ctx context.Context, env connector.Env, c common) (*cluster, error) {
	servers := c.servers
	if servers == embedded {
		if env.Embedded == nil {
			return nil, &connector.OptionError{Option: optServers, Msg: "there is no embedded broker here", Hint: "name the servers of a Kafka cluster"}
		}
		var err error
		if servers, err = env.Embedded(ctx); err != nil {
			return nil, err
		}
	}
	t := &kafkago.Transport{
		DialTimeout: min(5*time.Second, c.requestTimeout),
		ClientID:    c.clientID,
		TLS:         c.tls,
		SASL:        c.sasl,
		// The leaders are looked up by our own calls: the Transport needs the brokers'
		// addresses only.
		MetadataTopics: []string{},
		MetadataTTL:    10 * time.Second,
	}
	logger := env.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &cluster{
		transport: t,
		addr:      kafkago.TCP(splitList(servers)...),
		servers:   servers,
		clientID:  c.clientID,
		timeout:   c.requestTimeout,
		backoff:   c.retryBackoff,
		logger:    logger,
		status:    env.Status,
		topics:    map[string]topicInfo{},
	}, nil
}

// Close closes the idle connections; those in use close when their call ends.
func (c *cluster) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}

// call sends a request and waits for its answer, for at most the request timeout
// and what the broker itself may wait.
func (c *cluster) call(ctx context.Context, q *call, brokerWait time.Duration) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout+brokerWait)
	defer cancel()
	q.clientID = c.clientID
	m, err := c.transport.RoundTrip(ctx, c.addr, q)
	if err != nil {
		if errors.Is(err, kafkago.BrokerNotAvailable) {
			// The Transport does not know the broker yet: it looks again only when its
			// metadata expires, or when it starts anew.
			c.transport.CloseIdleConnections()
		}
		return nil, err
	}
	a, ok := m.(*answer)
	if !ok {
		return nil, fmt.Errorf("%w: %T", errAnswer, m)
	}
	return a, nil
}

// retry runs f until it succeeds, fails for good or ctx ends. What names the
// thing at hand, for messages.
func (c *cluster) retry(ctx context.Context, what string, f func(context.Context) error) error {
	wait := c.backoff
	for n := 0; ; n++ {
		err := f(ctx)
		if err == nil || ctx.Err() != nil || !retriable(err) {
			if n > 0 {
				c.back(what, err)
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			return nil
		}
		d := wait/2 + rand.N(wait/2+1)
		c.away(what, err, d, n == 0)
		if err := pause(ctx, d); err != nil {
			c.back(what, err)
			return err
		}
		wait = min(wait*2, maxBackoff)
	}
}

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// away tells people what is being waited for.
func (c *cluster) away(what string, err error, next time.Duration, first bool) {
	c.mu.Lock()
	if first {
		c.waiting++
	}
	c.mu.Unlock()
	msg := c.describeAway(what, err)
	if first {
		c.logger.Warn(msg)
	}
	if c.status != nil {
		c.status(fmt.Sprintf("%s, next attempt in %s", msg, roundWait(next)))
	}
}

func (c *cluster) describeAway(what string, err error) string {
	var code kafkago.Error
	switch {
	case errors.As(err, &code) && code != kafkago.BrokerNotAvailable, errors.Is(err, errNoLeader), errors.Is(err, errProducerReset):
		return fmt.Sprintf("%s: %v", what, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("broker %s is away: no answer within %s", c.servers, c.timeout)
	}
	return fmt.Sprintf("broker %s is away: %v", c.servers, err)
}

func roundWait(d time.Duration) time.Duration {
	if d >= time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}

// back ends what away began.
func (c *cluster) back(what string, err error) {
	c.mu.Lock()
	c.waiting--
	clear := c.waiting == 0
	c.mu.Unlock()
	if clear && c.status != nil {
		c.status("")
	}
	if err == nil {
		c.logger.Info(what + ": the broker answers again")
	}
}

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

func (p partition) String() string { return p.topic + "/" + strconv.Itoa(int(p.id)) }

func hostPort(host string, port int32) string {
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}
