package sql

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"
)

// jsonType is an object of Spark's JSON form of a type.
type jsonType struct {
	Type         json.RawMessage `json:"type"`
	Fields       []jsonField     `json:"fields"`
	ElementType  json.RawMessage `json:"elementType"`
	ContainsNull *bool           `json:"containsNull"`
	KeyType      json.RawMessage `json:"keyType"`
	ValueType    json.RawMessage `json:"valueType"`
	ValueNull    *bool           `json:"valueContainsNull"`
}

type jsonField struct {
	Name     *string         `json:"name"`
	Type     json.RawMessage `json:"type"`
	Nullable *bool           `json:"nullable"`
}

// parseJSONSchema reads what StructType.json() writes.
func parseJSONSchema(text string) (arrow.DataType, error) {
	dt, err := jsonDataType([]byte(text), 0)
	if err == nil {
		return dt, nil
	}
	at := Span{0, len(text)}
	if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
		off := max(0, min(int(syntax.Offset)-1, len(text)))
		at = Span{off, min(off+1, len(text))}
	}
	return nil, ErrorList{Errorf(at, "the schema is not valid: %v", err)}.in(&Source{Name: "<schema>", Text: text})
}

func jsonDataType(raw json.RawMessage, depth int) (arrow.DataType, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("it nests deeper than %d levels", maxNesting)
	}
	var name string
	if json.Unmarshal(raw, &name) == nil {
		return namedJSONType(name)
	}
	if len(raw) == 0 {
		return nil, errors.New("a type is missing")
	}
	var t jsonType
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(t.Type, &name); err != nil {
		return nil, errors.New(`an object without "type"`)
	}
	switch name {
	case "struct":
		return jsonStruct(t.Fields, depth)
	case "array":
		elem, err := jsonDataType(t.ElementType, depth+1)
		if err != nil {
			return nil, err
		}
		if t.ContainsNull != nil && !*t.ContainsNull {
			return arrow.ListOfNonNullable(elem), nil
		}
		return arrow.ListOf(elem), nil
	case "map":
		key, err := jsonDataType(t.KeyType, depth+1)
		if err != nil {
			return nil, err
		}
		value, err := jsonDataType(t.ValueType, depth+1)
		if err != nil {
			return nil, err
		}
		m := arrow.MapOf(key, value)
		if t.ValueNull != nil {
			m.SetItemNullable(*t.ValueNull)
		}
		return m, nil
	}
	return nil, fmt.Errorf("type %q is not known", name)
}

func jsonStruct(fields []jsonField, depth int) (arrow.DataType, error) {
	out := make([]arrow.Field, 0, len(fields))
	for i, f := range fields {
		if f.Name == nil {
			return nil, fmt.Errorf("field %d has no name", i+1)
		}
		dt, err := jsonDataType(f.Type, depth+1)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", *f.Name, err)
		}
		out = append(out, arrow.Field{Name: *f.Name, Type: dt, Nullable: f.Nullable == nil || *f.Nullable})
	}
	return arrow.StructOf(out...), nil
}

// namedJSONType reads a type given by name. Names are those of SQL, and null
// and calendar interval.
func namedJSONType(name string) (arrow.DataType, error) {
	if name == "null" {
		return arrow.Null, nil
	}
	dt, err := ParseType(name)
	if err != nil {
		return nil, fmt.Errorf("type %q is not known", name)
	}
	return dt, nil
}
