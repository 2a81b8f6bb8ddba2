package connector

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine/codec"
)

// ParseJSON reads a STRING or BINARY column as JSON: what a chunk whose columns
// are arrays already does for ProjectedColumn.JSON. The column is borrowed, the
// result is the caller's.
func ParseJSON(mem memory.Allocator, d *codec.JSONDecoder, col arrow.Array) (arrow.Array, error) {
	var text func(i int) []byte
	switch col := col.(type) {
	case *array.String:
		data, offsets := col.ValueBytes(), col.ValueOffsets()
		text = func(i int) []byte { return data[offsets[i]-offsets[0] : offsets[i+1]-offsets[0]] }
	case *array.Binary:
		text = col.Value
	default:
		return nil, fmt.Errorf("a column of type %s is not text", col.DataType())
	}
	s := d.NewScanner(mem)
	defer s.Release()
	s.Reserve(col.Len())
	for i := range col.Len() {
		if col.IsNull(i) {
			s.AppendNull()
			continue
		}
		if err := s.Append(text(i)); err != nil {
			return nil, err
		}
	}
	return s.Finish()
}
