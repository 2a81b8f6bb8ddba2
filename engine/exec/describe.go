package exec

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/engine/connector"
)

// String shows the stages: for each its branches with their operators, what they
// give, and the breaker at its end.
func (p *Program) String() string {
	var b strings.Builder
	for i, s := range p.Stages {
		fmt.Fprintf(&b, "stage %d", i+1)
		if s.Static {
			b.WriteString(", static")
		}
		for _, n := range s.Needs {
			fmt.Fprintf(&b, ", after %d", p.number(n))
		}
		b.WriteByte('\n')
		for _, br := range s.Branches {
			fmt.Fprintf(&b, "  from %s\n", p.leafText(br.Leaf))
			for _, op := range br.Ops {
				fmt.Fprintf(&b, "    %s -> %s\n", op, fieldNames(op))
			}
		}
		if s.Breaker != nil {
			order := ""
			if s.Breaker.Ordered() {
				order = "in order: "
			}
			fmt.Fprintf(&b, "  %s%s -> %s\n", order, s.Breaker, fieldNames(s.Breaker))
		}
	}
	return b.String()
}

func (p *Program) number(s *Stage) int {
	for i, o := range p.Stages {
		if o == s {
			return i + 1
		}
	}
	return 0
}

func (p *Program) leafText(l Leaf) string {
	switch l := l.(type) {
	case *ScanLeaf:
		return fmt.Sprintf("%s %s", l.Scan.Name, projectionText(l.Projection))
	case *RecordsLeaf:
		rows := int64(0)
		for _, r := range l.Records {
			rows += r.NumRows()
		}
		return fmt.Sprintf("%d rows in memory", rows)
	case *StageLeaf:
		return fmt.Sprintf("stage %d", p.number(l.Stage))
	}
	return fmt.Sprintf("%T", l)
}

func projectionText(p *connector.Projection) string {
	parts := make([]string, len(p.Columns))
	for i, c := range p.Columns {
		parts[i] = p.Schema.Field(i).Name
		if c.JSON != nil {
			parts[i] += " as JSON"
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func fieldNames(s interface{ Schema() *arrow.Schema }) string {
	names := make([]string, len(s.Schema().Fields()))
	for i, f := range s.Schema().Fields() {
		names[i] = f.Name
	}
	return "[" + strings.Join(names, ", ") + "]"
}
