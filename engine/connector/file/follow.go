package file

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/millrace-sql/millrace/engine/connector"
)

// follower finds the files of a stream as they come.
type follower struct {
	list     func() (*listing, error)
	maxFiles int // an epoch takes; 0: any
}

// next chooses the files of an epoch. One that was taken is done, even if it has
// grown since.
func (f *follower) next(files []dataFile, from, until connector.Offsets) []dataFile {
	fresh := slices.DeleteFunc(slices.Clone(files), func(file dataFile) bool {
		_, done := from[file.path]
		_, wanted := until[file.path]
		return done || until != nil && !wanted
	})
	slices.SortStableFunc(fresh, func(a, b dataFile) int { return a.modified.Compare(b.modified) })
	if f.maxFiles > 0 && len(fresh) > f.maxFiles {
		fresh = fresh[:f.maxFiles]
	}
	return fresh
}

// FormatOffsets writes the files and how much of each is done.
func (s *source) FormatOffsets(o connector.Offsets) (string, error) {
	if o == nil {
		o = connector.Offsets{}
	}
	text, err := json.Marshal(o)
	return string(text), err
}

// ParseOffsets reads what FormatOffsets wrote.
func (s *source) ParseOffsets(text string) (connector.Offsets, error) {
	o := connector.Offsets{}
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return nil, fmt.Errorf("%.60q are not a file source's offsets: %w", text, err)
	}
	return o, nil
}
