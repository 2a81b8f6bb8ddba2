package checkpoint

import (
	"testing"

	"github.com/millrace-sql/millrace/engine/disk"
)

// BenchmarkEpoch is what planning and committing an epoch costs on this disk.
func BenchmarkEpoch(b *testing.B) {
	l, err := Open(disk.OS{}, b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	if err := l.Start([]string{line(0)}); err != nil {
		b.Fatal(err)
	}
	n := int64(0)
	for b.Loop() {
		if err := l.Plan(n, epoch(n)); err != nil {
			b.Fatal(err)
		}
		if err := l.Commit(n); err != nil {
			b.Fatal(err)
		}
		n++
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}
