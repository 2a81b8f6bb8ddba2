package file

import (
	"slices"
	"strings"

	"github.com/millrace-sql/millrace/engine/connector"
)

// commonOptions are those of all file connectors, read here and not by the codec.
var commonOptions = []connector.Option{
	{Name: "path", Read: true, Write: true, Required: true, Help: "a file, a folder or a glob (*, ?, [a-z], {a,b}); a folder to write into"},
	{Name: "recursiveFileLookup", Default: "false", Read: true, Help: "read the files of all folders below too"},
	{Name: "pathGlobFilter", Read: true, Help: "read only files whose names fit this pattern"},
	{Name: "maxFilesPerTrigger", Read: true, Help: "how many new files an epoch of a stream takes at most"},
	{Name: "codec", Default: "none", Write: true, Help: "the same as compression"},
	{Name: "compression", Default: "none", Write: true, Help: "none or gzip; files that end in .gz are read as gzip whatever it says"},
}

// idleOptions are known to Spark and have no effect here.
var idleOptions = []string{
	"modifiedBefore", "modifiedAfter", "ignoreMissingFiles", "ignoreCorruptFiles", "checkpointLocation",
	"maxBytesPerTrigger", "maxFileAge", "latestFirst", "fileNameOnly", "cleanSource", "sourceArchiveDir", "maxRecordsPerFile", "inputBufferSize", "queryName", "enforceSchema",
}

// specify lists a connector's options: those of all files, its own, and those of
// its siblings, which have no effect on it.
func specify(own []connector.Option, siblings ...[]connector.Option) []connector.Option {
	out := append(slices.Clone(commonOptions), own...)
	has := func(name string) bool {
		return slices.ContainsFunc(out, func(o connector.Option) bool { return strings.EqualFold(o.Name, name) })
	}
	idle := func(name string) {
		if !has(name) {
			out = append(out, connector.Option{Name: name, Help: "no effect here"})
		}
	}
	for _, s := range siblings {
		for _, o := range s {
			idle(o.Name)
		}
	}
	for _, name := range idleOptions {
		idle(name)
	}
	return out
}

var jsonOptions = []connector.Option{
	{Name: "mode", Default: "PERMISSIVE", Read: true, Help: "what a broken record becomes: PERMISSIVE NULLs, DROPMALFORMED nothing, FAILFAST an error"},
	{Name: "columnNameOfCorruptRecord", Default: "_corrupt_record", Read: true, Help: "the STRING column that gets the text of broken records, where the table has it"},
	{Name: "dateFormat", Read: true, Write: true, Help: "pattern of dates (yyyy-MM-dd)"},
	{Name: "timestampFormat", Read: true, Write: true, Help: "pattern of timestamps (yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX])"},
	{Name: "timestampNTZFormat", Read: true, Write: true, Help: "pattern of timestamps without zone"},
	{Name: "timeZone", Default: "UTC", Read: true, Write: true, Help: "zone of timestamps whose text has none, and of those written"},
	{Name: "enableDateTimeParsingFallback", Read: true, Help: "read what does not fit the patterns as CAST does"},
	{Name: "allowSingleQuotes", Default: "true", Read: true, Help: "accept 'text'"},
	{Name: "allowNonNumericNumbers", Default: "true", Read: true, Help: "accept NaN and Infinity"},
	{Name: "allowComments", Default: "false", Read: true, Help: "accept /* */ and //"},
	{Name: "allowUnquotedFieldNames", Default: "false", Read: true, Help: "accept {a: 1}"},
	{Name: "allowNumericLeadingZeros", Default: "false", Read: true, Help: "accept 007"},
	{Name: "allowBackslashEscapingAnyCharacter", Default: "false", Read: true, Help: "accept \\x for any x"},
	{Name: "allowUnquotedControlChars", Default: "false", Read: true, Help: "accept control characters in text"},
	{Name: "primitivesAsString", Default: "false", Read: true, Help: "infer every scalar as STRING"},
	{Name: "prefersDecimal", Default: "false", Read: true, Help: "infer fractions as DECIMAL where they fit"},
	{Name: "inferTimestamp", Default: "false", Read: true, Help: "infer texts that are timestamps as TIMESTAMP"},
	{Name: "dropFieldIfAllNull", Default: "false", Read: true, Help: "leave columns without any value out of the inferred schema"},
	{Name: "samplingRatio", Default: "1", Read: true, Help: "the part of the records that inference looks at"},
	{Name: "multiLine", Default: "false", Read: true, Help: "a file is one document, not one a line"},
	{Name: "lineSep", Read: true, Help: "what ends a line"},
	{Name: "encoding", Default: "UTF-8", Read: true, Write: true, Help: "UTF-8 is the only one"},
	{Name: "charset", Default: "UTF-8", Read: true, Write: true, Help: "the same as encoding"},
	{Name: "locale", Default: "en-US", Read: true, Help: "en-US is the only one"},
	{Name: "ignoreNullFields", Default: "true", Write: true, Help: "leave NULL fields out of the objects"},
	{Name: "pretty", Default: "false", Write: true, Help: "objects over several lines"},
	{Name: "writeNonAsciiCharacterAsCodePoint", Default: "false", Write: true, Help: "write \\u0000 for what is not ASCII"},
}

