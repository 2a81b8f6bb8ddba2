package codec

import (
	"fmt"
	"time"
)

// CSVOptions say how CSV is read, written and inferred. The zero value is Spark's default.
type CSVOptions struct {
	Mode          Mode
	CorruptColumn string // as JSONOptions.CorruptColumn

	Header      bool
	InferSchema bool

	Sep      string // default ","; may be several characters
	Quote    byte   // default '"'
	NoQuote  bool   // quote="": no quoting
	Escape   byte   // default '\'; set it to the quote for RFC 4180's doubled quotes
	NoEscape bool   // escape="": a quote inside quotes cannot be escaped; written ones are doubled
	// EscapeEscape escapes the escape inside quotes (charToEscapeQuoteEscaping); default the escape itself.
	EscapeEscape byte
	Comment      byte   // lines that begin with it are left out; 0: none
	NullValue    string // text of NULL, default ""
	NanValue     string // default "NaN"
	PositiveInf  string // default "Inf"
	NegativeInf  string // default "-Inf"

	// EmptyValue is what a quoted empty string is read as, and what an empty string is written as. HasEmptyValue says
	// that it is set; by default "" is read as "", which is NULL as long as NullValue is "" too, and written as "".
	EmptyValue    string
	HasEmptyValue bool

	IgnoreLeadingSpace, IgnoreTrailingSpace bool // reading; default false
	KeepLeadingSpace, KeepTrailingSpace     bool // writing; by default values are trimmed

	DateFormat, TimestampFormat, TimestampNTZFormat string
	DateTimeFallback                                bool
	Zone                                            *time.Location
	NoPreferDate                                    bool // preferDate=false: inference does not look for dates

	MultiLine     bool   // quoted values may hold line breaks
	LineSep       string // reading: \n, \r\n and \r by default; writing: \n
	MaxColumns    int    // default 20480
	MaxChars      int    // maxCharsPerColumn; 0 or negative: any
	SamplingRatio float64

	QuoteAll       bool
	NoEscapeQuotes bool // escapeQuotes=false: a value with quotes is not quoted for that
}

// defaultMaxColumns is Spark's.
const defaultMaxColumns = 20480

// withDefaults fills in what the zero value stands for.
func (o CSVOptions) withDefaults() CSVOptions {
	if o.Sep == "" {
		o.Sep = ","
	}
	if o.Quote == 0 && !o.NoQuote {
		o.Quote = '"'
	}
	if o.Escape == 0 && !o.NoEscape {
		o.Escape = '\\'
	}
	if o.EscapeEscape == 0 && o.Escape != o.Quote {
		o.EscapeEscape = o.Escape
	}
	setDefault(&o.NanValue, "NaN")
	setDefault(&o.PositiveInf, "Inf")
	setDefault(&o.NegativeInf, "-Inf")
	setDefault(&o.CorruptColumn, DefaultCorruptColumn)
	if o.MaxColumns <= 0 {
		o.MaxColumns = defaultMaxColumns
	}
	return o
}

func setDefault(p *string, v string) {
	if *p == "" {
		*p = v
	}
}

