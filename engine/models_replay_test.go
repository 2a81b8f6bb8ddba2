package engine_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine"
)

// TestCrashAndReplace replaces a model after the second epoch, lets the query die
// at each point of its run, and replaces the model again: an epoch that was planned
// has the answers of then, the later ones those of the newest model.
func TestCrashAndReplace(t *testing.T) {
	for n := 1; ; n++ {
		crashed := true
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			r := newScoring(t)
			r.limit = 10
			r.produce(t, 0, 40)
			passed, committed, at := 0, 0, ""
			hook := func(point string) {
				if point == "epoch committed" {
					if committed++; committed == 2 {
						replaceFile(t, r.path(), answering("new"))
					}
				}
				if passed++; passed == n {
					at = point
					panic("crash at " + point)
				}
			}
			e := openCrashing(t, engine.Config{Hook: hook, Workers: 2, AvailableNow: true})
			err := runAll(t.Context(), e, r.script()+"AWAIT ALL AVAILABLE")
			if crashed = at != ""; !crashed && err != nil || crashed && (err == nil || !strings.Contains(err.Error(), "crash at ")) {
				t.Fatalf("at point %q: %v", at, err)
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			planned := len(plannedEpochs(t, r.dir))
			replaceFile(t, r.path(), answering("newest"))
			for range 2 { // the second run finds nothing to do
				e, _ := r.start(t, engine.Config{AvailableNow: true})
				if err := e.Lookup("score").Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			epochs := plannedEpochs(t, r.dir)
			first := min(2, planned)
			want := append(byEpoch(epochs[:planned], first, "old", "new"), byEpoch(epochs[planned:], 0, "", "newest")...)
			if len(want) != 40 {
				t.Errorf("%d rows were planned", len(want))
			}
			sameLines(t, readLog(t, r.dir+"/out"), want)
		})
		if !crashed {
			if n < 15 {
				t.Errorf("only %d points", n)
			}
			break
		}
	}
}

