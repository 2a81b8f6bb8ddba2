package file

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/millrace-sql/millrace/engine/checkpoint"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/enginetest"
)

// The query of these tests: epochs of a few rows, one of them empty, over a
// compaction of the log.
const faultEpochs = 12

// ends are the rows' numbers at which the epochs end.
func ends() []int64 {
	out := make([]int64, faultEpochs)
	n := int64(0)
	for e := range out {
		if e != 4 {
			n += 3
		}
		out[e] = n
	}
	return out
}

// query runs the query on to an epoch as the engine does and returns its first
// error.
func query(tk task, fsys *enginetest.FaultFS, until int64) (err error) {
	ctx := context.Background()
	log, err := checkpoint.Open(fsys, "/data/checkpoint")
	if err != nil {
		return err
	}
	defer log.Close()
	c := NewJSON(fsys, Config{})
	sink, err := c.OpenSink(ctx, connector.Env{}, table("path", "/data/out"), rowSchema)
	if err != nil {
		return err
	}
	defer sink.Close()
	q := connector.QueryID(log.ID())
	s := log.State()
	if err := sink.(connector.Resumer).Resume(ctx, q, connector.Resumption{Next: s.Next(), Planned: s.Planned > s.Committed, First: !s.Started()}); err != nil {
		return err
	}
	if !s.Started() {
		if err := log.Start([]string{"0"}); err != nil {
			return err
		}
	}
	for e := log.State().Next(); e < until; e++ {
		if log.State().Planned < e {
			if err := log.Plan(e, checkpoint.Epoch{Offsets: []string{fmt.Sprint(ends()[e])}, Time: time.UnixMilli(1)}); err != nil {
				return err
			}
		}
		from, to := bounds(log.State())
		if err := sink.Write(ctx, q, e, encodedRows(tk, sink, from, to)); err != nil {
			return err
		}
		if err := log.Commit(e); err != nil {
			return err
		}
	}
	return nil
}

func bounds(s checkpoint.State) (from, to int64) {
	if _, err := fmt.Sscan(s.From[0], &from); err != nil {
		panic(err)
	}
	if _, err := fmt.Sscan(s.Last.Offsets[0], &to); err != nil {
		panic(err)
	}
	return from, to
}

// prefix says whether what is visible are whole epochs from the first on.
func prefix(t *testing.T, tk task, fsys *enginetest.FaultFS, what string) {
	t.Helper()
	got, err := readRows(NewJSON(fsys, Config{}), tk, declared(rowSchema, "path", "/data/out"))
	if err != nil {
		if _, serr := fsys.Stat("/data/out"); serr != nil {
			return // nothing was made yet
		}
		t.Fatalf("%s: reading: %v", what, err)
	}
	n := int64(len(got))
	if n > 0 && !slices.Contains(ends(), n) || !slices.Equal(got, rowTexts(0, n)) {
		t.Fatalf("%s: visible: %v", what, got)
	}
}

// Whatever operation fails and whatever a crash loses: at no time does a reader
// see half an epoch, the query goes on after a restart, and in the end every row
// is there once.
func TestSinkEveryFault(t *testing.T) {
	t.Run("from the start", func(t *testing.T) { everyFault(t, 0, 2) })
	t.Run("an empty epoch", func(t *testing.T) { everyFault(t, 4, 5) })
	t.Run("the log's compaction", func(t *testing.T) { everyFault(t, 9, 10) })
}