// ParseCSVOptions reads Spark's CSV options, names in any case. unknown lists the names that are none of them; an
// error names the option whose value is wrong.
func ParseCSVOptions(m map[string]string) (o CSVOptions, unknown []string, err error) {
	space := func(read, keep *bool) optionSetter {
		return func(v string) error {
			if err := setBool(read)(v); err != nil {
				return err
			}
			*keep = !*read
			return nil
		}
	}
	empty := func(v string) error { o.EmptyValue, o.HasEmptyValue = v, true; return nil }
	quote := func(v string) error {
		o.NoQuote = v == "" || v == "\x00"
		return setChar(&o.Quote)(v)
	}
	escape := func(v string) error {
		o.NoEscape = v == "" || v == "\x00"
		return setChar(&o.Escape)(v)
	}
	unknown, err = applyOptions(m, map[string]optionSetter{
		"mode":                          setMode(&o.Mode),
		"columnnameofcorruptrecord":     setText(&o.CorruptColumn),
		"header":                        setBool(&o.Header),
		"inferschema":                   setBool(&o.InferSchema),
		"enforceschema":                 ignore, // names are always matched, see NewCSVDecoder
		"sep":                           setSep(&o.Sep),
		"delimiter":                     setSep(&o.Sep),
		"quote":                         quote,
		"escape":                        escape,
		"chartoescapequoteescaping":     setChar(&o.EscapeEscape),
		"comment":                       setChar(&o.Comment),
		"nullvalue":                     setText(&o.NullValue),
		"nanvalue":                      setText(&o.NanValue),
		"positiveinf":                   setText(&o.PositiveInf),
		"negativeinf":                   setText(&o.NegativeInf),
		"emptyvalue":                    empty,
		"ignoreleadingwhitespace":       space(&o.IgnoreLeadingSpace, &o.KeepLeadingSpace),
		"ignoretrailingwhitespace":      space(&o.IgnoreTrailingSpace, &o.KeepTrailingSpace),
		"dateformat":                    setPattern(&o.DateFormat),
		"timestampformat":               setPattern(&o.TimestampFormat),
		"timestampntzformat":            setPattern(&o.TimestampNTZFormat),
		"enabledatetimeparsingfallback": setBool(&o.DateTimeFallback),
		"timezone":                      setZone(&o.Zone),
		"preferdate":                    setNotBool(&o.NoPreferDate),
		"multiline":                     setBool(&o.MultiLine),
		"linesep":                       setLineSep(&o.LineSep),
		"maxcolumns":                    setInt(&o.MaxColumns),
		"maxcharspercolumn":             setInt(&o.MaxChars),
		"samplingratio":                 setRatio(&o.SamplingRatio),
		"quoteall":                      setBool(&o.QuoteAll),
		"escapequotes":                  setNotBool(&o.NoEscapeQuotes),
		"unescapedquotehandling":        setUnescapedQuotes,
		"encoding":                      setEncoding,
		"charset":                       setEncoding,
		"locale":                        setLocale,
		"compression":                   ignore,
		"codec":                         ignore,
		"inputbuffersize":               ignore,
	})
	return o, unknown, err
}

// setChar stores an option of one character; the empty text is none.
func setChar(p *byte) optionSetter {
	return func(v string) error {
		switch {
		case v == "":
			*p = 0
		case len(v) == 1 && v[0] < 0x80:
			*p = v[0]
		case v == `\t`:
			*p = '\t'
		default:
			return fmt.Errorf("%q is not a single ASCII character", v)
		}
		return nil
	}
}

// setSep stores a separator, in which a backslash escapes as in Spark.
func setSep(p *string) optionSetter {
	return func(v string) error {
		var out []byte
		for i := 0; i < len(v); i++ {
			if v[i] != '\\' {
				out = append(out, v[i])
				continue
			}
			if i++; i == len(v) {
				return fmt.Errorf("%q ends in a single backslash; write \\\\ for one", v)
			}
			switch c := v[i]; c {
			case 't':
				out = append(out, '\t')
			case 'r':
				out = append(out, '\r')
			case 'n':
				out = append(out, '\n')
			case 'b':
				out = append(out, '\b')
			case 'f':
				out = append(out, '\f')
			case '"', '\'', '\\':
				out = append(out, c)
			case '0':
				out = append(out, 0)
			default:
				return fmt.Errorf("%q has the unknown escape \\%c", v, c)
			}
		}
		if len(out) == 0 {
			return fmt.Errorf("a separator has at least one character")
		}
		*p = string(out)
		return nil
	}
}

func setLineSep(p *string) optionSetter {
	return func(v string) error {
		if len(v) < 1 || len(v) > 2 {
			return fmt.Errorf("%q: a line separator has one or two characters", v)
		}
		*p = v
		return nil
	}
}

func setUnescapedQuotes(v string) error {
	if v != "STOP_AT_DELIMITER" {
		return fmt.Errorf("%q is not supported; STOP_AT_DELIMITER, the default, is", v)
	}
	return nil
}
