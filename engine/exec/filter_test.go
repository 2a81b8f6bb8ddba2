package exec

import (
	"testing"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql/plan"
)

func TestFilter(t *testing.T) {
	a, s := column(1, "a", f64), column(2, "s", str)
	in := `[1,"one"]
		[null,"none"]
		[3,null]
		[5,"five"]
		[2,""]`
	for _, c := range []struct {
		name string
		cond plan.Expr
		want string
	}{
		{"some", less(ref(a), lit(t, f64, "2.5")), `[1,"one"]
			[2,""]`},
		{"all but NULL", less(ref(a), lit(t, f64, "100")), `[1,"one"]
			[3,null]
			[5,"five"]
			[2,""]`},
		{"none", less(ref(a), lit(t, f64, "0")), ""},
		{"constant", lit(t, boolT, "true"), in},
		{"constant NULL", lit(t, boolT, "null"), ""},
		{"compared with NULL", less(ref(a), lit(t, f64, "null")), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := &plan.Filter{Input: table("t", a, s), Cond: c.cond}
			check(t, n, map[string]string{"t": in}, c.want)
			check(t, n, map[string]string{"t": ""}, "")
		})
	}
}

// TestFilterNotNull asks for NULLs without a kernel.
func TestFilterNotNull(t *testing.T) {
	a, s := column(1, "a", f64), column(2, "s", str)
	notNull := func(e plan.Expr) plan.Expr {
		return &plan.Call{Name: "isnotnull", Args: []plan.Expr{e}, Fn: catalog.Call{Type: boolT, Deterministic: true}}
	}
	in := map[string]string{"t": "[1,\"one\"]\n[null,\"none\"]\n[3,null]\n[null,null]\n[5,\"five\"]"}
	for _, c := range []struct {
		conds []plan.Expr
		want  string
	}{
		{[]plan.Expr{notNull(ref(a))}, "[1,\"one\"]\n[3,null]\n[5,\"five\"]"},
		{[]plan.Expr{notNull(ref(a)), notNull(ref(s))}, "[1,\"one\"]\n[5,\"five\"]"},
		{[]plan.Expr{less(ref(a), lit(t, f64, "4")), notNull(ref(s))}, "[1,\"one\"]"},
		{[]plan.Expr{notNull(lit(t, f64, "1")), notNull(ref(s))}, "[1,\"one\"]\n[null,\"none\"]\n[5,\"five\"]"},
		{[]plan.Expr{notNull(ref(s)), notNull(lit(t, f64, "null"))}, ""},
	} {
		check(t, &plan.Filter{Input: table("t", a, s), Cond: &plan.Logic{Args: c.conds}}, in, c.want)
	}
	check(t, &plan.Filter{Input: table("t", a, s), Cond: notNull(ref(a))}, map[string]string{"t": "[1,null]"}, "[1,null]")
}
