package file

import (
	"bytes"
	"context"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/disk"
)

// irisRows makes n rows of iris.
func irisRows(n int) arrow.Record {
	b := array.NewRecordBuilder(memory.DefaultAllocator, irisSchema)
	defer b.Release()
	for i := range n {
		for c := range 4 {
			b.Field(c).(*array.Float64Builder).Append(float64((i*7+c*13)%80+1) / 10)
		}
		b.Field(4).(*array.StringBuilder).Append([]string{"Setosa", "Versicolor", "Virginica"}[i%3])
	}
	return b.NewRecord()
}

func rate(b *testing.B, rows int) {
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkJSONSink encodes and stores an epoch of 100 records of 8192 rows.
func BenchmarkJSONSink(b *testing.B) {
	for _, compression := range []string{"none", "gzip"} {
		b.Run(compression, func(b *testing.B) {
			const records, rows = 100, 8192
			rec := irisRows(rows)
			defer rec.Release()
			t := task{memory.DefaultAllocator}
			s, err := NewJSON(disk.OS{}, Config{}).OpenSink(context.Background(), connector.Env{}, table("path", filepath.Join(b.TempDir(), "out"), "compression", compression), irisSchema)
			if err != nil {
				b.Fatal(err)
			}
			resume(b, s, query1, 0, true)
			var all iter.Seq2[connector.Encoded, error] = func(yield func(connector.Encoded, error) bool) {
				for range records {
					if !yield(s.Encode(t, rec)) {
						return
					}
				}
			}
			b.ReportAllocs()
			epoch := int64(0)
			for b.Loop() {
				if err := s.Write(context.Background(), query1, epoch, all); err != nil {
					b.Fatal(err)
				}
				epoch++
			}
			rate(b, records*rows)
			closeSink(b, s)
		})
	}
}

// BenchmarkSmallEpochs is what an epoch costs by itself: one row.
func BenchmarkSmallEpochs(b *testing.B) {
	t := task{memory.DefaultAllocator}
	s := openSink(b, NewJSON(disk.OS{}, Config{}), table("path", filepath.Join(b.TempDir(), "out")))
	resume(b, s, query1, 0, true)
	epoch := int64(0)
	for b.Loop() {
		if err := s.Write(context.Background(), query1, epoch, encodedRows(t, s, 0, 1)); err != nil {
			b.Fatal(err)
		}
		epoch++
	}
	closeSink(b, s)
}

// BenchmarkRead reads a file of 200,000 rows of iris.
func BenchmarkRead(b *testing.B) {
	const rows = 200_000
	dir := b.TempDir()
	rec := irisRows(rows)
	defer rec.Release()
	for _, x := range []struct {
		c       *Connector
		options []string
	}{
		{NewCSV(disk.OS{}, Config{}), []string{"header", "true"}},
		{NewJSON(disk.OS{}, Config{}), nil},
	} {
		b.Run(x.c.Name(), func(b *testing.B) {
			name := filepath.Join(dir, "rows."+x.c.Name())
			tab := declared(irisSchema, append(x.options, "path", name)...)
			enc, err := x.c.format.newEncoder(irisSchema, tab.Options)
			if err != nil {
				b.Fatal(err)
			}
			text := append(bytes.Clone(enc.header()), enc.appendRecord(nil, rec)...)
			if err := os.WriteFile(name, text, 0o666); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			t := task{memory.DefaultAllocator}
			for b.Loop() {
				if n, err := readAll(x.c, t, tab); err != nil || n != rows {
					b.Fatal(n, err)
				}
			}
			rate(b, rows)
		})
	}
}

// readAll decodes all rows of a table, one block after the other.
func readAll(c *Connector, t task, tab *catalog.Table) (rows int64, err error) {
	ctx := context.Background()
	src, err := c.OpenSource(ctx, connector.Env{}, tab)
	if err != nil {
		return 0, err
	}
	to, err := src.Latest(ctx)
	if err != nil {
		return 0, err
	}
	p := projection(src.Schema())
	for _, r := range src.Ranges(nil, to) {
		for c, err := range src.Read(ctx, r) {
			if err != nil {
				return rows, err
			}
			rec, err := c.Decode(t, p)
			if err != nil {
				return rows, err
			}
			rows += rec.NumRows()
			rec.Release()
			c.Release()
		}
	}
	return rows, nil
}
