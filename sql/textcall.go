package sql

import (
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
)

// canonicalNames are functions that Spark shows under another name.
var canonicalNames = map[string]string{
	"array_agg": "collect_list", "to_varchar": "to_char", "user": "current_user", "curdate": "current_date", "random": "rand",
	"current_schema": "current_database", "dateadd": "date_add",
	"acos": "ACOS", "acosh": "ACOSH", "asin": "ASIN", "asinh": "ASINH", "atan": "ATAN", "atan2": "ATAN2", "atanh": "ATANH",
	"cbrt": "CBRT", "ceil": "CEIL", "cos": "COS", "cosh": "COSH", "cot": "COT", "csc": "CSC",
	"degrees": "DEGREES", "e": "E", "exp": "EXP", "expm1": "EXPM1", "floor": "FLOOR", "hypot": "HYPOT", "log": "LOG", "log10": "LOG10",
	"log1p": "LOG1P", "log2": "LOG2", "pi": "PI", "power": "POWER", "radians": "RADIANS", "sec": "SEC", "signum": "SIGNUM",
	"sin": "SIN", "sinh": "SINH", "spark_partition_id": "SPARK_PARTITION_ID", "sqrt": "SQRT", "tan": "TAN", "tanh": "TANH",
}

// defaults are the values Spark shows for the arguments a call leaves out,
// from the given argument on.
type defaults struct {
	from   int
	values []string
}

var argDefaults = map[string]defaults{
	"substring": {2, []string{"2147483647"}}, "substr": {2, []string{"2147483647"}},
	"sort_array": {1, []string{"true"}}, "split": {2, []string{"-1"}}, "locate": {2, []string{"1"}}, "position": {2, []string{"1"}},
	"lpad": {2, []string{" "}}, "rpad": {2, []string{" "}}, "overlay": {3, []string{"-1"}}, "percentile": {2, []string{"1"}},
	"round": {1, []string{"0"}}, "bround": {1, []string{"0"}},
	"months_between": {2, []string{"true"}}, "mask": {1, []string{"X", "x", "n", "NULL"}}, "str_to_map": {1, []string{",", ":"}},
	"regexp_replace": {3, []string{"1"}}, "regexp_instr": {2, []string{"0"}}, "from_unixtime": {1, []string{"yyyy-MM-dd HH:mm:ss"}},
	"unix_timestamp": {0, []string{"current_timestamp()", "yyyy-MM-dd HH:mm:ss"}}, "sentences": {1, []string{"", ""}},
	"make_dt_interval": {0, []string{"0", "0", "0", "0.000000"}}, "make_ym_interval": {0, []string{"0", "0"}},
	"make_interval": {0, []string{"0", "0", "0", "0", "0", "0", "0.000000"}},
	"aes_encrypt":   {2, []string{"GCM", "DEFAULT", "", ""}}, "aes_decrypt": {2, []string{"GCM", "DEFAULT", ""}},
	"try_aes_decrypt": {2, []string{"GCM", "DEFAULT", ""}}, "hll_sketch_agg": {1, []string{"12"}}, "hll_union": {2, []string{"false"}},
	"lag": {1, []string{"1", "NULL"}}, "lead": {1, []string{"1", "NULL"}},
}

// shownArgs are how many arguments Spark shows of functions that take the rest
// as settings.
var shownArgs = map[string]int{
	"from_json": 1, "from_csv": 1, "to_json": 1, "to_csv": 1, "schema_of_json": 1, "schema_of_csv": 1,
	"rank": 0, "dense_rank": 0, "percent_rank": 0,
}

// castFunctions are names of types that work as functions; Spark shows their
// argument only.
var castFunctions = map[string]bool{
	"boolean": true, "tinyint": true, "smallint": true, "int": true, "bigint": true, "float": true, "double": true, "decimal": true,
	"date": true, "timestamp": true, "binary": true, "string": true,
}

func (w *textWriter) call(c *Call) {
	name := strings.ToLower(c.Name.Name)
	if !w.special(name, c) {
		shown := name
		if other, ok := canonicalNames[name]; ok && !(len(c.Args) == 2 && (name == "ceil" || name == "floor")) {
			shown = other
		}
		if c.Over != nil && shownArgs[name] == 0 && strings.HasSuffix(name, "rank") {
			shown = strings.ToUpper(name)
		}
		w.str(shown, "(")
		if c.Distinct {
			w.str("DISTINCT ")
		}
		w.args(name, c)
		w.str(")")
	}
	if len(c.OrderBy) > 0 {
		w.str(" WITHIN GROUP (ORDER BY ")
		w.order(c.OrderBy)
		w.str(")")
	}
	if c.Filter != nil {
		w.seq(" FILTER (WHERE ", c.Filter, ")")
	}
	if c.Over != nil {
		w.over(name, c.Over)
	}
}

