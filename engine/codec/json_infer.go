package codec

import (
	"bytes"
	"fmt"
	"iter"
	"sort"

	"github.com/apache/arrow/go/v14/arrow"
)

// InferJSON finds the schema of JSON documents as Spark does: fields sorted by name, whole numbers BIGINT (DECIMAL
// where too long), others DOUBLE, what differs STRING, what is always null STRING; a top-level array counts as its
// objects. Broken documents add the corrupt column, are left out in DROPMALFORMED, and are an error in FAILFAST mode.
func InferJSON(docs iter.Seq[[]byte], opts JSONOptions) (*arrow.Schema, error) {
	in, err := newInferrer(opts)
	if err != nil {
		return nil, err
	}
	root := &inferred{kind: kindStruct}
	n := 0
	for doc := range docs {
		if n++; !in.sampled(n) {
			continue
		}
		t, err := in.document(doc)
		if err != nil {
			switch opts.Mode {
			case FailFast:
				return nil, fmt.Errorf("document %d: %w", n, err)
			case DropMalformed:
				continue
			}
			t = &inferred{kind: kindStruct, names: []string{opts.corruptColumn()}, fields: []*inferred{{kind: kindString}}}
		}
		root = in.mergeRoot(root, t)
	}
	dt := root.dataType(opts.DropFieldIfAllNull)
	if dt == nil {
		return arrow.NewSchema(nil, nil), nil
	}
	return arrow.NewSchema(dt.(*arrow.StructType).Fields(), nil), nil
}

// InferJSONValue finds the type of one document, as schema_of_json does: any type, an error when it is broken.
func InferJSONValue(doc []byte, opts JSONOptions) (arrow.DataType, error) {
	in, err := newInferrer(opts)
	if err != nil {
		return nil, err
	}
	t, err := in.document(doc)
	if err != nil {
		return nil, err
	}
	if dt := t.dataType(opts.DropFieldIfAllNull); dt != nil {
		return dt, nil
	}
	if t.kind == kindStruct {
		return arrow.StructOf(), nil
	}
	return arrow.BinaryTypes.String, nil
}

// inferrer walks documents with the scanner's own grammar.
type inferrer struct {
	s    *JSONScanner
	opts JSONOptions
	text textRules
}

func newInferrer(opts JSONOptions) (*inferrer, error) {
	opts.Mode = FailFast
	d, err := NewJSONDecoder(arrow.StructOf(), opts)
	if err != nil {
		return nil, err
	}
	return &inferrer{s: d.NewScanner(nil), opts: opts, text: d.text}, nil
}

// sampled takes an even share of the documents.
func (in *inferrer) sampled(n int) bool {
	r := in.opts.SamplingRatio
	return r <= 0 || r >= 1 || int(float64(n)*r) > int(float64(n-1)*r)
}

// document is the type of one document; blank ones are NULL.
func (in *inferrer) document(doc []byte) (*inferred, error) {
	s := in.s
	s.b, s.depth, s.bad = bytes.TrimPrefix(doc, []byte("\xef\xbb\xbf")), 0, false
	i := s.pad(0)
	if i == len(s.b) {
		return &inferred{}, nil
	}
	t, end := in.value(i)
	if end < 0 {
		return nil, s.faultError()
	}
	return t, nil
}

// value is the type of the value at i, and the index behind it.
func (in *inferrer) value(i int) (*inferred, int) {
	s := in.s
	if i >= len(s.b) {
		return nil, s.syntax(i, "the document ends before a value")
	}
	switch c := s.b[i]; {
	case c == '{':
		return in.object(i)
	case c == '[':
		return in.array(i)
	case c == '"' || c == '\'' && s.singleQuotes:
		text, end := s.quoted(i)
		if end < 0 {
			return nil, -1
		}
		return in.str(text), end
	case c == 'n':
		return &inferred{}, s.skip(i)
	case c == 't' || c == 'f':
		return in.primitive(kindBool), s.skip(i)
	case c-'0' < 10 || c == '-':
		t := s.number(i)
		if t.end < 0 {
			return nil, -1
		}
		return in.num(t, s.b[i:t.end]), t.end
	}
	return in.primitive(kindFloat64), s.skip(i)
}

func (in *inferrer) primitive(k kind) *inferred {
	if in.opts.PrimitivesAsString {
		k = kindString
	}
	return &inferred{kind: k}
}

// num is the type of a number: BIGINT, a DECIMAL for longer integers, else DOUBLE.
func (in *inferrer) num(t number, text []byte) *inferred {
	if in.opts.PrimitivesAsString {
		return &inferred{kind: kindString}
	}
	if t.isInt {
		if _, ok := parseLong(text); ok {
			return &inferred{kind: kindInt64}
		}
	} else if t.word || !in.opts.PrefersDecimal {
		return &inferred{kind: kindFloat64}
	}
	precision, scale := decimalShape(text)
	return decimalOf(max(precision, scale), scale)
}

