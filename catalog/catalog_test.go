package catalog

import (
	"errors"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
)

func TestNearest(t *testing.T) {
	names := []string{"sepal_length", "sepal_width", "petal_length", "iris"}
	for _, c := range []struct{ in, want string }{
		{"sepal_lenght", "sepal_length"},
		{"Sepal_Width", "sepal_width"},
		{"irsi", "iris"},
		{"completely_else", ""},
		{"", ""},
	} {
		if got := Nearest(c.in, names); got != c.want {
			t.Errorf("Nearest(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestCatalogNames(t *testing.T) {
	c := New(Builtins{})
	if err := c.PutRelation("Iris", &Table{Name: "Iris", Stream: true}, false); err != nil {
		t.Fatal(err)
	}
	if err := c.PutRelation("v", &View{Name: "v"}, false); err != nil {
		t.Fatal(err)
	}
	if err := c.PutRelation("iRIS", &View{Name: "iRIS"}, false); !errors.Is(err, ErrExists) {
		t.Errorf("a name that differs only in case was accepted: %v", err)
	}
	copied := New(Builtins{})
	c.CopyInto(copied)
	copied.DropRelation("IRIS")
	if c.Relation("iris") == nil {
		t.Error("dropping from a copy changed the original")
	}
	if got := c.Names(Streams); !slices.Equal(got, []string{"Iris"}) {
		t.Errorf("streams: %v", got)
	}
	if got := copied.Names(Relations); !slices.Equal(got, []string{"v"}) {
		t.Errorf("relations of the copy: %v", got)
	}
}

func TestFieldIndex(t *testing.T) {
	fields := []arrow.Field{{Name: ""}, {Name: "Width"}, {Name: "x"}, {Name: "X"}, {Name: "xX"}}
	for name, want := range map[string]int{"": -1, "width": 1, "Width": 1, "x": 2, "X": 3, "xx": 4, "y": -1} {
		if got := FieldIndex(fields, name); got != want {
			t.Errorf("%q: %d, want %d", name, got, want)
		}
	}
}
