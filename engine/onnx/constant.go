package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
)

// dataTypes are the names of ONNX's element types, by number.
var dataTypes = [...]string{
	"UNDEFINED", "FLOAT", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "STRING", "BOOL", "FLOAT16", "DOUBLE",
	"UINT32", "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16",
}

func dataTypeName(t int64) string {
	if t < 0 || t >= int64(len(dataTypes)) {
		return fmt.Sprintf("number %d", t)
	}
	return dataTypes[t]
}

// kindOf is the kind for an element type of ONNX.
func kindOf(dataType int64) (kind, error) {
	switch dataType {
	case 1:
		return kindFloat, nil
	case 6:
		return kindInt32, nil
	case 7:
		return kindInt64, nil
	case 8:
		return kindString, nil
	case 9:
		return kindBool, nil
	case 11:
		return kindDouble, nil
	}
	return kindNone, fmt.Errorf("the element type %s is not supported, expected FLOAT, DOUBLE, INT64, INT32, STRING or BOOL", dataTypeName(dataType))
}

// maxConstant bounds the elements of a constant, and maxRank the axes of a value.
const (
	maxConstant = 1 << 28
	maxRank     = 16
)

// tensorDoc is a tensor as it stands in the document.
type tensorDoc struct {
	name     string
	dims     []int64
	dataType int64
	location int64
	external string // the file of external data
	bytes    bool   // UINT8 is allowed, and read as int32
	raw      []byte
	hasRaw   bool
	floats   []float32
	doubles  []float64
	int32s   []int64
	int64s   []int64
	strings  []string
}

// readTensor reads a TensorProto. The name is given with errors too.
func readTensor(b []byte) (*tensor, string, error) {
	var d tensorDoc
	if err := fields(b, d.read); err != nil {
		return nil, d.name, err
	}
	t, err := d.tensor()
	return t, d.name, err
}

// readAttributeTensor reads a TensorProto of an attribute. It may be of UINT8, as the modes of TreeEnsemble are: its kind
// is int32 then.
func readAttributeTensor(b []byte) (*tensor, error) {
	d := tensorDoc{bytes: true}
	if err := fields(b, d.read); err != nil {
		return nil, err
	}
	return d.tensor()
}

func (d *tensorDoc) read(f field) error {
	switch f.num {
	case 1:
		return f.ints(&d.dims)
	case 2:
		return f.int(&d.dataType)
	case 3:
		return fmt.Errorf("tensors in segments are not supported")
	case 4:
		return f.floats(&d.floats)
	case 5:
		return f.ints(&d.int32s)
	case 6:
		return f.texts(&d.strings)
	case 7:
		return f.ints(&d.int64s)
	case 8:
		return f.text(&d.name)
	case 9:
		var err error
		d.hasRaw = true
		d.raw, err = f.message()
		return err
	case 10:
		return f.doubles(&d.doubles)
	case 13:
		return d.readExternal(f)
	case 14:
		return f.int(&d.location)
	}
	return nil
}

// readExternal reads where external data is.
func (d *tensorDoc) readExternal(f field) error {
	b, err := f.message()
	if err != nil {
		return err
	}
	key, text, err := keyAndText(b)
	if key == "location" {
		d.external = text
	}
	return err
}

// tensor checks that the data is as long as the shape says.
func (d *tensorDoc) tensor() (*tensor, error) {
	if d.location == 1 || d.external != "" {
		return nil, fmt.Errorf("the data is in another file, %q, which is not supported: save the model as one file, with onnx.save(onnx.load(path), path) in Python, or export it from torch with external_data=False", d.external)
	}
	k, err := kindOf(d.dataType)
	if d.isBytes() {
		k, err = kindInt32, nil
	}
	if err != nil {
		return nil, err
	}
	if len(d.dims) > maxRank {
		return nil, fmt.Errorf("%d axes are more than the %d that are supported", len(d.dims), maxRank)
	}
	n := int64(1)
	shape := make([]int, len(d.dims))
	for i, l := range d.dims {
		if l < 0 || l > maxConstant {
			return nil, fmt.Errorf("axis %d is %d long, expected 0 to %d", i, l, maxConstant)
		}
		shape[i] = int(l)
		if n *= l; n > maxConstant {
			return nil, fmt.Errorf("the shape %s has more than %d elements", shapeText(shape[:i+1]), maxConstant)
		}
	}
	t := &tensor{kind: k, shape: shape}
	if d.hasRaw {
		err = d.fromRaw(t, int(n))
	} else {
		err = d.fromLists(t)
	}
	if err != nil {
		return nil, err
	}
	if t.size() != int(n) {
		return nil, fmt.Errorf("the shape %s has %d elements, the data has %d", shapeText(shape), n, t.size())
	}
	return t, nil
}

// isBytes says that the elements are of UINT8, where that is allowed.
func (d *tensorDoc) isBytes() bool { return d.bytes && d.dataType == 2 }

// fromLists takes the elements of the typed fields.
func (d *tensorDoc) fromLists(t *tensor) error {
	switch t.kind {
	case kindFloat:
		t.f32 = d.floats
	case kindDouble:
		t.f64 = d.doubles
	case kindInt64:
		t.i64 = d.int64s
	case kindInt32:
		t.i32 = make([]int32, len(d.int32s))
		for i, x := range d.int32s {
			t.i32[i] = int32(x)
		}
	case kindBool:
		t.bool = make([]bool, len(d.int32s))
		for i, x := range d.int32s {
			t.bool[i] = x != 0
		}
	case kindString:
		t.str = d.strings
	}
	return nil
}

// fromRaw takes the elements of raw_data: little-endian.
func (d *tensorDoc) fromRaw(t *tensor, n int) error {
	width := map[kind]int{kindFloat: 4, kindDouble: 8, kindInt64: 8, kindInt32: 4, kindBool: 1}[t.kind]
	if d.isBytes() {
		width = 1
	}
	if width == 0 {
		return fmt.Errorf("raw_data of %s is not allowed", t.kind)
	}
	if len(d.raw) != n*width {
		return fmt.Errorf("the shape %s has %d elements of %d bytes, raw_data has %d bytes", shapeText(t.shape), n, width, len(d.raw))
	}
	t.resize(n)
	for i := range n {
		b := d.raw[i*width:]
		if d.isBytes() {
			t.i32[i] = int32(b[0])
			continue
		}
		switch t.kind {
		case kindFloat:
			t.f32[i] = math.Float32frombits(binary.LittleEndian.Uint32(b))
		case kindDouble:
			t.f64[i] = math.Float64frombits(binary.LittleEndian.Uint64(b))
		case kindInt64:
			t.i64[i] = int64(binary.LittleEndian.Uint64(b))
		case kindInt32:
			t.i32[i] = int32(binary.LittleEndian.Uint32(b))
		case kindBool:
			t.bool[i] = b[0] != 0
		}
	}
	return nil
}
