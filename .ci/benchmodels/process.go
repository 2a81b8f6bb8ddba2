package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// process is a contender that answers lines; it starts when it is first asked.
type process struct {
	cmd *exec.Cmd
	to  io.WriteCloser
	in  *bufio.Reader
}

// ask sends a line and waits for the answer.
func (p *process) ask(line string) (string, error) {
	if p.to == nil {
		to, err := p.cmd.StdinPipe()
		if err != nil {
			return "", err
		}
		from, err := p.cmd.StdoutPipe()
		if err != nil {
			return "", err
		}
		p.cmd.Stderr = os.Stderr
		if err := p.cmd.Start(); err != nil {
			return "", err
		}
		p.to, p.in = to, bufio.NewReader(from)
	}
	if _, err := fmt.Fprintln(p.to, line); err != nil {
		return "", err
	}
	answer, err := p.in.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("no answer to %q: %w", line, err)
	}
	return strings.TrimSpace(answer), nil
}

func (p *process) check(library string, b *bench) error {
	answer, err := p.ask(fmt.Sprintf("check %s %s %s", library, b.model, b.rows))
	if err == nil && answer != "ok" {
		err = fmt.Errorf("it answered %q", answer)
	}
	return err
}

func (p *process) time(library string, b *bench, seconds float64) (float64, error) {
	answer, err := p.ask(fmt.Sprintf("time %s %s %s %g", library, b.model, b.rows, seconds))
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(answer, 64)
}

// close ends the process.
func (p *process) close() {
	if p.to != nil {
		p.to.Close()
		p.cmd.Wait()
	}
}
