package engine

import (
	"log/slog"
	"time"

	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/model"
)

// Config says how an engine works. The zero value touches no disk: the embedded
// broker is in memory and queries keep no checkpoint unless they name one.
type Config struct {
	// DataDir is where the engine keeps what it keeps by itself: the embedded
	// broker's log and the checkpoints of queries that name none. Scripts see it as
	// ${data_dir}. Empty: nothing is kept, and ${data_dir} is undefined.
	DataDir string
	// Variables are what ${name} stands for; they win over SET.
	Variables map[string]string
	// Workers is how many goroutines decode, compute and encode for each query; 0 is
	// one a processor.
	Workers int
	// Allocator makes the buffers of running queries; nil is arrow's default.
	Allocator memory.Allocator
	// Logger takes remarks for the operator; nil discards them.
	Logger *slog.Logger
	// Connectors are added to the built-in ones (kafka, csv, json, text, memory, console).
	// One of the same name takes the built-in's place.
	Connectors []connector.Connector
	// ModelFormats are added to the built-in ones (pmml, sparkml, xgboost, lightgbm).
	ModelFormats []ModelFormat
	// Listener, when set, is told of each query's start, epochs and end. It is called
	// from the queries' goroutines and must not block.
	Listener func(Event)
	// BrokerPort is the embedded broker's port on the loopback interface; 0 is one
	// that is free.
	BrokerPort int
	// AvailableNow makes every streaming query end when it has done what its sources
	// held at its start.
	AvailableNow bool
	// PollInterval is how long a streaming query without new rows waits before it
	// looks again; 0 is 10 ms.
	PollInterval time.Duration
	// NoOptimizer runs plans as they were bound: for tests that compare.
	NoOptimizer bool
	// Hook, when set, is told of the points of an epoch at which a crash makes a
	// difference: "epoch planned", "part file renamed", "sink log written", "dead
	// letters written", "epoch committed". For tests.
	Hook func(point string)
}

// ModelFormat loads models of one format: what a name after CREATE MODEL ...
// USING means.
type ModelFormat = model.Format

func (c Config) withDefaults() Config {
	if c.Allocator == nil {
		c.Allocator = memory.DefaultAllocator
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.PollInterval <= 0 {
		c.PollInterval = 10 * time.Millisecond
	}
	return c
}
