//go:build race

package pmml

// raceEnabled says whether the race detector is on: sync.Pool then drops values at
// random.
const raceEnabled = true
