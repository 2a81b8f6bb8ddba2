package plan

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/decimal128"

	"github.com/millrace-sql/millrace/sql"
)

const maxPrecision = 38

// literal binds a constant as written.
func (x *exprBinder) literal(e sql.Expr) Expr {
	span := x.pos(e.Pos())
	switch e := e.(type) {
	case *sql.BoolLit:
		return Bool(e.Value, span)
	case *sql.NumberLit:
		return x.number(e, false, e.Pos())
	case *sql.StringLit:
		return String(e.Value, span)
	case *sql.BinaryLit:
		b := array.NewBinaryBuilder(goHeap, arrow.BinaryTypes.Binary)
		b.Append(e.Value)
		return &Literal{Span: span, Value: b.NewArray()}
	case *sql.TypedLit:
		return x.typed(e)
	}
	return Null(arrow.Null, span)
}

// typedLiterals are the types that can introduce a literal.
var typedLiterals = map[string]arrow.DataType{
	"DATE":          arrow.FixedWidthTypes.Date32,
	"TIMESTAMP":     arrow.FixedWidthTypes.Timestamp_us,
	"TIMESTAMP_LTZ": arrow.FixedWidthTypes.Timestamp_us,
	"TIMESTAMP_NTZ": &arrow.TimestampType{Unit: arrow.Microsecond},
}

// typed reads DATE '...' and the like as the cast from a string would.
func (x *exprBinder) typed(e *sql.TypedLit) Expr {
	t, ok := typedLiterals[e.Kind]
	if !ok {
		x.unsupported(e.Pos(), "literals of type "+e.Kind)
		return nil
	}
	out, err := x.cast(String(e.Value, x.pos(e.Pos())), t, e.Pos())
	if err != nil {
		x.errorf(e.Pos(), "%s", err)
		return nil
	}
	if l, ok := out.(*Literal); !ok || l.IsNull() {
		x.errorf(e.Pos(), "'%s' is no %s", e.Value, e.Kind)
		return nil
	}
	return out
}

// number binds a numeric literal with its sign: INT, BIGINT or the tightest
// DECIMAL by its form, DOUBLE with an exponent, or what its suffix says.
func (x *exprBinder) number(e *sql.NumberLit, negative bool, span sql.Span) Expr {
	text := e.Text
	if negative {
		text = "-" + text
	}
	out, err := numberLiteral(text, e.Suffix)
	if err != nil {
		x.errorf(span, "%s", err)
		return nil
	}
	out.Span = x.pos(span)
	return out
}

func numberLiteral(text, suffix string) (*Literal, error) {
	switch suffix {
	case "Y":
		return intLiteral(text, 8, "TINYINT")
	case "S":
		return intLiteral(text, 16, "SMALLINT")
	case "L":
		return intLiteral(text, 64, "BIGINT")
	case "F":
		return floatLiteral(text, 32)
	case "D":
		return floatLiteral(text, 64)
	case "BD":
		return decimalLiteral(text)
	}
	if strings.ContainsAny(text, "eE") {
		return floatLiteral(text, 64)
	}
	if strings.Contains(text, ".") {
		return decimalLiteral(text)
	}
	if l, err := intLiteral(text, 32, "INT"); err == nil {
		return l, nil
	}
	if l, err := intLiteral(text, 64, "BIGINT"); err == nil {
		return l, nil
	}
	return decimalLiteral(text)
}

func intLiteral(text string, bits int, name string) (*Literal, error) {
	v, err := strconv.ParseInt(text, 10, bits)
	if err != nil {
		return nil, fmt.Errorf("%s does not fit %s", text, name)
	}
	var a arrow.Array
	switch bits {
	case 8:
		b := array.NewInt8Builder(goHeap)
		b.Append(int8(v))
		a = b.NewArray()
	case 16:
		b := array.NewInt16Builder(goHeap)
		b.Append(int16(v))
		a = b.NewArray()
	case 32:
		b := array.NewInt32Builder(goHeap)
		b.Append(int32(v))
		a = b.NewArray()
	default:
		b := array.NewInt64Builder(goHeap)
		b.Append(v)
		a = b.NewArray()
	}
	return &Literal{Value: a, Integer: true}, nil
}

// integer is an INT literal.
func integer(v int32, span sql.Span) *Literal {
	b := array.NewInt32Builder(goHeap)
	b.Append(v)
	return &Literal{Span: span, Value: b.NewArray(), Integer: true}
}

func floatLiteral(text string, bits int) (*Literal, error) {
	v, err := strconv.ParseFloat(text, bits)
	if err != nil {
		return nil, fmt.Errorf("%s does not fit %s", text, map[int]string{32: "FLOAT", 64: "DOUBLE"}[bits])
	}
	if bits == 32 {
		b := array.NewFloat32Builder(goHeap)
		b.Append(float32(v))
		return &Literal{Value: b.NewArray()}, nil
	}
	b := array.NewFloat64Builder(goHeap)
	b.Append(v)
	return &Literal{Value: b.NewArray()}, nil
}

// decimalLiteral gives a decimal its tightest type, as Spark does.
func decimalLiteral(text string) (*Literal, error) {
	digits, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		e, err := strconv.Atoi(text[i+1:])
		if err != nil || e > maxPrecision || e < -maxPrecision {
			return nil, fmt.Errorf("%s does not fit DECIMAL(38,0)", text)
		}
		digits, exponent = text[:i], e
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	scale := len(fraction) - exponent
	unscaled, ok := new(big.Int).SetString(whole+fraction, 10)
	if !ok {
		return nil, fmt.Errorf("%s is no number", text)
	}
	for ; scale < 0; scale++ {
		unscaled.Mul(unscaled, big.NewInt(10))
	}
	precision := max(len(new(big.Int).Abs(unscaled).String()), scale)
	if precision > maxPrecision || scale > maxPrecision {
		return nil, fmt.Errorf("%s does not fit DECIMAL: it has %d digits, and at most %d are kept", text, precision, maxPrecision)
	}
	t := &arrow.Decimal128Type{Precision: int32(precision), Scale: int32(scale)}
	b := array.NewDecimal128Builder(goHeap, t)
	b.Append(decimal128.FromBigInt(unscaled))
	return &Literal{Value: b.NewArray()}, nil
}

// thereAre is "there is 1 column", "there are 2 columns".
func thereAre(n int, noun string) string {
	if n == 1 {
		return "there is 1 " + noun
	}
	return "there are " + count(n, noun)
}

// count is "1 argument", "2 arguments".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
