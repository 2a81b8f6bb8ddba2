package pmml

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode"
)

// textIndexNode is a TextIndex: how often a term stands in a text.
type textIndexNode struct {
	e      *element
	field  string
	weight string
	best   bool // countHits="bestHits"
	how    textRules
	term   node
	norms  []*textNorm
}

// textRules say how texts are cut into words and compared.
type textRules struct {
	fold     bool // not case-sensitive
	distance int
	sep      *regexp.Regexp
	tokenize bool
}

// textNorm is a TextIndexNormalization: replacements in the text.
type textNorm struct {
	how       textRules
	recursive bool
	rows      []textRow
}

type textRow struct {
	pattern *regexp.Regexp // or
	words   []string
	out     string
}

// rules reads the attributes that TextIndex and TextIndexNormalization have in common.
func (a *attrs) rules(def textRules) textRules {
	r := textRules{fold: !a.flag("isCaseSensitive", !def.fold), distance: a.int("maxLevenshteinDistance", def.distance),
		sep: def.sep, tokenize: a.flag("tokenize", def.tokenize)}
	for _, n := range []string{"wordSeparatorCharacterRE", "wordRE"} {
		if s, ok := a.get(n); ok {
			re, err := regexp.Compile(s)
			if err != nil || n == "wordRE" {
				a.fail("%s=%q is not supported, expected a pattern that Go's regexp can read", n, s)
				continue
			}
			r.sep = re
		}
	}
	return r
}

func (l *loader) textIndex(e *element) (node, error) {
	a := e.read()
	n := &textIndexNode{e: e, field: a.need("textField")}
	n.weight = a.word("localTermWeights", "termFrequency", "binary", "logarithmic", "augmentedNormalizedTermFrequency")
	n.best = a.word("countHits", "allHits", "bestHits") == "bestHits"
	n.how = a.rules(textRules{fold: true, sep: regexp.MustCompile(`\s+`), tokenize: true})
	if err := a.end(); err != nil {
		return nil, err
	}
	err := l.d.each(e, func(c *element) (err error) {
		if c.name == "TextIndexNormalization" {
			return l.textNorm(c, n)
		}
		if n.term != nil {
			return c.errorf("TextIndex has more than one expression")
		}
		n.term, err = l.expression(c)
		return err
	})
	if err == nil && n.term == nil {
		err = e.errorf("has no expression for its term")
	}
	return n, err
}

func (l *loader) textNorm(e *element, in *textIndexNode) error {
	a := e.read()
	from, to, isRE := column(a.str("inField", "string")), column(a.str("outField", "stem")), column(a.str("regexField", "regex"))
	n := &textNorm{recursive: a.flag("recursive", false)}
	n.how = a.rules(in.how)
	if err := a.end(); err != nil {
		return err
	}
	in.norms = append(in.norms, n)
	return l.d.each(e, func(c *element) error {
		if c.name != "InlineTable" {
			return c.unsupported(e)
		}
		table, err := l.inlineTable(c)
		for _, cells := range table {
			r := textRow{out: cells[to]}
			s, ok := cells[from]
			if _, has := cells[to]; !ok || !has {
				return c.errorf("a row has no column %s or no column %s", from, to)
			}
			if cells[isRE] == "true" || cells[isRE] == "1" {
				if n.how.fold {
					s = "(?i)" + s
				}
				if r.pattern, err = regexp.Compile(s); err != nil {
					return c.errorf("the pattern %q: %v", s, err)
				}
			} else if r.words = n.how.words(s); len(r.words) == 0 {
				return c.errorf("a row has an empty %s", from)
			}
			n.rows = append(n.rows, r)
		}
		return err
	})
}

func (n *textIndexNode) bind(l *loader, s *scope) (expr, error) {
	f, err := l.resolve(s, n.e, n.field)
	if err != nil {
		return nil, err
	}
	if !f.free && f.typ != tString {
		return nil, n.e.errorf("the field %q is a %s, not a string", n.field, f.typ)
	}
	term, err := n.term.bind(l, s)
	return &textIndex{n: n, slot: f.slot, term: term}, err
}

// textIndex is the bound form.
type textIndex struct {
	n    *textIndexNode
	slot int
	term expr
}

func (x *textIndex) eval(r *row) value {
	v, t := r.get(x.slot), x.term.eval(r)
	if v.missing() || t.missing() {
		return value{}
	}
	s := v.String()
	for _, norm := range x.n.norms {
		var err error
		if s, err = norm.apply(s); err != nil {
			return r.fail(fmt.Errorf("TextIndexNormalization %w", err))
		}
	}
	how := x.n.how
	text, term := how.words(s), how.words(t.String())
	tf := how.hits(text, term, x.n.best)
	switch x.n.weight {
	case "binary":
		return integer(b2i(tf > 0))
	case "logarithmic":
		return double(math.Log10(1 + float64(tf)))
	case "augmentedNormalizedTermFrequency":
		most, counts := 0, map[string]int{}
		for _, w := range text {
			counts[w]++
			most = max(most, counts[w])
		}
		if tf == 0 {
			return double(0)
		}
		return double(0.5 + 0.5*float64(tf)/float64(max(most, tf)))
	}
	return integer(int64(tf))
}

// words cuts a text into words without the punctuation at their ends.
func (h *textRules) words(s string) []string {
	if h.fold {
		s = strings.ToLower(s)
	}
	if !h.tokenize {
		return []string{s}
	}
	var out []string
	for _, w := range h.sep.Split(s, -1) {
		if w = strings.TrimFunc(w, unicode.IsPunct); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// hits counts the places where the words of term stand in text, with at most distance edits together; with best set
// only those with the fewest edits.
func (h *textRules) hits(text, term []string, best bool) int {
	if len(term) == 0 {
		return 0
	}
	count, least := 0, h.distance
	for i := 0; i+len(term) <= len(text); i++ {
		d := h.edits(text[i:i+len(term)], term)
		switch {
		case d > least:
		case best && d < least:
			count, least = 1, d
		default:
			count++
		}
	}
	return count
}

func (h *textRules) edits(a, b []string) int {
	sum := 0
	for i := range a {
		switch {
		case a[i] == b[i]:
		case h.distance == 0:
			return 1
		default:
			sum += distance(a[i], b[i])
		}
	}
	return sum
}

// maxRounds bounds a recursive normalization.
const maxRounds = 100

func (n *textNorm) apply(s string) (string, error) {
	for range maxRounds {
		was := s
		for i := range n.rows {
			var err error
			if s, err = n.rows[i].replace(s, &n.how); err != nil {
				return "", err
			}
		}
		if !n.recursive || s == was {
			break
		}
	}
	return s, nil
}

func (r *textRow) replace(s string, how *textRules) (string, error) {
	if r.pattern != nil {
		return replaceAll(r.pattern, s, r.out)
	}
	words := how.words(s)
	var out []string
	for i := 0; i < len(words); {
		if i+len(r.words) <= len(words) && how.edits(words[i:i+len(r.words)], r.words) <= how.distance {
			out = append(out, r.out)
			i += len(r.words)
			continue
		}
		out = append(out, words[i])
		i++
	}
	return joinText(out, " ")
}
