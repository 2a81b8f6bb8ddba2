package exec

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/sql/plan"
)

var joinTables = map[string]string{
	"l": `[1,"a"]
		[null,"b"]
		[2,"c"]
		["NaN","d"]
		[0.0,"e"]
		[3,null]
		[1,"g"]`,
	"r": `[1,"one"]
		[1,"uno"]
		[null,"null"]
		["NaN","nan"]
		[-0.0,"zero"]
		[9,"nine"]`,
}

func TestJoin(t *testing.T) {
	x, a := column(1, "x", f64), column(2, "a", str)
	y, b := column(3, "y", f64), column(4, "b", str)
	left, right := table("l", x, a), table("r", y, b)
	tables := joinTables
	empty := map[string]string{"l": joinTables["l"]}
	for _, c := range []struct {
		name     string
		kind     plan.JoinKind
		nullSafe bool
		on       plan.Expr
		tables   map[string]string
		want     string
	}{
		{"inner", plan.Inner, false, nil, tables, `
			[1,"a",1,"one"]
			[1,"a",1,"uno"]
			["NaN","d","NaN","nan"]
			[0,"e",-0,"zero"]
			[1,"g",1,"one"]
			[1,"g",1,"uno"]`},
		{"inner null-safe", plan.Inner, true, nil, tables, `
			[1,"a",1,"one"]
			[1,"a",1,"uno"]
			[null,"b",null,"null"]
			["NaN","d","NaN","nan"]
			[0,"e",-0,"zero"]
			[1,"g",1,"one"]
			[1,"g",1,"uno"]`},
		{"inner with nothing", plan.Inner, false, nil, empty, ``},
		{"left", plan.Left, false, nil, tables, `
			[1,"a",1,"one"]
			[1,"a",1,"uno"]
			[null,"b",null,null]
			[2,"c",null,null]
			["NaN","d","NaN","nan"]
			[0,"e",-0,"zero"]
			[3,null,null,null]
			[1,"g",1,"one"]
			[1,"g",1,"uno"]`},
		{"left with nothing", plan.Left, false, nil, map[string]string{"l": `[1,"a"]`}, `
			[1,"a",null,null]`},
		{"right", plan.Right, false, nil, tables, `
			[1,"a",1,"one"]
			[1,"g",1,"one"]
			[1,"a",1,"uno"]
			[1,"g",1,"uno"]
			[null,null,null,"null"]
			["NaN","d","NaN","nan"]
			[0,"e",-0,"zero"]
			[null,null,9,"nine"]`},
		{"semi", plan.Semi, false, nil, tables, `
			[1,"a"]
			["NaN","d"]
			[0,"e"]
			[1,"g"]`},
		{"anti", plan.Anti, false, nil, tables, `
			[null,"b"]
			[2,"c"]
			[3,null]`},
		{"anti with nothing", plan.Anti, false, nil, map[string]string{"l": `[1,"a"]`}, `
			[1,"a"]`},
		{"inner on", plan.Inner, false, textLess(ref(a), ref(b)), tables, `
			[1,"a",1,"one"]
			[1,"a",1,"uno"]
			["NaN","d","NaN","nan"]
			[0,"e",-0,"zero"]
			[1,"g",1,"one"]
			[1,"g",1,"uno"]`},
		{"left on", plan.Left, false, textLess(ref(b), lit(t, str, `"r"`)), tables, `
			[1,"a",1,"one"]
			[null,"b",null,null]
			[2,"c",null,null]
			["NaN","d","NaN","nan"]
			[0,"e",null,null]
			[3,null,null,null]
			[1,"g",1,"one"]`},
		{"semi on", plan.Semi, false, textLess(ref(b), lit(t, str, `"o"`)), tables, `
			["NaN","d"]`},
		{"anti on", plan.Anti, false, textLess(ref(b), lit(t, str, `"r"`)), tables, `
			[null,"b"]
			[2,"c"]
			[0,"e"]
			[3,null]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := &plan.Join{
				Kind: c.kind, Left: left, Right: right, LeftKeys: []plan.Expr{ref(x)}, RightKeys: []plan.Expr{ref(y)},
				NullSafe: []bool{c.nullSafe}, On: c.on,
			}
			check(t, n, c.tables, c.want)
		})
	}
}

func TestFullJoin(t *testing.T) {
	x, a := column(1, "x", f64), column(2, "a", str)
	y, b := column(3, "y", f64), column(4, "b", str)
	n := &plan.Join{
		Kind: plan.Full, Left: table("l", x, a), Right: table("r", y, b),
		LeftKeys: []plan.Expr{ref(x)}, RightKeys: []plan.Expr{ref(y)}, NullSafe: []bool{false},
	}
	check(t, n, joinTables, `
		[1,"a",1,"one"]
		[1,"a",1,"uno"]
		[null,"b",null,null]
		[2,"c",null,null]
		["NaN","d","NaN","nan"]
		[0,"e",-0,"zero"]
		[3,null,null,null]
		[1,"g",1,"one"]
		[1,"g",1,"uno"]
		[null,null,null,"null"]
		[null,null,9,"nine"]`)
}

func TestCrossJoin(t *testing.T) {
	x, y := column(1, "x", f64), column(2, "y", f64)
	n := &plan.Join{Kind: plan.Cross, Left: table("l", x), Right: table("r", y)}
	check(t, n, map[string]string{"l": "[1]\n[2]", "r": "[3]\n[4]\n[null]"}, `
		[1,3]
		[1,4]
		[1,null]
		[2,3]
		[2,4]
		[2,null]`)
	check(t, n, map[string]string{"l": `[1]`, "r": ""}, "")
	on := &plan.Join{Kind: plan.Left, Left: n.Left, Right: n.Right, On: less(ref(x), ref(y))}
	check(t, on, map[string]string{"l": "[1]\n[5]\n[null]\n[3]", "r": "[3]\n[4]\n[null]"}, `
		[1,3]
		[1,4]
		[5,null]
		[null,null]
		[3,4]`)
}

// TestJoinFourDoubles joins by the keys that have a path of their own, and by as
// many as 1, 2, 3 and 5, and compares with a loop.
func TestJoinFourDoubles(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	vals := []string{"0", "-0.0", "1", `"NaN"`, "null", "1e300", "-1"}
	for keys := 1; keys <= 5; keys++ {
		n := &plan.Join{Kind: plan.Inner, NullSafe: make([]bool, keys)}
		var sides [2][]plan.Column
		for k := range keys {
			l, r := column(k, "l", f64), column(20+k, "r", f64)
			sides[0], sides[1] = append(sides[0], l), append(sides[1], r)
			n.LeftKeys, n.RightKeys = append(n.LeftKeys, ref(l)), append(n.RightKeys, ref(r))
		}
		var picks [2][][]int
		var tables [2]string
		for s, count := range []int{300, 600} {
			sides[s] = append(sides[s], column(40+s, "id", f64))
			for id := range count {
				pick := make([]int, keys)
				line := ""
				for k := range pick {
					pick[k] = rng.IntN(len(vals))
					if rng.IntN(3) == 0 {
						pick[k] = 2
					}
					line += vals[pick[k]] + ","
				}
				picks[s] = append(picks[s], pick)
				tables[s] += fmt.Sprintf("[%s%d]\n", line, id)
			}
		}
		n.Left, n.Right = table("l", sides[0]...), table("r", sides[1]...)
		var want []string
		for l, a := range picks[0] {
			for r, b := range picks[1] {
				same := true
				for k := range a {
					// The two zeros are equal, NULL is not even equal to itself.
					same = same && max(a[k], 1) == max(b[k], 1) && a[k] != 4
				}
				if same {
					want = append(want, fmt.Sprintf("[%d,%d]", l, r))
				}
			}
		}
		project := &plan.Project{Input: n}
		for s := range sides {
			id := sides[s][keys]
			project.Exprs = append(project.Exprs, plan.NamedExpr{Column: id, Expr: ref(id)})
		}
		for _, size := range []int{1000, 50} {
			got, err := runPlan(t, project, map[string]string{"l": tables[0], "r": tables[1]}, size, 1, 2)
			if err != nil {
				t.Fatal(err)
			}
			if w := strings.Join(want, "\n"); got != w {
				t.Errorf("%d keys, cuts of %d: %d rows, want %d", keys, size, strings.Count(got, "["), len(want))
			}
		}
	}
}

// TestJoinParts joins rows with more matches than one record of pairs has room
// for.
func TestJoinParts(t *testing.T) {
	x, y := column(1, "x", f64), column(2, "y", f64)
	data := map[string]string{"l": numbers(60), "r": numbers(300)}
	var cross, lessThan []string
	for l := range 60 {
		for r := range 300 {
			cross = append(cross, fmt.Sprintf("[%d,%d]", l, r))
			if r < 250+l%2-l/59*300 {
				lessThan = append(lessThan, fmt.Sprintf("[%d,%d]", l, r))
			}
		}
	}
	lessThan = append(lessThan, "[59,null]")
	n := &plan.Join{Kind: plan.Cross, Left: table("l", x), Right: table("r", y)}
	check(t, n, data, strings.Join(cross, "\n"))
	// y < 250 for even x, y < 251 for odd x, and nothing for the last.
	bound := binaryCall("bound", f64, func(b array.Builder, x, _ float64) {
		b.(*array.Float64Builder).Append(float64(250 + int(x)%2 - int(x)/59*300))
	}, ref(x), ref(x))
	on := &plan.Join{Kind: plan.Left, Left: n.Left, Right: n.Right, On: less(ref(y), bound)}
	check(t, on, data, strings.Join(lessThan, "\n"))
	semi := &plan.Join{Kind: plan.Semi, Left: n.Left, Right: n.Right, On: on.On}
	check(t, semi, data, numbers(59))
	anti := &plan.Join{Kind: plan.Anti, Left: n.Left, Right: n.Right, On: on.On}
	check(t, anti, data, "[59]")
}

func TestJoinsOfStreams(t *testing.T) {
	x, y := column(1, "x", f64), column(2, "y", f64)
	for _, c := range []struct {
		kind        plan.JoinKind
		left, right bool
		want        string
	}{
		{plan.Inner, true, true, "a join of two streams is not supported yet"},
		{plan.Right, true, false, "a RIGHT or FULL join of a stream with a table"},
		{plan.Full, true, false, "a RIGHT or FULL join of a stream with a table"},
		{plan.Left, false, true, "put the stream on the left"},
		{plan.Semi, false, true, "put the stream on the left"},
		{plan.Left, true, false, ""},
		{plan.Right, false, true, ""},
		{plan.Inner, false, true, ""},
	} {
		l, r := table("l", x), table("r", y)
		l.Table.Stream, r.Table.Stream = c.left, c.right
		n := &plan.Join{Kind: c.kind, Left: l, Right: r, LeftKeys: []plan.Expr{ref(x)}, RightKeys: []plan.Expr{ref(y)}, NullSafe: []bool{false}}
		p, err := Compile(n)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("kind %d: %v", c.kind, err)
		case c.want == "" && (len(p.Stages) != 2 || !p.Stages[0].Static || p.Root().Static):
			t.Errorf("kind %d: the table is not the static side", c.kind)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("kind %d: %v, want %q", c.kind, err, c.want)
		}
	}
}

// TestJoinKeyTypes joins a table with itself by keys of each type and by several.
func TestJoinKeyTypes(t *testing.T) {
	types := map[arrow.DataType]string{
		boolT: "true false null", arrow.PrimitiveTypes.Int8: "1 -1 null 127", arrow.PrimitiveTypes.Int16: "1 -1 null",
		i32: "1 -2147483648 null", i64: "1 9007199254740993 null", arrow.PrimitiveTypes.Float32: `1.5 "NaN" null`,
		f64: `0.1 "NaN" null 1e300`, str: `"" "a" "ab" null "a,b"`, arrow.BinaryTypes.Binary: `"" "YQ==" null`,
		arrow.FixedWidthTypes.Date32:                                   `"2024-01-01" "1960-02-29" null`,
		&arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}: `"2024-01-01T00:00:00.000001Z" null`,
		&arrow.Decimal128Type{Precision: 38, Scale: 2}:                 `"1.10" "-1.10" "123456789012345678901234567890.12" null`,
		arrow.ListOf(i32): `[1,2] [] [null] null [1] [2,1]`,
		arrow.StructOf(arrow.Field{Name: "p", Type: i32, Nullable: true}, arrow.Field{Name: "q", Type: str, Nullable: true}): `{"p":1,"q":"a"} {"p":null,"q":""} null {"p":1,"q":null}`,
	}
	for dt, text := range types {
		t.Run(dt.String(), func(t *testing.T) {
			vals := strings.Fields(text)
			l, r, l2, r2 := column(1, "l", dt), column(2, "r", dt), column(3, "l2", str), column(4, "r2", str)
			var in, other, want, safe []string
			for i, v := range vals {
				in = append(in, `[`+v+`,"`+string(rune('a'+i))+`"]`)
				other = append(other, `[`+v+`,"`+string(rune('a'+i))+`"]`)
				line := `["` + string(rune('a'+i)) + `","` + string(rune('a'+i)) + `"]`
				if safe = append(safe, line); v != "null" {
					want = append(want, line)
				}
			}
			tables := map[string]string{"l": strings.Join(in, "\n"), "r": strings.Join(other, "\n")}
			join := &plan.Join{
				Kind: plan.Inner, Left: table("l", l, l2), Right: table("r", r, r2),
				LeftKeys: []plan.Expr{ref(l)}, RightKeys: []plan.Expr{ref(r)}, NullSafe: []bool{false},
			}
			project := &plan.Project{Input: join, Exprs: []plan.NamedExpr{{Column: l2, Expr: ref(l2)}, {Column: r2, Expr: ref(r2)}}}
			check(t, project, tables, strings.Join(want, "\n"))
			join.NullSafe = []bool{true}
			check(t, project, tables, strings.Join(safe, "\n"))
			join.NullSafe = []bool{true, false}
			join.LeftKeys, join.RightKeys = []plan.Expr{ref(l), ref(l2)}, []plan.Expr{ref(r), ref(r2)}
			check(t, project, tables, strings.Join(safe, "\n"))
		})
	}
}
