package sql

import (
	"strconv"
	"strings"

	"github.com/xwb1989/sqlparser"
)

// standIn is a query in the words sqlparser knows. Every expression, table and
// alias is a name x<number>; the number is the slot where what the user wrote
// is kept. sqlparser decides how clauses, joins and set operations go
// together; build puts the slots back into the tree it makes.
type standIn struct {
	p     *parser
	buf   strings.Builder
	marks []mark
	slots []any
	// blocks holds, by the slot of its first select item, what of a SELECT
	// sqlparser does not see.
	blocks map[int]*selectBlock
	block  *selectBlock // the one being read; nil where an operand must follow
	parens int          // parentheses open in the stand-in
	op     setOperator  // the operator before the operand to come
}

// mark says which token a piece of the stand-in was written for.
type mark struct {
	at, end int
	tok     int
	clause  string // the clause that begins here, or ""
	block   *selectBlock
}

// selectBlock is the part of a SELECT that the stand-in leaves out.
type selectBlock struct {
	start, end int // tokens: [start, end)
	distinct   bool
	body       QueryBody     // VALUES, TABLE or a query in parentheses, in place of a SELECT
	views      []LateralView // without their inputs
	windows    []NamedWindow
	pivot      *Unsupported
	op         setOperator // what joins it to the operands before it
	clauses    []string    // seen so far
}

// setOperator is UNION, EXCEPT or INTERSECT between two operands.
type setOperator struct {
	op   string
	all  bool
	span Span
}

// The things a slot may hold beside *SelectItem, Relation, Expr and *GroupBy.
type (
	// joinSlot stands as the condition of a join.
	joinSlot struct{ join Join }
	// derivedSlot stands as the alias of a subquery in FROM.
	derivedSlot struct {
		derived Derived
		with    []CTE
		query   Span
	}
	// orderSlot is a key of ORDER BY or, with sort, of SORT BY.
	orderSlot struct {
		item OrderItem
		sort bool
	}
	// limitSlot is LIMIT or OFFSET; x is nil for LIMIT ALL and for the LIMIT that
	// sqlparser wants before an OFFSET.
	limitSlot struct{ x Expr }
)

// maxInline bounds the parentheses in one stand-in: sqlparser takes 200.
const maxInline = 100

func newStandIn(p *parser) *standIn {
	return &standIn{p: p, blocks: map[int]*selectBlock{}}
}

// write adds text that stands for the token at index tok.
func (s *standIn) write(text string, tok int) {
	s.marks = append(s.marks, mark{at: s.buf.Len(), end: s.buf.Len() + len(text), tok: tok, block: s.block})
	s.buf.WriteString(text)
}

// clause adds a clause's keyword.
func (s *standIn) clause(text, name string, tok int) {
	s.write(text, tok)
	s.marks[len(s.marks)-1].clause = name
	if s.block != nil {
		s.block.clauses = append(s.block.clauses, name)
	}
}

// slot adds a name for v, which was read from token tok on.
func (s *standIn) slot(v any, tok int) int {
	n := len(s.slots)
	s.slots = append(s.slots, v)
	s.write("x"+strconv.Itoa(n), tok)
	return n
}

// parse has sqlparser parse the stand-in. On a fault it fails at the token
// sqlparser stumbled over.
func (s *standIn) parse() sqlparser.SelectStatement {
	if s.p.err != nil {
		return nil
	}
	stmt, err := sqlparser.ParseStrictDDL(s.buf.String())
	if err != nil {
		s.fault(err)
		return nil
	}
	sel, ok := stmt.(sqlparser.SelectStatement)
	if !ok {
		s.p.unexpected("SELECT")
	}
	return sel
}

// fault reports an error of sqlparser in the user's words.
func (s *standIn) fault(err error) {
	m, ok := s.markAt(faultOffset(err))
	if !ok {
		s.p.unexpected("")
		return
	}
	t := s.p.at(m.tok)
	if m.clause == "" || m.block == nil {
		s.p.unexpectedAt(m.tok, "")
		return
	}
	for _, seen := range m.block.clauses {
		switch {
		case seen == m.clause && s.isRepeated(m):
			s.p.fail(t.span, "a second %s: a SELECT has one", m.clause)
			return
		case clauseRank[seen] > clauseRank[m.clause]:
			s.p.fail(t.span, "%s must come before %s", m.clause, seen)
			return
		}
	}
	s.p.unexpectedAt(m.tok, "")
}

// clauseRank is the order of the clauses of a query.
var clauseRank = map[string]int{
	"SELECT": 1, "FROM": 2, "WHERE": 3, "GROUP BY": 4, "HAVING": 5, "WINDOW": 6, "ORDER BY": 7, "SORT BY": 7, "LIMIT": 8, "OFFSET": 9,
}

// isRepeated reports whether m's clause occurs in its block before m.
func (s *standIn) isRepeated(m mark) bool {
	for _, other := range s.marks {
		if other.at >= m.at {
			return false
		}
		if other.block == m.block && other.clause == m.clause {
			return true
		}
	}
	return false
}

// markAt finds the mark that holds an offset into the stand-in.
func (s *standIn) markAt(offset int) (mark, bool) {
	for _, m := range s.marks {
		if offset >= m.at && offset < m.end {
			return m, true
		}
	}
	return mark{}, false
}

// faultOffset returns the offset of the last letter of the token that
// sqlparser's message names, or -1. The position it gives is counted from 1
// and one past the token, which is followed by the letter read ahead.
func faultOffset(err error) int {
	const before = "at position "
	msg := err.Error()
	i := strings.Index(msg, before)
	if i < 0 {
		return -1
	}
	digits := msg[i+len(before):]
	n, convErr := strconv.Atoi(digits[:skipDigits(digits, 0)])
	if convErr != nil {
		return -1
	}
	return n - 2
}

// slotOf returns what the name x<number> stands for.
func (s *standIn) slotOf(name string) any { return s.slots[slotNumber(name)] }

// slotNumber returns the number in x<number>.
func slotNumber(name string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(name, "x"))
	if err != nil {
		panic("sql: sqlparser gave a name that is none of ours: " + name)
	}
	return n
}
