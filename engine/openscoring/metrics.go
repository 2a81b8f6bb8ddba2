package openscoring

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// modelStats counts what a model did, over all its deployments.
type modelStats struct{ requests, rows, faults, nanos atomic.Int64 }

// buckets are the upper bounds of the histogram of durations.
var buckets = []time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
}

// operation is what a request asks for.
type operation int

const (
	opList operation = iota
	opDescribe
	opDocument
	opDeploy
	opUndeploy
	opScore
	opBatch
	opCSV
	opOther
	operations
)

var operationNames = [operations]string{"list", "describe", "document", "deploy", "undeploy", "score", "batch", "csv", "other"}

// statuses are the codes that are counted apart.
var statuses = []int{200, 201, 204, 400, 403, 404, 405, 408, 409, 413, 415, 429, 500, 503}

// operationStats counts the requests of one operation.
type operationStats struct {
	byStatus [15]atomic.Int64 // as statuses, and one for any other
	byTime   [bucketCount]atomic.Int64
	slower   atomic.Int64
	nanos    atomic.Int64
}

// bucketCount is the length of buckets.
const bucketCount = 16

func (o *operationStats) observe(status int, took time.Duration) {
	i := slices.Index(statuses, status)
	if i < 0 {
		i = len(statuses)
	}
	o.byStatus[i].Add(1)
	o.nanos.Add(int64(took))
	for i, b := range buckets {
		if took <= b {
			o.byTime[i].Add(1)
			return
		}
	}
	o.slower.Add(1)
}

// metrics are a server's counters.
type metrics struct {
	started    time.Time
	operations [operations]operationStats
	underWay   atomic.Int64
	refused    atomic.Int64 // for want of a free place
}

// serveMetrics writes the counters in the Prometheus text format.
func (s *Server) serveMetrics(w http.ResponseWriter, r *http.Request) {
	var b strings.Builder
	head := func(name, kind, help string) { fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind) }
	m := &s.metrics
	head("millrace_http_requests_total", "counter", "Requests answered, by operation and status.")
	for op, name := range operationNames {
		for i := range m.operations[op].byStatus {
			if n := m.operations[op].byStatus[i].Load(); n > 0 {
				code := "other"
				if i < len(statuses) {
					code = strconv.Itoa(statuses[i])
				}
				fmt.Fprintf(&b, "millrace_http_requests_total{operation=%q,code=%q} %d\n", name, code, n)
			}
		}
	}
	head("millrace_http_request_duration_seconds", "histogram", "Time from a request's head to its answer.")
	for op, name := range operationNames {
		m.operations[op].histogram(&b, name)
	}
	s.modelMetrics(&b, head)
	for _, g := range []struct {
		name, kind, help string
		value            string
	}{
		{"millrace_models", "gauge", "Models deployed.", strconv.Itoa(len(s.store.all()))},
		{"millrace_model_files_left_out", "gauge", "Files of the models folder that could not be loaded at start.", strconv.Itoa(len(s.faults))},
		{"millrace_http_requests_under_way", "gauge", "Requests being scored.", strconv.FormatInt(m.underWay.Load(), 10)},
		{"millrace_http_buffered_bytes", "gauge", "Bodies up to 1 MiB and answers in memory.", strconv.FormatInt(s.buffered.Load(), 10)},
		{"millrace_http_requests_refused_total", "counter", "Requests that found no free place in time, or no memory.", strconv.FormatInt(m.refused.Load(), 10)},
		{"millrace_start_time_seconds", "gauge", "When the server started, in seconds since 1970.", strconv.FormatInt(m.started.Unix(), 10)},
	} {
		head(g.name, g.kind, g.help)
		fmt.Fprintf(&b, "%s %s\n", g.name, g.value)
	}
	static(w, r, "text/plain; version=0.0.4; charset=utf-8", []byte(b.String()))
}

func (o *operationStats) histogram(b *strings.Builder, name string) {
	const metric = "millrace_http_request_duration_seconds"
	var counts [bucketCount]int64
	total := o.slower.Load()
	for i := range buckets {
		counts[i] = o.byTime[i].Load()
		total += counts[i]
	}
	if total == 0 {
		return
	}
	sum := int64(0)
	for i, limit := range buckets {
		sum += counts[i]
		fmt.Fprintf(b, "%s_bucket{operation=%q,le=%q} %d\n", metric, name, strconv.FormatFloat(limit.Seconds(), 'g', -1, 64), sum)
	}
	fmt.Fprintf(b, "%s_bucket{operation=%q,le=\"+Inf\"} %d\n", metric, name, total)
	fmt.Fprintf(b, "%s_sum{operation=%q} %s\n", metric, name, seconds(o.nanos.Load()))
	fmt.Fprintf(b, "%s_count{operation=%q} %d\n", metric, name, total)
}

func seconds(nanos int64) string {
	return strconv.FormatFloat(time.Duration(nanos).Seconds(), 'g', -1, 64)
}

func (s *Server) modelMetrics(b *strings.Builder, head func(name, kind, help string)) {
	models := s.store.all()
	for _, c := range []struct {
		name, help string
		value      func(*modelStats) string
	}{
		{"millrace_model_requests_total", "Requests scored, by model.", func(m *modelStats) string { return strconv.FormatInt(m.requests.Load(), 10) }},
		{"millrace_model_rows_total", "Records scored, by model.", func(m *modelStats) string { return strconv.FormatInt(m.rows.Load(), 10) }},
		{"millrace_model_row_faults_total", "Records that could not be scored, by model.", func(m *modelStats) string { return strconv.FormatInt(m.faults.Load(), 10) }},
		{"millrace_model_score_seconds_total", "Time in the scorer, by model.", func(m *modelStats) string { return seconds(m.nanos.Load()) }},
	} {
		head(c.name, "counter", c.help)
		for _, e := range models {
			fmt.Fprintf(b, "%s{model=%q} %s\n", c.name, e.id, c.value(e.stats))
		}
	}
}
