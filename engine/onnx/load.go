package onnx

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
)

// maxColumns bounds the columns of a model.
const maxColumns = 1 << 17

// Options are names that a document need not have. The zero value has none.
type Options struct {
	// Features are the names of the input columns: as many as the inputs have elements for a row, in the graph's order; or
	// as many as there are inputs, and then one of several elements is an ARRAY.
	Features []string
	// Classes are the names of the classes that an output has scores of, in its order: the scores become the columns of
	// classes, and the class of the greatest a column prediction. An output of one score is that of the second of two.
	Classes []string
}

// Load is LoadWith for names of features, if there are any.
func Load(r io.Reader, features ...string) (*Model, error) {
	return LoadWith(r, Options{Features: features})
}

// LoadWith reads a document. An error names the node, or the place in the document, and what was expected there.
func LoadWith(r io.Reader, o Options) (*Model, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	m := &Model{length: len(b), checksum: hex.EncodeToString(sum[:])}
	if m.doc, err = parse(b); err != nil {
		return nil, fmt.Errorf("ONNX document: %w", err)
	}
	if err := m.load(o); err != nil {
		return nil, fmt.Errorf("ONNX model: %w", err)
	}
	// What is left of the document are the texts about it.
	m.doc.graph.nodes, m.doc.graph.constants = nil, nil
	return m, nil
}

func (m *Model) load(o Options) error {
	if err := m.doc.checkOpsets(); err != nil {
		return err
	}
	l := newLoader(m.doc)
	if err := l.constants(); err != nil {
		return err
	}
	if err := m.readInputs(l, o.Features); err != nil {
		return err
	}
	if err := l.build(); err != nil {
		return err
	}
	if err := m.readOutputs(l, o.Classes); err != nil {
		return err
	}
	var in, keep []int
	for _, f := range m.feeds {
		in = append(in, f.slot)
	}
	for _, o := range m.outputs {
		keep = append(keep, o.slot)
	}
	m.buffers = l.assign(in, keep)
	m.slots, m.steps, m.locals, m.counts = l.slots, l.steps, l.locals, l.counts
	width := 0
	for _, b := range m.buffers {
		width += b.width
	}
	if width > maxWorkspace {
		return fmt.Errorf("a row needs %d values at the same time, more than the %d that are supported", width, maxWorkspace)
	}
	m.tile = min(tileRows, max(1, maxWorkspace/max(1, width)/16))
	return nil
}

// names of the document's properties that list the features, as a JSON array or with commas.
var featureKeys = []string{"feature_names", "feature_names_in_", "features"}

// propertyNames are the features' names as the document's metadata_props has them.
func (m *Model) propertyNames() []string {
	for _, key := range featureKeys {
		text, ok := m.doc.metadata[key]
		if !ok {
			continue
		}
		var names []string
		if json.Unmarshal([]byte(text), &names) == nil {
			return names
		}
		for _, s := range strings.Split(text, ",") {
			names = append(names, strings.TrimSpace(s))
		}
		return names
	}
	return nil
}

// readInputs finds the graph's inputs and the columns that they are made of.
func (m *Model) readInputs(l *loader, features []string) error {
	open := 0 // inputs that do not say how many elements a row has
	for _, doc := range m.doc.graph.inputs {
		if v, ok := l.values[doc.name]; ok && v.constant != nil {
			continue // old documents list the initialisers here too
		}
		f, shape, err := l.declared(&doc)
		if err != nil {
			return fmt.Errorf("input %q: %w", doc.name, err)
		}
		if f.width < 0 {
			if open++; open > 1 || len(features) == 0 {
				return fmt.Errorf("input %q: the document does not say how many columns it has: name them with the option features", doc.name)
			}
		}
		m.feeds = append(m.feeds, f)
		v := &value{name: doc.name, info: info{kind: f.kind, shape: shape}}
		if err := l.define(v); err != nil {
			return fmt.Errorf("input: %w", err)
		}
		m.feeds[len(m.feeds)-1].slot = v.slot
	}
	if len(m.feeds) == 0 {
		return errors.New("the graph has no inputs")
	}
	if open > 0 {
		m.closeWidth(l, len(features))
	}
	return m.nameColumns(features)
}

