package file

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

// chunk is a block whose lines are not decoded yet.
type chunk struct {
	source *source
	buf    *buffer
	block  block
	at     int64
	lines  int
}

// Rows is an upper bound.
func (c *chunk) Rows() int { return c.lines }

// Decode builds the wanted columns.
func (c *chunk) Decode(t catalog.Task, p *connector.Projection) (arrow.Record, error) {
	d, err := c.source.decoderFor(p)
	if err != nil {
		return nil, err
	}
	rec, err := d.decode(t, c.block)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.block.file, err)
	}
	return rec, nil
}

// decoderFor keeps the last projection's decoder: a query has one.
func (s *source) decoderFor(p *connector.Projection) (decoder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.projection == p && s.decoder != nil {
		return s.decoder, nil
	}
	d, err := s.reader.project(p)
	if err != nil {
		return nil, err
	}
	s.projection, s.decoder = p, d
	return d, nil
}

// Origin names the file and the row, counted from where the block begins.
func (c *chunk) Origin(row int) string {
	if c.at == 0 {
		return fmt.Sprintf("%s row %d", c.block.file, row+1)
	}
	return fmt.Sprintf("%s row %d after byte %d", c.block.file, row+1, c.at)
}

// Release lets the bytes be used for another chunk.
func (c *chunk) Release() {
	if c.buf != nil {
		c.source.buffers.Put(c.buf)
		c.buf, c.block.data = nil, nil
	}
}
