"""Makes ONNX documents with dense operators, runs them with onnxruntime and writes documents and answers.

    pip install onnx==1.23.2 onnxruntime==1.32.0 skl2onnx==1.20.0 scikit-learn==1.9.1
    python generate.py

dense/operators.json and dense/refused.json have small documents of one operator or few, as base64; dense/NAME.onnx
are whole models, with dense/NAME.json beside them. A case has "inputs" and "outputs" by name; a tensor is {"type",
"shape", "values"}, with NaN, Infinity and -Infinity as texts; the output of a ZipMap is of type "map" and has "keys".
onnxruntime runs on one thread.
"""
import base64
import json
import os
import warnings

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

warnings.filterwarnings("ignore")
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dense")
TYPES = {np.dtype(np.float32): "float", np.dtype(np.float64): "double", np.dtype(np.int64): "int64",
         np.dtype(np.int32): "int32", np.dtype(np.bool_): "bool"}
PROTO = {"float": TensorProto.FLOAT, "double": TensorProto.DOUBLE, "int64": TensorProto.INT64,
         "int32": TensorProto.INT32, "string": TensorProto.STRING, "bool": TensorProto.BOOL}
N = 7


def cell(v):
    if isinstance(v, bytes):
        return v.decode()
    if isinstance(v, (str, np.str_)):
        return str(v)
    if isinstance(v, (np.bool_, bool, np.integer, int)):
        return int(v)
    if np.isnan(v):
        return "NaN"
    if np.isinf(v):
        return "Infinity" if v > 0 else "-Infinity"
    return float(v) if isinstance(v, np.float64) else float(str(v))


def tensor(a):
    a = np.asarray(a)
    return {"type": TYPES.get(a.dtype, "string"), "shape": list(a.shape), "values": [cell(v) for v in a.ravel()]}


def answer(v):
    if isinstance(v, list):
        keys = list(v[0])
        return {"type": "map", "keys": [cell(k) for k in keys], "shape": [len(v), len(keys)],
                "values": [cell(np.float32(row[k])) for row in v for k in keys]}
    return tensor(v)


def run(model, feeds):
    o = ort.SessionOptions()
    o.intra_op_num_threads = o.inter_op_num_threads = 1
    o.log_severity_level = 3
    s = ort.InferenceSession(model.SerializeToString(), o, providers=["CPUExecutionProvider"])
    names = [x.name for x in s.get_outputs()]
    return dict(zip(names, s.run(names, feeds)))


def document(nodes, inputs, outputs, constants=None, opset=17, fixed=False, props=None, declare=None):
    """inputs: arrays by name, their first axis is the batch; outputs: types by name."""
    declare = declare or {}
    ins = [helper.make_tensor_value_info(k, PROTO[TYPES.get(v.dtype, "string")],
                                         declare.get(k, [1 if fixed else "N"] + list(v.shape[1:]))) for k, v in inputs.items()]
    outs = [helper.make_tensor_value_info(k, PROTO[t], None) for k, t in outputs.items()]
    inits = [numpy_helper.from_array(np.asarray(v), k) for k, v in (constants or {}).items()]
    g = helper.make_graph(nodes, "g", ins, outs, inits)
    m = helper.make_model(g, opset_imports=[helper.make_opsetid("", opset)], producer_name="generate.py")
    m.ir_version = 8
    if props:
        helper.set_model_props(m, props)
    return m


operators, refused = [], []


def encoded(m):
    return base64.b64encode(m.SerializeToString()).decode()


def case(name, nodes, inputs, outputs, constants=None, opset=17, batch=True, **more):
    m = document(nodes, inputs, outputs, constants, opset, **more)
    if batch:
        out = run(m, inputs)
    else:  # the document takes one row at a time
        rows = [run(m, {k: v[i:i + 1] for k, v in inputs.items()}) for i in range(N)]
        out = {k: np.concatenate([r[k] for r in rows]) for k in outputs}
    operators.append({"name": name, "model": encoded(m), "inputs": {k: tensor(v) for k, v in inputs.items()},
                      "outputs": {k: answer(v) for k, v in out.items()}})


def one(name, op, inputs, out="float", constants=None, opset=17, order=None, **attrs):
    """A document of one operator with one output."""
    names = order or list(inputs) + list(constants or {})
    case(name, [helper.make_node(op, names, ["Y"], name="n", **attrs)], inputs, {"Y": out}, constants, opset)


def refuse(name, nodes, inputs, outputs, constants=None, opset=17, **more):
    refused.append({"name": name, "model": encoded(document(nodes, inputs, outputs, constants, opset, **more))})


def node(op, ins, outs, **attrs):
    return helper.make_node(op, ins, outs, name=outs[0] + "_node", **attrs)


r = np.random.RandomState(7)
F = r.randn(N, 5).astype(np.float32)
F[0, 0], F[1, 1], F[2, 2], F[3, 3] = np.nan, np.inf, -np.inf, -0.0
G = (r.randn(N, 5) * 3).astype(np.float32)
G[4, 4] = np.nan
D, E = r.randn(N, 5), r.randn(N, 5) * 2
P = (np.abs(r.randn(N, 5)) + 0.1).astype(np.float32)
I, J = r.randint(-9, 10, (N, 5)).astype(np.int64), r.randint(1, 6, (N, 5)).astype(np.int64)
K, L = I.astype(np.int32), J.astype(np.int32)
J[1, 2] = -3
B, C = r.rand(N, 5) < 0.5, r.rand(N, 5) < 0.5
T = r.randn(N, 3, 4).astype(np.float32)
Q = r.randn(N, 4, 3).astype(np.float32)
S = np.array([["a", "b"], ["c", "d"], ["", "e"], ["a", "x"], ["b", "b"], ["z", "y"], ["1", "2"]], dtype=object)
COL = r.randn(N, 1).astype(np.float32)
f32 = np.float32

