package client

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// Score asks the server for n rows, in requests one after another; callers run
// concurrently. A row to which the server answers with a message is NULL and a
// Fault. A server that cannot be asked, after all tries, is an error, and so is an
// answer that does not fit the model's description.
func (m *Model) Score(t catalog.Task, n int, in []arrow.Array, want []int) ([]arrow.Array, error) {
	s := scoring{m: m, task: t, in: in, answers: newAnswers(m, want), columns: make([]column, len(want))}
	for k, w := range want {
		s.columns[k] = column{out: &m.results[w], builder: array.NewBuilder(t.Allocator(), m.outputs[w].Field.Type)}
		s.columns[k].builder.Reserve(n)
		defer s.columns[k].builder.Release()
	}
	for from := 0; from < n && len(want) > 0; {
		to := min(n, from+int(m.most.Load()))
		if err := s.rows(from, to); err != nil {
			if cause := t.Context().Err(); cause != nil {
				return nil, err
			}
			return nil, fmt.Errorf("%s: %w", shown(m.caller.url), err)
		}
		from = to
	}
	out := make([]arrow.Array, len(want))
	for k := range s.columns {
		out[k] = s.columns[k].builder.NewArray()
	}
	return out, nil
}

// scoring is one call of Score.
type scoring struct {
	m       *Model
	task    catalog.Task
	in      []arrow.Array
	answers *answers
	columns []column
	reply   bytes.Buffer

	taken, alone int // rows that the server answered, and rows that it refused each for itself
}

// mostAlone is how many rows a server may refuse one by one before it has answered
// any: then it is not the rows.
const mostAlone = 8

// rows appends the results of rows [from, to). A request that is refused as a
// whole is halved, until it is only the bad rows that have none.
func (s *scoring) rows(from, to int) error {
	body := s.m.appendBatch(make([]byte, 0, s.m.length.Load()), s.in, from, to)
	s.m.length.Store(int64(len(body)) + int64(len(body))/8)
	batch := s.m.caller.url.JoinPath("batch")
	err := s.m.caller.call(s.task.Context(), http.MethodPost, batch, body, &s.reply)
	var fault *callError
	switch {
	case err == nil:
		return s.take(from, to)
	case !errors.As(err, &fault) || !fault.rows():
		return err
	case to-from == 1:
		if s.alone++; s.taken == 0 && s.alone > mostAlone {
			return fmt.Errorf("it refuses one row after another: %w", err)
		}
		s.null(from, fault)
		return nil
	}
	middle := from + (to-from)/2
	if fault.status == http.StatusRequestEntityTooLarge {
		s.m.most.Store(int64(max(1, middle-from)))
	}
	if err := s.rows(from, middle); err != nil {
		return err
	}
	return s.rows(middle, to)
}

// rows says whether a refusal may be for the sake of some of the rows.
func (e *callError) rows() bool {
	return e.status == http.StatusBadRequest || e.status == http.StatusUnprocessableEntity || e.status == http.StatusRequestEntityTooLarge
}

// take appends the results in an answer.
func (s *scoring) take(from, to int) error {
	body, a := s.reply.Bytes(), s.answers
	if err := a.read(body, from, to); err != nil {
		return fmt.Errorf("its answer to %d rows cannot be used: %w: %s", to-from, err, shorten(string(body[:min(len(body), 200)])))
	}
	for i, row := 0, from; row < to; i, row = i+1, row+1 {
		if a.state[i] == refused {
			s.null(row, rowError(a.messages[i].string(body)))
			continue
		}
		for k := range s.columns {
			if err := s.columns[k].put(a.cells[i*a.width+k], body, row); err != nil {
				return err
			}
		}
	}
	s.taken += to - from
	s.m.rows.Add(int64(to - from))
	return nil
}

// rowError is what a server says of a row. Openscoring gives the class of the
// exception, by which it is about a missing value or not.
func rowError(message string) error {
	err := errors.New(shorten(message))
	class, _, _ := strings.Cut(message, ":")
	if strings.HasSuffix(class, "MissingFieldException") || strings.HasSuffix(class, "MissingValueException") {
		return catalog.Missing(err)
	}
	return err
}

// null appends a row without results and reports why.
func (s *scoring) null(row int, why error) {
	for k := range s.columns {
		s.columns[k].builder.AppendNull()
	}
	s.task.Fault(row, "predict", why)
}
