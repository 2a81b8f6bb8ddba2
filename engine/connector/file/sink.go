package file

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/google/uuid"
	"github.com/klauspost/compress/gzip"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/disk"
)

// The points that Config.Hook is told of.
const (
	PointRenamed = "part file renamed" // the rows are safe; the epoch is not in the log
	PointLogged  = "sink log written"  // the epoch counts; the checkpoint does not know
)

// encoder turns records into the lines of a file. It may be used by many
// goroutines.
type encoder interface {
	// header is what a file begins with.
	header() []byte
	// appendRecord appends all rows.
	appendRecord(dst []byte, rec arrow.Record) []byte
}

// sink is the sink of one table for one query.
//
// A query that was resumed owns the folder: its epoch N is the log's epoch N. One
// that was not is a batch INSERT and appends: its epoch is the log's next.
type sink struct {
	fs      disk.FS
	folder  string // absolute
	suffix  string // of part files: ".json", ".json.gz"
	gzip    bool
	enc     encoder
	schema  *arrow.Schema
	hook    func(point string)
	buffers sync.Pool
	zips    sync.Pool
	// overwrite is INSERT OVERWRITE: what was there before goes.
	overwrite bool

	// The rest belongs to Resume, Write and Close.
	lock    io.Closer
	log     *sinkLog // nil: must be listed before the next epoch
	resumed bool
	owner   connector.QueryID
	plain   bool // a batch INSERT into a folder of files without a log
	last    batchEpoch
	out     *bufio.Writer // of part files, one after the other
}

// batchEpoch is an epoch that a batch INSERT has written.
type batchEpoch struct {
	query connector.QueryID
	epoch int64
	done  bool
}

// encoded is some rows as the bytes of a file.
type encoded struct {
	rows int
	data *buffer
	pool *sync.Pool
}

func (e *encoded) Rows() int { return e.rows }

func (e *encoded) Release() {
	if e.data != nil {
		e.pool.Put(e.data)
		e.data = nil
	}
}

// Encode makes a file's bytes of a record. With gzip each is a member of its
// own: a file may be several, one after the other.
func (s *sink) Encode(_ catalog.Task, rec arrow.Record) (connector.Encoded, error) {
	buf := s.buffer()
	out := &encoded{rows: int(rec.NumRows()), data: buf, pool: &s.buffers}
	text := buf
	if s.gzip {
		text = s.buffer()
		defer s.buffers.Put(text)
	}
	text.data = s.enc.appendRecord(text.data, rec)
	if s.gzip {
		if err := s.compress(buf, text.data); err != nil {
			out.Release()
			return nil, err
		}
	}
	return out, nil
}

// buffer is some bytes that are used again and again.
type buffer struct{ data []byte }

// Write appends.
func (b *buffer) Write(data []byte) (int, error) {
	b.data = append(b.data, data...)
	return len(data), nil
}

func (s *sink) buffer() *buffer {
	if b, ok := s.buffers.Get().(*buffer); ok {
		b.data = b.data[:0]
		return b
	}
	return new(buffer)
}

// compress writes text as one gzip member.
func (s *sink) compress(dst io.Writer, text []byte) error {
	if len(text) == 0 {
		return nil
	}
	z, ok := s.zips.Get().(*gzip.Writer)
	if !ok {
		z = gzip.NewWriter(nil)
	}
	defer s.zips.Put(z)
	z.Reset(dst)
	if _, err := z.Write(text); err != nil {
		return err
	}
	return z.Close()
}

// Write stores an epoch: the part file, then the log's entry.
func (s *sink) Write(ctx context.Context, q connector.QueryID, epoch int64, rows iter.Seq2[connector.Encoded, error]) error {
	id, done, err := s.place(q, epoch)
	if err != nil {
		return fmt.Errorf("output %s: %w", s.folder, err)
	}
	if done {
		return nil
	}
	entries, err := s.writePart(ctx, q, epoch, rows)
	if err != nil {
		return err
	}
	if !s.plain {
		if err := s.log.append(id, entries, s.overwrite); err != nil {
			s.log = nil // it is not known what is there
			return fmt.Errorf("output %s: %w", s.folder, err)
		}
		s.tell(PointLogged)
	}
	s.last = batchEpoch{query: q, epoch: epoch, done: !s.resumed}
	if s.overwrite {
		return s.removeOthers(s.partName(q, epoch))
	}
	return nil
}

// removeOthers removes the files that an INSERT OVERWRITE has replaced. Beside a
// log they are not seen any more, so that one that stays does no harm.
func (s *sink) removeOthers(keep string) error {
	entries, err := s.fs.ReadDir(s.folder)
	if err != nil {
		return fmt.Errorf("output: %w", disk.Explain("read", s.folder, err))
	}
	for _, e := range entries {
		name := filepath.Join(s.folder, e.Name())
		if !isData(e.Name()) || e.IsDir() || e.Name() == keep {
			continue
		}
		if err := s.fs.Remove(name); err != nil && s.plain {
			return fmt.Errorf("output: %w", disk.Explain("remove", name, err))
		}
	}
	return nil
}