# element by element
for op in ["Add", "Sub", "Mul", "Div", "Pow"]:
    one(op.lower() + "_float", op, {"A": P if op == "Pow" else F, "B": G})
    one(op.lower() + "_double", op, {"A": np.abs(D) if op == "Pow" else D, "B": E}, "double")
for op in ["Add", "Sub", "Mul", "Div"]:
    one(op.lower() + "_int64", op, {"A": I, "B": J}, "int64")
    one(op.lower() + "_int32", op, {"A": K, "B": L}, "int32")
one("pow_int_exponent", "Pow", {"A": F}, constants={"E": np.array([2], np.int64)})
one("pow_half", "Pow", {"A": P}, constants={"E": np.array(0.5, f32)})
one("add_vector", "Add", {"A": F}, constants={"B": r.randn(5).astype(f32)})
one("add_scalar", "Add", {"A": F}, constants={"B": np.array(1.5, f32)})
one("add_scalar_first", "Add", {"A": F}, constants={"B": np.array(1.5, f32)}, order=["B", "A"])
one("sub_column", "Sub", {"A": F, "B": COL})
one("sub_column_first", "Sub", {"B": COL, "A": F})
one("mul_three_axes", "Mul", {"A": T}, constants={"B": r.randn(3, 1).astype(f32)})
one("mul_three_axes_column", "Mul", {"A": T, "B": r.randn(N, 1, 4).astype(f32)})
one("mul_outer", "Mul", {"A": r.randn(N, 3, 1).astype(f32), "B": r.randn(N, 1, 4).astype(f32)})
for op in ["Min", "Max", "Sum", "Mean"]:
    one(op.lower() + "_three", op, {"A": F, "B": G, "C": COL})
    one(op.lower() + "_one", op, {"A": F})
one("min_int64", "Min", {"A": I, "B": J}, "int64")
one("max_double", "Max", {"A": D, "B": E}, "double")
one("mod_int64", "Mod", {"A": I, "B": J}, "int64")
one("mod_fmod_int32", "Mod", {"A": K, "B": L}, "int32", fmod=1)
one("mod_fmod_float", "Mod", {"A": G, "B": P}, fmod=1)
one("prelu", "PRelu", {"A": F}, constants={"S": r.rand(5).astype(f32)})
for op in ["Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"]:
    one(op.lower() + "_float", op, {"A": np.round(F), "B": np.round(G)}, "bool")
    one(op.lower() + "_int64", op, {"A": I, "B": J}, "bool")
    one(op.lower() + "_double", op, {"A": D}, "bool", constants={"B": np.array(0.25)})
one("equal_string", "Equal", {"A": S}, "bool", constants={"B": np.array(["a", "b"], dtype=object)}, opset=19)
one("equal_bool", "Equal", {"A": B, "B": C}, "bool")
for op in ["And", "Or", "Xor"]:
    one(op.lower(), op, {"A": B, "B": C}, "bool")
one("where", "Where", {"B": B, "F": F, "G": G})
one("where_broadcast", "Where", {"B": B}, constants={"x": np.array(1, f32), "y": r.randn(5).astype(f32)})
one("where_string", "Where", {"B": B[:, :2], "S": S}, "string", constants={"y": np.array(["no"], dtype=object)})
one("not", "Not", {"A": B}, "bool")
for op in ["Neg", "Abs", "Sign", "Relu", "Sigmoid", "Tanh", "Exp", "Floor", "Ceil", "Round", "Reciprocal", "Softplus", "Softsign", "Erf",
           "LeakyRelu", "Elu", "Celu", "Selu", "HardSigmoid", "ThresholdedRelu", "Sin", "Cos", "Tan", "Atan", "Sinh", "Asinh", "HardSwish", "Shrink",
           "Identity"]:
    one(op.lower(), op, {"A": np.where(np.isinf(F), f32(3.5), F) if op in ["Sin", "Cos", "Tan"] else F})
for op in ["Sqrt", "Log"]:
    one(op.lower(), op, {"A": np.where(np.arange(N)[:, None] == 2, F, P)})
for op in ["Neg", "Abs", "Sigmoid", "Tanh", "Exp", "Sqrt", "Log", "Erf", "Relu", "Floor", "Round"]:
    if op not in ["Erf"]:
        one(op.lower() + "_double", op, {"A": np.abs(D) if op in ["Sqrt", "Log"] else D * 3}, "double")
for op in ["Neg", "Abs", "Sign"]:
    one(op.lower() + "_int64", op, {"A": I}, "int64")
one("round_halves", "Round", {"A": np.array([[-2.5, -1.5, -0.5, 0.5, 1.5]] * N, f32)})
one("asin", "Asin", {"A": np.tanh(P)})
one("acosh", "Acosh", {"A": P + f32(1)})
one("leakyrelu_alpha", "LeakyRelu", {"A": F}, alpha=0.3)
one("elu_alpha", "Elu", {"A": F}, alpha=2.0)
one("hardsigmoid_attrs", "HardSigmoid", {"A": F}, alpha=0.5, beta=0.1)
one("gelu", "Gelu", {"A": F}, opset=20)
one("gelu_tanh", "Gelu", {"A": F}, opset=20, approximate="tanh")
one("mish", "Mish", {"A": F}, opset=18)
one("isnan", "IsNaN", {"A": F}, "bool")
one("isinf", "IsInf", {"A": F}, "bool")
one("isinf_positive", "IsInf", {"A": F}, "bool", detect_negative=0)
one("clip", "Clip", {"A": F}, constants={"lo": np.array(-0.5, f32), "hi": np.array(0.7, f32)})
one("clip_upper", "Clip", {"A": F}, constants={"hi": np.array(0.7, f32)}, order=["A", "", "hi"])
one("clip_int64", "Clip", {"A": I}, "int64", constants={"lo": np.array(-3, np.int64), "hi": np.array(3, np.int64)})
one("clip_attributes", "Clip", {"A": F}, opset=10, min=-0.5, max=0.5)
tanh_range = np.linspace(-12, 12, N * 5, dtype=f32).reshape(N, 5)
for op in ["Tanh", "Sigmoid", "Exp", "Softplus", "Gelu"]:
    one(op.lower() + "_range", op, {"A": tanh_range * f32(8 if op != "Tanh" else 1)}, opset=20)
    one(op.lower() + "_tiny", op, {"A": tanh_range * f32(1e-4)}, opset=20)

