package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// codeError is an error code that a broker gave for a partition or a topic.
type codeError struct {
	where string
	code  kafkago.Error
}

func (e *codeError) Error() string { return e.where + ": " + describeCode(e.code) }
func (e *codeError) Unwrap() error { return e.code }

// describeCode is a code in a person's words: "Not Leader For Partition (6)".
func describeCode(c kafkago.Error) string {
	return fmt.Sprintf("%s (error %d)", strings.ToLower(c.Title()), int(c))
}

// retriable says whether trying again later can help: the broker is away, moving
// or busy. Authentication, authorisation and what was never right are not.
func retriable(err error) bool {
	var code kafkago.Error
	if errors.As(err, &code) {
		return retriableCode(code)
	}
	var (
		version *versionError
		verify  *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		host    x509.HostnameError
		unknown x509.UnknownAuthorityError
		alert   tls.AlertError
		dns     *net.DNSError
		network net.Error
	)
	switch {
	case errors.As(err, &version), errors.As(err, &verify), errors.As(err, &record),
		errors.As(err, &host), errors.As(err, &unknown), errors.As(err, &alert),
		errors.Is(err, errAnswer):
		return false
	case errors.As(err, &dns):
		return true // a name server that is away, or a name that comes up with its broker
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, io.ErrClosedPipe), errors.Is(err, net.ErrClosed), errors.Is(err, errNoLeader), errors.Is(err, errProducerReset),
		errors.Is(err, protocol.ErrNoLeader), errors.Is(err, protocol.ErrNoTopic), errors.Is(err, protocol.ErrNoPartition):
		return true
	}
	return errors.As(err, &network)
}

func retriableCode(c kafkago.Error) bool {
	switch c {
	case kafkago.InvalidMessage, // CORRUPT_MESSAGE: damaged on the way to the broker
		kafkago.UnknownTopicOrPartition,
		kafkago.LeaderNotAvailable,
		kafkago.NotLeaderForPartition,
		kafkago.RequestTimedOut,
		kafkago.BrokerNotAvailable,
		kafkago.ReplicaNotAvailable,
		kafkago.NetworkException,
		kafkago.GroupLoadInProgress,
		kafkago.GroupCoordinatorNotAvailable,
		kafkago.NotCoordinatorForGroup,
		kafkago.NotEnoughReplicas,
		kafkago.NotEnoughReplicasAfterAppend,
		kafkago.NotController,
		kafkago.ConcurrentTransactions,
		kafkago.KafkaStorageError,
		kafkago.FencedLeaderEpoch,
		kafkago.UnknownLeaderEpoch,
		kafkago.OffsetNotAvailable,
		kafkago.ListenerNotFound,
		kafkago.EligibleLeadersNotAvailable,
		kafkago.ThrottlingQuotaExceeded:
		return true
	}
	return false
}

// staleLeader says that a partition's leader has to be looked up again.
func staleLeader(c kafkago.Error) bool {
	switch c {
	case kafkago.UnknownTopicOrPartition, kafkago.LeaderNotAvailable, kafkago.NotLeaderForPartition,
		kafkago.ReplicaNotAvailable, kafkago.FencedLeaderEpoch, kafkago.UnknownLeaderEpoch,
		kafkago.KafkaStorageError, kafkago.OffsetNotAvailable, kafkago.ListenerNotFound:
		return true
	}
	return false
}

// errNoLeader says that a partition has no leader now.
var errNoLeader = errors.New("the partition has no leader now")

// noTopicError says that topics are not there.
type noTopicError struct {
	topic string
	// near is the most similar name, "" when there is none.
	near string
}

func (e *noTopicError) Error() string {
	s := fmt.Sprintf("topic %s does not exist and the broker does not create it", e.topic)
	if e.near != "" {
		s += fmt.Sprintf(": did you mean %s?", e.near)
	}
	return s
}
