package sql

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
)

var (
	spanType = reflect.TypeOf(Span{})
	dataType = reflect.TypeOf((*arrow.DataType)(nil)).Elem()
)

// checkSpans returns what is wrong with the spans of a tree over a text of n
// bytes, or "".
func checkSpans(node any, n int) string {
	return checkValue(reflect.ValueOf(node), Span{0, n}, "")
}

func checkValue(v reflect.Value, parent Span, path string) string {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return ""
		}
		return checkValue(v.Elem(), parent, path)
	case reflect.Slice:
		for i := range v.Len() {
			if msg := checkValue(v.Index(i), parent, path); msg != "" {
				return msg
			}
		}
	case reflect.Struct:
		return checkStruct(v, parent, path+"/"+v.Type().Name())
	}
	return ""
}

func checkStruct(v reflect.Value, parent Span, path string) string {
	if f := v.FieldByName("Span"); f.IsValid() && f.Type() == spanType {
		s := f.Interface().(Span)
		if s != (Span{}) {
			if s.Start > s.End || s.Start < parent.Start || s.End > parent.End {
				return fmt.Sprintf("%s: span %v is not within %v", path, s, parent)
			}
			parent = s
		}
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Type == dataType || f.Type == spanType {
			continue
		}
		if msg := checkValue(v.Field(i), parent, path+"."+f.Name); msg != "" {
			return msg
		}
	}
	return ""
}

// dump writes a tree, one node a line, fields that are zero left out.
func dump(node any) string {
	d := &dumper{}
	d.value("", reflect.ValueOf(node), 0)
	return d.b.String()
}

type dumper struct {
	b     strings.Builder
	texts string // with it, the text of every node is written
}

func (d *dumper) line(depth int, name, text string) {
	d.b.WriteString(strings.Repeat("  ", depth))
	if name != "" {
		d.b.WriteString(name + ": ")
	}
	d.b.WriteString(text + "\n")
}

func (d *dumper) value(name string, v reflect.Value, depth int) {
	if v.IsZero() {
		return
	}
	if dt, ok := v.Interface().(arrow.DataType); ok {
		d.line(depth, name, TypeName(dt))
		return
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		d.value(name, v.Elem(), depth)
	case reflect.Slice:
		if b, ok := v.Interface().([]byte); ok {
			d.line(depth, name, fmt.Sprintf("%X", b))
			return
		}
		if ids, ok := v.Interface().([]Ident); ok {
			d.line(depth, name, identsText(ids))
			return
		}
		for i := range v.Len() {
			d.element(fmt.Sprintf("%s[%d]", name, i), v.Index(i), depth)
		}
	case reflect.Struct:
		d.structure(name, v, depth)
	case reflect.String:
		d.line(depth, name, strconv.Quote(v.String()))
	default:
		d.line(depth, name, fmt.Sprint(v.Interface()))
	}
}

// element writes an element of a list, zero or not.
func (d *dumper) element(name string, v reflect.Value, depth int) {
	if v.IsZero() {
		d.line(depth, name, "none")
		return
	}
	if v.Kind() == reflect.Slice && v.Len() == 0 {
		d.line(depth, name, "empty")
		return
	}
	d.value(name, v, depth)
}

func identsText(ids []Ident) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = strconv.Quote(id.Name)
	}
	return strings.Join(names, " ")
}

// structure writes a node: its scalars on one line, its children below.
func (d *dumper) structure(name string, v reflect.Value, depth int) {
	if id, ok := v.Interface().(Ident); ok {
		d.line(depth, name, strconv.Quote(id.Name))
		return
	}
	head := v.Type().Name()
	if f := v.FieldByName("Span"); d.texts != "" && f.IsValid() && f.Type() == spanType {
		s := f.Interface().(Span)
		head += " " + strconv.Quote(d.texts[s.Start:s.End])
	}
	var children []int
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Type() == spanType || f.IsZero() {
			continue
		}
		switch f.Kind() {
		case reflect.String:
			head += fmt.Sprintf(" %s=%q", v.Type().Field(i).Name, f.String())
		case reflect.Bool:
			head += " " + v.Type().Field(i).Name
		default:
			children = append(children, i)
		}
	}
	d.line(depth, name, head)
	for _, i := range children {
		d.value(v.Type().Field(i).Name, v.Field(i), depth+1)
	}
}
