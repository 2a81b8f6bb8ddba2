package exec

import (
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql/plan"
)

func TestSort(t *testing.T) {
	x, s, i := column(1, "x", f64), column(2, "s", str), column(3, "i", i32)
	in := table("t", x, s, i)
	data := map[string]string{"t": `
		[2,"prefixes1",1]
		["NaN","b",2]
		[null,"prefixes0",3]
		[-0.0,"b",4]
		[2,"",5]
		[0.0,null,6]
		[-1,"prefixes",7]`}
	for _, c := range []struct {
		name string
		keys []plan.SortKey
		want string // the third column
	}{
		{"ascending, nulls first", []plan.SortKey{{Expr: ref(x), NullsFirst: true}}, "3 7 4 6 1 5 2"},
		{"ascending, nulls last", []plan.SortKey{{Expr: ref(x)}}, "7 4 6 1 5 2 3"},
		{"descending, nulls last", []plan.SortKey{{Expr: ref(x), Desc: true}}, "2 1 5 4 6 7 3"},
		{"descending, nulls first", []plan.SortKey{{Expr: ref(x), Desc: true, NullsFirst: true}}, "3 2 1 5 4 6 7"},
		{"text", []plan.SortKey{{Expr: ref(s)}}, "5 2 4 7 3 1 6"},
		{"text descending", []plan.SortKey{{Expr: ref(s), Desc: true}}, "1 3 7 2 4 5 6"},
		{"two keys", []plan.SortKey{{Expr: ref(x)}, {Expr: ref(s), Desc: true, NullsFirst: true}}, "7 6 4 1 5 2 3"},
		{"integer", []plan.SortKey{{Expr: ref(i), Desc: true}}, "7 6 5 4 3 2 1"},
		{"constant", []plan.SortKey{{Expr: lit(t, f64, "1")}}, "1 2 3 4 5 6 7"},
		{"expression", []plan.SortKey{{Expr: add(ref(x), ref(x))}}, "7 4 6 1 5 2 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := &plan.Project{Input: &plan.Sort{Input: in, Keys: c.keys}, Exprs: []plan.NamedExpr{{Column: i, Expr: ref(i)}}}
			check(t, n, data, "["+strings.ReplaceAll(c.want, " ", "]\n[")+"]")
			check(t, n, map[string]string{}, "")
		})
	}
}

// TestSortTypes sorts each type's values, given in order, from several disorders.
func TestSortTypes(t *testing.T) {
	types := map[arrow.DataType]string{
		boolT: "null false true", arrow.PrimitiveTypes.Int8: "null -128 -1 0 127", arrow.PrimitiveTypes.Int16: "null -300 0 300",
		i32: "null -2147483648 0 7", i64: "null -9223372036854775808 -1 9007199254740993", arrow.PrimitiveTypes.Float32: `null -1.5 0 2 "+Inf" "NaN"`,
		f64: `null "-Inf" -1e300 -1 0 1e-300 "+Inf" "NaN"`, str: `null "" "a" "aaaaaaaa" "aaaaaaaab" "b" "é"`,
		arrow.BinaryTypes.Binary:                       `null "" "AA==" "AAA=" "AQ=="`,
		arrow.FixedWidthTypes.Date32:                   `null "1960-02-29" "2024-01-01"`,
		&arrow.Decimal128Type{Precision: 38, Scale: 2}: `null "-123456789012345678901234567890.12" "-1.10" "1.10" "123456789012345678901234567890.12"`,
		arrow.ListOf(i32):                              `null [] [null] [1] [1,2] [2,1]`,
		arrow.StructOf(arrow.Field{Name: "p", Type: i32, Nullable: true}, arrow.Field{Name: "q", Type: str, Nullable: true}): `null {"p":null,"q":"z"} {"p":1,"q":null} {"p":1,"q":"a"} {"p":2,"q":""}`,
	}
	for dt, text := range types {
		t.Run(dt.String(), func(t *testing.T) {
			vals := strings.Fields(text)
			v, p := column(1, "v", dt), column(2, "p", i32)
			for turn := range vals {
				var in, up, down []string
				for i := range vals {
					k := (i*(len(vals)-1) + turn) % len(vals) // backwards, from turn on
					in = append(in, "["+vals[k]+","+string(rune('0'+k))+"]")
					up = append(up, "["+string(rune('0'+i))+"]")
					down = append([]string{up[i]}, down...)
				}
				for _, c := range []struct {
					desc bool
					want []string
				}{{false, up}, {true, down}} {
					sort := &plan.Sort{Input: table("t", v, p), Keys: []plan.SortKey{
						{Expr: lit(t, boolT, "true")}, {Expr: ref(v), Desc: c.desc, NullsFirst: !c.desc},
					}}
					n := &plan.Project{Input: sort, Exprs: []plan.NamedExpr{{Column: p, Expr: ref(p)}}}
					check(t, n, map[string]string{"t": strings.Join(in, "\n")}, strings.Join(c.want, "\n"))
					sort.Keys = sort.Keys[1:]
					check(t, n, map[string]string{"t": strings.Join(in, "\n")}, strings.Join(c.want, "\n"))
				}
			}
		})
	}
}

// TestSharedSort sorts once for a limit and once for all rows.
func TestSharedSort(t *testing.T) {
	x := column(1, "x", f64)
	sort := &plan.Sort{Input: table("t", x), Keys: []plan.SortKey{{Expr: ref(x), Desc: true}}}
	limit := &plan.Limit{Input: sort, N: 1}
	data := map[string]string{"t": "[1]\n[3]\n[2]"}
	check(t, &plan.Union{Ins: []plan.Node{limit, sort}, Cols: []plan.Column{x}}, data, "[3]\n[3]\n[2]\n[1]")
	check(t, &plan.Union{Ins: []plan.Node{sort, limit}, Cols: []plan.Column{x}}, data, "[3]\n[2]\n[1]\n[3]")
}
