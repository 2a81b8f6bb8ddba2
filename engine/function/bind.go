package function

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// kernel computes a call; see catalog.Call.Eval.
type kernel = func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error)

// binder type-checks one use of the function called name.
type binder func(name string, args []catalog.Arg) (catalog.Call, error)

// scalar is a scalar function: a name and how it is bound.
type scalar struct {
	name string
	bind binder
}

// Name is the function's name.
func (s scalar) Name() string { return s.name }

// Bind type-checks one use.
func (s scalar) Bind(args []catalog.Arg) (catalog.Call, error) { return s.bind(s.name, args) }

// argErr is an error about argument k (from 0).
func argErr(k int, format string, args ...any) error {
	return &catalog.ArgError{Arg: k, Err: fmt.Errorf(format, args...)}
}

// wantType is the error for an argument of a wrong type.
func wantType(name string, k int, want string, got arrow.DataType) error {
	return argErr(k, "%s wants %s as argument %d, not %s", name, want, k+1, typeName(got))
}

// arity checks the number of arguments; most < 0 is no limit.
func arity(name string, args []catalog.Arg, least, most int) error {
	n := len(args)
	if n >= least && (most < 0 || n <= most) {
		return nil
	}
	want := ""
	switch {
	case most < 0:
		want = "at least " + count(least)
	case least == most && least == 0:
		want = "no arguments"
	case least == most:
		want = count(least)
	default:
		want = fmt.Sprintf("%d to %s", least, count(most))
	}
	return fmt.Errorf("%s wants %s, not %d", name, want, n)
}

func count(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

// notLambda refuses lambdas where values are wanted.
func notLambda(name string, args []catalog.Arg) error {
	for k, a := range args {
		if a.Lambda != nil {
			return argErr(k, "argument %d of %s is a lambda, a value was expected", k+1, name)
		}
		if a.Type == nil {
			return argErr(k, "argument %d of %s has no type", k+1, name)
		}
	}
	return nil
}

// sig is the signature of a function whose argument types do not depend on each
// other.
type sig struct {
	params []arrow.DataType // nil: as it is
	least  int              // how many must be given
	more   bool             // the last one repeats
}

// takes is a signature whose parameters are all required.
func takes(params ...arrow.DataType) sig { return sig{params: params, least: len(params)} }

// opt makes the last n parameters optional.
func (s sig) opt(n int) sig { s.least = len(s.params) - n; return s }

// repeat lets the last parameter repeat.
func (s sig) repeat() sig { s.more = true; return s }

// resolve checks args against the signature and gives the types Eval sees.
func (s sig) resolve(name string, args []catalog.Arg) ([]arrow.DataType, error) {
	most := len(s.params)
	if s.more {
		most = -1
	}
	if err := arity(name, args, s.least, most); err != nil {
		return nil, err
	}
	if err := notLambda(name, args); err != nil {
		return nil, err
	}
	out := make([]arrow.DataType, len(args))
	for k, a := range args {
		want := s.params[min(k, len(s.params)-1)]
		if want == nil {
			out[k] = a.Type
			continue
		}
		if !implicit(a.Type, want) {
			return nil, wantType(name, k, strings.ToUpper(typeName(want)), a.Type)
		}
		out[k] = want
	}
	return out, nil
}

// strict is a function that gives NULL for a NULL argument.
func strict(s sig, ret arrow.DataType, k kernel) binder {
	return fromSig(s, catalog.Call{Type: ret, Deterministic: true, Strict: true, Eval: k})
}

// lenient is a function that sees NULLs.
func lenient(s sig, ret arrow.DataType, k kernel) binder {
	return fromSig(s, catalog.Call{Type: ret, Deterministic: true, Eval: k})
}

// volatile is a function whose result depends on more than its arguments.
func volatile(s sig, ret arrow.DataType, k kernel) binder {
	return fromSig(s, catalog.Call{Type: ret, Eval: k})
}

func fromSig(s sig, proto catalog.Call) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		types, err := s.resolve(name, args)
		if err != nil {
			return catalog.Call{}, err
		}
		call := proto
		call.ArgTypes = types
		return call, nil
	}
}

// typesOf are the argument types as they are.
func typesOf(args []catalog.Arg) []arrow.DataType {
	out := make([]arrow.DataType, len(args))
	for k, a := range args {
		out[k] = a.Type
	}
	return out
}

// repeatType is one type n times.
func repeatType(dt arrow.DataType, n int) []arrow.DataType {
	out := make([]arrow.DataType, n)
	for k := range out {
		out[k] = dt
	}
	return out
}
