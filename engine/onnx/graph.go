package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Bounds on what a short document may make of itself.
const (
	maxWidth     = 1 << 24 // elements of a value, where N is 1
	maxWork      = 1 << 26 // elements that are read or written while constants are computed and matrices prepared at load
	maxWorkspace = 1 << 24 // elements of a workspace
)

// step is a node ready to run.
type step struct {
	label string
	run   kernel
	in    []operand
	out   []int // slots
}

// operand is an input of a step: a constant, a slot, or nothing (slot -1).
type operand struct {
	constant *tensor
	slot     int
}

// slot is a value that depends on the rows.
type slot struct {
	info
	alias  int // the slot whose elements it has, -1 for none
	buffer int // the memory of its elements; of an alias that of the other slot
}

// loader builds the steps of a graph.
type loader struct {
	doc    *document
	values map[string]*value
	ops    map[string]builder
	wanted map[string]bool
	// single says that the document declares batches of one row: a constant 1 then may stand for N.
	single bool
	locals int
	slots  []slot
	steps  []step
	work   int            // elements, see maxWork
	counts map[string]int // nodes by operator
	uses   map[string]int // how often a value is read, by its name
	// products are the values that are products by constant matrices, by name.
	products map[string]*matrixProduct
}

func newLoader(doc *document) *loader {
	return &loader{doc: doc, values: map[string]*value{}, ops: operators(), wanted: map[string]bool{}, counts: map[string]int{}, uses: map[string]int{}, products: map[string]*matrixProduct{}}
}

// define gives a name to a value.
func (l *loader) define(v *value) error {
	if v.name == "" {
		return errors.New("a value has no name")
	}
	if _, twice := l.values[v.name]; twice {
		return fmt.Errorf("the name %q is given to two values", v.name)
	}
	if v.constant == nil {
		v.slot = len(l.slots)
		l.slots = append(l.slots, slot{info: v.info, alias: -1})
	}
	l.values[v.name] = v
	return nil
}

// constants defines the initialisers.
func (l *loader) constants() error {
	for _, c := range l.doc.graph.constants {
		if err := l.define(&value{name: c.name, info: constantInfo(c.t)}); err != nil {
			return fmt.Errorf("initializer: %w", err)
		}
	}
	return nil
}

func constantInfo(t *tensor) info { return info{kind: t.kind, shape: t.shape, constant: t} }

// build makes the steps of the nodes that the outputs need.
func (l *loader) build() error {
	nodes := l.doc.graph.nodes
	needed := make([]bool, len(nodes))
	for _, o := range l.doc.graph.outputs {
		l.wanted[o.name] = true
		l.uses[o.name]++
	}
	for i, n := range slices.Backward(nodes) {
		needed[i] = slices.ContainsFunc(n.outputs, func(o string) bool { return l.wanted[o] })
		if !needed[i] {
			continue
		}
		for _, in := range n.inputs {
			l.wanted[in] = true
			l.uses[in]++
		}
	}
	for i := range nodes {
		if !needed[i] {
			continue
		}
		if err := l.node(i, &nodes[i]); err != nil {
			return err
		}
	}
	return nil
}

// node builds one node.
func (l *loader) node(at int, doc *nodeDoc) error {
	n := &node{op: doc.op, domain: doc.domain, name: doc.name, attrs: doc.attrs, graph: l}
	if n.name == "" {
		n.name = fmt.Sprintf("#%d", at+1)
	}
	l.counts[n.fullOp()]++
	if err := l.connect(n, doc); err != nil {
		return err
	}
	b, known, err := l.dispatch(n)
	if !known {
		return l.unsupported(n)
	}
	if n.err != nil {
		return n.err
	}
	if err != nil {
		return err
	}
	return l.finish(n, doc, l.fuse(n, b))
}

// connect finds the inputs and the version of the operator.
func (l *loader) connect(n *node, doc *nodeDoc) error {
	version, ok := l.doc.opsets[n.domain]
	if !ok {
		return n.errorf("the document does not say which version of its domain it uses (opset_import)")
	}
	n.opset = int(version)
	if err := n.checkOpset(); err != nil {
		return err
	}
	for _, name := range doc.inputs {
		if name == "" {
			n.inputs = append(n.inputs, nil)
			continue
		}
		v, ok := l.values[name]
		if !ok {
			return n.errorf("it reads the value %q, which neither an input nor a node before it gives", name)
		}
		n.inputs = append(n.inputs, v)
	}
	for _, name := range doc.outputs {
		n.wanted = append(n.wanted, name != "" && l.wanted[name])
	}
	return nil
}

// dispatch builds a node: of constants and rows with operators, of shapes with dimOperators.
func (l *loader) dispatch(n *node) (built, bool, error) {
	b, known := l.ops[n.fullOp()]
	if !known {
		return built{}, false, nil
	}
	shapes := slices.IndexFunc(n.inputs, func(v *value) bool { return v != nil && v.dims != nil })
	if shapes >= 0 && !readsDims(n, shapes) {
		d, ok := dimOperators()[n.fullOp()]
		if !ok {
			return built{}, true, n.errorf("its input %s is the number of rows of a batch: a row's score may not depend on it", n.inputs[shapes].name)
		}
		out, err := d(n)
		return out, true, err
	}
	out, err := b(n)
	return out, true, err
}

