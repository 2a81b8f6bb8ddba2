package onnx

import (
	"math"
	"slices"
)

// postTransform is what happens to the scores of a row.
type postTransform uint8

const (
	postNone postTransform = iota // as postTransforms names them
	postSoftmax
	postLogistic
	postSoftmaxZero
	postProbit
)

var postTransforms = []string{"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"}

// postTransform reads the attribute post_transform.
func (n *node) postTransform() (postTransform, error) {
	s, err := n.oneOf("post_transform", "NONE", postTransforms...)
	if err != nil {
		return 0, err
	}
	return postTransform(slices.Index(postTransforms, s)), nil
}

// apply transforms the scores of one row, two or more, in place.
func apply[T number](p postTransform, scores []T) {
	switch p {
	case postProbit:
		for i, x := range scores {
			scores[i] = T(probit(float32(x)))
		}
	case postLogistic:
		for i, x := range scores {
			scores[i] = T(logistic(float32(x)))
		}
	case postSoftmax:
		softmax(scores)
	case postSoftmaxZero:
		softmaxZero(scores)
	}
}

// logistic is 1/(1+exp(-x)).
func logistic(x float32) float32 {
	v := 1 / (1 + expOf(-float32(math.Abs(float64(x)))))
	if x < 0 {
		return 1 - v
	}
	return v
}

// expOf is e to the power of x.
func expOf[T number](x T) T {
	if x, ok := any(x).(float32); ok {
		return T(float32(exponential(float64(x))))
	}
	return T(math.Exp(float64(x)))
}

// probit is the quantile of the normal distribution, in the approximation that onnxruntime has.
func probit(x float32) float32 { return 1.41421356 * inverseErf(2*x-1) }

func inverseErf(x float32) float32 {
	sign := float32(1)
	if x < 0 {
		sign = -1
	}
	x = (1 - x) * (1 + x)
	log := float32(math.Log(float64(x)))
	v := float32(2/(float32(3.14159)*float32(0.147))) + float32(0.5*log)
	v2 := float32(1 / float32(0.147) * log)
	v3 := -v + float32(math.Sqrt(float64(float32(v*v)-v2)))
	return sign * float32(math.Sqrt(float64(v3)))
}

func softmax[T number](scores []T) {
	top := -maximum[T]()
	for _, x := range scores {
		if x > top {
			top = x
		}
	}
	sum := T(0)
	for i, x := range scores {
		scores[i] = expOf(x - top)
		sum += scores[i]
	}
	for i := range scores {
		scores[i] /= sum
	}
}

// softmaxZero is softmax that leaves scores of zero at about zero.
func softmaxZero[T number](scores []T) {
	top := -maximum[float32]()
	for _, x := range scores {
		if float32(x) > top {
			top = float32(x)
		}
	}
	sum := float32(0)
	for i, x := range scores {
		if float32(x) > 0.0000001 || float32(x) < -0.0000001 {
			scores[i] = T(expOf(float32(x) - top))
			sum += float32(scores[i])
		} else {
			scores[i] = T(float32(x) * expOf(-top))
		}
	}
	for i := range scores {
		scores[i] /= T(sum)
	}
}

// maximum is the greatest finite number.
func maximum[T number]() T {
	var zero T
	if _, ok := any(zero).(float32); ok {
		return T(float32(math.MaxFloat32))
	}
	m := math.MaxFloat64
	return T(m)
}

// secondClass says how one score becomes those of two classes.
type secondClass int8

const (
	noSecond       secondClass = -1
	complementary  secondClass = 1 // 1-s, s
	oppositeScores secondClass = 2 // -s, s
)

// applyOne writes the scores of a row that has one: dst has room for two, and all of it is written if second says so.
// LOGISTIC gives two classes the logistic function of -s and s. For PROBIT there is no second score: see checkProbit.
func applyOne[T number](p postTransform, second secondClass, s T, dst []T) {
	switch {
	case p == postProbit:
		dst[0] = T(probit(float32(s)))
	case second == noSecond:
		dst[0] = s
	case p == postLogistic:
		dst[0], dst[1] = T(logistic(float32(-s))), T(logistic(float32(s)))
	case second == complementary:
		dst[0], dst[1] = 1-s, s
	default:
		dst[0], dst[1] = -s, s
	}
}

// checkProbit refuses PROBIT for two classes with one score: onnxruntime leaves memory there as it was.
func (n *node) checkProbit(p postTransform, oneScore bool) error {
	if p == postProbit && oneScore {
		return n.errorf("post_transform PROBIT is not supported for two classes with one score")
	}
	return nil
}
