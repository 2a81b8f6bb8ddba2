package boosted

// Features are what the model was made of, one for each of Inputs: with them come the categories that an input may
// be. The slice is shared: do not change it.
func (m *Model[T]) Features() []Feature { return m.spec.Features }
