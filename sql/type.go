package sql

import (
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
)

// commentKey is the field metadata under which a column's COMMENT is kept.
const commentKey = "comment"

// timestampType is Spark's TIMESTAMP.
var timestampType = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}

// timestampNTZType is Spark's TIMESTAMP_NTZ.
var timestampNTZType = &arrow.TimestampType{Unit: arrow.Microsecond}

// simpleTypes are the types without parameters, by their SQL names.
var simpleTypes = map[string]arrow.DataType{
	"BOOLEAN": arrow.FixedWidthTypes.Boolean,
	"TINYINT": arrow.PrimitiveTypes.Int8, "BYTE": arrow.PrimitiveTypes.Int8,
	"SMALLINT": arrow.PrimitiveTypes.Int16, "SHORT": arrow.PrimitiveTypes.Int16,
	"INT": arrow.PrimitiveTypes.Int32, "INTEGER": arrow.PrimitiveTypes.Int32,
	"BIGINT": arrow.PrimitiveTypes.Int64, "LONG": arrow.PrimitiveTypes.Int64,
	"FLOAT": arrow.PrimitiveTypes.Float32, "REAL": arrow.PrimitiveTypes.Float32,
	"DOUBLE": arrow.PrimitiveTypes.Float64,
	"STRING": arrow.BinaryTypes.String,
	"BINARY": arrow.BinaryTypes.Binary,
	"DATE":   arrow.FixedWidthTypes.Date32,
	"VOID":   arrow.Null,

	"TIMESTAMP": timestampType, "TIMESTAMP_LTZ": timestampType, "TIMESTAMP_NTZ": timestampNTZType,
}

// typeWords are all names a type can begin with, for hints.
var typeWords = []string{
	"BOOLEAN", "TINYINT", "SMALLINT", "INT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL", "STRING", "VARCHAR", "CHAR",
	"BINARY", "DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "INTERVAL", "ARRAY", "MAP", "STRUCT", "VOID", "LONG",
}

// foreignTypes are names of other systems with what they are called here.
var foreignTypes = map[string]string{
	"TEXT": "STRING", "NUMBER": "DECIMAL(p, s)", "BOOL": "BOOLEAN", "INT64": "BIGINT", "INT32": "INT", "INT8": "TINYINT", "INT16": "SMALLINT",
	"FLOAT64": "DOUBLE", "FLOAT32": "FLOAT", "BYTES": "BINARY", "BLOB": "BINARY", "DATETIME": "TIMESTAMP", "ROW": "STRUCT<...>",
	"NVARCHAR": "STRING", "BIT": "BOOLEAN", "JSON": "STRING",
}

// dataType parses a type.
func (p *parser) dataType() arrow.DataType {
	if !p.enter() {
		return arrow.Null
	}
	defer p.leave()
	t := p.tok()
	if t.kind != tokWord {
		p.unexpected("a type")
		return arrow.Null
	}
	if p.is("DOUBLE", "PRECISION") {
		p.pos += 2
		return arrow.PrimitiveTypes.Float64
	}
	if dt, ok := simpleTypes[t.upper]; ok {
		p.next()
		p.noParameters(t)
		return dt
	}
	switch t.upper {
	case "DECIMAL", "DEC", "NUMERIC":
		return p.decimalType()
	case "VARCHAR", "CHAR", "CHARACTER":
		p.next()
		p.expect("(")
		p.smallInt("a length", 1, 1<<30)
		p.expect(")")
		return arrow.BinaryTypes.String
	case "INTERVAL":
		return p.intervalType()
	case "ARRAY":
		p.next()
		p.expect("<")
		elem := p.dataType()
		p.expect(">")
		return arrow.ListOf(elem)
	case "MAP":
		p.next()
		p.expect("<")
		key := p.dataType()
		p.expect(",")
		value := p.dataType()
		p.expect(">")
		return arrow.MapOf(key, value)
	case "STRUCT":
		return p.structType()
	}
	p.unknownType(t)
	return arrow.Null
}

func (p *parser) unknownType(t *token) {
	if p.err != nil {
		return
	}
	err := p.fail(t.span, "unknown type '%s'", clip(t.text))
	if ours := foreignTypes[t.upper]; ours != "" {
		err.WithHint("it is called %s here", ours)
	} else if near := nearest(t.text, typeWords); near != "" {
		err.WithHint("did you mean %s?", near)
	}
}

func (p *parser) noParameters(t *token) {
	if p.is("(") && p.peek(1).kind == tokNumber {
		p.fail(p.tok().span, "%s takes no length or precision", t.upper)
	}
}

