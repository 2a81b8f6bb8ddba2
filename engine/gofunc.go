package engine

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// Value is a Go type that stands for a SQL type in Function1 and Function2:
// BOOLEAN, INT, BIGINT, DOUBLE, STRING.
type Value interface {
	bool | int32 | int64 | float64 | string
}

// Function1 makes a SQL function of a Go function of one argument. NULL gives
// NULL without a call; an error gives NULL and counts as a fault of the row. The
// function must give equal results for equal arguments.
func Function1[A, R Value](name string, f func(A) (R, error)) catalog.Function {
	return goFunction{name: name, args: []arrow.DataType{typeOf[A]()}, result: typeOf[R](),
		eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			get, out := reader[A](args[0]), newWriter[R](t, n)
			defer out.builder.Release() // also when f panics
			for i := range n {
				if args[0].IsNull(at(args[0], n, i)) {
					out.null()
					continue
				}
				out.put(t, name, i)(f(get(at(args[0], n, i))))
			}
			return out.builder.NewArray(), nil
		}}
}

// Function2 is Function1 for two arguments.
func Function2[A, B, R Value](name string, f func(A, B) (R, error)) catalog.Function {
	return goFunction{name: name, args: []arrow.DataType{typeOf[A](), typeOf[B]()}, result: typeOf[R](),
		eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			a, b, out := reader[A](args[0]), reader[B](args[1]), newWriter[R](t, n)
			defer out.builder.Release() // also when f panics
			for i := range n {
				x, y := at(args[0], n, i), at(args[1], n, i)
				if args[0].IsNull(x) || args[1].IsNull(y) {
					out.null()
					continue
				}
				out.put(t, name, i)(f(a(x), b(y)))
			}
			return out.builder.NewArray(), nil
		}}
}

// at is the index of row i in an argument: constants have length 1.
func at(arr arrow.Array, n, i int) int {
	if arr.Len() == n {
		return i
	}
	return 0
}

// goFunction is a Go function as a catalog.Function.
type goFunction struct {
	name   string
	args   []arrow.DataType
	result arrow.DataType
	eval   func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error)
}

// Name is the name it was given.
func (g goFunction) Name() string { return g.name }

// Bind checks the number of arguments; their types are cast.
func (g goFunction) Bind(args []catalog.Arg) (catalog.Call, error) {
	if len(args) != len(g.args) {
		return catalog.Call{}, fmt.Errorf("%s takes %s, %d were given", g.name, catalog.Count(len(g.args), "argument"), len(args))
	}
	return catalog.Call{Type: g.result, ArgTypes: g.args, Deterministic: true, Eval: g.eval}, nil
}

func typeOf[T Value]() arrow.DataType {
	switch any(*new(T)).(type) {
	case bool:
		return arrow.FixedWidthTypes.Boolean
	case int32:
		return arrow.PrimitiveTypes.Int32
	case int64:
		return arrow.PrimitiveTypes.Int64
	case float64:
		return arrow.PrimitiveTypes.Float64
	}
	return arrow.BinaryTypes.String
}

// reader gives the values of an array of typeOf[T].
func reader[T Value](arr arrow.Array) func(i int) T {
	return arr.(interface{ Value(int) T }).Value
}

// writer builds an array of typeOf[T].
type writer[T Value] struct {
	builder array.Builder
	append  func(T)
}

func newWriter[T Value](t catalog.Task, n int) writer[T] {
	b := array.NewBuilder(t.Allocator(), typeOf[T]())
	b.Reserve(n)
	return writer[T]{builder: b, append: b.(interface{ Append(T) }).Append}
}

func (w writer[T]) null() { w.builder.AppendNull() }

// put takes the result of a call for row i.
func (w writer[T]) put(t catalog.Task, name string, i int) func(T, error) {
	return func(v T, err error) {
		if err != nil {
			t.Fault(i, name, err)
			w.builder.AppendNull()
			return
		}
		w.append(v)
	}
}
