package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/gzip"

	"github.com/millrace-sql/millrace/engine/connector"
)

// linesIn reads the lines that begin in a range of a file that counts up to end. The
// byte before the range says whether one begins right there.
func linesIn(f io.ReaderAt, r connector.Range, buf *buffer, end int64, cut bool) ([]byte, error) {
	from := max(r.From-1, 0)
	if !cut {
		from = 0
	}
	data, err := readAt(f, buf.data[:0], from, r.To)
	buf.data = data
	if err != nil || !cut {
		return data, err
	}
	skip := 0
	if r.From > 0 {
		skip = bytes.IndexByte(data, '\n') + 1
		if skip == 0 {
			return nil, nil // a line that goes through the whole range
		}
	}
	if len(data) == skip {
		return nil, nil
	}
	// The last line may go on behind the range.
	for at := r.To; at < end && data[len(data)-1] != '\n'; {
		have := len(data)
		to := min(at+64<<10, end)
		if data, err = readAt(f, data, at, to); err != nil {
			return nil, err
		}
		if len(data) == have {
			break // shorter than it was
		}
		buf.data = data
		at = to
		if i := bytes.IndexByte(data[have:], '\n'); i >= 0 {
			return data[skip : have+i+1], nil
		}
	}
	return data[skip:], nil
}

// readAt appends the bytes [from, to), or fewer where the file ends.
func readAt(f io.ReaderAt, data []byte, from, to int64) ([]byte, error) {
	have := len(data)
	data = slices.Grow(data, int(to-from))[:have+int(to-from)]
	n, err := f.ReadAt(data[have:], from)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return data[:have+n], err
}

// readGzip gives a compressed file as blocks of whole lines, one after the other.
func (s *source) readGzip(ctx context.Context, f io.Reader, r connector.Range, yield func(connector.Chunk, error) bool) error {
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("%s: not a gzip file: %w", r.Split, err)
	}
	if !s.reader.splittable() {
		data, err := io.ReadAll(z)
		if err != nil {
			return damagedGzip(r.Split, err)
		}
		yield(s.chunk(r, &buffer{data}, data, 0), nil)
		return nil
	}
	var rest, head []byte // copies: a chunk's buffer is used again when it is released
	for at := int64(0); ctx.Err() == nil; {
		buf := s.buffer()
		have := len(rest)
		data := append(slices.Grow(buf.data[:0], int(s.block)+have), rest...)
		n, err := io.ReadFull(z, data[have:have+int(s.block)])
		data = data[:have+n]
		buf.data = data
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && atEnd(z)
		if err != nil && !last {
			return damagedGzip(r.Split, err)
		}
		cut := len(data)
		if !last {
			cut = bytes.LastIndexByte(data, '\n') + 1
		}
		rest = append(rest[:0], data[cut:]...)
		if cut > 0 {
			c := s.chunk(r, buf, data[:cut], at)
			if at == 0 {
				head = bytes.Clone(data[:s.reader.head(data)])
			} else {
				c.block.head = head
			}
			if !yield(c, nil) {
				return nil
			}
		}
		if last {
			return nil
		}
		at += int64(cut)
	}
	return ctx.Err()
}

func damagedGzip(name string, err error) error {
	return fmt.Errorf("%s: the gzip file is damaged or cut off: %w", name, err)
}

// atEnd tells a clean end from one in the middle: only the first says EOF again.
func atEnd(z io.Reader) bool {
	var one [1]byte
	_, err := z.Read(one[:])
	return errors.Is(err, io.EOF)
}
