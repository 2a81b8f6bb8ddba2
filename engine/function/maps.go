package function

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

func oneMap(name string, args []catalog.Arg) (*arrow.MapType, error) {
	if len(args) == 0 || args[0].Type == nil {
		return nil, arity(name, args, 1, 1)
	}
	m, ok := args[0].Type.(*arrow.MapType)
	if !ok {
		return nil, wantType(name, 0, "a MAP", args[0].Type)
	}
	return m, nil
}

// ofMap binds a function of one map that gives an array built of its entries.
func ofMap(elem func(m *arrow.MapType) arrow.DataType, build func(t catalog.Task, dt *arrow.ListType, keys, items arrow.Array) arrow.Array) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		if err := oneArg(name, args); err != nil {
			return catalog.Call{}, err
		}
		m, err := oneMap(name, args)
		if err != nil {
			return catalog.Call{}, err
		}
		dt := listType(elem(m))
		return catalog.Call{Type: dt, ArgTypes: typesOf(args), Deterministic: true, Strict: true,
			Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
				return rebuildList(t, n, args[0], dt, func(e arrow.Array) (arrow.Array, error) {
					s := e.(*array.Struct)
					return build(t, dt, s.Field(0), s.Field(1)), nil
				})
			}}, nil
	}
}

func retained(a arrow.Array) arrow.Array {
	a.Retain()
	return a
}

var (
	mapKeys = ofMap(func(m *arrow.MapType) arrow.DataType { return m.KeyType() },
		func(_ catalog.Task, _ *arrow.ListType, keys, _ arrow.Array) arrow.Array { return retained(keys) })
	mapValues = ofMap(func(m *arrow.MapType) arrow.DataType { return m.ItemType() },
		func(_ catalog.Task, _ *arrow.ListType, _, items arrow.Array) arrow.Array { return retained(items) })
	mapEntries = ofMap(func(m *arrow.MapType) arrow.DataType { return entryType(m) },
		func(_ catalog.Task, dt *arrow.ListType, keys, items arrow.Array) arrow.Array {
			return structOf(dt.Elem(), keys.Len(), nil, retained(keys), retained(items))
		})
)

func entryType(m *arrow.MapType) arrow.DataType {
	return arrow.StructOf(
		arrow.Field{Name: "key", Type: m.KeyType(), Nullable: true},
		arrow.Field{Name: "value", Type: m.ItemType(), Nullable: true})
}

// newMap builds maps of keys and items, which it takes over, and refuses NULL and
// duplicate keys.
func newMap(dt *arrow.MapType, out *listColumn, keys, items arrow.Array) (arrow.Array, error) {
	if err := checkKeys(keys, out.off); err != nil {
		releaseAll([]arrow.Array{keys, items})
		out.release()
		return nil, err
	}
	return out.mapArray(dt, keys, items), nil
}

// bindMapFromArrays is map_from_arrays(keys, values).
func bindMapFromArrays(name string, args []catalog.Arg) (catalog.Call, error) {
	key, err := arrayAnd(name, args, 2, 2)
	if err != nil {
		return catalog.Call{}, err
	}
	item, ok := listElem(args[1].Type)
	if !ok {
		return catalog.Call{}, wantType(name, 1, "an ARRAY", args[1].Type)
	}
	if !isOrdered(key) {
		return catalog.Call{}, argErr(0, "the key of a map cannot be %s", typeName(key))
	}
	dt := mapType(key, item)
	return catalog.Call{Type: dt, ArgTypes: typesOf(args), Deterministic: true, Strict: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			a, b := listOf(args[0]), listOf(args[1])
			for i := range n {
				f1, t1 := a.span(i)
				f2, t2 := b.span(i)
				if t1-f1 != t2-f2 && !nullAt(args[0], i*a.step) && !nullAt(args[1], i*b.step) {
					return nil, errUnequal
				}
			}
			out, cols, _, err := zip(t, n, args)
			if err != nil {
				return nil, err
			}
			return newMap(dt, out, cols[0], cols[1])
		}}, nil
}

