package function

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
)

// policy is what becomes of rows that a model has no answer for, where that is
// not simply NULL. A row has none when the model reports a fault for it, or when
// its prediction is NULL and an input is missing. A NULL for a row whose inputs
// are all there is the model's answer.
type policy struct {
	entry *catalog.ModelEntry
	// check are the outputs, indexes into the model's, that are all NULL in a row
	// without an answer.
	check  []int
	inputs []arrow.Field
	schema *arrow.Schema // of the inputs
	write  *codec.JSONWriter
}

// newPolicy is the policy of a model; nil when a row without an answer is NULL. It
// does not depend on what a call reads, so that a plan may read less.
func newPolicy(e *catalog.ModelEntry) (*policy, error) {
	if e.OnMissing == catalog.PolicyNull && e.OnInvalid == catalog.PolicyNull {
		return nil, nil
	}
	p := &policy{entry: e, check: answerOutputs(e.Model.Outputs()), inputs: e.Model.Inputs()}
	fields := slices.Clone(p.inputs)
	for i := range fields {
		fields[i].Nullable = true
	}
	p.schema = arrow.NewSchema(fields, nil)
	var err error
	p.write, err = codec.NewJSONWriter(p.schema, codec.JSONOptions{KeepNullFields: true})
	return p, err
}

// answerOutputs are those that are NULL in a row without an answer: the prediction,
// else all that are shown.
func answerOutputs(outs []catalog.Output) []int {
	if i := predicted(outs); i >= 0 {
		return []int{i}
	}
	var all []int
	for i, o := range outs {
		if !o.Hidden {
			all = append(all, i)
		}
	}
	return all
}

// model is the model of a policy; nil without one.
func (p *policy) model() *catalog.ModelEntry {
	if p == nil {
		return nil
	}
	return p.entry
}

// rowFault is a row that a model reported.
type rowFault struct {
	row   int
	stage string
	err   error
}

// faultCatcher keeps the faults of a batch.
type faultCatcher struct {
	catalog.Task
	faults []rowFault
}

// Fault keeps it.
func (c *faultCatcher) Fault(row int, stage string, err error) {
	c.faults = append(c.faults, rowFault{row, stage, err})
}

// score scores rows and does with those that have no answer as the policy says.
// The results, of the outputs in want, are the caller's.
func (p *policy) score(t catalog.Task, n int, in []arrow.Array, want []int) ([]arrow.Array, error) {
	all := slices.Clone(want)
	for _, i := range p.check {
		if !slices.Contains(all, i) {
			all = append(all, i)
		}
	}
	catcher := &faultCatcher{Task: t}
	cols, err := p.entry.Model.Score(catcher, n, in, all)
	if err != nil {
		return nil, err
	}
	answers := make([]arrow.Array, len(p.check))
	for k, i := range p.check {
		answers[k] = cols[slices.Index(all, i)]
	}
	if err := p.apply(t, n, in, answers, catcher.faults); err != nil {
		releaseAll(cols)
		return nil, err
	}
	releaseAll(cols[len(want):])
	return cols[:len(want):len(want)], nil
}

// apply goes through the rows without an answer, in their order.
func (p *policy) apply(t catalog.Task, n int, in, answers []arrow.Array, faults []rowFault) error {
	if p.entry.OnMissing != catalog.PolicyNull {
		faults = p.addSilent(faults, n, in, answers)
	}
	slices.SortStableFunc(faults, func(a, b rowFault) int { return cmp.Compare(a.row, b.row) })
	inputs := &inputTexts{policy: p, n: n, in: in}
	defer inputs.release()
	done := -1 // the last row that was rejected
	for _, f := range faults {
		missing := errors.Is(f.err, catalog.ErrMissing)
		switch {
		case p.of(missing) == catalog.PolicyNull || f.row < 0 || f.row >= n:
			t.Fault(f.row, f.stage, f.err)
		case f.row != done:
			if err := p.refuse(t, f, missing, inputs); err != nil {
				return err
			}
			done = f.row
		}
	}
	return nil
}

func (p *policy) of(missing bool) catalog.Policy {
	if missing {
		return p.entry.OnMissing
	}
	return p.entry.OnInvalid
}

// addSilent adds the rows without a fault whose answers are NULL while an input
// is missing.
func (p *policy) addSilent(faults []rowFault, n int, in, answers []arrow.Array) []rowFault {
	if len(answers) == 0 {
		return faults
	}
	for _, a := range answers {
		if a.DataType().ID() != arrow.NULL && a.NullN() == 0 {
			return faults
		}
	}
	known := make(map[int]bool, len(faults))
	for _, f := range faults {
		known[f.row] = true
	}
	for i := range n {
		if slices.ContainsFunc(answers, func(a arrow.Array) bool { return !nullAt(a, i) }) || known[i] {
			continue
		}
		if slices.ContainsFunc(in, func(a arrow.Array) bool { return absent(a, i) }) {
			faults = append(faults, rowFault{row: i, err: catalog.Missing(p.noAnswer(in, i))})
		}
	}
	return faults
}

// absent says whether an input is missing: NULL, or NaN.
func absent(a arrow.Array, i int) bool {
	switch {
	case nullAt(a, i):
		return true
	case a.DataType().ID() == arrow.FLOAT64:
		return math.IsNaN(raw[float64](a)[i])
	case a.DataType().ID() == arrow.FLOAT32:
		return math.IsNaN(float64(raw[float32](a)[i]))
	}
	return false
}

// noAnswer says which inputs a row without an answer does not have.
func (p *policy) noAnswer(in []arrow.Array, row int) error {
	var names []string
	for k, a := range in {
		if absent(a, row) {
			names = append(names, p.inputs[k].Name)
		}
	}
	if len(names) == 1 {
		return fmt.Errorf("there is no answer while field %s is missing", names[0])
	}
	return fmt.Errorf("there is no answer while fields %s are missing", strings.Join(names, ", "))
}

// refuse fails the query, or rejects the row.
func (p *policy) refuse(t catalog.Task, f rowFault, missing bool, inputs *inputTexts) error {
	r, ok := t.(catalog.Rejecter)
	if p.of(missing) == catalog.PolicyDLQ {
		if !ok {
			return fmt.Errorf("model %s: %w; there are no dead letters here", p.entry.Name, f.err)
		}
		why := catalog.Rejection{Model: p.entry, Missing: missing, Err: f.err, Inputs: func() string { return inputs.row(f.row) }}
		if err := r.Reject(f.row, why); err != nil {
			return fmt.Errorf("model %s: %w", p.entry.Name, err)
		}
		return nil
	}
	if ok {
		if place := r.Place(f.row); place != "" {
			return fmt.Errorf("model %s: %w (%s)", p.entry.Name, f.err, place)
		}
	}
	return fmt.Errorf("model %s: %w", p.entry.Name, f.err)
}

// inputTexts gives the inputs of a batch's rows as JSON objects.
type inputTexts struct {
	policy *policy
	n      int
	in     []arrow.Array
	rec    arrow.Record
	rows   *codec.JSONRows
}

func (x *inputTexts) row(i int) string {
	if x.rows == nil {
		x.rec = array.NewRecord(x.policy.schema, x.in, int64(x.n))
		x.rows = x.policy.write.Open(x.rec)
	}
	return string(x.rows.AppendRow(nil, i))
}

func (x *inputTexts) release() {
	if x.rec != nil {
		x.rec.Release()
	}
}
