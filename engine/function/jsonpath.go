package function

import (
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/sql"
)

// pathStep is .name, [index] or [*].
type pathStep struct {
	name  []byte
	index int // -1: a name; -2: all elements
}

// compilePath reads $.a['b'][0][*].
func compilePath(s string) ([]pathStep, bool) {
	if !strings.HasPrefix(s, "$") {
		return nil, false
	}
	var out []pathStep
	for s = s[1:]; len(s) > 0; {
		switch {
		case s[0] == '.':
			end := strings.IndexAny(s[1:], ".[")
			if end < 0 {
				end = len(s) - 1
			}
			if end == 0 {
				return nil, false
			}
			out = append(out, pathStep{name: []byte(s[1 : 1+end]), index: -1})
			s = s[1+end:]
		case strings.HasPrefix(s, "['"):
			end := strings.Index(s, "']")
			if end < 2 {
				return nil, false
			}
			out = append(out, pathStep{name: []byte(s[2:end]), index: -1})
			s = s[end+2:]
		case s[0] == '[':
			end := strings.IndexByte(s, ']')
			if end < 0 {
				return nil, false
			}
			step := pathStep{index: -2}
			if in := strings.TrimSpace(s[1:end]); in != "*" {
				v, err := strconv.Atoi(in)
				if err != nil || v < 0 {
					return nil, false
				}
				step.index = v
			}
			out = append(out, step)
			s = s[end+1:]
		default:
			return nil, false
		}
	}
	return out, true
}

// follow collects the nodes a path leads to.
func follow(n *jsonNode, path []pathStep, found []*jsonNode) []*jsonNode {
	for k, step := range path {
		switch {
		case n == nil:
			return found
		case step.index == -1 && n.kind == '{':
			n = n.member(step.name)
		case step.index >= 0 && n.kind == '[' && step.index < len(n.kids):
			n = n.kids[step.index]
		case step.index == -2 && n.kind == '[':
			for _, e := range n.kids {
				found = follow(e, path[k+1:], found)
			}
			return found
		default:
			return found
		}
	}
	if n != nil {
		found = append(found, n)
	}
	return found
}

func hasWild(path []pathStep) bool {
	for _, s := range path {
		if s.index == -2 {
			return true
		}
	}
	return false
}

// getJSONObject is get_json_object(text, path): what a path with [*] finds
// several times is an array.
func getJSONObject(r *row, dst []byte) ([]byte, bool) {
	text := r.str(1)
	c, ok := r.state.(*compiled[[]pathStep])
	if !ok || c.text != string(text) {
		path, ok := compilePath(string(text))
		if !ok {
			return dst, false
		}
		c = &compiled[[]pathStep]{string(text), path}
		r.state = c
	}
	doc, ok := parseJSON(r.str(0))
	if !ok {
		return dst, false
	}
	found := follow(doc, c.p, nil)
	switch {
	case len(found) == 0:
		return dst, false
	case !hasWild(c.p):
		return jsonText(dst, found[0])
	case len(found) == 1:
		return appendJSON(dst, found[0]), true
	}
	return appendJSON(dst, &jsonNode{kind: '[', kids: found}), true
}

func jsonArrayLength(r *row) (int32, bool) {
	n, ok := whole(r.str(0))
	if !ok || n.kind != '[' {
		return 0, false
	}
	return int32(len(n.kids)), true
}

func jsonObjectKeys(r *row, put func(s []byte)) bool {
	n, ok := whole(r.str(0))
	if !ok || n.kind != '{' {
		return false
	}
	for _, k := range n.keys {
		put(k)
	}
	return true
}

// bindSchemaOfJSON is schema_of_json(constant text[, options]).
func bindSchemaOfJSON(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 1, 2); err != nil {
		return catalog.Call{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	if args[0].Const == nil || !isString(args[0].Type) || nullAt(args[0].Const, 0) {
		return catalog.Call{}, argErr(0, "the text of %s must be a constant string", name)
	}
	opts, err := jsonOptions(name, args, 1)
	if err != nil {
		return catalog.Call{}, err
	}
	dt, err := codec.InferJSONValue(textOf(args[0].Const).at(0), opts)
	if err != nil {
		return catalog.Call{}, argErr(0, "%s: %w", name, err)
	}
	text := sql.TypeSQL(dt)
	return catalog.Call{Type: tString, ArgTypes: typesOf(args), Deterministic: true,
		Eval: func(t catalog.Task, n int, _ []arrow.Array) (arrow.Array, error) {
			return rowsTextNull(tString, func(_ *row, dst []byte) ([]byte, bool) { return append(dst, text...), true })(t, n, nil)
		}}, nil
}
