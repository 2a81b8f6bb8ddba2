// Package kafka is the connector to Apache Kafka: topics read by offset ranges,
// and rows written to topics.
//
// It uses kafka-go's Transport for connections, TLS, SASL and the choice of
// API versions, and its own requests (call.go) for what is sent over them: the
// records of a fetch stay the broker's bytes until a worker decodes them
// straight into columns. There is no consumer group: the engine owns the
// offsets. At most the group's offsets are written after an epoch, for lag
// tools.
//
// The life of a row when read: source.go plans offset ranges, reader.go fetches
// ahead and cuts answers into chunks at batch boundaries (batch.go, abort.go),
// chunk.go decodes one on a worker. When written: encode.go makes record
// batches on the workers, sink.go sends them.
//
// The package may import catalog, engine/codec, engine/connector and arrow.
package kafka
