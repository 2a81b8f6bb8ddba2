package codec

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
)

// typeName is a type's name in SQL, for messages.
func typeName(dt arrow.DataType) string {
	k, ok := writtenKind(dt)
	if !ok {
		return dt.String()
	}
	switch t := dt.(type) {
	case *arrow.Decimal128Type:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	case *arrow.ListType:
		return "ARRAY<" + typeName(t.Elem()) + ">"
	case *arrow.MapType:
		return "MAP<" + typeName(t.KeyType()) + ", " + typeName(t.ItemType()) + ">"
	case *arrow.StructType:
		var parts []string
		for _, f := range t.Fields() {
			parts = append(parts, f.Name+": "+typeName(f.Type))
		}
		return "STRUCT<" + strings.Join(parts, ", ") + ">"
	}
	return map[kind]string{kindNull: "VOID", kindBool: "BOOLEAN", kindInt8: "TINYINT", kindInt16: "SMALLINT", kindInt32: "INT", kindInt64: "BIGINT",
		kindFloat32: "FLOAT", kindFloat64: "DOUBLE", kindString: "STRING", kindBinary: "BINARY", kindDate: "DATE", kindTimestamp: "TIMESTAMP",
		kindTimestampNTZ: "TIMESTAMP_NTZ", kindDuration: "INTERVAL DAY TO SECOND", kindMonths: "INTERVAL YEAR TO MONTH"}[k]
}
