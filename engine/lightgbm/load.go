package lightgbm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/millrace-sql/millrace/engine/boosted"
)

// Load reads a model that Booster.save_model wrote. An error names the tree, the line and what was expected there.
func Load(r io.Reader) (*Model, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	m := &Model{size: len(b), checksum: hex.EncodeToString(sum[:])}
	if err := m.load(b); err != nil {
		return nil, fmt.Errorf("LightGBM model: %w", err)
	}
	return m, nil
}

// document is the text, cut into sections.
type document struct {
	head   *section
	trees  []*section
	pandas string // the line pandas_categorical:, without that name
}

// cut splits the text. Trees end at "end of trees"; what follows is of no concern but for one line.
func cut(b []byte) (*document, error) {
	d := &document{head: &section{name: "the head", line: 1, all: map[string]entry{}}}
	now, ended := d.head, false
	for at := 1; len(b) > 0; at++ {
		var raw []byte
		raw, b, _ = bytes.Cut(b, []byte("\n"))
		line := strings.TrimRight(string(raw), "\r")
		if at == 1 && line != "tree" {
			return nil, fmt.Errorf("line 1: expected the word tree, found %q: this is no model.txt of LightGBM", short(line))
		}
		switch {
		case strings.HasPrefix(line, "pandas_categorical:"):
			d.pandas = strings.TrimPrefix(line, "pandas_categorical:")
		case ended || line == "":
		case line == "end of trees":
			ended = true
		case strings.HasPrefix(line, "Tree="):
			now = &section{name: fmt.Sprintf("tree %d", len(d.trees)), line: at, all: map[string]entry{}}
			d.trees = append(d.trees, now)
		default:
			now.add(line, at)
		}
	}
	if !ended {
		return nil, fmt.Errorf("the document ends after tree %d without the line \"end of trees\": it is cut off", len(d.trees)-1)
	}
	return d, nil
}

func (m *Model) load(b []byte) error {
	d, err := cut(b)
	if err != nil {
		return err
	}
	l := &loader{doc: d}
	if err := l.load(); err != nil {
		return err
	}
	m.domains = l.domains()
	m.objective, m.version, m.average = l.objective, d.head.all["version"].text, d.head.has("average_output")
	m.Model, err = boosted.New(l.spec)
	return err
}

// loader builds the description of a model.
type loader struct {
	doc       *document
	objective *objective
	coded     []bool // by feature: splits test it as a category
	spec      boosted.Spec[float64]
}

// Bounds on what a short document may claim.
const (
	maxGroups   = 1 << 12
	maxFeatures = 1 << 20
)

// zero is the size up to which the library takes a number for 0.
const zero = float64(float32(1e-35))

func (l *loader) load() error {
	head := l.doc.head
	var err error
	if l.objective, err = readObjective(head); err != nil {
		return err
	}
	groups, err := head.integer("num_class", 1)
	if err != nil {
		return err
	}
	if head.has("num_tree_per_iteration") {
		if groups, err = head.integer("num_tree_per_iteration", 1); err != nil {
			return err
		}
	}
	if groups > maxGroups {
		return head.errorf("%d trees an iteration are more than the %d that are supported", groups, maxGroups)
	}
	if want := max(l.objective.classes, 1); groups != want && l.objective.name != "custom" {
		return head.errorf("the objective %s of %d outputs does not go with %d trees an iteration", l.objective.name, want, groups)
	}
	if len(l.doc.trees)%groups != 0 {
		return head.errorf("there are %d trees, expected a multiple of num_tree_per_iteration=%d", len(l.doc.trees), groups)
	}
	l.spec.Base, l.spec.Zero = make([]float64, groups), zero
	l.spec.Task, l.spec.Link = l.objective.task, l.objective.link
	if head.has("average_output") {
		l.spec.Link = average(float64(len(l.doc.trees)/groups), l.spec.Link)
	}
	if l.spec.Link != nil {
		l.spec.Margin = "raw_score"
	}
	if err := l.features(); err != nil {
		return err
	}
	for i, s := range l.doc.trees {
		t, err := l.tree(s)
		if err != nil {
			return err
		}
		t.Group = i % groups
		l.spec.Trees = append(l.spec.Trees, t)
	}
	return l.categories()
}

// features reads the names. The library keeps them free of spaces.
func (l *loader) features() error {
	head := l.doc.head
	last, err := head.integer("max_feature_idx", -1)
	if err != nil {
		return err
	}
	if last >= maxFeatures {
		return head.errorf("%d features are more than the %d that are supported", last+1, maxFeatures)
	}
	e, err := head.get("feature_names")
	if err != nil {
		return err
	}
	words := strings.Fields(e.text)
	if len(words) != last+1 {
		return e.errorf(head, "feature_names", "expected %d names, as max_feature_idx says, found %d", last+1, len(words))
	}
	seen := map[string]int{}
	for i, w := range words {
		if j, twice := seen[strings.ToLower(w)]; twice {
			return e.errorf(head, "feature_names", "the features %d and %d are both called %q: SQL finds an input by its name", j, i, w)
		}
		seen[strings.ToLower(w)] = i
		l.spec.Features = append(l.spec.Features, boosted.Feature{Name: w})
	}
	l.coded = make([]bool, len(words))
	return nil
}

// categories gives the features that were columns of categories in a pandas frame the names of these: the document
// holds a list for each such column, in the order of the columns. feature_infos tells which these are, as their
// values are listed (1:0:2) where a number's are a range.
func (l *loader) categories() error {
	if text := strings.TrimSpace(l.doc.pandas); text == "" || text == "null" || text == "[]" {
		return nil
	}
	var lists [][]any
	if err := json.Unmarshal([]byte(l.doc.pandas), &lists); err != nil {
		return fmt.Errorf("the line pandas_categorical: expected a list of lists: %w", err)
	}
	infos, err := list(l.doc.head, "feature_infos", len(l.spec.Features), func(w string) (string, error) { return w, nil })
	if err != nil {
		return err
	}
	var at []int
	for i, w := range infos {
		if l.coded[i] || w != "none" && !strings.HasPrefix(w, "[") {
			at = append(at, i)
		}
	}
	if len(at) != len(lists) {
		return nil // a column was without use in training: which list is whose is not certain, so codes it is
	}
	for k, i := range at {
		f := &l.spec.Features[i]
		for _, v := range lists[k] {
			switch v := v.(type) {
			case string:
				f.Categories = append(f.Categories, v)
			case float64:
				f.Numbers = append(f.Numbers, v)
			}
		}
		if len(f.Categories) != len(lists[k]) {
			f.Categories = nil
		}
		if len(f.Numbers) != len(lists[k]) { // booleans, or a mixture: codes
			f.Numbers = nil
		}
	}
	return nil
}
