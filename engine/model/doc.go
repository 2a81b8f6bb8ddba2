// Package model is the formats of models: it turns the options of CREATE MODEL, a
// file's or a directory's path among them, into a catalog.Model. What the formats
// mean is in the packages of their names; this one only makes them alike.
//
// It may import catalog, the contracts of engine/connector and the packages of the
// formats.
package model
