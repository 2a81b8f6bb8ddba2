package pmml

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
)

// loader decodes a document and binds its names as it goes.
type loader struct {
	d         *decoder
	data      map[string]*dataField
	dataNames []string
	functions map[string]*function
	globals   map[string]*field // derived fields of the TransformationDictionary
	top       *scope            // where globals look their fields up: the document's model
	calls     []*applyNode
	slots     []slot
	inputs    []int
	verify    *verification
	title     string
	producer  string
	want      *string  // the modelName to pick; nil: the first model that is for scoring
	names     []string // of the models that were passed over
}

// Load reads, checks and compiles a PMML document. Every fault of the document is an *Error that names the element
// and line; what the package does not support is such a fault. If the document has ModelVerification rows, both
// evaluators have to reproduce them. Errors of r are returned as they are.
//
// Of a document with several models the first that is for scoring is taken, as Openscoring does; see LoadNamed.
func Load(r io.Reader) (*Model, error) { return loadModel(r, nil) }

// LoadNamed is Load for the model whose modelName is name, in a document with several models. The others are not
// looked at. A name that no model has is a *NameError.
func LoadNamed(r io.Reader, name string) (*Model, error) { return loadModel(r, &name) }

func loadModel(r io.Reader, want *string) (*Model, error) {
	sum := sha256.New()
	var text strings.Builder
	n, err := io.Copy(io.MultiWriter(sum, &text), r)
	if err != nil {
		return nil, err
	}
	d, err := newDecoder(text.String())
	if err != nil {
		return nil, err
	}
	l := &loader{
		d: d, data: map[string]*dataField{}, functions: map[string]*function{},
		globals: map[string]*field{}, top: newScope(nil), want: want,
	}
	root, err := l.document()
	if err != nil {
		return nil, err
	}
	m := newModel(l, root)
	m.checksum, m.size = hex.EncodeToString(sum.Sum(nil)), n
	if l.verify != nil {
		if m.verified, err = m.verifyRows(l.verify); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// document reads the whole document and gives its model.
func (l *loader) document() (*frame, error) {
	e, err := l.d.root()
	if err != nil {
		return nil, err
	}
	if e.name != "PMML" {
		return nil, e.errorf("this is no PMML document, expected the element PMML")
	}
	a := e.read()
	version := a.need("version")
	if err := a.end("baseVersion"); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(version, "3.") && !strings.HasPrefix(version, "4.") {
		return nil, e.errorf("version %q is not supported, expected 3.0 to 4.4", version)
	}
	var root *frame
	if err := l.d.each(e, func(c *element) error { return l.topLevel(e, c, &root) }); err != nil {
		return nil, err
	}
	switch {
	case root == nil && l.want != nil && len(l.names) > 0:
		return nil, &NameError{Name: *l.want, Near: nearest(*l.want, l.names), Names: l.names}
	case root == nil && len(l.names) > 0:
		return nil, e.errorf("the document says that its models are not for scoring (isScorable)")
	case root == nil:
		return nil, e.errorf("the document has no model")
	}
	if err := l.trailer(); err != nil {
		return nil, err
	}
	for _, c := range l.calls {
		if err := c.check(l); err != nil {
			return nil, err
		}
	}
	return root, nil
}

// topLevel decodes a child of the document's element; a model becomes root.
func (l *loader) topLevel(e, c *element, root **frame) (err error) {
	switch {
	case c.name == "Header":
		return l.header(c)
	case c.name == "MiningBuildTask":
		return l.d.skip(c)
	case c.name == "DataDictionary":
		return l.dataDictionary(c)
	case c.name == "TransformationDictionary":
		return l.transformations(c)
	case !isModel(c.name):
		return c.unsupported(e)
	case *root != nil || !l.picks(c):
		return l.d.skip(c)
	}
	*root, err = l.model(c, nil)
	return err
}

// picks reports whether a model is the one to load.
func (l *loader) picks(e *element) bool {
	a := e.read()
	name := a.str("modelName", "")
	if l.want != nil && name == *l.want || l.want == nil && a.flag("isScorable", true) {
		return true
	}
	l.names = append(l.names, name)
	return false
}

// trailer reads what follows the document's element.
func (l *loader) trailer() error {
	for {
		t, err := l.d.x.next()
		switch {
		case err != nil:
			return err
		case t.kind == tokenEOF:
			return nil
		case t.kind == tokenStart:
			return &Error{Element: t.name, Msg: "a second element after the document's end"}
		}
	}
}

func (l *loader) header(e *element) error {
	l.title = e.read().str("description", "")
	return l.d.each(e, func(c *element) error {
		if c.name == "Application" {
			a := c.read()
			l.producer = strings.TrimSpace(a.str("name", "") + " " + a.str("version", ""))
		}
		return l.d.skip(c)
	})
}

func (l *loader) transformations(e *element) error {
	if err := e.read().end(); err != nil {
		return err
	}
	return l.d.each(e, func(c *element) error {
		switch c.name {
		case "DefineFunction":
			return l.defineFunction(c)
		case "DerivedField":
			return l.derivedField(c, l.top, l.globals)
		}
		return c.unsupported(e)
	})
}
