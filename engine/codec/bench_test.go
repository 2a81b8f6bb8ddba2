package codec

import (
	"fmt"
	"math/rand"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

const benchRows = 8192

// irisDocs are rows like those of the iris stream, 75 bytes each.
func irisDocs(n int) [][]byte {
	rnd := rand.New(rand.NewSource(1))
	v := func() float64 { return float64(rnd.Intn(90)+10) / 10 }
	var all []byte
	var ends []int
	for range n {
		all = fmt.Appendf(all, `{"sepal_length":%.1f,"sepal_width":%.1f,"petal_length":%.1f,"petal_width":%.1f}`, v(), v(), v(), v())
		ends = append(ends, len(all))
	}
	docs := make([][]byte, n)
	start := 0
	for i, e := range ends {
		docs[i], start = all[start:e], e
	}
	return docs
}

// bidDocs are nested rows like Nexmark's bids, of which a few members are wanted.
func bidDocs(n int) [][]byte {
	rnd := rand.New(rand.NewSource(1))
	docs := make([][]byte, n)
	for i := range docs {
		docs[i] = fmt.Appendf(nil, `{"event_type":2,"person":null,"auction":null,"bid":{"auction":%d,"bidder":%d,"price":%d,"channel":"Google","url":"https://www.nexmark.com/googl/item.htm?query=%d","dateTime":"2024-02-29T10:00:00.%03dZ","extra":"%032x"},"ingest":{"host":"kafka-7","seq":%d,"tags":["a","b"]}}`,
			1000+rnd.Intn(1e6), 1000+rnd.Intn(1e6), rnd.Intn(1e7), rnd.Intn(1e6), rnd.Intn(1000), rnd.Int63(), i)
	}
	return docs
}

func benchDecode(b *testing.B, schema string, docs [][]byte) {
	dt, err := parseDDL(schema)
	if err != nil {
		b.Fatal(err)
	}
	d, err := NewJSONDecoder(dt, JSONOptions{})
	if err != nil {
		b.Fatal(err)
	}
	s := d.NewScanner(memory.NewGoAllocator())
	defer s.Release()
	size := 0
	for _, doc := range docs {
		size += len(doc)
	}
	b.SetBytes(int64(size / len(docs)))
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; {
		n := min(len(docs), b.N-done)
		s.Reserve(n)
		for _, doc := range docs[:n] {
			if err := s.Append(doc); err != nil {
				b.Fatal(err)
			}
		}
		arr, err := s.Finish()
		if err != nil || arr.NullN() > 0 {
			b.Fatal(err)
		}
		arr.Release()
		done += n
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkJSONDecode measures a row from bytes to arrays, the arrays' building included.
func BenchmarkJSONDecode(b *testing.B) {
	b.Run("iris", func(b *testing.B) { benchDecode(b, irisDDL, irisDocs(benchRows)) })
	b.Run("bid", func(b *testing.B) {
		benchDecode(b, "bid STRUCT<auction:BIGINT,bidder:BIGINT,price:DOUBLE,channel:STRING>", bidDocs(benchRows))
	})
	b.Run("text", func(b *testing.B) {
		benchDecode(b, "bid STRUCT<url:STRING,dateTime:TIMESTAMP,extra:STRING>, ingest STRUCT<tags:ARRAY<STRING>>", bidDocs(benchRows))
	})
}

// irisRecord is what the sink of the iris pipeline writes.
func irisRecord(mem memory.Allocator, n int) arrow.Record {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "sepal_length", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "sepal_width", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "petal_length", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "petal_width", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "prediction", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
		{Name: "original_class", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "predicted_class", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
	rnd := rand.New(rand.NewSource(1))
	rb := array.NewRecordBuilder(mem, schema)
	defer rb.Release()
	names := []string{"Setosa", "Versicolor", "Virginica"}
	for range n {
		for c := range 4 {
			rb.Field(c).(*array.Float64Builder).Append(float64(rnd.Intn(90)+1) / 10)
		}
		k := rnd.Intn(3)
		rb.Field(4).(*array.Int32Builder).Append(int32(k))
		rb.Field(5).(*array.StringBuilder).Append(names[k])
		rb.Field(6).(*array.StringBuilder).Append(names[k])
	}
	return rb.NewRecord()
}

// BenchmarkJSONWrite measures the JSON sink's lines.
func BenchmarkJSONWrite(b *testing.B) {
	rec := irisRecord(memory.NewGoAllocator(), benchRows)
	defer rec.Release()
	w, err := NewJSONWriter(rec.Schema(), JSONOptions{})
	if err != nil {
		b.Fatal(err)
	}
	dst := w.AppendRecord(nil, rec)
	b.SetBytes(int64(len(dst) / benchRows))
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += benchRows {
		dst = w.AppendRecord(dst[:0], rec)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkAppendDouble measures short decimals and full-length ones.
func BenchmarkAppendDouble(b *testing.B) {
	rnd := rand.New(rand.NewSource(1))
	short, long := make([]float64, 1024), make([]float64, 1024)
	for i := range short {
		short[i], long[i] = float64(rnd.Intn(1000))/10, rnd.NormFloat64()
	}
	for name, vals := range map[string][]float64{"short": short, "long": long} {
		b.Run(name, func(b *testing.B) {
			var dst []byte
			for i := range b.N {
				dst = AppendDouble(dst[:0], vals[i&1023])
			}
		})
	}
}