func (w *textWriter) args(name string, c *Call) {
	args := c.Args
	if n, ok := shownArgs[name]; ok && n < len(args) {
		args = args[:n]
	}
	defer w.defaults(name, len(args))
	for i, a := range args {
		if i > 0 {
			w.str(", ")
		}
		if s, ok := a.Value.(*Star); ok && name == "count" && len(s.Qualifier) == 0 {
			w.str("1")
			continue
		}
		switch {
		case a.Name.Name == "":
			w.expr(a.Value)
		case a.Named:
			w.seq(a.Name.Name, " => ", a.Value)
		default:
			w.seq(a.Value, " AS ", a.Name.Name)
		}
	}
}

// defaults writes what stands for the arguments from n on.
func (w *textWriter) defaults(name string, n int) {
	d, ok := argDefaults[name]
	if !ok || n < d.from || n-d.from > len(d.values) {
		return
	}
	for i, v := range d.values[n-d.from:] {
		if n+i > 0 {
			w.str(", ")
		}
		w.str(v)
	}
}

// special writes the calls that Spark shows in a form of their own.
func (w *textWriter) special(name string, c *Call) bool {
	args := make([]Expr, len(c.Args))
	for i, a := range c.Args {
		args[i] = a.Value
	}
	switch {
	case len(args) == 1 && castFunctions[name]:
		w.expr(args[0])
		return true
	case len(args) == 1 && name == "isnull":
		w.seq("(", args[0], " IS NULL)")
		return true
	case len(args) == 1 && name == "isnotnull":
		w.seq("(", args[0], " IS NOT NULL)")
		return true
	case len(args) == 1 && name == "positive":
		w.seq("(+ ", args[0], ")")
		return true
	}
	switch name {
	case "from_json":
		if !w.is(c, arrow.MAP) {
			return false
		}
		w.str("entries")
	case "trim", "ltrim", "rtrim":
		if len(args) != 2 {
			return false
		}
		side := map[string]string{"trim": "BOTH", "ltrim": "LEADING", "rtrim": "TRAILING"}[name]
		w.seq("TRIM(", side, " ", args[0], " FROM ", args[1], ")")
	case "extract", "datepart":
		if len(args) != 2 {
			return false
		}
		w.seq(name, "(", args[0], " FROM ", args[1], ")")
	case "like":
		if len(args) != 2 {
			return false
		}
		w.seq(args[0], " LIKE ", args[1])
	case "rlike", "regexp", "regexp_like":
		if len(args) != 2 {
			return false
		}
		w.seq(strings.ToUpper(name), "(", args[0], ", ", args[1], ")")
	case "if":
		if len(args) != 3 {
			return false
		}
		w.seq("(IF(", args[0], ", ", args[1], ", ", args[2], "))")
	case "first", "first_value", "last", "last_value", "any_value":
		if len(args) == 0 || len(args) > 2 || c.Distinct {
			return false
		}
		w.seq(name, "(", args[0], ")")
		if c.IgnoreNulls {
			w.str(" ignore nulls")
		}
	default:
		return false
	}
	return true
}

func (w *textWriter) order(items []OrderItem) {
	for i, o := range items {
		if i > 0 {
			w.str(", ")
		}
		w.expr(o.X)
		if o.Desc {
			w.str(" DESC")
		} else {
			w.str(" ASC")
		}
		if o.NullsFirst {
			w.str(" NULLS FIRST")
		} else {
			w.str(" NULLS LAST")
		}
	}
}

// over writes OVER with the frame that holds when none is written.
func (w *textWriter) over(name string, spec *WindowSpec) {
	if spec.Name.Name != "" {
		w.str(" OVER ", spec.Name.Name)
		return
	}
	w.str(" OVER (")
	if len(spec.PartitionBy) > 0 {
		w.str("PARTITION BY ")
		w.list(spec.PartitionBy, ", ")
		w.str(" ")
	}
	if len(spec.OrderBy) > 0 {
		w.str("ORDER BY ")
		w.order(spec.OrderBy)
		w.str(" ")
	}
	w.str(frameText(name, spec), ")")
}

func frameText(name string, spec *WindowSpec) string {
	if spec.Frame != "" {
		frame := strings.ToUpper(strings.Join(strings.Fields(spec.Frame), " "))
		if kind, bound, ok := strings.Cut(frame, " "); ok && !strings.HasPrefix(bound, "BETWEEN ") {
			return kind + " BETWEEN " + bound + " AND CURRENT ROW"
		}
		return frame
	}
	switch name {
	case "lag":
		return "ROWS BETWEEN -1 FOLLOWING AND -1 FOLLOWING"
	case "lead":
		return "ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING"
	case "row_number", "rank", "dense_rank", "percent_rank", "ntile":
		return "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
	}
	if len(spec.OrderBy) > 0 {
		return "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
	}
	return "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
}
