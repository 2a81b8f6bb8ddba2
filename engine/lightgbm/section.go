package lightgbm

import (
	"fmt"
	"strconv"
	"strings"
)

// section is some lines of a document of the form key=value: its head, or a tree.
type section struct {
	name string // "the head" or "tree 3"
	line int    // where it begins
	all  map[string]entry
}

type entry struct {
	text string
	line int
}

func (s *section) errorf(format string, args ...any) error {
	return fmt.Errorf("%s, line %d: %s", s.name, s.line, fmt.Sprintf(format, args...))
}

func (e entry) errorf(s *section, key, format string, args ...any) error {
	return fmt.Errorf("%s, line %d: %s: %s", s.name, e.line, key, fmt.Sprintf(format, args...))
}

// add reads a line.
func (s *section) add(line string, at int) {
	key, text, _ := strings.Cut(line, "=")
	s.all[key] = entry{text, at}
}

func (s *section) has(key string) bool {
	_, ok := s.all[key]
	return ok
}

func (s *section) get(key string) (entry, error) {
	e, ok := s.all[key]
	if !ok {
		return e, s.errorf("expected a line %s=..., found none", key)
	}
	return e, nil
}

// integer reads a whole number of 32 bits; least is the smallest that is allowed.
func (s *section) integer(key string, least int) (int, error) {
	e, err := s.get(key)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(e.text), 10, 32)
	if err != nil || int(n) < least {
		return 0, e.errorf(s, key, "expected a whole number of at least %d, found %q", least, short(e.text))
	}
	return int(n), nil
}

// list reads n values that spaces part. The length is compared before anything is allocated for them.
func list[T any](s *section, key string, n int, parse func(string) (T, error)) ([]T, error) {
	e, err := s.get(key)
	if err != nil {
		return nil, err
	}
	words := strings.Fields(e.text)
	if len(words) != n {
		return nil, e.errorf(s, key, "expected %d values, found %d", n, len(words))
	}
	out := make([]T, n)
	for i, w := range words {
		if out[i], err = parse(w); err != nil {
			return nil, e.errorf(s, key, "expected a number, found %q", short(w))
		}
	}
	return out, nil
}

func (s *section) ints(key string, n int) ([]int32, error) {
	return list(s, key, n, func(w string) (int32, error) {
		x, err := strconv.ParseInt(w, 10, 32)
		return int32(x), err
	})
}

func (s *section) words(key string, n int) ([]uint32, error) {
	return list(s, key, n, func(w string) (uint32, error) {
		x, err := strconv.ParseUint(w, 10, 32)
		return uint32(x), err
	})
}

func (s *section) doubles(key string, n int) ([]float64, error) {
	return list(s, key, n, func(w string) (float64, error) {
		x, err := strconv.ParseFloat(w, 64)
		if ne, ok := err.(*strconv.NumError); ok && ne.Err == strconv.ErrRange {
			err = nil // too large is infinite, as the library reads it
		}
		return x, err
	})
}

// short is a text for an error.
func short(s string) string {
	const most = 40
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
