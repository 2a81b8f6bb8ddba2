package plan

import (
	"slices"
	"strings"

	"github.com/millrace-sql/millrace/catalog"
)

// scoreRule has a model scored once where one node scores it several times for
// the same values, as predict and predict_proba beside each other do, and only for
// the outputs that are read.
func scoreRule() Rule {
	return Rule{Name: "score", Apply: func(n Node) (Node, bool) {
		shared, ok := transformUp(n, shareScores)
		out, narrowed := narrowScores(shared)
		return out, ok || narrowed
	}}
}

// scoreUse is one place where a node reads a model's outputs.
type scoreUse struct {
	info *catalog.Scoring // of the call that stands there
	base *Call            // the call that scores
	key  string           // equal for uses of one model with the same values
	// field is the index of the one field that is read of a struct, or -1 for all of
	// the result.
	field int
}

// wants are the outputs that the use reads.
func (u *scoreUse) wants() []int {
	if u.field >= 0 {
		return u.info.Want[u.field : u.field+1]
	}
	return u.info.Want
}

// scoreGroup is the uses of one model with the same values.
type scoreGroup struct {
	base  *Call
	bases map[string]bool // the scoring calls there are
	want  []int           // the outputs that are read
	score *Call           // the one call in their place, once it is made
	kept  bool            // it cannot be made: all stays
}

// scoreUseOf sees what an expression reads of a model, if it does.
func scoreUseOf(e Expr) (u scoreUse, ok bool) {
	u.field = -1
	if f, is := e.(*Field); is {
		c, isCall := f.X.(*Call)
		if !isCall {
			return u, false
		}
		if info, is := c.Fn.Info.(*catalog.Scoring); !is || !info.Fields {
			return u, false
		}
		u.field, e = f.Index, c
	}
	c, is := e.(*Call)
	if !is {
		return u, false
	}
	if u.info, is = c.Fn.Info.(*catalog.Scoring); !is {
		return u, false
	}
	u.base = c
	scoring := u.info
	if scoring.Taken {
		if u.base, is = c.Args[0].(*Call); !is {
			return u, false
		}
		if scoring, is = u.base.Fn.Info.(*catalog.Scoring); !is {
			return u, false
		}
	}
	if !deterministic(u.base) {
		return u, false
	}
	var key strings.Builder
	key.WriteString(strings.ToLower(scoring.Model.Name))
	for _, k := range scoring.Feed {
		key.WriteString("\x00" + fingerprint(u.base.Args[k]))
	}
	u.key = key.String()
	return u, true
}

func shareScores(n Node) (Node, bool) {
	groups := map[string]*scoreGroup{}
	for _, e := range exprsOf(n) {
		collectScores(e, groups)
	}
	needed := false
	for _, g := range groups {
		g.kept = len(g.bases) == 1 && len(g.want) == len(g.base.Fn.Info.(*catalog.Scoring).Want) || !g.makeScore()
		needed = needed || !g.kept
	}
	if !needed {
		return n, false
	}
	return mapExprs(n, func(e Expr) Expr { return replaceScores(e, groups) }), true
}

// collectScores adds the uses in an expression to their groups.
func collectScores(e Expr, groups map[string]*scoreGroup) {
	u, ok := scoreUseOf(e)
	if !ok {
		for _, c := range e.Children() {
			collectScores(c, groups)
		}
		return
	}
	g := groups[u.key]
	if g == nil {
		g = &scoreGroup{base: u.base, bases: map[string]bool{}}
		groups[u.key] = g
	}
	g.bases[fingerprint(u.base)] = true
	for _, w := range u.wants() {
		if !slices.Contains(g.want, w) {
			g.want = append(g.want, w)
		}
	}
	for _, c := range u.base.Args {
		collectScores(c, groups)
	}
}

// makeScore makes the call that stands for all of a group.
func (g *scoreGroup) makeScore() bool {
	info := g.base.Fn.Info.(*catalog.Scoring)
	slices.Sort(g.want)
	fn, err := info.Score(g.want)
	if err != nil {
		return false
	}
	g.score = &Call{Span: g.base.Span, Name: "score", Fn: fn, Args: []Expr{g.base.Args[0]}}
	names := []string{""}
	for i, k := range info.Feed {
		g.score.Args = append(g.score.Args, g.base.Args[k])
		names = append(names, info.Model.Model.Inputs()[i].Name)
	}
	g.score.ArgNames = names
	return true
}

// replaceScores puts a group's one call in the place of its uses.
func replaceScores(e Expr, groups map[string]*scoreGroup) Expr {
	u, ok := scoreUseOf(e)
	if !ok {
		return withChildren(e, func(c Expr) Expr { return replaceScores(c, groups) })
	}
	g := groups[u.key]
	if g.kept {
		return withChildren(e, func(c Expr) Expr { return replaceScores(c, groups) })
	}
	// What is scored may be made of scores itself.
	score := withChildren(g.score, func(c Expr) Expr { return replaceScores(c, groups) })
	if u.field >= 0 {
		f := e.(*Field)
		return &Field{Span: f.Span, X: score, Index: slices.Index(g.want, u.wants()[0]), Name: f.Name}
	}
	if u.info.Fields && slices.Equal(u.info.Want, g.want) {
		return score
	}
	c := e.(*Call)
	return &Call{Span: c.Span, Name: c.Name, Fn: u.info.Take(g.want), Args: []Expr{score}}
}
