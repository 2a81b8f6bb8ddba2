package kafka

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

// New makes the connector.
func New() connector.Connector { return kafkaConnector{} }

type kafkaConnector struct{}

// Name is the word after USING.
func (kafkaConnector) Name() string { return "kafka" }

// Options specifies every option.
func (kafkaConnector) Options() []connector.Option { return optionSpecs() }

// Describe gives Spark's columns, which are the same for every topic: nothing is
// contacted. Whether the topics are there is known when a source is opened.
func (kafkaConnector) Describe(_ context.Context, _ connector.Env, t *catalog.Table, _ bool) (connector.Description, error) {
	s, err := newSettings(t)
	if err != nil {
		return connector.Description{}, err
	}
	c, err := s.source(t.Stream)
	if err != nil {
		return connector.Description{}, err
	}
	if _, err := s.sink(); err != nil {
		return connector.Description{}, err
	}
	d := connector.Description{
		Schema:    sourceSchema(c.headers),
		Write:     sinkSchema(),
		ByName:    true,
		Required:  []string{"value"},
		Readable:  c.subscribed(),
		Writable:  true,
		Unbounded: t.Stream,
		Notes:     s.notes,
	}
	if t.Declared {
		return d, fmt.Errorf("a kafka table has the columns of Kafka's records (key, value, topic, partition, offset, timestamp, timestampType) and takes none of its own")
	}
	return d, nil
}

// The columns of a Kafka record, in Spark's order.
const (
	colKey = iota
	colValue
	colTopic
	colPartition
	colOffset
	colTimestamp
	colTimestampType
	colHeaders
)

// sinkSchema is the columns that an INSERT can give: value, and the others where
// it likes.
func sinkSchema() *arrow.Schema {
	all := sourceSchema(true).Fields()
	return arrow.NewSchema([]arrow.Field{all[colKey], all[colValue], all[colTopic], all[colPartition], all[colHeaders]}, nil)
}

// headersType is the type of the column headers: Spark's
// ARRAY<STRUCT<key STRING, value BINARY>>.
func headersType() *arrow.ListType {
	return arrow.ListOf(arrow.StructOf(
		arrow.Field{Name: "key", Type: arrow.BinaryTypes.String, Nullable: true},
		arrow.Field{Name: "value", Type: arrow.BinaryTypes.Binary, Nullable: true},
	))
}

func sourceSchema(headers bool) *arrow.Schema {
	fields := []arrow.Field{
		{Name: "key", Type: arrow.BinaryTypes.Binary, Nullable: true},
		{Name: "value", Type: arrow.BinaryTypes.Binary, Nullable: true},
		{Name: "topic", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "partition", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
		{Name: "offset", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "timestamp", Type: arrow.FixedWidthTypes.Timestamp_us, Nullable: true},
		{Name: "timestampType", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	}
	if headers {
		fields = append(fields, arrow.Field{Name: "headers", Type: headersType(), Nullable: true})
	}
	return arrow.NewSchema(fields, nil)
}
