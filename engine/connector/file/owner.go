package file

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/engine/disk"
)

// ownerFile says whose epochs a log holds. Spark ignores it.
const ownerFile = ".millrace"

// owner is what stands in it. Schema remembers the columns in their order and
// with their types, which the rows' JSON does not tell.
type owner struct {
	// Query is the query whose epochs these are, or "" for batch INSERTs, each of
	// which has an id of its own.
	Query  string          `json:"query,omitempty"`
	Batch  bool            `json:"batch,omitempty"`
	Schema json.RawMessage `json:"schema,omitempty"`
}

func ownerPath(folder string) string { return filepath.Join(folder, logDir, ownerFile) }

// readOwner gives the zero owner where there is no file: a folder of Spark's.
func readOwner(fsys disk.FS, folder string) (owner, error) {
	data, err := disk.ReadFile(fsys, ownerPath(folder))
	if errors.Is(err, fs.ErrNotExist) {
		return owner{}, nil
	}
	if err != nil {
		return owner{}, err
	}
	var o owner
	if err := json.Unmarshal(data, &o); err != nil {
		return owner{}, fmt.Errorf("%s is damaged: %w; delete it if only one query has ever written into %s", ownerPath(folder), err, folder)
	}
	return o, nil
}

func writeOwner(fsys disk.FS, folder string, o owner) error {
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return disk.ReplaceFile(fsys, ownerPath(folder), append(data, '\n'))
}

// schema is the columns that were written last, or nil if they are not known.
func (o owner) schema() *arrow.Schema {
	if o.Schema == nil {
		return nil
	}
	s, err := decodeSchema(o.Schema)
	if err != nil {
		// A newer version's type: the rows can still be inferred.
		return nil
	}
	return s
}
