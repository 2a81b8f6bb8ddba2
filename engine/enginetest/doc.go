// Package enginetest holds what tests of several packages share: Golden, the
// runner of golden text files, and FaultFS, a file system in memory that fails
// where it is told to and forgets what was not synced.
//
// It is imported by tests only and may import engine/disk and nothing else of
// millrace.
package enginetest
