package codec

import (
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// JSONDecoder is the recipe for reading JSON documents into one column of a given type. It is immutable and may be
// used by any number of goroutines; each takes its own scanner.
type JSONDecoder struct {
	root arrow.DataType
	opts JSONOptions
	text textRules
}

// NewJSONDecoder prepares reading documents as root, which must be a STRUCT, ARRAY or MAP (with STRING keys) of the
// types the package knows. Of a struct's fields that have one name the last is filled, as in Spark.
func NewJSONDecoder(root arrow.DataType, opts JSONOptions) (*JSONDecoder, error) {
	switch root.(type) {
	case *arrow.StructType, *arrow.ListType, *arrow.MapType:
	default:
		return nil, fmt.Errorf("JSON documents are read as a STRUCT, ARRAY or MAP, not as %s", typeName(root))
	}
	if err := checkJSONType(root, ""); err != nil {
		return nil, err
	}
	rules, err := newTextRules(opts.DateFormat, opts.TimestampFormat, opts.TimestampNTZFormat, opts.DateTimeFallback, opts.Zone)
	if err != nil {
		return nil, err
	}
	d := &JSONDecoder{root: root, opts: opts, text: rules}
	if st, ok := root.(*arrow.StructType); ok {
		for _, f := range st.Fields() {
			if f.Name == opts.corruptColumn() && f.Type.ID() != arrow.STRING {
				return nil, fmt.Errorf("column `%s` takes the text of broken records and must be a STRING, not %s", f.Name, typeName(f.Type))
			}
		}
	}
	return d, nil
}

// checkJSONType finds a type below root that JSON cannot be read as.
func checkJSONType(dt arrow.DataType, path string) error {
	if _, ok := kindOf(dt); !ok {
		return fmt.Errorf("field `%s`: JSON cannot be read as %s", path, typeName(dt))
	}
	if m, ok := dt.(*arrow.MapType); ok && m.KeyType().ID() != arrow.STRING {
		return fmt.Errorf("field `%s`: the keys of a MAP read from JSON must be STRING, not %s", path, typeName(m.KeyType()))
	}
	for _, f := range childFields(dt) {
		sub := f.Name
		if path != "" {
			sub = path + "." + f.Name
		}
		if err := checkJSONType(f.Type, sub); err != nil {
			return err
		}
	}
	return nil
}

// Type is the type of the column the scanners build.
func (d *JSONDecoder) Type() arrow.DataType { return d.root }

// NewScanner makes the part a single goroutine uses, batch after batch. Its arrays' memory comes from mem. The caller
// releases it in the end.
func (d *JSONDecoder) NewScanner(mem memory.Allocator) *JSONScanner {
	s := &JSONScanner{
		mode:         d.opts.Mode,
		lines:        d.opts.Lines,
		singleQuotes: !d.opts.DisallowSingleQuotes,
		nonNumeric:   !d.opts.DisallowNonNumericNumbers,
		comments:     d.opts.AllowComments,
		bareNames:    d.opts.AllowUnquotedNames,
		leadingZeros: d.opts.AllowLeadingZeros,
		anyEscape:    d.opts.AllowAnyEscape,
		controlChars: d.opts.AllowControlChars,
		text:         d.text,
	}
	s.text.today = int32(time.Now().Unix() / 86400)
	s.root = newNode(mem, "", "", d.root)
	if s.root.kind == kindStruct {
		s.root.forget(d.opts.corruptColumn(), &s.corrupt)
	}
	return s
}

// node is one place of the schema: its column, its members, and the member order learned from the documents before.
type node struct {
	column
	name  string
	path  string // name in messages: a.b, the same for an array and its elements
	kids  []*node
	index map[string]*node
	slots []slot
}

// manyMembers is where a map of names becomes faster than comparing one after the other.
const manyMembers = 12

// newNode builds the tree below a type that checkJSONType has passed.
func newNode(mem memory.Allocator, name, path string, dt arrow.DataType) *node {
	n := &node{name: name, path: path}
	if err := n.init(mem, dt, path); err != nil {
		panic(err) // checked when the decoder was made
	}
	for _, f := range childFields(dt) {
		sub := path
		if n.kind == kindStruct {
			sub = strings.TrimPrefix(path+"."+f.Name, ".")
		}
		k := newNode(mem, f.Name, sub, f.Type)
		n.kids = append(n.kids, k)
		n.children = append(n.children, &k.column)
	}
	if n.kind == kindStruct {
		n.index = make(map[string]*node, len(n.kids))
		for _, k := range n.kids {
			n.index[k.name] = k
		}
	}
	return n
}

// forget takes a column out of the members that documents can fill, and gives it to the caller.
func (n *node) forget(name string, to **column) {
	if k, ok := n.index[name]; ok {
		*to = &k.column
		delete(n.index, name)
	}
}

// member finds the node of a name, nil if it is not wanted.
func (n *node) member(name []byte) *node {
	if len(n.kids) > manyMembers {
		return n.index[string(name)]
	}
	for i := len(n.kids) - 1; i >= 0; i-- {
		if k := n.kids[i]; len(k.name) == len(name) && k.name == string(name) {
			return n.index[string(name)]
		}
	}
	return nil
}
