package engine_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	arrowmem "github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine"
	"github.com/millrace-sql/millrace/engine/connector/memory"
)

// A stream and a table in memory, and a Go function in the SQL between them.
func Example_memory() {
	eng, err := engine.Open(engine.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()

	schema := arrow.NewSchema([]arrow.Field{
		{Name: "city", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "celsius", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	}, nil)
	readings, warm := memory.NewTable("readings", schema), memory.NewTable("warm", nil)
	must(eng.RegisterTable(readings, true))
	must(eng.RegisterTable(warm, false))
	must(eng.RegisterFunction(engine.Function1("shout", func(s string) (string, error) { return strings.ToUpper(s) + "!", nil })))

	ctx := context.Background()
	query, err := eng.Start(ctx, "INSERT INTO warm SELECT shout(city) AS city, celsius * 9 / 5 + 32 AS fahrenheit FROM readings WHERE celsius >= 20")
	if err != nil {
		log.Fatal(err)
	}

	b := array.NewRecordBuilder(arrowmem.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.StringBuilder).AppendValues([]string{"Oslo", "Cairo", "Lima"}, nil)
	b.Field(1).(*array.Float64Builder).AppendValues([]float64{4, 31, 22}, nil)
	rec := b.NewRecord()
	defer rec.Release()
	must(readings.Append(rec))

	must(query.AwaitAvailable(ctx))
	must(query.Stop(ctx))
	rows, err := eng.Query(ctx, "SELECT city, fahrenheit FROM warm ORDER BY city")
	if err != nil {
		log.Fatal(err)
	}
	for rec, err := range rows.All() {
		must(err)
		for i := range int(rec.NumRows()) {
			fmt.Println(rec.Column(0).(*array.String).Value(i), rec.Column(1).(*array.Float64).Value(i))
		}
	}
	// Output:
	// CAIRO! 87.8
	// LIMA! 71.6
}

// A whole script on the embedded broker: nothing has to be installed, nothing is
// left behind.
func Example_broker() {
	eng, err := engine.Open(engine.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()
	script := `
		CREATE STREAM orders USING kafka OPTIONS ('kafka.bootstrap.servers' = 'embedded', subscribe = 'orders', startingOffsets = 'earliest');
		CREATE TABLE big USING memory;
		INSERT INTO big
		SELECT o.id, o.total FROM (SELECT from_json(CAST(value AS STRING), 'id INT, total DOUBLE') AS o FROM orders) WHERE o.total > 100;

		INSERT INTO orders SELECT to_json(struct(id, total)) AS value FROM (VALUES (1, 99.5D), (2, 250D), (3, 120.25D)) AS t(id, total);
		AWAIT ALL AVAILABLE;
		SELECT id, total FROM big ORDER BY id;`
	for res, err := range eng.Run(context.Background(), script) {
		if err != nil {
			log.Fatal(err)
		}
		if res.Rows == nil {
			continue
		}
		for rec, err := range res.Rows.All() {
			must(err)
			for i := range int(rec.NumRows()) {
				fmt.Println(rec.Column(0).(*array.Int32).Value(i), rec.Column(1).(*array.Float64).Value(i))
			}
		}
	}
	// Output:
	// 2 250
	// 3 120.25
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
