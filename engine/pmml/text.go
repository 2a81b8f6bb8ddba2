package pmml

import (
	"fmt"
	"regexp"
	"strings"
)

// Bounds of the text that the expressions of one row make, in bytes. A row beyond them has a fault: a few fields that
// double a text each would else use up the memory.
const (
	maxText    = 1 << 20  // of one text
	maxRowText = 16 << 20 // of all together
)

func tooLong() error { return fmt.Errorf("makes a text of more than %d bytes", maxText) }

// joinText puts texts together, with sep between them.
func joinText(parts []string, sep string) (string, error) {
	n := 0
	for _, s := range parts {
		if n += len(s) + len(sep); n > maxText+len(sep) {
			return "", tooLong()
		}
	}
	return strings.Join(parts, sep), nil
}

// replaceAll is ReplaceAllString; a result that may be too long is an error: each reference to a group counts as long
// as the whole match.
func replaceAll(re *regexp.Regexp, s, with string) (string, error) {
	refs := strings.Count(with, "$")
	if float64(len(s)+1)*float64(len(with)+refs+1) <= maxText {
		return re.ReplaceAllString(s, with), nil
	}
	kept, made := len(s), 0
	re.ReplaceAllStringFunc(s, func(m string) string {
		kept -= len(m)
		if made <= maxText {
			made += len(with) + refs*len(m)
		}
		return ""
	})
	if kept+made > maxText {
		return "", tooLong()
	}
	return re.ReplaceAllString(s, with), nil
}

// made counts a text that an expression made.
func (r *row) made(v value) error {
	if v.k != kString {
		return nil
	}
	if len(v.s) > maxText {
		return tooLong()
	}
	if r.text += len(v.s); r.text > maxRowText {
		return fmt.Errorf("the row's texts come to more than %d bytes", maxRowText)
	}
	return nil
}
