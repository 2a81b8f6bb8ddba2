package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-sql/millrace/engine/disk"
)

// logDir is the folder of a sink's log, in the sink's folder.
const logDir = "_spark_metadata"

const (
	logVersion     = "v1"
	compactSuffix  = ".compact"
	compactDefault = 10               // spark.sql.streaming.fileSink.log.compactInterval
	cleanupDelay   = 10 * time.Minute // spark.sql.streaming.fileSink.log.cleanupDelay
	blockSize      = 32 << 20         // what Spark writes on a local disk
)

// entry is one line of a sink's log: a part file. The names, their order and the
// values that mean nothing on a local disk are Spark's.
type entry struct {
	Path             string `json:"path"`
	Size             int64  `json:"size"`
	IsDir            bool   `json:"isDir"`
	ModificationTime int64  `json:"modificationTime"`
	BlockReplication int    `json:"blockReplication"`
	BlockSize        int64  `json:"blockSize"`
	Action           string `json:"action"`
}

func newEntry(path string, size int64, modified time.Time) entry {
	return entry{Path: fileURI(path), Size: size, ModificationTime: modified.UnixMilli(), BlockReplication: 1, BlockSize: blockSize, Action: "add"}
}

func (e entry) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return nil, fmt.Errorf("log entry of %s: %w", e.Path, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// decodeEntry reads an entry and says which field is missing: Spark fails then
// too.
func decodeEntry(line []byte) (entry, error) {
	var e struct {
		Path   *string      `json:"path"`
		Size   *json.Number `json:"size"`
		IsDir  *bool        `json:"isDir"`
		Action *string      `json:"action"`
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return entry{}, fmt.Errorf("%.80q is cut off or not an entry: %w", line, err)
	}
	switch {
	case e.Path == nil:
		return entry{}, fmt.Errorf("the entry %.80q has no path", line)
	case e.Size == nil:
		return entry{}, fmt.Errorf("the entry %.80q has no size", line)
	case e.IsDir == nil:
		return entry{}, fmt.Errorf("the entry %.80q has no isDir", line)
	}
	size, err := e.Size.Int64()
	if err != nil {
		return entry{}, fmt.Errorf("the entry %.80q: size %s is not a number of bytes", line, *e.Size)
	}
	return entry{Path: *e.Path, Size: size, IsDir: *e.IsDir}, nil
}

// LogError says that a folder's log cannot be read.
type LogError struct {
	// Path of the log's file.
	Path string
	What string
}

func (e *LogError) Error() string {
	return fmt.Sprintf("the sink log %s is damaged: %s; restore the folder from a backup, or read the part files themselves with a glob such as %s (rows of an unfinished epoch are then seen too)",
		e.Path, e.What, filepath.Join(filepath.Dir(filepath.Dir(e.Path)), "part-*"))
}

// sinkLog is the log of one folder.
type sinkLog struct {
	fs  disk.FS
	dir string // .../_spark_metadata
	// ids are the numbers with a file, ascending; compacts those whose file is a
	// compaction.
	ids, compacts []int64
}

// openLog lists the log of a folder; false if it has none.
func openLog(fsys disk.FS, folder string) (*sinkLog, bool, error) {
	l := &sinkLog{fs: fsys, dir: filepath.Join(folder, logDir)}
	entries, err := fsys.ReadDir(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return l, false, nil
	}
	if err != nil {
		return nil, false, disk.Explain("read", l.dir, err)
	}
	for _, e := range entries {
		base, compact := strings.CutSuffix(e.Name(), compactSuffix)
		n, err := strconv.ParseInt(base, 10, 64)
		if err != nil || n < 0 || strconv.FormatInt(n, 10) != base {
			continue
		}
		l.ids = append(l.ids, n)
		if compact {
			l.compacts = append(l.compacts, n)
		}
	}
	slices.Sort(l.ids)
	l.ids = slices.Compact(l.ids)
	slices.Sort(l.compacts)
	return l, true, nil
}

// latest is the last epoch in the log, or -1.
func (l *sinkLog) latest() int64 {
	if len(l.ids) == 0 {
		return -1
	}
	return l.ids[len(l.ids)-1]
}

func (l *sinkLog) name(id int64, compact bool) string {
	s := strconv.FormatInt(id, 10)
	if compact {
		s += compactSuffix
	}
	return filepath.Join(l.dir, s)
}

// interval is after how many epochs there is a compaction: Spark takes it from
// the compactions that are there.
func (l *sinkLog) interval() int64 {
	n := len(l.compacts)
	switch {
	case n == 0:
		return compactDefault
	case n >= 2:
		return l.compacts[n-1] - l.compacts[n-2]
	}
	size := l.compacts[0] + 1
	if size <= compactDefault || compactDefault >= size/2 {
		return size
	}
	for d := int64(compactDefault); d <= size/2; d++ {
		if size%d == 0 {
			return d
		}
	}
	return size
}

// lines gives all entries, as text, in order.
func (l *sinkLog) lines() ([][]byte, error) {
	from := int64(0)
	if n := len(l.compacts); n > 0 {
		from = l.compacts[n-1]
	}
	var out [][]byte
	for id := from; id <= l.latest(); id++ {
		name := l.name(id, len(l.compacts) > 0 && id == from)
		if _, ok := slices.BinarySearch(l.ids, id); !ok {
			return nil, &LogError{name, "the file is missing"}
		}
		more, err := l.readLines(name)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

func (l *sinkLog) readLines(name string) ([][]byte, error) {
	data, err := disk.ReadFile(l.fs, name)
	if err != nil {
		return nil, err
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	first, rest, more := bytes.Cut(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	switch {
	case len(first) == 0:
		return nil, &LogError{name, "it is empty"}
	case string(first) != logVersion:
		return nil, &LogError{name, fmt.Sprintf("it begins with %.20q, and %s is needed", first, logVersion)}
	case !more:
		return nil, nil
	}
	return bytes.Split(rest, []byte("\n")), nil
}

// entries gives all entries, in order.
func (l *sinkLog) entries() ([]entry, error) {
	lines, err := l.lines()
	if err != nil {
		return nil, err
	}
	out := make([]entry, 0, len(lines))
	for _, line := range lines {
		e, err := decodeEntry(line)
		if err != nil {
			return nil, &LogError{l.dir, err.Error()}
		}
		out = append(out, e)
	}
	return out, nil
}

// endsWith says whether the last epoch lists a file of that name.
func (l *sinkLog) endsWith(base string) (bool, error) {
	id := l.latest()
	if id < 0 {
		return false, nil
	}
	_, compact := slices.BinarySearch(l.compacts, id)
	lines, err := l.readLines(l.name(id, compact))
	if err != nil || len(lines) == 0 {
		return false, err
	}
	e, err := decodeEntry(lines[len(lines)-1])
	if err != nil {
		return false, &LogError{l.name(id, compact), err.Error()}
	}
	return filepath.Base(pathOf(e.Path)) == base, nil
}

// nextCompaction is the first epoch to come that is written as a compaction.
func (l *sinkLog) nextCompaction() int64 {
	interval := l.interval()
	return (l.latest()+1)/interval*interval + interval - 1
}

// append stores the entries of an epoch, durably: it is in the log from then on,
// and not before. It is latest+1; one that replaces all before it is the next
// compaction instead, since readers begin at the last one.
func (l *sinkLog) append(id int64, entries []entry, replace bool) error {
	var lines [][]byte
	interval := l.interval()
	compact := (id+1)%interval == 0
	if compact && !replace {
		var err error
		if lines, err = l.lines(); err != nil {
			return err
		}
	}
	for _, e := range entries {
		line, err := e.encode()
		if err != nil {
			return err
		}
		lines = append(lines, line)
	}
	text := append([]byte(logVersion), '\n')
	text = append(text, bytes.Join(lines, []byte("\n"))...)
	if len(lines) == 0 {
		text = []byte(logVersion)
	}
	err := disk.WriteFile(l.fs, l.name(id, compact), text)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("epoch %d is in the log already: another program writes into the same folder; stop it, or give each query a folder of its own: %w", id, err)
	}
	if err != nil {
		return err
	}
	l.ids = append(l.ids, id)
	if compact {
		l.compacts = append(l.compacts, id)
		l.clean()
	}
	return nil
}

// clean removes what is older than the compaction before the last one, when it is
// old enough that no reader is at it any more. That a file stays does no harm,
// so errors do not count.
func (l *sinkLog) clean() {
	n := len(l.compacts)
	if n < 2 {
		return
	}
	newest, err := l.fs.Stat(l.name(l.compacts[n-1], true))
	if err != nil {
		return
	}
	keep := l.compacts[n-2]
	l.ids = slices.DeleteFunc(l.ids, func(id int64) bool {
		if id >= keep {
			return false
		}
		_, compact := slices.BinarySearch(l.compacts, id)
		name := l.name(id, compact)
		info, err := l.fs.Stat(name)
		return err == nil && newest.ModTime().Sub(info.ModTime()) > cleanupDelay && l.fs.Remove(name) == nil
	})
	l.compacts = slices.DeleteFunc(l.compacts, func(id int64) bool {
		_, ok := slices.BinarySearch(l.ids, id)
		return !ok
	})
}
