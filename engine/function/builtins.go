package function

import (
	"bytes"
	"math"
	"math/rand/v2"

	"github.com/millrace-sql/millrace/catalog"
)

// Builtins are the built-in functions and the conversions, without models: the
// functions that score one are refused as there is none.
func Builtins() catalog.Builtins {
	return BuiltinsWith(func(string) *catalog.ModelEntry { return nil }, func() []string { return nil })
}

// ModelLookup finds a model by its name; nil when there is none. Names compare
// without case.
type ModelLookup func(name string) *catalog.ModelEntry

// BuiltinsWith are the built-in functions, of which predict, predict_all and
// predict_proba find their model with lookup when a call is bound; names lists
// the models there are, for suggestions.
func BuiltinsWith(lookup ModelLookup, names func() []string) catalog.Builtins {
	var fs []catalog.Function
	for _, group := range [][]scalar{operators, numbers, texts, digests, documents, collections, times, models{lookup, names}.functions()} {
		for _, f := range group {
			fs = append(fs, f)
		}
	}
	var as []catalog.Aggregate
	for _, a := range aggregates {
		as = append(as, a)
	}
	return catalog.Builtins{Functions: fs, Aggregates: as, Caster: caster{}}
}

var operators = []scalar{
	{"+", arithmetic("+")},
	{"-", arithmetic("-")},
	{"*", arithmetic("*")},
	{"/", arithmetic("/")},
	{"%", arithmetic("%")},
	{"mod", arithmetic("%")},
	{"div", arithmetic("div")},
	{"pmod", arithmetic("pmod")},
	{"negative", negate(negateKernel)},
	{"positive", negate(positiveKernel)},
	{"=", comparison("=")},
	{"==", comparison("=")},
	{"!=", comparison("!=")},
	{"<>", comparison("!=")},
	{"<", comparison("<")},
	{"<=", comparison("<=")},
	{">", comparison(">")},
	{">=", comparison(">=")},
	{"<=>", nullSafe(false)},
	{"isdistinct", nullSafe(true)},
	{"not", bindNot},
	{"!", bindNot},
	{"isnull", nullTest(true)},
	{"isnotnull", nullTest(false)},
	{"isnan", bindIsNaN},
	{"in", bindIn},
	{"greatest", extreme(1)},
	{"least", extreme(-1)},
	{"getitem", bindGetItem},
	{"||", bindConcat},
	{"like", bindLike(false)},
	{"ilike", bindLike(true)},
	{"rlike", withRegexp(strict(takes(tString, tString), tBool, rowsBool(rlike)))},
	{"regexp", withRegexp(strict(takes(tString, tString), tBool, rowsBool(rlike)))},
	{"regexp_like", withRegexp(strict(takes(tString, tString), tBool, rowsBool(rlike)))},
}

var numbers = []scalar{
	{"abs", negate(absKernel)},
	{"round", bindRound(halfUp)},
	{"bround", bindRound(halfEven)},
	{"ceil", bindCeil(ceiling)},
	{"ceiling", bindCeil(ceiling)},
	{"floor", bindCeil(floor)},
	{"sqrt", real1(math.Sqrt)},
	{"cbrt", real1(math.Cbrt)},
	{"exp", real1(math.Exp)},
	{"expm1", real1(math.Expm1)},
	{"ln", positiveOnly(math.Log, 0)},
	{"log", bindLog},
	{"log10", positiveOnly(log10, 0)},
	{"log2", positiveOnly(log2, 0)},
	{"log1p", positiveOnly(math.Log1p, -1)},
	{"pow", real2(power)},
	{"power", real2(power)},
	{"sign", real1(sign)},
	{"signum", real1(sign)},
	{"sin", real1(math.Sin)},
	{"cos", real1(math.Cos)},
	{"tan", real1(math.Tan)},
	{"cot", real1(func(v float64) float64 { return 1 / math.Tan(v) })},
	{"sec", real1(func(v float64) float64 { return 1 / math.Cos(v) })},
	{"csc", real1(func(v float64) float64 { return 1 / math.Sin(v) })},
	{"asin", real1(math.Asin)},
	{"acos", real1(math.Acos)},
	{"atan", real1(math.Atan)},
	{"atan2", real2(math.Atan2)},
	{"sinh", real1(math.Sinh)},
	{"cosh", real1(math.Cosh)},
	{"tanh", real1(math.Tanh)},
	{"asinh", real1(func(v float64) float64 { return math.Log(v + math.Sqrt(v*v+1)) })},
	{"acosh", real1(func(v float64) float64 { return math.Log(v + math.Sqrt(v*v-1)) })},
	{"atanh", real1(func(v float64) float64 { return 0.5 * (math.Log1p(v) - math.Log1p(-v)) })},
	{"degrees", real1(func(v float64) float64 { return v * (180 / math.Pi) })},
	{"radians", real1(func(v float64) float64 { return v * (math.Pi / 180) })},
	{"hypot", real2(math.Hypot)},
	{"rint", real1(math.RoundToEven)},
	{"e", constantReal(math.E)},
	{"pi", constantReal(math.Pi)},
	{"factorial", strict(takes(tInt), tLong, rowsFixed(tLong, factorial))},
	{"bin", strict(takes(tLong), tString, rowsText(tString, binaryText))},
	{"conv", strict(takes(tString, tInt, tInt), tString, rowsText(tString, conv))},
	{"rand", bindRand((*rand.Rand).Float64)},
	{"random", bindRand((*rand.Rand).Float64)},
	{"randn", bindRand((*rand.Rand).NormFloat64)},
	{"&", bitwise("&")},
	{"|", bitwise("|")},
	{"^", bitwise("^")},
	{"~", bindBitNot},
	{"bit_count", bindBitCount},
	{"shiftleft", shift(func(v int32, by uint32) int32 { return v << by }, func(v int64, by uint32) int64 { return v << by })},
	{"shiftright", shift(func(v int32, by uint32) int32 { return v >> by }, func(v int64, by uint32) int64 { return v >> by })},
	{"shiftrightunsigned", shift(func(v int32, by uint32) int32 { return int32(uint32(v) >> by) }, func(v int64, by uint32) int64 { return int64(uint64(v) >> by) })},
	{"try_add", try("+")},
	{"try_subtract", try("-")},
	{"try_multiply", try("*")},
	{"try_divide", arithmetic("/")},
	{"width_bucket", strict(takes(tDouble, tDouble, tDouble, tLong), tLong, rowsFixed(tLong, widthBucket))},
}