# casts
for to in ["double", "int64", "int32", "bool"]:
    one("cast_float_" + to, "Cast", {"A": np.where(np.isfinite(F), F * 3, f32(0))}, to, to=PROTO[to])
for to in ["float", "double", "int32", "bool", "string"]:
    one("cast_int64_" + to, "Cast", {"A": I}, to, to=PROTO[to])
for to in ["float", "int64"]:
    one("cast_bool_" + to, "Cast", {"A": B}, to, to=PROTO[to])
one("cast_double_float", "Cast", {"A": D}, "float", to=1)
one("cast_float_string", "Cast", {"A": np.array([[1, -0.5, 1e10, 1e-7, np.nan]] * N, f32)}, "string", to=8)
one("cast_string_float", "Cast", {"A": np.array([["1", "-0.5", " 2e3", "NaN", "INF"]] * N, dtype=object)}, to=1)
one("cast_string_int64", "Cast", {"A": np.array([["1", "-5"]] * N, dtype=object)}, "int64", to=7)
one("cast_same", "Cast", {"A": F}, to=1)

# matrix products
W, bias = r.randn(5, 3).astype(f32), r.randn(3).astype(f32)
Z = r.randn(N, 5).astype(f32)
one("gemm", "Gemm", {"A": Z}, constants={"W": W, "b": bias})
one("gemm_no_c", "Gemm", {"A": Z}, constants={"W": W})
one("gemm_trans_b", "Gemm", {"A": Z}, constants={"W": W.T.copy(), "b": bias}, transB=1, alpha=0.5, beta=2.0)
one("gemm_scalar_c", "Gemm", {"A": Z}, constants={"W": W, "b": np.array(2, f32)})
one("gemm_column_c", "Gemm", {"A": Z, "c": COL}, constants={"W": W}, order=["A", "W", "c"])
one("gemm_matrix_c", "Gemm", {"A": Z, "c": r.randn(N, 3).astype(f32)}, constants={"W": W}, order=["A", "W", "c"], beta=0.25)
one("gemm_double", "Gemm", {"A": D}, "double", constants={"W": W.astype(np.float64), "b": bias.astype(np.float64)})
for k, m in [(1, 1), (5, 1), (1, 4), (5, 2), (5, 4), (5, 5), (5, 9)]:
    one("gemm_%d_%d" % (k, m), "Gemm", {"A": Z[:, :k].copy()}, constants={"W": r.randn(k, m).astype(f32), "b": r.randn(m).astype(f32)})
case("gemm_trans_a", [node("Transpose", ["A"], ["t"], perm=[1, 0]), node("Gemm", ["t", "W"], ["Y"], transA=1)], {"A": Z}, {"Y": "float"}, {"W": W})
one("matmul", "MatMul", {"A": Z}, constants={"W": W})
one("matmul_vector", "MatMul", {"A": Z}, constants={"w": r.randn(5).astype(f32)})
one("matmul_three_axes", "MatMul", {"A": T}, constants={"W": r.randn(4, 6).astype(f32)})
one("matmul_batched", "MatMul", {"A": T, "B": Q})
one("matmul_batched_constant", "MatMul", {"A": r.randn(N, 2, 3, 4).astype(f32)}, constants={"W": r.randn(2, 4, 3).astype(f32)})
one("matmul_int64", "MatMul", {"A": I}, "int64", constants={"W": r.randint(-3, 4, (5, 2)).astype(np.int64)})
case("matmul_left", [node("Transpose", ["A"], ["t"], perm=[1, 0]), node("MatMul", ["W", "t"], ["u"]), node("Transpose", ["u"], ["Y"])],
     {"A": Z}, {"Y": "float"}, {"W": W.T.copy()})

# moves
one("reshape", "Reshape", {"A": T}, constants={"s": np.array([-1, 12], np.int64)})
one("reshape_zero", "Reshape", {"A": T}, constants={"s": np.array([0, 2, -1], np.int64)})
one("reshape_column", "Reshape", {"A": COL}, constants={"s": np.array([-1], np.int64)})
case("reshape_there_and_back", [node("Reshape", ["A", "s"], ["t"]), node("Relu", ["t"], ["u"]), node("Reshape", ["u", "v"], ["Y"])], {"A": F}, {"Y": "float"},
     {"s": np.array([-1], np.int64), "v": np.array([-1, 5], np.int64)})
case("reshape_of_shape", [node("Shape", ["A"], ["s"]), node("Gather", ["s", "zero"], ["n"], axis=0), node("Unsqueeze", ["n", "axis"], ["n1"]),
                          node("Concat", ["n1", "rest"], ["t"], axis=0), node("Reshape", ["A", "t"], ["Y"])], {"A": T}, {"Y": "float"},
     {"zero": np.array(0, np.int64), "axis": np.array([0], np.int64), "rest": np.array([12], np.int64)})