// str is the type of a string; the empty one counts as null.
func (in *inferrer) str(text []byte) *inferred {
	if len(text) == 0 {
		return &inferred{}
	}
	if in.opts.PrefersDecimal {
		if _, ok := splitDecimal(text); ok {
			precision, scale := decimalShape(text)
			return decimalOf(max(precision, scale), scale)
		}
	}
	if in.opts.InferTimestamp {
		if _, ok := in.text.timestamp(text); ok {
			return &inferred{kind: kindTimestamp}
		}
	}
	return &inferred{kind: kindString}
}

// decimalShape is the precision and scale of a number's text as BigDecimal has them.
func decimalShape(text []byte) (precision, scale int) {
	d, _ := splitDecimal(text)
	digits := bytes.ReplaceAll(text[d.first:d.end], []byte{'.'}, nil)
	digits = bytes.TrimLeft(digits, "0")
	precision, scale = max(1, len(digits)), -d.exp
	if scale < 0 {
		precision, scale = precision-scale, 0
	}
	return precision, scale
}

func (in *inferrer) array(i int) (*inferred, int) {
	s, elem := in.s, &inferred{}
	if s.depth++; s.depth > maxJSONDepth {
		return nil, s.syntax(i, "nested more than 1000 levels deep")
	}
	if i = s.pad(i + 1); i < len(s.b) && s.b[i] == ']' {
		s.depth--
		return &inferred{kind: kindList, elem: elem}, i + 1
	}
	for {
		t, end := in.value(i)
		if end < 0 {
			return nil, -1
		}
		elem = in.merge(elem, t)
		if i = s.pad(end); i >= len(s.b) {
			return nil, s.syntax(i, "the array does not end")
		}
		switch s.b[i] {
		case ']':
			s.depth--
			return &inferred{kind: kindList, elem: elem}, i + 1
		case ',':
			i = s.pad(i + 1)
		default:
			return nil, s.syntax(i, "expected ',' or ']'")
		}
	}
}

func (in *inferrer) object(i int) (*inferred, int) {
	s, t := in.s, &inferred{kind: kindStruct}
	if s.depth++; s.depth > maxJSONDepth {
		return nil, s.syntax(i, "nested more than 1000 levels deep")
	}
	if i = s.pad(i + 1); i < len(s.b) && s.b[i] == '}' {
		s.depth--
		return t, i + 1
	}
	for {
		raw, v := s.memberName(i)
		if v < 0 {
			return nil, -1
		}
		name := string(raw)
		ft, end := in.value(v)
		if end < 0 {
			return nil, -1
		}
		in.addField(t, name, ft)
		if i = s.pad(end); i >= len(s.b) {
			return nil, s.syntax(i, "the object does not end")
		}
		switch s.b[i] {
		case '}':
			s.depth--
			return t, i + 1
		case ',':
			i = s.pad(i + 1)
		default:
			return nil, s.syntax(i, "expected ',' or '}'")
		}
	}
}

// addField puts a field in its place among the sorted names; a name met again merges.
func (in *inferrer) addField(t *inferred, name string, ft *inferred) {
	at := sort.SearchStrings(t.names, name)
	if at < len(t.names) && t.names[at] == name {
		t.fields[at] = in.merge(t.fields[at], ft)
		return
	}
	t.names = append(t.names, "")
	t.fields = append(t.fields, nil)
	copy(t.names[at+1:], t.names[at:])
	copy(t.fields[at+1:], t.fields[at:])
	t.names[at], t.fields[at] = name, ft
}

// merge is the type that holds both.
func (in *inferrer) merge(a, b *inferred) *inferred {
	switch {
	case a.kind == kindNull:
		return b
	case b.kind == kindNull:
		return a
	case a.kind == kindStruct && b.kind == kindStruct:
		for i, name := range b.names {
			in.addField(a, name, b.fields[i])
		}
		return a
	case a.kind == kindList && b.kind == kindList:
		a.elem = in.merge(a.elem, b.elem)
		return a
	case a.kind == b.kind && a.kind != kindDecimal:
		return a
	}
	if t := widerNumber(a, b); t != nil {
		return t
	}
	return &inferred{kind: kindString}
}

// mergeRoot merges a document's type into the schema: arrays count as their elements, and what is no object adds the
// corrupt column.
func (in *inferrer) mergeRoot(root, t *inferred) *inferred {
	for t.kind == kindList {
		t = t.elem
	}
	switch t.kind {
	case kindNull:
		return root
	case kindStruct:
		return in.merge(root, t)
	}
	in.addField(root, in.opts.corruptColumn(), &inferred{kind: kindString})
	return root
}
