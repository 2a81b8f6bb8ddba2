package kafka

import (
	"fmt"
	"strings"

	"github.com/segmentio/kafka-go/compress"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/engine/connector"
)

// sinkConfig is what the options say about writing.
type sinkConfig struct {
	common
	// topic is where every row goes; "" when a column says.
	topic string
	// home is the one topic that the table reads: where rows go that say nothing else.
	home        string
	compression compress.Compression
	batchBytes  int
	maxRequest  int
	idempotent  bool
}

// sink reads the options of a sink.
func (s *settings) sink() (*sinkConfig, error) {
	c := &sinkConfig{topic: s.text(optTopic, "")}
	var err error
	if c.common, err = s.common(); err != nil {
		return nil, err
	}
	if s.has(optTopic) && c.topic == "" {
		return nil, &connector.OptionError{Option: optTopic, Msg: "option topic is empty"}
	}
	if topics := splitList(s.opts[optSubscribe]); len(topics) == 1 {
		c.home = topics[0]
	}
	name, err := s.oneOf(optCompression, "none", "none", "gzip", "snappy", "lz4", "zstd")
	if err != nil {
		return nil, err
	}
	if err := c.compression.UnmarshalText([]byte(name)); err != nil {
		return nil, err
	}
	if acks := s.text(optAcks, "all"); !strings.EqualFold(acks, "all") && acks != "-1" {
		return nil, &connector.OptionError{Option: optAcks, Msg: fmt.Sprintf("option kafka.acks is %q", acks), Hint: "rows count as written when all in-sync replicas have them: only all is supported"}
	}
	if c.idempotent, err = s.bool(optIdempotence, true); err != nil {
		return nil, err
	}
	size, err := s.number(optMaxRequest, defaultMaxRequest, 1024)
	if err != nil {
		return nil, err
	}
	c.maxRequest = int(min(size, maxAnswer))
	if size, err = s.number(optBatchSize, 512<<10, 1); err != nil {
		return nil, err
	}
	c.batchBytes = int(min(size, int64(c.maxRequest)))
	return c, nil
}

// rowFields says which column of the rows is what; -1 is none.
type rowFields struct{ key, value, topic, partition, headers int }

// newRowFields finds the columns by name and checks their types, with Spark's
// messages. Other columns are not written.
func newRowFields(schema *arrow.Schema, c *sinkConfig) (rowFields, error) {
	f := rowFields{key: -1, value: -1, topic: -1, partition: -1, headers: -1}
	for i, field := range schema.Fields() {
		switch strings.ToLower(field.Name) {
		case "key":
			f.key = i
		case "value":
			f.value = i
		case "topic":
			f.topic = i
		case "partition":
			f.partition = i
		case "headers":
			f.headers = i
		}
	}
	if f.value < 0 {
		return f, fmt.Errorf("Required attribute 'value' not found: a kafka table takes rows with a column value (STRING or BINARY), and key, topic, partition, headers where they are there; these have %s", columnNames(schema))
	}
	if f.topic < 0 && c.topic == "" && c.home == "" {
		return f, &connector.OptionError{Msg: "topic option required when no 'topic' attribute is present. Use the topic option for setting a topic."}
	}
	for _, check := range []struct {
		name string
		at   int
		ok   func(arrow.DataType) bool
		want string
	}{
		{"key", f.key, isBytes, "string or binary"},
		{"value", f.value, isBytes, "string or binary"},
		{"topic", f.topic, func(t arrow.DataType) bool { return t.ID() == arrow.STRING }, "string"},
		{"partition", f.partition, func(t arrow.DataType) bool { return t.ID() == arrow.INT32 }, "int"},
		{"headers", f.headers, isHeaders, "array<struct<key:string,value:binary>>"},
	} {
		if check.at >= 0 && !check.ok(schema.Field(check.at).Type) {
			return f, fmt.Errorf("%s attribute type must be a %s, it is %s", check.name, check.want, schema.Field(check.at).Type)
		}
	}
	return f, nil
}

func isBytes(t arrow.DataType) bool { return t.ID() == arrow.STRING || t.ID() == arrow.BINARY }

func isHeaders(t arrow.DataType) bool {
	list, ok := t.(*arrow.ListType)
	if !ok {
		return false
	}
	st, ok := list.Elem().(*arrow.StructType)
	return ok && len(st.Fields()) == 2 &&
		st.Field(0).Name == "key" && st.Field(0).Type.ID() == arrow.STRING &&
		st.Field(1).Name == "value" && st.Field(1).Type.ID() == arrow.BINARY
}

func columnNames(schema *arrow.Schema) string {
	names := make([]string, schema.NumFields())
	for i, f := range schema.Fields() {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}
