package codec

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
)

// ddl parses a schema string of the goldens: `a INT, b STRUCT<x: ARRAY<INT>>`, or a single type.
type ddl struct {
	s   string
	pos int
}

func parseDDL(s string) (arrow.DataType, error) {
	p := &ddl{s: s}
	p.word()
	nested := p.peek() == '<'
	p.pos = 0
	if nested {
		return p.typ()
	}
	return p.fields(0)
}

func (p *ddl) space() {
	for p.pos < len(p.s) && p.s[p.pos] == ' ' {
		p.pos++
	}
}

func (p *ddl) peek() byte {
	p.space()
	if p.pos < len(p.s) {
		return p.s[p.pos]
	}
	return 0
}

func (p *ddl) word() string {
	p.space()
	st := p.pos
	if p.peek() == '`' {
		end := strings.IndexByte(p.s[p.pos+1:], '`')
		w := p.s[p.pos+1 : p.pos+1+end]
		p.pos += end + 2
		return w
	}
	for p.pos < len(p.s) && strings.IndexByte(" ,:<>()", p.s[p.pos]) < 0 {
		p.pos++
	}
	return p.s[st:p.pos]
}

func (p *ddl) fields(end byte) (arrow.DataType, error) {
	var fs []arrow.Field
	for {
		name := p.word()
		if p.peek() == ':' {
			p.pos++
		}
		dt, err := p.typ()
		if err != nil {
			return nil, err
		}
		fs = append(fs, arrow.Field{Name: name, Type: dt, Nullable: true})
		c := p.peek()
		p.pos++
		if c == end {
			return arrow.StructOf(fs...), nil
		}
		if c != ',' {
			return nil, fmt.Errorf("schema %q: at %d", p.s, p.pos)
		}
	}
}

func (p *ddl) typ() (arrow.DataType, error) {
	w := strings.ToUpper(p.word())
	switch w {
	case "ARRAY":
		p.pos++
		e, err := p.typ()
		if err != nil {
			return nil, err
		}
		p.peek()
		p.pos++
		return arrow.ListOf(e), nil
	case "MAP":
		p.pos++
		k, err := p.typ()
		if err != nil {
			return nil, err
		}
		p.peek()
		p.pos++
		v, err := p.typ()
		if err != nil {
			return nil, err
		}
		p.peek()
		p.pos++
		return arrow.MapOf(k, v), nil
	case "STRUCT":
		p.pos++
		return p.fields('>')
	case "DECIMAL":
		if p.peek() != '(' {
			return &arrow.Decimal128Type{Precision: 10}, nil
		}
		p.pos++
		prec, _ := strconv.Atoi(p.word())
		p.pos++
		scale, _ := strconv.Atoi(p.word())
		p.pos++
		return &arrow.Decimal128Type{Precision: int32(prec), Scale: int32(scale)}, nil
	}
	dt, ok := map[string]arrow.DataType{
		"BOOLEAN": arrow.FixedWidthTypes.Boolean, "TINYINT": arrow.PrimitiveTypes.Int8, "SMALLINT": arrow.PrimitiveTypes.Int16,
		"INT": arrow.PrimitiveTypes.Int32, "INTEGER": arrow.PrimitiveTypes.Int32, "BIGINT": arrow.PrimitiveTypes.Int64, "LONG": arrow.PrimitiveTypes.Int64,
		"FLOAT": arrow.PrimitiveTypes.Float32, "DOUBLE": arrow.PrimitiveTypes.Float64, "STRING": arrow.BinaryTypes.String,
		"BINARY": arrow.BinaryTypes.Binary, "DATE": arrow.FixedWidthTypes.Date32, "TIMESTAMP": arrow.FixedWidthTypes.Timestamp_us,
		"TIMESTAMP_NTZ": &arrow.TimestampType{Unit: arrow.Microsecond}, "VOID": arrow.Null,
	}[w]
	if !ok {
		return nil, fmt.Errorf("schema %q: no type %q", p.s, w)
	}
	return dt, nil
}
