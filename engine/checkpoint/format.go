package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The names in a checkpoint.
const (
	metadataFile    = "metadata"
	offsetsDir      = "offsets"
	commitsDir      = "commits"
	sourcesDir      = "sources"
	modelsDir       = "models"
	copiesDir       = "kept"
	fingerprintFile = "millrace"
)

const version = "v1"

// sparkConf is what Spark writes into its plans, so that it finds its own
// defaults when it goes on from ours.
var sparkConf = map[string]string{
	"spark.sql.streaming.stateStore.providerClass":                  "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider",
	"spark.sql.streaming.join.stateFormatVersion":                   "2",
	"spark.sql.streaming.stateStore.compression.codec":              "lz4",
	"spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan":      "false",
	"spark.sql.streaming.stateStore.rocksdb.formatVersion":          "5",
	"spark.sql.streaming.statefulOperator.useStrictDistribution":    "true",
	"spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion": "2",
	"spark.sql.streaming.multipleWatermarkPolicy":                   "min",
	"spark.sql.streaming.aggregation.stateFormatVersion":            "2",
	"spark.sql.shuffle.partitions":                                  "200",
}

// encodeJSON is json.Marshal without the escapes meant for web pages.
func encodeJSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	// The values are strings, numbers and maps of strings: they always encode.
	_ = enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

type metadata struct {
	ID string `json:"id"`
}

func encodeMetadata(id string) []byte { return encodeJSON(metadata{ID: id}) }

func decodeMetadata(data []byte) (id string, err error) {
	var m metadata
	if err := json.Unmarshal(data, &m); err != nil {
		return "", notJSON(data, err)
	}
	u, err := uuid.Parse(m.ID)
	if err != nil {
		return "", fmt.Errorf("its id %q is not a UUID", m.ID)
	}
	return u.String(), nil
}

// A source's file begins with a NUL byte: Spark's own history, which it insists
// on.
func encodeSource(line string) []byte { return []byte("\x00" + version + "\n" + line) }

func decodeSource(data []byte) (string, error) {
	rest, ok := bytes.CutPrefix(data, []byte{0})
	if !ok {
		return "", errors.New("it does not begin with a NUL byte")
	}
	lines, err := versioned(rest)
	if err != nil {
		return "", err
	}
	if len(lines) != 1 {
		return "", fmt.Errorf("it has %d lines after %s, and one is needed", len(lines), version)
	}
	return lines[0], nil
}

// plan is the second line of a file in offsets.
type plan struct {
	WatermarkMs int64             `json:"batchWatermarkMs"`
	TimestampMs int64             `json:"batchTimestampMs"`
	Conf        map[string]string `json:"conf"`
}

func encodeEpoch(e Epoch) []byte {
	var b bytes.Buffer
	b.WriteString(version + "\n")
	b.Write(encodeJSON(plan{WatermarkMs: e.WatermarkMs, TimestampMs: e.Time.UnixMilli(), Conf: e.Conf}))
	for _, line := range e.Offsets {
		b.WriteString("\n" + line)
	}
	return b.Bytes()
}

func decodeEpoch(data []byte) (Epoch, error) {
	lines, err := versioned(data)
	if err != nil {
		return Epoch{}, err
	}
	if len(lines) < 2 {
		return Epoch{}, errors.New("it ends before the sources' offsets")
	}
	var p plan
	if err := json.Unmarshal([]byte(lines[0]), &p); err != nil {
		return Epoch{}, notJSON([]byte(lines[0]), err)
	}
	for _, line := range lines[1:] {
		// A source that has no offsets yet is "-".
		if line != "-" && !json.Valid([]byte(line)) {
			return Epoch{}, fmt.Errorf("the offsets %.60q are cut off or not JSON", line)
		}
	}
	return Epoch{Offsets: lines[1:], Time: time.UnixMilli(p.TimestampMs), WatermarkMs: p.WatermarkMs, Conf: p.Conf}, nil
}

type commit struct {
	NextWatermarkMs int64 `json:"nextBatchWatermarkMs"`
}

func encodeCommit(watermarkMs int64) []byte {
	return append([]byte(version+"\n"), encodeJSON(commit{NextWatermarkMs: watermarkMs})...)
}

// checkCommit reads a commit: the version alone is enough.
func checkCommit(data []byte) error {
	lines, err := versioned(data)
	if err != nil || len(lines) == 0 {
		return err
	}
	if !json.Valid([]byte(lines[0])) {
		return notJSON([]byte(lines[0]), errors.New("cut off"))
	}
	return nil
}

// versioned gives the lines after the version, without a last newline and
// without the carriage returns of an editor.
func versioned(data []byte) ([]string, error) {
	if len(bytes.TrimRight(data, "\x00")) == 0 {
		return nil, errors.New("it is empty")
	}
	text := strings.TrimSuffix(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	first, rest, more := strings.Cut(text, "\n")
	if first != version {
		return nil, fmt.Errorf("it begins with %.20q, and %s is needed", first, version)
	}
	if !more {
		return nil, nil
	}
	return strings.Split(rest, "\n"), nil
}

func notJSON(data []byte, err error) error {
	if len(bytes.TrimRight(data, "\x00")) == 0 {
		return errors.New("it is empty")
	}
	return fmt.Errorf("%.60q is cut off or not the JSON that belongs there: %w", data, err)
}
