package function

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
)

const benchRows = 8192

// benchCall measures one call over a batch.
func benchCall(b *testing.B, call catalog.Call, cols ...arrow.Array) {
	b.Helper()
	t := &testTask{mem: memory.NewGoAllocator()}
	b.ReportAllocs()
	b.ResetTimer()
	start := time.Now()
	for range b.N {
		a, err := run(t, call, benchRows, cols)
		if err != nil {
			b.Fatal(err)
		}
		a.Release()
	}
	b.ReportMetric(float64(b.N)*benchRows/time.Since(start).Seconds()/1e6, "Mrows/s")
}

func benchDoubles() arrow.Array {
	rnd := rand.New(rand.NewPCG(1, 2))
	b := array.NewFloat64Builder(memory.NewGoAllocator())
	for range benchRows {
		b.Append(rnd.Float64() * 1e6)
	}
	return b.NewArray()
}

func benchTexts() arrow.Array {
	rnd := rand.New(rand.NewPCG(1, 2))
	b := array.NewStringBuilder(memory.NewGoAllocator())
	for range benchRows {
		b.Append(fmt.Sprintf(`{"sepal_length":%.1f,"sepal_width":%.1f}`, rnd.Float64()*9, rnd.Float64()*5))
	}
	return b.NewArray()
}

func BenchmarkAdd(b *testing.B) {
	benchCall(b, bindFn(b, "+", argOf(tDouble), argOf(tDouble)), benchDoubles(), benchDoubles())
}

func BenchmarkAddConst(b *testing.B) {
	c := constArg(b, memory.NewGoAllocator(), tDouble, 2.5)
	benchCall(b, bindFn(b, "+", argOf(tDouble), c), benchDoubles(), c.Const)
}

func BenchmarkDivide(b *testing.B) {
	benchCall(b, bindFn(b, "/", argOf(tDouble), argOf(tDouble)), benchDoubles(), benchDoubles())
}

func BenchmarkCompare(b *testing.B) {
	benchCall(b, bindFn(b, "<", argOf(tDouble), argOf(tDouble)), benchDoubles(), benchDoubles())
}

func BenchmarkCompareConst(b *testing.B) {
	c := constArg(b, memory.NewGoAllocator(), tDouble, 5e5)
	benchCall(b, bindFn(b, ">=", argOf(tDouble), c), benchDoubles(), c.Const)
}

func benchCast(b *testing.B, from, to arrow.DataType, x arrow.Array) {
	b.Helper()
	call, err := caster{}.Cast(from, to)
	if err != nil {
		b.Fatal(err)
	}
	benchCall(b, call, x)
}

func BenchmarkCastDoubleInt(b *testing.B) { benchCast(b, tDouble, tInt, benchDoubles()) }

func BenchmarkCastDoubleString(b *testing.B) { benchCast(b, tDouble, tString, benchDoubles()) }

func BenchmarkCastStringDouble(b *testing.B) {
	sb := array.NewStringBuilder(memory.NewGoAllocator())
	for i := range benchRows {
		sb.Append(fmt.Sprintf("%d.%d", i%100, i%10))
	}
	benchCast(b, tString, tDouble, sb.NewArray())
}

func BenchmarkGetItem(b *testing.B) {
	lb := array.NewListBuilder(memory.NewGoAllocator(), tDouble)
	vb := lb.ValueBuilder().(*array.Float64Builder)
	for i := range benchRows {
		lb.Append(true)
		vb.AppendValues([]float64{1, 2, float64(i)}, nil)
	}
	c := constArg(b, memory.NewGoAllocator(), tLong, 2)
	benchCall(b, bindFn(b, "getitem", argOf(listType(tDouble)), c), lb.NewArray(), c.Const)
}

func BenchmarkLike(b *testing.B) {
	for _, pattern := range []string{"{%", "%width%", "%sepal_l%:_.%"} {
		b.Run(pattern, func(b *testing.B) {
			c := constArg(b, memory.NewGoAllocator(), tString, pattern)
			benchCall(b, bindFn(b, "like", argOf(tString), c), benchTexts(), c.Const)
		})
	}
}

func BenchmarkMD5(b *testing.B) {
	x := benchTexts()
	d := x.Data()
	bin := array.MakeFromData(array.NewData(tBinary, d.Len(), d.Buffers(), nil, 0, 0))
	benchCall(b, bindFn(b, "md5", argOf(tBinary)), bin)
}

func BenchmarkFromJSON(b *testing.B) {
	s := constArg(b, memory.NewGoAllocator(), tString, "sepal_length DOUBLE, sepal_width DOUBLE")
	benchCall(b, bindFn(b, "from_json", argOf(tString), s), benchTexts(), s.Const)
}

func BenchmarkToJSON(b *testing.B) {
	x := benchDoubles()
	st := arrow.StructOf(arrow.Field{Name: "a", Type: tDouble}, arrow.Field{Name: "b", Type: tDouble})
	x.Retain()
	benchCall(b, bindFn(b, "to_json", argOf(st)), structOf(st, benchRows, nil, x, x))
}

func BenchmarkSumGroups(b *testing.B) {
	t := &testTask{mem: memory.NewGoAllocator()}
	call := bindAgg(b, "sum", argOf(tDouble))
	x := benchDoubles()
	groups := make([]uint32, benchRows)
	for i := range groups {
		groups[i] = uint32(i % 100)
	}
	acc := call.New(t)
	b.ReportAllocs()
	start := time.Now()
	for range b.N {
		if err := acc.Update(t, groups, 100, []arrow.Array{x}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*benchRows/time.Since(start).Seconds()/1e6, "Mrows/s")
}
