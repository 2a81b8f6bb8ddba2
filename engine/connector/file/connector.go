package file

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/disk"
)

// Config is what a process can set for its file connectors. The zero value
// works.
type Config struct {
	// Hook, when set, is told of the points of an epoch at which a crash makes a
	// difference: PointRenamed, PointLogged. For tests.
	Hook func(point string)
}

// format is what rows are in a file.
type format interface {
	name() string
	// suffix of part files.
	suffix() string
	options() []connector.Option
	// newReader prepares reading rows of a schema.
	newReader(schema *arrow.Schema, options map[string]string) (reader, error)
	// infer finds the columns of files.
	infer(options map[string]string, files []input) (*arrow.Schema, error)
	// newEncoder prepares writing; writable says whether it can.
	newEncoder(schema *arrow.Schema, options map[string]string) (encoder, error)
	writable() bool
}

// Connector is one of csv, json and text.
type Connector struct {
	fs     disk.FS
	cfg    Config
	format format
}

// NewJSON makes the connector json: one JSON object a line.
func NewJSON(fsys disk.FS, cfg Config) *Connector {
	return &Connector{fs: fsys, cfg: cfg, format: jsonFormat{}}
}

// NewCSV makes the connector csv.
func NewCSV(fsys disk.FS, cfg Config) *Connector {
	return &Connector{fs: fsys, cfg: cfg, format: csvFormat{}}
}

// NewText makes the connector text: one column, value, with a file's lines.
func NewText(fsys disk.FS, cfg Config) *Connector {
	return &Connector{fs: fsys, cfg: cfg, format: textFormat{}}
}

// Name is the word after USING.
func (c *Connector) Name() string { return c.format.name() }

// Options specifies every option.
func (c *Connector) Options() []connector.Option { return c.format.options() }

// Describe looks at the files. A path that is not there is a fault, unless it
// looks like a folder and the table can be written: then an INSERT makes it.
func (c *Connector) Describe(_ context.Context, _ connector.Env, t *catalog.Table, _ bool) (connector.Description, error) {
	notes, err := connector.CheckOptions(c.Options(), t.Options)
	if err != nil {
		return connector.Description{}, err
	}
	d := connector.Description{Notes: notes, Readable: true, Unbounded: t.Stream}
	if _, err := maxFiles(t); err != nil {
		return d, err
	}
	l, err := c.list(t)
	if err == nil && t.Stream && l.missing && !t.Declared {
		err = fmt.Errorf("%s: no such folder; with columns in CREATE STREAM the stream waits for it", l.path)
	}
	if err != nil {
		return d, err
	}
	d.Notes = append(d.Notes, l.notes...)
	d.Writable = c.format.writable() && l.folder
	if t.Declared {
		if l.missing && !t.Stream {
			d.Notes = append(d.Notes, l.path+": nothing is there yet; an INSERT makes the folder")
		}
		d.Schema = t.Schema
		_, err := c.reader(l, t, t.Schema)
		return d, err
	}
	d.Schema, err = c.inferSchema(l, t)
	return d, err
}

// inferSchema finds the columns of a table without any: what was written last
// into the folder, or what the files show; nil when there is nothing yet.
func (c *Connector) inferSchema(l *listing, t *catalog.Table) (*arrow.Schema, error) {
	if l.schema != nil {
		return l.schema, nil
	}
	if len(l.files) == 0 {
		if l.folder && c.format.writable() && !t.Stream {
			return nil, nil
		}
		return nil, fmt.Errorf("%s: no files to take the columns from; name the columns in CREATE TABLE", l.path)
	}
	schema, err := c.format.infer(formatOptions(t), c.inputs(l))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.path, err)
	}
	return schema, nil
}