var csvOptions = []connector.Option{
	{Name: "header", Default: "false", Read: true, Write: true, Help: "the first line of a file has the columns' names"},
	{Name: "sep", Default: ",", Read: true, Write: true, Help: "what stands between fields"},
	{Name: "delimiter", Default: ",", Read: true, Write: true, Help: "the same as sep"},
	{Name: "quote", Default: "\"", Read: true, Write: true, Help: "what stands around fields; empty for none"},
	{Name: "escape", Default: "\\", Read: true, Write: true, Help: "what stands before a quote inside a quoted field"},
	{Name: "charToEscapeQuoteEscaping", Read: true, Write: true, Help: "what stands before an escape"},
	{Name: "comment", Read: true, Help: "lines that begin with it are left out"},
	{Name: "nullValue", Read: true, Write: true, Help: "the text of NULL"},
	{Name: "emptyValue", Read: true, Write: true, Help: "the text of an empty string"},
	{Name: "nanValue", Default: "NaN", Read: true, Help: "the text of NaN"},
	{Name: "positiveInf", Default: "Inf", Read: true, Help: "the text of Infinity"},
	{Name: "negativeInf", Default: "-Inf", Read: true, Help: "the text of -Infinity"},
	{Name: "ignoreLeadingWhiteSpace", Default: "false", Read: true, Write: true, Help: "trim fields at the left"},
	{Name: "ignoreTrailingWhiteSpace", Default: "false", Read: true, Write: true, Help: "trim fields at the right"},
	{Name: "mode", Default: "PERMISSIVE", Read: true, Help: "what a broken line becomes: PERMISSIVE NULLs, DROPMALFORMED nothing, FAILFAST an error"},
	{Name: "columnNameOfCorruptRecord", Default: "_corrupt_record", Read: true, Help: "the STRING column that gets the text of broken lines, where the table has it"},
	{Name: "dateFormat", Read: true, Write: true, Help: "pattern of dates (yyyy-MM-dd)"},
	{Name: "timestampFormat", Read: true, Write: true, Help: "pattern of timestamps (yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX])"},
	{Name: "timestampNTZFormat", Read: true, Write: true, Help: "pattern of timestamps without zone"},
	{Name: "timeZone", Default: "UTC", Read: true, Write: true, Help: "zone of timestamps whose text has none, and of those written"},
	{Name: "enableDateTimeParsingFallback", Read: true, Help: "read what does not fit the patterns as CAST does"},
	{Name: "inferSchema", Default: "false", Read: true, Help: "find the columns' types; else all are STRING"},
	{Name: "samplingRatio", Default: "1", Read: true, Help: "the part of the lines that inference looks at"},
	{Name: "preferDate", Default: "true", Read: true, Help: "infer dates as DATE"},
	{Name: "multiLine", Default: "false", Read: true, Help: "fields may hold line breaks; a file is read as a whole"},
	{Name: "lineSep", Read: true, Write: true, Help: "what ends a line"},
	{Name: "encoding", Default: "UTF-8", Read: true, Write: true, Help: "UTF-8 is the only one"},
	{Name: "charset", Default: "UTF-8", Read: true, Write: true, Help: "the same as encoding"},
	{Name: "locale", Default: "en-US", Read: true, Help: "en-US is the only one"},
	{Name: "maxColumns", Default: "20480", Read: true, Help: "more fields than this in a line are an error"},
	{Name: "maxCharsPerColumn", Default: "-1", Read: true, Help: "a longer field is an error; -1 is any length"},
	{Name: "unescapedQuoteHandling", Default: "STOP_AT_DELIMITER", Read: true, Help: "STOP_AT_DELIMITER is the only one"},
	{Name: "quoteAll", Default: "false", Write: true, Help: "quote every field"},
	{Name: "escapeQuotes", Default: "true", Write: true, Help: "quote fields that hold a quote"},
}
