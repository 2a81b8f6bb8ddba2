package kafka

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-sql/millrace/engine/connector"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func comparePartitions(a, b partition) int {
	return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.id, b.id))
}

// parseSplit reads "topic/3".
func parseSplit(split string) (partition, error) {
	i := strings.LastIndexByte(split, '/')
	if i < 1 {
		return partition{}, fmt.Errorf("%q is not a topic and a partition", split)
	}
	n, err := strconv.ParseInt(split[i+1:], 10, 32)
	if err != nil || n < 0 {
		return partition{}, fmt.Errorf("%q is not a topic and a partition", split)
	}
	return partition{split[:i], int32(n)}, nil
}

// formatOffsets writes offsets as Spark's Kafka source does, topics and
// partitions in order: {"iris":{"0":140,"1":7}}.
func formatOffsets(o connector.Offsets) (string, error) {
	parts := make([]partition, 0, len(o))
	for split := range o {
		p, err := parseSplit(split)
		if err != nil {
			return "", err
		}
		parts = append(parts, p)
	}
	slices.SortFunc(parts, comparePartitions)
	b := []byte{'{'}
	for i, p := range parts {
		if i == 0 || parts[i-1].topic != p.topic {
			if i > 0 {
				b = append(b, '}', ',')
			}
			name, err := json.Marshal(p.topic)
			if err != nil {
				return "", err
			}
			b = append(append(b, name...), ':', '{')
		} else {
			b = append(b, ',')
		}
		b = append(strconv.AppendInt(append(b, '"'), int64(p.id), 10), '"', ':')
		b = strconv.AppendInt(b, o[p.String()], 10)
	}
	if len(parts) > 0 {
		b = append(b, '}')
	}
	return string(append(b, '}')), nil
}

// parsePartitionNumbers reads {"iris":{"0":23,"1":-2}}.
func parsePartitionNumbers(s string) (map[partition]int64, error) {
	var doc map[string]map[string]int64
	if err := json.Unmarshal([]byte(s), &doc); err != nil {
		return nil, fmt.Errorf(`expected e.g. {"topicA":{"0":23,"1":-1},"topicB":{"0":-2}}, got %s`, s)
	}
	out := map[partition]int64{}
	for topic, parts := range doc {
		for id, n := range parts {
			i, err := strconv.ParseInt(id, 10, 32)
			if err != nil || i < 0 {
				return nil, fmt.Errorf("%q is not a partition of topic %s", id, topic)
			}
			out[partition{topic, int32(i)}] = n
		}
	}
	return out, nil
}

func parseOffsets(s string) (connector.Offsets, error) {
	nums, err := parsePartitionNumbers(s)
	if err != nil {
		return nil, fmt.Errorf("kafka offsets: %w", err)
	}
	out := make(connector.Offsets, len(nums))
	for p, n := range nums {
		if n < 0 {
			return nil, fmt.Errorf("kafka offsets: %s is at %d", p, n)
		}
		out[p.String()] = n
	}
	return out, nil
}

// parseAssign reads {"iris":[0,1]}.
func parseAssign(s string) ([]partition, error) {
	var doc map[string][]int32
	if err := json.Unmarshal([]byte(s), &doc); err != nil {
		return nil, &connector.OptionError{Option: optAssign, Msg: "option assign is " + s, Hint: `it reads like {"topicA":[0,1],"topicB":[0]}`}
	}
	var out []partition
	for _, topic := range sortedKeys(doc) {
		for _, id := range doc[topic] {
			if id < 0 {
				return nil, &connector.OptionError{Option: optAssign, Msg: fmt.Sprintf("option assign names partition %d of topic %s", id, topic)}
			}
			out = append(out, partition{topic, id})
		}
	}
	if len(out) == 0 {
		return nil, &connector.OptionError{Option: optAssign, Msg: "option assign names no partition", Hint: `it reads like {"topicA":[0,1]}`}
	}
	slices.SortFunc(out, comparePartitions)
	return slices.Compact(out), nil
}
