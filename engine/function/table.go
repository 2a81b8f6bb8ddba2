package function

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// tableFunction is a function that turns a row into rows.
type tableFunction struct {
	name string
	bind func(name string, args []catalog.Arg) (catalog.TableCall, error)
}

// Name is the function's name.
func (f tableFunction) Name() string { return f.name }

// BindTable type-checks one use.
func (f tableFunction) BindTable(args []catalog.Arg) (catalog.TableCall, error) {
	return f.bind(f.name, args)
}

// unnest lists the elements of a list column with the row each is of and its
// place in it; outer gives a row without elements one at -1.
func unnest(a arrow.Array, n int, outer bool) (at, from, pos []int32) {
	l := listOf(a)
	for i := range n {
		first, end := l.span(i)
		if nullAt(a, i*l.step) {
			end = first
		}
		for k := first; k < end; k++ {
			at, from, pos = append(at, int32(k)), append(from, int32(i)), append(pos, int32(k-first))
		}
		if outer && first == end {
			at, from, pos = append(at, -1), append(from, int32(i)), append(pos, -1)
		}
	}
	return at, from, pos
}

// bindExplode is explode and posexplode (withPos) of an array or a map; outer
// keeps rows without elements.
func bindExplode(withPos, outer bool) func(name string, args []catalog.Arg) (catalog.TableCall, error) {
	return func(name string, args []catalog.Arg) (catalog.TableCall, error) {
		if err := oneArg(name, args); err != nil {
			return catalog.TableCall{}, err
		}
		var cols []arrow.Field
		if withPos {
			cols = append(cols, nullable("pos", tInt))
		}
		switch dt := args[0].Type.(type) {
		case *arrow.MapType:
			cols = append(cols, nullable("key", dt.KeyType()), nullable("value", dt.ItemType()))
		case *arrow.ListType:
			cols = append(cols, nullable("col", dt.Elem()))
		default:
			return catalog.TableCall{}, wantType(name, 0, "an ARRAY or a MAP", dt)
		}
		return catalog.TableCall{Columns: cols, ArgTypes: typesOf(args),
			Eval: func(t catalog.Task, n int, args []arrow.Array) ([]int32, []arrow.Array, error) {
				at, from, pos := unnest(args[0], n, outer)
				sources := []arrow.Array{listOf(args[0]).elem}
				if _, ok := args[0].DataType().(*arrow.MapType); ok {
					keys, items := entries(args[0])
					sources = []arrow.Array{keys, items}
				}
				out, err := gatherAll(t, sources, at)
				if err != nil {
					return nil, nil, err
				}
				if withPos {
					out = append([]arrow.Array{positionColumn(t, pos)}, out...)
				}
				return from, out, nil
			}}, nil
	}
}

