package sql

import "strings"

// statementWords begin the statements there are.
var statementWords = []string{
	"SELECT", "WITH", "VALUES", "TABLE", "INSERT", "CREATE", "DROP", "EXPLAIN", "DESCRIBE", "SHOW", "CACHE", "UNCACHE", "SET", "AWAIT", "STOP",
}

// otherStatements are known from Spark and not supported yet.
var otherStatements = map[string]bool{
	"ALTER": true, "ANALYZE": true, "DELETE": true, "UPDATE": true, "MERGE": true, "TRUNCATE": true, "REFRESH": true, "USE": true, "LOAD": true,
	"GRANT": true, "REVOKE": true, "MSCK": true, "ADD": true, "LIST": true, "RESET": true, "CLEAR": true, "FROM": true, "MAP": true, "REDUCE": true,
}

// statement parses one statement.
func (p *parser) statement() Statement {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	start := p.pos
	t := p.tok()
	switch {
	case p.is("WITH"):
		return p.withStatement()
	case p.is("("), p.startsQuery(start), p.is("SELECT"), p.is("VALUES"):
		q := p.query()
		return &SelectStmt{Span: p.from(start), Query: q}
	case p.is("INSERT"):
		return p.insert(nil)
	case p.is("CREATE"):
		return p.create()
	case p.is("DROP"):
		return p.drop()
	case p.is("EXPLAIN"):
		return p.explain()
	case p.is("DESCRIBE"), p.is("DESC"):
		return p.describe()
	case p.is("SHOW"):
		return p.show()
	case p.is("CACHE"):
		return p.cache()
	case p.is("UNCACHE"):
		return p.uncache()
	case p.is("SET"):
		return p.set()
	case p.is("AWAIT"):
		return p.await()
	case p.is("STOP"):
		return p.stop()
	}
	if t.kind == tokWord && otherStatements[t.upper] {
		p.fail(t.span, "%s is not supported yet", t.upper)
		return nil
	}
	err := p.fail(t.span, "unexpected %s: expected a statement", p.describeToken(t))
	if near := nearest(t.text, statementWords); t.kind == tokWord && near != "" {
		err.WithHint("did you mean %s?", near)
	}
	return nil
}

// withStatement parses WITH ... SELECT or WITH ... INSERT.
func (p *parser) withStatement() Statement {
	start := p.pos
	// What follows the list is seen only after it: skip over it by its
	// parentheses.
	i := p.pos + 1
	for p.at(i).kind != tokEOF && !p.startsQuery(i) && !p.insertsAt(i) {
		if m := p.match[i]; m >= 0 {
			i = m
		}
		i++
	}
	if !p.insertsAt(i) {
		q := p.query()
		return &SelectStmt{Span: p.from(start), Query: q}
	}
	with := p.with()
	if p.err == nil && !p.is("INSERT") {
		p.unexpected("SELECT or INSERT")
	}
	ins := p.insert(with)
	if in, ok := ins.(*Insert); ok {
		in.Span = p.from(start)
	}
	return ins
}

// insertsAt reports whether INSERT INTO or INSERT OVERWRITE begins at token i.
func (p *parser) insertsAt(i int) bool {
	return p.at(i).is("INSERT") && (p.at(i+1).is("INTO") || p.at(i+1).is("OVERWRITE"))
}

// insert parses INSERT INTO | OVERWRITE [TABLE] name [(columns)] query.
func (p *parser) insert(with []CTE) Statement {
	start := p.pos
	p.expect("INSERT")
	ins := &Insert{}
	switch p.acceptAny("INTO", "OVERWRITE") {
	case "INTO":
	case "OVERWRITE":
		ins.Overwrite = true
	default:
		p.unexpected("INTO or OVERWRITE")
	}
	p.accept("TABLE")
	ins.Table = p.objectName("a table's name")
	if p.is("PARTITION", "(") {
		p.fail(p.tok().span, "INSERT ... PARTITION is not supported yet")
	}
	if p.is("(") && !p.isQuery(p.pos) {
		ins.Columns = p.names("a column's name")
	}
	if p.is("BY", "NAME") {
		p.fail(p.tok().span, "INSERT ... BY NAME is not supported yet")
	}
	q := p.query()
	if p.err != nil {
		return nil
	}
	q.With = append(with, q.With...)
	ins.Query = q
	ins.Span = p.from(start)
	return ins
}

