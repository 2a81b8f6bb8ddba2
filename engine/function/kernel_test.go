package function

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

func TestKernels(t *testing.T) {
	for _, c := range []struct {
		fn    string
		types []arrow.DataType
		cols  [][]any
		want  []string
	}{
		{"+", both2(tInt), [][]any{{1, math.MaxInt32, nil, 3}, {2, 1, 5, nil}}, []string{"3", "-2147483648", "NULL", "NULL"}},
		{"-", both2(tLong), [][]any{{1, math.MinInt64}, {2, 1}}, []string{"-1", "9223372036854775807"}},
		{"*", both2(tTiny), [][]any{{100, -128}, {2, -1}}, []string{"-56", "-128"}},
		{"/", both2(tDouble), [][]any{{1.0, 1.0, nan, inf, 0.0}, {2.0, 0.0, 1.0, inf, 0.0}}, []string{"0.5", "NULL", "NaN", "NaN", "NULL"}},
		{"%", both2(tInt), [][]any{{7, -7, 7, math.MinInt32}, {3, 3, 0, -1}}, []string{"1", "-1", "NULL", "0"}},
		{"pmod", both2(tInt), [][]any{{-7, 7}, {3, 0}}, []string{"2", "NULL"}},
		{"div", both2(tLong), [][]any{{7, math.MinInt64, 1}, {-2, -1, 0}}, []string{"-3", "-9223372036854775808", "NULL"}},
		{"=", both2(tDouble), [][]any{{nan, 0.0, 1.0, nil}, {nan, math.Copysign(0, -1), nan, 1.0}}, []string{"true", "true", "false", "NULL"}},
		{"<", both2(tDouble), [][]any{{inf, nan, nan, 1.0}, {nan, inf, nan, 2.0}}, []string{"true", "false", "false", "true"}},
		{">=", both2(tDouble), [][]any{{nan, nan, 1.0}, {inf, nan, nan}}, []string{"true", "true", "false"}},
		{"<=>", both2(tString), [][]any{{"a", nil, nil, "a"}, {"a", nil, "a", "b"}}, []string{"true", "true", "false", "false"}},
		{"!=", both2(tString), [][]any{{"a", "", nil}, {"a", "b", "b"}}, []string{"false", "true", "NULL"}},
		{"<", both2(tBool), [][]any{{false, true, true}, {true, false, true}}, []string{"true", "false", "false"}},
		{"isnull", []arrow.DataType{tInt}, [][]any{{1, nil}}, []string{"false", "true"}},
		{"isnan", []arrow.DataType{tDouble}, [][]any{{nan, 1.0, nil}}, []string{"true", "false", "false"}},
		{"not", []arrow.DataType{tBool}, [][]any{{true, false, nil}}, []string{"false", "true", "NULL"}},
		{"greatest", []arrow.DataType{tDouble, tDouble, tDouble}, [][]any{{1.0, nil, nan}, {nil, nil, 5.0}, {3.0, nil, inf}}, []string{"3.0", "NULL", "NaN"}},
		{"upper", []arrow.DataType{tString}, [][]any{{"aß", "", nil, "\xff"}}, []string{"ASS", "", "NULL", "\xff"}},
		{"length", []arrow.DataType{tString}, [][]any{{"漢字", "", nil}}, []string{"2", "0", "NULL"}},
		{"concat", both2(tString), [][]any{{"a", nil, ""}, {"b", "c", ""}}, []string{"ab", "NULL", ""}},
		{"md5", []arrow.DataType{tBinary}, [][]any{{"", nil}}, []string{"d41d8cd98f00b204e9800998ecf8427e", "NULL"}},
		{"round", []arrow.DataType{tDouble}, [][]any{{2.5, -2.5, nan, inf, nil, 0.49999999999999994}}, []string{"3.0", "-3.0", "NaN", "Infinity", "NULL", "0.0"}},
		{"abs", []arrow.DataType{tInt}, [][]any{{math.MinInt32, -1, nil}}, []string{"-2147483648", "1", "NULL"}},
		{"trim", []arrow.DataType{tString}, [][]any{{"  a ", "\ta", "   "}}, []string{"a", "\ta", ""}},
		{"substring", []arrow.DataType{tString, tInt}, [][]any{{"abc", "é", "abc", "abc"}, {math.MinInt32, math.MinInt32, math.MinInt32 + 1, math.MaxInt32}}, []string{"ab", "", "abc", ""}},
		{"substring", []arrow.DataType{tBinary, tInt, tInt}, [][]any{{"abc", "abc", "abc", "abc"}, {math.MinInt32, math.MinInt32, -10, 2}, {-1, 5, 9, math.MinInt32}}, []string{"abc", "abc", "ab", ""}},
		{"substring", []arrow.DataType{tString, tInt, tInt}, [][]any{{"héllo", "abc", "abc", "abc"}, {2, -5, math.MinInt32, 0}, {2, 3, 1, math.MaxInt32}}, []string{"él", "a", "", "abc"}},
	} {
		task := newTask(t)
		var args []catalog.Arg
		var cols []arrow.Array
		for k, dt := range c.types {
			args = append(args, argOf(dt))
			cols = append(cols, arrayOf(t, task.mem, dt, c.cols[k]...))
		}
		call := bindFn(t, c.fn, args...)
		a, err := run(task, call, len(c.want), cols)
		releaseAll(cols)
		if err != nil {
			t.Errorf("%s: %v", c.fn, err)
			continue
		}
		if got := shown(a); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.fn, got, c.want)
		}
		a.Release()
		empty(t, task, c.fn, call, c.types)
	}
}

