package xgboost

import (
	"github.com/millrace-sql/millrace/engine/boosted"
)

// Output describes one column that Score gives.
type Output = boosted.Output

// Model is a loaded model. It is immutable; all methods may be called concurrently. Inputs, Outputs and Score are
// those of boosted.Model: `prediction` is the class's index for binary:logistic and multi:*, else what the library's
// predict gives; `margin` is what it gives with output_margin=True, where that differs.
type Model struct {
	*boosted.Model[float32]
	objective        *objective
	booster, version string
	format, checksum string
	rounds, used     int
	size             int
}

// Objective is the name of the objective, such as binary:logistic.
func (m *Model) Objective() string { return m.objective.name }

// Booster is gbtree, dart or gblinear.
func (m *Model) Booster() string { return m.booster }

// Version is the version of XGBoost that saved the model, empty if it does not say.
func (m *Model) Version() string { return m.version }

// Format is JSON or UBJSON.
func (m *Model) Format() string { return m.format }

// Rounds are the boosting rounds in the document, and how many of them, from the first, are used: fewer if one of the
// library's scikit-learn estimators saved a model whose training stopped early.
func (m *Model) Rounds() (all, used int) { return m.rounds, m.used }

// Size is the document's length in bytes.
func (m *Model) Size() int { return m.size }

// Checksum is the SHA-256 of the document, in hexadecimal digits.
func (m *Model) Checksum() string { return m.checksum }
