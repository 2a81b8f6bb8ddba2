package sql

import "strings"

// create parses CREATE [OR REPLACE] [TEMPORARY] kind ....
func (p *parser) create() Statement {
	start := p.pos
	p.next()
	c := &Create{OrReplace: p.accept("OR", "REPLACE")}
	if p.accept("GLOBAL") {
		p.fail(p.at(p.pos-1).span, "GLOBAL views are not supported: every view lives as long as the process")
	}
	temporary := p.acceptAny("TEMPORARY", "TEMP") != ""
	t := p.tok()
	switch p.acceptAny("STREAM", "TABLE", "MODEL", "VIEW", "QUERY") {
	case "STREAM":
		c.Kind = KindStream
	case "TABLE":
		c.Kind = KindTable
	case "MODEL":
		c.Kind = KindModel
	case "VIEW":
		return p.createView(start, c)
	case "QUERY":
		if temporary {
			p.fail(t.span, "a query cannot be TEMPORARY")
		}
		return p.createQuery(start, c)
	default:
		p.unknownKind()
		return nil
	}
	c.IfNotExists = p.ifNotExists()
	c.Name = p.objectName("a name")
	p.createBody(c)
	c.Span = p.from(start)
	return c
}

// unknownKind fails at what stands after CREATE or DROP.
func (p *parser) unknownKind() {
	t := p.tok()
	if p.err != nil {
		return
	}
	switch {
	case t.is("FUNCTION"), t.is("DATABASE"), t.is("SCHEMA"), t.is("EXTERNAL"), t.is("INDEX"):
		p.fail(t.span, "%s %s is not supported yet", p.at(0).upper, t.upper)
		return
	}
	p.unexpected("STREAM, TABLE, VIEW, MODEL or QUERY")
	if near := nearest(t.text, []string{"STREAM", "TABLE", "VIEW", "MODEL", "QUERY"}); t.kind == tokWord && near != "" {
		p.err.WithHint("did you mean %s?", near)
	}
}

func (p *parser) ifNotExists() bool {
	if !p.is("IF", "NOT") && !p.is("IF", "EXISTS") {
		return false
	}
	return p.expect("IF", "NOT", "EXISTS")
}

// createBody parses what follows the name: columns, then clauses in any order.
func (p *parser) createBody(c *Create) {
	if p.is("(") && !p.isQuery(p.pos) {
		c.Columns = p.columnDefs()
	}
	for p.err == nil {
		t := p.tok()
		switch {
		case p.is("USING"):
			p.once(c.Using.Name != "", t)
			p.next()
			c.Using = joinName(p.dotted("a connector's name"))
		case p.is("OPTIONS"), p.is("TBLPROPERTIES", "("):
			p.next()
			c.Options = append(c.Options, p.options()...)
			p.distinctOptions(c.Options)
		case p.is("COMMENT"):
			p.once(c.Comment != "", t)
			p.next()
			c.Comment, _ = p.stringToken("the comment, a string")
		case p.is("LOCATION"):
			p.next()
			path, span := p.stringToken("a path, a string")
			c.Options = append(c.Options, Option{Key: "path", KeySpan: t.span, Value: path, ValueSpan: span})
			p.distinctOptions(c.Options)
		case p.is("PARTITIONED", "BY"), p.is("CLUSTERED", "BY"), p.is("STORED", "AS"), p.is("ROW", "FORMAT"):
			p.fail(p.from(p.pos).Cover(p.peek(1).span), "%s %s is not supported yet", t.upper, p.peek(1).upper)
		case p.is("AS"), p.startsQuery(p.pos), p.is("("):
			if c.Kind != KindTable {
				p.unexpected("USING, OPTIONS or COMMENT: only a table is created AS a query")
				return
			}
			p.accept("AS")
			c.Query = p.query()
			return
		case p.is("WITH", "("):
			p.unexpected("OPTIONS")
			p.err.WithHint("options are written OPTIONS (key = 'value')")
			return
		case c.Using.Name == "" && t.kind != tokEOF:
			p.unexpected("USING and a connector")
			return
		default:
			if c.Using.Name == "" && c.Query == nil {
				p.unexpected("USING and a connector")
			}
			return
		}
	}
}

// once fails if a clause is there twice.
func (p *parser) once(seen bool, t *token) {
	if seen {
		p.fail(t.span, "a second %s", t.upper)
	}
}