// closeWidth gives the input whose width is unknown the features that the others leave.
func (m *Model) closeWidth(l *loader, features int) {
	rest, at := features, 0
	for i, f := range m.feeds {
		if f.width < 0 {
			at = i
		} else {
			rest -= f.width
		}
	}
	f := &m.feeds[at]
	f.width = max(1, rest)
	shape := []int{-1, f.width}
	l.slots[f.slot].shape = shape
	l.values[f.name].shape = shape
}

// declared reads the declaration of an input. Its width is -1 if the document does not say it.
func (l *loader) declared(doc *valueDoc) (feed, []int, error) {
	f := feed{name: doc.name}
	if doc.typ.form != "tensor" {
		return f, nil, fmt.Errorf("it is a %s, expected a tensor", orNothing(doc.typ.form))
	}
	var err error
	if f.kind, err = kindOf(doc.typ.elem); err != nil {
		return f, nil, err
	}
	f.strict, f.null = !f.kind.floating(), errNull(f.name, f.kind)
	if !doc.typ.rank {
		f.width = -1
		return f, []int{-1, -1}, nil
	}
	dims := doc.typ.shape
	if len(dims) == 0 || len(dims) > maxRank {
		return f, nil, fmt.Errorf("it has %d axes, expected rows and columns", len(dims))
	}
	switch dims[0].length {
	case -1, 0:
	case 1:
		l.single = true
	default:
		return f, nil, fmt.Errorf("its first axis is always %d long: export the model with a batch of any number of rows", dims[0].length)
	}
	shape := []int{-1}
	f.width = 1
	for i, d := range dims[1:] {
		if d.length <= 0 {
			if len(dims) > 2 {
				return f, nil, fmt.Errorf("the length of axis %d is not known", i+1)
			}
			f.width = -1
			return f, []int{-1, -1}, nil
		}
		if d.length > maxColumns || int64(f.width)*d.length > maxColumns {
			return f, nil, fmt.Errorf("a row has more than the %d elements that are supported", maxColumns)
		}
		f.width *= int(d.length)
		shape = append(shape, int(d.length))
	}
	return f, shape, nil
}

func orNothing(form string) string {
	if form == "" {
		return "value without a type"
	}
	return form
}

// nameColumns makes the columns of the inputs.
func (m *Model) nameColumns(features []string) error {
	total := 0
	for _, f := range m.feeds {
		total += f.width
	}
	if total > maxColumns {
		return fmt.Errorf("the inputs have %d columns, more than the %d that are supported", total, maxColumns)
	}
	lists := len(features) == len(m.feeds) && len(features) != total
	names := features
	if len(names) == 0 {
		names = m.propertyNames()
		if len(names) != total {
			names = nil
		}
	} else if len(names) != total && !lists {
		return fmt.Errorf("the option features has %d names, the inputs have %d columns", len(names), total)
	}
	seen := map[string]bool{}
	for i := range m.feeds {
		f := &m.feeds[i]
		f.first = len(m.inputs)
		f.list = lists && f.width > 1
		columns := f.width
		if f.list {
			columns = 1
		}
		for j := range columns {
			name := f.name
			switch {
			case names != nil:
				name = names[f.first+j]
			case f.width > 1:
				name = fmt.Sprintf("%s_%d", f.name, j)
			}
			if low := strings.ToLower(name); seen[low] {
				return fmt.Errorf("two input columns are called %q: SQL finds an input by its name; give them names with the option features", name)
			} else if low == "" {
				return fmt.Errorf("input column %d has an empty name", f.first+j+1)
			} else {
				seen[low] = true
			}
			typ := f.kind.arrowType(true)
			if f.list {
				typ = arrow.ListOf(typ)
			}
			m.inputs = append(m.inputs, arrow.Field{Name: name, Type: typ, Nullable: true})
		}
	}
	return nil
}
