package function

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// nowTimestamp is the epoch's time, the same for all rows of an epoch.
func nowTimestamp(t catalog.Task, n int, _ []arrow.Array) (arrow.Array, error) {
	out := newColumn[int64](t.Allocator(), n)
	fill(out.v, t.EpochTime().UnixMicro())
	return out.array(tTimestamp), nil
}

func nowDate(t catalog.Task, n int, _ []arrow.Array) (arrow.Array, error) {
	out := newColumn[int32](t.Allocator(), n)
	fill(out.v, int32(floorDiv(t.EpochTime().UnixMicro(), microsPerDay)))
	return out.array(tDate), nil
}