func (p *parser) columnDefs() []ColumnDef {
	p.expect("(")
	var out []ColumnDef
	for p.err == nil {
		if p.is(")") {
			p.unexpected("a column's name")
			break
		}
		out = append(out, p.columnDef())
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	return out
}

func (p *parser) columnDef() ColumnDef {
	d := ColumnDef{Name: p.name("a column's name")}
	p.accept(":")
	d.Type = p.dataType()
	for p.err == nil {
		t := p.tok()
		switch {
		case p.accept("NOT", "NULL"):
			d.NotNull = true
		case p.accept("COMMENT"):
			d.Comment, _ = p.stringToken("the comment, a string")
		case p.is("DEFAULT"), p.is("GENERATED"), p.is("PRIMARY"), p.is("UNIQUE"), p.is("CHECK"):
			p.fail(t.span, "%s columns are not supported", t.upper)
		default:
			return d
		}
	}
	return d
}

// options parses (key = value, ...).
func (p *parser) options() []Option {
	if !p.expect("(") {
		return nil
	}
	var out []Option
	for p.err == nil {
		if p.is(")") && len(out) > 0 {
			p.unexpected("an option")
			break
		}
		if p.is(")") {
			break
		}
		out = append(out, p.option())
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	return out
}

func (p *parser) option() Option {
	var o Option
	start := p.pos
	if p.tok().kind == tokString {
		o.Key, o.KeySpan = p.stringToken("an option's name")
	} else {
		o.Key = p.optionKey()
		o.KeySpan = p.from(start)
	}
	if !p.accept("=") && p.tok().kind != tokString {
		p.unexpected("= and the option's value")
		return o
	}
	at := p.pos
	t := p.tok()
	switch {
	case t.kind == tokString:
		o.Value, _ = p.stringToken("a value")
	case t.kind == tokNumber:
		p.next()
		o.Value = t.text
	case (p.is("-") || p.is("+")) && p.peek(1).kind == tokNumber:
		p.pos += 2
		o.Value = strings.TrimPrefix(t.text, "+") + p.at(at+1).text
	case p.is("TRUE"), p.is("FALSE"):
		p.next()
		o.Value = strings.ToLower(t.text)
	case t.isName():
		p.unexpected("a string, a number, true or false")
		p.err.WithHint("a string is written in quotes: '%s'", clip(t.val))
	default:
		p.unexpected("a string, a number, true or false")
	}
	o.ValueSpan = p.from(at)
	return o
}

// optionKey parses path or kafka.bootstrap.servers; - is taken too.
func (p *parser) optionKey() string {
	var b strings.Builder
	b.WriteString(p.name("an option's name").Name)
	for p.peek(1).isName() && (p.is(".") || p.is("-")) {
		b.WriteString(p.next().text)
		b.WriteString(p.name("the rest of the option's name").Name)
	}
	return b.String()
}

// distinctOptions fails at an option given twice.
func (p *parser) distinctOptions(options []Option) {
	if len(options) == 0 {
		return
	}
	seen := map[string]bool{}
	for _, o := range options {
		key := strings.ToLower(o.Key)
		if seen[key] {
			p.fail(o.KeySpan, "option `%s` is given twice", o.Key)
			return
		}
		seen[key] = true
	}
}

// createView parses VIEW name [(columns)] AS query, or Spark's TEMPORARY VIEW
// name USING connector, which is a table.
func (p *parser) createView(start int, c *Create) Statement {
	v := &CreateView{OrReplace: c.OrReplace}
	v.IfNotExists = p.ifNotExists()
	v.Name = p.objectName("a view's name")
	if p.is("USING") {
		c.Kind, c.IfNotExists, c.Name = KindTable, v.IfNotExists, v.Name
		p.createBody(c)
		c.Span = p.from(start)
		return c
	}
	if p.is("(") {
		v.Columns = p.viewColumnList()
	}
	if p.accept("COMMENT") {
		p.stringToken("the comment, a string")
	}
	p.expect("AS")
	at := p.pos
	v.Query = p.query()
	v.Text = p.textFrom(at)
	v.Span = p.from(start)
	return v
}

func (p *parser) viewColumnList() []Ident {
	p.expect("(")
	var out []Ident
	for {
		out = append(out, p.name("a column's name"))
		if p.accept("COMMENT") {
			p.stringToken("the comment, a string")
		}
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	return out
}

// createQuery parses QUERY name [OPTIONS (...)] AS INSERT ....
func (p *parser) createQuery(start int, c *Create) Statement {
	q := &CreateQuery{OrReplace: c.OrReplace}
	q.IfNotExists = p.ifNotExists()
	q.Name = p.objectName("a query's name")
	if p.accept("OPTIONS") {
		q.Options = p.options()
		p.distinctOptions(q.Options)
	}
	p.expect("AS")
	if p.err != nil {
		return nil
	}
	if !p.is("INSERT") && !p.is("WITH") {
		p.unexpected("INSERT")
		p.err.WithHint("a query writes its rows somewhere: AS INSERT INTO table SELECT ...")
		return nil
	}
	at := p.pos
	stmt := p.statement()
	ins, ok := stmt.(*Insert)
	if p.err != nil {
		return nil
	}
	if !ok {
		p.fail(p.from(at), "a query must write its rows somewhere: expected INSERT INTO after AS")
		return nil
	}
	q.Insert = ins
	q.Span = p.from(start)
	return q
}

func (p *parser) drop() Statement {
	start := p.pos
	p.next()
	p.acceptAny("TEMPORARY", "TEMP")
	kind, ok := objectKinds[p.tok().upper]
	if !ok || p.tok().kind != tokWord || kind == KindFunction {
		p.unknownKind()
		return nil
	}
	p.next()
	d := &Drop{Kind: kind, IfExists: p.accept("IF", "EXISTS")}
	d.Name = p.objectName("a name")
	d.Span = p.from(start)
	return d
}
