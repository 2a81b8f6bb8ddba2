package function

import (
	"errors"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/sql"
)

// bindFromJSON is from_json(text, schema[, options]). The call's Info lets a scan
// parse in its place where that cannot be told apart.
func bindFromJSON(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 2, 3); err != nil {
		return catalog.Call{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	if t := args[0].Type; !isString(t) && !isNull(t) {
		return catalog.Call{}, wantType(name, 0, "STRING", t)
	}
	root, err := jsonSchema(name, args[1])
	if err != nil {
		return catalog.Call{}, err
	}
	opts, err := jsonOptions(name, args, 2)
	if err != nil {
		return catalog.Call{}, err
	}
	if opts.Mode == codec.DropMalformed {
		return catalog.Call{}, argErr(2, "from_json knows the modes PERMISSIVE and FAILFAST, not DROPMALFORMED: it gives a value for every row")
	}
	dec, err := codec.NewJSONDecoder(root, opts)
	if err != nil {
		return catalog.Call{}, argErr(1, "%w", err)
	}
	types := typesOf(args)
	types[0] = tString
	return catalog.Call{
		Type: root, ArgTypes: types, Deterministic: true,
		Eval: fromJSON(dec),
		Info: jsonParse(root, opts),
	}, nil
}

// jsonParse describes the call to the planner, or is nil where a part of the
// fields cannot be parsed alone: a record's broken field is seen in the column of
// broken records and ends the query in FAILFAST mode.
func jsonParse(root arrow.DataType, opts codec.JSONOptions) any {
	st, ok := root.(*arrow.StructType)
	if !ok || opts.Mode != codec.Permissive {
		return nil
	}
	corrupt := opts.CorruptColumn
	if corrupt == "" {
		corrupt = codec.DefaultCorruptColumn
	}
	if _, ok := st.FieldByName(corrupt); ok {
		return nil
	}
	return catalog.JSONParse{Root: root, Narrow: func(fields []int) (arrow.DataType, any, error) {
		part := make([]arrow.Field, len(fields))
		for i, f := range fields {
			part[i] = st.Field(f)
		}
		narrow := arrow.StructOf(part...)
		d, err := codec.NewJSONDecoder(narrow, opts)
		return narrow, d, err
	}}
}

func jsonSchema(name string, a catalog.Arg) (arrow.DataType, error) {
	if a.Const == nil || !isString(a.Type) || nullAt(a.Const, 0) {
		return nil, argErr(1, "the schema of %s must be a constant string such as 'a INT, b STRING'", name)
	}
	text := string(textOf(a.Const).at(0))
	dt, err := sql.ParseSchema(text)
	if err != nil {
		return nil, argErr(1, "the schema of %s: %s", name, schemaFault(err))
	}
	dt = allNullable(dt)
	switch dt.(type) {
	case *arrow.StructType, *arrow.MapType, *arrow.ListType:
		return dt, nil
	}
	return nil, argErr(1, "the schema of %s must be columns, an ARRAY or a MAP, not %s", name, typeName(dt))
}

// schemaFault is the message of a schema's first fault without its own caret.
func schemaFault(err error) string {
	var one *sql.Error
	if errors.As(err, &one) {
		msg := one.Msg
		if one.Hint != "" {
			msg += "; " + one.Hint
		}
		return msg
	}
	return err.Error()
}

// allNullable forgets NOT NULL, which from_json does not enforce.
func allNullable(dt arrow.DataType) arrow.DataType {
	switch t := dt.(type) {
	case *arrow.MapType:
		return mapType(t.KeyType(), allNullable(t.ItemType()))
	case *arrow.ListType:
		return listType(allNullable(t.Elem()))
	case *arrow.StructType:
		fields := make([]arrow.Field, len(t.Fields()))
		for i, f := range t.Fields() {
			fields[i] = arrow.Field{Name: f.Name, Type: allNullable(f.Type), Nullable: true}
		}
		return arrow.StructOf(fields...)
	}
	return dt
}

// jsonOptions reads the options, argument k, a constant map of strings.
func jsonOptions(name string, args []catalog.Arg, k int) (codec.JSONOptions, error) {
	if k >= len(args) {
		return codec.JSONOptions{}, nil
	}
	m, err := constStrings(name, args[k], k)
	if err != nil {
		return codec.JSONOptions{}, err
	}
	opts, _, err := codec.ParseJSONOptions(m)
	if err != nil {
		return opts, argErr(k, "%s: %w", name, err)
	}
	return opts, nil
}

func constStrings(name string, a catalog.Arg, k int) (map[string]string, error) {
	m, ok := a.Type.(*arrow.MapType)
	if !ok || a.Const == nil || !isString(m.KeyType()) || !isString(m.ItemType()) {
		return nil, argErr(k, "the options of %s must be a constant map of strings such as map('mode', 'FAILFAST')", name)
	}
	out := map[string]string{}
	if nullAt(a.Const, 0) {
		return out, nil
	}
	from, to := listOf(a.Const).span(0)
	keys, items := entries(a.Const)
	key, item := textOf(keys), textOf(items)
	key.step, item.step = 1, 1
	for i := from; i < to; i++ {
		if !items.IsNull(i) {
			out[string(key.at(i))] = string(item.at(i))
		}
	}
	return out, nil
}

func fromJSON(dec *codec.JSONDecoder) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		s := dec.NewScanner(t.Allocator())
		defer s.Release()
		s.Reserve(n)
		in := textOf(args[0])
		for i := range n {
			if nullAt(args[0], i*in.step) {
				s.AppendNull()
				continue
			}
			if err := s.Append(in.at(i)); err != nil {
				return nil, err
			}
		}
		return s.Finish()
	}
}

// bindToJSON is to_json(struct, array or map[, options]).
func bindToJSON(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 1, 2); err != nil {
		return catalog.Call{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	dt := args[0].Type
	switch dt.(type) {
	case *arrow.StructType, *arrow.MapType, *arrow.ListType:
	case *arrow.NullType:
		return catalog.Call{Type: tString, ArgTypes: typesOf(args), Deterministic: true, Strict: true, Eval: allNull(tString)}, nil
	default:
		return catalog.Call{}, wantType(name, 0, "a STRUCT, ARRAY or MAP", dt)
	}
	opts, err := jsonOptions(name, args, 1)
	if err != nil {
		return catalog.Call{}, err
	}
	w, err := codec.NewValueWriter(dt, opts)
	if err != nil {
		return catalog.Call{}, argErr(0, "%w", err)
	}
	return catalog.Call{Type: tString, ArgTypes: typesOf(args), Deterministic: true, Eval: toJSON(w)}, nil
}

func toJSON(w *codec.ValueWriter) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		out := newTextColumn(t.Allocator(), n, 64*n)
		rows := w.Open(args[0])
		s := step(args[0])
		var buf []byte
		for i := range n {
			if args[0].IsNull(i * s) {
				out.skip(i)
				continue
			}
			buf = rows.AppendRow(buf[:0], i*s)
			if err := out.put(i, buf); err != nil {
				out.release()
				return nil, err
			}
		}
		return out.array(tString), nil
	}
}
