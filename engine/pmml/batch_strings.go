package pmml

import "encoding/binary"

// stringCodes finds the codes of strings: an open hash table over a few of a string's bytes. It is faster than a map
// because a model names few and short strings.
type stringCodes struct {
	mask  uint32
	slots []stringCode // empty where used is not set
	other int          // the code of all other strings
}

type stringCode struct {
	used bool
	code int
	s    string
}

func newStringCodes(known map[string]int, other int) *stringCodes {
	size := 4
	for size < 4*len(known) {
		size *= 2
	}
	t := &stringCodes{mask: uint32(size - 1), slots: make([]stringCode, size), other: other}
	for s, code := range known {
		at := hashString([]byte(s)) & t.mask
		for t.slots[at].used {
			at = (at + 1) & t.mask
		}
		t.slots[at] = stringCode{true, code, s}
	}
	return t
}

// find gives a string's code.
func (t *stringCodes) find(s []byte) int {
	for at := hashString(s) & t.mask; ; at = (at + 1) & t.mask {
		c := &t.slots[at]
		if !c.used {
			return t.other
		}
		if c.s == string(s) {
			return c.code
		}
	}
}

// hashString mixes a string's length with its first and its last bytes.
func hashString(s []byte) uint32 {
	h := uint64(len(s)) * 0x9e3779b97f4a7c15
	if n := len(s); n >= 8 {
		h ^= binary.LittleEndian.Uint64(s) ^ binary.LittleEndian.Uint64(s[n-8:])*0xff51afd7ed558ccd
	} else {
		var x uint64
		for _, b := range s {
			x = x<<8 | uint64(b)
		}
		h ^= x
	}
	h *= 0xc4ceb9fe1a85ec53
	return uint32(h >> 40)
}
