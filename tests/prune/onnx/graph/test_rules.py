"""Each operator's rule on a graph of its own: half of the channels before it go, and the proof holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import harness
from harness.base.errors import PruneError
from tests.onnx_files import tensor
from tests.prune.onnx.graph.building import Net
from tests.prune.onnx.graph.halving import Body, ended, pruned, through

pytestmark = pytest.mark.without_tensorflow

ELEMENTWISE = [
    "Relu", "Sigmoid", "Tanh", "Elu", "LeakyRelu", "Softplus", "HardSigmoid", "HardSwish", "Selu", "Erf", "Abs", "Neg",
    "Softsign", "Celu", "Mish", "Ceil", "Sign", "Identity", "Dropout", "ThresholdedRelu", "Exp",
]  # fmt: skip


@pytest.mark.parametrize("kind", ELEMENTWISE)
def test_functions_of_one_element(tmp_path: Path, kind: str) -> None:
    pruned(through(tmp_path / "net.onnx", lambda net, x: ended(net, net.op(kind, x))), before=4)


def test_gelu_in_parts_and_as_one(tmp_path: Path) -> None:
    def parts(net: Net, x: str) -> str:
        inner = net.op("Erf", net.op("Div", x, net.constant(1.4142)))
        return ended(net, net.op("Mul", net.op("Mul", x, net.op("Add", inner, net.constant(1.0))), net.constant(0.5)))

    pruned(through(tmp_path / "parts.onnx", parts), before=4)
    pruned(through(tmp_path / "one.onnx", lambda net, x: ended(net, net.op("Gelu", x)), opset=20), before=4)


CUT: dict[str, Body] = {
    "one value a channel": lambda net, x: net.op("Mul", x, net.random(1, 8, 1, 1)),
    "one value a channel, subtracted from": lambda net, x: net.op("Sub", net.random(8, 1, 1), x),
    "a quotient": lambda net, x: net.op("Div", x, net.positive(8, 1, 1)),
    "a number": lambda net, x: net.op("Add", x, net.constant(2.0)),
    "a plane": lambda net, x: net.op("Add", x, net.random(6, 6)),
    "a whole tensor": lambda net, x: net.op("Add", x, net.random(8, 6, 6)),
    "prelu": lambda net, x: net.op("PRelu", x, net.random(8, 1, 1)),
    "clip": lambda net, x: net.op("Clip", x, net.constant(0.0), net.constant(6.0)),
    "where": lambda net, x: net.op("Where", net.op("Greater", x, net.random(8, 1, 1)), x, net.random(1, 8, 1, 1)),
    "batch norm": lambda net, x: net.op(
        "BatchNormalization", x, net.positive(8), net.random(8), net.random(8), net.positive(8)
    ),
    "instance norm": lambda net, x: net.op("InstanceNormalization", x, net.positive(8), net.random(8)),
    "swish": lambda net, x: net.op("Mul", x, net.op("Sigmoid", x)),
    "maxpool": lambda net, x: net.op("MaxPool", x, kernel_shape=[2, 2], strides=[1, 1]),
    "averagepool": lambda net, x: net.op("AveragePool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    "global average": lambda net, x: net.op("GlobalAveragePool", x),
    "global max": lambda net, x: net.op("GlobalMaxPool", x),
    "mean of the places": lambda net, x: net.op("ReduceMean", x, net.integers(2, 3)),
    "pad": lambda net, x: net.op("Pad", x, net.integers(0, 0, 1, 1, 0, 0, 1, 2)),
    "resize by scales": lambda net, x: net.op("Resize", x, "", net.constant([1, 1, 2, 2]), mode="nearest"),
    "resize to sizes": lambda net, x: net.op("Resize", x, "", "", net.integers(1, 8, 9, 9), mode="nearest"),
    "depthwise": lambda net, x: net.conv(x, 8, 8, group=8),
    "a slice of places": lambda net, x: net.op("Slice", x, net.integers(1), net.integers(5), net.integers(2)),
    "a transpose and back": lambda net, x: net.op(
        "Transpose", net.op("Relu", net.op("Transpose", x, perm=[0, 2, 3, 1])), perm=[0, 3, 1, 2]
    ),
    "tile": lambda net, x: net.op("Tile", x, net.integers(1, 1, 2, 1)),
    "cast": lambda net, x: net.op("Cast", net.op("Cast", x, to=11), to=1),
    "cast like": lambda net, x: net.op("CastLike", net.op("Cast", x, to=11), x),
    "squeezed": lambda net, x: net.op("Squeeze", net.op("Unsqueeze", x, net.integers(4)), net.integers(4)),
    "lp pool": lambda net, x: net.op("LpPool", x, kernel_shape=[2, 2], strides=[1, 1]),
    "global lp": lambda net, x: net.op("GlobalLpPool", x),
    "dilated": lambda net, x: net.conv(x, 8, 8, group=8, dilations=[2, 2], pads=[2, 2, 2, 2]),
    "padded by itself": lambda net, x: net.op(
        "Conv", x, net.random(8, 1, 3, 3), auto_pad="SAME_UPPER", strides=[2, 2], group=8
    ),
    "layer norm of rows": lambda net, x: net.op("LayerNormalization", x, net.positive(6), net.random(6)),
    "softmax of rows": lambda net, x: net.op("Softmax", x, axis=-1),
    "largest of rows": lambda net, x: net.op("TopK", x, net.integers(3), axis=3, outputs=2)[0],
    "place of the largest": lambda net, x: net.op("Cast", net.op("ArgMax", x, axis=2), to=1),
    "sums of rows": lambda net, x: net.op("CumSum", x, net.constant(2, "int64")),
    "regions": lambda net, x: net.op(
        "RoiAlign", x, net.constant([[0, 0, 4, 4], [1, 1, 5, 5]]), net.integers(0, 0), output_height=4, output_width=4
    ),
    "sampled": lambda net, x: net.op(
        "GridSample", x,
        net.op("Transpose", net.op("Gather", "image", net.integers(0, 1), axis=1), perm=[0, 2, 3, 1]),
    ),
    "quantized": lambda net, x: net.op(
        "DequantizeLinear",
        net.op("QuantizeLinear", x, net.positive(8), net.constant([0] * 8, "int8"), axis=1),
        net.positive(8), net.constant([0] * 8, "int8"), axis=1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CUT)
def test_channels_pass_and_constants_are_cut(tmp_path: Path, name: str) -> None:
    result = pruned(through(tmp_path / "net.onnx", lambda net, x: ended(net, CUT[name](net, x))), before=4)
    for value in result.model.graph.initializers.values():
        assert value.dtype.name == "INT64" or 8 not in value.const_value.shape.numpy(), value.name


def test_reshapes_state_what_is_left(tmp_path: Path) -> None:
    """To rows, to heads and back, with a batch that is computed: its number is left to the graph."""

    def body(net: Net, x: str) -> str:
        batch = net.op("Gather", net.op("Shape", x), net.integers(0))
        target = net.op("Concat", batch, net.integers(8), net.integers(36), axis=0)
        rows = net.op("Reshape", x, target)
        return ended(net, net.op("Reshape", rows, net.integers(0, 8, 6, 6)))

    result = pruned(through(tmp_path / "net.onnx", body), before=4)
    assert {node.op_type for node in result.model.graph} >= {"Shape", "Where"}


@pytest.mark.parametrize("axis", [1, 2])
def test_flatten_before_a_dense_layer(tmp_path: Path, axis: int) -> None:
    """Rows of the kernel are where the ids are, whatever the order."""

    def body(net: Net, x: str) -> str:
        x = x if axis == 1 else net.op("Transpose", x, perm=[0, 2, 3, 1])
        return net.dense(net.dense(net.op("Flatten", x), 8 * 36, 6, name="hidden"), 6, 3)

    pruned(through(tmp_path / "net.onnx", body), before=4, hidden=3)


def test_squeeze_and_excite(tmp_path: Path) -> None:
    """The gate shrinks with what it gates, and its Reshape with it."""

    def body(net: Net, x: str) -> str:
        pooled = net.op("Reshape", net.op("GlobalAveragePool", x), net.integers(-1, 8))
        gate = net.op(
            "Sigmoid", net.dense(net.op("Relu", net.dense(pooled, 8, 4, name="squeeze")), 4, 8, name="excite")
        )
        return ended(net, net.op("Mul", x, net.op("Reshape", gate, net.integers(-1, 8, 1, 1))))

    pruned(through(tmp_path / "net.onnx", body), before=4, squeeze=2, excite=4)


def test_residual_and_concatenated_branches(tmp_path: Path) -> None:
    def body(net: Net, x: str) -> str:
        total = net.op("Relu", net.op("Add", x, net.conv(x, 8, 8, name="branch")))
        other = net.conv(total, 8, 6, name="other")
        return ended(net, net.op("Concat", total, other, axis=1), 14)

    pruned(through(tmp_path / "net.onnx", body), before=4, branch=4, other=3)


def test_splits_of_channels(tmp_path: Path) -> None:
    """As in a YOLO block: one half goes on, and both are joined again."""
    for opset, split in ((18, {"num_outputs": 2}), (13, {}), (11, {"split": [4, 4]})):

        def body(net: Net, x: str, split: dict[str, Any] = split) -> str:
            left, right = net.op("Split", x, outputs=2, axis=1, **split)
            return ended(net, net.op("Concat", left, net.conv(right, 4, 4, name="deep"), right, axis=1), 12)

        net = Net(opset)
        path = net.save(tmp_path / f"{opset}.onnx", [body(net, net.conv("image", 3, 8, name="before"))])
        result = harness.prune(path, ratio=0.5, importance="random", seed=3)
        assert len(result.plan.kept["before"]) == 4


def test_parts_of_channels_by_slice_and_gather(tmp_path: Path) -> None:
    def slices(net: Net, x: str) -> str:
        one = net.op("Slice", x, net.integers(0), net.integers(3), net.integers(1))
        two = net.op("Slice", x, net.integers(3), net.integers(2**40), net.integers(1))
        return ended(net, net.op("Concat", two, one, axis=1))

    pruned(through(tmp_path / "slices.onnx", slices), before=5)  # one of the three, and two of the five

    def gathered(net: Net, x: str) -> str:
        return ended(net, net.op("Gather", x, net.integers(6, 0, 1, -1, 3), axis=1), 5)

    pruned(through(tmp_path / "gather.onnx", gathered), before=5)  # two of the five that are taken, one of the others


def test_a_channel_shuffle(tmp_path: Path) -> None:
    """ShuffleNet: channels at the same place of each group go together."""

    def body(net: Net, x: str) -> str:
        groups = net.op("Reshape", x, net.integers(0, 2, 4, 6, 6))
        mixed = net.op("Reshape", net.op("Transpose", groups, perm=[0, 2, 1, 3, 4]), net.integers(0, 8, 6, 6))
        return ended(net, net.conv(mixed, 8, 8, name="grouped", group=2))

    pruned(through(tmp_path / "net.onnx", body), before=4, grouped=4)


def test_depth_to_space_and_back(tmp_path: Path) -> None:
    for mode in ("DCR", "CRD"):

        def body(net: Net, x: str, mode: str = mode) -> str:
            return ended(net, net.op("DepthToSpace", x, blocksize=2, mode=mode), 2)

        pruned(through(tmp_path / f"{mode}.onnx", body), before=4)
    pruned(
        through(tmp_path / "space.onnx", lambda net, x: ended(net, net.op("SpaceToDepth", x, blocksize=2), 32)),
        before=4,
    )


@pytest.mark.parametrize("group", [1, 2, 8])
def test_transposed_convolutions(tmp_path: Path, group: int) -> None:
    def body(net: Net, x: str) -> str:
        kernel, bias = net.random(8, 8 // group, 2, 2), net.random(8)
        up = net.op("ConvTranspose", x, kernel, bias, name="up", strides=[2, 2], group=group)
        return ended(net, up)

    result = harness.prune(through(tmp_path / "net.onnx", body), ratio=0.5)
    assert len(result.plan.kept["before"]) == 4
    assert group == 8 or len(result.plan.kept["up"]) == 4


def test_group_normalization_loses_whole_groups(tmp_path: Path) -> None:
    for opset, count in ((18, 4), (21, 8)):

        def body(net: Net, x: str, count: int = count) -> str:
            norm = net.op("GroupNormalization", x, net.positive(count), net.random(count), num_groups=4)
            return ended(net, norm)

        result = pruned(through(tmp_path / f"{opset}.onnx", body, opset=opset), before=4)
        kept = np.asarray(result.plan.kept["before"]) // 2
        assert (np.unique(kept, return_counts=True)[1] == 2).all()


PINNED: dict[str, tuple[Body, str]] = {
    "softmax": (lambda net, x: ended(net, net.op("Softmax", x, axis=1)), "normalises over its channels"),
    "layer norm": (
        lambda net, x: net.op(
            "MatMul",
            net.op("LayerNormalization", net.op("Transpose", x, perm=[0, 2, 3, 1]), net.positive(8)),
            net.random(8, 2),
        ),
        "normalises over its channels",
    ),
    "mean of channels": (lambda net, x: net.op("ReduceMean", x, net.integers(1)), "reduces over its channels"),
    "largest of channels": (lambda net, x: net.op("TopK", x, net.integers(3), axis=1, outputs=2)[0], "ranks"),
    "image beside": (
        lambda net, x: ended(net, net.op("Add", x, net.op("Tile", "image", net.integers(1, 3, 1, 1))), 9),
        "no channel",
    ),
    "no rule": (lambda net, x: ended(net, net.op("Trilu", x)), r"\(Trilu\) has no rule"),
    "across channels": (lambda net, x: ended(net, net.op("LRN", x, size=3)), "normalises over its channels"),
    "a place in a list": (
        lambda net, x: net.op("GatherND", x, net.constant([[0, 1], [0, 2]], "int64")),
        "takes places that are computed",
    ),
    "a kernel that is computed": (
        lambda net, x: net.op("Conv", x, x),
        "kernel that is computed",
    ),
    "an operator of onnxruntime's own": (
        lambda net, x: ended(net, net.op("Inverse", x, domain="com.microsoft")),
        r"\(com.microsoft.Inverse\) has no rule",
    ),
    "its width as a number": (
        lambda net, x: ended(net, net.op("Div", x, net.op("Cast", net.op("ReduceProd", net.op("Shape", x)), to=1))),
        "counts it, for more than shapes",
    ),
}


@pytest.mark.parametrize("name", PINNED)
def test_what_is_pinned_says_why(tmp_path: Path, name: str) -> None:
    body, reason = PINNED[name]
    width = 9 if name == "image beside" else 8
    with pytest.raises(PruneError, match=f"nothing can be pruned: before .*{reason}"):
        harness.prune(through(tmp_path / "net.onnx", body, channels=width), ratio=0.5)


def test_constants_in_nodes_and_shared_ones(tmp_path: Path) -> None:
    """As Paddle writes weights; two nodes that share one are cut each in its own way."""
    net = Net()
    kernel = numpy_helper.from_array(np.random.default_rng(9).normal(0, 1, (8, 3, 3, 3)).astype(np.float32))
    held = net.op("Constant", value=kernel)
    zeros = net.constant([0.0] * 8)
    a = net.op("Conv", "image", held, zeros, name="a", pads=[1, 1, 1, 1])
    b = net.op("Conv", "image", net.random(8, 3, 3, 3), zeros, name="b", pads=[1, 1, 1, 1])
    out = net.conv(net.op("Concat", a, b, axis=1), 16, 2)
    result = harness.prune(net.save(tmp_path / "net.onnx", [out]), ratio=0.5)
    assert result.plan.kept["a"] != result.plan.kept["b"]
    assert result.proof.holds


@pytest.mark.parametrize("kind", ["ReduceSum", "ReduceSumSquare", "ReduceL1", "ReduceL2"])
def test_a_sum_over_channels_is_the_same_without_zeros(tmp_path: Path, kind: str) -> None:
    pruned(through(tmp_path / "net.onnx", lambda net, x: net.op(kind, x, net.integers(1))), before=4)


def test_upsampling_as_older_files_have_it(tmp_path: Path) -> None:
    body: Body = lambda net, x: ended(net, net.op("Upsample", x, net.constant([1, 1, 2, 2])))  # noqa: E731
    pruned(through(tmp_path / "net.onnx", body, opset=9), before=4)


def test_rms_normalization_along_rows_and_over_channels(tmp_path: Path) -> None:
    rows: Body = lambda net, x: ended(net, net.op("RMSNormalization", x, net.positive(6)))  # noqa: E731
    pruned(through(tmp_path / "rows.onnx", rows, opset=23), before=4)

    def channels(net: Net, x: str) -> str:
        last = net.op("Transpose", x, perm=[0, 2, 3, 1])
        return str(net.op("MatMul", net.op("RMSNormalization", last, net.positive(8)), net.random(8, 2)))

    with pytest.raises(PruneError, match=r"before \('rmsnormalization_\d+' normalises over its channels\)"):
        harness.prune(through(tmp_path / "channels.onnx", channels, opset=23), ratio=0.5)


def test_boxes_that_are_chosen_are_pinned_and_what_they_are_made_from_is_not(tmp_path: Path) -> None:
    """A detector that gives places alone: what these are found from is compared."""
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 8, name="before"))
    boxes = net.op("Reshape", net.conv(x, 8, 4, name="boxes"), net.integers(0, 4, 36))
    scores = net.op("Reshape", net.op("Sigmoid", net.conv(x, 8, 3, name="scores")), net.integers(0, 3, 36))
    boxes = net.op("Transpose", boxes, perm=[0, 2, 1])
    limits = net.integers(5), net.constant(0.5), net.constant(0.1)
    places = net.op("NonMaxSuppression", boxes, scores, *limits, name="nms")
    path = net.save(tmp_path / "net.onnx", [tensor(places, None, onnx.TensorProto.INT64)])
    result = pruned(path, before=4)
    assert {name: result.report.pinned[name] for name in ("boxes", "scores")} == dict.fromkeys(
        ("boxes", "scores"), "'nms' takes places that are computed"
    )
