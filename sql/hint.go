package sql

import "strings"

// clauseWords are the keywords that a misspelled alias may have been meant as.
var clauseWords = []string{
	"FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "OFFSET", "JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "OUTER",
	"UNION", "EXCEPT", "INTERSECT", "WINDOW", "USING", "NATURAL", "LATERAL", "TABLESAMPLE", "BETWEEN", "LIKE", "RLIKE",
	"OPTIONS", "SELECT", "VALUES",
}

// hint explains why token i stands where expected should, or is "".
func (p *parser) hint(i int, expected string) string {
	for _, explain := range []func(int, string) string{
		p.missingSemicolon, p.misspelled, p.halfKeyword, p.wrongQuotes, p.dashedName, p.missingClose, p.extraComma, p.missingComma,
	} {
		if hint := explain(i, expected); hint != "" {
			return hint
		}
	}
	return ""
}

// misspelled looks for a keyword the tokens before i or at i may have been
// meant as.
func (p *parser) misspelled(i int, _ string) string {
	for _, k := range []int{p.alias, i} {
		if k < 0 || k < i-2 || k > i {
			continue
		}
		t := p.at(k)
		if t.kind != tokWord || len(t.text) < 3 {
			continue
		}
		if near := nearest(t.text, clauseWords); near != "" && near != t.upper {
			return "did you mean " + near + " instead of " + t.text + "?"
		}
	}
	return ""
}

// halfKeyword explains a LEFT without JOIN or a GROUP without BY.
func (p *parser) halfKeyword(i int, _ string) string {
	t := p.at(i)
	if t.kind == tokWord {
		switch t.upper {
		case "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL":
			return "did you mean " + t.upper + " JOIN?"
		}
	}
	if before := p.at(i - 1); p.alias >= 0 && p.alias == i-1 && before.kind == tokWord {
		switch before.upper {
		case "GROUP", "ORDER", "SORT", "CLUSTER", "DISTRIBUTE", "PARTITION":
			return "did you mean " + before.upper + " BY?"
		}
	}
	return ""
}

// missingSemicolon explains the beginning of another statement.
func (p *parser) missingSemicolon(i int, expected string) string {
	if i == 0 || expected != "the end of the "+p.whole || !p.startsStatement(i) && !p.startsQuery(i) {
		return ""
	}
	return "another statement begins here; is a ; missing before it?"
}

// startsStatement reports whether the words at i begin a statement other than
// a query.
func (p *parser) startsStatement(i int) bool {
	t, follows := p.at(i), p.at(i+1)
	if t.kind != tokWord || follows.kind != tokWord {
		return false
	}
	switch t.upper {
	case "INSERT":
		return follows.is("INTO") || follows.is("OVERWRITE")
	case "CREATE", "DROP":
		_, kind := objectKinds[follows.upper]
		return kind || follows.is("OR") || follows.is("TEMPORARY") || follows.is("TEMP")
	case "SHOW":
		_, kind := showKinds[follows.upper]
		return kind
	case "AWAIT", "STOP":
		return follows.is("ALL") || follows.is("QUERY")
	case "CACHE", "UNCACHE":
		return follows.is("TABLE")
	}
	return false
}

// wrongQuotes explains a string where a name belongs, and typographic quotes.
func (p *parser) wrongQuotes(i int, expected string) string {
	t := p.at(i)
	switch {
	case t.kind == tokString && (expected == "a table" || strings.HasSuffix(expected, " name")) && !strings.HasPrefix(expected, "an option"):
		return "quotes make a string; a name is quoted in backticks: `" + clip(t.val) + "`"
	case t.kind == tokOp && strings.ContainsAny(t.text, "\u2018\u2019\u201c\u201d\u00b4"):
		return "strings are written with straight quotes: '...'"
	}
	return ""
}

// dashedName explains a - inside what is meant as one name.
func (p *parser) dashedName(i int, expected string) string {
	if i == 0 || !p.at(i).is("-") || expected == "an expression" {
		return ""
	}
	before, after := p.at(i-1), p.at(i+1)
	if !before.isName() || after.kind != tokWord && after.kind != tokNumber || before.end != p.at(i).at || after.at != p.at(i).end {
		return ""
	}
	return "a name with - in it is written in backticks: `" + before.val + "-" + after.text + "`"
}

// extraComma explains a comma before the end of a list.
func (p *parser) extraComma(i int, expected string) string {
	if i == 0 || !p.at(i-1).is(",") || expected != "an expression" {
		return ""
	}
	return "is the comma before it one too many?"
}

// missingClose names the "(" that is not closed.
func (p *parser) missingClose(i int, expected string) string {
	if p.at(i).kind != tokEOF && expected != "')'" {
		return ""
	}
	for k := i - 1; k >= 0; k-- {
		if p.toks[k].is("(") && p.match[k] < 0 {
			line, col := position(p.user, p.toks[k].span.Start)
			return "the ( at line " + itoa(line) + ", column " + itoa(col) + " is not closed"
		}
	}
	return ""
}

// missingComma explains a second word after what was read as an alias.
func (p *parser) missingComma(i int, _ string) string {
	if p.alias < 0 || p.alias != i-1 || !p.at(i).isName() && p.at(i).kind != tokNumber && p.at(i).kind != tokString {
		return ""
	}
	return p.at(i-1).text + " was read as a name for what stands before it; is a comma or a keyword missing?"
}