case("reshape_of_shape_slice", [node("Shape", ["A"], ["s"]), node("Slice", ["s", "b", "e"], ["n"]), node("Cast", ["n"], ["n2"], to=7),
                                node("Mul", ["n2", "three"], ["n3"]), node("Concat", ["n3", "four"], ["t"], axis=0), node("Reshape", ["A", "t"], ["u"]),
                                node("Softmax", ["u"], ["v"]), node("Reshape", ["v", "back"], ["Y"])], {"A": T}, {"Y": "float"},
     {"b": np.array([0], np.int64), "e": np.array([1], np.int64), "three": np.array([3], np.int64), "four": np.array([4], np.int64), "back": np.array([-1, 3, 4], np.int64)})
case("reshape_fixed", [node("Reshape", ["A", "s"], ["Y"])], {"A": T}, {"Y": "float"}, {"s": np.array([1, 12], np.int64)}, batch=False, fixed=True)
one("flatten", "Flatten", {"A": T})
one("flatten_negative", "Flatten", {"A": T}, axis=-2)
one("squeeze", "Squeeze", {"A": r.randn(N, 1, 3).astype(f32)}, constants={"a": np.array([1], np.int64)})
one("squeeze_attribute", "Squeeze", {"A": r.randn(N, 1, 3, 1).astype(f32)}, opset=11, axes=[1, -1])
one("squeeze_all", "Squeeze", {"A": r.randn(N, 1, 3).astype(f32)})
one("unsqueeze", "Unsqueeze", {"A": F}, constants={"a": np.array([1, -1], np.int64)})
one("unsqueeze_attribute", "Unsqueeze", {"A": F}, opset=11, axes=[2])
one("transpose", "Transpose", {"A": T}, perm=[0, 2, 1])
case("transpose_twice", [node("Transpose", ["A"], ["t"]), node("Exp", ["t"], ["u"]), node("Transpose", ["u"], ["Y"])], {"A": F}, {"Y": "float"})
case("batch_in_the_middle", [node("Transpose", ["A"], ["t"], perm=[1, 0, 2]), node("Add", ["t", "c"], ["u"]), node("ReduceSum", ["u", "axis"], ["Y"], keepdims=0)],
     {"A": T}, {"Y": "float"}, {"c": r.randn(3, 1, 4).astype(f32), "axis": np.array([0], np.int64)})
one("transpose_four", "Transpose", {"A": r.randn(N, 2, 3, 2).astype(f32)}, perm=[0, 3, 1, 2])
one("concat", "Concat", {"A": F, "B": COL, "C": G}, axis=1)
one("concat_negative", "Concat", {"A": T, "B": T * 2}, axis=-1)
one("concat_string", "Concat", {"A": S, "B": S[:, :1].copy()}, "string", axis=1)
one("concat_middle", "Concat", {"A": T, "B": r.randn(N, 2, 4).astype(f32)}, axis=1)
case("split", [helper.make_node("Split", ["A", "s"], ["Y", "Z"], axis=1)], {"A": F}, {"Y": "float", "Z": "float"}, {"s": np.array([2, 3], np.int64)})
case("split_equal", [helper.make_node("Split", ["A"], ["Y", "Z"], axis=2)], {"A": T}, {"Y": "float", "Z": "float"})
case("split_num_outputs", [helper.make_node("Split", ["A"], ["Y", "Z"], axis=1, num_outputs=2)], {"A": F}, {"Y": "float", "Z": "float"}, opset=18)
case("split_attribute", [helper.make_node("Split", ["A"], ["Y", "Z"], axis=1, split=[1, 4])], {"A": F}, {"Y": "float", "Z": "float"}, opset=11)
i64 = lambda *v: np.array(v, np.int64)
one("slice", "Slice", {"A": F}, constants={"b": i64(1), "e": i64(4), "a": i64(1)})
one("slice_steps", "Slice", {"A": T}, constants={"b": i64(0, -1), "e": i64(3, -100), "a": i64(1, 2), "s": i64(2, -2)})
one("slice_whole_batch", "Slice", {"A": F}, constants={"b": i64(0, 1), "e": i64(2**31 - 1, -1)})
one("slice_beyond", "Slice", {"A": F}, constants={"b": i64(-9), "e": i64(99), "a": i64(-1)})
one("slice_attributes", "Slice", {"A": F}, opset=9, starts=[2], ends=[5], axes=[1])
one("slice_string", "Slice", {"A": S}, "string", constants={"b": i64(1), "e": i64(2), "a": i64(1)})
one("gather", "Gather", {"A": F}, constants={"i": i64(4, 0, -2)}, axis=1)
one("gather_one", "Gather", {"A": F}, constants={"i": np.array(2, np.int64)}, axis=1)
one("gather_matrix", "Gather", {"A": T}, constants={"i": np.array([[0, 1], [2, -1]], np.int32)}, axis=1)
one("gather_table", "Gather", {"I": np.abs(I) % 4}, constants={"t": r.randn(4, 2).astype(f32)}, order=["t", "I"])
one("gather_labels", "Gather", {"I": np.abs(I[:, 0]) % 3}, "string", constants={"t": np.array(["x", "y", "z"], dtype=object)}, order=["t", "I"])
one("gatherelements", "GatherElements", {"A": F, "I": (I % 5)[:, :2].copy()}, axis=1)
one("onehot", "OneHot", {"I": I[:, :2].copy()}, constants={"d": np.array(6, np.int64), "v": np.array([0, 1], f32)})
one("onehot_axis", "OneHot", {"I": I[:, :2].copy()}, constants={"d": np.array([6], np.int64), "v": np.array([-1, 5], f32)}, axis=1)
case("expand", [node("Expand", ["A", "s"], ["Y"])], {"A": COL}, {"Y": "float"}, {"s": i64(1, 4)})
case("expand_shape", [node("Shape", ["A"], ["s"]), node("Expand", ["c", "s"], ["t"]), node("Add", ["A", "t"], ["Y"])], {"A": F}, {"Y": "float"}, {"c": r.randn(1, 5).astype(f32)})
case("constantofshape", [node("Shape", ["A"], ["s"]), node("ConstantOfShape", ["s"], ["t"], value=numpy_helper.from_array(np.array([2.5], f32))),
                         node("Mul", ["A", "t"], ["Y"])], {"A": F}, {"Y": "float"})