// smallInt reads a whole number in [least, most].
func (p *parser) smallInt(what string, least, most int) int {
	t := p.tok()
	if p.err != nil || t.kind != tokNumber || t.suffix != "" {
		p.unexpected(what)
		return least
	}
	n, err := strconv.Atoi(t.val)
	if err != nil || n < least || n > most {
		p.fail(t.span, "%s is out of range: expected %s from %d to %d", t.text, what, least, most)
		return least
	}
	p.next()
	return n
}

func (p *parser) decimalType() arrow.DataType {
	p.next()
	precision, scale := 10, 0
	if p.accept("(") {
		precision = p.smallInt("a precision", 1, 38)
		if p.accept(",") {
			scale = p.smallInt("a scale", 0, precision)
		}
		p.expect(")")
	}
	return &arrow.Decimal128Type{Precision: int32(precision), Scale: int32(scale)}
}

// intervalType parses INTERVAL, INTERVAL YEAR [TO MONTH], INTERVAL DAY [TO
// SECOND] and the like.
func (p *parser) intervalType() arrow.DataType {
	p.next()
	first := p.acceptAny("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
	switch first {
	case "":
		return arrow.FixedWidthTypes.MonthDayNanoInterval
	case "YEAR", "MONTH":
		if p.accept("TO") {
			p.expect("MONTH")
		}
		return arrow.FixedWidthTypes.MonthInterval
	}
	if p.accept("TO") && p.acceptAny("HOUR", "MINUTE", "SECOND") == "" {
		p.unexpected("HOUR, MINUTE or SECOND")
	}
	return arrow.FixedWidthTypes.Duration_us
}

func (p *parser) structType() arrow.DataType {
	p.next()
	if p.accept("<>") {
		return arrow.StructOf()
	}
	p.expect("<")
	if p.accept(">") {
		return arrow.StructOf()
	}
	fields := p.fields()
	p.expect(">")
	return p.structOf(fields)
}

// structOf makes a struct; arrow wants names in its metadata only, so equal
// names are the reader's affair.
func (p *parser) structOf(fields []arrow.Field) arrow.DataType {
	if p.err != nil {
		return arrow.Null
	}
	return arrow.StructOf(fields...)
}

// fields parses name[:] type [NOT NULL] [COMMENT '...'], ....
func (p *parser) fields() []arrow.Field {
	var out []arrow.Field
	for {
		out = append(out, p.field())
		if !p.accept(",") {
			return out
		}
	}
}

func (p *parser) field() arrow.Field {
	f := arrow.Field{Name: p.name("a field's name").Name, Nullable: true}
	p.accept(":")
	f.Type = p.dataType()
	if p.accept("NOT", "NULL") {
		f.Nullable = false
	}
	if p.accept("COMMENT") {
		text, _ := p.stringToken("the comment, a string")
		f.Metadata = arrow.NewMetadata([]string{commentKey}, []string{text})
	}
	return f
}

// ParseType parses one type such as DECIMAL(10,2) or array<struct<a:int>>. The
// error is an ErrorList with Source set.
func ParseType(text string) (arrow.DataType, error) {
	var dt arrow.DataType
	err := parseAll(text, "type", func(p *parser) { dt = p.dataType() })
	if err != nil {
		return nil, err
	}
	return dt, nil
}

// ParseSchema parses a schema as from_json takes it: a list of columns
// ('a INT, b STRUCT<c: DOUBLE>', the result is an *arrow.StructType), a single
// type ('array<int>'), or the JSON form that Spark's StructType.json() writes.
// Fields are nullable unless NOT NULL. The error is an ErrorList with Source
// set.
func ParseSchema(text string) (arrow.DataType, error) {
	trimmed := strings.TrimSpace(text)
	if strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, `"`) {
		return parseJSONSchema(trimmed)
	}
	if trimmed == "" {
		return arrow.StructOf(), nil
	}
	var fields []arrow.Field
	columnsErr := parseAll(text, "schema", func(p *parser) { fields = p.fields() })
	if columnsErr == nil {
		return arrow.StructOf(fields...), nil
	}
	dt, typeErr := ParseType(text)
	if typeErr == nil {
		return dt, nil
	}
	if faultStart(typeErr) > faultStart(columnsErr) {
		return nil, typeErr
	}
	return nil, columnsErr
}

// faultStart is where the first fault of an ErrorList begins.
func faultStart(err error) int {
	if l, ok := err.(ErrorList); ok && len(l) > 0 {
		return l[0].Span.Start
	}
	return -1
}
