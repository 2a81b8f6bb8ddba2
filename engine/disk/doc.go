// Package disk holds the file operations that durability rests on: what a
// checkpoint or a file sink may do to a disk, as an interface that a test can
// replace with one that fails or loses unsynced writes; and, on top of it, the
// two recipes that everything else uses: a file that is there whole or not at
// all (WriteFile, CreateFile), and a folder that is there after a crash
// (MkdirAll).
//
// It knows no formats. The package may import nothing of millrace.
package disk
