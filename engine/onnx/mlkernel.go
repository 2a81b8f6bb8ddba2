package onnx

import "math"

// svmKernel is the function of a row and a support vector.
type svmKernel struct {
	name         string // LINEAR, POLY, RBF or SIGMOID
	gamma, coef0 float32
	degree       float32
}

func (n *node) svmKernel() (svmKernel, error) {
	k := svmKernel{}
	var err error
	if k.name, err = n.oneOf("kernel_type", "LINEAR", "LINEAR", "POLY", "RBF", "SIGMOID"); err != nil {
		return k, err
	}
	switch p := n.floats("kernel_params"); len(p) {
	case 0:
	case 3:
		k.gamma, k.coef0, k.degree = p[0], p[1], p[2]
	default:
		return k, n.errorf("attribute kernel_params has %d elements, expected gamma, coef0 and degree", len(p))
	}
	return k, nil
}

// rows computes the function of each row with each vector; linear is added to LINEAR's products.
func (k *svmKernel) rows(dst, x, vectors []float32, rows, count, columns int, linear float32) {
	if k.name == "RBF" {
		k.distances(dst, x, vectors, rows, count, columns)
		return
	}
	products(dst, count, x, columns, vectors, nil, rows, count)
	dst = dst[:rows*count]
	switch k.name {
	case "LINEAR":
		if linear != 0 {
			for i := range dst {
				dst[i] += linear
			}
		}
	case "POLY":
		for i, p := range dst {
			dst[i] = polynomial(float32(k.gamma*p)+k.coef0, k.degree)
		}
	case "SIGMOID":
		for i, p := range dst {
			dst[i] = float32(tangent(float64(float32(k.gamma*p) + k.coef0)))
		}
	}
}

func polynomial(x, degree float32) float32 {
	switch degree {
	case 2:
		return x * x
	case 3:
		return float32(x*x) * x
	}
	return float32(math.Pow(float64(x), float64(degree)))
}

// distances computes RBF. Four sums do not wait for each other.
func (k *svmKernel) distances(dst, x, vectors []float32, rows, count, columns int) {
	i := 0
	for ; i+4 <= rows; i += 4 {
		x0, x1 := x[i*columns:][:columns], x[(i+1)*columns:][:columns]
		x2, x3 := x[(i+2)*columns:][:columns], x[(i+3)*columns:][:columns]
		for v := range count {
			var s0, s1, s2, s3 float32
			for j, s := range vectors[v*columns:][:columns] {
				d0, d1, d2, d3 := x0[j]-s, x1[j]-s, x2[j]-s, x3[j]-s
				s0 += float32(d0 * d0)
				s1 += float32(d1 * d1)
				s2 += float32(d2 * d2)
				s3 += float32(d3 * d3)
			}
			at := i*count + v
			dst[at], dst[at+count], dst[at+2*count], dst[at+3*count] = s0, s1, s2, s3
		}
	}
	for ; i < rows; i++ {
		row := x[i*columns:][:columns]
		for v := range count {
			sum := float32(0)
			for j, s := range vectors[v*columns:][:columns] {
				d := row[j] - s
				sum += float32(d * d)
			}
			dst[i*count+v] = sum
		}
	}
	dst = dst[:rows*count]
	for i, d := range dst {
		dst[i] = -k.gamma * d
	}
	expFloats(dst, dst)
}