var texts = []scalar{
	{"concat", bindConcat},
	{"concat_ws", bindConcatWS},
	{"length", bindLength},
	{"len", bindLength},
	{"char_length", bindLength},
	{"character_length", bindLength},
	{"octet_length", bindBytes(1)},
	{"bit_length", bindBytes(8)},
	{"upper", strict(takes(tString), tString, rowsText(tString, upper))},
	{"ucase", strict(takes(tString), tString, rowsText(tString, upper))},
	{"lower", strict(takes(tString), tString, rowsText(tString, lower))},
	{"lcase", strict(takes(tString), tString, rowsText(tString, lower))},
	{"trim", strict(takes(tString, tString).opt(1), tString, rowsText(tString, trimmer(true, true, 1, 0)))},
	{"ltrim", strict(takes(tString, tString).opt(1), tString, rowsText(tString, trimmer(true, false, 1, 0)))},
	{"rtrim", strict(takes(tString, tString).opt(1), tString, rowsText(tString, trimmer(false, true, 1, 0)))},
	{"btrim", strict(takes(tString, tString).opt(1), tString, rowsText(tString, trimmer(true, true, 0, 1)))},
	{"substring", textOrBinary(takes(tString, tInt, tInt).opt(1), substringText, substringBinary)},
	{"substr", textOrBinary(takes(tString, tInt, tInt).opt(1), substringText, substringBinary)},
	{"left", strict(takes(tString, tInt), tString, rowsText(tString, leftText))},
	{"right", strict(takes(tString, tInt), tString, rowsText(tString, rightText))},
	{"lpad", strict(takes(tString, tInt, tString).opt(1), tString, rowsText(tString, pad(true)))},
	{"rpad", strict(takes(tString, tInt, tString).opt(1), tString, rowsText(tString, pad(false)))},
	{"repeat", strict(takes(tString, tInt), tString, rowsText(tString, repeatText))},
	{"space", strict(takes(tInt), tString, rowsText(tString, spaceText))},
	{"reverse", bindReverse},
	{"replace", strict(takes(tString, tString, tString).opt(1), tString, rowsText(tString, replaceText))},
	{"translate", strict(takes(tString, tString, tString), tString, rowsText(tString, translate))},
	{"instr", strict(takes(tString, tString), tInt, rowsFixed(tInt, instr))},
	{"locate", strict(takes(tString, tString, tInt).opt(1), tInt, rowsFixed(tInt, locate))},
	{"position", strict(takes(tString, tString, tInt).opt(1), tInt, rowsFixed(tInt, locate))},
	{"initcap", strict(takes(tString), tString, rowsText(tString, initcap))},
	{"ascii", strict(takes(tString), tInt, rowsFixed(tInt, ascii))},
	{"chr", strict(takes(tLong), tString, rowsText(tString, chr))},
	{"char", strict(takes(tLong), tString, rowsText(tString, chr))},
	{"soundex", strict(takes(tString), tString, rowsText(tString, soundex))},
	{"levenshtein", strict(takes(tString, tString, tInt).opt(1), tInt, rowsFixed(tInt, levenshtein))},
	{"overlay", strict(takes(tString, tString, tInt, tInt).opt(1), tString, rowsText(tString, overlay))},
	{"substring_index", strict(takes(tString, tString, tInt), tString, rowsText(tString, substringIndex))},
	{"split_part", strict(takes(tString, tString, tInt), tString, rowsText(tString, splitPart))},
	{"split", withRegexp(strict(takes(tString, tString, tInt).opt(1), listType(tString), rowsTexts(splitText)))},
	{"find_in_set", strict(takes(tString, tString), tInt, rowsFixed(tInt, findInSet))},
	{"regexp_extract", withRegexp(strict(takes(tString, tString, tInt).opt(1), tString, rowsText(tString, regexpExtract)))},
	{"regexp_extract_all", withRegexp(strict(takes(tString, tString, tInt).opt(1), listType(tString), rowsTexts(regexpExtractAll)))},
	{"regexp_replace", withRegexp(strict(takes(tString, tString, tString, tInt).opt(1), tString, rowsText(tString, regexpReplace)))},
	{"regexp_substr", withRegexp(strict(takes(tString, tString), tString, rowsText(tString, regexpSubstr)))},
	{"regexp_count", withRegexp(strict(takes(tString, tString), tInt, rowsFixed(tInt, regexpCount)))},
	{"regexp_instr", withRegexp(strict(takes(tString, tString), tInt, rowsFixed(tInt, regexpInstr)))},
	{"startswith", textTest(bytes.HasPrefix)},
	{"endswith", textTest(bytes.HasSuffix)},
	{"contains", textTest(bytes.Contains)},
	{"elt", bindElt},
	{"mask", lenient(takes(tString, tString, tString, tString, tString).opt(4), tString, rowsTextNull(tString, mask))},
	{"luhn_check", strict(takes(tString), tBool, rowsBool(luhn))},
	{"url_encode", strict(takes(tString), tString, rowsText(tString, urlEncode))},
	{"url_decode", strict(takes(tString), tString, rowsText(tString, urlDecode))},
	{"parse_url", strict(takes(tString, tString, tString).opt(1), tString, rowsText(tString, parseURL))},
	{"decode", bindDecode},
	{"encode", strict(takes(tString, tString), tBinary, rowsText(tBinary, encodeText))},
}

