package sparkml

import (
	"maps"
	"slices"
)

// Classes are the stages that are read, sorted: the parts of their class names after org.apache.spark.ml, such as
// feature.Bucketizer.
func Classes() []string { return slices.Sorted(maps.Keys(readers)) }
