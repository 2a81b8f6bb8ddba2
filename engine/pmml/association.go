package pmml

import (
	"fmt"
	"slices"
	"strings"
)

// association is the body of an AssociationModel over one row: the row is the basket. An item is in it if its field
// has its category, if a field of the item's name is true or not 0, or if the only text field is the item. Where the
// document has a group field the only field is a list, of the items of all rows of a group: see basketType.
type association struct {
	items    map[string]*basketItem
	itemList []*basketItem
	itemsets map[string]*itemset
	rules    []*assocRule
}

type basketItem struct {
	e               *element
	value           string
	field, category *string
	slot            int
	at              key
	whole           bool // the field is the item: anything but false and 0
	n               int
}

type itemset struct{ items []*basketItem }

type assocRule struct {
	e                      *element
	id                     string
	antecedent, consequent *itemset
	numbers                map[string]float64 // support, confidence, lift, leverage, affinity
}

// ruleFeatures are what an OutputField can say about a rule.
var ruleFeatures = []string{"antecedent", "consequent", "rule", "ruleId", "confidence", "support", "lift", "leverage", "affinity"}

func newAssociation(a *attrs, f *frame) body {
	for _, n := range []string{"numberOfTransactions", "maxNumberOfItemsPerTA", "avgNumberOfItemsPerTA", "minimumSupport", "minimumConfidence",
		"lengthLimit", "numberOfItems", "numberOfItemsets", "numberOfRules"} {
		a.num(n, 0)
	}
	return &association{items: map[string]*basketItem{}, itemsets: map[string]*itemset{}}
}

func (m *association) child(l *loader, f *frame, c *element) error {
	switch c.name {
	case "Item":
		return m.item(l, c)
	case "Itemset":
		a := c.read()
		id := a.need("id")
		s := &itemset{}
		if err := a.end("support", "numberOfItems"); err != nil {
			return err
		}
		if m.itemsets[id] != nil {
			return c.errorf("a second Itemset with the id %q", id)
		}
		m.itemsets[id] = s
		return l.each(c, "ItemRef", func(e *element) error {
			a := e.read()
			ref := a.need("itemRef")
			it := m.items[ref]
			if it == nil {
				a.fail("itemRef=%q is no Item", ref)
			}
			s.items = append(s.items, it)
			if err := a.end(); err != nil {
				return err
			}
			return l.d.none(e)
		})
	case "AssociationRule":
		return m.rule(l, f, c)
	}
	return c.unsupported(f.e)
}

func (m *association) item(l *loader, e *element) error {
	a := e.read()
	id := a.need("id")
	it := &basketItem{e: e, value: a.need("value"), n: len(m.itemList)}
	if s, ok := a.get("field"); ok {
		it.field = &s
	}
	if s, ok := a.get("category"); ok {
		it.category = &s
	}
	if err := a.end("mappedValue", "weight"); err != nil {
		return err
	}
	if m.items[id] != nil {
		return e.errorf("a second Item with the id %q", id)
	}
	m.items[id] = it
	m.itemList = append(m.itemList, it)
	return l.d.none(e)
}

func (m *association) rule(l *loader, f *frame, e *element) error {
	a := e.read()
	r := &assocRule{e: e, id: a.str("id", fmt.Sprint(len(m.rules)+1)), numbers: map[string]float64{}}
	for _, n := range []string{"support", "confidence"} {
		a.need(n)
	}
	for _, n := range []string{"support", "confidence", "lift", "leverage", "affinity"} {
		if _, ok := a.get(n); ok {
			r.numbers[n] = a.num(n, 0)
		}
	}
	set := func(name string) *itemset {
		id := a.need(name)
		s := m.itemsets[id]
		if s == nil {
			a.fail("%s=%q is no Itemset", name, id)
		}
		return s
	}
	r.antecedent, r.consequent = set("antecedent"), set("consequent")
	if err := a.end(); err != nil {
		return err
	}
	code, err := f.classes.code(e, r.id)
	if err == nil && code != len(m.rules) {
		err = e.errorf("a second AssociationRule with the id %q", r.id)
	}
	if err != nil {
		return err
	}
	m.rules = append(m.rules, r)
	return l.d.none(e)
}

