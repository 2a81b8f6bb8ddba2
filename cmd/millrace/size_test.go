package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// maxBinary is the most that the stripped binary may take.
const maxBinary = 40 << 20

func TestBinary(t *testing.T) {
	name := buildBinary(t)
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the stripped binary takes %.1f MiB", float64(info.Size())/(1<<20))
	if info.Size() > maxBinary {
		t.Errorf("the stripped binary takes %d bytes, at most %d were wanted", info.Size(), maxBinary)
	}
	out, err := exec.Command(name, "version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "millrace ") {
		t.Errorf("millrace version: %v\n%s", err, out)
	}
}