var digests = []scalar{
	{"md5", strict(takes(tBinary), tString, rowsText(tString, md5Text))},
	{"sha", strict(takes(tBinary), tString, rowsText(tString, sha1Text))},
	{"sha1", strict(takes(tBinary), tString, rowsText(tString, sha1Text))},
	{"sha2", strict(takes(tBinary, tInt), tString, rowsText(tString, sha2Text))},
	{"crc32", strict(takes(tBinary), tLong, rowsFixed(tLong, crc32Of))},
	{"base64", strict(takes(tBinary), tString, rowsText(tString, base64Text))},
	{"unbase64", strict(takes(tString), tBinary, rowsText(tBinary, unbase64))},
	{"hex", bindHex},
	{"unhex", strict(takes(tString), tBinary, rowsText(tBinary, unhex))},
}

var documents = []scalar{
	{"from_json", bindFromJSON},
	{"to_json", bindToJSON},
}

var collections = []scalar{
	{"struct", bindStruct},
	{"named_struct", bindNamedStruct},
	{"array", bindArray},
	{"map", bindMap},
	{"element_at", bindElementAt},
	{"try_element_at", bindTryElementAt},
	{"get", bindGet},
	{"size", bindSize(true)},
	{"cardinality", bindSize(true)},
	{"array_size", bindSize(false)},
	{"array_contains", withElement(always(tBool), true, arrayContains)},
	{"array_position", withElement(always(tLong), true, arrayPosition)},
	{"array_remove", withElement(asList, true, arrayRemove)},
	{"array_append", withElement(asList, false, appendElement(false))},
	{"array_prepend", withElement(asList, false, appendElement(true))},
	{"array_insert", bindArrayInsert},
	{"array_distinct", bindArrayDistinct},
	{"array_compact", bindArrayCompact},
	{"array_union", combine(func(_, _ bool) bool { return true })},
	{"array_intersect", combine(func(first, inOther bool) bool { return first && inOther })},
	{"array_except", combine(func(first, inOther bool) bool { return first && !inOther })},
	{"arrays_overlap", overlap},
	{"array_join", strict(takes(listType(tString), tString, tString).opt(1), tString, rowsText(tString, arrayJoin))},
	{"array_max", bindArrayExtreme(1)},
	{"array_min", bindArrayExtreme(-1)},
	{"sort_array", bindSortArray},
	{"slice", bindSlice},
	{"flatten", bindFlatten},
	{"array_repeat", bindArrayRepeat},
}

var times = []scalar{
	{"current_timestamp", volatile(takes(), tTimestamp, nowTimestamp)},
	{"now", volatile(takes(), tTimestamp, nowTimestamp)},
	{"current_date", volatile(takes(), tDate, nowDate)},
	{"curdate", volatile(takes(), tDate, nowDate)},
}

var aggregates = []aggregate{
	{"count", bindCount},
	{"sum", bindSum},
	{"avg", bindAvg},
	{"mean", bindAvg},
	{"min", bindExtreme(-1)},
	{"max", bindExtreme(1)},
}
