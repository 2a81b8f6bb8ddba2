package codec

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Mode says what becomes of a record that cannot be read.
type Mode int

const (
	// Permissive keeps the record with NULLs where it could not be read; the default.
	Permissive Mode = iota
	// FailFast makes the first such record an error.
	FailFast
	// DropMalformed leaves such records out.
	DropMalformed
)

// String is Spark's name of the mode.
func (m Mode) String() string {
	switch m {
	case FailFast:
		return "FAILFAST"
	case DropMalformed:
		return "DROPMALFORMED"
	}
	return "PERMISSIVE"
}

// parseMode reads a mode's name; as in Spark an unknown one means PERMISSIVE.
func parseMode(s string) Mode {
	switch {
	case strings.EqualFold(s, "FAILFAST"):
		return FailFast
	case strings.EqualFold(s, "DROPMALFORMED"):
		return DropMalformed
	}
	return Permissive
}

// DefaultCorruptColumn is the column that takes the text of records that could not be read, where a schema has it.
const DefaultCorruptColumn = "_corrupt_record"

// optionSetter stores one option's value.
type optionSetter func(value string) error

// applyOptions gives each option to its setter, by lower-case name, and returns the names that have none, sorted.
func applyOptions(m map[string]string, set map[string]optionSetter) (unknown []string, err error) {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		f, ok := set[strings.ToLower(name)]
		if !ok {
			unknown = append(unknown, name)
			continue
		}
		if err := f(m[name]); err != nil {
			return unknown, fmt.Errorf("option %s: %w", name, err)
		}
	}
	return unknown, nil
}

func setText(p *string) optionSetter {
	return func(v string) error { *p = v; return nil }
}

func setBool(p *bool) optionSetter {
	return func(v string) error {
		switch {
		case strings.EqualFold(v, "true"):
			*p = true
		case strings.EqualFold(v, "false"):
			*p = false
		default:
			return fmt.Errorf("%q is neither true nor false", v)
		}
		return nil
	}
}

// setNotBool stores the opposite: the field is named for what is off by default.
func setNotBool(p *bool) optionSetter {
	return func(v string) error {
		var on bool
		if err := setBool(&on)(v); err != nil {
			return err
		}
		*p = !on
		return nil
	}
}

func setInt(p *int) optionSetter {
	return func(v string) error {
		n, err := strconv.Atoi(strings.TrimSpace(v))
		if err != nil {
			return fmt.Errorf("%q is not a whole number", v)
		}
		*p = n
		return nil
	}
}

func setRatio(p *float64) optionSetter {
	return func(v string) error {
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil || f <= 0 || f > 1 {
			return fmt.Errorf("%q is not a number above 0 and up to 1", v)
		}
		*p = f
		return nil
	}
}

func setMode(p *Mode) optionSetter {
	return func(v string) error { *p = parseMode(v); return nil }
}

func setZone(p **time.Location) optionSetter {
	return func(v string) error {
		z, err := ParseZone(v)
		if err != nil {
			return err
		}
		*p = z
		return nil
	}
}

func setPattern(p *string) optionSetter {
	return func(v string) error {
		if _, err := CompileTimePattern(v); err != nil {
			return err
		}
		*p = v
		return nil
	}
}

// setEncoding accepts the one encoding there is.
func setEncoding(v string) error {
	switch strings.ToUpper(strings.ReplaceAll(v, "_", "-")) {
	case "UTF-8", "UTF8", "US-ASCII", "ASCII":
		return nil
	}
	return fmt.Errorf("encoding %q is not supported; files are read and written as UTF-8", v)
}

// setLocale accepts the one locale there is.
func setLocale(v string) error {
	switch strings.ToLower(v) {
	case "en-us", "en_us", "en":
		return nil
	}
	return fmt.Errorf("locale %q is not supported; only en-US is", v)
}

// ignore accepts an option that says how files are laid out: the connector reads it, not the codec.
func ignore(string) error { return nil }