// reader makes a format's reader and checks that the files have its columns.
func (c *Connector) reader(l *listing, t *catalog.Table, schema *arrow.Schema) (reader, error) {
	r, err := c.format.newReader(schema, formatOptions(t))
	if err != nil {
		return nil, err
	}
	if csv, ok := r.(csvReader); ok {
		if err := csv.checkHeaders(c.inputs(l)); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// OpenSource makes a source over the files that are there now.
func (c *Connector) OpenSource(_ context.Context, _ connector.Env, t *catalog.Table) (connector.Source, error) {
	l, err := c.list(t)
	if err != nil {
		return nil, err
	}
	if l.missing && !(t.Stream && t.Declared) {
		return nil, fmt.Errorf("%s: nothing has been written there yet", l.path)
	}
	schema := t.Schema
	if schema == nil {
		if schema, err = c.inferSchema(l, t); err != nil {
			return nil, err
		}
	}
	if schema == nil {
		return nil, fmt.Errorf("%s: nothing has been written there yet, so that its columns are not known", l.path)
	}
	r, err := c.reader(l, t, schema)
	if err != nil {
		return nil, err
	}
	src := newSource(c.fs, l, schema, r)
	if t.Stream {
		n, err := maxFiles(t)
		if err != nil {
			return nil, err
		}
		src.stream = &follower{list: func() (*listing, error) { return c.list(t) }, maxFiles: n}
	}
	return src, nil
}

// maxFiles is the option maxFilesPerTrigger; 0 is no bound.
func maxFiles(t *catalog.Table) (int, error) {
	text, ok := t.Options["maxfilespertrigger"]
	if !ok {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, &connector.OptionError{Option: "maxfilespertrigger", Msg: fmt.Sprintf("option maxFilesPerTrigger: %q is not a number of files", text)}
	}
	return n, nil
}

// OpenSink makes a sink into a folder. It touches nothing before the first Write
// or Resume.
func (c *Connector) OpenSink(_ context.Context, _ connector.Env, t *catalog.Table, schema *arrow.Schema) (connector.Sink, error) {
	if !c.format.writable() {
		return nil, fmt.Errorf("table %s: %s files cannot be written yet", t.Name, c.Name())
	}
	folder, err := absolute(t.Options["path"])
	if err != nil {
		return nil, err
	}
	enc, err := c.format.newEncoder(schema, formatOptions(t))
	if err != nil {
		return nil, err
	}
	if _, err := encodeSchema(schema); err != nil {
		return nil, err
	}
	s := &sink{fs: c.fs, folder: folder, suffix: c.format.suffix(), enc: enc, schema: schema, hook: c.cfg.Hook,
		overwrite: t.Options[connector.OverwriteOption] == "true"}
	if s.gzip, err = compressed(t.Options); err != nil {
		return nil, err
	}
	if s.gzip {
		s.suffix += ".gz"
	}
	return s, nil
}

// compressed says whether the options ask for gzip.
func compressed(options map[string]string) (bool, error) {
	key := "compression"
	if _, ok := options[key]; !ok {
		key = "codec"
	}
	switch name := strings.ToLower(options[key]); name {
	case "", "none", "uncompressed":
		return false, nil
	case "gzip":
		return true, nil
	default:
		return false, &connector.OptionError{Option: key, Msg: fmt.Sprintf("%s %s is not supported", key, name), Hint: "use none or gzip"}
	}
}

// formatOptions are a table's options without those of all files.
func formatOptions(t *catalog.Table) map[string]string {
	out := maps.Clone(t.Options)
	for _, o := range commonOptions {
		delete(out, strings.ToLower(o.Name))
	}
	delete(out, connector.OverwriteOption)
	return out
}

// absolute is a path option as an absolute path.
func absolute(path string) (string, error) {
	if path == "" {
		return "", &connector.OptionError{Option: "path", Msg: "option path is required: a file, a folder or a glob"}
	}
	if strings.HasPrefix(path, "file:") {
		path = pathOf(path)
	} else if scheme, _, ok := strings.Cut(path, "://"); ok {
		return "", &connector.OptionError{Option: "path", Msg: fmt.Sprintf("path %s: %s is not supported", path, scheme), Hint: "use a path on this machine's disks"}
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path), nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("path %s: %w", path, err)
	}
	return filepath.Join(dir, path), nil
}
