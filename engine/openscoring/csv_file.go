package openscoring

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow/go/v14/arrow/memory"
)

// CSVOptions say how a CSV file is scored.
type CSVOptions struct {
	// ID is a column of the input that is carried over as the first of the output;
	// empty for none.
	ID string
	// TempDir is where results are kept until it is known whether any row failed;
	// default the system's folder for such files.
	TempDir string
	// Progress is told the rows and the bytes of the input read so far, after each
	// piece; it may be nil.
	Progress func(rows, bytes int64)

	Allocator memory.Allocator // default: Go's memory
	// Rows is the number scored at a time; default 8192, and fewer for models of
	// very many fields.
	Rows int
}

// CSVResult says what came of a CSV file.
type CSVResult struct {
	Rows   int64  // of the input, and of the output
	Failed int64  // rows that have an _error
	First  string // the first error, empty for none
}

// ErrOutput is of a result that could not be written.
var ErrOutput = errors.New("output")

// errorColumn is the last column of an output that has failed rows.
const errorColumn = "_error"

// ScoreCSV reads CSV with a header and writes CSV: the model's results, targets
// first, one row for each row of the input. An empty cell of the input is a
// missing value, and so is a blank line where the header has one column; elsewhere
// blank lines are left out. Columns that the model does not have are ignored, and
// a field of the model without a column is missing in every row. A row that cannot
// be scored has empty results; then, and only then, there is a last column _error
// with the messages.
//
// Whether that column exists is known only at the end, and the input may be a
// pipe, so rows are spooled to a temporary file and copied to out when all are
// scored: memory does not grow with the input, and nothing is written to out
// before the input was read to its end. An error is the input's, which then names
// the line, the output's (ErrOutput), or the model's refusal of the header.
func (m *Model) ScoreCSV(ctx context.Context, out io.Writer, in io.Reader, o CSVOptions) (CSVResult, error) {
	if o.Allocator == nil {
		o.Allocator = memory.DefaultAllocator
	}
	if o.Rows <= 0 {
		o.Rows = 8192
	}
	o.Rows = m.mostRows(o.Rows)
	counted := &countingReader{in: in}
	f := &csvFile{m: m, opts: o, counted: counted, in: newCSVReader(counted, ',', '"'), id: -1}
	if err := f.readHeader(); err != nil {
		return CSVResult{}, err
	}
	var err error
	if f.body, err = newSpool(o.TempDir); err != nil {
		return CSVResult{}, err
	}
	defer f.body.close()
	if f.errors, err = newSpool(o.TempDir); err != nil {
		return CSVResult{}, err
	}
	defer f.errors.close()
	f.rows = newRows(m, o.Allocator)
	defer f.rows.release()
	if err := f.scoreAll(ctx); err != nil {
		return f.result, err
	}
	return f.result, f.copyTo(out)
}

// csvFile is a file being scored.
type csvFile struct {
	m       *Model
	opts    CSVOptions
	counted *countingReader
	in      *csvReader
	to      []int // as csvHeader
	id      int   // column carried over, -1 for none
	idText  []byte
	idEnds  []int
	rows    *rows
	body    *spool // rows without _error
	errors  *spool // one line a failed row: its number, a space, its message as a CSV cell
	buf     []byte
	result  CSVResult
}

// scoreAll scores the input piece by piece into the spools.
func (f *csvFile) scoreAll(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		end, err := f.piece()
		if err != nil {
			return err
		}
		if f.opts.Progress != nil {
			f.opts.Progress(f.result.Rows, f.counted.n)
		}
		if end {
			return nil
		}
	}
}

// piece reads and scores some rows; end says that they were the last.
func (f *csvFile) piece() (end bool, err error) {
	f.idText, f.idEnds = f.idText[:0], f.idEnds[:0]
	for f.rows.n < f.opts.Rows {
		rec, err := f.in.read()
		if errors.Is(err, io.EOF) {
			end = true
			break
		}
		if err != nil {
			return false, err
		}
		if len(rec) != len(f.to) {
			return false, fmt.Errorf("line %d has %d cells, and the header has %d", f.in.line, len(rec), len(f.to))
		}
		if f.id >= 0 {
			f.idText = append(f.idText, rec[f.id]...)
			f.idEnds = append(f.idEnds, len(f.idText))
		}
		f.rows.addCSV(f.to, rec)
	}
	if f.rows.n == 0 {
		return end, nil
	}
	s, err := f.run()
	if err != nil {
		return false, err
	}
	defer s.release()
	return end, f.write(s)
}

// run scores a piece. A panic of the model is an error of the file, and says where.
func (f *csvFile) run() (s *scored, err error) {
	n := f.rows.n
	defer func() {
		if fault := recover(); fault != nil {
			s, err = nil, fmt.Errorf("rows %d to %d: scoring failed inside millrace: %v", f.result.Rows+1, f.result.Rows+int64(n), fault)
		}
	}()
	return f.rows.run(f.opts.Allocator)
}

