package exec

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// tracked is a record whose rows are no longer those of the chunk it came from,
// one for one: row r was row origin[r]. It lets a fault name the row that was
// read, behind any number of filters and joins.
type tracked struct {
	arrow.Record
	origin []int32
}

// track says that the rows of rec, which it is given, were rows[r] of from.
func track(rec, from arrow.Record, rows []int32) arrow.Record {
	if f, ok := from.(*tracked); ok {
		origin := make([]int32, len(rows))
		for i, r := range rows {
			origin[i] = f.origin[r]
		}
		return &tracked{rec, origin}
	}
	return &tracked{rec, rows}
}

// sameRows says that the rows of rec, which it is given, are those of from.
func sameRows(rec, from arrow.Record) arrow.Record {
	if f, ok := from.(*tracked); ok {
		return &tracked{rec, f.origin}
	}
	return rec
}

// NewSlice keeps the origin of the rows.
func (r *tracked) NewSlice(i, j int64) arrow.Record {
	return &tracked{r.Record.NewSlice(i, j), r.origin[i:j]}
}

// originTask is t for the rows of rec: its faults are of the chunk's rows.
func originTask(t catalog.Task, rec arrow.Record) catalog.Task {
	if f, ok := rec.(*tracked); ok {
		return rowsTask{t, f.origin}
	}
	return t
}
