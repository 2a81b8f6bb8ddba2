package openscoring

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow/memory"
)

// BenchmarkServe sends single records and batches of 1,000 over loopback, from
// several clients at a time, each with a connection of its own. It reports
// requests and records a second, and the median and the 99th percentile of a
// request's time as its client sees it.
func BenchmarkServe(b *testing.B) {
	s := newServer(b, Config{MaxConcurrency: 64})
	if w := admin(s, http.MethodPut, "/openscoring/model/m", "text/xml", readFile(b, irisDocument)); w.Code != http.StatusCreated {
		b.Fatal(w.Code, w.Body)
	}
	h := httptest.NewServer(s)
	defer h.Close()
	for _, c := range []struct {
		name, path, body string
		rows             int
	}{
		{"single", "/openscoring/model/m", irisRecord, 1},
		{"batch1000", "/openscoring/model/m/batch", manyRecords(1000), 1000},
	} {
		for _, clients := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/clients%d", c.name, clients), func(b *testing.B) { benchClients(b, h, c.path, c.body, c.rows, clients) })
		}
	}
}

func manyRecords(n int) string {
	var b strings.Builder
	b.WriteString(`{"id":"b","requests":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"record-%d","arguments":{"sepal_length":%d.1,"sepal_width":3.%d,"petal_length":%d.4,"petal_width":1.%d}}`, i, 4+i%4, i%10, 1+i%6, i%9)
	}
	b.WriteString("]}")
	return b.String()
}

func benchClients(b *testing.B, h *httptest.Server, path, body string, rows, clients int) {
	took := make([][]time.Duration, clients)
	var all sync.WaitGroup
	b.ReportAllocs()
	for c := range clients {
		n := b.N / clients
		if c < b.N%clients {
			n++
		}
		all.Go(func() {
			client := &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext}}
			defer client.CloseIdleConnections()
			for range n {
				began := time.Now()
				res, err := client.Post(h.URL+path, "application/json", strings.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				if err != nil || res.StatusCode != http.StatusOK {
					b.Error(res.Status, err)
					return
				}
				took[c] = append(took[c], time.Since(began))
			}
		})
	}
	all.Wait()
	times := slices.Concat(took...)
	slices.Sort(times)
	if len(times) == 0 {
		return
	}
	b.ReportMetric(float64(len(times))/b.Elapsed().Seconds(), "requests/s")
	b.ReportMetric(float64(len(times)*rows)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(times[len(times)/2].Nanoseconds())/1e3, "p50-us")
	b.ReportMetric(float64(times[len(times)*99/100].Nanoseconds())/1e3, "p99-us")
}

// BenchmarkBatch is a batch of 1,000 without HTTP: parsing, scoring, writing.
func BenchmarkBatch(b *testing.B) {
	m := load(b, irisDocument)
	body := []byte(manyRecords(1000))
	var req batch
	var reply []byte
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		req.rows = newRows(m, memory.DefaultAllocator)
		if err := req.parseBatch(body); err != nil {
			b.Fatal(err)
		}
		s, err := req.rows.run(memory.DefaultAllocator)
		if err != nil {
			b.Fatal(err)
		}
		reply = s.appendBatch(reply[:0], req.id, req.ids)
		s.release()
		req.rows.release()
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkScoreCSV scores a CSV file of 100,000 rows.
func BenchmarkScoreCSV(b *testing.B) {
	m := load(b, irisDocument)
	var in bytes.Buffer
	in.WriteString("sepal_length,sepal_width,petal_length,petal_width\n")
	for i := range 100_000 {
		fmt.Fprintf(&in, "%d.1,3.%d,%d.4,1.%d\n", 4+i%4, i%10, 1+i%6, i%9)
	}
	b.ReportAllocs()
	b.SetBytes(int64(in.Len()))
	dir := b.TempDir()
	for b.Loop() {
		if _, err := m.ScoreCSV(b.Context(), io.Discard, bytes.NewReader(in.Bytes()), CSVOptions{TempDir: dir}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(100_000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
