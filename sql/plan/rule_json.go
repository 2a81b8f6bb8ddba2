package plan

import (
	"slices"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// jsonRule has scans parse JSON: from_json of a scanned column becomes a column
// of the scan, parsed from the fetched bytes in one pass and once however often
// it is used, and of its fields only those that are read.
func jsonRule() Rule {
	return Rule{Name: "json", Apply: func(n Node) (Node, bool) {
		last := lastID(n)
		out, moved := transformUp(n, func(n Node) (Node, bool) { return parseInScan(n, &last) })
		out, narrowed := narrowParsed(out)
		return out, moved || narrowed
	}}
}

// jsonCall takes apart from_json over a column of a scan.
func jsonCall(e Expr) (info *catalog.JSONParse, col ColumnID, ok bool) {
	call, is := e.(*Call)
	if !is {
		return nil, 0, false
	}
	if info = jsonInfo(call); info == nil {
		return nil, 0, false
	}
	arg := call.Args[0]
	if cast, is := arg.(*Call); is && cast.Name == "cast" && len(cast.Args) == 1 && text(cast.Fn.Type) {
		arg = cast.Args[0]
	}
	ref, is := arg.(*ColumnRef)
	if !is || !text(ref.Column.Type) || !arrow.TypeEqual(call.Fn.Type, info.Root) {
		return nil, 0, false
	}
	return info, ref.Column.ID, true
}

// jsonInfo is what from_json tells of itself; nil for other calls.
func jsonInfo(call *Call) *catalog.JSONParse {
	if len(call.Args) == 0 || !call.Fn.Deterministic {
		return nil
	}
	switch i := call.Fn.Info.(type) {
	case catalog.JSONParse:
		return &i
	case *catalog.JSONParse:
		return i
	}
	return nil
}

func text(t arrow.DataType) bool { return t.ID() == arrow.STRING || t.ID() == arrow.BINARY }

// parseInScan moves the from_json calls of a node into the scan below it, when
// only filters are between them.
func parseInScan(n Node, last *ColumnID) (Node, bool) {
	ins := n.Inputs()
	if len(ins) != 1 {
		return n, false
	}
	scan := scanBelow(ins[0])
	if scan == nil || scan.Cache != nil {
		return n, false
	}
	out := *scan
	out.Cols = slices.Clone(scan.Cols)
	moved := false
	replaced := mapExprs(n, func(e Expr) Expr {
		return rewriteDown(e, func(e Expr) (Expr, bool) {
			col, ok := out.parsedColumn(e, last)
			if !ok {
				return e, false
			}
			moved = true
			return &ColumnRef{Span: e.Pos(), Column: col}, true
		})
	})
	if !moved {
		return n, false
	}
	replaced = replaced.WithInputs([]Node{overScan(ins[0], &out)})
	switch n.(type) {
	case *Filter, *Sort, *Generate: // they hand their input's columns on
		return exactly(replaced, n.Columns()), true
	}
	return replaced, true
}

// scanBelow is the scan under filters, or nil.
func scanBelow(n Node) *Scan {
	switch n := n.(type) {
	case *Scan:
		return n
	case *Filter:
		return scanBelow(n.Input)
	}
	return nil
}

// overScan is a chain of filters over another scan.
func overScan(n Node, scan *Scan) Node {
	if f, ok := n.(*Filter); ok {
		return f.WithInputs([]Node{overScan(f.Input, scan)})
	}
	return scan
}

// parsedColumn gives the scan's column for a from_json call, adding it the first
// time.
func (s *Scan) parsedColumn(e Expr, last *ColumnID) (Column, bool) {
	info, id, ok := jsonCall(e)
	if !ok {
		return Column{}, false
	}
	i := slices.IndexFunc(s.Cols, func(c ScanColumn) bool { return c.Column.ID == id && c.Parser == nil })
	if i < 0 {
		return Column{}, false
	}
	for _, c := range s.Cols {
		if c.call != nil && identical(c.call, e) && arrow.TypeEqual(c.Column.Type, e.Type()) {
			return c.Column, true
		}
	}
	var fields []int
	if root, ok := info.Root.(*arrow.StructType); ok {
		for f := range root.Fields() {
			fields = append(fields, f)
		}
	}
	t, parser, err := info.Narrow(fields)
	if err != nil || !arrow.TypeEqual(t, info.Root) {
		return Column{}, false
	}
	*last++
	col := Column{ID: *last, Name: s.Cols[i].Column.Name + "_json", Type: info.Root}
	s.Cols = append(s.Cols, ScanColumn{Column: col, Source: s.Cols[i].Source, Parser: parser, parse: info, call: e.(*Call), fields: fields})
	return col, true
}

// narrowParsed drops the fields of parsed columns that nothing reads.
func narrowParsed(n Node) (Node, bool) {
	used := fieldUses{fields: map[ColumnID]map[int]bool{}, whole: map[ColumnID]bool{}}
	used.node(n)
	used.outputs(n)
	calls := map[string]bool{}
	pendingJSON(n, calls)
	changed := false
	for _, s := range Scans(n) {
		for _, c := range s.Cols {
			if c.call == nil || calls[schemaText(c.call)] {
				continue
			}
			if out, ok := used.narrow(n, c); ok {
				n, changed = out, true
			}
		}
	}
	return n, changed
}

// pendingJSON collects the schemas of the from_json calls that a plan still has:
// one that comes down to the scan later is to find the column with all fields.
func pendingJSON(n Node, schemas map[string]bool) {
	for _, e := range exprsOf(n) {
		visitBodies(e, func(e Expr) {
			if call, ok := e.(*Call); ok && jsonInfo(call) != nil {
				schemas[schemaText(call)] = true
			}
		})
	}
	for _, in := range n.Inputs() {
		pendingJSON(in, schemas)
	}
}

// schemaText is the schema and the options of a from_json call.
func schemaText(call *Call) string { return joinExprs(call.Args[1:], ", ") }

// fieldUses says how a plan uses columns: which fields are read, and whether it
// is used as a whole.
type fieldUses struct {
	fields map[ColumnID]map[int]bool
	whole  map[ColumnID]bool
}

func (u *fieldUses) node(n Node) {
	if p, ok := n.(*Project); ok {
		for _, e := range p.Exprs {
			if ref, ok := e.Expr.(*ColumnRef); !ok || ref.Column.ID != e.Column.ID {
				u.expr(e.Expr)
			}
		}
	} else {
		for _, e := range exprsOf(n) {
			u.expr(e)
		}
	}
	if agg, ok := n.(*Aggregate); ok {
		for _, g := range agg.Groups {
			u.expr(g.Expr)
		}
	}
	for _, in := range n.Inputs() {
		switch n.(type) {
		case *Union, *Write:
			u.outputs(in)
		}
		u.node(in)
	}
}

func (u *fieldUses) expr(e Expr) {
	visit(e, func(e Expr) bool {
		switch e := e.(type) {
		case *Field:
			if ref, ok := e.X.(*ColumnRef); ok {
				if u.fields[ref.Column.ID] == nil {
					u.fields[ref.Column.ID] = map[int]bool{}
				}
				u.fields[ref.Column.ID][e.Index] = true
				return false
			}
		case *ColumnRef:
			u.whole[e.Column.ID] = true
		}
		return true
	})
}

// outputs are used as a whole where columns go by position.
func (u *fieldUses) outputs(n Node) {
	for _, c := range n.Columns() {
		u.whole[c.ID] = true
	}
}

// narrow parses only the fields of a scan's column that are used, and has the
// whole plan read them at their new places.
func (u *fieldUses) narrow(n Node, c ScanColumn) (Node, bool) {
	id := c.Column.ID
	if c.parse == nil || u.whole[id] || len(u.fields[id]) == 0 || len(u.fields[id]) >= len(c.fields) {
		return n, false
	}
	var fields []int
	moved := map[int]int{}
	for i, f := range c.fields {
		if u.fields[id][i] {
			moved[i] = len(fields)
			fields = append(fields, f)
		}
	}
	t, parser, err := c.parse.Narrow(fields)
	if err != nil {
		return n, false
	}
	col := c.Column
	col.Type = t
	out, _ := transformUp(n, func(n Node) (Node, bool) {
		if s, ok := n.(*Scan); ok {
			return s.reparse(col, parser, fields)
		}
		next := mapExprs(n, func(e Expr) Expr { return retype(e, col, moved) })
		return next, next != n
	})
	return out, true
}

// reparse is the scan with another parser for one of its columns.
func (s *Scan) reparse(col Column, parser any, fields []int) (Node, bool) {
	out := *s
	out.Cols = slices.Clone(s.Cols)
	for i := range out.Cols {
		if c := &out.Cols[i]; c.Column.ID == col.ID {
			c.Column, c.Parser, c.fields = col, parser, fields
			return &out, true
		}
	}
	return s, false
}

// retype reads a column of another struct type, whose fields moved.
func retype(e Expr, col Column, moved map[int]int) Expr {
	return rewriteDown(e, func(e Expr) (Expr, bool) {
		switch e := e.(type) {
		case *Field:
			if ref, ok := e.X.(*ColumnRef); ok && ref.Column.ID == col.ID {
				to := col
				to.Name = ref.Column.Name
				return &Field{Span: e.Span, X: &ColumnRef{Span: ref.Span, Column: to}, Index: moved[e.Index], Name: e.Name}, true
			}
		case *ColumnRef:
			if e.Column.ID == col.ID {
				to := col
				to.Name = e.Column.Name
				return &ColumnRef{Span: e.Span, Column: to}, true
			}
		}
		return e, false
	})
}
