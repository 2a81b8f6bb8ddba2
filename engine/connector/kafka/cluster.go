package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"

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
	if strings.EqualFold(servers, embedded) {
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
	switch {
	case first && (c.status != nil || isBrokerAnswer(err)): // people are told, or it is over in a moment
		c.logger.Info(msg)
	case first:
		c.logger.Warn(msg)
	}
	if c.status != nil {
		c.status(fmt.Sprintf("%s, next attempt in %s", msg, roundWait(next)))
	}
}

func (c *cluster) describeAway(what string, err error) string {
	switch {
	case isBrokerAnswer(err) && strings.HasPrefix(err.Error(), what):
		return err.Error()
	case isBrokerAnswer(err):
		return fmt.Sprintf("%s: %v", what, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("broker %s is away: no answer within %s", c.servers, c.timeout)
	case errors.Is(err, kafkago.BrokerNotAvailable):
		return fmt.Sprintf("broker %s is away: it does not answer yet", c.servers)
	case errors.Is(err, io.EOF):
		return fmt.Sprintf("broker %s is away: it closed the connection", c.servers)
	}
	return fmt.Sprintf("broker %s is away: %v", c.servers, err)
}

// isBrokerAnswer says whether a broker is there and said that it cannot do what
// was asked now.
func isBrokerAnswer(err error) bool {
	var code kafkago.Error
	return errors.As(err, &code) && code != kafkago.BrokerNotAvailable || errors.Is(err, errNoLeader) || errors.Is(err, errProducerReset)
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

func (p partition) String() string { return p.topic + "/" + strconv.Itoa(int(p.id)) }

func hostPort(host string, port int32) string {
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}
