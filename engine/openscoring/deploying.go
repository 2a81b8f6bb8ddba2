package openscoring

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"

	"github.com/millrace-sql/millrace/engine/model"
)

//lint:ignore ST1005 it is the text of Java's XML reader
var errNoXML = errors.New("Content is not allowed in prolog.")

const (
	needsLocal = "Forbidden: this needs a request from the server's own machine, not through a proxy; for any other the server has to be given a token"
	needsToken = "Forbidden: this needs the server's token (Authorization: Bearer)"
)

// allowed says whether the request is an administrator's, and answers if not.
func (c *call) allowed() bool {
	if c.admin(c.r) {
		return true
	}
	if c.cfg.Token != "" {
		c.refuse(http.StatusForbidden, needsToken)
	} else {
		c.refuse(http.StatusForbidden, needsLocal)
	}
	return false
}

// deploy answers PUT of a document.
func (c *call) deploy(id string) {
	if !c.allowed() {
		return
	}
	body, err := c.read([]string{"pmml", "model"}, documentTypes...)
	if err != nil {
		c.fail(err)
		return
	}
	leave, err := c.place()
	if err != nil {
		c.fail(err)
		return
	}
	defer leave()
	doc := bytes.Clone(body)
	m, err := c.load(doc)
	if err != nil {
		c.fail(err)
		return
	}
	if want := query(c.r).Get("modelName"); want != "" && want != m.name {
		c.fail(fmt.Errorf("the document's model is named %q, and modelName asks for %q", m.name, want))
		return
	}
	e, fresh, err := c.store.deploy(id, doc, m)
	switch {
	case errors.Is(err, errDirectory), errors.Is(err, errSameName):
		c.fail(err)
		return
	case err != nil:
		c.cfg.Logger.Error("a model could not be kept", "model", id, "error", err)
		c.refuse(http.StatusInternalServerError, err.Error())
		return
	}
	c.cfg.Logger.Info("deployed", "model", id, "checksum", m.checksum, "replaced", !fresh)
	status := http.StatusOK
	if fresh {
		status = http.StatusCreated
		c.w.Header().Set("Location", "/openscoring/model/"+id)
	}
	c.json(status, e.appendModel(nil, "", true))
}

// load reads a document that was sent. What is said to be XML, or said to be
// nothing and told to be nothing, is PMML.
func (c *call) load(doc []byte) (*Model, error) {
	said, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	format, err := model.DetectDocument(doc)
	xml := said == "text/xml" || said == "application/xml" || said == "" && err != nil
	switch {
	case xml && format != pmmlFormat && len(bytes.TrimSpace(doc)) > 0:
		return nil, errNoXML
	case xml:
		format = pmmlFormat
	case err != nil:
		return nil, fmt.Errorf("the document: %w", err)
	case format == pmmlFormat && said != "" && said != "multipart/form-data":
		return nil, errMediaType // as Openscoring
	}
	return LoadDocument(doc, format)
}

// undeploy answers DELETE.
func (c *call) undeploy(id string) {
	if !c.allowed() {
		return
	}
	ok, err := c.store.undeploy(id)
	switch {
	case errors.Is(err, errDirectory):
		c.fail(err)
	case err != nil:
		c.cfg.Logger.Error("a model could not be removed", "model", id, "error", err)
		c.refuse(http.StatusInternalServerError, err.Error())
	case !ok:
		c.status(http.StatusNotFound)
	default:
		c.cfg.Logger.Info("undeployed", "model", id)
		c.json(http.StatusOK, []byte("{ }"))
	}
}

// document answers with a model's document; at the path pmml only with PMML.
func (c *call) document(id string, pmml bool) {
	if !c.allowed() {
		return
	}
	e := c.find(id)
	if e == nil {
		return
	}
	switch {
	case e.document == nil:
		c.refuse(http.StatusNotFound, "the model "+id+" is a Spark ML directory and has no document")
		return
	case pmml && e.model.format != pmmlFormat:
		c.refuse(http.StatusNotFound, "the model "+id+" is of the format "+e.model.format+" and has no PMML document: its own is at /openscoring/model/"+id+"/document")
		return
	case pmml:
		c.w.Header().Set("Content-Disposition", "attachment; filename=model.pmml.xml")
	default:
		c.w.Header().Set("Content-Disposition", "attachment; filename="+e.files[0]) // an id needs no quotes
	}
	c.answer(http.StatusOK, contentType(e.files[0]), e.document)
}

// readPart reads the first part of a form that has one of the names.
func (c *call) readPart(in io.Reader, boundary string, names []string) ([]byte, error) {
	if boundary == "" {
		return nil, errMediaType
	}
	form := multipart.NewReader(in, boundary)
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("the form has no part named %s", strings.Join(names, " or "))
		}
		if err != nil {
			return nil, err
		}
		if slices.Contains(names, part.FormName()) {
			return c.readAll(part)
		}
	}
}
