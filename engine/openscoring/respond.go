package openscoring

import "strconv"

// Answers are written by hand as Jackson indents them: two spaces a level, ` : `
// between name and value, objects of an array on the bracket's line.

// appendMessage appends {"message"}.
func appendMessage(dst []byte, message string) []byte {
	dst = append(dst, "{\n  \"message\" : "...)
	dst = appendJSONString(dst, message)
	return append(dst, "\n}"...)
}

// appendRecord appends the answer to one record that has no fault.
func (s *scored) appendRecord(dst []byte, id []byte) []byte {
	return s.appendAnswer(dst, 0, id, "")
}

// appendAnswer appends one record's answer: its id and results, or its fault.
func (s *scored) appendAnswer(dst []byte, row int, id []byte, indent string) []byte {
	dst = append(dst, '{')
	sep := "\n" + indent + "  "
	if len(id) > 0 {
		dst = append(dst, sep...)
		dst = append(dst, `"id" : `...)
		dst = appendJSONString(dst, view(id))
		sep = ",\n" + indent + "  "
	}
	if len(s.cols) > 0 {
		dst = append(dst, sep...)
		dst = append(dst, `"results" : {`...)
		for i := range s.m.results {
			c := &s.m.results[i]
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, '\n')
			dst = append(dst, indent...)
			dst = append(dst, "    "...)
			dst = append(dst, c.key...)
			dst = c.appendJSON(dst, s.cols[i], row)
		}
		dst = append(dst, '\n')
		dst = append(dst, indent...)
		dst = append(dst, "  }"...)
	}
	dst = append(dst, '\n')
	dst = append(dst, indent...)
	return append(dst, '}')
}

// appendBatch appends the answer to a batch.
func (s *scored) appendBatch(dst []byte, id []byte, ids [][]byte) []byte {
	dst = append(dst, '{')
	sep := "\n  "
	if len(id) > 0 {
		dst = append(dst, "\n  \"id\" : "...)
		dst = appendJSONString(dst, view(id))
		sep = ",\n  "
	}
	if s.n > 0 {
		dst = append(dst, sep...)
		dst = append(dst, `"responses" : [ `...)
		faults := s.faults
		for row := range s.n {
			if row > 0 {
				dst = append(dst, ", "...)
			}
			if len(faults) == 0 || faults[0].row != row {
				dst = s.appendAnswer(dst, row, ids[row], "  ")
				continue
			}
			dst = faults[0].appendAnswer(dst, ids[row])
			faults = faults[1:]
		}
		dst = append(dst, " ]"...)
	}
	if len(dst) == 1 {
		return append(dst, " }"...)
	}
	return append(dst, "\n}"...)
}

// appendAnswer appends a record's fault as part of a batch.
func (f *fault) appendAnswer(dst []byte, id []byte) []byte {
	dst = append(dst, "{\n    \"message\" : "...)
	dst = appendJSONString(dst, f.class+": "+f.message)
	if len(id) > 0 {
		dst = append(dst, ",\n    \"id\" : "...)
		dst = appendJSONString(dst, view(id))
	}
	return append(dst, "\n  }"...)
}

// appendModel appends a model's summary, and its schema if that is asked for.
func (e *entry) appendModel(dst []byte, indent string, schema bool) []byte {
	m := e.model
	w := objectWriter{dst: append(dst, '{'), indent: indent + "  "}
	w.member("id", e.id)
	w.member("miningFunction", m.function)
	w.member("summary", m.summary)
	w.name("properties")
	in := indent + "    "
	p := objectWriter{dst: append(w.dst, '{'), indent: in}
	p.always("created.timestamp", javaTime(e.created))
	if at := e.accessed.Load(); at != nil {
		p.always("accessed.timestamp", javaTime(*at))
	} else {
		p.null("accessed.timestamp")
	}
	p.name("file.size")
	p.dst = strconv.AppendInt(p.dst, m.size, 10)
	p.always("file.checksum", m.checksum)
	if m.version != "" {
		p.always("model.version", m.version)
	} else {
		p.null("model.version")
	}
	if m.format != pmmlFormat {
		p.always("model.format", m.format)
	}
	w.dst = p.end(indent + "  ")
	if schema {
		w.name("schema")
		w.dst = m.appendSchema(w.dst, indent+"  ")
	}
	return w.end(indent)
}

func (m *Model) appendSchema(dst []byte, indent string) []byte {
	w := objectWriter{dst: append(dst, '{'), indent: indent + "  "}
	inputs := make([]*field, len(m.inputs))
	for i := range m.inputs {
		inputs[i] = &m.inputs[i].field
	}
	outputs := make([]*field, len(m.results))
	for i := range m.results {
		outputs[i] = &m.results[i].field
	}
	w.fields("inputFields", inputs)
	if m.group.name != "" {
		w.fields("groupFields", []*field{&m.group})
	}
	w.fields("targetFields", outputs[:m.targets])
	w.fields("outputFields", outputs[m.targets:])
	return w.end(indent)
}

// objectWriter writes the members of one object; members that are empty are left
// out.
type objectWriter struct {
	dst    []byte
	indent string
	more   bool
}

func (w *objectWriter) name(name string) {
	if w.more {
		w.dst = append(w.dst, ',')
	}
	w.more = true
	w.dst = append(append(w.dst, '\n'), w.indent...)
	w.dst = append(appendJSONString(w.dst, name), " : "...)
}

func (w *objectWriter) member(name, value string) {
	if value != "" {
		w.always(name, value)
	}
}

func (w *objectWriter) always(name, value string) {
	w.name(name)
	w.dst = appendJSONString(w.dst, value)
}

func (w *objectWriter) null(name string) {
	w.name(name)
	w.dst = append(w.dst, "null"...)
}

func (w *objectWriter) fields(name string, fields []*field) {
	if len(fields) == 0 {
		return
	}
	w.name(name)
	w.dst = append(w.dst, "[ "...)
	for i, f := range fields {
		if i > 0 {
			w.dst = append(w.dst, ", "...)
		}
		o := objectWriter{dst: append(w.dst, '{'), indent: w.indent + "  "}
		o.member("id", f.name)
		o.member("name", f.display)
		o.member("dataType", f.dataType)
		o.member("opType", f.opType)
		if len(f.values) > 0 {
			o.name("values")
			for j, v := range f.values {
				sep := ", "
				if j == 0 {
					sep = "[ "
				}
				o.dst = appendJSONString(append(o.dst, sep...), v)
			}
			o.dst = append(o.dst, " ]"...)
		}
		w.dst = o.end(w.indent)
	}
	w.dst = append(w.dst, " ]"...)
}

// end closes the object, whose own line is indented by indent.
func (w *objectWriter) end(indent string) []byte {
	if !w.more {
		return append(w.dst, " }"...)
	}
	return append(append(append(w.dst, '\n'), indent...), '}')
}
