package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/millrace-sql/millrace/engine/disk"
)

// Fingerprint says what query a checkpoint belongs to.
type Fingerprint struct {
	// Query is the text, for messages.
	Query string `json:"query"`
	// Plan is a checksum of what the query computes. Two texts with one plan are one
	// query. "" lets the text decide.
	Plan string `json:"plan,omitempty"`
	// Sources are one description each, in the order of their offsets.
	Sources []string `json:"sources"`
	// Sink is where the rows go.
	Sink string `json:"sink"`
	// Schema of the rows.
	Schema string `json:"schema"`
}

// MismatchError says that a checkpoint belongs to another query.
type MismatchError struct {
	Dir string
	// What differs: sources, sink, schema, query.
	What string
	// Was and Is are the two.
	Was, Is string
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("checkpoint %s belongs to another query: its %s was\n  %s\nand now is\n  %s\nGive the changed query another checkpointLocation (and an output of its own); or, if it shall go on where the old one stopped, delete %s and start again",
		e.Dir, e.What, e.Was, e.Is, filepath.Join(e.Dir, fingerprintFile))
}

// Fingerprint is what was stored by SetFingerprint, in this run or an earlier
// one. A checkpoint that Spark made has none.
func (l *Log) Fingerprint() (Fingerprint, bool) {
	if l.print == nil {
		return Fingerprint{}, false
	}
	return *l.print, true
}

// SetFingerprint compares the query with the one that the checkpoint belongs to
// and returns a *MismatchError if it is another; else it stores it. A checkpoint
// whose query never started belongs to nobody. It is called before Start and
// before the first Plan.
func (l *Log) SetFingerprint(f Fingerprint) error {
	if l.failed != nil {
		return l.failed
	}
	if l.print != nil {
		if err := l.compare(*l.print, f); err != nil && l.state.Started() {
			return err
		}
		if reflect.DeepEqual(*l.print, f) {
			return nil
		}
	}
	err := l.store(func() error {
		return disk.ReplaceFile(l.fs, filepath.Join(l.dir, fingerprintFile), append(encodeJSON(f), '\n'))
	})
	if err == nil {
		l.print = &f
	}
	return err
}

func (l *Log) compare(was, is Fingerprint) error {
	for _, c := range []struct{ what, was, is string }{
		{"source list", strings.Join(was.Sources, "; "), strings.Join(is.Sources, "; ")},
		{"sink", was.Sink, is.Sink},
		{"output schema", was.Schema, is.Schema},
	} {
		if c.was != c.is {
			return &MismatchError{Dir: l.dir, What: c.what, Was: c.was, Is: c.is}
		}
	}
	same := was.Plan == is.Plan
	if was.Plan == "" || is.Plan == "" {
		same = was.Query == is.Query
	}
	if !same {
		return &MismatchError{Dir: l.dir, What: "query text", Was: was.Query, Is: is.Query}
	}
	return nil
}

func (l *Log) loadFingerprint() error {
	name := filepath.Join(l.dir, fingerprintFile)
	data, err := l.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var f Fingerprint
	if err := json.Unmarshal(data, &f); err != nil {
		return &DamageError{name, notJSON(data, err).Error(), "if you are sure that this checkpoint belongs to this query, delete the file; else restore it from a backup"}
	}
	l.print = &f
	return nil
}

// sourcesDiffer says that a plan has another number of sources than the one
// before.
func (l *Log) sourcesDiffer(is int) error {
	return &MismatchError{Dir: l.dir, What: "number of sources", Was: fmt.Sprint(len(l.state.start())), Is: fmt.Sprint(is)}
}
