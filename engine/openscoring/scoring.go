package openscoring

import (
	"errors"
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
	c.records(id, func(b *batch, body []byte) error { return b.parseRecord(body) }, func(s *scored, b *batch) error {
		if len(s.faults) > 0 {
			return errors.New(s.faults[0].message)
		}
		c.buf.reply = s.appendRecord(c.buf.reply[:0], b.ids[0])
		return nil
	})
}

// batch answers many records, each on its own.
func (c *call) batch(id string) {
	c.records(id, func(b *batch, body []byte) error { return b.parseBatch(body) }, func(s *scored, b *batch) error {
		c.buf.reply = s.appendBatch(c.buf.reply[:0], b.id, b.ids)
		return nil
	})
}

// records reads a body, scores its records in one call, and answers with what
// reply puts into the buffer for it.
func (c *call) records(id string, parse func(*batch, []byte) error, reply func(*scored, *batch) error) {
	e := c.find(id)
	if e == nil {
		return
	}
	body, err := c.read(nil, "application/json")
	if err == nil {
		err = c.compute(func() error { return c.scoreRecords(e, body, parse, reply) })
	}
	if err == nil {
		err = c.hold(len(c.buf.reply))
	}
	if err != nil {
		c.fail(err)
		return
	}
	c.json(http.StatusOK, c.buf.reply)
}

// compute runs a function in one of the places, and not the writing of the
// answer: a client that reads slowly keeps no place.
func (c *call) compute(f func() error) error {
	leave, err := c.place()
	if err != nil {
		return err
	}
	defer leave()
	return f()
}

func (c *call) scoreRecords(e *entry, body []byte, parse func(*batch, []byte) error, reply func(*scored, *batch) error) error {
	b := &c.buf.batch
	b.rows, b.max = newRows(e.model, c.cfg.Allocator), e.model.mostRows(c.cfg.MaxRows)
	b.rows.strictNaN = true
	defer b.rows.release()
	if err := parse(b, body); err != nil {
		return err
	}
	began := time.Now()
	s, err := b.rows.run(c.cfg.Allocator)
	if err != nil {
		return err
	}
	defer s.release()
	e.touch(s, began)
	return reply(s, b)
}

// csv answers a CSV document.
func (c *call) csv(id string) {
	e := c.find(id)
	if e == nil {
		return
	}
	body, err := c.read([]string{"csv"}, "text/plain", "text/csv", "application/csv")
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
	err = c.compute(func() error { return c.scoreCSV(e, req, body) })
	if err == nil {
		err = c.hold(len(c.buf.reply))
	}
	if err != nil {
		c.fail(err)
		return
	}
	c.answer(http.StatusOK, "text/plain;charset=utf-8", c.buf.reply)
}

func (c *call) scoreCSV(e *entry, req *csvRequest, body []byte) (err error) {
	if req.sep == 0 {
		if req.sep, err = detectSeparator(body, req.quote); err != nil {
			return err
		}
	}
	req.rows = newRows(e.model, c.cfg.Allocator)
	req.rows.strictNaN = true
	defer req.rows.release()
	if err := req.parse(body, e.model.mostRows(c.cfg.MaxRows)); err != nil {
		return err
	}
	began := time.Now()
	reply, s, err := req.answer(c.buf.reply[:0], c.cfg.Allocator)
	if err != nil {
		return err
	}
	defer s.release()
	e.touch(s, began)
	if len(s.faults) > 0 {
		return errors.New(s.faults[0].message)
	}
	c.buf.reply = reply
	return nil
}
