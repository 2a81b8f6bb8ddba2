package checkpoint

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-sql/millrace/engine/enginetest"
)

func TestDamage(t *testing.T) {
	full := "v1\n{}\n" + line(60)
	for _, c := range []struct {
		name   string
		change map[string]string // a file's new text; "-" removes it
		want   []string          // parts of the message; none: it opens
	}{
		{"empty plan", map[string]string{"offsets/2": ""}, []string{"/c/offsets/2 is damaged: it is empty", "restore the checkpoint"}},
		{"zeroed plan", map[string]string{"offsets/2": "\x00\x00\x00"}, []string{"/c/offsets/2", "it is empty"}},
		{"torn conf", map[string]string{"offsets/2": "v1\n{\"batchWater"}, []string{"/c/offsets/2", "ends before the sources' offsets"}},
		{"torn offsets", map[string]string{"offsets/2": "v1\n{}\n{\"iris\":{\"0\":1"}, []string{"/c/offsets/2", `the offsets "{\"iris\":{\"0\":1" are cut off`}},
		{"no offsets", map[string]string{"offsets/2": "v1\n{}"}, []string{"/c/offsets/2", "ends before the sources' offsets"}},
		{"other version", map[string]string{"offsets/2": "v2\n{}\n{}"}, []string{"/c/offsets/2", `begins with "v2", and v1 is needed`}},
		{"torn plan to run again", map[string]string{"offsets/2": "", "commits/2": "-"}, []string{"/c/offsets/2", "delete the file and the epoch is planned anew"}},
		{"empty commit", map[string]string{"commits/2": ""}, []string{"/c/commits/2", "it is empty", "delete the file and the epoch runs again"}},
		{"torn commit", map[string]string{"commits/2": "v1\n{\"next"}, []string{"/c/commits/2", "cut off"}},
		{"commit without plan", map[string]string{"commits/3": "v1"}, []string{"/c/commits/3", "epoch 3 is committed, but the last one planned is 2"}},
		{"two plans", map[string]string{"offsets/3": full, "offsets/4": full}, []string{"/c/offsets/4", "epoch 4 is planned, but the last one committed is 2", "never be processed", "from 4 on"}},
		{"plans without commits", map[string]string{"commits/0": "-", "commits/1": "-", "commits/2": "-"}, []string{"epoch 2 is planned, but the last one committed is none"}},
		{"the start of what runs again", map[string]string{"commits/2": "-", "offsets/1": "-"}, []string{"/c/offsets/1", "missing", "epoch 2, which must run again"}},
		{"sources of the first epoch", map[string]string{"commits/2": "-", "commits/1": "-", "commits/0": "-", "offsets/1": "-", "offsets/2": "-", "sources/0/0": "-"}, []string{"/c/sources/0/0", "no such file"}},
		{"torn start", map[string]string{"commits/2": "-", "commits/1": "-", "commits/0": "-", "offsets/1": "-", "offsets/2": "-", "sources/0/0": "v1\n{}"}, []string{"/c/sources/0/0", "NUL byte"}},
		{"metadata", map[string]string{"metadata": "{}"}, []string{"/c/metadata", "not a UUID"}},
		{"empty metadata", map[string]string{"metadata": ""}, []string{"/c/metadata", "empty"}},
		{"fingerprint", map[string]string{"millrace": "{\"query\":"}, []string{"/c/millrace", "cut off"}},

		{"no metadata", map[string]string{"metadata": "-"}, nil},
		{"no sources", map[string]string{"sources/0/0": "-"}, nil},
		{"no older commit", map[string]string{"commits/0": "-"}, nil},
		{"no older plan", map[string]string{"offsets/1": "-", "offsets/0": "-"}, nil},
		{"torn older plan", map[string]string{"offsets/1": ""}, nil},
		{"commit with the version alone", map[string]string{"commits/2": "v1"}, nil},
		{"last newlines and carriage returns", map[string]string{"offsets/2": "v1\r\n{}\r\n" + line(9) + "\r\n", "metadata": "{ \"id\": \"42dd643c-9fc5-40fd-a271-1ea216308445\", \"x\": 1 }\n"}, nil},
		{"other files", map[string]string{"offsets/junk": "x", "offsets/.3.x.tmp": "x", "offsets/03": "x", "commits/.3.crc": "x"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := sparkCopy(t)
			for name, text := range c.change {
				if text == "-" {
					if err := fsys.Remove("/c/" + name); err != nil {
						t.Fatal(err)
					}
					continue
				}
				write(t, fsys, "/c/"+name, text)
			}
			l, err := Open(fsys, "/c")
			if c.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				if s := l.State(); s.Next() != 3 {
					t.Errorf("%+v", s)
				}
				run(t, l, 4)
				return
			}
			if err == nil {
				t.Fatal("it opened")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("got %q, without %q", err, part)
				}
			}
			var damage *DamageError
			if !errors.As(err, &damage) && c.name != "sources of the first epoch" {
				t.Errorf("%T is not a *DamageError", err)
			}
			if _, err := fsys.Lock("/c/.lock"); err != nil {
				t.Errorf("the lock was kept: %v", err)
			}
		})
	}
}

