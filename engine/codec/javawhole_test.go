package codec

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// javaTexts is what Float.toString and Double.toString of Java 17 gave for numbers that are whole because they are
// large: the type, the bits, the text. Many have more digits than are needed to read the number back.
const javaTexts = `
double 0x436061fc257c0159 3.6890681727257288E16
double 0x436e8a6c72b1130d 6.8771581493024872E16
double 0x43aa380106dae406 9.4463058631786573E17
double 0x43bcd96ef72820f0 2.07881471081741926E18
double 0x43dc2d2521e5546f 8.1212793381025044E18
double 0x43b040410b88f60e 1.17100742091460147E18
double 0x435a43bee44f783a 2.9571346190950632E16
double 0x438308bd584b4deb 1.71444284181560672E17
double 0x4362369b165d2bc7 4.1012714430619192E16
double 0x43d2863423ee6a1a 5.3392466739614454E18
double 0x43b60e34ec1f9134 1.58926590725489971E18
double 0x43a737a39e70d23d 8.3649284374220762E17
float 0x518a521d 7.426039E10
float 0x5637e4db 5.0548389E13
float 0x509e8af9 2.12792627E10
float 0x565a6a14 6.0037284E13
float 0x518b5c7a 7.4818994E10
float 0x58e01a1e 1.97122222E15
float 0x5366724a 9.8975993E11
float 0x4fbe27a0 6.3805358E9
float 0x59e0693f 7.8957643E15
float 0x596cb8bd 4.16445102E15
float 0x5711bd0d 1.60241153E14
float 0x567af019 6.897728E13
float 0x573dabfb 2.08546348E14
float 0x53282353 7.2214715E11
float 0x4b800000 1.6777216E7
float 0x4d7fffff 2.6843544E8
float 0x50000000 8.5899346E9
float 0x51ffffff 1.37438945E11
float 0x54800000 4.3980465E12
float 0x567fffff 7.036874E13
float 0x59000000 2.25179981E15
float 0x5affffff 3.60287949E16
float 0x5d800000 1.1529215E18
double 0x4170000000000000 1.6777216E7
double 0x41b0000000000000 2.68435456E8
double 0x41f0000000000000 4.294967296E9
double 0x4230000000000000 6.8719476736E10
double 0x4270000000000000 1.099511627776E12
double 0x42b0000000000000 1.7592186044416E13
double 0x42f0000000000000 2.81474976710656E14
double 0x4330000000000000 4.503599627370496E15
double 0x4370000000000000 7.2057594037927936E16
double 0x43b0000000000000 1.15292150460684698E18
`

func TestWholeNumbersAsJava17(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(javaTexts), "\n")
	for _, line := range lines {
		var typ, want string
		var bits uint64
		if _, err := fmt.Sscan(line, &typ, &bits, &want); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		write := func(dst []byte, sign float64) []byte {
			if typ == "float" {
				return AppendFloat32(dst, float32(sign)*math.Float32frombits(uint32(bits)))
			}
			return AppendDouble(dst, sign*math.Float64frombits(bits))
		}
		if got := string(write([]byte("x"), 1)); got != "x"+want {
			t.Errorf("%s: got %s", line, got)
		}
		if got := string(write(nil, -1)); got != "-"+want {
			t.Errorf("-%s: got %s", line, got)
		}
	}
	if got := string(AppendFloat32(nil, math.MaxInt32)); got != "2.14748365E9" {
		t.Errorf("the greatest INT as FLOAT is %s", got)
	}
}
