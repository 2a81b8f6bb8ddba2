package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/millrace-sql/millrace/engine/connector"
)

// Committed writes the offsets for a consumer group, where the options name one.
func (s *source) Committed(ctx context.Context, o connector.Offsets) error {
	group := s.group
	if group == "" && s.groupPrefix != "" {
		group = s.groupPrefix + "-" + s.table
	}
	if group == "" {
		return nil
	}
	topics := map[string][]kafkago.OffsetCommit{}
	for _, split := range sortedKeys(o) {
		p, err := parseSplit(split)
		if err != nil {
			return err
		}
		topics[p.topic] = append(topics[p.topic], kafkago.OffsetCommit{Partition: int(p.id), Offset: o[split]})
	}
	ctx, cancel := context.WithTimeout(ctx, s.requestTimeout)
	defer cancel()
	var last error // what a timeout hides
	err := s.cluster.retry(ctx, "group "+group, func(ctx context.Context) error {
		last = s.commit(ctx, group, topics)
		return last
	})
	if err != nil {
		return fmt.Errorf("kafka source %s: %w", s.table, cmp.Or(last, err))
	}
	return nil
}

// commit writes offsets without being a member of the group: generation -1.
func (s *source) commit(ctx context.Context, group string, topics map[string][]kafkago.OffsetCommit) error {
	client := &kafkago.Client{Addr: s.cluster.addr, Transport: s.cluster.transport}
	resp, err := client.OffsetCommit(ctx, &kafkago.OffsetCommitRequest{GroupID: group, GenerationID: -1, Topics: topics})
	if err != nil {
		return err
	}
	for topic, parts := range resp.Topics {
		for _, p := range parts {
			if errors.Is(p.Error, kafkago.UnknownMemberId) {
				return fmt.Errorf("group %s has consumers of its own: give the query a group of its own", group)
			}
			if p.Error != nil {
				return fmt.Errorf("offset of %s/%d: %w", topic, p.Partition, p.Error)
			}
		}
	}
	return nil
}