// write spools the results of a piece.
func (f *csvFile) write(s *scored) error {
	f.buf = f.buf[:0]
	faults, start := s.faults, 0
	for row := range s.n {
		failed := len(faults) > 0 && faults[0].row == row
		if failed {
			if err := f.fail(f.result.Rows+int64(row), faults[0].message); err != nil {
				return err
			}
			faults = faults[1:]
		}
		if f.id >= 0 {
			f.buf = appendCSV(f.buf, f.idText[start:f.idEnds[row]], ',', '"')
			start = f.idEnds[row]
		}
		f.buf = append(s.appendCSVRow(f.buf, row, failed, f.id < 0, ',', '"'), '\n')
	}
	f.result.Rows += int64(s.n)
	return f.body.write(f.buf)
}

// fail spools the message of a failed row.
func (f *csvFile) fail(row int64, message string) error {
	f.result.Failed++
	if f.result.First == "" {
		f.result.First = fmt.Sprintf("row %d: %s", row+1, message)
	}
	line := fmt.Appendf(nil, "%d ", row)
	text := bytes.ReplaceAll([]byte(message), []byte{'\n'}, []byte{' '})
	return f.errors.write(append(appendCSV(line, text, ',', '"'), '\n'))
}

// copyTo writes the header and the rows, with the messages if there are any.
func (f *csvFile) copyTo(out io.Writer) error {
	w := bufio.NewWriterSize(outputWriter{out}, 64<<10)
	var head []byte
	if f.id >= 0 {
		head = appendCSV(head, []byte(f.opts.ID), ',', '"')
	}
	head = f.m.appendCSVHeader(head, f.id < 0, ',', '"')
	if f.result.Failed > 0 {
		head = append(append(head, ','), errorColumn...)
	}
	_, _ = w.Write(append(head, '\n')) // a Writer keeps its first error for Flush
	body, err := f.body.rewind()
	if err != nil {
		return err
	}
	if f.result.Failed == 0 {
		_, err = io.Copy(w, body)
	} else {
		err = f.merge(w, body)
	}
	if err != nil {
		return err
	}
	return w.Flush()
}

// outputWriter says of an error that it is the output's.
type outputWriter struct{ to io.Writer }

func (o outputWriter) Write(p []byte) (int, error) {
	n, err := o.to.Write(p)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrOutput, err)
	}
	return n, err
}

// merge copies rows and gives each its message.
func (f *csvFile) merge(w *bufio.Writer, body *bufio.Reader) error {
	messages, err := f.errors.rewind()
	if err != nil {
		return err
	}
	row, message, err := nextMessage(messages)
	if err != nil {
		return err
	}
	for at := range f.result.Rows {
		if err := copyRow(w, body); err != nil {
			return err
		}
		_ = w.WriteByte(',') // a Writer keeps its first error for Flush
		if at == row {
			_, _ = w.Write(message)
			if row, message, err = nextMessage(messages); err != nil {
				return err
			}
		}
		if err := w.WriteByte('\n'); err != nil {
			return err
		}
	}
	return nil
}

// nextMessage reads a line of the errors' spool; at its end the row is -1.
func nextMessage(r *bufio.Reader) (row int64, message []byte, err error) {
	line, err := r.ReadBytes('\n')
	if errors.Is(err, io.EOF) && len(line) == 0 {
		return -1, nil, nil
	}
	if err != nil {
		return 0, nil, fmt.Errorf("temporary file: %w", err)
	}
	number, message, _ := bytes.Cut(bytes.TrimSuffix(line, []byte{'\n'}), []byte{' '})
	if _, err := fmt.Sscan(string(number), &row); err != nil {
		return 0, nil, fmt.Errorf("temporary file: %w", err)
	}
	return row, message, nil
}

// copyRow copies a row without its line end; a line end in quotes is none.
func copyRow(w *bufio.Writer, r *bufio.Reader) error {
	quoted := false
	for {
		part, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return fmt.Errorf("temporary file: %w", err)
		}
		quoted = quoted != (bytes.Count(part, []byte{'"'})%2 == 1)
		if err == nil && !quoted {
			part = part[:len(part)-1]
		}
		if _, err := w.Write(part); err != nil {
			return err
		}
		if err == nil && !quoted {
			return nil
		}
	}
}

// countingReader counts what is read.
type countingReader struct {
	in io.Reader
	n  int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

// spool is a temporary file that is written once and then read once.
type spool struct {
	f    *os.File
	w    *bufio.Writer
	gone bool // it has no name any more, so that nothing is left of it when the process is killed
}

func newSpool(dir string) (*spool, error) {
	f, err := os.CreateTemp(dir, "millrace-score-*")
	if err != nil {
		return nil, fmt.Errorf("temporary file: %w", err)
	}
	gone := os.Remove(f.Name()) == nil // not on Windows while it is open
	return &spool{f: f, w: bufio.NewWriterSize(f, 64<<10), gone: gone}, nil
}

func (s *spool) write(b []byte) error {
	if _, err := s.w.Write(b); err != nil {
		return fmt.Errorf("temporary file: %w", err)
	}
	return nil
}

func (s *spool) rewind() (*bufio.Reader, error) {
	err := s.w.Flush()
	if err == nil {
		_, err = s.f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, fmt.Errorf("temporary file: %w", err)
	}
	return bufio.NewReaderSize(s.f, 64<<10), nil
}

// close removes the file; what could not be removed is the system's to clean.
func (s *spool) close() {
	_ = s.f.Close()
	if !s.gone {
		_ = os.Remove(s.f.Name())
	}
}
