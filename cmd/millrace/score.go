package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/openscoring"
)

const scoreLong = `Score reads CSV with a header and writes CSV: the model's targets and then its output fields, one row for
each row of the input. An empty cell is a missing value, and so is a blank line if there is only one column;
columns that the model does not have are ignored.
A row that cannot be scored has empty cells, and then there is a last column _error with the messages; that is
no failure of the command. Memory does not grow with the input: rows wait in a temporary file until all are
scored, because only then is it known whether there is an _error.

Models are PMML documents, directories that Spark ML saved, and what XGBoost (JSON, UBJSON), LightGBM (text) and ONNX
have in a file. Which of them it is, is told from what it holds, unless --format says it.`

// scoreFlags are the settings of score.
type scoreFlags struct {
	model, format, input, output, id string
	options                          []string // name=value
}

func (a *app) scoreCommand() *cobra.Command {
	var s scoreFlags
	cmd := &cobra.Command{
		Use:     "score --model FILE",
		Short:   "Score a CSV file with a model",
		Long:    scoreLong,
		Example: "  millrace score --model forest.pmml --input in.csv --output out.csv --id customer\n  cat in.csv | millrace score --model pipeline/ > out.csv\n  millrace score --model boosted.json --format xgboost --input in.csv",
		Args:    usageArgs(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.score(cmd.Context(), s) },
	}
	f := cmd.Flags()
	f.StringVar(&s.model, "model", "", "the model: a `file`, or a directory that Spark ML saved")
	f.StringVar(&s.input, "input", "-", "the CSV `file` to score (-: standard input)")
	f.StringVar(&s.output, "output", "-", "the `file` to write (-: standard output); a plain file is there whole or not at all")
	f.StringVar(&s.id, "id", "", "carry this `column` of the input over, as the first")
	formats := openscoring.Formats()
	f.StringVar(&s.format, "format", "", "the model's `format`: "+strings.Join(formats, ", ")+" (default: told from what it holds)")
	completeValues(cmd, "format", formats...)
	f.StringArrayVar(&s.options, "option", nil, "an option that CREATE MODEL has for the format, as `name=value`: modelName=b, or features=x,y,z; may be given several times")
	return cmd
}

// score scores one file.
func (a *app) score(ctx context.Context, s scoreFlags) (err error) {
	switch {
	case s.model == "":
		return usageError{errors.New("--model was expected: a model's file, or a directory that Spark ML saved")}
	case s.format != "":
		if err := openscoring.CheckFormat(s.format); err != nil {
			return usageError{fmt.Errorf("--format %w", err)}
		}
	}
	options := map[string]string{}
	for _, o := range s.options {
		name, value, ok := strings.Cut(o, "=")
		if !ok {
			return usageError{fmt.Errorf("--option %s: name=value was expected", o)}
		}
		options[strings.ToLower(name)] = value
	}
	m, err := openscoring.LoadWith(s.model, s.format, options)
	if err != nil {
		return err // it names the model
	}
	in, size, err := a.scoreInput(s.input)
	if err != nil {
		return err
	}
	defer in.Close()
	ctx, stop := untilSignal(ctx)
	defer stop()
	from := io.Reader(in)
	if size == 0 {
		from = newInterruptible(ctx, in)
	}
	show := newScoreProgress(a.err, size)
	o := openscoring.CSVOptions{ID: s.id, Progress: show.update}
	var res openscoring.CSVResult
	if s.output == "-" {
		res, err = m.ScoreCSV(ctx, a.out, from, o)
	} else {
		res, err = scoreToFile(ctx, m, s.output, from, o)
	}
	show.close()
	switch {
	case errors.Is(err, context.Canceled):
		return cutShort("nothing was written")
	case errors.Is(err, openscoring.ErrOutput):
		return err
	case err != nil:
		return fmt.Errorf("%s: %w", inputName(s.input), err)
	case res.Failed > 0:
		fmt.Fprintf(a.err, "%s of %s rows could not be scored (see _error); the first, %s\n", catalog.Thousands(res.Failed), catalog.Thousands(res.Rows), oneLine(res.First))
	}
	return nil
}

// oneLine is a message that may have a cell of any length in it, as a line of
// moderate length.
func oneLine(s string) string {
	const most = 300
	s = strings.Join(strings.Fields(s[:min(len(s), 8*most)]), " ")
	if c := clip(s, most); len(c) < len(s) {
		return c + "..."
	}
	return s
}

// outputError is why a path cannot be written to.
func outputError(path string, err error) error {
	return fmt.Errorf("%w %w", openscoring.ErrOutput, atPath(path, err))
}