one("pad", "Pad", {"A": F}, constants={"p": i64(0, 1, 0, 2), "v": np.array(9, f32)})
one("pad_three", "Pad", {"A": T}, constants={"p": i64(0, 1, 0, 0, 0, 2)})
one("pad_attribute", "Pad", {"A": F}, opset=10, pads=[0, 2, 0, 0], value=1.5)
one("tile", "Tile", {"A": T}, constants={"n": i64(1, 2, 3)})

# reductions
for op in ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp"]:
    data = np.abs(T) if op == "ReduceLogSum" else T
    one(op.lower(), op, {"A": data}, constants={"a": i64(1)}, opset=18)
    one(op.lower() + "_keep_two", op, {"A": data}, constants={"a": i64(1, -1)}, opset=18, keepdims=0)
    one(op.lower() + "_double", op, {"A": np.abs(D)}, "double", constants={"a": i64(-1)}, opset=18)
for op in ["ReduceMean", "ReduceMax", "ReduceL2"]:
    one(op.lower() + "_attribute", op, {"A": T}, opset=13, axes=[2], keepdims=0)
one("reducesum_attribute", "ReduceSum", {"A": T}, opset=11, axes=[1])
one("reducesum_int64", "ReduceSum", {"A": I}, "int64", constants={"a": i64(1)})
one("reducesum_noop", "ReduceSum", {"A": F}, noop_with_empty_axes=1)
for op in ["ArgMax", "ArgMin"]:
    ties = np.round(T)
    one(op.lower(), op, {"A": ties}, "int64", axis=1)
    one(op.lower() + "_flat", op, {"A": ties}, "int64", axis=-1, keepdims=0)
    one(op.lower() + "_last", op, {"A": ties}, "int64", axis=1, select_last_index=1)
case("topk", [helper.make_node("TopK", ["A", "k"], ["Y", "Z"])], {"A": np.round(T, 1)}, {"Y": "float", "Z": "int64"}, {"k": i64(3)})
case("topk_smallest", [helper.make_node("TopK", ["A", "k"], ["Y", "Z"], axis=1, largest=0)], {"A": T}, {"Y": "float", "Z": "int64"}, {"k": i64(2)})
one("cumsum", "CumSum", {"A": Z}, constants={"a": np.array(1, np.int64)})
one("cumsum_reverse", "CumSum", {"A": Z}, constants={"a": np.array(1, np.int64)}, reverse=1, exclusive=1)

# rows
big = (Z * 40).astype(f32)
for op in ["Softmax", "LogSoftmax", "Hardmax"]:
    one(op.lower(), op, {"A": big})
    one(op.lower() + "_axis", op, {"A": T}, axis=1)
    one(op.lower() + "_old", op, {"A": T}, opset=11)
    one(op.lower() + "_nan", op, {"A": np.where(np.arange(N)[:, None] == 3, f32(np.nan), Z)})
one("softmax_double", "Softmax", {"A": D * 50}, "double")
channel = lambda n: r.rand(n).astype(f32) + f32(0.5)
one("batchnormalization", "BatchNormalization", {"A": F}, constants={"s": channel(5), "b": channel(5), "m": channel(5), "v": channel(5)}, epsilon=1e-3)
one("batchnormalization_three", "BatchNormalization", {"A": T}, constants={"s": channel(3), "b": channel(3), "m": channel(3), "v": channel(3)})
one("layernormalization", "LayerNormalization", {"A": Z}, constants={"s": channel(5), "b": channel(5)})
one("layernormalization_two", "LayerNormalization", {"A": T}, constants={"s": r.rand(3, 4).astype(f32)}, axis=1)
one("rmsnormalization", "RMSNormalization", {"A": Z}, constants={"s": channel(5)}, opset=23)
one("lpnormalization", "LpNormalization", {"A": Z}, p=1)
one("lpnormalization_two", "LpNormalization", {"A": Z})
one("dropout", "Dropout", {"A": F})
case("dropout_old", [helper.make_node("Dropout", ["A"], ["Y"], ratio=0.4)], {"A": F}, {"Y": "float"}, opset=10)

# graphs
case("constants", [node("Constant", [], ["c"], value=numpy_helper.from_array(W)), node("Constant", [], ["k"], value_float=0.5), node("Mul", ["c", "k"], ["w"]),
                   node("Transpose", ["w"], ["wt"]), node("Gemm", ["A", "wt"], ["Y"], transB=1)], {"A": Z}, {"Y": "float"})
case("range_constant", [node("Constant", [], ["a"], value_int=0), node("Constant", [], ["b"], value_int=5), node("Constant", [], ["d"], value_int=1),
                        node("Range", ["a", "b", "d"], ["x"]), node("Add", ["A", "x"], ["Y"])], {"A": I}, {"Y": "int64"})
case("residual", [node("MatMul", ["A", "W"], ["h"]), node("Relu", ["h"], ["k"]), node("Add", ["k", "A"], ["l"]), node("LayerNormalization", ["l", "s"], ["Y"])],
     {"A": Z}, {"Y": "float"}, {"W": r.randn(5, 5).astype(f32), "s": channel(5)})
