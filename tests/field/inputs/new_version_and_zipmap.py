"""Files that runtimes stumble over: an IR version and an opset of the future, and a classifier that answers in maps."""

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper

w = numpy_helper.from_array(np.random.default_rng(21).standard_normal((4, 3)).astype(np.float32), "w")


def dense(path, ir, opset):
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="dense")],
        "net",
        [helper.make_tensor_value_info("x", T.FLOAT, ["N", 4])],
        [helper.make_tensor_value_info("y", T.FLOAT, ["N", 3])],
        [w],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir), path)


dense("good.onnx", 9, 17)
dense("new_ir.onnx", 99, 17)
dense("new_opset.onnx", 9, 99)
names = ["cat", "dog", "horse"]
rng = np.random.default_rng(22)
nodes = [
    helper.make_node(
        "LinearClassifier",
        ["x"],
        ["label", "table"],
        domain="ai.onnx.ml",
        name="classifier",
        classlabels_strings=names,
        coefficients=[float(v) for v in rng.standard_normal(12)],
        intercepts=[0.1, 0.2, 0.3],
        post_transform="SOFTMAX",
        multi_class=1,
    ),
    helper.make_node(
        "ZipMap", ["table"], ["probabilities"], domain="ai.onnx.ml", name="zip", classlabels_strings=names
    ),
]
maps = helper.make_sequence_type_proto(helper.make_map_type_proto(T.STRING, helper.make_tensor_type_proto(T.FLOAT, [])))
graph = helper.make_graph(
    nodes,
    "classifier",
    [helper.make_tensor_value_info("x", T.FLOAT, ["N", 4])],
    [helper.make_tensor_value_info("label", T.STRING, ["N"]), helper.make_value_info("probabilities", maps)],
)
onnx.save(
    helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)], ir_version=9
    ),
    "zipmap.onnx",
)
