package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/disk"
)

// Resume takes the folder for a query and compares its log with the query's
// checkpoint. A query that is not resumed is a batch INSERT: its rows are
// appended as the next epoch.
func (s *sink) Resume(_ context.Context, q connector.QueryID, at connector.Resumption) error {
	if err := s.take(); err != nil {
		return fmt.Errorf("output %s: %w", s.folder, err)
	}
	if err := s.checkResume(q, at); err != nil {
		return errors.Join(fmt.Errorf("output %s: %w", s.folder, err), s.Close())
	}
	s.resumed, s.owner = true, q
	return nil
}

func (s *sink) checkResume(q connector.QueryID, at connector.Resumption) error {
	if err := s.makeLog(); err != nil {
		return err
	}
	was, err := readOwner(s.fs, s.folder)
	if err != nil {
		return err
	}
	latest := s.log.latest()
	const fresh = "choose an empty folder for this query, or empty this one"
	switch {
	case latest < 0:
		// Nothing is written yet: whoever was here before left no rows.
	case was.Batch:
		return fmt.Errorf("the folder was filled by INSERTs of batch queries; a streaming query needs one of its own: %s", fresh)
	case was.Query != "" && was.Query != string(q):
		return fmt.Errorf("the folder belongs to another query (%s, %d epochs), this one is %s: %s, or give the query the checkpointLocation that the folder was written with", was.Query, latest+1, q, fresh)
	case at.First:
		return fmt.Errorf("the folder holds %d epochs, and the query has no checkpoint: it would begin again at epoch 0 and the first %d epochs would be skipped; give it the checkpointLocation that the folder was written with, or %s", latest+1, latest+1, fresh)
	case latest > at.Next, latest == at.Next && !at.Planned:
		return fmt.Errorf("the folder is ahead of the checkpoint: its log goes to epoch %d, the checkpoint goes on with epoch %d, so that the epochs between would be skipped; restore the checkpoint that belongs to the folder, or start over with an empty checkpoint and an empty folder", latest, at.Next)
	}
	if latest < at.Next-1 {
		return fmt.Errorf("the folder is behind the checkpoint: its log ends at epoch %s, the checkpoint has committed epoch %d, so that rows are missing; restore the folder, or start over with an empty checkpoint and an empty folder", orNone(latest), at.Next-1)
	}
	return s.own(was, owner{Query: string(q)})
}

func orNone(n int64) string {
	if n < 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

// openBatch takes the folder for a batch INSERT.
func (s *sink) openBatch() error {
	if err := disk.MkdirAll(s.fs, s.folder); err != nil {
		return err
	}
	_, logged, err := openLog(s.fs, s.folder)
	if err != nil {
		return err
	}
	if !logged {
		files, err := dataFiles(s.fs, s.folder)
		if err != nil {
			return err
		}
		if s.plain = files > 0; s.plain {
			// A log would hide the files that are there: do as Spark does and just add one.
			return s.takeLock(filepath.Join(s.folder, ".millrace.lock"))
		}
	}
	if err := s.take(); err != nil {
		return err
	}
	if err := s.checkBatch(); err != nil {
		return errors.Join(err, s.Close())
	}
	return nil
}

func (s *sink) checkBatch() error {
	if err := s.makeLog(); err != nil {
		return err
	}
	was, err := readOwner(s.fs, s.folder)
	if err != nil {
		return err
	}
	if s.log.latest() >= 0 && !was.Batch {
		who := "another program's query"
		if was.Query != "" {
			who = "the streaming query " + was.Query
		}
		return fmt.Errorf("the folder belongs to %s, whose epochs an INSERT would get in the way of; INSERT into a table with a folder of its own", who)
	}
	return s.own(was, owner{Batch: true})
}

// own notes whose epochs follow, durably.
func (s *sink) own(was, is owner) error {
	schema, err := encodeSchema(s.schema)
	if err != nil {
		return err
	}
	is.Schema = schema
	if was.Query == is.Query && was.Batch == is.Batch && bytes.Equal(was.Schema, is.Schema) {
		return nil
	}
	return writeOwner(s.fs, s.folder, is)
}

// take makes the folder and locks its log.
func (s *sink) take() error {
	if err := disk.MkdirAll(s.fs, s.folder); err != nil {
		return err
	}
	if err := s.refuseHiding(); err != nil {
		return err
	}
	if err := disk.MkdirAll(s.fs, filepath.Join(s.folder, logDir)); err != nil {
		return err
	}
	return s.takeLock(filepath.Join(s.folder, logDir, ".lock"))
}

func (s *sink) takeLock(name string) error {
	lock, err := s.fs.Lock(name)
	var locked *disk.LockedError
	if errors.As(err, &locked) {
		return fmt.Errorf("%s is writing into the folder; stop its query first, or choose another folder: %w", locked.Owner, err)
	}
	if err != nil {
		return disk.Explain("lock", name, err)
	}
	s.lock = lock
	return nil
}

// refuseHiding refuses a folder of files without a log: with one, readers would
// not see the files any more.
func (s *sink) refuseHiding() error {
	_, logged, err := openLog(s.fs, s.folder)
	if err != nil || logged {
		return err
	}
	files, err := dataFiles(s.fs, s.folder)
	if err != nil {
		return err
	}
	if files > 0 {
		return fmt.Errorf("the folder holds %d files that no query has written, and readers would not see them any more beside a query's log; choose an empty folder, or move the files away", files)
	}
	return nil
}

// makeLog removes what a crash left half written and lists the log.
func (s *sink) makeLog() error {
	for _, dir := range []string{s.folder, filepath.Join(s.folder, logDir)} {
		if err := s.tidy(dir); err != nil {
			return err
		}
	}
	return s.list()
}

// tidy removes the temporary files of part files and log entries. The lock is
// held: nobody is writing them.
func (s *sink) tidy(dir string) error {
	entries, err := s.fs.ReadDir(dir)
	if err != nil {
		return disk.Explain("read", dir, err)
	}
	for _, e := range entries {
		if !disk.IsTemporary(e.Name()) {
			continue
		}
		name := filepath.Join(dir, e.Name())
		if err := s.fs.Remove(name); err != nil {
			return disk.Explain("remove", name, err)
		}
	}
	return nil
}

// dataFiles counts the files of a folder that a reader would see.
func dataFiles(fsys disk.FS, folder string) (int, error) {
	entries, err := fsys.ReadDir(folder)
	if err != nil {
		return 0, disk.Explain("read", folder, err)
	}
	n := 0
	for _, e := range entries {
		if isData(e.Name()) {
			n++
		}
	}
	return n, nil
}
