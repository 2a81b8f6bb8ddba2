package exec

import (
	"testing"

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
