package pmml

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// svmDoc is a model over x and z with the vectors (1,0), (0,2) and (3,-1), the second one sparse.
func svmDoc(function, attributes, target, output, kernel, machines string) string {
	return otherDoc("SupportVectorMachineModel", function, attributes, target, output, kernel+
		`<VectorDictionary numberOfVectors="3"><VectorFields numberOfFields="2"><FieldRef field="x"/><FieldRef field="z"/></VectorFields>
<VectorInstance id="v1"><Array type="real" n="2">1 0</Array></VectorInstance>
<VectorInstance id="v2"><REAL-SparseArray n="2"><Indices>2</Indices><REAL-Entries>2</REAL-Entries></REAL-SparseArray></VectorInstance>
<VectorInstance id="v3"><Array type="real" n="2">3 -1</Array></VectorInstance></VectorDictionary>`+machines)
}

// svmMachineXML is a machine of all three vectors.
func svmMachineXML(attributes string, bias float64, alphas ...float64) string {
	s := "<SupportVectorMachine " + attributes + `><SupportVectors><SupportVector vectorId="v1"/><SupportVector vectorId="v2"/><SupportVector vectorId="v3"/></SupportVectors><Coefficients absoluteValue="` + fmt.Sprint(bias) + `">`
	for _, a := range alphas {
		s += fmt.Sprintf(`<Coefficient value="%v"/>`, a)
	}
	return s + "</Coefficients></SupportVectorMachine>"
}

// wantNumber scores a row and compares one output with a number computed in the test.
func wantNumber(t *testing.T, m *Model, in, name string, want float64) {
	t.Helper()
	got, fault := scoreOne(t, m, cells(in))
	x, err := strconv.ParseFloat(got[name], 64)
	if fault != nil || err != nil || math.Abs(x-want) > 1e-12*max(1, math.Abs(want)) {
		t.Errorf("%s: %s = %s, fault %v, want %v", in, name, got[name], fault, want)
	}
}

func TestSVMRegression(t *testing.T) {
	vectors := [][2]float64{{1, 0}, {0, 2}, {3, -1}}
	alphas := []float64{0.5, -0.25, 0.125}
	for kernel, k := range map[string]func(ax, az, bx, bz float64) float64{
		`<LinearKernelType/>`: func(ax, az, bx, bz float64) float64 { return ax*bx + az*bz },
		`<PolynomialKernelType gamma="2" coef0="3" degree="2"/>`: func(ax, az, bx, bz float64) float64 { return math.Pow(2*(ax*bx+az*bz)+3, 2) },
		`<RadialBasisKernelType gamma="0.3"/>`: func(ax, az, bx, bz float64) float64 {
			return math.Exp(-0.3 * ((ax-bx)*(ax-bx) + (az-bz)*(az-bz)))
		},
		`<SigmoidKernelType gamma="0.1" coef0="0.2"/>`: func(ax, az, bx, bz float64) float64 { return math.Tanh(0.1*(ax*bx+az*bz) + 0.2) },
	} {
		m := mustLoad(t, svmDoc("regression", "", "y", "", kernel, svmMachineXML("", 0.75, alphas...)))
		for _, x := range [][2]float64{{0, 0}, {1.5, -2}, {-3, 4}} {
			want := 0.75
			for i, v := range vectors {
				want += alphas[i] * k(x[0], x[1], v[0], v[1])
			}
			wantNumber(t, m, fmt.Sprintf("x=%v;z=%v", x[0], x[1]), "y", want)
		}
		wantScore(t, m, "x=1", "")
	}
}