// objectName parses the name of an object. There is one schema: a qualifier
// may only be default.
func (p *parser) objectName(what string) Ident {
	start := p.pos
	if p.stops(start) || p.startsQuery(start) {
		p.unexpected(what)
	}
	parts := p.dotted(what)
	if p.err != nil {
		return Ident{}
	}
	last := len(parts) - 1
	for _, q := range parts[:last] {
		if !strings.EqualFold(q.Name, "default") && !strings.EqualFold(q.Name, "spark_catalog") {
			p.fail(p.from(start), "there is no schema `%s`", q.Name).
				WithHint("all names are in the schema `default`; a name with a dot in it is written in backticks")
		}
	}
	return parts[last]
}

func (p *parser) explain() Statement {
	start := p.pos
	p.next()
	e := &Explain{Mode: p.acceptAny("EXTENDED", "FORMATTED")}
	if p.is("CODEGEN") || p.is("COST") || p.is("LOGICAL") {
		p.unexpected("EXTENDED, FORMATTED or a statement")
	}
	if p.is("EXPLAIN") {
		p.unexpected("a statement to explain")
	}
	e.Stmt = p.statement()
	e.Span = p.from(start)
	return e
}

// objectKinds maps the words of DESCRIBE and DROP to kinds.
var objectKinds = map[string]ObjectKind{
	"STREAM": KindStream, "TABLE": KindTable, "VIEW": KindView, "MODEL": KindModel, "QUERY": KindQuery, "FUNCTION": KindFunction,
}

// objectKind passes the word of a kind if a name follows it.
func (p *parser) objectKind() ObjectKind {
	t := p.tok()
	kind, ok := objectKinds[t.upper]
	if t.kind != tokWord || !ok {
		return ""
	}
	if f := p.peek(1); !f.isName() && !(kind == KindFunction && f.kind != tokEOF) {
		return ""
	}
	p.next()
	return kind
}

func (p *parser) describe() Statement {
	start := p.pos
	p.next()
	d := &Describe{}
	if p.startsQuery(p.pos) && !p.is("TABLE") || p.is("(") {
		d.Kind = KindQuery
		d.Query = p.query()
		d.Span = p.from(start)
		return d
	}
	if p.is("QUERY") && (p.startsQuery(p.pos+1) || p.peek(1).is("(")) {
		p.next()
		d.Kind = KindQuery
		d.Query = p.query()
		d.Span = p.from(start)
		return d
	}
	d.Kind = p.objectKind()
	if (p.is("EXTENDED") || p.is("FORMATTED")) && p.peek(1).kind != tokEOF {
		p.next()
		d.Extended = true
	}
	if t := p.tok(); d.Kind == KindFunction && (t.kind == tokOp || t.kind == tokString) {
		p.next() // DESCRIBE FUNCTION +
		d.Name = t.ident()
	} else {
		d.Name = p.objectName("a name")
	}
	d.Span = p.from(start)
	return d
}

// showKinds maps the plurals of SHOW to kinds.
var showKinds = map[string]ObjectKind{
	"STREAMS": KindStream, "TABLES": KindTable, "VIEWS": KindView, "MODELS": KindModel, "QUERIES": KindQuery, "FUNCTIONS": KindFunction,
}

