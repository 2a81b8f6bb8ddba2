package plan

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"
)

// Check verifies what every plan must be: each expression reads columns of its
// node's input, with their types; keys, unions and arguments have the types that
// are wanted; a node's columns have identities of their own. It is for tests of
// rules: a plan that Bind or Optimize gives is fine.
func Check(n Node) error {
	have := map[ColumnID]arrow.DataType{}
	for _, in := range n.Inputs() {
		if err := Check(in); err != nil {
			return err
		}
		for _, c := range in.Columns() {
			have[c.ID] = c.Type
		}
	}
	for _, e := range exprsOf(n) {
		if err := checkExpr(e, have); err != nil {
			return fmt.Errorf("%s: %w", n, err)
		}
	}
	seen := map[ColumnID]bool{}
	for _, c := range n.Columns() {
		if seen[c.ID] {
			return fmt.Errorf("%s: column %s twice", n, c)
		}
		seen[c.ID] = true
	}
	return checkNode(n)
}

func checkNode(n Node) error {
	switch n := n.(type) {
	case *Project:
		for _, e := range n.Exprs {
			if !arrow.TypeEqual(e.Column.Type, e.Expr.Type()) {
				return fmt.Errorf("%s: %s is %s", n, e, e.Expr.Type())
			}
		}
	case *Join:
		if len(n.LeftKeys) != len(n.RightKeys) || len(n.LeftKeys) != len(n.NullSafe) {
			return fmt.Errorf("%s: keys do not pair", n)
		}
		left, right := columnSet(n.Left.Columns()), columnSet(n.Right.Columns())
		for i, k := range n.LeftKeys {
			if !readsOnly(k, left) || !readsOnly(n.RightKeys[i], right) || !arrow.TypeEqual(k.Type(), n.RightKeys[i].Type()) {
				return fmt.Errorf("%s: key %s = %s", n, k, n.RightKeys[i])
			}
		}
	case *Union:
		for _, in := range n.Ins {
			cols := in.Columns()
			if len(cols) != len(n.Cols) {
				return fmt.Errorf("%s: an input has %d columns", n, len(cols))
			}
			for i, c := range cols {
				if !arrow.TypeEqual(c.Type, n.Cols[i].Type) {
					return fmt.Errorf("%s: %s of an input is %s", n, c, c.Type)
				}
			}
		}
	case *Values:
		for i, a := range n.Arrays {
			if a.Len() != n.Rows || !arrow.TypeEqual(a.DataType(), n.Cols[i].Type) {
				return fmt.Errorf("%s: column %s has %d values of type %s", n, n.Cols[i], a.Len(), a.DataType())
			}
		}
	}
	return nil
}

func checkExpr(e Expr, have map[ColumnID]arrow.DataType) error {
	switch e := e.(type) {
	case *ColumnRef:
		t, ok := have[e.Column.ID]
		if !ok {
			return fmt.Errorf("%s is no column of the input", e)
		}
		if !arrow.TypeEqual(t, e.Column.Type) {
			return fmt.Errorf("%s is %s and read as %s", e, t, e.Column.Type)
		}
	case *Call:
		for i, want := range e.Fn.ArgTypes {
			if got := e.Args[i].Type(); want != nil && got != nil && !arrow.TypeEqual(got, want) {
				return fmt.Errorf("argument %d of %s is %s, not %s", i+1, e, got, want)
			}
			if i < len(e.infos) {
				if _, literal := e.Args[i].(*Literal); literal != (e.infos[i].Const != nil) {
					return fmt.Errorf("argument %d of %s became a constant, or none", i+1, e)
				}
			}
		}
	case *Case:
		for _, w := range e.Whens {
			if !arrow.TypeEqual(w.Then.Type(), e.Type()) {
				return fmt.Errorf("%s: a branch is %s", e, w.Then.Type())
			}
		}
	}
	for _, c := range e.Children() {
		if err := checkExpr(c, have); err != nil {
			return err
		}
	}
	return nil
}
