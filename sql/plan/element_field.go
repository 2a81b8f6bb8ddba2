package plan

import (
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// elementFieldPrefix begins the names of calls that read a field of every
// element of an array.
const elementFieldPrefix = "[*]."

// elementField reads a field of every element: an array of structs becomes an
// array of the field.
func elementField(e Expr, index int, name string, span sql.Span) Expr {
	elem := e.Type().(*arrow.ListType).Elem().(*arrow.StructType)
	t := arrow.ListOf(elem.Field(index).Type)
	call := &Call{Span: span, Name: elementFieldPrefix + name, Args: []Expr{e}, Fn: catalog.Call{
		Type: t, ArgTypes: []arrow.DataType{nil}, Deterministic: true,
		Eval: func(task catalog.Task, _ int, args []arrow.Array) (arrow.Array, error) {
			return elementFields(task, t, args[0].(*array.List), index), nil
		},
	}}
	if l, ok := foldConstant(call); ok {
		return l
	}
	return call
}

// elementFields shares the list's offsets and validity.
func elementFields(task catalog.Task, t arrow.DataType, l *array.List, index int) arrow.Array {
	structs := l.ListValues().(*array.Struct)
	field := withValidity(task.Allocator(), structs.Field(index), []arrow.Array{structs})
	defer field.Release()
	d := l.Data()
	buffers := append([]*memory.Buffer{}, d.Buffers()...)
	data := array.NewData(t, d.Len(), buffers, []arrow.ArrayData{field.Data()}, l.NullN(), d.Offset())
	defer data.Release()
	return array.MakeFromData(data)
}

// elementFieldName is the field that a call reads of every element.
func elementFieldName(c *Call) (string, bool) { return strings.CutPrefix(c.Name, elementFieldPrefix) }