case("product_sum_relu", [node("MatMul", ["A", "W"], ["h"]), node("Add", ["b", "h"], ["i"]), node("Relu", ["i"], ["Y"])], {"A": Z}, {"Y": "float"}, {"W": W, "b": bias})
case("product_two_sums", [node("MatMul", ["A", "W"], ["h"]), node("Add", ["h", "b"], ["i"]), node("Add", ["i", "c"], ["j"]), node("Relu", ["j"], ["Y"])],
     {"A": Z}, {"Y": "float"}, {"W": W, "b": bias, "c": np.array([[1, 2, 3]], f32)})
case("product_read_twice", [node("MatMul", ["A", "W"], ["h"]), node("Add", ["h", "b"], ["i"]), node("Relu", ["h"], ["j"]), node("Sub", ["i", "j"], ["Y"])],
     {"A": Z}, {"Y": "float"}, {"W": W, "b": bias})
case("product_is_output", [node("Gemm", ["A", "W", "b"], ["Y"]), node("Relu", ["Y"], ["Z"])], {"A": Z}, {"Y": "float", "Z": "float"}, {"W": W, "b": bias})
case("product_column_sum", [node("MatMul", ["A", "W"], ["h"]), node("Add", ["h", "c"], ["i"]), node("Relu", ["i"], ["Y"])], {"A": Z, "c": COL}, {"Y": "float"}, {"W": W})
case("product_of_constants", [node("MatMul", ["V", "W"], ["h"]), node("Add", ["h", "b"], ["i"]), node("Relu", ["i"], ["j"]), node("MatMul", ["A", "j"], ["Y"])],
     {"A": Z}, {"Y": "float"}, {"V": r.randn(5, 5).astype(f32), "W": W, "b": bias})
case("product_double", [node("Gemm", ["A", "W"], ["h"], transB=1), node("Add", ["h", "b"], ["i"]), node("Relu", ["i"], ["Y"])], {"A": D}, {"Y": "double"},
     {"W": W.T.astype(np.float64), "b": bias.astype(np.float64)})
layer = [node("ReduceMean", ["A"], ["m"], axes=[-1]), node("Sub", ["A", "m"], ["d"]), node("Pow", ["d", "two"], ["q"]), node("ReduceMean", ["q"], ["v"], axes=[-1]),
         node("Add", ["v", "eps"], ["w"]), node("Sqrt", ["w"], ["x"]), node("Div", ["d", "x"], ["y"]), node("Mul", ["y", "scale"], ["z"]), node("Add", ["z", "shift"], ["Y"])]
case("layer_by_hand", layer, {"A": Z}, {"Y": "float"}, {"two": np.array(2, f32), "eps": np.array(1e-5, f32), "scale": P[0], "shift": P[1]}, opset=14)
case("view_of_size", [node("Shape", ["A"], ["s"]), node("Gather", ["s", "zero"], ["n"], axis=0), node("Constant", [], ["rest"], value_ints=[-1]),
                      node("Unsqueeze", ["n", "axis"], ["n1"]), node("Concat", ["n1", "rest"], ["t"], axis=0), node("Reshape", ["A", "t"], ["Y"])], {"A": T}, {"Y": "float"},
     {"zero": np.array(0, np.int64), "axis": i64(0)})
case("two_outputs", [node("Relu", ["A"], ["Y"]), node("Neg", ["Y"], ["Z"])], {"A": F}, {"Y": "float", "Z": "float"})
case("dead_nodes", [node("Relu", ["A"], ["Y"]), helper.make_node("NonZero", ["A"], ["dead"], name="dead")], {"A": F}, {"Y": "float"})
case("vector_input", [node("Unsqueeze", ["A", "a"], ["u"]), node("Concat", ["u", "B"], ["Y"], axis=1)], {"A": F[:, 0].copy(), "B": F}, {"Y": "float"}, {"a": i64(1)})
case("embedding", [node("Gather", ["t", "I"], ["e"]), node("Flatten", ["e"], ["f"]), node("Concat", ["f", "A"], ["c"], axis=1), node("Gemm", ["c", "w"], ["Y"])],
     {"I": np.abs(I[:, :2]) % 4, "A": Z}, {"Y": "float"}, {"t": r.randn(4, 3).astype(f32), "w": r.randn(11, 2).astype(f32)})
attention = [node("MatMul", ["A", "wq"], ["q"]), node("MatMul", ["A", "wk"], ["k"]), node("MatMul", ["A", "wv"], ["v"]),
             node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]), node("MatMul", ["q", "kt"], ["s"]), node("Div", ["s", "root"], ["d"]),
             node("Softmax", ["d"], ["p"]), node("MatMul", ["p", "v"], ["o"]), node("ReduceMean", ["o"], ["Y"], axes=[1], keepdims=0)]
case("attention", attention, {"A": T}, {"Y": "float"},
     {"wq": r.randn(4, 4).astype(f32), "wk": r.randn(4, 4).astype(f32), "wv": r.randn(4, 4).astype(f32), "root": np.array(2, f32)})

