package plan

// Rules are the rules in the order they are tried.
func Rules() []Rule {
	return []Rule{
		foldRule(),
		mergeProjectsRule(),
		pushdownRule(),
		joinKeysRule(),
		notNullRule(),
		jsonRule(),
		pruneRule(),
		limitRule(),
		trivialRule(),
		scoreRule(),
	}
}
