package openscoring

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestLastCall sends a request on a connection that was idle when the server
// stopped: it is answered, and the connection is closed then.
func TestLastCall(t *testing.T) {
	s := newServer(t, Config{Grace: time.Minute})
	s.lastCall = time.Minute // it ends with the last connection
	put(t, s, "m", irisDocument, http.StatusCreated)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l, nil) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	post := func() *http.Response {
		fmt.Fprintf(conn, "POST /openscoring/model/m HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(irisRecord), irisRecord)
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || !strings.Contains(string(body), `"probability(1)" : 0.985`) {
			t.Fatalf("%s, %v", body, err)
		}
		return res
	}
	if post().Close {
		t.Error("a connection is closed while the server runs")
	}
	stop()
	for { // until the listener is closed
		other, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break
		}
		_ = other.Close()
	}
	if !post().Close {
		t.Error("a connection stays open while the server stops")
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