func both2(dt arrow.DataType) []arrow.DataType { return []arrow.DataType{dt, dt} }

// empty checks that no rows give no rows.
func empty(t *testing.T, task *testTask, name string, call catalog.Call, types []arrow.DataType) {
	var cols []arrow.Array
	for _, dt := range types {
		cols = append(cols, arrayOf(t, task.mem, dt))
	}
	defer releaseAll(cols)
	a, err := run(task, call, 0, cols)
	if err != nil || a.Len() != 0 {
		t.Errorf("%s of no rows: %v, %v", name, a, err)
	}
	if a != nil {
		a.Release()
	}
}

func TestBindErrors(t *testing.T) {
	task := newTask(t)
	for _, c := range []struct {
		fn   string
		args []catalog.Arg
		arg  int // -1: the call as a whole
		want string
	}{
		{"+", []catalog.Arg{argOf(tBool), argOf(tInt)}, 0, "+ cannot be applied to boolean and int"},
		{"+", []catalog.Arg{argOf(tInt)}, -1, "+ wants 2 arguments, not 1"},
		{"upper", nil, -1, "upper wants 1 argument, not 0"},
		{"substring", []catalog.Arg{argOf(tString)}, -1, "substring wants 2 to 3 arguments, not 1"},
		{"year", []catalog.Arg{argOf(tInt)}, 0, "year wants DATE as argument 1, not int"},
		{"not", []catalog.Arg{argOf(tString)}, 0, "NOT wants BOOLEAN as argument 1, not string"},
		{"like", []catalog.Arg{argOf(tString), constArg(t, task.mem, tString, `a\`)}, 1, "ends with the escape character"},
		{"rlike", []catalog.Arg{argOf(tString), constArg(t, task.mem, tString, `(`)}, 1, "the regular expression '(' is not valid"},
		{"from_json", []catalog.Arg{argOf(tString), argOf(tString)}, 1, "the schema of from_json must be a constant string"},
		{"from_json", []catalog.Arg{argOf(tString), constArg(t, task.mem, tString, "a FOO")}, 1, "FOO"},
		{"to_json", []catalog.Arg{argOf(tInt)}, 0, "to_json wants a STRUCT, ARRAY or MAP as argument 1, not int"},
		{"named_struct", []catalog.Arg{argOf(tString), argOf(tInt)}, 0, "must be a field's name"},
		{"map", []catalog.Arg{argOf(tString)}, -1, "map wants pairs of a key and a value"},
		{"predict", []catalog.Arg{constArg(t, task.mem, tString, "forest")}, 0, "there is no model forest"},
		{"transform", []catalog.Arg{argOf(listType(tInt)), argOf(tInt)}, 1, "must be a lambda"},
	} {
		f := catalog.New(Builtins()).Function(c.fn)
		_, err := f.Bind(c.args)
		if err == nil {
			t.Errorf("%s: no error, want %q", c.fn, c.want)
			continue
		}
		at := -1
		if ae := new(catalog.ArgError); errors.As(err, &ae) {
			at = ae.Arg
		}
		if at != c.arg || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: argument %d: %v; want argument %d: %s", c.fn, at, err, c.arg, c.want)
		}
	}
}

func TestSaturation(t *testing.T) {
	for _, c := range []struct {
		v   float64
		i32 int32
		i64 int64
	}{
		{nan, 0, 0}, {inf, math.MaxInt32, math.MaxInt64}, {-inf, math.MinInt32, math.MinInt64},
		{2147483647.5, 2147483647, 2147483647}, {2147483648, math.MaxInt32, 2147483648},
		{-2147483648.9, math.MinInt32, -2147483648}, {-2147483649, math.MinInt32, -2147483649},
		{9223372036854775807, math.MaxInt32, math.MaxInt64}, {-9223372036854775808, math.MinInt32, math.MinInt64},
		{-0.9, 0, 0}, {1.9, 1, 1},
	} {
		if got := saturate32(c.v); got != c.i32 {
			t.Errorf("saturate32(%v) = %d, want %d", c.v, got, c.i32)
		}
		if got := saturate64(c.v); got != c.i64 {
			t.Errorf("saturate64(%v) = %d, want %d", c.v, got, c.i64)
		}
	}
}

func TestRescale(t *testing.T) {
	max38, _ := new(big.Int).SetString(strings.Repeat("9", 38), 10)
	for _, c := range []struct {
		v        string
		from, to int32
		p        int32
		want     string
		ok       bool
	}{
		{"15", 1, 0, 5, "2", true}, {"-15", 1, 0, 5, "-2", true}, {"14", 1, 0, 5, "1", true},
		{"995", 1, 0, 2, "100", false}, {"1", 0, 37, 38, "1" + strings.Repeat("0", 37), true},
		{"10", 0, 37, 38, "", false}, {max38.String(), 0, 0, 38, max38.String(), true},
		{max38.String(), 38, 0, 38, "1", true}, {max38.String(), 2, 1, 38, "1" + strings.Repeat("0", 37), true},
		{"123456789012345678901234567890", 10, 5, 38, "1234567890123456789012346", true},
	} {
		v, _ := new(big.Int).SetString(c.v, 10)
		d, _ := decFromBig(v, 38)
		got, ok := rescale(d, c.from, c.to, c.p)
		if ok != c.ok || ok && got.BigInt().String() != c.want {
			t.Errorf("rescale(%s, %d, %d, %d) = %s, %v; want %s, %v", c.v, c.from, c.to, c.p, got.BigInt(), ok, c.want, c.ok)
		}
	}
}

func TestCalendar(t *testing.T) {
	for day := int32(-800_000); day < 3_000_000; day += 13 {
		y, m, d := civil(day)
		if back := dayNumber(y, m, d); back != day {
			t.Fatalf("day %d is %d-%d-%d, which is day %d", day, y, m, d, back)
		}
	}
	if y, m, d := civil(0); y != 1970 || m != 1 || d != 1 {
		t.Errorf("day 0 is %d-%d-%d", y, m, d)
	}
	if w := weekday(0); w != 3 {
		t.Errorf("1970-01-01 is weekday %d, want Thursday", w)
	}
}

func TestInSet(t *testing.T) {
	task := newTask(t)
	args := []catalog.Arg{argOf(tString)}
	for _, v := range []any{"a", "b", "c", "d", nil} {
		args = append(args, constArg(t, task.mem, tString, v))
	}
	call := bindFn(t, "in", args...)
	x := arrayOf(t, task.mem, tString, "a", "x", nil, "d", "")
	defer x.Release()
	cols := []arrow.Array{x}
	for _, a := range args[1:] {
		cols = append(cols, a.Const)
	}
	a, err := run(task, call, 5, cols)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Release()
	if got, want := shown(a), []string{"true", "NULL", "NULL", "true", "NULL"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
