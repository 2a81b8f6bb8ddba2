package onnx

import (
	"fmt"
)

// document is what a file says, as it stands there.
type document struct {
	irVersion                 int64
	producer, producerVersion string
	description               string
	opsets                    map[string]int64 // by domain; ai.onnx is ""
	metadata                  map[string]string
	graph                     *graphDoc
}

// graphDoc is the graph.
type graphDoc struct {
	name            string
	nodes           []nodeDoc
	constants       []namedTensor
	inputs, outputs []valueDoc
}

// nodeDoc is a node: names of values, and its attributes.
type nodeDoc struct {
	op, domain, name string
	inputs, outputs  []string
	attrs            map[string]attribute
}

// namedTensor is an initialiser.
type namedTensor struct {
	name string
	t    *tensor
}

// valueDoc is the declaration of an input or output.
type valueDoc struct {
	name string
	typ  typeDoc
}

// typeDoc is a declared type.
type typeDoc struct {
	form  string // tensor, sequence, map, or what else there is
	elem  int64  // of a tensor
	shape []dimDoc
	rank  bool // the tensor's rank is known
}

// dimDoc is an axis of a declared type: its length, or -1.
type dimDoc struct {
	length int64
	name   string // of one whose length is not known; may be empty
}

// parse reads a document.
func parse(b []byte) (*document, error) {
	d := &document{opsets: map[string]int64{}, metadata: map[string]string{}}
	if len(b) == 0 {
		return nil, fmt.Errorf("the document is empty")
	}
	if b[0] == '<' || b[0] == '{' {
		return nil, fmt.Errorf("it begins with %q: expected a protocol buffer, as onnx.save writes it", b[0])
	}
	err := fields(b, func(f field) error {
		switch f.num {
		case 1:
			return f.int(&d.irVersion)
		case 2:
			return f.text(&d.producer)
		case 3:
			return f.text(&d.producerVersion)
		case 6:
			return f.text(&d.description)
		case 7:
			return d.readGraph(f)
		case 8:
			return d.readOpset(f)
		case 14:
			return d.readProperty(f)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if d.graph == nil {
		return nil, fmt.Errorf("there is no graph: this is no ONNX model")
	}
	return d, nil
}

func (d *document) readGraph(f field) error {
	b, err := f.message()
	if err != nil {
		return err
	}
	if d.graph != nil {
		return fmt.Errorf("there are two graphs")
	}
	d.graph = &graphDoc{}
	if err := d.graph.read(b); err != nil {
		return fmt.Errorf("graph: %w", err)
	}
	return nil
}

func (d *document) readOpset(f field) error {
	b, err := f.message()
	if err != nil {
		return err
	}
	var domain string
	var version int64
	err = fields(b, func(f field) error {
		switch f.num {
		case 1:
			return f.text(&domain)
		case 2:
			return f.int(&version)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("opset_import: %w", err)
	}
	d.opsets[plainDomain(domain)] = version
	return nil
}

// plainDomain makes ai.onnx the empty name that it means.
func plainDomain(domain string) string {
	if domain == "ai.onnx" {
		return ""
	}
	return domain
}

func (d *document) readProperty(f field) error {
	b, err := f.message()
	if err != nil {
		return err
	}
	key, text, err := keyAndText(b)
	if err != nil {
		return fmt.Errorf("metadata_props: %w", err)
	}
	d.metadata[key] = text
	return nil
}

func (g *graphDoc) read(b []byte) error {
	return fields(b, func(f field) error {
		if f.num != 1 && f.num != 2 && f.num != 5 && f.num != 11 && f.num != 12 && f.num != 15 {
			return nil
		}
		b, err := f.message()
		if err != nil {
			return err
		}
		switch f.num {
		case 1:
			return g.readNode(b)
		case 2:
			g.name = string(b)
		case 5:
			t, name, err := readTensor(b)
			if err != nil {
				return fmt.Errorf("initializer %q: %w", name, err)
			}
			g.constants = append(g.constants, namedTensor{name, t})
		case 11:
			return readValue(b, "input", &g.inputs)
		case 12:
			return readValue(b, "output", &g.outputs)
		case 15:
			return fmt.Errorf("sparse initializers are not supported")
		}
		return nil
	})
}

func (g *graphDoc) readNode(b []byte) error {
	n := nodeDoc{attrs: map[string]attribute{}}
	err := fields(b, func(f field) error {
		switch f.num {
		case 1:
			return f.texts(&n.inputs)
		case 2:
			return f.texts(&n.outputs)
		case 3:
			return f.text(&n.name)
		case 4:
			return f.text(&n.op)
		case 5:
			return n.readAttribute(f)
		case 7:
			if err := f.text(&n.domain); err != nil {
				return err
			}
			n.domain = plainDomain(n.domain)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("node %d %q (%s): %w", len(g.nodes)+1, n.name, n.op, err)
	}
	g.nodes = append(g.nodes, n)
	return nil
}

func (n *nodeDoc) readAttribute(f field) error {
	b, err := f.message()
	if err != nil {
		return err
	}
	var a attribute
	var name, ref string
	var kind int64
	seen := attrType(0) // what is there, for documents older than the field that says so
	err = fields(b, func(f field) error {
		switch f.num {
		case 1:
			return f.text(&name)
		case 20:
			return f.int(&kind)
		case 21:
			return f.text(&ref)
		case 2, 3, 4, 5, 6, 7, 8, 9:
			seen = attrType(f.num - 1)
			return a.read(f)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("attribute %q: %w", name, err)
	}
	if ref != "" {
		return fmt.Errorf("attribute %q refers to an attribute of a function: functions are not supported", name)
	}
	if a.kind = attrType(kind); kind == 0 {
		a.kind = seen
	}
	if _, twice := n.attrs[name]; twice {
		return fmt.Errorf("attribute %q is there twice", name)
	}
	n.attrs[name] = a
	return nil
}

// read reads a field with an attribute's value.
func (a *attribute) read(f field) error {
	switch f.num {
	case 2:
		var all []float32
		if err := f.floats(&all); err != nil {
			return err
		}
		if len(all) == 1 {
			a.f = all[0]
		}
	case 3:
		return f.int(&a.i)
	case 4:
		return f.text(&a.s)
	case 5:
		b, err := f.message()
		if err != nil {
			return err
		}
		a.t, err = readAttributeTensor(b)
		return err
	case 7:
		return f.floats(&a.floats)
	case 8:
		return f.ints(&a.ints)
	case 9:
		return f.texts(&a.strings)
	}
	return nil
}

func readValue(b []byte, what string, all *[]valueDoc) error {
	var v valueDoc
	err := fields(b, func(f field) error {
		switch f.num {
		case 1:
			return f.text(&v.name)
		case 2:
			b, err := f.message()
			if err != nil {
				return err
			}
			return v.typ.read(b)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s %d %q: %w", what, len(*all)+1, v.name, err)
	}
	*all = append(*all, v)
	return nil
}

func (t *typeDoc) read(b []byte) error {
	return fields(b, func(f field) error {
		switch f.num {
		case 1:
			t.form = "tensor"
			b, err := f.message()
			if err != nil {
				return err
			}
			return t.readTensorType(b)
		case 4:
			t.form = "sequence"
		case 5:
			t.form = "map"
		case 8:
			t.form = "sparse tensor"
		case 9:
			t.form = "optional"
		}
		return nil
	})
}

func (t *typeDoc) readTensorType(b []byte) error {
	return fields(b, func(f field) error {
		switch f.num {
		case 1:
			return f.int(&t.elem)
		case 2:
			b, err := f.message()
			if err != nil {
				return err
			}
			t.rank = true
			return fields(b, t.readDim)
		}
		return nil
	})
}

func (t *typeDoc) readDim(f field) error {
	if f.num != 1 {
		return nil
	}
	b, err := f.message()
	if err != nil {
		return err
	}
	d := dimDoc{length: -1}
	err = fields(b, func(f field) error {
		switch f.num {
		case 1:
			return f.int(&d.length)
		case 2:
			return f.text(&d.name)
		}
		return nil
	})
	t.shape = append(t.shape, d)
	return err
}