func (m *association) finish(l *loader, f *frame) error {
	if len(m.rules) == 0 {
		return f.e.errorf("has no AssociationRule")
	}
	if f.group != nil {
		if err := m.group(l, f); err != nil {
			return err
		}
	}
	var only *field // the only text field
	texts := 0
	for _, v := range f.scope.fields {
		if v.typ == tString && v.data != nil {
			only = v
			texts++
		}
	}
	for _, it := range m.itemList {
		if err := it.bind(l, f, only, texts); err != nil {
			return err
		}
	}
	return nil
}

// bind finds the field that tells whether the item is in the basket.
func (it *basketItem) bind(l *loader, f *frame, only *field, texts int) (err error) {
	name, raw := it.value, it.value
	if it.field != nil {
		name = *it.field
	}
	if it.category != nil {
		raw = *it.category
	}
	v := l.lookup(f.scope, name)
	switch {
	case v != nil || it.field != nil:
		if v, err = l.resolve(f.scope, it.e, name); err != nil {
			return err
		}
		it.whole = it.category == nil && (v.typ == tBoolean || v.typ.numeric())
	case texts == 1:
		v = only
	default:
		return it.e.errorf("cannot tell from one row whether it has the item %q: expected a field of that name, or one text field, here are %d", it.value, texts)
	}
	it.slot = v.slot
	if !it.whole {
		it.at, err = v.key(it.e, raw)
	}
	return err
}

func (s *itemset) within(basket []bool) bool {
	for _, it := range s.items {
		if !basket[it.n] {
			return false
		}
	}
	return true
}

func (s *itemset) String() string {
	words := make([]string, len(s.items))
	for i, it := range s.items {
		words[i] = it.value
	}
	return "{" + strings.Join(words, ",") + "}"
}

func (m *association) score(r *row, f *frame) result {
	basket := make([]bool, len(m.itemList))
	for i, it := range m.itemList {
		v := r.get(it.slot)
		switch {
		case v.missing():
		case it.whole:
			basket[i] = v.num() != 0
		default:
			basket[i] = it.at.matchesAny(v)
		}
	}
	res := result{code: -1, baskets: basket}
	best := m.ranked(basket, "exclusiveRecommendation", "confidence", false, 1)
	if best < 0 {
		return result{missing: true, code: -1, baskets: basket}
	}
	res.code, res.value, res.entity = best, text(m.rules[best].consequent.String()), m.rules[best].id
	return res
}

// ranked is the rule at a rank (from 1) among those that an algorithm lets through, -1 if there are fewer.
func (m *association) ranked(basket []bool, algorithm, by string, ascending bool, rank int) int {
	var fired []int
	for i, rule := range m.rules {
		has := rule.consequent.within(basket)
		if !rule.antecedent.within(basket) || has && algorithm == "exclusiveRecommendation" || !has && algorithm == "ruleAssociation" {
			continue
		}
		fired = append(fired, i)
	}
	if rank > len(fired) {
		return -1
	}
	slices.SortStableFunc(fired, func(a, b int) int {
		c := compareFloat(m.rules[a].numbers[by], m.rules[b].numbers[by])
		if ascending {
			return c
		}
		return -c
	})
	return fired[rank-1]
}

// feature is what an OutputField says about its rule.
func (m *association) feature(o *outputField, res *result) value {
	i := m.ranked(res.baskets, o.algorithm, o.rankBasis, o.ascending, o.rank)
	if i < 0 {
		return value{}
	}
	rule := m.rules[i]
	switch o.ruleFeature {
	case "antecedent":
		return text(rule.antecedent.String())
	case "consequent":
		return text(rule.consequent.String())
	case "rule":
		return text(rule.antecedent.String() + "->" + rule.consequent.String())
	case "ruleId":
		return text(rule.id)
	}
	if x, ok := rule.numbers[o.ruleFeature]; ok {
		return double(x)
	}
	return value{}
}
