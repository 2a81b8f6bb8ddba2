package xgboost

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/millrace-sql/millrace/engine/boosted"
)

// Load reads a model that Booster.save_model or XGBModel.save_model wrote as JSON or UBJSON; which of the two it is
// is seen from its first bytes. An error names the part of the document, its place and what was expected there.
func Load(r io.Reader) (*Model, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	m := &Model{size: len(b), checksum: hex.EncodeToString(sum[:])}
	var doc *value
	if doc, m.format, err = parse(b); err != nil {
		return nil, fmt.Errorf("XGBoost model: %w", err)
	}
	if err := m.load(path{doc, ""}); err != nil {
		return nil, fmt.Errorf("XGBoost model: %w", err)
	}
	return m, nil
}

// parse reads the document in the format it is in.
func parse(b []byte) (*value, string, error) {
	rest := bytes.TrimLeft(b, " \t\r\n")
	switch {
	case len(rest) == 0:
		return nil, "", fmt.Errorf("the document is empty, expected JSON or UBJSON")
	case bytes.HasPrefix(rest, []byte("binf")):
		return nil, "", fmt.Errorf("byte 0: this is the old binary format, expected JSON or UBJSON: load it in XGBoost and save it with save_model('model.json')")
	case rest[0] != '{':
		return nil, "", fmt.Errorf("byte %d: expected a JSON or UBJSON object, found %q", len(b)-len(rest), rest[:1])
	}
	inner := bytes.TrimLeft(rest[1:], " \t\r\n")
	if len(inner) > 0 && (inner[0] == '"' || inner[0] == '}' && len(rest) > 2) || len(inner) < len(rest)-1 {
		v, err := (&jsonReader{b: b}).document()
		return v, "JSON", err
	}
	v, err := (&ubjReader{b: rest}).document()
	return v, "UBJSON", err
}

// load reads the learner.
func (m *Model) load(doc path) error {
	if inner, ok := doc.find("Model"); ok { // a snapshot: {"Config": ..., "Model": ...}
		doc = inner
	}
	learner, err := doc.get("learner")
	if err != nil {
		return err
	}
	if v, ok := doc.find("version"); ok {
		parts, err := v.ints(-1)
		if err != nil {
			return err
		}
		m.version = strings.Trim(strings.ReplaceAll(fmt.Sprint(parts), " ", "."), "[]")
	}
	name, err := learner.get("objective", "name")
	if err != nil {
		return err
	}
	if m.objective, err = objectiveOf(name); err != nil {
		return err
	}
	l := &loader{learner: learner, objective: m.objective}
	if err := l.load(); err != nil {
		return err
	}
	m.booster, m.rounds = l.booster, l.rounds
	m.used = l.used
	m.Model, err = boosted.New(l.spec)
	return err
}

// loader builds the description of a model.
type loader struct {
	learner   path
	objective *objective
	booster   string
	groups    int
	rounds    int // boosting rounds in the document
	used      int // of them, the first that are used
	spec      boosted.Spec[float32]
	setWords  int // of categories so far
}

func (l *loader) load() error {
	steps := []func() error{l.params, l.features, l.boost}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	l.spec.Task, l.spec.Link = l.objective.task, l.objective.link
	if l.spec.Link != nil {
		l.spec.Margin = "margin"
	}
	return nil
}

// integer reads a parameter from 0 to 2147483647, which the library writes as a text. Without the member it is otherwise.
func integer(p path, key string, otherwise int) (int, error) {
	v, ok := p.find(key)
	if !ok {
		return otherwise, nil
	}
	if v.v.kind == number {
		if x := v.v.num; x != math.Trunc(x) || x < 0 || x > math.MaxInt32 {
			return 0, v.errorf("expected a whole number from 0 to %d, found %v", math.MaxInt32, x)
		}
		return int(v.v.num), nil
	}
	if err := v.expect(text); err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(v.v.text, 10, 32)
	if err != nil || n < 0 {
		return 0, v.errorf("expected a whole number, found %q", v.v.text)
	}
	return int(n), nil
}

// Bounds on what a short document may claim.
const (
	maxGroups   = 1 << 12
	maxFeatures = 1 << 17
)

