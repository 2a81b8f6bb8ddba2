package sql

import "strings"

// mlPredictName is the table function with a syntax of its own.
const mlPredictName = "ML_PREDICT"

// The parameters of ML_PREDICT, in order.
const (
	paramInput  = "INPUT"
	paramModel  = "MODEL"
	paramArgs   = "ARGS"
	paramConfig = "CONFIG"
)

var mlPredictParams = []string{paramInput, paramModel, paramArgs, paramConfig}

// mlPredictForm is what ML_PREDICT wants, for messages.
const mlPredictForm = "write ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(a, b)), perhaps with MAP['option', 'value'] at the end"

// mlPredict parses the arguments of ML_PREDICT, whose name is token start. The
// current token is the "(".
func (p *parser) mlPredict(start int, lateral bool) Relation {
	m := &MLPredict{Lateral: lateral}
	p.expect("(")
	if lateral && !p.isParameter() && !p.is("TABLE") && !p.is("(") {
		p.predictValues(m)
	} else {
		p.predictParameters(m, start)
	}
	p.expect(")")
	m.Span = p.from(start)
	return m
}

// isParameter reports whether name => begins here.
func (p *parser) isParameter() bool { return p.tok().isName() && p.peek(1).is("=>") }

// predictParameters parses TABLE t, MODEL m, DESCRIPTOR(a, b) [, MAP[...]], each
// perhaps by its name.
func (p *parser) predictParameters(m *MLPredict, start int) {
	seen := map[string]bool{}
	for i := 0; p.err == nil && !p.is(")"); i++ {
		param, named := "", p.isParameter()
		at := p.tok().span
		switch {
		case named:
			param = p.parameterName()
		case len(seen) > 0 && i >= len(mlPredictParams):
			p.unexpected("')': " + mlPredictName + " takes no more arguments")
		default:
			param = mlPredictParams[i]
		}
		if seen[param] {
			p.fail(at, "%s of %s is given twice", param, mlPredictName)
		}
		seen[param] = true
		p.predictParameter(m, param)
		if !p.accept(",") {
			break
		}
	}
	if p.err == nil && !p.is(")") && p.tok().kind != tokEOF {
		p.notAnArgument()
	}
	for _, param := range mlPredictParams[:3] {
		if p.err == nil && !seen[param] {
			what := map[string]string{paramInput: "TABLE and its input", paramModel: "MODEL and its name", paramArgs: "DESCRIPTOR and its columns"}[param]
			p.fail(p.from(start), "%s lacks %s", mlPredictName, what).WithHint("%s", mlPredictForm)
		}
	}
}

// notAnArgument reports what stands where an argument of ML_PREDICT should have
// ended.
func (p *parser) notAnArgument() {
	hint := mlPredictForm
	if p.is("(") {
		hint = "what a function gives stands in a query: TABLE (SELECT * FROM f(...))"
	}
	p.fail(p.tok().span, "unexpected %s: expected ',' or ')' after an argument of %s", p.describeToken(p.tok()), mlPredictName).WithHint("%s", hint)
}

// parameterName passes name => and returns the parameter.
func (p *parser) parameterName() string {
	t := p.next()
	p.next()
	for _, param := range mlPredictParams {
		if strings.EqualFold(t.ident().Name, param) {
			return param
		}
	}
	err := p.fail(t.span, "%s has no parameter %s", mlPredictName, t.text)
	if near := nearest(t.text, mlPredictParams); near != "" {
		err.WithHint("did you mean %s?", near)
	} else {
		err.WithHint("its parameters are %s", strings.Join(mlPredictParams, ", "))
	}
	return ""
}

func (p *parser) predictParameter(m *MLPredict, param string) {
	switch param {
	case paramInput:
		m.Input = p.tableArgument()
	case paramModel:
		if !p.is("MODEL") || !p.peek(1).isName() && p.peek(1).kind != tokString {
			p.fail(p.tok().span, "unexpected %s: expected MODEL and a model's name", p.describeToken(p.tok())).WithHint("%s", mlPredictForm)
			return
		}
		p.next()
		m.Model = p.modelName()
	case paramArgs:
		p.descriptor(m)
	case paramConfig:
		m.Config = p.configMap()
	}
}

