package function

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/google/uuid"

	"github.com/millrace-sql/millrace/catalog"
)

// bindTypeof is typeof(x): the name of its type.
func bindTypeof(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := oneArg(name, args); err != nil {
		return catalog.Call{}, err
	}
	text := []byte(typeName(args[0].Type))
	return catalog.Call{Type: tString, ArgTypes: []arrow.DataType{nil}, Deterministic: true,
		Eval: rowsTextNull(tString, func(_ *row, dst []byte) ([]byte, bool) { return append(dst, text...), true }),
	}, nil
}

// castTo is a cast by name: int('1').
func castTo(to arrow.DataType) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		if err := oneArg(name, args); err != nil {
			return catalog.Call{}, err
		}
		call, err := caster{}.Cast(args[0].Type, to)
		if err != nil {
			return call, &catalog.ArgError{Arg: 0, Err: err}
		}
		return call, nil
	}
}

// nanvl is the first number unless it is NaN, then the second.
func nanvl(r *row) (float64, bool) {
	if r.null(0) {
		return 0, false
	}
	if v := r.float(0); !math.IsNaN(v) {
		return v, true
	}
	if r.null(1) {
		return 0, false
	}
	return r.float(1), true
}

var errAssertion = errors.New("an assertion of assert_true is not true")

// assertTrue is assert_true(condition[, message]): NULL, or an error.
func assertTrue(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
	r := newRow(t, args)
	for i := range n {
		r.i = i
		if !r.null(0) && r.bool(0) {
			continue
		}
		if len(args) == 2 && !r.null(1) {
			return nil, fmt.Errorf("%s", r.str(1))
		}
		return nil, errAssertion
	}
	return nullArray(t.Allocator(), tNull, n), nil
}

// raiseError is raise_error(message).
func raiseError(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
	if n == 0 {
		return nullArray(t.Allocator(), tNull, 0), nil
	}
	r := newRow(t, args)
	if r.null(0) {
		return nil, errors.New("raise_error was called without a message")
	}
	return nil, fmt.Errorf("%s", r.str(0))
}

func newUUID(_ *row, dst []byte) ([]byte, bool) {
	id, err := uuid.New().MarshalText()
	return append(dst, id...), err == nil
}