func gatherAll(t catalog.Task, sources []arrow.Array, at []int32) ([]arrow.Array, error) {
	out := make([]arrow.Array, 0, len(sources))
	for _, s := range sources {
		c, err := gather(t.Allocator(), s, at)
		if err != nil {
			releaseAll(out)
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func positionColumn(t catalog.Task, pos []int32) arrow.Array {
	out := newColumn[int32](t.Allocator(), len(pos))
	for i, p := range pos {
		if p < 0 {
			out.setNull(i)
			continue
		}
		out.v[i] = p
	}
	return out.array(tInt)
}

// bindInline is inline(array of structs): a column for each field. A NULL struct
// is a row of NULLs.
func bindInline(outer bool) func(name string, args []catalog.Arg) (catalog.TableCall, error) {
	return func(name string, args []catalog.Arg) (catalog.TableCall, error) {
		if err := oneArg(name, args); err != nil {
			return catalog.TableCall{}, err
		}
		elem, _ := listElem(args[0].Type)
		st, ok := elem.(*arrow.StructType)
		if !ok {
			return catalog.TableCall{}, wantType(name, 0, "an ARRAY of STRUCT", args[0].Type)
		}
		cols := make([]arrow.Field, len(st.Fields()))
		for k, f := range st.Fields() {
			cols[k] = nullable(f.Name, f.Type)
		}
		return catalog.TableCall{Columns: cols, ArgTypes: typesOf(args),
			Eval: func(t catalog.Task, n int, args []arrow.Array) ([]int32, []arrow.Array, error) {
				at, from, _ := unnest(args[0], n, outer)
				s := listOf(args[0]).elem.(*array.Struct)
				for i, k := range at {
					if k >= 0 && s.IsNull(int(k)) {
						at[i] = -1
					}
				}
				sources := make([]arrow.Array, s.NumField())
				for k := range sources {
					sources[k] = s.Field(k)
				}
				out, err := gatherAll(t, sources, at)
				return from, out, err
			}}, nil
	}
}

// bindStack is stack(n, a, b, ...): the values in n rows, filled with NULLs.
func bindStack(name string, args []catalog.Arg) (catalog.TableCall, error) {
	if err := arity(name, args, 2, -1); err != nil {
		return catalog.TableCall{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.TableCall{}, err
	}
	if args[0].Const == nil || args[0].Type.ID() != arrow.INT32 || nullAt(args[0].Const, 0) || raw[int32](args[0].Const)[0] < 1 {
		return catalog.TableCall{}, argErr(0, "the number of rows of %s must be a constant INT above 0", name)
	}
	rows := int(raw[int32](args[0].Const)[0])
	values := args[1:]
	width := (len(values) + rows - 1) / rows
	cols := make([]arrow.Field, width)
	types := []arrow.DataType{tInt}
	for c := range cols {
		dt := arrow.DataType(tNull)
		for k := c; k < len(values); k += width {
			next, ok := commonNoString(dt, values[k].Type)
			if !ok {
				return catalog.TableCall{}, argErr(k+1, "column %d of %s has %s and %s", c+1, name, typeName(dt), typeName(values[k].Type))
			}
			dt = next
		}
		cols[c] = nullable(fmt.Sprintf("col%d", c), dt)
	}
	for k := range values {
		types = append(types, cols[k%width].Type)
	}
	return catalog.TableCall{Columns: cols, ArgTypes: types,
		Eval: func(t catalog.Task, n int, args []arrow.Array) ([]int32, []arrow.Array, error) {
			return stack(t, n, rows, cols, args[1:])
		}}, nil
}

func stack(t catalog.Task, n, rows int, cols []arrow.Field, values []arrow.Array) ([]int32, []arrow.Array, error) {
	from := make([]int32, 0, n*rows)
	for i := range n {
		for range rows {
			from = append(from, int32(i))
		}
	}
	var out []arrow.Array
	for c := range cols {
		var parts []arrow.Array
		for k := c; k < rows*len(cols); k += len(cols) {
			if k < len(values) {
				parts = append(parts, retained(values[k]))
			} else {
				parts = append(parts, nullArray(t.Allocator(), cols[c].Type, 1))
			}
		}
		col, err := interleaveOrEmpty(t, cols[c].Type, n, parts)
		releaseAll(parts)
		if err != nil {
			releaseAll(out)
			return nil, nil, err
		}
		out = append(out, col)
	}
	return from, out, nil
}

// bindJSONTuple is json_tuple(text, name...): the members of an object as
// strings.
func bindJSONTuple(name string, args []catalog.Arg) (catalog.TableCall, error) {
	types, err := takes(tString, tString).repeat().resolve(name, args)
	if err != nil {
		return catalog.TableCall{}, err
	}
	cols := make([]arrow.Field, len(args)-1)
	for k := range cols {
		cols[k] = nullable(fmt.Sprintf("c%d", k), tString)
	}
	return catalog.TableCall{Columns: cols, ArgTypes: types,
		Eval: func(t catalog.Task, n int, args []arrow.Array) ([]int32, []arrow.Array, error) {
			from := make([]int32, n)
			out := make([]arrow.Array, 0, len(cols))
			for k := range cols {
				col, err := rowsText(tString, func(r *row, dst []byte) ([]byte, bool) {
					doc, ok := parseJSON(r.str(0))
					if !ok {
						return dst, false
					}
					return jsonText(dst, doc.member(r.str(1)))
				})(t, n, []arrow.Array{args[0], args[k+1]})
				if err != nil {
					releaseAll(out)
					return nil, nil, err
				}
				out = append(out, col)
			}
			for i := range from {
				from[i] = int32(i)
			}
			return from, out, nil
		}}, nil
}

func nullable(name string, dt arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: dt, Nullable: true}
}
