package plan

// Rule is one rewriting of plans. Apply gives the plan that the rule makes of
// one and whether it changed anything; it must change nothing once it has done
// its work, or the driver would not end.
type Rule struct {
	Name  string
	Apply func(Node) (Node, bool)
}

// maxRounds bounds the driver: rules that undo each other stop there.
const maxRounds = 100

// Optimize rewrites a plan by all rules. The columns (identities, names, types,
// order) stay the same.
func Optimize(n Node) Node { return OptimizeWith(n, Rules()) }

// OptimizeWith rewrites a plan by some rules, in turn, until none changes
// anything.
func OptimizeWith(n Node, rules []Rule) Node {
	for range maxRounds {
		changed := false
		for _, r := range rules {
			next, ok := r.Apply(n)
			if ok {
				n, changed = next, true
			}
		}
		if !changed {
			break
		}
	}
	return n
}
