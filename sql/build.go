package sql

import "github.com/xwb1989/sqlparser"

// buildQuery turns sqlparser's tree of the stand-in, or of a subquery in it,
// into ours. The span and WITH are the caller's to set.
func (s *standIn) buildQuery(stmt sqlparser.SelectStatement) *Query {
	q := &Query{}
	var order sqlparser.OrderBy
	var limit *sqlparser.Limit
	switch t := stmt.(type) {
	case *sqlparser.Select:
		order, limit = t.OrderBy, t.Limit
	case *sqlparser.Union:
		order, limit = t.OrderBy, t.Limit
	}
	q.Body = s.buildBody(stmt)
	for _, o := range order {
		key := s.slotOf(columnName(o.Expr)).(*orderSlot)
		if key.sort {
			q.SortBy = append(q.SortBy, key.item)
		} else {
			q.OrderBy = append(q.OrderBy, key.item)
		}
	}
	if limit != nil {
		q.Limit = s.slotOf(columnName(limit.Rowcount)).(*limitSlot).x
		if limit.Offset != nil {
			q.Offset = s.slotOf(columnName(limit.Offset)).(*limitSlot).x
		}
	}
	return q
}

// operand is one operand of a chain of set operators and what joins it to
// those before it.
type operand struct {
	body QueryBody
	op   setOperator
}

// buildBody builds a SELECT or a chain of set operators.
func (s *standIn) buildBody(stmt sqlparser.SelectStatement) QueryBody {
	var chain []operand // last first
	top := true
	for stmt != nil {
		switch t := stmt.(type) {
		case *sqlparser.Select:
			body, block := s.buildSelect(t)
			if !top {
				s.refuseTail(t.OrderBy, t.Limit, block)
			}
			chain = append(chain, operand{body, block.op})
			stmt = nil
		case *sqlparser.Union:
			right, ok := t.Right.(*sqlparser.Select)
			if !ok {
				panic("sql: sqlparser gave an operand in parentheses")
			}
			body, block := s.buildSelect(right)
			if !top {
				s.refuseTail(t.OrderBy, t.Limit, block)
			}
			chain = append(chain, operand{body, block.op})
			stmt = t.Left
		default:
			panic("sql: sqlparser gave a query of an unknown kind")
		}
		top = false
	}
	return regroup(chain)
}

// refuseTail fails if an operand before a set operator has an ORDER BY or
// LIMIT of its own.
func (s *standIn) refuseTail(order sqlparser.OrderBy, limit *sqlparser.Limit, block *selectBlock) {
	if len(order) == 0 && limit == nil {
		return
	}
	for _, m := range s.marks {
		if m.block == block && clauseRank[m.clause] >= clauseRank["ORDER BY"] {
			s.p.fail(s.p.at(m.tok).span, "%s before a set operator needs parentheses around its query", m.clause).
				WithHint("write (SELECT ... %s ...) UNION ..., or put the %s at the end", m.clause, m.clause)
			return
		}
	}
}

// regroup joins the operands, the last of which comes first: INTERSECT binds
// tighter than UNION and EXCEPT, and equals from the left.
func regroup(chain []operand) QueryBody {
	var done QueryBody
	var pending setOperator
	term := chain[len(chain)-1].body
	for i := len(chain) - 2; i >= 0; i-- {
		o := chain[i]
		if o.op.op == "INTERSECT" {
			term = setOp(term, o.op, o.body)
			continue
		}
		done, pending, term = joined(done, pending, term), o.op, o.body
	}
	return joined(done, pending, term)
}

func joined(done QueryBody, op setOperator, term QueryBody) QueryBody {
	if done == nil {
		return term
	}
	return setOp(done, op, term)
}

func setOp(l QueryBody, op setOperator, r QueryBody) QueryBody {
	return &SetOp{Span: l.Pos().Cover(r.Pos()), Op: op.op, All: op.all, OpSpan: op.span, L: l, R: r}
}