# what is refused
refuse("unknown operator", [node("NonZero", ["A"], ["Y"])], {"A": F}, {"Y": "int64"})
refuse("another domain", [helper.make_node("FusedThing", ["A"], ["Y"], name="f", domain="com.acme")], {"A": F}, {"Y": "float"})
refuse("mean of the batch", [node("ReduceMean", ["A"], ["m"], axes=[0]), node("Sub", ["A", "m"], ["Y"])], {"A": F}, {"Y": "float"})
refuse("first row", [node("Gather", ["A", "i"], ["g"]), node("Sub", ["A", "g"], ["Y"])], {"A": F}, {"Y": "float"}, {"i": np.array(0, np.int64)})
refuse("index outside", [node("Gather", ["A", "i"], ["Y"], axis=1)], {"A": F}, {"Y": "float"}, {"i": i64(0, 5)})
refuse("softmax of the batch", [node("Softmax", ["A"], ["Y"], axis=0)], {"A": F}, {"Y": "float"})
refuse("product of the batch", [node("Transpose", ["A"], ["t"]), node("MatMul", ["t", "A"], ["Y"])], {"A": F}, {"Y": "float"})
refuse("rows beside rows", [node("Transpose", ["A"], ["t"]), node("MatMul", ["A", "t"], ["Y"])], {"A": F}, {"Y": "float"})
refuse("concat of rows", [node("Concat", ["A", "A"], ["Y"], axis=0)], {"A": F}, {"Y": "float"})
refuse("slice of rows", [node("Slice", ["A", "b", "e"], ["Y"])], {"A": F}, {"Y": "float"}, {"b": i64(1), "e": i64(3)})
refuse("number of rows", [node("Shape", ["A"], ["s"]), node("Gather", ["s", "i"], ["n"]), node("Cast", ["n"], ["f"], to=1), node("Div", ["A", "f"], ["Y"])],
       {"A": F}, {"Y": "float"}, {"i": np.array(0, np.int64)})
refuse("shapes", [node("MatMul", ["A", "W"], ["Y"])], {"A": F}, {"Y": "float"}, {"W": r.randn(4, 2).astype(f32)})
refuse("broadcast", [node("Add", ["A", "W"], ["Y"])], {"A": F}, {"Y": "float"}, {"W": r.randn(4).astype(f32)})
refuse("types", [node("Add", ["A", "W"], ["Y"])], {"A": F}, {"Y": "float"}, {"W": r.randn(5)})
refuse("attribute type", [node("Gemm", ["A", "W"], ["Y"], alpha=2)], {"A": F}, {"Y": "float"}, {"W": W})
refuse("undefined value", [node("Add", ["A", "missing"], ["Y"])], {"A": F}, {"Y": "float"})
refuse("no such output", [node("Relu", ["A"], ["X"])], {"A": F}, {"Y": "float"})
refuse("constant output", [node("Relu", ["c"], ["Y"])], {"A": F}, {"Y": "float"}, {"c": W})
refuse("too old", [node("Relu", ["A"], ["Y"])], {"A": F}, {"Y": "float"}, opset=6)
refuse("too new", [node("Relu", ["A"], ["Y"])], {"A": F}, {"Y": "float"}, opset=99)
refuse("fixed batch", [node("Relu", ["A"], ["Y"])], {"A": F}, {"Y": "float"}, declare={"A": [7, 5]})
refuse("unknown width", [node("Relu", ["A"], ["Y"])], {"A": F}, {"Y": "float"}, declare={"A": ["N", "k"]})
refuse("two unknown widths", [node("Add", ["A", "B"], ["Y"])], {"A": F, "B": F}, {"Y": "float"}, declare={"A": ["N", "k"], "B": ["N", "k"]})
refuse("training", [helper.make_node("Dropout", ["A", "r", "t"], ["Y"], name="drop")], {"A": F}, {"Y": "float"}, {"r": np.array(0.5, f32), "t": np.array(True)})
refuse("float16", [node("Cast", ["A"], ["h"], to=10), node("Cast", ["h"], ["Y"], to=1)], {"A": F}, {"Y": "float"})
refuse("same names", [node("Add", ["A", "a"], ["Y"])], {"A": COL, "a": COL}, {"Y": "float"})
refuse("huge constant", [node("ConstantOfShape", ["s"], ["c"]), node("Add", ["A", "c"], ["Y"])], {"A": F}, {"Y": "float"}, {"s": i64(2**24, 2**24)})
external = document([node("MatMul", ["A", "W"], ["Y"])], {"A": F}, {"Y": "float"}, {"W": W})
external.graph.initializer[0].ClearField("raw_data")
external.graph.initializer[0].data_location = TensorProto.EXTERNAL
external.graph.initializer[0].external_data.add(key="location", value="weights.bin")
refused.append({"name": "external data", "model": encoded(external)})
short = document([node("MatMul", ["A", "W"], ["Y"])], {"A": F}, {"Y": "float"}, {"W": W})
short.graph.initializer[0].raw_data = short.graph.initializer[0].raw_data[:-4]
refused.append({"name": "short data", "model": encoded(short)})


# trained models
def write(name, model, feeds):
    onnx.save(model, os.path.join(HERE, name + ".onnx"))
    out = run(model, feeds)
    doc = {"inputs": {k: tensor(v) for k, v in feeds.items()}, "outputs": {k: answer(v) for k, v in out.items()}}
    with open(os.path.join(HERE, name + ".json"), "w") as f:
        json.dump(doc, f, separators=(",", ":"))
        f.write("\n")


