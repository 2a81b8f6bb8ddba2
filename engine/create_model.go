package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/model"
	"github.com/millrace-sql/millrace/sql"
)

// modelOptions are the options that a model of any format has.
var modelOptions = []connector.Option{
	{Name: "onMissing", Read: true, Help: "what becomes of a row without an answer because an input is missing: null, error or dlq"},
	{Name: "onInvalid", Read: true, Help: "what becomes of a row that cannot be scored: null, error or dlq"},
	{Name: "reload", Read: true, Help: "true: running queries take up a changed file between epochs"},
}

// readModelOptions fills an entry from its options of any format.
func readModelOptions(e *catalog.ModelEntry) (err error) {
	if e.OnMissing, err = policyOption(e.Options, "onMissing"); err != nil {
		return err
	}
	if e.OnInvalid, err = policyOption(e.Options, "onInvalid"); err != nil {
		return err
	}
	if text, ok := e.Options["reload"]; ok {
		if e.Reload, err = strconv.ParseBool(strings.ToLower(text)); err != nil {
			return &connector.OptionError{Option: "reload", Msg: fmt.Sprintf("reload is %q: true or false was expected", text)}
		}
	}
	return nil
}

func policyOption(options map[string]string, name string) (catalog.Policy, error) {
	text, ok := options[strings.ToLower(name)]
	if !ok {
		return catalog.PolicyNull, nil
	}
	if p, ok := catalog.ParsePolicy(text); ok {
		return p, nil
	}
	return 0, &connector.OptionError{Option: name, Msg: fmt.Sprintf("%s is %q: null, error or dlq was expected", name, text)}
}

func (s *session) createModel(ctx context.Context, st *sql.Create) (string, error) {
	f, ok := s.engine.formats[strings.ToLower(st.Using.Name)]
	if !ok {
		names := slices.Sorted(maps.Keys(s.engine.formats))
		return "", suggest(sql.Errorf(st.Using.Span, "unknown model format %s", st.Using.Name), st.Using.Name, "the formats are", names)
	}
	options, err := optionMap(st.Options)
	if err != nil {
		return "", err
	}
	notes, err := connector.CheckOptions(slices.Concat(f.Options(), modelOptions), options)
	if err != nil {
		return "", optionFault(st, err)
	}
	s.note(notes...)
	entry := &catalog.ModelEntry{Name: st.Name.Name, Connector: f.Name(), Options: options}
	if err := readModelOptions(entry); err != nil {
		return "", optionFault(st, err)
	}
	k, kept := f.(model.Keeper)
	if entry.Reload && !kept {
		return "", optionFault(st, &connector.OptionError{Option: "reload", Msg: fmt.Sprintf("a model of the format %s has no files that could change", f.Name())})
	}
	var seen fileState
	if entry.Reload {
		seen = stateOf(k.Path(options))
	}
	if entry.Model, entry.Version, err = loadModel(ctx, f, options); err != nil {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		return "", faultAt(st.Options, optionSpan(st.Options, "path", st.Name.Span), err)
	}
	if s.live {
		s.engine.reloads.loaded(entry, seen)
	}
	if err := s.catalog.PutModel(entry, st.OrReplace); err != nil {
		return "", sql.Errorf(st.Name.Span, "%v", err).WithHint("CREATE OR REPLACE takes its place; IF NOT EXISTS keeps it")
	}
	return fmt.Sprintf("model %s: %s, %s", entry.Name, modelKind(entry.Model), catalog.Count(len(entry.Model.Inputs()), "input")), nil
}

func loadModel(ctx context.Context, f ModelFormat, options map[string]string) (catalog.Model, string, error) {
	if r, ok := f.(model.Remote); ok {
		return r.LoadContext(ctx, options)
	}
	return f.Load(options)
}

func modelKind(m catalog.Model) string {
	for _, p := range m.Describe() {
		if p.Name == "summary" || p.Name == "kind" {
			return p.Value
		}
	}
	return "model"
}
