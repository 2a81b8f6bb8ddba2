package openscoring

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/millrace-sql/millrace/catalog"
)

// csvHeader is where a table's columns go: for each, the model's input, -1 for
// none.
func (m *Model) csvHeader(header [][]byte) []int {
	to := make([]int, len(header))
	for i, name := range header {
		to[i] = -1
		if at, ok := m.byName[string(name)]; ok {
			to[i] = at
		}
	}
	return to
}

// readHeader finds the columns.
func (f *csvFile) readHeader() error {
	header, err := f.in.read()
	if errors.Is(err, io.EOF) {
		return errors.New("the input is empty: a header with the names of the columns was expected")
	}
	if err != nil {
		return err
	}
	if err := checkHeader(header); err != nil {
		return err
	}
	f.in.blank = len(header) == 1 // an empty cell looks like this then
	f.to = f.m.csvHeader(header)
	names := make([]string, len(header))
	found := false
	for i, name := range header {
		names[i] = string(name)
		found = found || f.to[i] >= 0
		if names[i] == f.opts.ID && f.opts.ID != "" {
			f.id = i
		}
		for _, earlier := range names[:i] {
			if earlier == names[i] && f.to[i] >= 0 {
				return fmt.Errorf("line %d: the header has two columns %s", f.in.line, names[i])
			}
		}
	}
	if f.opts.ID != "" && f.id < 0 {
		return fmt.Errorf("the input has no column %s%s: it has %s", f.opts.ID, near(f.opts.ID, names), strings.Join(names, ", "))
	}
	if !found && len(f.m.inputs) > 0 {
		return fmt.Errorf("the input has none of the model's fields: it has %s, and the model takes %s%s", strings.Join(names, ", "), strings.Join(f.m.Inputs(), ", "), separatorHint(names))
	}
	return nil
}

// checkHeader refuses what looks like a header with columns and is the beginning of
// a file of another kind, whose rows would be lost in it.
func checkHeader(header [][]byte) error {
	if h := header[0]; bytes.HasPrefix(h, []byte("\xff\xfe")) || bytes.HasPrefix(h, []byte("\xfe\xff")) {
		return errors.New("the input is UTF-16: UTF-8 was expected")
	}
	for _, name := range header {
		if bytes.IndexByte(name, '\r') >= 0 {
			return errors.New("line 1: a carriage return inside the header: lines that end with LF or CRLF were expected")
		}
	}
	return nil
}

// separatorHint is for a header that has no commas, but what others use for them.
func separatorHint(names []string) string {
	if len(names) == 1 && strings.ContainsAny(names[0], ";\t|") {
		return "; cells are separated by commas"
	}
	return ""
}

func near(name string, names []string) string {
	if n := catalog.Nearest(name, names); n != "" {
		return " (did you mean " + n + "?)"
	}
	return ""
}