func (s *standIn) buildSelect(t *sqlparser.Select) (QueryBody, *selectBlock) {
	first := slotNumber(columnName(t.SelectExprs[0].(*sqlparser.AliasedExpr).Expr))
	block := s.blocks[first]
	if block.body != nil {
		return block.body, block
	}
	sel := &Select{Distinct: block.distinct, Windows: block.windows}
	sel.Span = s.p.at(block.start).span.Cover(s.p.at(max(block.start, block.end-1)).span)
	for _, e := range t.SelectExprs {
		item := s.slotOf(columnName(e.(*sqlparser.AliasedExpr).Expr)).(*SelectItem)
		sel.Items = append(sel.Items, *item)
	}
	sel.From = s.buildFrom(t.From, block)
	if t.Where != nil {
		sel.Where = s.exprOf(t.Where.Expr)
	}
	if len(t.GroupBy) > 0 {
		sel.GroupBy = s.slotOf(columnName(t.GroupBy[0])).(*GroupBy)
	}
	if t.Having != nil {
		sel.Having = s.exprOf(t.Having.Expr)
	}
	return sel, block
}

// buildFrom builds the relations; views stand over all of them.
func (s *standIn) buildFrom(exprs sqlparser.TableExprs, block *selectBlock) []Relation {
	var out []Relation
	for _, e := range exprs {
		if r := s.buildRelation(e); r != nil {
			out = append(out, r)
		}
	}
	if block.pivot != nil {
		return []Relation{block.pivot}
	}
	if len(block.views) == 0 {
		return out
	}
	var input Relation
	for _, r := range out {
		if input == nil {
			input = r
			continue
		}
		input = &Join{Span: input.Pos().Cover(r.Pos()), Kind: "CROSS", L: input, R: r}
	}
	for _, view := range block.views {
		view.Input = input
		if input != nil {
			view.Span = input.Pos().Cover(view.Span)
		}
		input = &view
	}
	return []Relation{input}
}

// buildRelation returns nil for the table sqlparser puts in for no FROM.
func (s *standIn) buildRelation(e sqlparser.TableExpr) Relation {
	switch t := e.(type) {
	case *sqlparser.AliasedTableExpr:
		if sub, ok := t.Expr.(*sqlparser.Subquery); ok {
			return s.buildDerived(sub, t.As.String())
		}
		name := t.Expr.(sqlparser.TableName).Name.String()
		if name == "dual" {
			return nil
		}
		return s.slotOf(name).(Relation)
	case *sqlparser.ParenTableExpr:
		return s.buildRelation(t.Exprs[0])
	case *sqlparser.JoinTableExpr:
		return s.buildJoin(t)
	}
	panic("sql: sqlparser gave a relation of an unknown kind")
}

func (s *standIn) buildDerived(sub *sqlparser.Subquery, alias string) Relation {
	slot := s.slotOf(alias).(*derivedSlot)
	q := s.buildQuery(sub.Select)
	q.With, q.Span = slot.with, slot.query
	d := slot.derived
	d.Query = q
	return &d
}

// buildJoin goes down a chain of joins in a loop: it may be long.
func (s *standIn) buildJoin(t *sqlparser.JoinTableExpr) Relation {
	chain := []*sqlparser.JoinTableExpr{t}
	for {
		left, ok := t.LeftExpr.(*sqlparser.JoinTableExpr)
		if !ok {
			break
		}
		chain = append(chain, left)
		t = left
	}
	out := s.buildRelation(t.LeftExpr)
	for i := len(chain) - 1; i >= 0; i-- {
		j := s.slotOf(columnName(chain[i].Condition.On)).(*joinSlot).join
		j.L, j.R = out, s.buildRelation(chain[i].RightExpr)
		j.Span = j.L.Pos().Cover(j.R.Pos())
		if j.On != nil {
			j.Span = j.Span.Cover(j.On.Pos())
		}
		for _, name := range j.Using {
			j.Span = j.Span.Cover(name.Span)
		}
		out = &j
	}
	return out
}

func (s *standIn) exprOf(e sqlparser.Expr) Expr {
	x, _ := s.slotOf(columnName(e)).(Expr)
	return x
}

// columnName is the name in the stand-in's only kind of expression.
func columnName(e sqlparser.Expr) string {
	c, ok := e.(*sqlparser.ColName)
	if !ok {
		panic("sql: sqlparser gave an expression that is no name")
	}
	return c.Name.String()
}
