package sql

import "sort"

// origin maps offsets of a statement's text after expansion to spans of the
// user's text. What came out of a ${...} maps to the whole of it.
type origin struct {
	pieces []piece // in order; the first begins at 0
}

// piece is a run of text: copied (from and to are as far apart as the run is
// long) or put in for the ${...} at [from, to).
type piece struct {
	at       int // offset in the expanded text
	from, to int // in the user's text
	expanded bool
}

// identity is the origin of a text without variables that starts at offset at
// of the user's text.
func identity(at, length int) *origin {
	return &origin{pieces: []piece{{from: at, to: at + length}}}
}

func (o *origin) find(offset int) piece {
	i := sort.Search(len(o.pieces), func(i int) bool { return o.pieces[i].at > offset })
	return o.pieces[max(i-1, 0)]
}

// span maps [start, end).
func (o *origin) span(start, end int) Span {
	if end <= start {
		p := o.point(start)
		return Span{Start: p, End: p}
	}
	first, last := o.find(start), o.find(end-1)
	s := Span{Start: first.from + start - first.at, End: last.from + end - last.at}
	if first.expanded {
		s.Start = first.from
	}
	if last.expanded {
		s.End = last.to
	}
	return s
}

// point maps the place before offset, or the end of the text.
func (o *origin) point(offset int) int {
	p := o.find(offset)
	if p.expanded {
		if offset == p.at {
			return p.from
		}
		return p.to
	}
	return p.from + offset - p.at
}
