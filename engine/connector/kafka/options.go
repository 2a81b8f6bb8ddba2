package kafka

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

// embedded as bootstrap servers means the broker of this process.
const embedded = "embedded"

// Options as keys of a table, in lower case.
const (
	optServers          = "kafka.bootstrap.servers"
	optSubscribe        = "subscribe"
	optAssign           = "assign"
	optPattern          = "subscribepattern"
	optStarting         = "startingoffsets"
	optEnding           = "endingoffsets"
	optStartingTime     = "startingtimestamp"
	optEndingTime       = "endingtimestamp"
	optStartingTimes    = "startingoffsetsbytimestamp"
	optEndingTimes      = "endingoffsetsbytimestamp"
	optTimesStrategy    = "startingoffsetsbytimestampstrategy"
	optMaxOffsets       = "maxoffsetspertrigger"
	optMinPartitions    = "minpartitions"
	optHeaders          = "includeheaders"
	optFailOnDataLoss   = "failondataloss"
	optGroupPrefix      = "groupidprefix"
	optTopic            = "topic"
	optGroupID          = "kafka.group.id"
	optIsolation        = "kafka.isolation.level"
	optClientID         = "kafka.client.id"
	optFetchMax         = "kafka.fetch.max.bytes"
	optPartitionMax     = "kafka.max.partition.fetch.bytes"
	optRequestTimeout   = "kafka.request.timeout.ms"
	optRetryBackoff     = "kafka.retry.backoff.ms"
	optSecurity         = "kafka.security.protocol"
	optMechanism        = "kafka.sasl.mechanism"
	optJaas             = "kafka.sasl.jaas.config"
	optCALocation       = "kafka.ssl.ca.location"
	optCertLocation     = "kafka.ssl.certificate.location"
	optKeyLocation      = "kafka.ssl.key.location"
	optTruststore       = "kafka.ssl.truststore.location"
	optTruststoreType   = "kafka.ssl.truststore.type"
	optTruststoreCerts  = "kafka.ssl.truststore.certificates"
	optKeystore         = "kafka.ssl.keystore.location"
	optKeystoreType     = "kafka.ssl.keystore.type"
	optKeystoreChain    = "kafka.ssl.keystore.certificate.chain"
	optKeystoreKey      = "kafka.ssl.keystore.key"
	optEndpointCheck    = "kafka.ssl.endpoint.identification.algorithm"
	optUsername         = "kafka.sasl.username"
	optPassword         = "kafka.sasl.password"
	optCompression      = "kafka.compression.type"
	optAcks             = "kafka.acks"
	optIdempotence      = "kafka.enable.idempotence"
	optMaxRequest       = "kafka.max.request.size"
	optBatchSize        = "kafka.batch.size"
	optMetadataMaxAge   = "kafka.metadata.max.age.ms"
	optAllowAutoCreate  = "kafka.allow.auto.create.topics"
	defaultClientID     = "millrace"
	defaultPartitionMax = 1 << 20
	defaultMaxRequest   = 1 << 20
	defaultFetchMax     = 50 << 20
)

