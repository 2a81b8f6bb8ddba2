package file

import (
	"encoding/json"
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"
)

// The JSON that Spark writes for a schema (StructType.json).
type (
	jsonStruct struct {
		Type   string      `json:"type"`
		Fields []jsonField `json:"fields"`
	}
	jsonField struct {
		Name     string          `json:"name"`
		Type     json.RawMessage `json:"type"`
		Nullable bool            `json:"nullable"`
		Metadata struct{}        `json:"metadata"`
	}
	jsonArray struct {
		Type         string          `json:"type"`
		ElementType  json.RawMessage `json:"elementType"`
		ContainsNull bool            `json:"containsNull"`
	}
	jsonMap struct {
		Type              string          `json:"type"`
		KeyType           json.RawMessage `json:"keyType"`
		ValueType         json.RawMessage `json:"valueType"`
		ValueContainsNull bool            `json:"valueContainsNull"`
	}
)

// scalarNames are Spark's names of the types without parts.
var scalarNames = []struct {
	name string
	typ  arrow.DataType
}{
	{"boolean", arrow.FixedWidthTypes.Boolean},
	{"byte", arrow.PrimitiveTypes.Int8},
	{"short", arrow.PrimitiveTypes.Int16},
	{"integer", arrow.PrimitiveTypes.Int32},
	{"long", arrow.PrimitiveTypes.Int64},
	{"float", arrow.PrimitiveTypes.Float32},
	{"double", arrow.PrimitiveTypes.Float64},
	{"string", arrow.BinaryTypes.String},
	{"binary", arrow.BinaryTypes.Binary},
	{"date", arrow.FixedWidthTypes.Date32},
	{"timestamp", &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}},
	{"timestamp_ntz", &arrow.TimestampType{Unit: arrow.Microsecond}},
	{"void", arrow.Null},
}

func encodeSchema(s *arrow.Schema) (json.RawMessage, error) { return encodeFields(s.Fields()) }

func encodeFields(fields []arrow.Field) (json.RawMessage, error) {
	out := jsonStruct{Type: "struct", Fields: []jsonField{}}
	for _, f := range fields {
		t, err := encodeType(f.Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", f.Name, err)
		}
		out.Fields = append(out.Fields, jsonField{Name: f.Name, Type: t, Nullable: f.Nullable})
	}
	return json.Marshal(out)
}

func encodeType(t arrow.DataType) (json.RawMessage, error) {
	switch t := t.(type) {
	case *arrow.Decimal128Type:
		return json.Marshal(fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale))
	case *arrow.StructType:
		return encodeFields(t.Fields())
	case *arrow.ListType:
		e, err := encodeType(t.Elem())
		if err != nil {
			return nil, err
		}
		return json.Marshal(jsonArray{Type: "array", ElementType: e, ContainsNull: true})
	case *arrow.MapType:
		k, err := encodeType(t.KeyType())
		if err != nil {
			return nil, err
		}
		v, err := encodeType(t.ItemType())
		if err != nil {
			return nil, err
		}
		return json.Marshal(jsonMap{Type: "map", KeyType: k, ValueType: v, ValueContainsNull: true})
	}
	for _, s := range scalarNames {
		if arrow.TypeEqual(s.typ, t) {
			return json.Marshal(s.name)
		}
	}
	return nil, fmt.Errorf("a file cannot hold the type %s", t)
}

func decodeSchema(data json.RawMessage) (*arrow.Schema, error) {
	t, err := decodeType(data)
	if err != nil {
		return nil, err
	}
	st, ok := t.(*arrow.StructType)
	if !ok {
		return nil, fmt.Errorf("a schema is a struct, not %s", t)
	}
	return arrow.NewSchema(st.Fields(), nil), nil
}

func decodeType(data json.RawMessage) (arrow.DataType, error) {
	var name string
	if json.Unmarshal(data, &name) == nil {
		return decodeScalar(name)
	}
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(data, &kind); err != nil {
		return nil, err
	}
	switch kind.Type {
	case "struct":
		return decodeStruct(data)
	case "array":
		var a jsonArray
		if err := json.Unmarshal(data, &a); err != nil {
			return nil, err
		}
		e, err := decodeType(a.ElementType)
		if err != nil {
			return nil, err
		}
		return arrow.ListOf(e), nil
	case "map":
		var m jsonMap
		if err := json.Unmarshal(data, &m); err != nil {
			return nil, err
		}
		k, err := decodeType(m.KeyType)
		if err != nil {
			return nil, err
		}
		v, err := decodeType(m.ValueType)
		if err != nil {
			return nil, err
		}
		return arrow.MapOf(k, v), nil
	}
	return nil, fmt.Errorf("unknown type %s", data)
}

func decodeStruct(data json.RawMessage) (arrow.DataType, error) {
	var s jsonStruct
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, err
	}
	fields := make([]arrow.Field, len(s.Fields))
	for i, f := range s.Fields {
		t, err := decodeType(f.Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", f.Name, err)
		}
		fields[i] = arrow.Field{Name: f.Name, Type: t, Nullable: f.Nullable}
	}
	return arrow.StructOf(fields...), nil
}

func decodeScalar(name string) (arrow.DataType, error) {
	for _, s := range scalarNames {
		if s.name == name {
			return s.typ, nil
		}
	}
	var p, scale int32
	if n, err := fmt.Sscanf(name, "decimal(%d,%d)", &p, &scale); n == 2 && err == nil {
		return &arrow.Decimal128Type{Precision: p, Scale: scale}, nil
	}
	return nil, fmt.Errorf("unknown type %s", name)
}
