package kafka

import (
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/engine/connector"
)

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		options []string
		want    string // the error, or "note: ..."
	}{
		{[]string{"subscribe", "a", "assign", `{"a":[0]}`}, "only one of the options subscribe, assign and subscribePattern"},
		{[]string{"subscrib", "a"}, "did you mean subscribe?"},
		{[]string{"subscribe", " , "}, "option subscribe names no topic"},
		{[]string{"assign", `[1]`}, `it reads like {"topicA":[0,1],"topicB":[0]}`},
		{[]string{"assign", `{"a":[-1]}`}, "partition -1 of topic a"},
		{[]string{"subscribePattern", `(`}, "option subscribePattern: "},
		{[]string{"startingOffsets", "early"}, "neither earliest nor latest nor JSON"},
		{[]string{"startingOffsets", `{"a":{"0":-3}}`}, "a/0 is at -3"},
		{[]string{"endingOffsets", "latest"}, "ending offset not valid in streaming queries"},
		{[]string{"table", "", "startingOffsets", "latest"}, "starting offset can't be latest for batch queries on Kafka"},
		{[]string{"table", "", "endingOffsets", "earliest"}, "ending offset can't be earliest for batch queries on Kafka"},
		{[]string{"table", "", "startingOffsets", `{"a":{"0":-1}}`}, "startingOffsets for a/0 can't be latest"},
		{[]string{"table", "", "endingOffsets", `{"a":{"0":-2}}`}, "ending offset for a/0 can't be earliest"},
		{[]string{"startingTimestamp", "now"}, "it must be a whole number of at least 0"},
		{[]string{"startingOffsetsByTimestamp", `{"a":{"0":-1}}`}, "a/0 has the time -1"},
		{[]string{"maxOffsetsPerTrigger", "0"}, "it must be a whole number of at least 1"},
		{[]string{"failOnDataLoss", "no"}, "it must be true or false"},
		{[]string{"kafka.isolation.level", "dirty"}, "it must be one of read_committed, read_uncommitted"},
		{[]string{"kafka.key.deserializer", "x"}, "Kafka option 'key.deserializer' is not supported"},
		{[]string{"kafka.value.serializer", "x"}, "Kafka option 'value.serializer' is not supported"},
		{[]string{"kafka.auto.offset.reset", "x"}, "startingOffsets"},
		{[]string{"kafka.transactional.id", "x"}, "rows are written at least once"},
		{[]string{"kafka.bootstrap.servers", " "}, "option kafka.bootstrap.servers is empty"},
		{[]string{"kafka.compression.type", "brotli"}, "it must be one of none, gzip, snappy, lz4, zstd"},
		{[]string{"kafka.acks", "1"}, "only all is supported"},
		{[]string{"topic", ""}, "option topic is empty"},
		{[]string{"kafka.security.protocol", "TLS"}, "PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"},
		{[]string{"kafka.security.protocol", "SASL_SSL", "kafka.sasl.mechanism", "PLAIN"}, "names no username and password"},
		{[]string{"kafka.security.protocol", "SASL_PLAINTEXT", "kafka.sasl.username", "a", "kafka.sasl.mechanism", "GSSAPI"}, "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"},
		{[]string{"kafka.security.protocol", "SSL", "kafka.ssl.truststore.type", "JKS"}, "only PEM is read"},
		{[]string{"kafka.security.protocol", "SSL", "kafka.ssl.truststore.location", "/nowhere/x"}, "no such file"},
		{[]string{"kafka.security.protocol", "SSL", "kafka.ssl.truststore.certificates", "x"}, "holds no certificate in PEM form"},
		{[]string{"kafka.security.protocol", "SSL", "kafka.ssl.keystore.certificate.chain", "x", "kafka.ssl.keystore.key", "y"}, "certificate and key must be PEM"},
		{[]string{"kafka.linger.ms", "5"}, "note: option kafka.linger.ms has no effect here"},
		{[]string{"minPartitions", "5"}, "note: option minPartitions has no effect here"},
	} {
		d, err := New().Describe(t.Context(), connector.Env{}, table("h:1", c.options...), false)
		if note, ok := strings.CutPrefix(c.want, "note: "); ok {
			if err != nil || !slices.Contains(d.Notes, note) {
				t.Errorf("%v: notes %v, %v", c.options, d.Notes, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.options, err, c.want)
		}
	}
}

// TestDescribe contacts nobody: the server does not exist.
func TestDescribe(t *testing.T) {
	for _, live := range []bool{false, true} {
		d, err := New().Describe(t.Context(), connector.Env{}, table("127.0.0.1:1", "subscribe", "iris", "includeHeaders", "true"), live)
		if err != nil || !d.Readable || !d.Writable || !d.Unbounded || d.Schema.NumFields() != 8 || len(d.Notes) != 0 {
			t.Errorf("%+v, %v", d, err)
		}
	}
	d, err := New().Describe(t.Context(), connector.Env{}, table("127.0.0.1:1", "table", "", "topic", "out"), true)
	if err != nil || d.Readable || !d.Writable || d.Unbounded || d.Schema.NumFields() != 7 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestOverwrite(t *testing.T) {
	_, err := New().OpenSink(t.Context(), connector.Env{}, table("127.0.0.1:1", "topic", "t", connector.OverwriteOption, "true"), valueOnly)
	if err == nil || !strings.Contains(err.Error(), "a Kafka topic cannot be overwritten") {
		t.Errorf("got %v", err)
	}
}

func TestRowFields(t *testing.T) {
	schema := func(fields ...arrow.Field) *arrow.Schema { return arrow.NewSchema(fields, nil) }
	number := func(name string) arrow.Field { return arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Int64} }
	for _, c := range []struct {
		schema *arrow.Schema
		topic  string
		want   string
	}{
		{schema(stringField("key")), "t", "Required attribute 'value' not found"},
		{valueOnly, "", "topic option required when no 'topic' attribute is present. Use the topic option for setting a topic."},
		{schema(number("value")), "t", "value attribute type must be a string or binary"},
		{schema(stringField("value"), number("key")), "t", "key attribute type must be a string or binary"},
		{schema(stringField("value"), number("topic")), "", "topic attribute type must be a string"},
		{schema(stringField("value"), number("partition")), "t", "partition attribute type must be a int"},
		{schema(stringField("value"), stringField("headers")), "t", "headers attribute type must be a array<struct<key:string,value:binary>>"},
	} {
		_, err := newRowFields(c.schema, &sinkConfig{topic: c.topic})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.schema, err, c.want)
		}
	}
}
