package lightgbm

import (
	"github.com/millrace-sql/millrace/engine/boosted"
)

// Output describes one column that Score gives.
type Output = boosted.Output

// Model is a loaded model. It is immutable; all methods may be called concurrently. Inputs, Outputs and Score are
// those of boosted.Model: `prediction` is the class's index for binary, multiclass and multiclassova, else what the
// library's predict gives; `raw_score` is what it gives with raw_score=True, where that differs.
type Model struct {
	*boosted.Model[float64]
	objective *objective
	version   string
	checksum  string
	average   bool
	size      int
	domains   []Domain
}

// Objective is the name of the objective, such as binary; custom if the document has none.
func (m *Model) Objective() string { return m.objective.name }

// Version is the version of the document's form, such as v4.
func (m *Model) Version() string { return m.version }

// Average tells whether the trees are averaged, as those of a forest are, not added up.
func (m *Model) Average() bool { return m.average }

// Size is the document's length in bytes.
func (m *Model) Size() int { return m.size }

// Checksum is the SHA-256 of the document, in hexadecimal digits.
func (m *Model) Checksum() string { return m.checksum }
