package catalog

import "testing"

func TestCount(t *testing.T) {
	for _, c := range []struct {
		n    int64
		want string
	}{
		{0, "0 rows"}, {1, "1 row"}, {-1, "-1 rows"}, {999, "999 rows"}, {1000, "1,000 rows"}, {-1000, "-1,000 rows"},
		{-123456, "-123,456 rows"}, {1234567, "1,234,567 rows"},
	} {
		if got := Count(c.n, "row"); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