// everyFault runs the epochs [from, to) with each of their operations failing.
func everyFault(t *testing.T, from, to int64) {
	tk := checked(t)
	base := enginetest.NewFaultFS()
	if from > 0 {
		if err := query(tk, base, from); err != nil {
			t.Fatal(err)
		}
	}
	want := rowTexts(0, ends()[to])
	finish := func(fsys *enginetest.FaultFS, what string) {
		prefix(t, tk, fsys, what)
		if err := query(tk, fsys, to+1); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		got, err := readRows(NewJSON(fsys, Config{}), tk, declared(rowSchema, "path", "/data/out"))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s: got %v", what, got)
		}
	}
	for _, kind := range []string{"fail", "after", "crash"} {
		for k := 1; ; k++ {
			fsys := base.AfterCrash(enginetest.Loss{Names: enginetest.Kept, Content: enginetest.Kept})
			switch kind {
			case "fail":
				fsys.FailAt(k, fmt.Errorf("fault %d", k))
			case "after":
				fsys.FailAfter(k, fmt.Errorf("fault %d", k))
			case "crash":
				fsys.CrashAt(k)
			}
			err := query(tk, fsys, to)
			if fsys.Ops() < k {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			for _, l := range enginetest.Losses() {
				finish(fsys.AfterCrash(l), fmt.Sprintf("%s %d %+v", kind, k, l))
			}
			if kind != "crash" {
				finish(fsys, fmt.Sprintf("%s %d, restarted", kind, k))
				// A crash now loses nothing.
				for _, l := range enginetest.Losses() {
					got, err := readRows(NewJSON(fsys.AfterCrash(l), Config{}), tk, declared(rowSchema, "path", "/data/out"))
					if err != nil || !slices.Equal(got, want) {
						t.Fatalf("%s %d, %+v after the end: %v %v", kind, k, l, got, err)
					}
				}
			}
		}
	}
}

// A batch INSERT is there whole or not at all, whatever a crash loses, and so is
// an INSERT OVERWRITE; the next one works.
func TestBatchEveryCrash(t *testing.T) {
	for _, overwrite := range []string{"", "true"} {
		t.Run("overwrite="+overwrite, func(t *testing.T) {
			tk := checked(t)
			base := enginetest.NewFaultFS()
			insert := func(fsys *enginetest.FaultFS, q connector.QueryID, from, to int64, overwrite string) error {
				s := openSink(t, NewJSON(fsys, Config{}), table("path", "/out", connector.OverwriteOption, overwrite))
				err := s.Write(context.Background(), q, 0, encodedRows(tk, s, from, to))
				closeSink(t, s)
				return err
			}
			if err := insert(base, "old", 0, 3, ""); err != nil {
				t.Fatal(err)
			}
			old, now := rowTexts(0, 3), rowTexts(0, 6)
			if overwrite != "" {
				now = rowTexts(3, 6)
			}
			for k := 1; ; k++ {
				fsys := base.AfterCrash(enginetest.Loss{Names: enginetest.Kept, Content: enginetest.Kept})
				fsys.CrashAt(k)
				err := insert(fsys, "new", 3, 6, overwrite)
				if fsys.Ops() < k {
					break
				}
				for _, l := range enginetest.Losses() {
					after := fsys.AfterCrash(l)
					got := mustRows(t, NewJSON(after, Config{}), declared(rowSchema, "path", "/out"))
					if !slices.Equal(got, now) && (err == nil || !slices.Equal(got, old)) {
						t.Fatalf("crash %d, %+v, INSERT said %v: %v", k, l, err, got)
					}
					if err := insert(after, "next", 10, 11, ""); err != nil {
						t.Fatalf("crash %d, %+v: %v", k, l, err)
					}
					equalRows(t, mustRows(t, NewJSON(after, Config{}), declared(rowSchema, "path", "/out")), append(slices.Clone(got), rowText(10)))
				}
			}
		})
	}
}

// A fault of the disk is an error and never fewer rows.
func TestReadEveryFault(t *testing.T) {
	for _, compression := range []string{"none", "gzip"} {
		tk := checked(t)
		fsys := enginetest.NewFaultFS()
		c := NewCSV(fsys, Config{})
		tab := declared(rowSchema, "path", "/out", "header", "true", "compression", compression)
		s := openSink(t, c, tab)
		resume(t, s, query1, 0, true)
		for e := range int64(3) {
			writeEpoch(t, tk, s, query1, e, 20*e, 20*e+20)
		}
		closeSink(t, s)
		read := func() ([]string, error) {
			src, err := c.OpenSource(context.Background(), connector.Env{}, tab)
			if err != nil {
				return nil, err
			}
			src.(*source).block = 100
			return rowsOf(src, tk)
		}
		odd := errors.New("odd")
		for k := 1; ; k++ {
			before := fsys.Ops()
			fsys.FailAt(k, odd)
			got, err := read()
			if fsys.Ops()-before < k {
				equalRows(t, got, rowTexts(0, 60))
				break
			}
			if !errors.Is(err, odd) && !(err == nil && slices.Equal(got, rowTexts(0, 60))) {
				t.Errorf("%s, fault %d: %d rows, %v", compression, k, len(got), err)
			}
		}
	}
}
