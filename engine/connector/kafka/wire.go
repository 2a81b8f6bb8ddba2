package kafka

import "encoding/binary"

var be = binary.BigEndian

// wireReader takes the fields of a Kafka answer one after another. What is
// missing reads as zero and sets bad, which the caller checks once at the end.
type wireReader struct {
	b   []byte
	bad bool
}

// take gives the next n bytes, aliasing the answer.
func (r *wireReader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	x := r.b[:n:n]
	r.b = r.b[n:]
	return x
}

func (r *wireReader) int16() int16 {
	if x := r.take(2); x != nil {
		return int16(be.Uint16(x))
	}
	return 0
}

func (r *wireReader) int32() int32 {
	if x := r.take(4); x != nil {
		return int32(be.Uint32(x))
	}
	return 0
}

func (r *wireReader) int64() int64 {
	if x := r.take(8); x != nil {
		return int64(be.Uint64(x))
	}
	return 0
}

func (r *wireReader) bool() bool {
	x := r.take(1)
	return x != nil && x[0] != 0
}

// string reads a string; a null one is "".
func (r *wireReader) string() string {
	if n := r.int16(); n > 0 {
		return string(r.take(int(n)))
	}
	return ""
}

// bytes reads a byte array aliasing the answer; a null one is nil.
func (r *wireReader) bytes() []byte {
	if n := r.int32(); n > 0 {
		return r.take(int(n))
	}
	return nil
}

// count reads an array's length; a null array has none. An element takes at
// least one byte, so a length beyond the answer is a broken one.
func (r *wireReader) count() int {
	n := int(r.int32())
	if n < 0 {
		return 0
	}
	if n > len(r.b) {
		r.bad, r.b = true, nil
		return 0
	}
	return n
}

func appendString(b []byte, s string) []byte {
	b = be.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

func appendNullString(b []byte) []byte { return be.AppendUint16(b, 0xffff) }

func appendInt16(b []byte, x int16) []byte { return be.AppendUint16(b, uint16(x)) }
func appendInt32(b []byte, x int32) []byte { return be.AppendUint32(b, uint32(x)) }
func appendInt64(b []byte, x int64) []byte { return be.AppendUint64(b, uint64(x)) }

func appendBool(b []byte, x bool) []byte {
	if x {
		return append(b, 1)
	}
	return append(b, 0)
}
