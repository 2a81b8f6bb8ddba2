package onnx

import (
	"errors"
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// field is one field of a protobuf message.
type field struct {
	num   protowire.Number
	wire  protowire.Type
	value uint64 // of a varint, a fixed32 or a fixed64
	bytes []byte // of a text, a message or a packed list
}

// fields calls f with each field of a message, in order. Groups, which ONNX does not have, are passed over.
func fields(b []byte, f func(field) error) error {
	for at := 0; at < len(b); {
		num, wire, n := protowire.ConsumeTag(b[at:])
		if n < 0 {
			return fmt.Errorf("byte %d of %d: this is no protobuf: %w", at, len(b), tagError(n))
		}
		at += n
		fd := field{num: num, wire: wire}
		switch wire {
		case protowire.VarintType:
			fd.value, n = protowire.ConsumeVarint(b[at:])
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b[at:])
			fd.value = uint64(v)
		case protowire.Fixed64Type:
			fd.value, n = protowire.ConsumeFixed64(b[at:])
		case protowire.BytesType:
			fd.bytes, n = protowire.ConsumeBytes(b[at:])
		default:
			n = protowire.ConsumeFieldValue(num, wire, b[at:])
		}
		if n < 0 {
			return fmt.Errorf("byte %d of %d: field %d ends too early or is damaged: %w", at, len(b), num, tagError(n))
		}
		at += n
		if err := f(fd); err != nil {
			return err
		}
	}
	return nil
}

// tagError is protowire's error without its prefix, whose spelling changes from build to build.
func tagError(n int) error {
	if errors.Is(protowire.ParseError(n), io.ErrUnexpectedEOF) {
		return errors.New("unexpected end")
	}
	return errors.New("not a valid field")
}

// message reads a field that is a text, bytes or a message.
func (f field) message() ([]byte, error) {
	if f.wire != protowire.BytesType {
		return nil, fmt.Errorf("field %d has the wrong wire type %d", f.num, f.wire)
	}
	return f.bytes, nil
}

// text reads a field that is a text.
func (f field) text(dst *string) error {
	b, err := f.message()
	*dst = string(b)
	return err
}

// texts appends a field of a repeated text.
func (f field) texts(dst *[]string) error {
	var s string
	if err := f.text(&s); err != nil {
		return err
	}
	*dst = append(*dst, s)
	return nil
}

// keyAndText reads a StringStringEntryProto.
func keyAndText(b []byte) (key, text string, err error) {
	err = fields(b, func(f field) error {
		switch f.num {
		case 1:
			return f.text(&key)
		case 2:
			return f.text(&text)
		}
		return nil
	})
	return key, text, err
}

// int reads a field that is a varint.
func (f field) int(dst *int64) error {
	if f.wire != protowire.VarintType {
		return fmt.Errorf("field %d has the wrong wire type %d", f.num, f.wire)
	}
	*dst = int64(f.value)
	return nil
}

// ints appends a field of a repeated varint, packed or not.
func (f field) ints(dst *[]int64) error {
	if f.wire == protowire.VarintType {
		*dst = append(*dst, int64(f.value))
		return nil
	}
	b, err := f.message()
	if err != nil {
		return err
	}
	for len(b) > 0 {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return fmt.Errorf("field %d: a number ends too early", f.num)
		}
		*dst = append(*dst, int64(v))
		b = b[n:]
	}
	return nil
}

// floats appends a field of a repeated float, packed or not.
func (f field) floats(dst *[]float32) error {
	if f.wire == protowire.Fixed32Type {
		*dst = append(*dst, math.Float32frombits(uint32(f.value)))
		return nil
	}
	b, err := f.message()
	if err != nil {
		return err
	}
	for len(b) > 0 {
		v, n := protowire.ConsumeFixed32(b)
		if n < 0 {
			return fmt.Errorf("field %d: a number ends too early", f.num)
		}
		*dst = append(*dst, math.Float32frombits(v))
		b = b[n:]
	}
	return nil
}

// doubles appends a field of a repeated double, packed or not.
func (f field) doubles(dst *[]float64) error {
	if f.wire == protowire.Fixed64Type {
		*dst = append(*dst, math.Float64frombits(f.value))
		return nil
	}
	b, err := f.message()
	if err != nil {
		return err
	}
	for len(b) > 0 {
		v, n := protowire.ConsumeFixed64(b)
		if n < 0 {
			return fmt.Errorf("field %d: a number ends too early", f.num)
		}
		*dst = append(*dst, math.Float64frombits(v))
		b = b[n:]
	}
	return nil
}