// openCrashing is an engine that may keep memory when it is closed: its query
// panics.
func openCrashing(t *testing.T, cfg engine.Config) *engine.Engine {
	t.Helper()
	e, err := engine.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// crashPlanned lets a query die when its second epoch is planned, after 10 of 40
// numbers.
func (r scoring) crashPlanned(t *testing.T, register func(*engine.Engine)) {
	t.Helper()
	r.produce(t, 0, 40)
	planned := 0
	e := openCrashing(t, engine.Config{Hook: func(point string) {
		if point == "epoch planned" {
			if planned++; planned == 2 {
				panic("crash")
			}
		}
	}})
	if register != nil {
		register(e)
	}
	err := runAll(t.Context(), e, r.script()+"AWAIT ALL AVAILABLE")
	if err == nil || !strings.Contains(err.Error(), "crash") {
		t.Fatalf("it did not crash: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestLostCopies: an epoch that cannot be scored as it was planned is refused, with
// the ways out.
func TestLostCopies(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, kept string){
		"removed": func(t *testing.T, kept string) {
			if err := os.RemoveAll(filepath.Dir(kept)); err != nil {
				t.Fatal(err)
			}
		},
		"changed": func(t *testing.T, kept string) { writeFile(t, kept, answering("odd")) },
		"cut":     func(t *testing.T, kept string) { writeFile(t, kept, "") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newScoring(t)
			r.limit = 10
			r.crashPlanned(t, nil)
			kept, err := filepath.Glob(r.dir + "/checkpoint/models/kept/*/m.pmml")
			if err != nil || len(kept) != 1 {
				t.Fatal(kept, err)
			}
			spoil(t, kept[0])
			replaceFile(t, r.path(), answering("new"))
			e := openChecked(t, engine.Config{AvailableNow: true})
			err = runAll(t.Context(), e, r.script())
			mentions(t, err, "query score: epoch 1 must run again", "model m", "its copy", "damaged", "modelVersions = 'current'")
			// With the version of the plan back in its place nothing is missing.
			later := "old"
			if name == "cut" { // or the present version will do
				r.options, later = ", modelVersions = 'current'", "new"
			} else {
				replaceFile(t, r.path(), answering("old"))
			}
			if err := runAll(t.Context(), e, "CREATE OR REPLACE MODEL m USING pmml OPTIONS (path = '"+r.path()+"')"); err != nil {
				t.Fatal(err)
			}
			again, _, _ := strings.Cut(r.script()[strings.Index(r.script(), "CREATE QUERY"):], ";")
			if err := runAll(t.Context(), e, again); err != nil {
				t.Fatal(err)
			}
			if err := e.Lookup("score").Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			sameLines(t, readLog(t, r.dir+"/out"), byEpoch(plannedEpochs(t, r.dir), 1, "old", later))
		})
	}
}

// constant is a registered model without files.
type constant struct{ answer string }

func (constant) Inputs() []arrow.Field {
	return []arrow.Field{{Name: "x", Type: arrow.PrimitiveTypes.Float64, Nullable: true}}
}

func (constant) Outputs() []catalog.Output {
	return []catalog.Output{{Field: arrow.Field{Name: "answer", Type: arrow.BinaryTypes.String, Nullable: true}, Role: catalog.RolePredicted, Target: true}}
}

func (constant) Describe() []catalog.Property { return nil }

func (c constant) Score(t catalog.Task, n int, _ []arrow.Array, _ []int) ([]arrow.Array, error) {
	b := array.NewStringBuilder(t.Allocator())
	defer b.Release()
	for range n {
		b.Append(c.answer)
	}
	return []arrow.Array{b.NewArray()}, nil
}

// TestModelWithoutFiles: nothing is kept of a registered model, so an epoch runs
// again only with the same version.
func TestModelWithoutFiles(t *testing.T) {
	r := newScoring(t)
	r.limit = 10
	r.model = "SET x = 1;"
	r.crashPlanned(t, func(e *engine.Engine) {
		if err := e.RegisterModel("m", "1", constant{"old"}); err != nil {
			t.Fatal(err)
		}
	})
	for _, c := range []struct{ version, answer, fault string }{{"2", "new", "no copy of that version"}, {"1", "old", ""}} {
		e := openChecked(t, engine.Config{AvailableNow: true})
		if err := e.RegisterModel("m", c.version, constant{c.answer}); err != nil {
			t.Fatal(err)
		}
		err := runAll(t.Context(), e, r.script()+"AWAIT ALL AVAILABLE")
		if c.fault != "" {
			mentions(t, err, "epoch 1 must run again", "version 1 of model m, which is now 2", c.fault)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	sameLines(t, readLog(t, r.dir+"/out"), answered([]int{0, 40}, "old"))
}

// TestReplayNeedsFit: the old model no longer fits the changed text of the query,
// which the epoch would run with.
func TestReplayNeedsFit(t *testing.T) {
	r := newScoring(t)
	r.limit = 10
	r.crashPlanned(t, nil)
	replaceFile(t, r.path(), constantTree("classification", "new", "x double", "y double"))
	r.query = "SELECT CAST(value AS STRING) AS v, predict('m', CAST(CAST(value AS STRING) AS DOUBLE) AS x, 1D AS y) AS a FROM s"
	e := openChecked(t, engine.Config{AvailableNow: true})
	mentions(t, runAll(t.Context(), e, r.script()), "epoch 1 must run again", "model m has no field y")
}

// TestNothingToKeep starts a query whose model was loaded from a file that is
// another now: it runs, and says that an epoch can only run again while the model
// is the same.
func TestNothingToKeep(t *testing.T) {
	r := newScoring(t)
	r.limit = 10
	r.model = fmt.Sprintf("CREATE MODEL m USING pmml OPTIONS (path = '%s');", r.path())
	r.produce(t, 0, 40)
	var logged bytes.Buffer
	var mu sync.Mutex
	var told []engine.ModelNotKept
	planned := 0
	listen := func(ev engine.Event) {
		if ev, ok := ev.(engine.ModelNotKept); ok {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, ev)
		}
	}
	e := openCrashing(t, engine.Config{Listener: listen, Logger: slog.New(slog.NewTextHandler(&logged, nil)), Hook: func(point string) {
		if point == "epoch planned" {
			if planned++; planned == 2 {
				panic("crash")
			}
		}
	}})
	create, query, _ := strings.Cut(r.script(), "CREATE QUERY")
	if err := runAll(t.Context(), e, create); err != nil {
		t.Fatal(err)
	}
	replaceFile(t, r.path(), answering("new"))
	if err := runAll(t.Context(), e, "CREATE QUERY"+query); err != nil {
		t.Fatal(err)
	}
	mentions(t, e.Lookup("score").Wait(t.Context()), "crash")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(logged.String(), "keeps no copy of a model") || !strings.Contains(logged.String(), "it has changed since it was loaded") {
		t.Errorf("the log is %s", logged.String())
	}
	if len(told) != 1 || told[0].Model != "m" || told[0].Query.Name() != "score" || !strings.Contains(told[0].Err.Error(), "it has changed since it was loaded") {
		t.Errorf("told of %v, want model m once", told)
	}
	again := openChecked(t, engine.Config{})
	mentions(t, runAll(t.Context(), again, r.script()), "epoch 1 must run again", "model m", "no copy of that version", "modelVersions = 'current'")
}

// TestIdleReplacements: a model that is replaced again and again while there is
// nothing to score fills no disk.
func TestIdleReplacements(t *testing.T) {
	r := newScoring(t)
	e, c := r.start(t, engine.Config{})
	r.send(t, e, 0, 10)
	for i := range 8 {
		replaceFile(t, r.path(), answering(fmt.Sprint("new", i)))
		c.await(t, "score: m changed in epoch 1")
		c.take()
		// That of the last epoch, the one before, and the new one, if it is there by now.
		if kept, err := filepath.Glob(r.dir + "/checkpoint/models/kept/*"); err != nil || len(kept) > 3 {
			t.Fatalf("after %d replacements: %q, %v", i+1, kept, err)
		}
	}
	r.send(t, e, 10, 20)
	sameLines(t, readLog(t, r.dir+"/out"), answered([]int{0, 10, 20}, "old", "new7"))
}