// optionSpecs specifies every option, Spark's spelling.
func optionSpecs() []connector.Option {
	return []connector.Option{
		{Name: optServers, Read: true, Write: true, Required: true, Help: "the servers of the cluster (host:port, with commas), or 'embedded'"},
		{Name: "subscribe", Read: true, Help: "topics to read, with commas; a single one is also where rows are written"},
		{Name: "assign", Read: true, Help: `partitions to read, as JSON: {"iris":[0,1]}`},
		{Name: "subscribePattern", Read: true, Help: "a regular expression of topics to read"},
		{Name: "topic", Write: true, Help: "the topic rows are written to; without it the column topic says"},
		{Name: "startingOffsets", Default: "latest for a stream, earliest for a table", Read: true, Help: `where a new query starts: earliest, latest or JSON: {"iris":{"0":23,"1":-2}} (-1 latest, -2 earliest)`},
		{Name: "endingOffsets", Default: "latest", Read: true, Help: "where a table ends: latest or JSON; not for streams"},
		{Name: "startingTimestamp", Read: true, Help: "start at the first record at or after this time, in milliseconds since 1970"},
		{Name: "endingTimestamp", Read: true, Help: "end before the first record at or after this time, in milliseconds since 1970; not for streams"},
		{Name: "startingOffsetsByTimestamp", Read: true, Help: `start by time for each partition, as JSON: {"iris":{"0":1700000000000}}`},
		{Name: "endingOffsetsByTimestamp", Read: true, Help: "end by time for each partition, as JSON; not for streams"},
		{Name: "startingOffsetsByTimestampStrategy", Default: "error", Read: true, Help: "what happens when no record is that late: error or latest"},
		{Name: "maxOffsetsPerTrigger", Read: true, Help: "the most rows an epoch takes, shared over the partitions by what each holds"},
		{Name: "minPartitions"},
		{Name: "minOffsetsPerTrigger"},
		{Name: "maxTriggerDelay"},
		{Name: "includeHeaders", Default: "false", Read: true, Help: "adds the column headers"},
		{Name: "failOnDataLoss", Default: "true", Read: true, Help: "whether a query fails when records it should read are gone"},
		{Name: "groupIdPrefix", Read: true, Help: "commits each epoch's offsets for the group <prefix>-<table>, for lag tools"},
		{Name: "includeTimestamp"},
		{Name: "fetchOffset.numRetries"},
		{Name: "fetchOffset.retryIntervalMs"},
		{Name: "kafkaConsumer.pollTimeoutMs"},
		{Name: "kafka.group.id", Read: true, Help: "commits each epoch's offsets for this group, for lag tools; no consumer may be in it"},
		{Name: "kafka.isolation.level", Default: "read_committed", Read: true, Help: "read_uncommitted shows the records of open and aborted transactions too"},
		{Name: "kafka.client.id", Default: defaultClientID, Read: true, Write: true, Help: "how the brokers' logs name us"},
		{Name: "kafka.max.partition.fetch.bytes", Default: "1048576", Read: true, Help: "the bytes of one fetch from a partition"},
		{Name: "kafka.fetch.max.bytes", Default: "52428800", Read: true, Help: "the bytes of all partitions that are fetched at a time"},
		{Name: "kafka.request.timeout.ms", Default: "30000", Read: true, Write: true, Help: "how long an answer may take before the broker counts as away"},
		{Name: "kafka.retry.backoff.ms", Default: "100", Read: true, Write: true, Help: "the first wait after a fault; it doubles up to 5 s"},
		{Name: "kafka.metadata.max.age.ms", Default: "5000", Read: true, Help: "how soon new partitions are noticed"},
		{Name: "kafka.allow.auto.create.topics", Default: "true", Read: true, Write: true, Help: "whether missing topics are created"},
		{Name: "kafka.security.protocol", Default: "PLAINTEXT", Read: true, Write: true, Help: "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"},
		{Name: "kafka.sasl.mechanism", Read: true, Write: true, Help: "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"},
		{Name: "kafka.sasl.jaas.config", Read: true, Write: true, Help: "login module line with username and password"},
		{Name: "kafka.sasl.username", Read: true, Write: true, Help: "instead of sasl.jaas.config"},
		{Name: "kafka.sasl.password", Read: true, Write: true, Help: "instead of sasl.jaas.config"},
		{Name: "kafka.ssl.truststore.type", Read: true, Write: true, Help: "PEM is the type that can be read"},
		{Name: "kafka.ssl.truststore.location", Read: true, Write: true, Help: "file of trusted certificates, PEM"},
		{Name: "kafka.ssl.truststore.certificates", Read: true, Write: true, Help: "trusted certificates as PEM text"},
		{Name: "kafka.ssl.ca.location", Read: true, Write: true, Help: "the same as ssl.truststore.location"},
		{Name: "kafka.ssl.keystore.type", Read: true, Write: true, Help: "PEM is the type that can be read"},
		{Name: "kafka.ssl.keystore.location", Read: true, Write: true, Help: "file of our certificate and key, PEM"},
		{Name: "kafka.ssl.keystore.certificate.chain", Read: true, Write: true, Help: "our certificate as PEM text"},
		{Name: "kafka.ssl.keystore.key", Read: true, Write: true, Help: "our key as PEM text"},
		{Name: "kafka.ssl.certificate.location", Read: true, Write: true, Help: "file of our certificate, PEM"},
		{Name: "kafka.ssl.key.location", Read: true, Write: true, Help: "file of our key, PEM"},
		{Name: "kafka.ssl.endpoint.identification.algorithm", Default: "https", Read: true, Write: true, Help: "empty: the server's name is not checked"},
		{Name: "kafka.compression.type", Default: "none", Write: true, Help: "none, gzip, snappy, lz4 or zstd"},
		{Name: "kafka.acks", Default: "all", Write: true, Help: "only all is supported"},
		{Name: "kafka.enable.idempotence", Default: "true", Write: true, Help: "retries store nothing twice"},
		{Name: "kafka.max.request.size", Default: "1048576", Write: true, Help: "the most bytes of one record, and of one batch"},
		{Name: "kafka.batch.size", Default: "524288", Write: true, Help: "the bytes of a batch before it is compressed"},
		{Name: "kafka.*", Read: true, Write: true},
	}
}

