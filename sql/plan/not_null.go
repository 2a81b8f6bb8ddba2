package plan

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/bitutil"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
)

// isNotNull is x IS NOT NULL, bound without a catalog: rules add it.
func isNotNull(e Expr) Expr {
	return &Call{Span: e.Pos(), Name: "isnotnull", Args: []Expr{e}, Fn: catalog.Call{
		Type: arrow.FixedWidthTypes.Boolean, ArgTypes: []arrow.DataType{nil}, Deterministic: true, Eval: evalNotNull,
	}}
}

// evalNotNull gives the validity of its argument as values.
func evalNotNull(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
	a := args[0]
	bits := memory.NewResizableBuffer(t.Allocator())
	defer bits.Release()
	bits.Resize(int(bitutil.BytesForBits(int64(n))))
	valid := a.NullBitmapBytes()
	switch {
	case a.DataType().ID() == arrow.NULL || a.Len() < n && nullAt(a, 0):
		memory.Set(bits.Bytes(), 0)
	case a.Len() < n || len(valid) == 0:
		memory.Set(bits.Bytes(), 0xFF)
	default:
		bitutil.CopyBitmap(valid, a.Data().Offset(), n, bits.Bytes(), 0)
	}
	data := array.NewData(arrow.FixedWidthTypes.Boolean, n, []*memory.Buffer{nil, bits}, nil, 0, 0)
	defer data.Release()
	return array.NewBooleanData(data), nil
}
