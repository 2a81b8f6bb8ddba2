package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"strings"
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

// BenchmarkJSONDecodeShuffled is the worst case: the members come in another order in every row.
func BenchmarkJSONDecodeShuffled(b *testing.B) {
	docs := irisDocs(benchRows)
	rnd := rand.New(rand.NewSource(2))
	for i, doc := range docs {
		parts := strings.Split(string(doc[1:len(doc)-1]), ",")
		rnd.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		docs[i] = []byte("{" + strings.Join(parts, ",") + "}")
	}
	benchDecode(b, irisDDL, docs)
}

// BenchmarkEncodingJSON is the same work by the standard library, for comparison in the same run.
func BenchmarkEncodingJSON(b *testing.B) {
	docs := irisDocs(benchRows)
	mem := memory.NewGoAllocator()
	var cols [4]*array.Float64Builder
	for i := range cols {
		cols[i] = array.NewFloat64Builder(mem)
	}
	b.ReportAllocs()
	for done := 0; done < b.N; {
		n := min(len(docs), b.N-done)
		for _, doc := range docs[:n] {
			var v struct {
				SL *float64 `json:"sepal_length"`
				SW *float64 `json:"sepal_width"`
				PL *float64 `json:"petal_length"`
				PW *float64 `json:"petal_width"`
			}
			if err := json.Unmarshal(doc, &v); err != nil {
				b.Fatal(err)
			}
			for i, p := range []*float64{v.SL, v.SW, v.PL, v.PW} {
				cols[i].Append(*p)
			}
		}
		for _, c := range cols {
			c.NewArray().Release()
		}
		done += n
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkCSVRead measures a row of five columns from bytes to records.
func BenchmarkCSVRead(b *testing.B) {
	schema := schemaOf(b, "a DOUBLE, b DOUBLE, c DOUBLE, d DOUBLE, variety STRING")
	var text []byte
	for i := range benchRows {
		text = fmt.Appendf(text, "%d.%d,%d,1.4,.2,\"Setosa\"\n", i%9, i%7, i%10)
	}
	d, err := NewCSVDecoder(schema, CSVOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text) / benchRows))
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; {
		r := d.NewReader(memory.NewGoAllocator(), bytes.NewReader(text), "bench")
		for {
			rec, err := r.Next(4096)
			if err != nil {
				break
			}
			done += int(rec.NumRows())
			rec.Release()
		}
		r.Release()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
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

// BenchmarkCSVWrite measures the same rows as CSV.
func BenchmarkCSVWrite(b *testing.B) {
	rec := irisRecord(memory.NewGoAllocator(), benchRows)
	defer rec.Release()
	w, err := NewCSVWriter(rec.Schema(), CSVOptions{})
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
