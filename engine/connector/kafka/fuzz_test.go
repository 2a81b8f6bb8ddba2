package kafka

import (
	"encoding/binary"
	"io"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/segmentio/kafka-go/compress"

	"github.com/millrace-sql/millrace/engine/connector"
)

// FuzzBatch decodes damaged batches with their checksum made right again, so that
// the walker meets the damage. It must neither panic nor read beyond the batch,
// and what it reads agrees with a plain reader.
func FuzzBatch(f *testing.F) {
	for _, c := range []crafted{
		{base: 0, span: 3, keep: all(3)},
		{base: 7, span: 9, keep: []int{1, 4, 8}, codec: compress.Gzip},
		{base: 7, span: 2, keep: all(2), codec: compress.Snappy},
		{base: 7, span: 2, keep: all(2), codec: compress.Lz4},
		{base: 7, span: 2, keep: all(2), codec: compress.Zstd, flags: attrLogAppendTime},
	} {
		var t testing.T
		f.Add(c.bytes(&t))
	}
	var w batchWriter
	w.reset(nil, 5)
	w.append([]byte("k"), []byte("v"), true, true, []byte{2, 2, 'h', 1})
	data, err := w.seal(compress.None)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		// Exactly so long, and nothing behind it to read into.
		data = append(make([]byte, 0, len(data)), data...)
		if len(data) >= batchHeaderLen {
			data[atMagic] = 2
			be.PutUint32(data[atLength:], uint32(len(data)-12))
			be.PutUint32(data[atCRC:], castagnoli(data[atAttributes:]))
		}
		s := openFake(t, &fakeCluster{}, "includeHeaders", "true")
		a := &answer{body: data}
		got, err := s.index(a, &fetchedPart{partition: partition{"t", 0}, records: data, highWatermark: 1 << 40, lastStable: 1 << 40}, 0)
		if err != nil {
			return
		}
		defer got.release()
		rd := &reader{src: s, split: "t/0", part: partition{"t", 0}}
		tk := newTask(t)
		rd.emit(got, 0, 1<<62, func(c connector.Chunk, _ error) bool {
			defer c.Release()
			rec, err := c.Decode(tk, project(s))
			if err != nil {
				return true
			}
			defer rec.Release()
			compareWithPlain(t, c.(*chunk), rec)
			return true
		})
	})
}

// compareWithPlain reads a chunk's batches once more, field by field with
// encoding/binary.
func compareWithPlain(t *testing.T, c *chunk, rec arrow.Record) {
	t.Helper()
	row := 0
	vals, offs := rec.Column(colValue).(*array.Binary), rec.Column(colOffset).(*array.Int64)
	for i := range c.batches {
		b := &c.batches[i]
		var in inflater
		data, err := in.records(b)
		if err != nil {
			t.Fatalf("decoded, but does not decompress: %v", err)
		}
		r := plainReader{b: data}
		for range b.count {
			size := r.varint()
			body := plainReader{b: r.take(size)}
			body.take(1)
			body.varint()
			offset := b.base + body.varint()
			body.field()
			value, ok := body.field()
			if r.bad || body.bad {
				t.Fatal("decoded, but does not read plainly")
			}
			if offset < c.from || offset >= c.to {
				if offset >= c.to {
					break
				}
				continue
			}
			if offs.Value(row) != offset || vals.IsValid(row) != ok || ok && string(vals.Value(row)) != string(value) {
				t.Fatalf("row %d: offset %d, value %q; plainly %d, %q", row, offs.Value(row), vals.Value(row), offset, value)
			}
			row++
		}
	}
	if int64(row) != rec.NumRows() {
		t.Fatalf("%d rows, plainly %d", rec.NumRows(), row)
	}
}

type plainReader struct {
	b   []byte
	bad bool
}

func (r *plainReader) varint() int64 {
	x, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return x
}

func (r *plainReader) take(n int64) []byte {
	if n < 0 || n > int64(len(r.b)) {
		r.bad = true
		return nil
	}
	x := r.b[:n]
	r.b = r.b[n:]
	return x
}

func (r *plainReader) field() ([]byte, bool) {
	n := r.varint()
	if n < 0 {
		return nil, false
	}
	return r.take(n), true
}

// FuzzFetchAnswer reads arbitrary answers.
func FuzzFetchAnswer(f *testing.F) {
	x := exchange{f: &fakeCluster{aborted: []abortedTxn{{1, 2}}}, key: 1, version: 11}
	c := fetchCall(0, fetchLimits{}, []fetchPart{{partition: partition{"t", 0}}}, nil)
	if _, err := x.Write(append(append(make([]byte, 12), 0, 0), c.body(11, nil)...)); err != nil {
		f.Fatal(err)
	}
	b, err := io.ReadAll(&x)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b[8:], 11)
	f.Fuzz(func(t *testing.T, body []byte, version int) {
		a := &answer{version: int16(4 + version&7), body: body}
		parts, err := parseFetch(a)
		if err != nil {
			return
		}
		for _, p := range parts {
			if len(p.records) > len(body) || len(p.aborted) > len(body) {
				t.Fatalf("%d bytes of records, %d aborted from %d bytes", len(p.records), len(p.aborted), len(body))
			}
		}
		_, _ = parseMetadata(a)
		_, _ = parseListOffsets(a)
		_, _ = parseProduce(a)
	})
}

// FuzzOffsets reads arbitrary texts of offsets; what is read is written back as
// the same offsets.
func FuzzOffsets(f *testing.F) {
	f.Add(`{"iris":{"0":140,"10":2}}`)
	f.Fuzz(func(t *testing.T, text string) {
		o, err := parseOffsets(text)
		if err != nil {
			return
		}
		again, err := formatOffsets(o)
		if err != nil {
			return // a name that is no topic's
		}
		back, err := parseOffsets(again)
		if err != nil || len(back) != len(o) {
			t.Fatalf("%s became %s: %v, %v", text, again, back, err)
		}
	})
}
