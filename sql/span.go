package sql

// Span is a half-open range [Start, End) of byte offsets into the text of a
// script, before the expansion of variables: what a person can point at.
type Span struct {
	Start, End int
}

// Cover returns the smallest span that holds both s and t. An empty span does
// not count.
func (s Span) Cover(t Span) Span {
	switch {
	case s == Span{}:
		return t
	case t == Span{}:
		return s
	}
	return Span{Start: min(s.Start, t.Start), End: max(s.End, t.End)}
}

// Pos returns the span itself. Nodes embed Span and so satisfy Node.
func (s Span) Pos() Span { return s }

// Node is any part of a syntax tree.
type Node interface {
	// Pos is the span of the user's text that the node was read from.
	Pos() Span
}

// Ident is a name as the user spelled it, without quotes.
type Ident struct {
	Span
	Name string
}