// bindMapFromEntries is map_from_entries(array of structs of two).
func bindMapFromEntries(name string, args []catalog.Arg) (catalog.Call, error) {
	elem, err := arrayAnd(name, args, 1, 1)
	if err != nil {
		return catalog.Call{}, err
	}
	st, ok := elem.(*arrow.StructType)
	if !ok || len(st.Fields()) != 2 {
		return catalog.Call{}, wantType(name, 0, "an ARRAY of STRUCTs with two fields", args[0].Type)
	}
	dt := mapType(st.Field(0).Type, st.Field(1).Type)
	return catalog.Call{Type: dt, ArgTypes: typesOf(args), Deterministic: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			at, rows := elements(args[0], n)
			e, err := gather(t.Allocator(), listOf(args[0]).elem, at)
			if err != nil {
				return nil, err
			}
			defer e.Release()
			out := shape(t, args[0], n, rows)
			for k, r := range rows {
				if e.IsNull(k) { // a NULL entry makes the map NULL
					out.set(int(r))
				}
			}
			s := e.(*array.Struct)
			keys, items := s.Field(0), s.Field(1)
			if out.count > 0 {
				return dropRows(t, dt, out, rows, keys, items)
			}
			return newMap(dt, out, retained(keys), retained(items))
		}}, nil
}

// dropRows leaves out the entries of rows that are NULL.
func dropRows(t catalog.Task, dt *arrow.MapType, old *listColumn, rows []int32, keys, items arrow.Array) (arrow.Array, error) {
	defer old.release()
	var keep []int32
	out := newListColumn(t.Allocator(), old.n)
	k := 0
	for i := range old.n {
		null := old.isSet(i)
		for ; k < len(rows) && rows[k] == int32(i); k++ {
			if !null {
				keep = append(keep, int32(k))
			}
		}
		if null {
			out.set(i)
		}
		out.add(i, len(keep))
	}
	ks, err := gather(t.Allocator(), keys, keep)
	if err != nil {
		out.release()
		return nil, err
	}
	vs, err := gather(t.Allocator(), items, keep)
	if err != nil {
		ks.Release()
		out.release()
		return nil, err
	}
	return newMap(dt, out, ks, vs)
}

// bindMapConcat is map_concat(m1, m2, ...).
func bindMapConcat(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	if len(args) == 0 {
		return bindMap(name, args)
	}
	t, k, ok := commonOf(typesOf(args), commonNoString)
	dt, isMap := t.(*arrow.MapType)
	if !ok || !isMap {
		return catalog.Call{}, wantType(name, k, "maps of one type", args[k].Type)
	}
	inner := concatLists(listType(dt.Elem()))
	return catalog.Call{Type: dt, ArgTypes: repeatType(dt, len(args)), Deterministic: true, Strict: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			lists, err := inner(t, n, args)
			if err != nil {
				return nil, err
			}
			defer lists.Release()
			l := listOf(lists)
			l.step = 1
			s := l.elem.(*array.Struct)
			out := newListColumn(t.Allocator(), n)
			copy(out.off, l.off)
			return newMap(dt, out, retained(s.Field(0)), retained(s.Field(1)))
		}}, nil
}

// bindMapContainsKey is map_contains_key(map, key).
func bindMapContainsKey(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 2, 2); err != nil {
		return catalog.Call{}, err
	}
	m, err := oneMap(name, args)
	if err != nil {
		return catalog.Call{}, err
	}
	if args[1].Type == nil || !implicit(args[1].Type, m.KeyType()) {
		return catalog.Call{}, argErr(1, "%s wants a key of type %s", name, typeName(m.KeyType()))
	}
	return catalog.Call{Type: tBool, ArgTypes: []arrow.DataType{m, m.KeyType()}, Deterministic: true, Strict: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			keys, _ := entries(args[0])
			same := valueComparer(keys, args[1])
			return rowsBool(func(r *row) (bool, bool) {
				from, to := r.span(0)
				for k := from; k < to; k++ {
					if same(k, r.at(1)) == 0 {
						return true, true
					}
				}
				return false, true
			})(t, n, args)
		}}, nil
}

// overEntries binds a function map, (k, v) -> x; make builds the result of the
// entries and what the lambda gave for them.
func overEntries(ret func(m *arrow.MapType, body arrow.DataType) (*arrow.MapType, error),
	build func(t catalog.Task, dt *arrow.MapType, n int, a arrow.Array, rows []int32, keys, items, res arrow.Array) (arrow.Array, error)) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		if err := arity(name, args, 2, 2); err != nil {
			return catalog.Call{}, err
		}
		m, err := oneMap(name, args)
		if err != nil {
			return catalog.Call{}, err
		}
		body, err := bindLambda(name, args, 1, 2, m.KeyType(), m.ItemType())
		if err != nil {
			return catalog.Call{}, err
		}
		dt, err := ret(m, body.Type())
		if err != nil {
			return catalog.Call{}, &catalog.ArgError{Arg: 1, Err: err}
		}
		return catalog.Call{Type: dt, ArgTypes: []arrow.DataType{m, nil}, Deterministic: true,
			Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
				at, rows := elements(args[0], n)
				all, err := gather(t.Allocator(), listOf(args[0]).elem, at)
				if err != nil {
					return nil, err
				}
				defer all.Release()
				s := all.(*array.Struct)
				res, err := applyBody(t, body, rows, []arrow.Array{s.Field(0), s.Field(1)}, args[2:])
				if err != nil {
					return nil, err
				}
				defer res.Release()
				return build(t, dt, n, args[0], rows, s.Field(0), s.Field(1), res)
			}}, nil
	}
}