func TestSVMClassification(t *testing.T) {
	linear := `<LinearKernelType/>`
	probs := `<OutputField name="pa" feature="probability" value="a"/>`
	// f(x, z) = x + 0.5: below the threshold 0 is targetCategory, unless maxWins
	one := func(attributes, machine string) *Model {
		return mustLoad(t, svmDoc("classification", attributes, "c", probs, linear, svmMachineXML(machine, 0.5, 1, 0, 0)))
	}
	for _, c := range []struct{ attributes, machine, in, want string }{
		{"", `targetCategory="a" alternateTargetCategory="b"`, "x=-1;z=0", "c=a; pa=1.0"},
		{"", `targetCategory="a" alternateTargetCategory="b"`, "x=-0.5;z=0", "c=b; pa=0.0"},
		{`maxWins="true"`, `targetCategory="a" alternateTargetCategory="b"`, "x=-1;z=0", "c=b; pa=0.0"},
		{`maxWins="true"`, `targetCategory="a" alternateTargetCategory="b"`, "x=1;z=0", "c=a; pa=1.0"},
		{`threshold="2"`, `targetCategory="a" alternateTargetCategory="b"`, "x=1;z=0", "c=a; pa=1.0"},
		{`threshold="2"`, `targetCategory="a" alternateTargetCategory="b" threshold="1"`, "x=1;z=0", "c=b; pa=0.0"},
		{`alternateBinaryTargetCategory="b"`, `targetCategory="a"`, "x=0.5;z=0", "c=a; pa=1.0"},
		{`alternateBinaryTargetCategory="b"`, `targetCategory="a"`, "x=-0.5;z=0", "c=b; pa=0.0"},
	} {
		wantScore(t, one(c.attributes, c.machine), c.in, c.want)
	}
	pairs := svmMachineXML(`targetCategory="a" alternateTargetCategory="b"`, 0, 1, 0, 0) + // a if x < 0
		svmMachineXML(`targetCategory="a" alternateTargetCategory="d"`, 0, 0, 0.5, 0) + // a if z < 0
		svmMachineXML(`targetCategory="b" alternateTargetCategory="d"`, -1, 1, 0, 0) // b if x < 1
	votes := mustLoad(t, svmDoc("classification", `classificationMethod="OneAgainstOne"`, "c", probs, linear, pairs))
	wantScore(t, votes, "x=-1;z=-1", "c=a; pa=0.6666666666666666")
	wantScore(t, votes, "x=0.5;z=1", "c=b; pa=0.0")
	wantScore(t, votes, "x=2;z=1", "c=d; pa=0.0")
	wantScore(t, votes, "x=2;z=-1", "c=b; pa=0.3333333333333333") // a tie of three: b voted first
	each := svmMachineXML(`targetCategory="a"`, 0, 1, 0, 0) + svmMachineXML(`targetCategory="b"`, 0, 0, 0.5, 0) + svmMachineXML(`targetCategory="d"`, 1, 0, 0, 0)
	values := `<OutputField name="v" feature="affinity"/>`
	wantScore(t, mustLoad(t, svmDoc("classification", "", "c", values, linear, each)), "x=3;z=2", "c=d; v=1.0")
	wantScore(t, mustLoad(t, svmDoc("classification", `maxWins="true"`, "c", values, linear, each)), "x=3;z=2", "c=a; v=3.0")
}

func TestSVMCoefficients(t *testing.T) {
	m := mustLoad(t, otherDoc("SupportVectorMachineModel", "regression", `svmRepresentation="Coefficients"`, "y", "", `<LinearKernelType/>
<VectorDictionary><VectorFields><FieldRef field="x"/><CategoricalPredictor name="s" value="u" coefficient="2"/></VectorFields></VectorDictionary>
<SupportVectorMachine><Coefficients absoluteValue="1"><Coefficient value="3"/><Coefficient value="5"/></Coefficients></SupportVectorMachine>`))
	wantScore(t, m, "x=2;s=u", "y=17.0")
	wantScore(t, m, "x=2;s=v", "y=7.0")
	wantScore(t, m, "x=2", "")
}

func TestGaussianProcess(t *testing.T) {
	doc := func(kernel string) string {
		return otherDoc("GaussianProcessModel", "regression", "", "y", "", kernel+`<TrainingInstances isTransformed="false"><InstanceFields><InstanceField field="x" column="x"/><InstanceField field="z" column="z"/><InstanceField field="y" column="y"/></InstanceFields>
<InlineTable><row><x>0</x><z>1</z><y>2</y></row><row><x>2</x><z>-1</z><y>5</y></row></InlineTable></TrainingInstances>`)
	}
	at := func(k func(dx, dz float64) float64, gamma, noise, x, z float64) float64 { // the 2x2 system by Cramer's rule
		a, b := gamma*k(0, 0)+noise, gamma*k(2, 2)
		det := a*a - b*b
		w1, w2 := (2*a-5*b)/det, (5*a-2*b)/det
		return w1*gamma*k(math.Abs(x), math.Abs(z-1)) + w2*gamma*k(math.Abs(x-2), math.Abs(z+1))
	}
	for kernel, k := range map[string]func(dx, dz float64) float64{
		`<RadialBasisKernel gamma="1.5" noiseVariance="0.1" lambda="2"/>`: func(dx, dz float64) float64 { return math.Exp(-(dx*dx/4 + dz*dz/4) / 2) },
		`<ARDSquaredExponentialKernel gamma="1.5" noiseVariance="0.1"><Lambda><Array type="real" n="2">2 4</Array></Lambda></ARDSquaredExponentialKernel>`: func(dx, dz float64) float64 {
			return math.Exp(-(dx*dx/4 + dz*dz/16) / 2)
		},
		`<AbsoluteExponentialKernel gamma="1.5" noiseVariance="0.1"><Lambda><Array type="real" n="2">2 4</Array></Lambda></AbsoluteExponentialKernel>`: func(dx, dz float64) float64 {
			return math.Exp(-(dx/2 + dz/4))
		},
		`<GeneralizedExponentialKernel gamma="1.5" noiseVariance="0.1" degree="1.5"><Lambda><Array type="real" n="2">2 4</Array></Lambda></GeneralizedExponentialKernel>`: func(dx, dz float64) float64 {
			return math.Exp(-(math.Pow(dx/2, 1.5) + math.Pow(dz/4, 1.5)))
		},
	} {
		m := mustLoad(t, doc(kernel))
		for _, x := range [][2]float64{{0, 1}, {1, 0.5}, {-3, 2}} {
			wantNumber(t, m, fmt.Sprintf("x=%v;z=%v", x[0], x[1]), "y", at(k, 1.5, 0.1, x[0], x[1]))
		}
		wantScore(t, m, "x=1", "")
	}
}

