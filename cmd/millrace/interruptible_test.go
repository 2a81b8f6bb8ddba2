package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestInterruptible reads what a reader has, and ends with its context while the
// reader waits.
func TestInterruptible(t *testing.T) {
	text := strings.Repeat("0123456789", 20000)
	for name, in := range map[string]io.Reader{"whole": strings.NewReader(text), "halves": iotest.HalfReader(strings.NewReader(text)), "data and end": iotest.DataErrReader(strings.NewReader(text))} {
		ctx, cancel := context.WithCancel(context.Background())
		if got, err := io.ReadAll(newInterruptible(ctx, in)); err != nil || string(got) != text {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		cancel()
	}
	broken := errors.New("the disk is gone")
	if got, err := io.ReadAll(newInterruptible(t.Context(), io.MultiReader(strings.NewReader("a"), iotest.ErrReader(broken)))); !errors.Is(err, broken) || string(got) != "a" {
		t.Errorf("%q, %v", got, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	waiting, feed := io.Pipe()
	defer feed.Close()
	ended := make(chan error)
	go func() {
		_, err := io.ReadAll(newInterruptible(ctx, waiting))
		ended <- err
	}()
	if _, err := feed.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
