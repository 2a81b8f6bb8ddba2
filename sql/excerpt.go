package sql

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

func itoa(n int) string { return strconv.Itoa(n) }

// position returns the line and column, both from 1, of an offset; columns
// count characters.
func position(text string, offset int) (line, col int) {
	offset = max(0, min(offset, len(text)))
	before := text[:offset]
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}

// Position returns the line and column, both from 1, of an offset into the
// source; columns count characters.
func (s *Source) Position(offset int) (line, col int) { return position(s.Text, offset) }

const (
	excerptWidth = 120 // characters of a line that are shown
	excerptLead  = 60  // of them before the place, when the line is longer
)

// excerpt is the line a span starts in and a line with a caret and tildes
// under it.
func excerpt(text string, span Span) string {
	start := max(0, min(span.Start, len(text)))
	from := strings.LastIndexByte(text[:start], '\n') + 1
	to := len(text)
	if i := strings.IndexByte(text[start:], '\n'); i >= 0 {
		to = start + i
	}
	end := max(start, min(span.End, to))
	line := []rune(strings.TrimRight(text[from:to], "\r"))
	at := min(utf8.RuneCountInString(text[from:start]), len(line))
	width := min(utf8.RuneCountInString(text[start:end]), len(line)-at)

	lead, tail := "", ""
	if len(line) > excerptWidth {
		first := max(0, min(at-excerptLead, len(line)-excerptWidth))
		last := min(len(line), first+excerptWidth)
		if first > 0 {
			lead = "..."
		}
		if last < len(line) {
			tail = "..."
		}
		line, at = line[first:last], at-first
		width = min(width, len(line)-at)
	}
	var b strings.Builder
	b.WriteString("\n    " + lead + printable(line) + tail + "\n    ")
	b.WriteString(strings.Repeat(" ", len(lead)))
	for _, r := range line[:at] {
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	b.WriteByte('^')
	b.WriteString(strings.Repeat("~", max(0, width-1)))
	return b.String()
}

// printable replaces control characters, tabs apart.
func printable(line []rune) string {
	out := make([]rune, len(line))
	for i, r := range line {
		if r < ' ' && r != '\t' || r == 0x7F {
			r = utf8.RuneError
		}
		out[i] = r
	}
	return string(out)
}
