package pmml

import (
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
)

// A basket is the value of an association model's item field where the document has a group field: the items of all
// rows of one group, as a list of strings. In SQL it is collect_set(item) ... GROUP BY the group field; to the model it
// is one row. Its value is of kind kBasket and holds each item with its length before it.

// basketType is the type of an input column of baskets.
var basketType = arrow.ListOf(arrow.BinaryTypes.String)

// basket reads one basket. NULL items are left out.
func basket(a *array.List, i int) value {
	items, ok := a.ListValues().(*array.String)
	if !ok {
		return value{}
	}
	var packed []byte
	from, to := a.ValueOffsets(i)
	for j := int(from); j < int(to); j++ {
		if items.IsValid(j) {
			packed = packItem(packed, items.Value(j))
		}
	}
	return value{k: kBasket, s: string(packed)}
}

func packItem(packed []byte, item string) []byte {
	return append(binary.AppendUvarint(packed, uint64(len(item))), item...)
}

// items yields the items of a basket.
func (v value) items(yield func(item string) bool) {
	for s := v.s; s != ""; {
		n, head := uvarint(s)
		if !yield(s[head : head+n]) {
			return
		}
		s = s[head+n:]
	}
}

// uvarint is binary.Uvarint of a string.
func uvarint(s string) (x, size int) {
	for shift := 0; ; shift += 7 {
		b := s[size]
		size++
		x |= int(b&0x7f) << shift
		if b < 0x80 {
			return x, size
		}
	}
}

// applyAll treats each item of a basket; an item that becomes missing is left out.
func (t *treatment) applyAll(v value) (value, error) {
	var packed []byte
	for item := range v.items {
		x, err := t.apply(text(item))
		if err != nil {
			return value{}, err
		}
		if !x.missing() {
			packed = packItem(packed, x.s)
		}
	}
	return value{k: kBasket, s: string(packed)}, nil
}

// group makes the only item field of an association model with a group field a field of baskets.
func (m *association) group(l *loader, f *frame) error {
	if f.parent != nil {
		return f.group.errorf("a group field of a model inside another is not supported")
	}
	var item *field
	for _, s := range l.inputs {
		sl := &l.slots[s]
		if item != nil || sl.typ != tString {
			return f.group.errorf("a model with a group field takes one active field, of dataType string: the items; here is also %s", sl.name)
		}
		item = f.scope.fields[sl.name]
	}
	if item == nil {
		return f.group.errorf("a model with a group field takes one active field, of dataType string: the items")
	}
	l.slots[item.slot].many = true
	return nil
}

// matchesAny reports whether a value, or an item of a basket, is the key's.
func (k key) matchesAny(v value) bool {
	if v.k != kBasket {
		return k.matches(v)
	}
	for item := range v.items {
		if k.matches(text(item)) {
			return true
		}
	}
	return false
}

// unverifiable is the error for a document that cannot be verified because a row of it is no basket.
func (v *verification) unverifiable(name string) error {
	return v.e.errorf("the rows cannot be checked: the field %s takes the items of several rows", name)
}

// inputType is the type of the column that fills a slot.
func (s *slot) inputType() arrow.DataType {
	if s.many {
		return basketType
	}
	return arrowType(s.typ)
}

// basketText is the text of a basket in messages.
func basketText(v value) string {
	var items []string
	for item := range v.items {
		items = append(items, item)
	}
	return fmt.Sprint(items)
}
