package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// signals gives the interrupts that come from now on; stop ends that.
func signals() (ch <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	return c, func() { signal.Stop(c) }
}

// waitForSignal waits for an interrupt or the context's end.
func waitForSignal(ctx context.Context) {
	ch, stop := signals()
	defer stop()
	select {
	case <-ch:
	case <-ctx.Done():
	}
}
