package pmml

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// tokensOf writes a document's tokens, one a line, texts that follow each other joined; false if it is refused.
func tokensOf(s string) (string, bool) {
	x, err := newTokenizer(s)
	if err != nil {
		return "", false
	}
	var b strings.Builder
	for {
		t, err := x.next()
		if err != nil {
			return b.String(), false
		}
		switch t.kind {
		case tokenEOF:
			return b.String(), true
		case tokenText:
			fmt.Fprintf(&b, "%s", t.text)
		case tokenStart:
			fmt.Fprintf(&b, "\n<%s", t.name)
			for _, a := range t.attrs {
				fmt.Fprintf(&b, " %s=%q %v", a.name, a.value, a.prefixed)
			}
			b.WriteByte('\n')
		case tokenEnd:
			b.WriteString("\n>\n")
		}
	}
}

// xmlTokensOf does the same with encoding/xml; comparable is false for what the tokenizer is meant to read otherwise.
func xmlTokensOf(s string) (out string, ok, comparable bool) {
	x := xml.NewDecoder(strings.NewReader(s))
	var b strings.Builder
	for {
		t, err := x.Token()
		if errors.Is(err, io.EOF) {
			return b.String(), true, true
		}
		if err != nil {
			return b.String(), false, true
		}
		switch t := t.(type) {
		case xml.Directive:
			return "", false, false
		case xml.CharData:
			b.Write(t)
		case xml.StartElement:
			fmt.Fprintf(&b, "\n<%s", t.Name.Local)
			for _, a := range t.Attr {
				fmt.Fprintf(&b, " %s=%q %v", a.Name.Local, a.Value, a.Name.Space != "")
			}
			b.WriteByte('\n')
		case xml.EndElement:
			b.WriteString("\n>\n")
		}
	}
}

// tokenSeeds are documents with everything the tokenizer knows, and much that it refuses.
var tokenSeeds = []string{
	"", " ", "a", "<a/>", "<a></a>", "<a><b/>x</a>", "<a b='1' c=\"2\"/>", "<a b='1'c='2'/>", "<a b = '1' / >", "<a b/>", "<a b=1/>", "<a b='<'/>", "<a b='&lt;&#65;&#x42;&apos;'/>",
	"<a>&amp;&quot;&gt;&#10;&#0;</a>", "<a>&x;</a>", "<a>&amp</a>", "<a>&#xD800;</a>", "<a>&#1;</a>", "<a>&#x110000;</a>", "<a>&#X41;</a>", "<a>\r\n\r</a>", "<a b='\r\n\t'/>", "<a>]]></a>", "<a b=']]>'/>",
	"<a><![CDATA[<&]]]]><![CDATA[>]]></a>", "<a><![CDATA[", "<a><![CDAT[]]></a>", "<!-- a - b --><a/>", "<!-- -- --><a/>", "<!----><a/>", "<!--->", "<a><!--", "<?xml version='1.0'?><a/>",
	"<?xml version='1.1'?><a/>", "<?p q?><a/>", "<?p", "<? ?>", "<?p:q:r ?><a/>", "<a></b>", "</a>", "<a", "<a ", "<a b", "<a b=", "<a b='", "<p:a xmlns:p='u' p:b='1' xmlns='v'/>", "<p:a></a>", "<:a/>", "<a:/>", "<a:b:c/>",
	"<1a/>", "<-/>", "<é/>", "<a é='ü'/>", "<a\u00d7/>", "<a>\ufffe</a>", "<a>\x01</a>", "<a>\x00</a>", "<a/><b/>", "<a/>x", "<a><b></a></b>", "<a / b='1'>", "\ufeff<a/>", "<a>\xff</a>", "<a b='\x7f'/>", "<a>< b/></a>", "<a></ a>", "<a></a >",
	"<?xml version=1.0 version='1.1'?><a/>", "<?xml xversion='2'?><a/>", "<a b=''/>", "<a>&#13;</a>", "<a>&;</a>", "<a>&#;</a>", "<a>&#x;</a>", "<a>&lt</a>;", "<a b='&'/>",
}

func compareTokens(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) || strings.Contains(s, "encoding") || strings.Contains(s, "xmlns:") && (strings.Contains(s, `""`) || strings.Contains(s, "''")) {
		return
	}
	want, wantOK, comparable := xmlTokensOf(s)
	if !comparable {
		return
	}
	got, gotOK := tokensOf(s)
	if gotOK != wantOK || gotOK && got != want {
		t.Errorf("%q:\n%s %v\nencoding/xml:\n%s %v", s, got, gotOK, want, wantOK)
	}
}

// TestTokens compares with encoding/xml, also every start of every seed.
func TestTokens(t *testing.T) {
	for _, s := range tokenSeeds {
		for i := range len(s) + 1 {
			compareTokens(t, s[:i])
		}
		compareTokens(t, "<r>"+s+"</r>")
	}
	if _, ok := tokensOf("<a>\xff</a>"); ok {
		t.Error("bad UTF-8 is read")
	}
}

func FuzzTokens(f *testing.F) {
	for _, s := range tokenSeeds {
		f.Add(s)
	}
	f.Fuzz(compareTokens)
}

// TestLines: a fault names the line that its element starts in.
func TestLines(t *testing.T) {
	for doc, line := range map[string]int{"<PMML version='4.4'>\n\n<Header>\n<x/></Header>\n<Strange/></PMML>": 5, "\r\n<PMML version='4.4'><!-- \n --><Strange\n/></PMML>": 3,
		"<PMML version='4.4'>\n<Header a='\n\n'></Header><Strange></PMML>": 4, "<PMML\nversion='4.4'>\n<a": 3} {
		_, err := Load(strings.NewReader(doc))
		var fault *Error
		if !errors.As(err, &fault) || fault.Line != line {
			t.Errorf("%q: %v, want line %d", doc, err, line)
		}
	}
}
