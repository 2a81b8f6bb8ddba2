package broker

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestFeatures asks as Java clients before 4.0 do: they close the connection at a
// feature whose lowest level is 0.
func TestFeatures(t *testing.T) {
	b, err := Start(t.Context(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	req := kmsg.NewPtrApiVersionsRequest()
	req.ClientSoftwareName, req.ClientSoftwareVersion = "apache-kafka-java", "3.4.1"
	resp, err := req.RequestWith(t.Context(), cl)
	if err != nil {
		t.Fatal(err)
	}
	if len(resp.ApiKeys) == 0 || resp.Version < 3 {
		t.Fatalf("an answer of version %d with %d requests", resp.Version, len(resp.ApiKeys))
	}
	for _, f := range resp.SupportedFeatures {
		if f.MinVersion < 1 {
			t.Errorf("feature %s: levels %d to %d", f.Name, f.MinVersion, f.MaxVersion)
		}
	}
}
