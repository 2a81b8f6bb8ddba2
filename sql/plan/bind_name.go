package plan

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql"
)

// columnText is what Spark calls a column without an alias, once it is bound.
func (b *binder) columnText(e sql.Expr) string {
	return sql.TextOf(e, sql.Known{Name: b.pathText, Type: b.typeOf})
}

// typeOf is the type of a bound expression; nil for others.
func (b *binder) typeOf(e sql.Expr) arrow.DataType {
	if bound := b.bound[e]; bound != nil {
		return bound.Type()
	}
	return nil
}

// pathText is a name inside an expression: the column without its table, and the
// fields and keys read of it.
func (b *binder) pathText(ref *sql.ColumnRef) string {
	text := ""
	e := b.bound[ref]
	for i := len(ref.Parts) - 1; i >= 0; i-- {
		name := ref.Parts[i].Name
		switch bound := e.(type) {
		case *Field:
			e, text = bound.X, "."+name+text
			continue
		case *Call:
			if _, ok := elementFieldName(bound); ok {
				e, text = bound.Args[0], "."+name+text
				continue
			}
			if bound.Name == "getitem" {
				e, text = bound.Args[0], "["+name+"]"+text
				continue
			}
		case *ColumnRef:
			return name + text
		}
		break
	}
	return ref.Parts[len(ref.Parts)-1].Name
}
