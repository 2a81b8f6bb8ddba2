package function

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// version is model_version(m): what identifies the model that the rows are scored
// with, the checksum of its files. It is a constant of the bound call; a query
// whose model is replaced is bound again.
func (m models) version(name string, args []catalog.Arg) (catalog.Call, error) {
	entry, err := m.find(name, args)
	if err != nil {
		return catalog.Call{}, err
	}
	if len(args) > 1 {
		return catalog.Call{}, argErr(1, "%s takes a model's name and nothing else, such as %s('%s')", name, name, entry.Name)
	}
	v := entry.Version
	return catalog.Call{
		Type: tString, ArgTypes: []arrow.DataType{tString}, Deterministic: true,
		Eval: func(t catalog.Task, n int, _ []arrow.Array) (arrow.Array, error) {
			b := array.NewStringBuilder(t.Allocator())
			defer b.Release()
			b.Reserve(n)
			b.ReserveData(n * len(v))
			for range n {
				if v == "" {
					b.AppendNull()
				} else {
					b.Append(v)
				}
			}
			return b.NewArray(), nil
		},
	}, nil
}

// modelHint is how to call a function of models.
func modelHint(name string) error {
	if name == "model_version" {
		return fmt.Errorf("%s wants a model's name, such as %s('forest')", name, name)
	}
	return fmt.Errorf("%s wants a model's name and its fields, such as %s('forest', s.*)", name, name)
}
