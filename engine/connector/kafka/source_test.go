package kafka

import (
	"context"
	"testing"

	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestReadRanges(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	createTopic(t, addr, topic, 1)
	k := kgoClient(t, addr, kgo.ProducerBatchCompression(kgo.NoCompression()))
	for i := 0; i < 100; i += 10 {
		produce(t, k, records(topic, 0, i, i+10)...)
	}
	s := openSource(t, table(addr, "subscribe", topic, "startingOffsets", "earliest"))
	split := topic + "/0"
	wantValues(t, values(t, s, split, 0, 100), numbered(0, 100))
	wantValues(t, values(t, s, split, 0, 100), numbered(0, 100))
	for _, r := range [][2]int{{0, 1}, {1, 7}, {7, 10}, {10, 55}, {55, 56}, {99, 100}, {3, 3}, {0, 10}} {
		wantValues(t, values(t, s, split, int64(r[0]), int64(r[1])), numbered(r[0], r[1]))
	}
	from, err := s.Initial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	to, err := s.Plan(context.Background(), from, connector.Limit{})
	if err != nil {
		t.Fatal(err)
	}
	if len(from) != 1 || from[split] != 0 || to[split] != 100 {
		t.Errorf("from %v to %v", from, to)
	}
}