// tableArgument parses TABLE t, TABLE (t), TABLE (query) or (query).
func (p *parser) tableArgument() Relation {
	start := p.pos
	table := p.is("TABLE") && (p.peek(1).isName() || p.peek(1).is("(")) && p.accept("TABLE")
	switch {
	case p.is("(") && p.isQuery(p.pos):
		if !p.enter() {
			return nil
		}
		defer p.leave()
		q := p.parenQuery()
		return &Derived{Span: p.from(start), Query: q}
	case table && (!p.is("(") || p.peek(1).isName() && !p.stops(p.pos+1)):
		paren := p.accept("(") // as Spark writes it
		at := p.pos
		parts := p.dotted("a table's name")
		t := &TableName{Name: parts[len(parts)-1], Qualifier: parts[:len(parts)-1]}
		t.Span = p.from(at)
		if paren {
			p.expect(")")
		}
		if p.is("PARTITION", "BY") || p.is("ORDER", "BY") {
			p.fail(p.tok().span, "%s takes the rows one by one: %s BY of its TABLE has no meaning", mlPredictName, p.tok().upper)
		}
		return t
	}
	p.fail(p.tok().span, "unexpected %s: expected TABLE and a table's name, or a query in parentheses", p.describeToken(p.tok())).WithHint("%s", mlPredictForm)
	return nil
}

// modelName parses the name of a model, which may be a string.
func (p *parser) modelName() Ident {
	if p.tok().kind == tokString {
		name, span := p.stringToken("a model's name")
		return Ident{Span: span, Name: name}
	}
	return p.objectName("a model's name")
}

// descriptor parses DESCRIPTOR(a, b).
func (p *parser) descriptor(m *MLPredict) {
	start := p.pos
	if !p.is("DESCRIPTOR", "(") {
		p.fail(p.tok().span, "unexpected %s: expected DESCRIPTOR and the columns that the model reads", p.describeToken(p.tok())).WithHint("%s", mlPredictForm)
		return
	}
	p.pos += 2
	for {
		at := p.pos
		c := &ColumnRef{Parts: p.dotted("a column's name")}
		c.Span = p.from(at)
		m.Args = append(m.Args, Arg{Value: c})
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	m.ArgsSpan = p.from(start)
}

// predictValues parses 'm', a, b [, MAP[...]].
func (p *parser) predictValues(m *MLPredict) {
	m.Model = p.modelName()
	start := p.pos + 1
	for p.accept(",") {
		if p.is("MAP", "[") {
			m.Config = p.configMap()
			return
		}
		arg := Arg{Value: p.expr()}
		p.namedArg(&arg)
		m.Args = append(m.Args, arg)
		m.ArgsSpan = p.from(start)
	}
}

// configMap parses MAP['key', 'value', ...] or map('key', 'value', ...).
func (p *parser) configMap() []Option {
	closing := "]"
	switch {
	case p.accept("MAP", "["):
	case p.accept("MAP", "("):
		closing = ")"
	default:
		p.unexpected("MAP['option', 'value', ...]")
	}
	var out []Option
	for p.err == nil && !p.is(closing) {
		var o Option
		o.Key, o.KeySpan = p.stringToken("an option's name, a string")
		p.expect(",")
		at := p.pos
		if p.tok().kind == tokNumber || p.is("TRUE") || p.is("FALSE") {
			o.Value, o.ValueSpan = p.next().text, p.from(at)
		} else {
			o.Value, o.ValueSpan = p.stringToken("an option's value, a string")
		}
		out = append(out, o)
		if !p.accept(",") {
			break
		}
	}
	p.expect(closing)
	return out
}