func (s *sink) tell(point string) {
	if s.hook != nil {
		s.hook(point)
	}
}

// place says which epoch of the log this is and whether it is there already.
func (s *sink) place(q connector.QueryID, epoch int64) (id int64, done bool, err error) {
	if !s.resumed {
		return s.placeBatch(q, epoch)
	}
	if q != s.owner {
		return 0, false, fmt.Errorf("query %s writes through the sink of query %s", q, s.owner)
	}
	if s.log == nil {
		if err := s.list(); err != nil {
			return 0, false, err
		}
	}
	switch latest := s.log.latest(); {
	case epoch <= latest:
		return epoch, true, nil
	case epoch > latest+1:
		return 0, false, fmt.Errorf("epoch %d comes after epoch %d", epoch, latest)
	}
	return epoch, false, nil
}

func (s *sink) placeBatch(q connector.QueryID, epoch int64) (id int64, done bool, err error) {
	if s.last == (batchEpoch{query: q, epoch: epoch, done: true}) {
		return 0, true, nil
	}
	if s.lock == nil {
		if err := s.openBatch(); err != nil {
			return 0, false, err
		}
	}
	if s.plain {
		return 0, false, nil
	}
	if s.log == nil {
		if err := s.list(); err != nil {
			return 0, false, err
		}
	}
	done, err = s.log.endsWith(s.partName(q, epoch))
	id = s.log.latest() + 1
	if s.overwrite {
		id = s.log.nextCompaction()
	}
	return id, done, err
}

// list reads what the log holds and makes it durable: after a failed sync an
// epoch can be visible and not yet safe.
func (s *sink) list() error {
	for _, dir := range []string{s.folder, filepath.Join(s.folder, logDir)} {
		if err := disk.SyncDir(s.fs, dir); err != nil {
			return err
		}
	}
	log, _, err := openLog(s.fs, s.folder)
	if err != nil {
		return err
	}
	s.log = log
	return nil
}

// partName is the name of an epoch's part file.
func (s *sink) partName(q connector.QueryID, epoch int64) string {
	id := uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "millrace:%s/%d", q, epoch))
	return "part-00000-" + id.String() + "-c000" + s.suffix
}

// writePart writes an epoch's rows into a part file, which is there whole when it
// returns; without rows there is none. The name follows from query and epoch, so
// that an epoch that runs again takes the place of what it left behind.
func (s *sink) writePart(ctx context.Context, q connector.QueryID, epoch int64, rows iter.Seq2[connector.Encoded, error]) ([]entry, error) {
	name := filepath.Join(s.folder, s.partName(q, epoch))
	w := partWriter{sink: s, name: name}
	for e, err := range rows {
		if err == nil {
			err = errors.Join(w.add(e), ctx.Err())
		}
		if err != nil {
			return nil, errors.Join(err, w.abort())
		}
	}
	if w.file == nil {
		return nil, nil
	}
	if err := w.commit(); err != nil {
		return nil, fmt.Errorf("output: %w", err)
	}
	s.tell(PointRenamed)
	info, err := s.fs.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("output: %w", disk.Explain("read", name, err))
	}
	return []entry{newEntry(name, w.size, info.ModTime())}, nil
}

// partWriter writes one part file. The file is made for the first row.
type partWriter struct {
	sink *sink
	name string
	file *disk.Pending
	size int64
}

// add writes rows and releases them.
func (w *partWriter) add(e connector.Encoded) error {
	defer e.Release()
	enc, ok := e.(*encoded)
	if !ok {
		return fmt.Errorf("output %s: rows of another sink: %T", w.sink.folder, e)
	}
	if len(enc.data.data) == 0 {
		return nil
	}
	if w.file == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	return w.write(enc.data.data)
}

func (w *partWriter) begin() error {
	f, err := disk.CreateFile(w.sink.fs, w.name)
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	w.file = f
	if w.sink.out == nil {
		w.sink.out = bufio.NewWriterSize(nil, 64<<10)
	}
	w.sink.out.Reset(f)
	head := w.sink.enc.header()
	if len(head) == 0 {
		return nil
	}
	if w.sink.gzip {
		var b buffer
		if err := w.sink.compress(&b, head); err != nil {
			return err
		}
		head = b.data
	}
	return w.write(head)
}

func (w *partWriter) write(data []byte) error {
	w.size += int64(len(data))
	if _, err := w.sink.out.Write(data); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return nil
}

func (w *partWriter) commit() error {
	if err := w.sink.out.Flush(); err != nil {
		return errors.Join(err, w.abort())
	}
	if err := w.file.Replace(); err != nil {
		return err
	}
	return disk.SyncDir(w.sink.fs, w.sink.folder)
}

func (w *partWriter) abort() error {
	if w.file == nil {
		return nil
	}
	return w.file.Abort()
}

// Close gives up the folder.
func (s *sink) Close() error {
	if s.lock == nil {
		return nil
	}
	lock := s.lock
	s.lock = nil
	return lock.Close()
}

// isData says whether a file's base name is one that readers look at.
func isData(base string) bool { return !strings.HasPrefix(base, "_") && !strings.HasPrefix(base, ".") }
