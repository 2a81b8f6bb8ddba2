package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kversion"
)

// The defaults of Config.
const (
	DefaultPartitions     = 1
	DefaultRetention      = 7 * 24 * time.Hour
	DefaultSegmentBytes   = 64 << 20
	DefaultMemorySegment  = 8 << 20
	DefaultMemoryBytes    = 1 << 30
	DefaultRetentionEvery = 10 * time.Second
)

// Config says how the broker runs. The zero value keeps everything in memory
// and listens on a free loopback port.
type Config struct {
	// Dir holds the topics, the lock and the remembered port; it is made when
	// missing. "" keeps everything in memory.
	Dir string
	// Port on 127.0.0.1. 0 takes the port used last in Dir when it is free, else any
	// free one.
	Port int
	// AutoCreatePartitions is how many partitions a topic gets that is made because a
	// client asked for it. Default 1, so that rows keep their order.
	AutoCreatePartitions int
	// Retention is how long records are kept, by their own timestamps as in Kafka.
	// Default 7 days; negative: for ever.
	Retention time.Duration
	// RetentionBytes is about how much of each partition is kept. Default 1 GiB in
	// memory, no bound with a directory; negative: no bound.
	RetentionBytes int64
	// SegmentBytes is the size of a log segment, the unit of retention. Default 64
	// MiB with a directory, 8 MiB in memory.
	SegmentBytes int
	// RetentionEvery is how often retention is applied. Default 10 s.
	RetentionEvery time.Duration
}

func (c Config) withDefaults() Config {
	if c.AutoCreatePartitions <= 0 {
		c.AutoCreatePartitions = DefaultPartitions
	}
	if c.Retention == 0 {
		c.Retention = DefaultRetention
	}
	if c.RetentionBytes == 0 && c.Dir == "" {
		c.RetentionBytes = DefaultMemoryBytes
	}
	if c.RetentionBytes <= 0 {
		c.RetentionBytes = -1
	}
	if c.SegmentBytes <= 0 {
		c.SegmentBytes = DefaultSegmentBytes
		if c.Dir == "" {
			c.SegmentBytes = DefaultMemorySegment
		}
	}
	if c.RetentionEvery <= 0 {
		c.RetentionEvery = DefaultRetentionEvery
	}
	return c
}

// retentionMs is the Kafka spelling of Retention.
func (c Config) retentionMs() int64 {
	if c.Retention < 0 {
		return -1
	}
	return max(c.Retention.Milliseconds(), 1)
}

// Broker is a running broker. Its methods may be called by many goroutines.
type Broker struct {
	cluster *kfake.Cluster
	addr    string
	lock    *dirLock // nil in memory
	stop    chan struct{}
	done    chan struct{}
	once    sync.Once
	err     error
}

// Start starts a broker. Ctx bounds the start only; Close ends the broker. A
// directory that another process uses is a *LockedError.
func Start(ctx context.Context, c Config) (*Broker, error) {
	c = c.withDefaults()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var lock *dirLock
	if c.Dir != "" {
		var err error
		if lock, err = lockDir(c.Dir); err != nil {
			return nil, err
		}
	}
	cluster, err := listen(c)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("embedded broker: %w", err), lock.release())
	}
	b := &Broker{
		cluster: cluster,
		addr:    cluster.ListenAddrs()[0],
		lock:    lock,
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
	}
	if err := rememberPort(c.Dir, b.addr); err != nil {
		cluster.Close()
		return nil, errors.Join(fmt.Errorf("embedded broker: %w", err), lock.release())
	}
	go b.retain(c.RetentionEvery)
	return b, nil
}

// Addr is the broker's address, "127.0.0.1:port".
func (b *Broker) Addr() string { return b.addr }

// Close stops the broker and, with a directory, writes what is left to disk. It
// waits until that is done and may be called more than once.
func (b *Broker) Close() error {
	b.once.Do(func() {
		close(b.stop)
		<-b.done
		b.cluster.Close()
		b.err = b.lock.release()
	})
	return b.err
}

// retain applies retention: kfake's own cleaner runs hourly and only for topics
// that carry a setting of their own.
func (b *Broker) retain(every time.Duration) {
	defer close(b.done)
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-t.C:
			b.cluster.ApplyRetention()
		}
	}
}

// listen starts the cluster on the port asked for, else the remembered one,
// else any.
func listen(c Config) (*kfake.Cluster, error) {
	if c.Port != 0 {
		cluster, err := newCluster(c, c.Port)
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("port %d of 127.0.0.1 is taken by another process: choose another port or 0", c.Port)
		}
		return cluster, err
	}
	if p := rememberedPort(c.Dir); p != 0 {
		cluster, err := newCluster(c, p)
		if err == nil || !errors.As(err, new(*net.OpError)) {
			return cluster, err
		}
	}
	return newCluster(c, 0)
}

func newCluster(c Config, port int) (*kfake.Cluster, error) {
	opts := []kfake.Opt{
		kfake.Ports(port),
		kfake.ClusterID("millrace"),
		// From 3.9 on it would tell clients of features whose lowest level is 0, at
		// which Java clients before 4.0, Spark 3.5's among them, close the connection.
		kfake.MaxVersions(kversion.V3_8_0()),
		kfake.AllowAutoTopicCreation(),
		kfake.DefaultNumPartitions(c.AutoCreatePartitions),
		kfake.BrokerConfigs(map[string]string{
			"log.retention.ms":    strconv.FormatInt(c.retentionMs(), 10),
			"log.retention.bytes": strconv.FormatInt(c.RetentionBytes, 10),
			"log.segment.bytes":   strconv.Itoa(c.SegmentBytes),
		}),
	}
	if c.Dir != "" {
		opts = append(opts, kfake.DataDir(filepath.Join(c.Dir, "log")))
	}
	return kfake.NewCluster(opts...)
}

func portFile(dir string) string { return filepath.Join(dir, "port") }

// rememberedPort is the port used last, or 0: a file that is gone or odd only
// costs the same address.
func rememberedPort(dir string) int {
	if dir == "" {
		return 0
	}
	b, err := os.ReadFile(portFile(dir))
	if err != nil {
		return 0
	}
	p, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || p < 1 || p > 65535 {
		return 0
	}
	return p
}

func rememberPort(dir, addr string) error {
	if dir == "" {
		return nil
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	return os.WriteFile(portFile(dir), []byte(port+"\n"), 0o644)
}
