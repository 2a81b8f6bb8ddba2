package sparkml

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/apache/arrow/go/v14/arrow/memory"
)

// TestRefusedRows gives rows that a stage refuses NULL and one fault in Spark's words, and the rows beside them their
// answers, over more than one tile.
func TestRefusedRows(t *testing.T) {
	row := func(in ...any) recorded {
		r := recorded{In: map[string]any{}}
		for i := 0; i < len(in); i += 2 {
			r.In[in[i].(string)] = in[i+1]
		}
		return r
	}
	for _, c := range []struct {
		model string
		good  recorded
		bad   []recorded
		want  []string
	}{
		{"string_indexer_error", row("city", "Bern"), []recorded{row("city", "Atlantis"), row("city", nil)}, []string{
			"StringIndexer(city): Unseen label: Atlantis. To handle unseen labels, set Param handleInvalid to keep",
			"StringIndexer(city): StringIndexer encountered NULL value. To handle or skip NULLS, try setting StringIndexer.handleInvalid",
		}},
		{"one_hot_drop_error", row("x", 1.0, "y", 1.0), []recorded{row("x", 99.0, "y", 1.0), row("x", 1.0, "y", -1.0)}, []string{
			"OneHotEncoder(x): Unseen value: 99.0. To handle unseen values, set Param handleInvalid to keep",
			"OneHotEncoder(y): Negative value: -1.0. Input can't be negative. To handle invalid values, set Param handleInvalid to keep",
		}},
		{"assembler_error", row("a", 1.0, "b", 2.0), []recorded{row("a", nil, "b", 1.0), row("a", 1.0, "b", "NaN")}, []string{
			`VectorAssembler(a): Encountered null while assembling a row with handleInvalid = "error". Consider removing nulls from dataset or using handleInvalid = "keep" or "skip"`,
			`VectorAssembler(b): Encountered NaN while assembling a row with handleInvalid = "error". Consider removing NaNs from dataset or using handleInvalid = "keep" or "skip"`,
		}},
		{"bucketizer_error", row("x", 0.0), []recorded{row("x", 1e9), row("x", "NaN")}, []string{
			"Bucketizer(x): Feature value 1.0E9 out of Bucketizer bounds [-1.0, 10.0].  Check your features, or loosen the lower/upper bound constraints",
			"Bucketizer(x): Bucketizer encountered NaN value. To handle or skip NaNs, try setting Bucketizer.handleInvalid",
		}},
		{"vector_indexer_error", row("features", []any{0.5, 0.5, 0.5, 0.0}), []recorded{row("features", []any{0.5, 0.5, 0.5, 17.5}), row("features", nil)}, []string{
			"VectorIndexer(features): VectorIndexer encountered invalid value 17.5 on feature index 3. To handle or skip invalid value, try setting VectorIndexer.handleInvalid",
			"features is NULL",
		}},
		{"bayes_multinomial", row("features", []any{1.0, 0.0, 2.0, 1.0}), []recorded{row("features", []any{1.0, -2.0, -1.0, 0.0}), row("features", []any{1.0})}, []string{
			"NaiveBayes(features): feature 1: Naive Bayes requires nonnegative feature values but found -2.0",
			"features has 1 elements, expected 4",
		}},
		{"kmeans_cosine", row("features", []any{1.0, 0.5, 0.5, 1.0}), []recorded{row("features", []any{0.0, 0.0, 0.0, 0.0}), row("features", []any{"NaN", 1.0, 1.0, 1.0})}, []string{
			"KMeans(features): Cosine distance is not defined for zero-length vectors",
			"KMeans(features): the vector has NaN",
		}},
		{"tokenizer", row("text", "a b"), []recorded{row("text", nil), row("text", nil)}, []string{"Tokenizer(text): the text is NULL", "Tokenizer(text): the text is NULL"}},
	} {
		t.Run(c.model, func(t *testing.T) { testRefused(t, c.model, c.good, c.bad, c.want) })
	}
}

func testRefused(t *testing.T, name string, good recorded, bad []recorded, want []string) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	m := loadCase(t, name)
	rows := slices.Repeat([]recorded{good}, 2*tileRows+3)
	at := []int{1, tileRows + 5}
	for i, b := range bad {
		rows[at[i]] = b
	}
	in := columnsOf(mem, m, rows)
	defer release(in)
	var faults []string
	out, err := m.Score(mem, len(rows), in, func(row int, err error) { faults = append(faults, strconv.Itoa(row)+" "+err.Error()) })
	if err != nil {
		t.Fatal(err)
	}
	defer release(out)
	for i := range want {
		want[i] = strconv.Itoa(at[i]) + " " + want[i]
	}
	if !slices.Equal(faults, want) {
		t.Errorf("faults\n%q, want\n%q", faults, want)
	}
	for k, o := range out {
		for i := range rows {
			if o.IsNull(i) != slices.Contains(at, i) {
				t.Fatalf("output %d, row %d: %s", k, i, o.ValueStr(i))
			}
			if !o.IsNull(i) && o.ValueStr(i) != o.ValueStr(0) {
				t.Fatalf("output %d, row %d: %s, and row 0 has %s", k, i, o.ValueStr(i), o.ValueStr(0))
			}
		}
	}
}

// TestRefusedTile gives rows up whose vectors have another length than those the model was trained with.
func TestRefusedTile(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	m := loadCase(t, "forest_classifier")
	m.slots[m.inputSlots[0]].dim = 0 // as where no stage says the length
	in := columnsOf(mem, m, slices.Repeat([]recorded{{In: map[string]any{"features": []any{1.0, 2.0}}}}, tileRows+1))
	defer release(in)
	faults := 0
	out, err := m.Score(mem, tileRows+1, in, func(row int, err error) {
		if row != faults || err.Error() != "the vectors of features have 2 features, but the model was trained with 4" {
			t.Errorf("row %d: %v", row, err)
		}
		faults++
	})
	if err != nil || faults != tileRows+1 {
		t.Fatalf("%d faults, %v", faults, err)
	}
	defer release(out)
	for k, o := range out {
		if o.NullN() != tileRows+1 || o.Len() != tileRows+1 {
			t.Errorf("output %d: %d of %d rows are NULL", k, o.NullN(), o.Len())
		}
	}
}

func TestJavaDouble(t *testing.T) {
	for want, x := range map[string]float64{"0.0": 0, "-3.0": -3, "0.001": 1e-3, "9999999.0": 9999999, "1.0E7": 1e7, "-1.25E-5": -1.25e-5, "NaN": math.NaN(), "-Infinity": math.Inf(-1), "Infinity": math.Inf(1)} {
		if got := javaDouble(x); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
