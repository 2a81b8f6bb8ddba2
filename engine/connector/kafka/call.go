package kafka

import (
	"errors"
	"fmt"
	"io"

	"github.com/segmentio/kafka-go/protocol"
)

// maxAnswer bounds what an answer may claim to be long, so that a peer that
// speaks something else cannot make us allocate without end.
const maxAnswer = 1 << 30

// anyBroker as a call's broker means: whichever is connected.
const anyBroker = int32(-1)

// call is one request in our own encoding. It is a kafka-go message that takes
// the connection and writes and reads the bytes itself, so that kafka-go
// neither decodes the answer nor routes by its own, older, idea of the leaders.
//
// A call is used once. After an error its buffer must not be used again: the
// exchange may still be going on.
type call struct {
	key protocol.ApiKey
	// min and max are the versions that body can write.
	min, max int16
	broker   int32
	clientID string
	// body appends the request after the header.
	body func(version int16, b []byte) []byte
	// buf is lent for the answer; a larger one is made when it does not fit.
	buf []byte

	version int16
	offered bool
}

// answer is what came back, without the header.
type answer struct {
	key     protocol.ApiKey
	version int16
	body    []byte
}

func (a *answer) ApiKey() protocol.ApiKey { return a.key }
func (c *call) ApiKey() protocol.ApiKey   { return c.key }

// Broker says where the call goes; the Transport knows the addresses.
func (c *call) Broker(protocol.Cluster) (protocol.Broker, error) {
	return protocol.Broker{ID: c.broker}, nil
}

// Required notes the version that kafka-go negotiated and asks for the
// connection.
func (c *call) Required(versions map[protocol.ApiKey]int16) bool {
	v, ok := versions[c.key]
	c.version, c.offered = min(v, c.max), ok
	return true
}

// correlation is the id of every request: a connection carries one at a time.
const correlation = 1

// RawExchange writes the request and reads the answer.
func (c *call) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	if !c.offered || c.version < c.min {
		return nil, &versionError{key: c.key, needed: c.min, offered: c.version}
	}
	b := make([]byte, 4, 512)
	b = appendInt16(b, int16(c.key))
	b = appendInt16(b, c.version)
	b = appendInt32(b, correlation)
	b = appendString(b, c.clientID)
	b = c.body(c.version, b)
	be.PutUint32(b, uint32(len(b)-4))
	if _, err := rw.Write(b); err != nil {
		return nil, err
	}
	var head [8]byte
	if _, err := io.ReadFull(rw, head[:]); err != nil {
		return nil, err
	}
	n := int(int32(be.Uint32(head[:]))) - 4
	if n < 0 || n > maxAnswer {
		return nil, fmt.Errorf("%w: it claims %d bytes", errAnswer, n)
	}
	if id := be.Uint32(head[4:]); id != correlation {
		return nil, fmt.Errorf("%w: it belongs to request %d", errAnswer, id)
	}
	buf := c.buf
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(rw, buf); err != nil {
		return nil, err
	}
	return &answer{key: c.key, version: c.version, body: buf}, nil
}

// errAnswer marks an answer that does not read as what was asked for.
var errAnswer = errors.New("the broker's answer makes no sense")

// broken is the error of an answer that ends before its fields do.
func (a *answer) broken() error {
	return fmt.Errorf("%w: %v version %d is cut short after %d bytes", errAnswer, a.key, a.version, len(a.body))
}

// versionError says that a broker is too old for us.
type versionError struct {
	key             protocol.ApiKey
	needed, offered int16
}

func (e *versionError) Error() string {
	return fmt.Sprintf("the broker is too old: it offers %v up to version %d, needed is %d (Kafka 0.11 and later have it)", e.key, e.offered, e.needed)
}
