//go:build !race

package pmml

// raceEnabled says whether the race detector is on.
const raceEnabled = false
