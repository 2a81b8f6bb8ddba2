package plan

import (
	"context"
	"time"

	"github.com/apache/arrow/go/v14/arrow/memory"
)

// foldTask is the surroundings of a constant: none. A fault makes the
// expression one that does not fold.
type foldTask struct {
	mem    memory.Allocator
	faulty bool
}

func (*foldTask) Context() context.Context      { return context.Background() }
func (t *foldTask) Allocator() memory.Allocator { return t.mem }
func (*foldTask) EpochTime() time.Time          { return time.Time{} }
func (t *foldTask) Fault(int, string, error)    { t.faulty = true }

// foldConstant computes an expression without columns, if it is deterministic
// and does not fail. A kernel that panics is one that fails: it is left to the
// run, which reports it as the query's error.
func foldConstant(e Expr) (l *Literal, ok bool) {
	if l, ok := e.(*Literal); ok {
		return l, true
	}
	if !constant(e) {
		return nil, false
	}
	defer func() {
		if recover() != nil {
			l, ok = nil, false
		}
	}()
	t := &foldTask{mem: goHeap}
	v, err := evaluate(t, e, nil, 1)
	if err != nil || t.faulty || v.Len() != 1 {
		return nil, false
	}
	return &Literal{Span: e.Pos(), Value: v}, true
}

// constant says whether an expression reads no column and is deterministic.
func constant(e Expr) bool {
	switch e := e.(type) {
	case *ColumnRef, *Lambda:
		return false
	case *Call:
		if !e.Fn.Deterministic || e.Fn.Rejects != nil {
			return false
		}
	}
	for _, c := range e.Children() {
		if l, ok := c.(*Lambda); ok {
			if !l.Deterministic || len(l.Captures) > 0 {
				return false
			}
			continue
		}
		if !constant(c) {
			return false
		}
	}
	return true
}
