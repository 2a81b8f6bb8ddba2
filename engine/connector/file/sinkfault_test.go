package file

import (
	"context"
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
	if err := sink.(connector.Resumer).Resume(ctx, q, s.Next(), !s.Started()); err != nil {
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
	if err := query(tk, base, from); err != nil {
		t.Fatal(err)
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
			}
		}
	}
}
