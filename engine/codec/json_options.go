package codec

import "time"

// JSONOptions say how JSON is read, written and inferred. The zero value is Spark's default for from_json.
type JSONOptions struct {
	Mode          Mode   // default Permissive
	CorruptColumn string // column for the text of broken records, where the schema has it as STRING; default DefaultCorruptColumn

	// Lines is reading as a data source does: a top-level array gives a row for each of its objects, a blank
	// document gives no row, a byte order mark is skipped. Without it, as in from_json, an array is a broken
	// record for a STRUCT and a blank document a NULL.
	Lines bool

	DateFormat         string         // DateTimeFormatter pattern; default: what CAST to DATE accepts
	TimestampFormat    string         // same for TIMESTAMP; written as yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX] by default
	TimestampNTZFormat string         // same for timestamps without zone
	Zone               *time.Location // of timestamps whose text has no zone, and of those written; default UTC

	// DateTimeFallback keeps CAST's rules for texts that do not fit the pattern given. Without a pattern it is always on.
	DateTimeFallback bool

	DisallowSingleQuotes      bool // allowSingleQuotes=false
	DisallowNonNumericNumbers bool // allowNonNumericNumbers=false: NaN, Infinity, also as strings
	AllowComments             bool
	AllowUnquotedNames        bool // allowUnquotedFieldNames
	AllowLeadingZeros         bool // allowNumericLeadingZeros
	AllowAnyEscape            bool // allowBackslashEscapingAnyCharacter
	AllowControlChars         bool // allowUnquotedControlChars

	// For inference.
	PrimitivesAsString bool
	PrefersDecimal     bool
	InferTimestamp     bool
	DropFieldIfAllNull bool
	SamplingRatio      float64 // 0 is all

	// For writing.
	KeepNullFields bool // ignoreNullFields=false: NULL fields are written as null
	Pretty         bool // objects and arrays over several lines
	EscapeNonASCII bool // writeNonAsciiCharacterAsCodePoint

	// Layout of files, for whoever cuts them into documents.
	MultiLine bool   // a file is one document
	LineSep   string // default: \n, \r\n or \r
}

// corruptColumn is the name in force.
func (o *JSONOptions) corruptColumn() string {
	if o.CorruptColumn == "" {
		return DefaultCorruptColumn
	}
	return o.CorruptColumn
}

// ParseJSONOptions reads Spark's JSON options, names in any case. unknown lists the names that are none of them; an
// error names the option whose value is wrong.
func ParseJSONOptions(m map[string]string) (o JSONOptions, unknown []string, err error) {
	unknown, err = applyOptions(m, map[string]optionSetter{
		"mode":                               setMode(&o.Mode),
		"columnnameofcorruptrecord":          setText(&o.CorruptColumn),
		"dateformat":                         setPattern(&o.DateFormat),
		"timestampformat":                    setPattern(&o.TimestampFormat),
		"timestampntzformat":                 setPattern(&o.TimestampNTZFormat),
		"timezone":                           setZone(&o.Zone),
		"enabledatetimeparsingfallback":      setBool(&o.DateTimeFallback),
		"allowsinglequotes":                  setNotBool(&o.DisallowSingleQuotes),
		"allownonnumericnumbers":             setNotBool(&o.DisallowNonNumericNumbers),
		"allowcomments":                      setBool(&o.AllowComments),
		"allowunquotedfieldnames":            setBool(&o.AllowUnquotedNames),
		"allownumericleadingzeros":           setBool(&o.AllowLeadingZeros),
		"allowbackslashescapinganycharacter": setBool(&o.AllowAnyEscape),
		"allowunquotedcontrolchars":          setBool(&o.AllowControlChars),
		"primitivesasstring":                 setBool(&o.PrimitivesAsString),
		"prefersdecimal":                     setBool(&o.PrefersDecimal),
		"infertimestamp":                     setBool(&o.InferTimestamp),
		"dropfieldifallnull":                 setBool(&o.DropFieldIfAllNull),
		"samplingratio":                      setRatio(&o.SamplingRatio),
		"ignorenullfields":                   setNotBool(&o.KeepNullFields),
		"pretty":                             setBool(&o.Pretty),
		"writenonasciicharacterascodepoint":  setBool(&o.EscapeNonASCII),
		"multiline":                          setBool(&o.MultiLine),
		"linesep":                            setText(&o.LineSep),
		"encoding":                           setEncoding,
		"charset":                            setEncoding,
		"locale":                             setLocale,
		"compression":                        ignore,
	})
	return o, unknown, err
}
