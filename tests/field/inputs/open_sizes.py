"""One convolutional net with fixed and with open image sizes; and a net whose inputs are indices into a table."""

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper


def save(path, nodes, inputs, outputs, weights):
    graph = helper.make_graph(nodes, "net", inputs, outputs, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)


def conv_net(path, height, width, batch="N"):
    rng = np.random.default_rng(19)
    w = [
        numpy_helper.from_array((rng.standard_normal(s) * 0.1).astype(np.float32), n)
        for n, s in (("w0", (24, 3, 3, 3)), ("w1", (32, 24, 3, 3)), ("w2", (32, 5)))
    ]
    nodes = [
        helper.make_node("Conv", ["image", "w0"], ["a"], pads=[1, 1, 1, 1], strides=[2, 2], name="c0"),
        helper.make_node("Relu", ["a"], ["b"], name="r0"),
        helper.make_node("Conv", ["b", "w1"], ["c"], pads=[1, 1, 1, 1], name="c1"),
        helper.make_node("Relu", ["c"], ["d"], name="r1"),
        helper.make_node("GlobalAveragePool", ["d"], ["e"], name="gap"),
        helper.make_node("Flatten", ["e"], ["f"], name="flat"),
        helper.make_node("MatMul", ["f", "w2"], ["scores"], name="dense"),
    ]
    save(
        path,
        nodes,
        [helper.make_tensor_value_info("image", T.FLOAT, [batch, 3, height, width])],
        [helper.make_tensor_value_info("scores", T.FLOAT, [batch, 5])],
        w,
    )


conv_net("fixed.onnx", 64, 64)
conv_net("open.onnx", "height", "width")
conv_net("nameless.onnx", None, None, None)  # as exporters write it that know no names
conv_net("batch1.onnx", 64, 64, 1)
rng = np.random.default_rng(20)
table = numpy_helper.from_array(rng.standard_normal((50, 64)).astype(np.float32), "table")
dense = numpy_helper.from_array(rng.standard_normal((64, 3)).astype(np.float32), "w")
save(
    "tokens.onnx",
    [
        helper.make_node("Gather", ["table", "tokens"], ["rows"], name="lookup"),
        helper.make_node("ReduceMean", ["rows"], ["mean"], axes=[1], keepdims=0, name="mean"),
        helper.make_node("MatMul", ["mean", "w"], ["scores"], name="dense"),
    ],
    [helper.make_tensor_value_info("tokens", T.INT64, ["N", "length"])],
    [helper.make_tensor_value_info("scores", T.FLOAT, ["N", 3])],
    [table, dense],
)
