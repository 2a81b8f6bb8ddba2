package engine

// Event is something that happened to a query or the engine, for the listener:
// a QueryStarted, a QueryProgress, a QueryStatus, a ModelChanged, a
// ModelRefused, a ModelNotKept, a QueryEnded or a BrokerStarted.
type Event interface{ event() }

type (
	// QueryStarted comes when a query's first offsets are logged.
	QueryStarted struct{ Query *Query }

	// QueryProgress comes after each epoch.
	QueryProgress struct {
		Query    *Query
		Progress Progress
	}

	// QueryStatus comes when a query begins or ends to wait for something; Text is ""
	// when it goes on.
	QueryStatus struct {
		Query *Query
		Text  string
	}

	// ModelChanged comes between two epochs, when a query goes on with another version
	// of a model: Epoch is the first that Is scores.
	ModelChanged struct {
		Query   *Query
		Model   string
		Was, Is string // the versions
		Epoch   int64
	}

	// ModelRefused comes when a changed model cannot be used and the version before it
	// stays: by a query, or, with Query nil, by all, because the model's files do not
	// load.
	ModelRefused struct {
		Query *Query
		Model string
		Err   error
	}

	// ModelNotKept comes when a query's checkpoint can keep no copy of a version of a
	// model, because its files have changed since they were read: an epoch that is cut
	// short can then run again only while the model is the same.
	ModelNotKept struct {
		Query          *Query
		Model, Version string
		Err            error
	}

	// QueryEnded comes when a query has ended; Err is nil when it was stopped or done.
	QueryEnded struct {
		Query *Query
		Err   error
	}

	// BrokerStarted comes when the embedded broker is up.
	BrokerStarted struct{ Addr string }
)

func (QueryStarted) event()  {}
func (QueryProgress) event() {}
func (QueryStatus) event()   {}
func (ModelChanged) event()  {}
func (ModelRefused) event()  {}
func (ModelNotKept) event()  {}
func (QueryEnded) event()    {}
func (BrokerStarted) event() {}