// params reads learner_model_param: the numbers of features and outputs, and base_score.
func (l *loader) params() error {
	p, err := l.learner.get("learner_model_param")
	if err != nil {
		return err
	}
	classes, err := integer(p, "num_class", 0)
	if err != nil {
		return err
	}
	targets, err := integer(p, "num_target", 1)
	if err != nil {
		return err
	}
	if l.groups = max(classes, targets, 1); l.groups > maxGroups {
		return p.errorf("%d outputs are more than the %d that are supported", l.groups, maxGroups)
	}
	if l.objective.multi && classes < 2 {
		return p.errorf("the objective %s has %d classes, expected at least 2", l.objective.name, classes)
	}
	if l.objective.task == boosted.Classification && !l.objective.multi && l.groups > 1 {
		return p.errorf("the objective %s has %d outputs: only 1 is supported", l.objective.name, l.groups)
	}
	n, err := integer(p, "num_feature", 0)
	if err != nil {
		return err
	}
	if n > maxFeatures {
		return p.errorf("%d features are more than the %d that are supported", n, maxFeatures)
	}
	l.spec.Features = make([]boosted.Feature, n)
	score, err := p.get("base_score")
	if err != nil {
		return err
	}
	return l.base(score)
}

// base reads base_score: a number, of version 3.1 on a list of them, as a text.
func (l *loader) base(p path) error {
	if p.v.kind == number {
		p.v.kind, p.v.text = text, strconv.FormatFloat(p.v.num, 'g', -1, 32)
	}
	if err := p.expect(text); err != nil {
		return err
	}
	parts := strings.Split(strings.Trim(p.v.text, "[] "), ",")
	if len(parts) != 1 && len(parts) != l.groups {
		return p.errorf("expected 1 or %d numbers, found %d", l.groups, len(parts))
	}
	for g := range l.groups {
		s := strings.TrimSpace(parts[min(g, len(parts)-1)])
		x, err := strconv.ParseFloat(s, 32)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return p.errorf("expected a number, found %q", s)
		}
		b := float32(x)
		if l.objective.margin != nil {
			b = l.objective.margin(b)
		}
		if b != b || math.IsInf(float64(b), 0) {
			return p.errorf("%q is outside what the objective %s allows", s, l.objective.name)
		}
		l.spec.Base = append(l.spec.Base, b)
	}
	return nil
}

// features reads the names. Without any they are f0, f1 and so on, as the library calls them. The types do not
// matter: splits say themselves whether they test a category.
func (l *loader) features() error {
	n := len(l.spec.Features)
	var names []string
	if p, ok := l.learner.find("feature_names"); ok {
		var err error
		if names, err = p.texts(); err != nil {
			return err
		}
		if len(names) != n && len(names) > 0 {
			return p.errorf("expected %d names, one for each feature, found %d", n, len(names))
		}
	}
	seen := map[string]int{}
	for i := range n {
		name := fmt.Sprintf("f%d", i)
		if len(names) > 0 {
			name = names[i]
		}
		if j, twice := seen[strings.ToLower(name)]; twice {
			return l.learner.errorf("the features %d and %d are both called %q: SQL finds an input by its name", j, i, name)
		}
		seen[strings.ToLower(name)] = i
		l.spec.Features[i].Name = name
	}
	return nil
}

// boost reads the booster.
func (l *loader) boost() error {
	p, err := l.learner.get("gradient_booster")
	if err != nil {
		return err
	}
	name, err := p.get("name")
	if err != nil {
		return err
	}
	l.booster = name.v.text
	switch l.booster {
	case "gblinear":
		return l.linear(p)
	case "gbtree":
		return l.forest(p, p)
	case "dart":
		inner, ok := p.find("gbtree")
		if !ok { // of version 3.4 on, the trees of dart are gbtree's
			inner = p
		}
		return l.forest(inner, p)
	}
	return name.errorf("the booster %q is not supported, expected one of gbtree, dart, gblinear", l.booster)
}

// linear reads the weights of gblinear: by feature and output, then one for each output that is added always.
func (l *loader) linear(p path) error {
	model, err := p.get("model")
	if err != nil {
		return err
	}
	if l.rounds, err = integer(model, "boosted_rounds", 0); err != nil {
		return err
	}
	l.used = l.rounds
	w, err := model.get("weights")
	if err != nil {
		return err
	}
	n := len(l.spec.Features) * l.groups
	nums, err := w.numbers(n + l.groups)
	if err != nil {
		return err
	}
	l.spec.Weights = make([]float32, n)
	for i, x := range nums[:n] {
		l.spec.Weights[i] = float32(x)
	}
	first := l.spec.Base[0] // the library takes the first for all outputs
	for g := range l.spec.Base {
		l.spec.Base[g] = float32(nums[n+g]) + first
	}
	return nil
}