// refused are the client settings that Spark refuses, with its words.
var refused = map[string]string{
	"kafka.auto.offset.reset":   "Instead set the source option startingOffsets to earliest or latest to specify where to start",
	"kafka.key.deserializer":    "keys are read as BINARY: convert them with CAST in the query",
	"kafka.value.deserializer":  "values are read as BINARY: convert them with CAST or from_json in the query",
	"kafka.key.serializer":      "keys are written as the bytes of a STRING or BINARY column",
	"kafka.value.serializer":    "values are written as the bytes of a STRING or BINARY column",
	"kafka.enable.auto.commit":  "the query's own checkpoint keeps the offsets",
	"kafka.interceptor.classes": "Java classes cannot be run here",
	"kafka.transactional.id":    "rows are written at least once",
}

// settings are a table's options, read and checked.
type settings struct {
	opts  map[string]string
	notes []string
}

// newSettings checks the names of a table's options.
func newSettings(t *catalog.Table) (*settings, error) {
	notes, err := connector.CheckOptions(optionSpecs(), t.Options)
	if err != nil {
		return nil, err
	}
	s := &settings{opts: t.Options, notes: notes}
	for _, k := range sortedKeys(t.Options) {
		if why, ok := refused[k]; ok {
			return nil, &connector.OptionError{Option: k, Msg: fmt.Sprintf("Kafka option '%s' is not supported", strings.TrimPrefix(k, "kafka.")), Hint: why}
		}
		if strings.HasPrefix(k, "kafka.") && !known(k) {
			s.notes = append(s.notes, fmt.Sprintf("option %s has no effect here", k))
		}
	}
	return s, nil
}

func known(key string) bool {
	for _, o := range optionSpecs() {
		if strings.ToLower(o.Name) == key {
			return true
		}
	}
	return false
}

func (s *settings) has(key string) bool { _, ok := s.opts[key]; return ok }

// text gives an option without the space around it, or a default.
func (s *settings) text(key, def string) string {
	if v, ok := s.opts[key]; ok {
		return strings.TrimSpace(v)
	}
	return def
}

func (s *settings) bool(key string, def bool) (bool, error) {
	switch v := strings.ToLower(s.text(key, strconv.FormatBool(def))); v {
	case "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, &connector.OptionError{Option: key, Msg: fmt.Sprintf("option %s is %q", key, v), Hint: "it must be true or false"}
	}
}

func (s *settings) number(key string, def, least int64) (int64, error) {
	v, ok := s.opts[key]
	if !ok {
		return def, nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
	if err != nil || n < least {
		return 0, &connector.OptionError{Option: key, Msg: fmt.Sprintf("option %s is %q", key, v), Hint: fmt.Sprintf("it must be a whole number of at least %d", least)}
	}
	return n, nil
}

func (s *settings) millis(key string, def time.Duration) (time.Duration, error) {
	n, err := s.number(key, def.Milliseconds(), 1)
	return time.Duration(n) * time.Millisecond, err
}

// oneOf gives an option that must be one of some words.
func (s *settings) oneOf(key, def string, words ...string) (string, error) {
	v := s.text(key, def)
	for _, w := range words {
		if strings.EqualFold(v, w) {
			return w, nil
		}
	}
	return "", &connector.OptionError{Option: key, Msg: fmt.Sprintf("option %s is %q", key, v), Hint: "it must be one of " + strings.Join(words, ", ")}
}

// splitList cuts a comma list; empty parts are left out.
func splitList(s string) []string {
	var out []string
	for _, p := range strings.Split(s, ",") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}
