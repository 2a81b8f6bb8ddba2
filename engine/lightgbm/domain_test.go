package lightgbm

import (
	"os"
	"reflect"
	"testing"
)

func TestReadDomain(t *testing.T) {
	for text, want := range map[string]Domain{
		"none":          {},
		"[-0.5:1e+300]": {Range: "[-0.5, 1e+300]"},
		"[1:x]":         {},
		"[1]":           {},
		"":              {},
		"-1:2:1:3:0":    {Codes: []int{0, 1, 2, 3}},
		"7":             {Codes: []int{7}},
		"1:b":           {},
	} {
		if got := readDomain(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestDomains(t *testing.T) {
	f, err := os.Open("../../testdata/lightgbm/pandas.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := Load(f)
	if err != nil {
		t.Fatal(err)
	}
	want := []Domain{{Range: "[-3.3619920318007046, 2.536148399717705]"}, {Codes: []int{0, 1, 2, 3, 4, 5}}, {Range: "[-1.7301413861897557, 1.3314267863582918]"}}
	if !reflect.DeepEqual(m.Domains(), want) {
		t.Errorf("%+v", m.Domains())
	}
}
