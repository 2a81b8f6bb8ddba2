package openscoring

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow/go/v14/arrow/memory"
)

//lint:ignore ST1005 it is Openscoring's text
var errCSVFormat = errors.New("Unrecognized CSV format")

// separators are those that a CSV document may have, in the order of trying.
var separators = []byte{',', ';', '\t'}

// detectSeparator finds the separator of a CSV document: the first that gives
// the header and the lines after it, up to ten, one number of cells, and more
// than one.
func detectSeparator(doc []byte, quote byte) (byte, error) {
	for _, sep := range separators {
		r := newCSVReader(bytes.NewReader(doc), sep, quote)
		cells, same := 0, true
		for range 11 {
			rec, err := r.read()
			if err != nil {
				same = same && errors.Is(err, io.EOF)
				break
			}
			if cells == 0 {
				cells = len(rec)
			}
			same = same && len(rec) == cells
		}
		if same && cells > 1 {
			return sep, nil
		}
	}
	return 0, errCSVFormat
}

// csvRequest is a CSV document with its records as rows.
type csvRequest struct {
	rows       *rows
	sep, quote byte
	ids        bool // the first column is named Id
	id         []byte
	idText     []byte
	idEnds     []int
}

// parse reads the document.
func (c *csvRequest) parse(doc []byte, limit int) error {
	r := newCSVReader(bytes.NewReader(doc), c.sep, c.quote)
	header, err := r.read()
	if errors.Is(err, io.EOF) {
		return errCSVFormat
	}
	if err != nil {
		return err
	}
	if err := checkHeader(header); err != nil {
		return err
	}
	to := c.rows.m.csvHeader(header)
	by, grouped := -1, c.rows.m.group.name != ""
	var all groups
	for i, name := range header {
		if grouped && string(name) == c.rows.m.group.name {
			by = i
		}
	}
	if len(header) > 0 && strings.EqualFold(string(header[0]), "id") {
		c.ids, c.id = true, bytes.Clone(header[0])
	}
	for {
		rec, err := r.read()
		switch {
		case errors.Is(err, io.EOF):
			if grouped && all.rows(c.rows) {
				c.idText, c.idEnds = nil, make([]int, c.rows.n)
			}
			return nil
		case err != nil:
			return err
		case len(rec) != len(to):
			return fmt.Errorf("line %d has %d cells, and the header has %d", r.line, len(rec), len(to))
		case limit > 0 && max(c.rows.n, all.n) >= limit:
			return c.rows.m.tooMany(limit)
		}
		if c.ids {
			c.idText = append(c.idText, rec[0]...)
			c.idEnds = append(c.idEnds, len(c.idText))
		}
		if !grouped {
			c.rows.addCSV(to, rec)
			continue
		}
		c.rows.setCSV(to, rec)
		key := cell{}
		if by >= 0 && len(rec[by]) > 0 {
			key = cell{shape: quoted, text: rec[by]}
		}
		all.add(key, c.rows.cells, true)
	}
}

// answer scores the rows and writes the table; one bad row fails all.
func (c *csvRequest) answer(dst []byte, mem memory.Allocator) ([]byte, *scored, error) {
	s, err := c.rows.run(mem)
	if err != nil {
		return nil, nil, err
	}
	if len(s.faults) > 0 || s.n == 0 {
		return dst, s, nil
	}
	if c.ids {
		dst = appendCSV(dst, c.id, c.sep, c.quote)
	}
	dst = s.m.appendCSVHeader(dst, !c.ids, c.sep, c.quote)
	dst = append(dst, '\n')
	start := 0
	for row := range s.n {
		if c.ids {
			dst = appendCSV(dst, c.idText[start:c.idEnds[row]], c.sep, c.quote)
			start = c.idEnds[row]
		}
		dst = append(s.appendCSVRow(dst, row, false, !c.ids, c.sep, c.quote), '\n')
	}
	return dst, s, nil
}

// appendCSVHeader appends the names of the results.
func (m *Model) appendCSVHeader(dst []byte, first bool, sep, quote byte) []byte {
	for i := range m.results {
		if i > 0 || !first {
			dst = append(dst, sep)
		}
		dst = appendCSV(dst, []byte(m.results[i].name), sep, quote)
	}
	return dst
}
