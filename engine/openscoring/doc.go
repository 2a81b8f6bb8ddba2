// Package openscoring serves models over HTTP as Openscoring 2.x does, so that
// its clients work unchanged: deploy, list, describe, score, batch, csv and
// undeploy under /openscoring/model; beside them /metrics, /healthz, an OpenAPI
// document and a page to try a model by hand. It also scores CSV files that are
// larger than memory, with the same columns in the same order (ScoreCSV).
//
// A request's JSON or CSV becomes one Arrow array a field of the model, and a
// request is one call of the model's columnar scorer, however many records it
// has. Answers, messages and number formats are those that Openscoring 2.1.0
// was seen to give; testdata/openscoring has the exchanges.
//
// Unlike Openscoring, a Server keeps deployed models on disk, bounds what a
// request may cost, and takes models of every format that engine/model knows.
//
// The package knows neither SQL nor the engine. It imports catalog, engine/model,
// engine/pmml, engine/codec, engine/disk, Arrow and the standard library.
package openscoring
