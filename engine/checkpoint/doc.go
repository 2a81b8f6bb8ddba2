// Package checkpoint keeps what a query must know after a restart: which
// offsets its epochs take (the plan) and which epochs are done (the commits).
//
// The folder is laid out as Spark lays out its own, so that either system can
// go on where the other stopped:
//
//	metadata        the query's id
//	sources/I/0     where source I began
//	offsets/N       epoch N was planned: the end of each source, one line each
//	commits/N       epoch N is done
//	millrace        ours alone: what query this is
//	models/N        ours alone: the models' versions from epoch N on
//	models/kept/*   ours alone: copies of those models' files
//
// The start of epoch N is the end of epoch N-1. An epoch that was planned and
// not committed runs again with exactly its offsets. At most one is in that
// state: Spark would skip the other. It is scored with the versions of its models
// that it was planned with: they are written before the plan is, when they differ
// from those of the epoch before, and so are the copies of the models' files. A
// copy stays until an epoch with other versions is committed.
//
// What stands in a source's line is the source's business: the package stores
// strings. It runs nothing and knows no sinks. It may import engine/disk and
// nothing else of millrace.
package checkpoint
