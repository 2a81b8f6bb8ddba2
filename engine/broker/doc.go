// Package broker is the embedded Kafka broker: one process-local broker on a
// loopback port that any Kafka client can use, in memory or with a data
// directory.
//
// It is franz-go's kfake behind a small type, so that nothing else depends on
// it. It is a broker for one machine: one node, no replication, no security.
// The package imports nothing of ours.
package broker
