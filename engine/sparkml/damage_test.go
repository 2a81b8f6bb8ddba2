package sparkml

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"
)

// copyOf reads a saved model into memory.
func copyOf(tb testing.TB, name string) fstest.MapFS {
	tb.Helper()
	out := fstest.MapFS{}
	dir := os.DirFS(modelsDir + name + "/model")
	err := fs.WalkDir(dir, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(dir, p)
		out[p] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// remove deletes what is below a folder.
func remove(m fstest.MapFS, folder string) {
	for p := range m {
		if strings.HasPrefix(p, folder) {
			delete(m, p)
		}
	}
}

// edit changes the metadata of a stage.
func edit(m fstest.MapFS, old, with string) {
	for p, f := range m {
		if path.Base(path.Dir(p)) == "metadata" {
			f.Data = []byte(strings.Replace(string(f.Data), old, with, -1))
		}
	}
}

func TestDamaged(t *testing.T) {
	for _, c := range []struct {
		model, what string
		damage      func(fstest.MapFS)
		want        string
	}{
		{"forest_classifier", "no data", func(m fstest.MapFS) { remove(m, "data") }, "RandomForestClassificationModel: the folder data is missing"},
		{"forest_classifier", "no Parquet", func(m fstest.MapFS) { remove(m, "data"); m["data/_SUCCESS"] = &fstest.MapFile{} }, "has no Parquet file"},
		{"forest_classifier", "not Parquet", func(m fstest.MapFS) {
			remove(m, "data")
			m["data/part-0.parquet"] = &fstest.MapFile{Data: []byte("PAR1 and so on PAR1")}
		}, "data/part-0.parquet: not a sound Parquet file"},
		{"forest_classifier", "other data", func(m fstest.MapFS) {
			remove(m, "data")
			for p, f := range copyOf(t, "svc") {
				if strings.HasPrefix(p, "data") {
					m[p] = f
				}
			}
		}, "data has no column nodeData.id; is it the data of another class"},
		{"forest_classifier", "trees", func(m fstest.MapFS) { edit(m, `"numTrees":7`, `"numTrees":9`) }, "there are 9 trees, but data has 7"},
		{"forest_classifier", "features", func(m fstest.MapFS) { edit(m, `"numFeatures":4`, `"numFeatures":2`) }, "of 2"},
		{"forest_classifier", "classes", func(m fstest.MapFS) { edit(m, `"numClasses":3`, `"numClasses":2`) }, "counts 3 classes, expected 2"},
		{"gbt_regressor", "no weights", func(m fstest.MapFS) { remove(m, "treesMetadata") }, "the folder treesMetadata is missing"},
		{"svc", "wrong class", func(m fstest.MapFS) {
			edit(m, "classification.LinearSVCModel", "classification.NaiveBayesModel")
		}, "NaiveBayesModel: data has no column pi.type"},
		{"svc", "estimator", func(m fstest.MapFS) { edit(m, "LinearSVCModel", "LinearSVC") }, "an estimator that was not fitted"},
		{"svc", "thresholds", func(m fstest.MapFS) { edit(m, `"paramMap":{`, `"paramMap":{"featuresCol":7,`) }, "parameter featuresCol"},
		{"bucketizer_error", "splits", func(m fstest.MapFS) { edit(m, `[-1.0,0.0,0.5,10.0]`, `[1.0,0.0,0.5]`) }, "not at least 3 rising numbers"},
		{"bucketizer_error", "handleInvalid", func(m fstest.MapFS) { edit(m, `"handleInvalid":"error"`, `"handleInvalid":"drop"`) }, `handleInvalid is "drop", expected error, skip or keep`},
		{"perceptron", "layers", func(m fstest.MapFS) { edit(m, `"layers":[4,6,5,3]`, `"layers":[4,6,3]`) }, "weights, data has"},
		{"glm_offset", "family", func(m fstest.MapFS) { edit(m, `"family":"poisson"`, `"family":"fish"`) }, `the family "fish" is not supported`},
		{"regex_tokenizer_comma", "pattern", func(m fstest.MapFS) { edit(m, `"pattern":"[,;]"`, `"pattern":"(?<=a)b"`) }, "RE2"},
		{"pipeline_iris", "no stages", func(m fstest.MapFS) { remove(m, "stages") }, "stage 0 (stages/0_StringIndexer"},
		{"pipeline_iris", "no stage data", func(m fstest.MapFS) {
			for p := range m {
				if strings.Contains(p, "RandomForest") && strings.Contains(p, "/data/") {
					delete(m, p)
				}
			}
		}, "stage 2 (stages/2_RandomForestClassifier"},
		{"unsupported", "nothing", func(fstest.MapFS) {}, "the Spark ML class org.apache.spark.ml.feature.NGram is not supported: expected one of: Binarizer,"},
	} {
		t.Run(c.model+" "+c.what, func(t *testing.T) {
			m := copyOf(t, c.model)
			c.damage(m)
			if _, err := Load(m); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// TestFlippedBytes loads Parquet files with damaged bytes: an error or a model, never a panic.
func TestFlippedBytes(t *testing.T) {
	for _, name := range []string{"forest_classifier", "logistic_multinomial", "string_indexer_two", "vector_indexer_keep"} {
		whole := copyOf(t, name)
		for p, f := range whole {
			if !strings.HasSuffix(p, ".parquet") {
				continue
			}
			data := f.Data
			for at := 0; at < len(data); at += 1 + len(data)/150 {
				b := []byte(string(data))
				b[at] ^= 0x55
				f.Data = b
				if m, err := Load(whole); err == nil && len(m.Outputs()) == 0 {
					t.Errorf("%s: no outputs", name)
				}
			}
			f.Data = data
		}
	}
}

// FuzzMetadata changes the metadata of models that have data: an error or a model that describes itself.
func FuzzMetadata(f *testing.F) {
	var models []fstest.MapFS
	for i, name := range []string{"forest_classifier", "logistic_binomial", "bucketizer_two", "one_hot_all_keep", "perceptron", "kmeans", "pipeline_nested"} {
		m := copyOf(f, name)
		models = append(models, m)
		f.Add(i, string(m["metadata/part-00000"].Data))
	}
	f.Fuzz(func(t *testing.T, i int, s string) {
		if i < 0 || i >= len(models) {
			return
		}
		m := fstest.MapFS{}
		for p, file := range models[i] {
			m[p] = file
		}
		m["metadata/part-00000"] = &fstest.MapFile{Data: []byte(s)}
		got, err := Load(m)
		if err == nil && (len(got.Outputs()) == 0 || got.Kind() == "") {
			t.Errorf("%d outputs of %q", len(got.Outputs()), got.Kind())
		}
	})
}
