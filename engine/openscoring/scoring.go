package openscoring

import (
	"net/http"
	"time"
)

// find gives a model, or answers that there is none.
func (c *call) find(id string) *entry {
	e := c.store.get(id)
	if e == nil {
		c.status(http.StatusNotFound)
	}
	return e
}

// touch notes that a model was used.
func (e *entry) touch(s *scored, began time.Time) {
	now := time.Now()
	e.accessed.Store(&now)
	e.stats.requests.Add(1)
	e.stats.rows.Add(int64(s.n))
	e.stats.faults.Add(int64(len(s.faults)))
	e.stats.nanos.Add(int64(now.Sub(began)))
}

// score answers one record.
func (c *call) score(id string) {
	c.records(id, func(b *batch, body []byte) error { return b.parseRecord(body) }, func(s *scored, b *batch) {
		if len(s.faults) > 0 {
			c.refuse(http.StatusBadRequest, s.faults[0].message)
			return
		}
		c.buf.reply = s.appendRecord(c.buf.reply[:0], b.ids[0])
		c.json(http.StatusOK, c.buf.reply)
	})
}

// batch answers many records, each on its own.
func (c *call) batch(id string) {
	c.records(id, func(b *batch, body []byte) error { return b.parseBatch(body) }, func(s *scored, b *batch) {
		c.buf.reply = s.appendBatch(c.buf.reply[:0], b.id, b.ids)
		c.json(http.StatusOK, c.buf.reply)
	})
}

// records reads a body, scores its records in one call, and answers.
func (c *call) records(id string, parse func(*batch, []byte) error, answer func(*scored, *batch)) {
	e := c.find(id)
	if e == nil {
		return
	}
	body, err := c.read("", "application/json")
	if err != nil {
		c.fail(err)
		return
	}
	leave, err := c.place()
	if err != nil {
		c.fail(err)
		return
	}
	b := &c.buf.batch
	b.rows, b.max = newRows(e.model, c.cfg.Allocator), c.cfg.MaxRows
	b.rows.strictNaN = true
	defer b.rows.release()
	var s *scored
	if err = parse(b, body); err == nil {
		began := time.Now()
		if s, err = b.rows.run(c.cfg.Allocator); err == nil {
			defer s.release()
			e.touch(s, began)
		}
	}
	leave()
	if err != nil {
		c.fail(err)
		return
	}
	answer(s, b)
}

// csv answers a CSV document.
func (c *call) csv(id string) {
	e := c.find(id)
	if e == nil {
		return
	}
	body, err := c.read("csv", "text/plain", "text/csv", "application/csv")
	if err != nil {
		c.fail(err)
		return
	}
	req := &csvRequest{quote: '"'}
	q := query(c.r)
	for _, o := range []struct {
		name string
		to   *byte
	}{{"delimiterChar", &req.sep}, {"quoteChar", &req.quote}} {
		switch v := q.Get(o.name); {
		case len(v) == 1:
			*o.to = v[0]
		case v != "":
			c.refuse(http.StatusBadRequest, "the parameter "+o.name+" must be one ASCII character")
			return
		}
	}
	if req.sep == 0 {
		if req.sep, err = detectSeparator(body, req.quote); err != nil {
			c.fail(err)
			return
		}
	}
	leave, err := c.place()
	if err != nil {
		c.fail(err)
		return
	}
	defer leave()
	req.rows = newRows(e.model, c.cfg.Allocator)
	req.rows.strictNaN = true
	defer req.rows.release()
	if err := req.parse(body, c.cfg.MaxRows); err != nil {
		c.fail(err)
		return
	}
	began := time.Now()
	reply, s, err := req.answer(c.buf.reply[:0], c.cfg.Allocator)
	if err != nil {
		c.fail(err)
		return
	}
	defer s.release()
	e.touch(s, began)
	if len(s.faults) > 0 {
		c.refuse(http.StatusBadRequest, s.faults[0].message)
		return
	}
	c.buf.reply = reply
	c.answer(http.StatusOK, "text/plain;charset=utf-8", reply)
}