def sklearn_models():
    from sklearn.compose import ColumnTransformer
    from sklearn.datasets import load_breast_cancer, load_iris, make_regression
    from sklearn.decomposition import PCA
    from sklearn.cluster import KMeans
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, StandardScaler
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

    iris = load_iris()
    species = np.array(iris.target_names)[iris.target]
    X = iris.data.astype(f32)
    test = X[::3]
    columns = [[n.replace(" (cm)", "").replace(" ", "_"), None] for n in iris.feature_names]
    for act in ["relu", "tanh", "logistic"]:
        m = make_pipeline(StandardScaler(), MLPClassifier((16, 8), activation=act, max_iter=400, random_state=1)).fit(X, species)
        write("mlp_" + act, to_onnx(m, X[:1]), {"X": test})
    m = make_pipeline(StandardScaler(), MLPClassifier((6,), max_iter=300, random_state=2)).fit(X, iris.target == 1)
    doc = to_onnx(m, X[:1], options={"zipmap": False})
    write("mlp_binary_no_zipmap", doc, {"X": test})
    m = make_pipeline(StandardScaler(), MLPClassifier((6,), max_iter=300, random_state=2)).fit(X, species)
    named = [(c, FloatTensorType([None, 1])) for c, _ in columns]
    write("mlp_columns", to_onnx(make_pipeline(ColumnTransformer([("n", StandardScaler(), [0, 1, 2, 3])]), m[1]).fit(X, species), initial_types=named),
          {c: test[:, i:i + 1] for i, (c, _) in enumerate(columns)})
    doc = to_onnx(m, X[:1])
    helper.set_model_props(doc, {"feature_names": json.dumps([c for c, _ in columns])})
    write("mlp_named", doc, {"X": test})

    A, y = make_regression(300, 6, noise=1, random_state=3)
    A = A.astype(f32)
    m = make_pipeline(MinMaxScaler(), MLPRegressor(hidden_layer_sizes=(12, 12), max_iter=500, random_state=4)).fit(A, y)
    write("mlp_regressor", to_onnx(m, A[:1]), {"X": A[:60]})
    write("mlp_regressor_double", to_onnx(m, initial_types=[("X", DoubleTensorType([None, 6]))]), {"X": A[:60].astype(np.float64)})
    m = MLPRegressor(hidden_layer_sizes=(10,), max_iter=300, random_state=5).fit(A, np.stack([y, -y], 1))
    write("mlp_two_targets", to_onnx(m, A[:1]), {"X": A[:40]})

    cancer = load_breast_cancer()
    Z = cancer.data.astype(f32)
    m = make_pipeline(StandardScaler(), PCA(6), PolynomialFeatures(2), MLPClassifier((8,), max_iter=200, random_state=6)).fit(Z, cancer.target)
    write("pca_polynomial_mlp", to_onnx(m, Z[:1]), {"X": Z[::12]})
    write("gaussian_nb", to_onnx(GaussianNB().fit(X, species), X[:1]), {"X": test})
    write("kmeans", to_onnx(KMeans(4, n_init=3, random_state=7).fit(X), X[:1]), {"X": test})


def torch_like():
    """What torch.onnx.export writes of a tabular network: embeddings, batch normalisation, dropout, a residual."""
    R = np.random.RandomState(11)
    w = lambda *s: (R.randn(*s) / np.sqrt(s[-1])).astype(f32)
    channel = lambda n: R.rand(n).astype(f32) + f32(0.5)
    consts = {"embedding.weight": w(9, 4), "bn.weight": channel(6), "bn.bias": w(6), "bn.running_mean": w(6), "bn.running_var": channel(6),
              "fc1.weight": w(32, 10), "fc1.bias": w(32), "fc2.weight": w(32, 32), "fc2.bias": w(32), "out.weight": w(3, 32), "out.bias": w(3)}
    nodes = [node("Gather", ["embedding.weight", "category"], ["/embedding/Gather_output_0"]),
             node("BatchNormalization", ["numbers", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"], ["/bn/out"], epsilon=1e-5, momentum=0.9),
             node("Concat", ["/embedding/Gather_output_0", "/bn/out"], ["/Concat_output_0"], axis=-1),
             node("Gemm", ["/Concat_output_0", "fc1.weight", "fc1.bias"], ["/fc1/out"], alpha=1.0, beta=1.0, transB=1),
             node("Relu", ["/fc1/out"], ["/act1/out"]), node("Dropout", ["/act1/out"], ["/drop/out"]),
             node("Gemm", ["/drop/out", "fc2.weight", "fc2.bias"], ["/fc2/out"], alpha=1.0, beta=1.0, transB=1),
             node("Gelu", ["/fc2/out"], ["/act2/out"]), node("Add", ["/act2/out", "/act1/out"], ["/Add"]),
             node("Gemm", ["/Add", "out.weight", "out.bias"], ["logits"], alpha=1.0, beta=1.0, transB=1),
             node("Softmax", ["logits"], ["probabilities"], axis=-1), node("ArgMax", ["logits"], ["label"], axis=1, keepdims=0)]
    feeds = {"numbers": R.randn(40, 6).astype(f32), "category": R.randint(0, 9, 40).astype(np.int64)}
    doc = document(nodes, feeds, {"label": "int64", "probabilities": "float", "logits": "float"}, consts, opset=20)
    doc.producer_name, doc.producer_version = "pytorch", "2.5.1"
    write("torch_tabular", doc, feeds)
    sizes = [20, 64, 32, 3]
    nodes, consts, at = [], {}, "X"
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        consts["w%d" % i], consts["b%d" % i] = w(b, a), w(b)
        nodes.append(node("Gemm", [at, "w%d" % i, "b%d" % i], ["h%d" % i], transB=1))
        at = "h%d" % i
        if b != sizes[-1]:
            nodes.append(node("Relu", [at], ["a%d" % i]))
            at = "a%d" % i
    nodes.append(node("Softmax", [at], ["probabilities"]))
    feeds = {"X": R.randn(50, 20).astype(f32)}
    write("mlp_bench", document(nodes, feeds, {"probabilities": "float"}, consts), feeds)


os.makedirs(HERE, exist_ok=True)
sklearn_models()
torch_like()
for name, cases in [("operators", operators), ("refused", refused)]:
    with open(os.path.join(HERE, name + ".json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
print(len(operators), "documents of operators,", len(refused), "that are refused")