// refusals checks that documents are refused at an element, with a line.
func refusals(t *testing.T, docs []refusal) {
	t.Helper()
	for _, c := range docs {
		_, err := Load(strings.NewReader(c.doc))
		fault, ok := err.(*Error)
		if !ok || fault.Element != c.element || fault.Line == 0 || !strings.Contains(fault.Msg, c.want) {
			t.Errorf("%v, want %s: %s", err, c.element, c.want)
		}
	}
}

type refusal struct{ doc, element, want string }

func TestKernelRefusals(t *testing.T) {
	linear := `<LinearKernelType/>`
	ok := svmMachineXML(`targetCategory="a" alternateTargetCategory="b"`, 0, 1, 1, 1)
	good := svmDoc("classification", "", "c", "", linear, ok)
	change := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	refusals(t, []refusal{
		{change(linear, ""), "SupportVectorMachineModel", "has no kernel"},
		{change(linear, linear+linear), "LinearKernelType", "a second kernel"},
		{change(linear, `<LinearKernelType gamma="x"/>`), "LinearKernelType", "is not a number"},
		{change(ok, ""), "SupportVectorMachineModel", "has no SupportVectorMachine"},
		{change(`vectorId="v3"`, `vectorId="v9"`), "SupportVector", `"v9" is no VectorInstance`},
		{change(`id="v3"`, `id="v2"`), "VectorInstance", "a second VectorInstance"},
		{change(`numberOfVectors="3"`, `numberOfVectors="4"`), "VectorDictionary", "numberOfVectors=4 but there are 3"},
		{change(`numberOfFields="2"`, `numberOfFields="3"`), "VectorFields", "numberOfFields=3 but there are 2"},
		{change(`<Indices>2<`, `<Indices>3<`), "REAL-SparseArray", "the index 3.0 is not between 1 and 2"},
		{change(`<Indices>2<`, `<Indices>1 2<`), "REAL-SparseArray", "has 2 Indices for 1 entries"},
		{change(`n="2">1 0<`, `n="3">1 0 0<`), "VectorInstance", "has 3 numbers for 2 VectorFields"},
		{change(`<FieldRef field="x"/>`, `<FieldRef field="xx"/>`), "FieldRef", `"xx" is not defined`},
		{change(`<Coefficient value="1"/>`, ``), "SupportVectorMachine", "has 2 Coefficients for 3 SupportVectors"},
		{change(` alternateTargetCategory="b"`, ``), "SupportVectorMachine", "alternateTargetCategory is missing"},
		{change(`targetCategory="a"`, ``), "SupportVectorMachine", "targetCategory is missing"},
		{svmDoc("regression", "", "y", "", linear, ok+ok), "SupportVectorMachine", "a regression has one"},
		{svmDoc("classification", `svmRepresentation="Coefficients"`, "c", "", linear, ok), "SupportVectorMachine", "has SupportVectors"},
		{otherDoc("GaussianProcessModel", "regression", "", "y", "", ""), "GaussianProcessModel", "has no kernel"},
		{otherDoc("GaussianProcessModel", "regression", "", "y", "", `<RadialBasisKernel lambda="0"/>`), "RadialBasisKernel", "lambda has to be positive"},
		{otherDoc("GaussianProcessModel", "regression", "", "y", "", `<RadialBasisKernel/><TrainingInstances><InstanceFields><InstanceField field="y"/></InstanceFields></TrainingInstances>`), "TrainingInstances", "has no rows"},
	})
}