// unsupported says that an operator is not known, and which are.
func (l *loader) unsupported(n *node) error {
	var same []string
	for op := range l.ops {
		if _, name, ml := strings.Cut(op, mlDomain+"."); ml && strings.EqualFold(name, n.op) || strings.EqualFold(op, n.op) {
			return n.errorf("there is no operator %s, but %s in another domain or spelling", n.fullOp(), op)
		}
		if strings.HasPrefix(op, mlDomain) == (n.domain == mlDomain) {
			same = append(same, strings.TrimPrefix(op, mlDomain+"."))
		}
	}
	slices.Sort(same)
	domain := n.domain
	if domain == "" {
		domain = "ai.onnx"
	}
	if domain != "ai.onnx" && domain != mlDomain {
		return n.errorf("the operators of the domain %s are not supported, only those of ai.onnx and %s", domain, mlDomain)
	}
	return n.errorf("the operator is not supported; of %s there are %s", domain, strings.Join(same, ", "))
}

// finish gives the node's outputs their names, computes them if they are constant, or adds a step.
func (l *loader) finish(n *node, doc *nodeDoc, b built) error {
	if len(b.outs) < len(doc.outputs) {
		for i, name := range doc.outputs[len(b.outs):] {
			if name != "" && l.wanted[name] {
				return n.errorf("its output %d, %q, is not supported", len(b.outs)+i+1, name)
			}
		}
	}
	if len(b.outs) > len(doc.outputs) {
		b.outs = b.outs[:len(doc.outputs)] // the rest nobody can name
	}
	for i := range b.outs {
		if err := n.checkInfo(i, &b.outs[i]); err != nil {
			return err
		}
	}
	if err := l.fold(n, &b); err != nil {
		return err
	}
	s := step{label: n.label(), run: b.run}
	live := false
	for i := range b.outs {
		name := doc.outputs[i]
		if name == "" {
			name = own(fmt.Sprintf("output %d", len(l.values)))
		}
		v := &value{name: name, info: b.outs[i]}
		if err := l.define(v); err != nil {
			return n.errorf("%v", err)
		}
		if v.constant == nil && v.dims == nil {
			live = true
		}
		if b.product != nil && v.constant == nil {
			l.products[name] = b.product
		}
		if v.constant == nil {
			s.out = append(s.out, v.slot)
		}
	}
	if !live {
		return nil
	}
	for _, v := range n.inputs {
		switch {
		case v == nil:
			s.in = append(s.in, operand{slot: -1})
		case v.constant != nil:
			s.in = append(s.in, operand{constant: v.constant, slot: -1})
		default:
			s.in = append(s.in, operand{slot: v.slot})
		}
	}
	if b.run == nil {
		if s.in[0].slot < 0 {
			return n.errorf("its input is a constant, its output is not")
		}
		l.slots[s.out[0]].alias = s.in[0].slot
	}
	l.steps = append(l.steps, s)
	return nil
}

// checkInfo checks what a builder says of an output.
func (n *node) checkInfo(i int, o *info) error {
	if len(o.shape) > maxRank {
		return n.errorf("its output has %d axes, more than the %d that are supported", len(o.shape), maxRank)
	}
	batch, width := 0, 1
	for _, d := range o.shape {
		if d < 0 {
			batch++
			d = -d
		}
		if d > 0 && width > maxWidth/d {
			return n.errorf("its output has the shape %s: that is more than %d elements for a row", shapeText(o.shape), maxWidth)
		}
		width *= max(d, 1)
	}
	if batch > 1 {
		return n.errorf("its output has the shape %s: rows are put together with other rows of the batch", shapeText(o.shape))
	}
	if o.constant == nil && o.dims != nil && !slices.ContainsFunc(o.dims, func(d dim) bool { return d.batch }) {
		t := newTensor(o.kind, o.shape...)
		for i, d := range o.dims {
			if o.kind == kindInt32 {
				t.i32[i] = int32(d.n)
			} else {
				t.i64[i] = d.n
			}
		}
		o.constant = t
	}
	if o.constant != nil {
		o.dims = nil
	}
	return nil
}

// fold computes the outputs of a node whose inputs are all constant.
func (l *loader) fold(n *node, b *built) error {
	for _, v := range n.inputs {
		if v != nil && v.constant == nil {
			return nil
		}
	}
	for i := range b.outs {
		if batchAxis(b.outs[i].shape) >= 0 || b.outs[i].dims != nil {
			return nil
		}
		if b.outs[i].constant != nil {
			return nil // the builder knows it already
		}
		if err := n.spend(product(b.outs[i].shape)); err != nil {
			return err
		}
	}
	in := make([]*tensor, len(n.inputs))
	for i, v := range n.inputs {
		if v == nil {
			continue
		}
		in[i] = v.constant
		if err := n.spend(v.constant.size()); err != nil {
			return err
		}
	}
	out := make([]*tensor, len(b.outs))
	for i := range b.outs {
		o := &b.outs[i]
		if b.run == nil {
			t := *in[0]
			t.shape = o.shape
			out[i] = &t
			continue
		}
		out[i] = newTensor(o.kind, o.shape...)
	}
	if b.run != nil {
		var fault error
		w := &workspace{rows: 1, locals: make([]any, l.locals), fault: func(_ int, err error) { fault = err }}
		if err := errors.Join(b.run(w, in, out), fault); err != nil {
			return n.errorf("%v", err)
		}
	}
	for i := range b.outs {
		b.outs[i].constant = out[i]
	}
	return nil
}

// spend counts the elements that are read or written at load: a short document cannot make it take long.
func (n *node) spend(elements int) error {
	if n.graph.work += elements; n.graph.work > maxWork || elements > maxWork {
		return n.errorf("the constants that are computed at load have more than %d elements", maxWork)
	}
	return nil
}

// fullOp is the operator with its domain.
func (n *node) fullOp() string {
	if n.domain == "" {
		return n.op
	}
	return n.domain + "." + n.op
}
