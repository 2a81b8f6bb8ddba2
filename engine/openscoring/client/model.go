package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// Model is a model that a server holds, as the server described it when it was
// opened. It may be used concurrently. If the server gets another model under the
// same name, answers that do not fit the description are an error of Score.
type Model struct {
	caller *caller
	about  *description

	inputs  []arrow.Field
	outputs []catalog.Output
	results []describedField // of the outputs
	version string

	keys     [][]byte // `"name":` of each input
	plain    []string // names of the outputs, see answers
	position map[string]int

	rows   atomic.Int64 // answered
	most   atomic.Int64 // rows of a request that the server takes, as far as it has said
	length atomic.Int64 // of the last request, for the next one's buffer
}

// Open asks a server for a model. Errors name the model's URL and what the server
// said; the nearest name, if it has no such model.
func Open(ctx context.Context, cfg Config) (*Model, error) {
	c, err := newCaller(cfg)
	if err != nil {
		return nil, err
	}
	var reply bytes.Buffer
	if err := c.call(ctx, http.MethodGet, c.url, nil, &reply); err != nil {
		return nil, fmt.Errorf("%s: %w%s", shown(c.url), err, c.others(ctx, err))
	}
	d, err := readDescription(reply.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", shown(c.url), err)
	}
	return newModel(c, d), nil
}

func newModel(c *caller, d *description) *Model {
	m := &Model{
		caller: c, about: d, version: d.version(),
		inputs: d.inputs(), outputs: d.outputs(), results: d.results(), position: map[string]int{},
	}
	for _, f := range m.inputs {
		m.keys = append(m.keys, append(appendString(nil, f.Name), ':'))
	}
	for i, o := range m.outputs {
		name := o.Field.Name
		m.position[name] = i
		plain := name
		if string(appendString(nil, name)) != `"`+name+`"` {
			plain = ""
		}
		m.plain = append(m.plain, plain)
	}
	m.most.Store(int64(c.cfg.BatchSize))
	return m
}

// others says which models the server has, when it does not have the one that was
// asked for.
func (c *caller) others(ctx context.Context, err error) string {
	var fault *callError
	if !errors.As(err, &fault) || fault.status != http.StatusNotFound {
		return ""
	}
	all := *c.url
	name := path.Base(all.Path)
	all.Path = path.Dir(all.Path)
	var reply bytes.Buffer
	if c.once(ctx, http.MethodGet, &all, nil, &reply) != nil {
		return ""
	}
	var list struct{ Responses []struct{ ID string } }
	if json.Unmarshal(reply.Bytes(), &list) != nil {
		return ""
	}
	var names []string
	for _, r := range list.Responses {
		names = append(names, r.ID)
	}
	if near := catalog.Nearest(name, names); near != "" {
		return fmt.Sprintf("; the server has no model %s, did you mean %s?", name, near)
	}
	if len(names) == 0 {
		return "; the server has no models"
	}
	return shorten(fmt.Sprintf("; the server has no model %s, it has %s", name, strings.Join(names, ", ")))
}

// Inputs are the fields that the model takes, by its description. What SQL has no
// type for is STRING.
func (m *Model) Inputs() []arrow.Field { return m.inputs }

// Outputs are the target fields and the output fields. Which of them is the
// probability of a class is read from their names, probability(class) and
// probability_class.
func (m *Model) Outputs() []catalog.Output { return m.outputs }

// Domains are the ranges and categories of the inputs.
func (m *Model) Domains() []catalog.Domain { return domainsOf(m.about.Schema.InputFields) }

// OutputDomains are the values of the targets, as far as the server gives them.
func (m *Model) OutputDomains() []catalog.Domain { return domainsOf(m.results) }

// Version is the checksum of the model's document as the server gives it, else one
// of the description.
func (m *Model) Version() string { return m.version }

// Describe says where the model is and what was asked of it so far.
func (m *Model) Describe() []catalog.Property {
	server := ""
	if s := m.caller.server.Load(); s != nil {
		server = *s
	}
	size := m.about.property("file.size")
	if n, err := strconv.ParseInt(size, 10, 64); err == nil {
		size = catalog.Count(n, "byte")
	}
	return []catalog.Property{
		{Name: "kind", Value: "Openscoring remote"},
		{Name: "url", Value: shown(m.caller.url)},
		{Name: "server", Value: server},
		{Name: "model", Value: shorten(m.about.Summary)},
		{Name: "function", Value: shorten(m.about.MiningFunction)},
		{Name: "model version", Value: shorten(m.about.property("model.version"))},
		{Name: "deployed", Value: shorten(m.about.property("created.timestamp"))},
		{Name: "size", Value: size},
		{Name: "asked so far", Value: fmt.Sprintf("%s in %s, %d of them repeated",
			catalog.Count(m.rows.Load(), "row"), catalog.Count(m.caller.requests.Load(), "request"), m.caller.retries.Load())},
	}
}
