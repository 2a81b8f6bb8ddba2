package file

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/disk"
)

// dataFile is one file of a table.
type dataFile struct {
	path string
	size int64 // how much of it counts
	// modified is when it was written.
	modified time.Time
}

func (f dataFile) gzipped() bool { return strings.HasSuffix(f.path, ".gz") }

// listing is what a table's path stands for now.
type listing struct {
	path    string // absolute
	files   []dataFile
	folder  bool          // it is a folder, or nothing yet and could be one
	missing bool          // it is not there yet
	schema  *arrow.Schema // of the rows that were written last, if it is known
	notes   []string
}

// list finds a table's files, in a fixed order.
func (c *Connector) list(t *catalog.Table) (*listing, error) {
	root, err := absolute(t.Options["path"])
	if err != nil {
		return nil, err
	}
	filter := t.Options["pathglobfilter"]
	if _, err := path.Match(filter, ""); err != nil {
		return nil, &connector.OptionError{Option: "pathglobfilter", Msg: fmt.Sprintf("pathGlobFilter %q is not a pattern", filter), Hint: "it may have *, ?, [a-z] and {a,b}"}
	}
	l := &listing{path: root}
	w := walker{fs: c.fs, list: l, filter: braces(filter), recursive: strings.EqualFold(t.Options["recursivefilelookup"], "true")}
	info, err := c.fs.Stat(root)
	switch {
	case err == nil && info.IsDir():
		l.folder = true
		err = w.folder(root)
	case err == nil:
		w.file(root, info)
	case !errors.Is(err, fs.ErrNotExist):
		err = disk.Explain("read", root, err)
	case strings.ContainsAny(root, "*?[{"):
		err = w.glob(root)
	default:
		err = c.missing(l)
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// missing is a path where nothing is. What has no suffix can be a folder that an
// INSERT will make.
func (c *Connector) missing(l *listing) error {
	l.missing = true
	if l.folder = filepath.Ext(l.path) == "" && c.format.writable(); l.folder {
		return nil
	}
	dir, base := filepath.Split(l.path)
	entries, err := c.fs.ReadDir(filepath.Clean(dir))
	if err != nil {
		return fmt.Errorf("%s: no such file or folder, and no folder %s", l.path, filepath.Clean(dir))
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if near := catalog.Nearest(base, names); near != "" {
		return fmt.Errorf("%s: no such file or folder: did you mean %s?", l.path, filepath.Join(dir, near))
	}
	return fmt.Errorf("%s: no such file or folder", l.path)
}

// walker collects the files of a listing.
type walker struct {
	fs        disk.FS
	list      *listing
	filter    []string // patterns of base names, any of which must fit
	recursive bool
}

// file takes one file, unless the filter is against it or it is empty.
func (w *walker) file(name string, info fs.FileInfo) {
	if info.Size() > 0 && w.passes(filepath.Base(name)) {
		w.list.files = append(w.list.files, dataFile{path: name, size: info.Size(), modified: info.ModTime()})
	}
}

func (w *walker) passes(base string) bool {
	for _, p := range w.filter {
		if ok, _ := path.Match(p, base); ok {
			return true
		}
	}
	return len(w.filter) == 1 && w.filter[0] == ""
}

// folder takes the files of a folder: those its log lists, if it has one.
func (w *walker) folder(dir string) error {
	log, logged, err := openLog(w.fs, dir)
	if err != nil {
		return err
	}
	if logged {
		return w.logged(dir, log)
	}
	return w.plain(dir)
}

func (w *walker) plain(dir string) error {
	entries, err := w.fs.ReadDir(dir)
	if err != nil {
		return disk.Explain("read", dir, err)
	}
	for _, e := range entries {
		if !isData(e.Name()) {
			continue
		}
		if err := w.entry(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) entry(name string) error {
	info, err := w.fs.Stat(name) // follows links, as ReadDir does not
	if err != nil {
		return disk.Explain("read", name, err)
	}
	switch {
	case !info.IsDir():
		w.file(name, info)
	case w.recursive:
		return w.plain(name)
	case strings.Contains(filepath.Base(name), "="):
		return fmt.Errorf("%s: folders of partitions (key=value) are not supported yet; with recursiveFileLookup = true the files are read without the columns that the folders' names stand for", name)
	}
	return nil
}

// glob takes what a pattern fits. Folders it fits are listed without their logs, as
// in Spark.
func (w *walker) glob(pattern string) error {
	volume := filepath.VolumeName(pattern)
	parts := strings.Split(filepath.ToSlash(strings.TrimPrefix(pattern, volume)), "/")
	names := []string{volume + string(filepath.Separator)}
	for _, part := range parts {
		if part == "" {
			continue
		}
		var err error
		if names, err = w.step(names, part); err != nil {
			return err
		}
	}
	for _, name := range names {
		info, err := w.fs.Stat(name)
		switch {
		case err != nil:
			return disk.Explain("read", name, err)
		case info.IsDir():
			err = w.plain(name)
		default:
			w.file(name, info)
		}
		if err != nil {
			return err
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("%s: no file fits the pattern", pattern)
	}
	return nil
}

// step goes one folder deeper.
func (w *walker) step(dirs []string, part string) (out []string, err error) {
	if !strings.ContainsAny(part, "*?[{") {
		for _, dir := range dirs {
			name := filepath.Join(dir, part)
			if _, err := w.fs.Stat(name); err == nil {
				out = append(out, name)
			}
		}
		return out, nil
	}
	patterns := braces(part)
	for _, dir := range dirs {
		entries, err := w.fs.ReadDir(dir)
		if err != nil {
			continue // a file, or a folder that is not ours to read
		}
		for _, e := range entries {
			for _, p := range patterns {
				ok, err := path.Match(p, e.Name())
				if err != nil {
					return nil, &connector.OptionError{Option: "path", Msg: fmt.Sprintf("path %q is not a pattern", part), Hint: "it may have *, ?, [a-z] and {a,b}"}
				}
				if ok && isData(e.Name()) {
					out = append(out, filepath.Join(dir, e.Name()))
					break
				}
			}
		}
	}
	return out, nil
}

// braces writes a pattern with {a,b} as several without.
func braces(pattern string) []string {
	open := strings.IndexByte(pattern, '{')
	if open < 0 {
		return []string{pattern}
	}
	end := strings.IndexByte(pattern[open:], '}')
	if end < 0 {
		return []string{pattern}
	}
	end += open
	var out []string
	for alt := range strings.SplitSeq(pattern[open+1:end], ",") {
		out = append(out, braces(pattern[:open]+alt+pattern[end+1:])...)
	}
	return out
}

// logged takes the files that a folder's log lists. An entry's absolute path may
// be of where the folder was before: then the file of that name in the folder is
// meant.
func (w *walker) logged(dir string, log *sinkLog) error {
	entries, err := log.entries()
	if err != nil {
		return err
	}
	was, err := readOwner(w.fs, dir)
	if err != nil {
		return err
	}
	w.list.schema = was.schema()
	present, err := w.present(dir)
	if err != nil {
		return err
	}
	moved, elsewhere := 0, 0
	seen := map[string]bool{}
	for _, e := range entries {
		p := pathOf(e.Path)
		base := filepath.Base(p)
		if e.IsDir || e.Size <= 0 || !isData(base) || seen[base] || !w.passes(base) {
			continue
		}
		here := filepath.Dir(p) == dir
		info, there := present[base]
		switch {
		case here && !there:
			return fmt.Errorf("%s: the file is gone, and the log in %s lists it; restore it, or read the files that are left with the glob %s", p, log.dir, filepath.Join(dir, "*"))
		case !there:
			elsewhere++
			continue
		case !here:
			moved++
		}
		seen[base] = true
		w.list.files = append(w.list.files, dataFile{path: filepath.Join(dir, base), size: min(e.Size, info.Size()), modified: info.ModTime()})
	}
	if elsewhere > 0 && len(w.list.files) == 0 {
		return fmt.Errorf("%s: its log lists %d files in another folder and none that is here; read the files that are here with the glob %s", dir, elsewhere, filepath.Join(dir, "*"))
	}
	if moved > 0 {
		w.list.notes = append(w.list.notes, fmt.Sprintf("%s was moved: %d files in its log are named by their old place and are taken from here (Spark would read them as no rows)", dir, moved))
	}
	if elsewhere > 0 {
		w.list.notes = append(w.list.notes, fmt.Sprintf("%s: %d files in its log are in another folder and are left out", dir, elsewhere))
	}
	return nil
}

func (w *walker) present(dir string) (map[string]fs.FileInfo, error) {
	entries, err := w.fs.ReadDir(dir)
	if err != nil {
		return nil, disk.Explain("read", dir, err)
	}
	out := make(map[string]fs.FileInfo, len(entries))
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && !e.IsDir() {
			out[e.Name()] = info
		}
	}
	return out, nil
}