func (p *parser) show() Statement {
	start := p.pos
	p.next()
	if p.is("ALL", "FUNCTIONS") || p.is("USER", "FUNCTIONS") || p.is("SYSTEM", "FUNCTIONS") {
		p.next()
	}
	t := p.tok()
	kind, ok := showKinds[t.upper]
	if t.kind != tokWord || !ok {
		p.unexpected("STREAMS, TABLES, VIEWS, MODELS, FUNCTIONS or QUERIES")
		if near := nearest(t.text, []string{"STREAMS", "TABLES", "VIEWS", "MODELS", "FUNCTIONS", "QUERIES"}); near != "" && p.err.Hint == "" {
			p.err.WithHint("did you mean SHOW %s?", near)
		}
		return nil
	}
	p.next()
	s := &Show{Kind: kind}
	if p.accept("FROM") || p.accept("IN") {
		p.objectSchema()
	}
	if p.accept("LIKE") || p.tok().kind == tokString {
		s.Like, _ = p.stringToken("a pattern, a string")
	}
	s.Span = p.from(start)
	return s
}

// objectSchema passes the name of the only schema.
func (p *parser) objectSchema() {
	name := p.name("a schema's name")
	if p.err == nil && !strings.EqualFold(name.Name, "default") {
		p.fail(name.Span, "there is no schema `%s`", name.Name).WithHint("all names are in the schema `default`")
	}
}

func (p *parser) cache() Statement {
	start := p.pos
	p.next()
	p.accept("LAZY")
	p.expect("TABLE")
	c := &Cache{Name: p.objectName("a table's or view's name")}
	if p.is("OPTIONS", "(") {
		p.next()
		p.options()
	}
	if p.accept("AS") || p.startsQuery(p.pos) || p.is("(") {
		c.Query = p.query()
	}
	c.Span = p.from(start)
	return c
}

func (p *parser) uncache() Statement {
	start := p.pos
	p.next()
	p.expect("TABLE")
	u := &Uncache{IfExists: p.accept("IF", "EXISTS")}
	u.Name = p.objectName("a table's or view's name")
	u.Span = p.from(start)
	return u
}

// set parses SET, SET name and SET name = value; the value runs to the end of
// the statement.
func (p *parser) set() Statement {
	start := p.pos
	p.next()
	s := &Set{}
	at := p.pos
	for p.tok().kind != tokEOF && !p.is("=") {
		p.next()
	}
	if p.pos > at {
		s.Name = p.textFrom(at)
		if p.pos == at+1 && p.at(at).kind == tokQuoted {
			s.Name = p.at(at).val
		}
		if strings.ContainsAny(s.Name, " \t\r\n") {
			p.pos = at + 1
			p.unexpected("=")
		}
	} else if p.is("=") {
		p.unexpected("a name")
	}
	if p.accept("=") {
		s.HasValue = true
		s.Value = p.setValue()
	}
	s.Span = p.from(start)
	return s
}

// setValue takes the rest of the statement as it is, or the value of a string.
func (p *parser) setValue() string {
	at := p.pos
	quoted := true
	for p.tok().kind != tokEOF {
		quoted = quoted && p.tok().kind == tokString
		p.next()
	}
	if quoted && p.pos > at {
		p.pos = at
		value, _ := p.stringToken("a value")
		return value
	}
	return p.textFrom(at)
}

func (p *parser) await() Statement {
	start := p.pos
	p.next()
	a := &Await{}
	switch {
	case p.accept("ALL"):
		a.All = true
		a.Available = p.accept("AVAILABLE")
	case p.accept("QUERY"):
		a.Name = p.objectName("a query's name")
		a.Available = p.accept("AVAILABLE")
	default:
		p.unexpected("ALL AVAILABLE, or QUERY and a name")
	}
	a.Span = p.from(start)
	return a
}

func (p *parser) stop() Statement {
	start := p.pos
	p.next()
	s := &Stop{}
	switch {
	case p.accept("ALL"):
		p.expect("QUERIES")
		s.All = true
	case p.accept("QUERY"):
		s.Name = p.objectName("a query's name")
	default:
		p.unexpected("QUERY and a name, or ALL QUERIES")
	}
	s.Span = p.from(start)
	return s
}
