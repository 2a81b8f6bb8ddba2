package function

import (
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// bindStruct is struct(a, b AS c, t.*): fields without a name are col1, col2,
// ....
func bindStruct(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	fields := make([]arrow.Field, len(args))
	for i, a := range args {
		fields[i] = arrow.Field{Name: a.Name, Type: a.Type, Nullable: true}
		if a.Name == "" {
			fields[i].Name = fmt.Sprintf("col%d", i+1)
		}
	}
	pick := make([]int, len(args))
	for i := range pick {
		pick[i] = i
	}
	return structCall(fields, typesOf(args), pick), nil
}

// bindNamedStruct is named_struct('a', x, 'b', y).
func bindNamedStruct(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 2, -1); err != nil {
		return catalog.Call{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	if len(args)%2 != 0 {
		return catalog.Call{}, fmt.Errorf("%s wants pairs of a name and a value, not %d arguments", name, len(args))
	}
	var fields []arrow.Field
	var pick []int
	for k := 0; k < len(args); k += 2 {
		a := args[k]
		if a.Const == nil || !isString(a.Type) || nullAt(a.Const, 0) {
			return catalog.Call{}, argErr(k, "argument %d of %s must be a field's name, a constant string", k+1, name)
		}
		field := arrow.Field{Name: string(textOf(a.Const).at(0)), Type: args[k+1].Type, Nullable: true}
		fields = append(fields, field)
		pick = append(pick, k+1)
	}
	return structCall(fields, typesOf(args), pick), nil
}

func structCall(fields []arrow.Field, types []arrow.DataType, pick []int) catalog.Call {
	dt := arrow.StructOf(fields...)
	return catalog.Call{
		Type: dt, ArgTypes: types, Deterministic: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			cols := make([]arrow.Array, 0, len(pick))
			for _, k := range pick {
				c, err := spread(t.Allocator(), args[k], n)
				if err != nil {
					releaseAll(cols)
					return nil, err
				}
				cols = append(cols, c)
			}
			return structOf(dt, n, nil, cols...), nil
		},
	}
}

// bindArray is array(a, b, ...).
func bindArray(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	elem, k, ok := commonOf(typesOf(args), common)
	if !ok {
		return catalog.Call{}, argErr(k, "%s wants elements of one type, not %s and %s", name, typeName(elem), typeName(args[k].Type))
	}
	dt := listType(elem)
	return catalog.Call{
		Type: dt, ArgTypes: repeatType(elem, len(args)), Deterministic: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			out := newListColumn(t.Allocator(), n)
			for i := range n {
				out.add(i, (i+1)*len(args))
			}
			elems, err := interleaveOrEmpty(t, elem, n, args)
			if err != nil {
				out.release()
				return nil, err
			}
			return out.array(dt, elems), nil
		},
	}, nil
}

func interleaveOrEmpty(t catalog.Task, elem arrow.DataType, n int, cols []arrow.Array) (arrow.Array, error) {
	if len(cols) == 0 || n == 0 {
		return nullArray(t.Allocator(), elem, 0), nil
	}
	return interleave(t.Allocator(), n, cols)
}

var (
	errNullKey    = errors.New("the key of a map cannot be NULL")
	errUnequal    = errors.New("map_from_arrays wants as many keys as values")
	errNotBoolean = errors.New("the lambda must give a BOOLEAN")
	errMapKey     = errors.New("the key of a map cannot be a MAP")
	errIndexZero  = errors.New("the index 0 is invalid: an index is either below 0, counting from the end, or above 0")
)

func errDuplicateKey(key string) error {
	return fmt.Errorf("a map cannot have the key %s twice", strings.TrimSpace(key))
}

// bindMap is map(k1, v1, k2, v2, ...).
func bindMap(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	if len(args)%2 != 0 {
		return catalog.Call{}, fmt.Errorf("%s wants pairs of a key and a value, not %d arguments", name, len(args))
	}
	var kt, vt []arrow.DataType
	for k := 0; k < len(args); k += 2 {
		kt, vt = append(kt, args[k].Type), append(vt, args[k+1].Type)
	}
	key, k, ok := commonOf(kt, common)
	if !ok {
		return catalog.Call{}, argErr(2*k, "%s wants keys of one type, not %s and %s", name, typeName(key), typeName(kt[k]))
	}
	item, k, ok := commonOf(vt, common)
	if !ok {
		return catalog.Call{}, argErr(2*k+1, "%s wants values of one type, not %s and %s", name, typeName(item), typeName(vt[k]))
	}
	if !isOrdered(key) {
		return catalog.Call{}, argErr(0, "the key of a map cannot be %s", typeName(key))
	}
	types := make([]arrow.DataType, len(args))
	for k := range types {
		types[k] = key
		if k%2 == 1 {
			types[k] = item
		}
	}
	dt := mapType(key, item)
	return catalog.Call{Type: dt, ArgTypes: types, Deterministic: true, Eval: mapKernel(dt)}, nil
}

func mapKernel(dt *arrow.MapType) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		var ks, vs []arrow.Array
		for k := 0; k < len(args); k += 2 {
			ks, vs = append(ks, args[k]), append(vs, args[k+1])
		}
		keys, err := interleaveOrEmpty(t, dt.KeyType(), n, ks)
		if err != nil {
			return nil, err
		}
		items, err := interleaveOrEmpty(t, dt.ItemType(), n, vs)
		if err != nil {
			keys.Release()
			return nil, err
		}
		out := newListColumn(t.Allocator(), n)
		for i := range n {
			out.add(i, (i+1)*len(ks))
		}
		if err := checkKeys(keys, out.off); err != nil {
			releaseAll([]arrow.Array{keys, items})
			out.release()
			return nil, err
		}
		return out.mapArray(dt, keys, items), nil
	}
}

// checkKeys is Spark's EXCEPTION policy: no NULL and no duplicate among the keys
// of a row.
func checkKeys(keys arrow.Array, off []int32) error {
	if keys.Len() == 0 {
		return nil
	}
	if keys.NullN() > 0 || isNull(keys.DataType()) {
		for i := range keys.Len() {
			if nullAt(keys, i) {
				return errNullKey
			}
		}
	}
	c := valueComparer(keys, keys)
	for i := range len(off) - 1 {
		for a := int(off[i]); a < int(off[i+1]); a++ {
			for b := a + 1; b < int(off[i+1]); b++ {
				if c(a, b) == 0 {
					return errDuplicateKey(string(appenderOf(keys)(nil, a)))
				}
			}
		}
	}
	return nil
}

// listElem is the element type of an ARRAY, for error-free chaining.
func listElem(dt arrow.DataType) (arrow.DataType, bool) {
	l, ok := dt.(*arrow.ListType)
	if !ok {
		return nil, false
	}
	return l.Elem(), true
}
