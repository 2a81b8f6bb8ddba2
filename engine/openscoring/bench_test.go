package openscoring

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
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
//
// MILLRACE_BENCH_URL is another server on this machine that the same clients are to
// ask, with the iris forest deployed: http://127.0.0.1:8080/openscoring/model/m.
func BenchmarkServe(b *testing.B) {
	url := os.Getenv("MILLRACE_BENCH_URL")
	if url == "" {
		s := newServer(b, Config{MaxConcurrency: 64})
		if w := admin(s, http.MethodPut, "/openscoring/model/m", "text/xml", readFile(b, irisDocument)); w.Code != http.StatusCreated {
			b.Fatal(w.Code, w.Body)
		}
		h := httptest.NewServer(s)
		defer h.Close()
		url = h.URL + "/openscoring/model/m"
	}
	for _, c := range []struct {
		name, path, body string
		rows             int
	}{
		{"single", "", irisRecord, 1},
		{"batch1000", "/batch", manyRecords(1000), 1000},
	} {
		for _, clients := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/clients%d", c.name, clients), func(b *testing.B) { benchClients(b, url+c.path, c.body, c.rows, clients) })
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

// loadClient sends one request again and again over a connection of its own,
// without net/http's client and its goroutines, which would cost more than what is
// measured.
type loadClient struct {
	conn    net.Conn
	in      *bufio.Reader
	request []byte
}

func newLoadClient(b *testing.B, address, body string) *loadClient {
	u, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		b.Fatal(err)
	}
	request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", u.Path, u.Host, len(body), body)
	return &loadClient{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), request: []byte(request)}
}

// ask sends the request and reads the answer to its end.
func (c *loadClient) ask() error {
	if _, err := c.conn.Write(c.request); err != nil {
		return err
	}
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return res.Body.Close()
}

func benchClients(b *testing.B, address, body string, rows, clients int) {
	took := make([][]time.Duration, clients)
	all := make([]*loadClient, clients)
	for i := range all {
		all[i] = newLoadClient(b, address, body)
		if err := all[i].ask(); err != nil { // a connection's first request is another
			b.Fatal(err)
		}
	}
	var under sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for i, c := range all {
		n := b.N / clients
		if i < b.N%clients {
			n++
		}
		under.Go(func() {
			for range n {
				began := time.Now()
				if err := c.ask(); err != nil {
					b.Error(err)
					return
				}
				took[i] = append(took[i], time.Since(began))
			}
		})
	}
	under.Wait()
	b.StopTimer()
	for _, c := range all {
		_ = c.conn.Close()
	}
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

// BenchmarkRecord is a single record without the network: all that the server does
// for a request but net/http's part.
func BenchmarkRecord(b *testing.B) {
	s := newServer(b, Config{})
	if w := admin(s, http.MethodPut, "/openscoring/model/m", "text/xml", readFile(b, irisDocument)); w.Code != http.StatusCreated {
		b.Fatal(w.Code, w.Body)
	}
	body := strings.NewReader("")
	r := httptest.NewRequest(http.MethodPost, "/openscoring/model/m", body)
	r.Header.Set("Content-Type", "application/json")
	r.ContentLength = int64(len(irisRecord))
	w := &discard{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(irisRecord)
		if s.ServeHTTP(w, r); w.status != http.StatusOK {
			b.Fatal(w.status)
		}
	}
}

// discard is a writer of answers that nobody reads.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

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