// work runs a query over a checkpoint to the end of three epochs and calls done
// with every epoch's range before it commits it: the sink. It returns the first
// error, as a query would.
func work(fsys *enginetest.FaultFS, done func(epoch int64, from, to string)) error {
	l, err := Open(fsys, "/data/c")
	if err != nil {
		return err
	}
	defer l.Close()
	if err := l.SetFingerprint(Fingerprint{Query: "q", Sources: []string{"a", "b"}}); err != nil {
		return err
	}
	if !l.State().Started() {
		if err := l.Start([]string{line(0), line(0)}); err != nil {
			return err
		}
	}
	for e := l.State().Next(); e < 3; e++ {
		if l.State().Planned < e {
			end := line(10 * (e + 1))
			if err := l.Plan(e, Epoch{Offsets: []string{end, end}, Time: at}); err != nil {
				return err
			}
		}
		s := l.State()
		done(e, s.From[1], s.Last.Offsets[1])
		if err := l.Commit(e); err != nil {
			return err
		}
	}
	return nil
}

// Whatever operation fails, and whatever a crash loses, the query goes on, and
// an epoch that runs again has the same range.
func TestEveryFault(t *testing.T) {
	cases := 0
	for _, kind := range []string{"fail", "after", "crash"} {
		for k := 1; ; k++ {
			fsys := enginetest.NewFaultFS()
			ranges := map[int64]string{}
			done := func(e int64, from, to string) {
				r := from + to
				if old, ok := ranges[e]; ok && old != r {
					t.Errorf("%s %d: epoch %d was %s and then %s", kind, k, e, old, r)
				}
				ranges[e] = r
			}
			inject(fsys, kind, k)
			err := work(fsys, done)
			if fsys.Ops() < k {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			if kind != "crash" {
				// The same machine goes on, and the query is started again.
				if err := work(fsys, done); err != nil {
					t.Fatalf("%s %d: %v", kind, k, err)
				}
				allCommitted(t, fsys, fmt.Sprintf("%s %d", kind, k))
			}
			for _, l := range enginetest.Losses() {
				cases++
				if err := work(fsys.AfterCrash(l), done); err != nil {
					t.Fatalf("%s %d %v: %v", kind, k, l, err)
				}
			}
			for e := range int64(3) {
				if want := line(10*e) + line(10*e+10); ranges[e] != want {
					t.Errorf("%s %d: epoch %d took %s, want %s", kind, k, e, ranges[e], want)
				}
			}
		}
	}
	if cases < 1000 {
		t.Errorf("only %d cases", cases)
	}
}

// allCommitted says that a crash now would lose nothing.
func allCommitted(t *testing.T, fsys *enginetest.FaultFS, what string) {
	t.Helper()
	for _, loss := range enginetest.Losses() {
		l, err := Open(fsys.AfterCrash(loss), "/data/c")
		if err != nil {
			t.Fatalf("%s, %+v: %v", what, loss, err)
		}
		if s := l.State(); s.Committed != 2 {
			t.Errorf("%s, %+v: %+v", what, loss, s)
		}
	}
}

// A crash right after a call has returned loses nothing of it.
func TestWhatReturnedIsDurable(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	l := open(t, fsys, "/c")
	check := func(what string, planned, committed int64) {
		t.Helper()
		for _, loss := range enginetest.Losses() {
			again := open(t, fsys.AfterCrash(loss), "/c")
			if s := again.State(); s.Planned != planned || s.Committed != committed || s.From == nil || again.ID() != l.ID() {
				t.Errorf("%s, %v: %+v", what, loss, s)
			}
		}
	}
	if err := l.Start([]string{line(0)}); err != nil {
		t.Fatal(err)
	}
	check("started", -1, -1)
	for e := range int64(3) {
		if err := l.Plan(e, epoch(e)); err != nil {
			t.Fatal(err)
		}
		check("planned", e, e-1)
		if err := l.Commit(e); err != nil {
			t.Fatal(err)
		}
		check("committed", e, e)
	}
}

// After a failed write the log refuses to go on: it does not know what is
// stored.
func TestFailedLogStays(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	l := open(t, fsys, "/c")
	run(t, l, 1)
	fsys.FailAt(1, errors.New("odd"))
	first := l.Plan(1, epoch(20))
	if first == nil || !strings.Contains(first.Error(), "/c/offsets/1: cannot create: odd") {
		t.Fatalf("got %v", first)
	}
	if err := l.Plan(1, epoch(20)); !errors.Is(err, first) {
		t.Errorf("got %v", err)
	}
	if err := l.Commit(0); !errors.Is(err, first) {
		t.Errorf("got %v", err)
	}
}

func inject(f *enginetest.FaultFS, kind string, k int) {
	switch kind {
	case "fail":
		f.FailAt(k, fmt.Errorf("fault %d", k))
	case "after":
		f.FailAfter(k, fmt.Errorf("fault %d", k))
	case "crash":
		f.CrashAt(k)
	}
}
