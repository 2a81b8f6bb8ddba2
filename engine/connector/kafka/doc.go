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
// Two things differ from Spark on purpose. Only committed records are read unless
// kafka.isolation.level says otherwise (Spark reads open and aborted transactions
// too), since a sink of ours may write in transactions one day. And an option that
// cannot be honoured is an error or a remark, never silence.
//
// Limits: Fetch version 11 knows no topic ids, so a topic that was deleted and
// made anew is noticed only while its new log is shorter than what was read.
// Writing is at least once.
//
// The package may import catalog, engine/codec, engine/connector and arrow.
package kafka
