package function

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash/crc32"
	"strconv"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

func md5Text(r *row, dst []byte) ([]byte, bool) {
	sum := md5.Sum(r.str(0))
	return hex.AppendEncode(dst, sum[:]), true
}

func sha1Text(r *row, dst []byte) ([]byte, bool) {
	sum := sha1.Sum(r.str(0))
	return hex.AppendEncode(dst, sum[:]), true
}

// sha2Text is sha2(x, bits); bits that are no SHA-2 give NULL.
func sha2Text(r *row, dst []byte) ([]byte, bool) {
	switch r.int(1) {
	case 224:
		sum := sha256.Sum224(r.str(0))
		return hex.AppendEncode(dst, sum[:]), true
	case 0, 256:
		sum := sha256.Sum256(r.str(0))
		return hex.AppendEncode(dst, sum[:]), true
	case 384:
		sum := sha512.Sum384(r.str(0))
		return hex.AppendEncode(dst, sum[:]), true
	case 512:
		sum := sha512.Sum512(r.str(0))
		return hex.AppendEncode(dst, sum[:]), true
	}
	return dst, false
}

func crc32Of(r *row) (int64, bool) { return int64(crc32.ChecksumIEEE(r.str(0))), true }

// base64Text breaks lines every 76 characters, as Java's MIME encoder does.
func base64Text(r *row, dst []byte) ([]byte, bool) {
	s := r.str(0)
	const chunk = 57 // bytes of a line of 76 characters
	for len(s) > chunk {
		dst = base64.StdEncoding.AppendEncode(dst, s[:chunk])
		dst = append(dst, '\r', '\n')
		s = s[chunk:]
	}
	return base64.StdEncoding.AppendEncode(dst, s), true
}

// unbase64 skips what is not in the alphabet, as Java's MIME decoder does.
func unbase64(r *row, dst []byte) ([]byte, bool) {
	clean := r.buf[:0]
	for _, c := range r.str(0) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/' {
			clean = append(clean, c)
		} else if c == '=' {
			break
		}
	}
	r.buf = clean
	out, err := base64.RawStdEncoding.AppendDecode(dst, clean)
	return out, err == nil
}

const upperHex = "0123456789ABCDEF"

// bindHex is hex of an integer, a string or a binary.
func bindHex(name string, args []catalog.Arg) (catalog.Call, error) {
	if len(args) == 1 && args[0].Type != nil && (args[0].Type.ID() == arrow.STRING || args[0].Type.ID() == arrow.BINARY) {
		return strict(takes(args[0].Type), tString, rowsText(tString, func(r *row, dst []byte) ([]byte, bool) {
			for _, c := range r.str(0) {
				dst = append(dst, upperHex[c>>4], upperHex[c&15])
			}
			return dst, true
		}))(name, args)
	}
	return strict(takes(tLong), tString, rowsText(tString, func(r *row, dst []byte) ([]byte, bool) {
		at := len(dst)
		dst = strconv.AppendUint(dst, uint64(r.long(0)), 16)
		for i := at; i < len(dst); i++ {
			if dst[i] >= 'a' {
				dst[i] -= 'a' - 'A'
			}
		}
		return dst, true
	}))(name, args)
}

func unhex(r *row, dst []byte) ([]byte, bool) {
	s := r.str(0)
	if len(s)%2 != 0 {
		v, ok := hexDigit(s[0])
		if !ok {
			return dst, false
		}
		dst, s = append(dst, v), s[1:]
	}
	out, err := hex.AppendDecode(dst, s)
	return out, err == nil
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}
