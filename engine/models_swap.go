package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/checkpoint"
	"github.com/millrace-sql/millrace/engine/exec"
	"github.com/millrace-sql/millrace/sql"
)

// streamModels are the models of a streaming query. They are replaced between two
// epochs, never within one: the query is bound and compiled again, its static
// stages run again, its sources and its sink stay open.
type streamModels struct {
	recipe *recipe
	rows   *arrow.Schema // what the query gives, before its table's casts
	width  *arrow.Schema // what its sink was opened for

	using      modelSet          // score the rows now
	want       modelSet          // the newest
	tried      modelSet          // what want was when a change was last tried
	refused    map[string]string // why a model of want is not in use
	toldUnkept map[string]string // the versions without a copy that were told of, by model
	versions   map[string]checkpoint.Model
	// versions are using as the checkpoint notes them; nil: not yet
}

// renewals bounds how often files that change while they are copied are looked at
// again.
const renewals = 3

// renew takes up the models that have changed. An error ends the query. A model
// that cannot be used is refused instead, and the one before stays.
func (r *stream) renew(ctx context.Context) error {
	for range renewals {
		for name := range r.want {
			if m := r.q.engine.currentModel(name); m != nil { // one that was dropped stays
				r.want[name] = m
			}
		}
		if !maps.Equal(r.want, r.using) && !maps.Equal(r.want, r.tried) {
			r.tried = maps.Clone(r.want)
			r.take(ctx)
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
		}
		if r.versions != nil {
			return nil
		}
		if whole, err := r.keep(); err != nil || whole {
			return err
		}
	}
	return nil
}

// take changes to the models wanted: all together, else each for itself.
func (r *stream) take(ctx context.Context) {
	var changed []string
	for name, m := range r.want {
		switch was := r.using[name]; {
		case was == m:
		case sameModel(was, m):
			r.using[name] = m
		default:
			changed = append(changed, name)
		}
	}
	if len(changed) == 0 {
		return
	}
	slices.Sort(changed)
	err := r.change(ctx, r.want)
	if err == nil {
		return
	}
	for _, name := range changed {
		if len(changed) > 1 {
			some := maps.Clone(r.using)
			some[name] = r.want[name]
			err = r.change(ctx, some)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			r.refuse(name, err)
		}
	}
}

// sameModel says whether two entries score alike.
func sameModel(a, b *catalog.ModelEntry) bool {
	return a.Version == b.Version && a.Connector == b.Connector && maps.Equal(a.Options, b.Options) &&
		a.OnMissing == b.OnMissing && a.OnInvalid == b.OnInvalid
}

// change makes the query go on with other models. An error leaves it as it is.
func (r *stream) change(ctx context.Context, m modelSet) error {
	d, err := r.recipe.make(m)
	if err == nil {
		err = r.fits(d)
	}
	if err != nil {
		return err
	}
	next, err := r.assemble(ctx, d.program)
	if err != nil {
		return err
	}
	old := r.assembly
	r.assembly = *next
	if old.runner.letters == r.runner.letters {
		old.runner.letters = nil // they go on
	}
	if err := old.closeProgram(); err != nil {
		r.q.engine.cfg.Logger.Warn("closing what the models before were used by", "query", r.q.name, "error", err)
	}
	r.changed(d.models)
	return nil
}

// assemble opens what a program reads beside the streams, which are open, and runs
// its static stages.
func (r *stream) assemble(ctx context.Context, p *exec.Program) (*assembly, error) {
	next := &assembly{}
	err := guarded(func() error {
		if err := next.open(ctx, r.q, p, r.inputs); err != nil {
			return err
		}
		// Dead letters of tables go with the first epoch; later they are only counted.
		if l := r.runner.letters; l != nil && l.epoch == r.log.State().Next() && !l.ended {
			next.runner.letters = l
		} else {
			next.runner.letters = r.q.letters.begin(r.q.ctx, r.id(), -1, time.Now())
		}
		return next.runStatic(ctx)
	})
	if err == nil && len(next.inputs) != len(r.inputs) {
		err = errors.New("the query would read fewer streams")
	}
	if err == nil {
		return next, nil
	}
	if next.runner != nil && next.runner.letters == r.runner.letters {
		next.runner.letters = nil
	}
	return nil, errors.Join(err, next.closeProgram())
}

// fits says why the rows of a plan cannot follow the query's rows so far; nil when
// they can.
func (r *stream) fits(d dish) error {
	if err := sameRows(r.rows, d.schema); err != nil {
		return err
	}
	return sameRows(r.width, d.program.Schema)
}

// changed tells of the models that are in use from now on.
func (r *stream) changed(m modelSet) {
	e, was := r.q.engine, r.using
	r.using, r.versions = m, nil
	for _, name := range slices.Sorted(maps.Keys(m)) {
		is := m[name]
		if was[name] == is {
			continue
		}
		delete(r.refused, name)
		ev := ModelChanged{Query: r.q, Model: is.Name, Is: is.Version, Epoch: r.log.State().Next()}
		if was[name] != nil {
			ev.Was = was[name].Version
		}
		e.cfg.Logger.Info("model changed", "query", r.q.name, "model", is.Name, "was", ev.Was, "is", ev.Is, "epoch", ev.Epoch)
		e.emit(ev)
	}
	r.showModels()
}

// refuse tells that a model cannot be used and the one before stays.
func (r *stream) refuse(name string, err error) {
	why := plainError(err)
	if r.refused == nil {
		r.refused = map[string]string{}
	}
	r.refused[name] = why.Error()
	e, m := r.q.engine, r.want[name]
	e.warn("model not changed; the version before stays", "query", r.q.name, "model", m.Name, "version", m.Version, "error", why)
	e.emit(ModelRefused{Query: r.q, Model: m.Name, Err: why})
	r.showModels()
}

// plainError is an error without the places of a script that is not at hand.
func plainError(err error) error {
	var list sql.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return err
	}
	text := list[0].Msg
	if list[0].Hint != "" {
		text += "; " + list[0].Hint
	}
	return errors.New(text)
}

// showModels puts the models into the query's progress.
func (r *stream) showModels() {
	var all []ModelProgress
	for _, name := range slices.Sorted(maps.Keys(r.using)) {
		m := r.using[name]
		all = append(all, ModelProgress{Name: m.Name, Version: m.Version, Refused: r.refused[name]})
	}
	r.q.meter.setModels(all)
}
