package kafka

import (
	"fmt"
	"sync"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine/codec"
)

// jsonColumn parses a column's bytes as JSON, without building the text.
type jsonColumn struct {
	decoder *codec.JSONDecoder
	mem     memory.Allocator
	scanner *codec.JSONScanner
	// held is true while the scanner holds rows.
	held bool
}

func (j *jsonColumn) append(b []byte, ok bool) error {
	j.held = true
	if !ok {
		j.scanner.AppendNull()
		return nil
	}
	return j.scanner.Append(b)
}

func (j *jsonColumn) finish(rows int) (arrow.Array, error) {
	a, err := j.scanner.Finish()
	if err != nil {
		return nil, err
	}
	j.held = false
	if a.Len() != rows {
		n := a.Len()
		a.Release()
		return nil, fmt.Errorf("the JSON decoder made %d rows of %d records", n, rows)
	}
	return a, nil
}

// scannerPool keeps scanners: each knows the order of members that it has seen,
// and a worker takes one for a chunk.
type scannerPool struct {
	mu   sync.Mutex
	idle []*jsonColumn
}

// maxIdleScanners bounds what is kept, oldest out first.
const maxIdleScanners = 64

func (p *scannerPool) take(d *codec.JSONDecoder, mem memory.Allocator, rows int) *jsonColumn {
	j := p.find(d, mem)
	if j == nil {
		j = &jsonColumn{decoder: d, mem: mem, scanner: d.NewScanner(mem)}
	}
	j.held = true
	j.scanner.Reserve(rows)
	return j
}

func (p *scannerPool) find(d *codec.JSONDecoder, mem memory.Allocator) *jsonColumn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		if j := p.idle[i]; j.decoder == d && j.mem == mem {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			return j
		}
	}
	return nil
}

// give takes a scanner back. One that still holds rows is done for.
func (p *scannerPool) give(j *jsonColumn) {
	if j.held {
		j.scanner.Release()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == maxIdleScanners {
		p.idle = append(p.idle[:0], p.idle[1:]...)
	}
	p.idle = append(p.idle, j)
}