var (
	mapFilter = overEntries(
		func(m *arrow.MapType, body arrow.DataType) (*arrow.MapType, error) {
			if body.ID() != arrow.BOOL && !isNull(body) {
				return nil, errNotBoolean
			}
			return m, nil
		},
		func(t catalog.Task, dt *arrow.MapType, n int, a arrow.Array, rows []int32, keys, items, res arrow.Array) (arrow.Array, error) {
			var keep, keepRows []int32
			for k, r := range rows {
				if isTrue(res, k) {
					keep, keepRows = append(keep, int32(k)), append(keepRows, r)
				}
			}
			ks, err := gather(t.Allocator(), keys, keep)
			if err != nil {
				return nil, err
			}
			vs, err := gather(t.Allocator(), items, keep)
			if err != nil {
				ks.Release()
				return nil, err
			}
			return newMap(dt, shape(t, a, n, keepRows), ks, vs)
		})
	transformKeys = overEntries(
		func(m *arrow.MapType, body arrow.DataType) (*arrow.MapType, error) {
			if !isOrdered(body) {
				return nil, errMapKey
			}
			return mapType(body, m.ItemType()), nil
		},
		func(t catalog.Task, dt *arrow.MapType, n int, a arrow.Array, rows []int32, _, items, res arrow.Array) (arrow.Array, error) {
			return newMap(dt, shape(t, a, n, rows), retained(res), retained(items))
		})
	transformValues = overEntries(
		func(m *arrow.MapType, body arrow.DataType) (*arrow.MapType, error) {
			return mapType(m.KeyType(), body), nil
		},
		func(t catalog.Task, dt *arrow.MapType, n int, a arrow.Array, rows []int32, keys, _, res arrow.Array) (arrow.Array, error) {
			return newMap(dt, shape(t, a, n, rows), retained(keys), retained(res))
		})
)

// patternOf is the regular expression that argument k holds, the same for all
// rows, or the default.
func patternOf(args []arrow.Array, k int, otherwise string) (*regex, error) {
	if k < len(args) && args[k].Len() > 0 && !nullAt(args[k], 0) {
		otherwise = string(textOf(args[k]).at(0))
	}
	return compileRegexp(otherwise)
}

// strToMap is str_to_map(text[, pair delimiter[, key delimiter]]); the
// delimiters are regular expressions.
func strToMap(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
	dt := mapType(tString, tString)
	pairs, err := patternOf(args, 1, ",")
	if err != nil {
		return nil, err
	}
	inner, err := patternOf(args, 2, ":")
	if err != nil {
		return nil, err
	}
	out := newListColumn(t.Allocator(), n)
	var ks, vs [][]byte
	var missing []bool
	r := newRow(t, args)
	for i := range n {
		r.i = i
		if r.null(0) {
			out.set(i)
		} else {
			parts, err := pairs.split(r.str(0), -1)
			for _, p := range parts {
				if err != nil {
					break
				}
				var kv [][]byte
				if kv, err = inner.split(p, 2); err == nil {
					ks, missing = append(ks, kv[0]), append(missing, len(kv) < 2)
					vs = append(vs, kv[len(kv)-1])
				}
			}
			if err != nil {
				out.release()
				return nil, err
			}
		}
		out.add(i, len(ks))
	}
	keys, items := newTextColumn(t.Allocator(), len(ks), 0), newTextColumn(t.Allocator(), len(ks), 0)
	for i := range ks {
		if err = keys.put(i, ks[i]); err == nil && !missing[i] {
			err = items.put(i, vs[i])
		} else {
			items.skip(i)
		}
		if err != nil {
			keys.release()
			items.release()
			out.release()
			return nil, err
		}
	}
	return newMap(dt, out, keys.array(tString), items.array(tString))
}
