package plan

// limitRule moves LIMIT down: below projections, into the inputs of a union and
// the left side of a left join, and joins two limits into one. Over a stream it
// stays on top, where the rows of all epochs are counted. It does not pass a call of
// a model that leaves rows out: the rows that are left are counted.
func limitRule() Rule {
	return Rule{Name: "limit", Apply: func(n Node) (Node, bool) { return transformUp(n, pushLimit) }}
}

func pushLimit(n Node) (Node, bool) {
	l, ok := n.(*Limit)
	if !ok {
		return n, false
	}
	if l.N < 0 && l.Offset == 0 {
		return l.Input, true
	}
	if IsUnbounded(l.Input) {
		return n, false
	}
	switch in := l.Input.(type) {
	case *Project:
		if rejects(in) {
			return n, false
		}
		return in.WithInputs([]Node{l.WithInputs([]Node{in.Input})}), true
	case *Limit:
		return joinLimits(l, in), true
	case *Union:
		if l.N < 0 {
			return n, false
		}
		ins := make([]Node, len(in.Ins))
		changed := false
		for i, branch := range in.Ins {
			if ins[i] = branch; !limited(branch, l.N+l.Offset) {
				ins[i], changed = &Limit{Input: branch, N: l.N + l.Offset}, true
			}
		}
		return l.WithInputs([]Node{in.WithInputs(ins)}), changed
	case *Join:
		if l.N < 0 || in.Kind != Left || rejects(in) || limited(in.Left, l.N+l.Offset) {
			return n, false
		}
		left := &Limit{Input: in.Left, N: l.N + l.Offset}
		return l.WithInputs([]Node{in.WithInputs([]Node{left, in.Right})}), true
	}
	return n, false
}

// rejects says whether a node itself may leave out rows that a model has no answer
// for.
func rejects(n Node) bool {
	found := false
	for _, e := range exprsOf(n) {
		visit(e, func(e Expr) bool {
			if c, ok := e.(*Call); ok && c.Fn.Rejects != nil {
				found = true
			}
			return !found
		})
	}
	return found
}

// joinLimits is the limit that two on top of each other are.
func joinLimits(outer, inner *Limit) Node {
	out := &Limit{Input: inner.Input, N: -1, Offset: inner.Offset + outer.Offset}
	if inner.N >= 0 {
		out.N = max(inner.N-outer.Offset, 0)
	}
	if outer.N >= 0 && (out.N < 0 || outer.N < out.N) {
		out.N = outer.N
	}
	return out
}

// limited says whether a plan gives at most max rows by a limit of its own.
func limited(n Node, most int64) bool {
	switch n := n.(type) {
	case *Limit:
		return n.N >= 0 && n.N <= most
	case *Project:
		return limited(n.Input, most)
	case *Values:
		return int64(n.Rows) <= most
	}
	return false
}
