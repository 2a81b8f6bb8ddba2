package codec

import (
	"io"
	"strconv"

	"github.com/apache/arrow/go/v14/arrow"
)

// InferCSV finds the columns of a CSV file as Spark does. Names come from the header; without one, and where it has
// none, they are _c0, _c1, ... Types are STRING unless CSVOptions.InferSchema is set; then the narrowest of INT,
// BIGINT, DECIMAL (long whole numbers), DOUBLE, DATE, TIMESTAMP, BOOLEAN, STRING that takes all values. It reads r to
// its end for that, otherwise only the first record.
func InferCSV(r io.Reader, opts CSVOptions) (*arrow.Schema, error) {
	o := opts.withDefaults()
	in := newRecordReader(r, o)
	err := in.next()
	if err == io.EOF {
		return arrow.NewSchema(nil, nil), nil
	}
	if err != nil {
		return nil, err
	}
	names := columnNames(in.tokens(), o.Header)
	types := make([]*inferred, len(names))
	for i := range types {
		types[i] = &inferred{kind: kindString}
		if o.InferSchema {
			types[i] = &inferred{}
		}
	}
	if o.InferSchema {
		if err := inferColumns(in, &o, types); err != nil {
			return nil, err
		}
	}
	fields := make([]arrow.Field, len(names))
	for i, name := range names {
		fields[i] = arrow.Field{Name: name, Type: types[i].dataType(false), Nullable: true}
	}
	return arrow.NewSchema(fields, nil), nil
}

// inferColumns widens the types by the record under way (without a header) and all that follow.
func inferColumns(in *recordReader, o *CSVOptions, types []*inferred) error {
	rules, err := newTextRules(o.DateFormat, o.TimestampFormat, o.TimestampNTZFormat, false, o.Zone)
	if err != nil {
		return err
	}
	if rules.datePattern == nil {
		if rules.datePattern, err = CompileTimePattern("yyyy-MM-dd"); err != nil {
			return err
		}
	}
	g := csvGuesser{o: o, rules: rules}
	if o.Header {
		err = in.next()
	}
	for n := 1; err == nil; n++ {
		if r := o.SamplingRatio; r <= 0 || int(float64(n)*r) > int(float64(n-1)*r) {
			for i, t := range in.tokens() {
				if i < len(types) {
					types[i] = g.widen(types[i], t)
				}
			}
		}
		err = in.next()
	}
	if err != io.EOF {
		return err
	}
	return nil
}

// columnNames are the names of the first record: its values, made different, or their positions.
func columnNames(tokens []token, header bool) []string {
	names := make([]string, len(tokens))
	count := map[string]int{}
	for _, t := range tokens {
		count[string(t.text)]++
	}
	for i, t := range tokens {
		switch name := string(t.text); {
		case !header || name == "":
			names[i] = "_c" + strconv.Itoa(i)
		case count[name] > 1:
			names[i] = name + strconv.Itoa(i)
		default:
			names[i] = name
		}
	}
	return names
}

// csvGuesser finds types of values.
type csvGuesser struct {
	o     *CSVOptions
	rules textRules
}

// widen is the type that holds what t holds and the token too.
func (g *csvGuesser) widen(t *inferred, tok token) *inferred {
	if len(tok.text) == 0 || string(tok.text) == g.o.NullValue || t.kind == kindString {
		return t
	}
	v := g.guess(t.kind, tok.text)
	switch {
	case t.kind == kindNull || t.kind == v.kind && v.kind != kindDecimal:
		return v
	case widerNumber(t, v) != nil:
		return widerNumber(t, v)
	}
	return &inferred{kind: kindString}
}

// guess is the type of a text, beginning at a kind: what was a DOUBLE does not become an INT again.
func (g *csvGuesser) guess(from kind, text []byte) *inferred {
	switch from {
	case kindNull, kindInt32:
		if _, err := strconv.ParseInt(string(text), 10, 32); err == nil {
			return &inferred{kind: kindInt32}
		}
		fallthrough
	case kindInt64:
		if _, ok := parseLong(text); ok {
			return &inferred{kind: kindInt64}
		}
		fallthrough
	case kindDecimal:
		if d, ok := splitDecimal(text); ok && d.exp >= 0 {
			if precision, scale := decimalShape(text); precision <= maxPrecision && d.exp == 0 {
				return decimalOf(precision, scale)
			}
		}
		fallthrough
	case kindFloat64:
		if _, ok := g.o.double(text, 64); ok {
			return &inferred{kind: kindFloat64}
		}
		fallthrough
	case kindDate:
		if !g.o.NoPreferDate {
			if _, ok := g.rules.datePattern.ParseDate(string(text)); ok {
				return &inferred{kind: kindDate}
			}
		}
		fallthrough
	case kindTimestamp:
		if _, ok := g.rules.timestamp(text); ok {
			return &inferred{kind: kindTimestamp}
		}
		fallthrough
	default:
		if _, ok := parseBool(text); ok {
			return &inferred{kind: kindBool}
		}
	}
	return &inferred{kind: kindString}
}
