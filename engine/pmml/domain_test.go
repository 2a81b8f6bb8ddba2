package pmml

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
)

func loadSeveral(t *testing.T, name string) (*Model, error) {
	t.Helper()
	f, err := os.Open("../../testdata/pmml/several.pmml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return LoadNamed(f, name)
}

func TestDomains(t *testing.T) {
	for _, c := range []struct {
		name        string
		in, outputs []Domain
	}{
		{"risk of default",
			[]Domain{{Intervals: []string{"[0, 1000.5)", "[2000, infinity)"}}, {Categories: []string{"de", "fr, be"}}},
			[]Domain{{Categories: []string{"high", "low"}}, {}, {}}},
		{"price", []Domain{{Intervals: []string{"[0, 1000.5)", "[2000, infinity)"}}}, []Domain{{}}},
	} {
		m, err := loadSeveral(t, c.name)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(m.Domains(), c.in) || len(m.Inputs()) != len(c.in) {
			t.Errorf("%s: %v of %v", c.name, m.Domains(), m.Inputs())
		}
		if !reflect.DeepEqual(m.OutputDomains(), c.outputs) || len(m.Outputs()) != len(c.outputs) {
			t.Errorf("%s: %v of %v", c.name, m.OutputDomains(), m.Outputs())
		}
	}
}

func TestIntervalText(t *testing.T) {
	for closure, want := range map[string]string{
		"closedClosed": "[-1.5, 2]", "openOpen": "(-1.5, 2)", "openClosed": "(-1.5, 2]", "closedOpen": "[-1.5, 2)",
	} {
		doc := inPMML(strings.Replace(otherFields, `<DataField name="x" optype="continuous" dataType="double"/>`,
			`<DataField name="x" optype="continuous" dataType="double"><Interval closure="`+closure+`" leftMargin="-1.5" rightMargin="2"/></DataField>`, 1), line1("y", "", "2"))
		if got := mustLoad(t, doc).Domains()[0].Intervals; len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v, want %s", closure, got, want)
		}
	}
}

func TestNameError(t *testing.T) {
	_, err := loadSeveral(t, "pirce")
	var name *NameError
	if !errors.As(err, &name) || name.Near != "price" || len(name.Names) != 2 {
		t.Fatalf("%v: %+v", err, name)
	}
}
