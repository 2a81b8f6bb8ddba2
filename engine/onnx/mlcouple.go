package onnx

import "math"

// probabilities makes the classes' probabilities of the pairs' decisions, as libsvm does. m is scratch memory.
func (c *svmClassifier) probabilities(p, pairs, m []float32) {
	k := len(p)
	r, q := m[:k*k], m[k*k:2*k*k]
	qp := m[2*k*k:][:k]
	clear(m)
	at := 0
	for i := range k - 1 {
		for j := i + 1; j < k; j++ {
			v := 1 - logistic(float32(pairs[at]*c.probA[at])+c.probB[at])
			v = min(max(v, 1e-7), 1-1e-7)
			r[i*k+j], r[j*k+i] = v, 1-v
			at++
		}
	}
	for i := range k {
		p[i] = 1 / float32(k)
		for j := range k {
			if j == i {
				continue
			}
			q[i*k+i] += float32(r[j*k+i] * r[j*k+i])
			if q[i*k+j] = -float32(r[j*k+i] * r[i*k+j]); j < i {
				q[i*k+j] = q[j*k+i]
			}
		}
	}
	limit := 0.005 / float32(k)
	for range 100 {
		if !improve(p, q, qp, limit) {
			return
		}
	}
}

// improve is one step of the iteration that couples the pairs' probabilities; false says that p is good enough.
func improve(p, q, qp []float32, limit float32) bool {
	k := len(p)
	pqp := float32(0)
	for i := range k {
		qp[i] = 0
		for j := range k {
			qp[i] += float32(q[i*k+j] * p[j])
		}
		pqp += float32(p[i] * qp[i])
	}
	worst := float32(0)
	for _, v := range qp {
		worst = max(worst, float32(math.Abs(float64(v-pqp))))
	}
	if !(worst >= limit) {
		return false
	}
	for i := range k {
		d := (-qp[i] + pqp) / q[i*k+i]
		p[i] += d
		pqp = (pqp + float32(d*(float32(d*q[i*k+i])+float32(2*qp[i])))) / (1 + d) / (1 + d)
		for j := range k {
			qp[j] = (qp[j] + float32(d*q[i*k+j])) / (1 + d)
			p[j] /= 1 + d
		}
	}
	return true
}