// atPath names the path that a person gave, and not the call that failed there.
func atPath(path string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

func inputName(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}

// scoreInput opens the input; size is 0 if it is not known.
func (a *app) scoreInput(path string) (in io.ReadCloser, size int64, err error) {
	if path == "-" {
		return io.NopCloser(a.in), 0, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("input %w", atPath(path, err))
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	return f, size, nil
}

// scoreToFile writes to a path: a plain file appears when it is complete, and
// what else there is (a device, a pipe) is written to.
func scoreToFile(ctx context.Context, m *openscoring.Model, path string, in io.Reader, o openscoring.CSVOptions) (res openscoring.CSVResult, err error) {
	given := path
	path, replace, err := outputPath(path)
	if err != nil {
		return res, outputError(given, err)
	}
	if replace {
		return scoreToPlainFile(ctx, m, path, in, o)
	}
	f, err := openSpecial(ctx, path)
	if err != nil {
		return res, outputError(path, err)
	}
	if res, err = m.ScoreCSV(ctx, f, in, o); err != nil {
		_ = f.Close()
		return res, err
	}
	if err = f.Close(); err != nil {
		return res, outputError(path, err)
	}
	return res, nil
}

// outputPath follows links to the file that is to be replaced, whether it is there
// yet or not; replace is false if the path is of something else.
func outputPath(path string) (target string, replace bool, err error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return "", false, errors.New("it is a directory, and a file was expected")
	case err == nil && !info.Mode().IsRegular():
		return path, false, nil
	case err == nil:
		target, err := filepath.EvalSymlinks(path)
		if err != nil { // a file that is open and has no name any more, as /dev/stdout can be
			return path, false, nil
		}
		return target, true, nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", false, err
	}
	const links = 40 // as many as Linux follows
	for range links {
		next, err := os.Readlink(path)
		if err != nil {
			break // it is no link
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(path), next)
		}
		path = next
	}
	return path, true, nil
}

// openSpecial opens a device or a pipe; a named pipe waits for its reader.
func openSpecial(ctx context.Context, path string) (*os.File, error) {
	type result struct {
		f   *os.File
		err error
	}
	ch := make(chan result, 1)
	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
		ch <- result{f, err}
	}()
	select {
	case r := <-ch:
		return r.f, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// scoreToPlainFile writes a file that appears when it is complete.
func scoreToPlainFile(ctx context.Context, m *openscoring.Model, path string, in io.Reader, o openscoring.CSVOptions) (res openscoring.CSVResult, err error) {
	f, err := createBeside(path)
	if err != nil {
		return res, outputError(path, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close() // again, if it was closed
			_ = os.Remove(f.Name())
		}
	}()
	o.TempDir = filepath.Dir(path)
	if res, err = m.ScoreCSV(ctx, f, in, o); err != nil {
		return res, err
	}
	if err = errors.Join(f.Sync(), f.Close()); err != nil {
		return res, outputError(path, err)
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return res, outputError(path, err)
	}
	return res, nil
}

// createBeside makes a file that is to take a path's place: with its permissions
// if it is there, and else with those of any new file.
func createBeside(path string) (*os.File, error) {
	mode, old := fs.FileMode(0o666), false
	if info, err := os.Stat(path); err == nil {
		mode, old = info.Mode().Perm(), true
	}
	f, err := os.OpenFile(filepath.Join(filepath.Dir(path), ".millrace-"+rand.Text()+".tmp"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil || !old {
		return f, err
	}
	if err := f.Chmod(mode); err != nil { // what the umask took away
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return f, nil
}

// untilSignal is a context that also ends at an interrupt.
func untilSignal(ctx context.Context) (context.Context, func()) {
	ch, stop := signals()
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-ch:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() { stop(); cancel() }
}

// scoreProgress draws a line on a terminal while a long input is scored.
type scoreProgress struct {
	w     io.Writer // nil: nobody looks
	size  int64
	began time.Time
	last  time.Time
	drawn bool
}

func newScoreProgress(w io.Writer, size int64) *scoreProgress {
	p := &scoreProgress{size: size, began: time.Now(), last: time.Now()}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.w = w
	}
	return p
}

// update draws where the input is, five times a second at most.
func (p *scoreProgress) update(rows, read int64) {
	if p.w == nil || time.Since(p.last) < 200*time.Millisecond {
		return
	}
	p.last = time.Now()
	fmt.Fprint(p.w, "\r\x1b[K", clip(scoreLine(rows, read, p.size, time.Since(p.began)), width(p.w)))
	p.drawn = true
}

// scoreLine is the progress as text.
func scoreLine(rows, read, size int64, took time.Duration) string {
	s := fmt.Sprintf("%s rows, %s rows/s", catalog.Thousands(rows), catalog.Thousands(int64(float64(rows)/took.Seconds())))
	if size > 0 {
		const bar = 30
		done := int(bar * min(read, size) / size)
		s = fmt.Sprintf("%3d%% [%-*s] %s", 100*min(read, size)/size, bar, "##############################"[:done], s)
	}
	return s
}

func (p *scoreProgress) close() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
