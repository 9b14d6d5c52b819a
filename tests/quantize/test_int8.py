"""Files in INT8: what they hold, what they still answer, and how the numbers follow the device."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

import harness
from harness.base.errors import DataError, QuantizeError, SpecError
from harness.export import architecture_digest
from harness.quantize.int8 import float_answers, numbers_for
from tests.onnx_files import constant, save, tensor, weight
from tests.quantize.nets import CLASSES, answers, images, network, run


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return network(tmp_path_factory.mktemp("float") / "net.onnx")


def operators(path: Path) -> list[str]:
    return [node.op_type for node in onnx.load(path).graph.node]


def test_an_int8_file_takes_and_gives_floats_and_answers_as_before(original: Path, tmp_path: Path) -> None:
    path = tmp_path / "int8.onnx"
    found = harness.quantize(original, path, data=images(), judge_by=images(100, seed=1))
    model = onnx.load(path)
    kinds = [one.type.tensor_type.elem_type for one in (*model.graph.input, *model.graph.output)]
    assert kinds == [onnx.TensorProto.FLOAT] * 2
    assert {"QuantizeLinear", "DequantizeLinear"} <= set(operators(path))
    assert path.stat().st_size < 0.5 * original.stat().st_size
    test = images(200, seed=2)
    assert (answers(path, test) == answers(original, test)).mean() > 0.9
    assert found.agreement is not None
    assert found.agreement.examples == 100
    assert (found.agreement.outputs["scores"].top1 or 0) > 0.9
    assert (found.images, found.left, found.others) == (256, (), {"Transpose": 1, "Softmax": 1})
    assert set(found.nodes) == {"conv_1", "relu_1", "pool", "conv_2", "relu_2", "flatten", "dense"}


def test_the_last_product_writes_floats(original: Path, tmp_path: Path) -> None:
    """With 256 numbers for all classes, close ones would be ties."""
    harness.quantize(original, tmp_path / "int8.onnx", data=images())
    graph = onnx.load(tmp_path / "int8.onnx").graph
    softmax = next(node for node in graph.node if node.op_type == "Softmax")
    maker = next(node for node in graph.node if softmax.input[0] in node.output)
    assert maker.op_type == "Gemm"
    scores = run(tmp_path / "int8.onnx", images(300, seed=3))
    assert len(np.unique(scores)) > 256


def test_every_filter_has_a_scale_of_its_own(original: Path, tmp_path: Path) -> None:
    harness.quantize(original, tmp_path / "int8.onnx", data=images())
    graph = onnx.load(tmp_path / "int8.onnx").graph
    scales = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer if tensor.name.endswith("_scale")}
    assert scales["k2_scale"] == (16,)
    assert scales["rows_scale"] == (CLASSES,)


def test_nodes_that_are_kept_stay_float32(original: Path, tmp_path: Path) -> None:
    found = harness.quantize(original, tmp_path / "int8.onnx", data=images(), keep=("conv_2",))
    assert found.left == ("conv_2",)
    assert "conv_2" not in found.nodes
    graph = onnx.load(tmp_path / "int8.onnx").graph
    kernel = next(node for node in graph.node if node.name == "conv_2").input[1]
    assert next(each for each in graph.initializer if each.name == kernel).data_type == onnx.TensorProto.FLOAT


@pytest.mark.parametrize("calibrator", ["minmax", "percentile"])
def test_every_calibrator_gives_a_file_that_answers(
    original: Path, tmp_path: Path, calibrator: str, capsys: pytest.CaptureFixture[str]
) -> None:
    harness.quantize(original, tmp_path / "int8.onnx", data=images(48), calibrator=calibrator, images=48)
    test = images(100, seed=2)
    assert (answers(tmp_path / "int8.onnx", test) == answers(original, test)).mean() > 0.8
    assert capsys.readouterr().out == ""


def test_a_fixed_batch_is_calibrated_in_its_size(tmp_path: Path) -> None:
    node = helper.make_node("Gemm", ["x", "w"], ["y"], name="dense")
    path = save(tmp_path / "a.onnx", [node], [tensor("x", [4, 3])], [tensor("y", [4, 2])], [weight("w", (3, 2))])
    data = np.random.default_rng(0).random((11, 3), np.float32)
    assert harness.quantize(path, tmp_path / "b.onnx", data=data).images == 11
    with pytest.raises(DataError, match="3 images, and it takes 4 at once; give more"):
        harness.quantize(path, tmp_path / "c.onnx", data=data[:3])


def test_an_older_opset_is_brought_to_one_that_knows_scales_for_channels(tmp_path: Path) -> None:
    node = helper.make_node("Gemm", ["x", "w"], ["y"], name="dense")
    path = save(
        tmp_path / "a.onnx", [node], [tensor("x", ["N", 3])], [tensor("y", ["N", 2])], [weight("w", (3, 2))], opset=11
    )
    harness.quantize(path, tmp_path / "b.onnx", data=np.random.default_rng(0).random((20, 3), np.float32))
    assert next(one.version for one in onnx.load(tmp_path / "b.onnx").opset_import if not one.domain) >= 13


@pytest.mark.parametrize(
    ("device", "flags", "machine", "expected"),
    [
        ("cpu", ["avx2"], "x86_64", ("uint8", True, False)),
        ("cpu", ["avx2", "avx512_vnni"], "x86_64", ("uint8", False, False)),
        ("cpu", ["asimddp"], "aarch64", ("int8", False, False)),
        ("cuda", ["avx2"], "x86_64", ("int8", False, True)),
    ],
)
def test_the_numbers_are_those_of_the_device(
    device: str, flags: list[str], machine: str, expected: tuple[str, bool, bool]
) -> None:
    found = numbers_for(device, flags, machine)
    assert (found.activations, found.seven_bits, found.symmetric) == expected


def test_floats_are_not_written_where_a_kernel_reads_on() -> None:
    """A product between two others keeps its quantization."""
    nodes = [
        helper.make_node("Gemm", ["x", "w"], ["a"], name="first"),
        helper.make_node("QuantizeLinear", ["a", "s", "z"], ["b"]),
        helper.make_node("DequantizeLinear", ["b", "s", "z"], ["c"]),
        helper.make_node("Gemm", ["c", "w"], ["d"], name="second"),
        helper.make_node("QuantizeLinear", ["d", "s", "z"], ["e"]),
        helper.make_node("DequantizeLinear", ["e", "s", "z"], ["y"]),
    ]
    weights = [weight("w", (2, 2)), constant("s", 0.1, "float32"), constant("z", 0, "uint8")]
    graph = helper.make_graph(nodes, "g", [tensor("x", ["N", 2])], [tensor("y", ["N", 2])], weights)
    float_answers(graph)
    assert [node.op_type for node in graph.node] == ["Gemm", "QuantizeLinear", "DequantizeLinear", "Gemm"]
    assert graph.node[-1].output[0] == "y"


def test_what_can_not_be_quantized_is_refused_and_named(original: Path, tmp_path: Path) -> None:
    nodes = [helper.make_node("Sin", ["x"], ["a"]), helper.make_node("Softmax", ["a"], ["y"])]
    path = save(tmp_path / "sin.onnx", nodes, [tensor("x", ["N", 3])], [tensor("y", ["N", 3])])
    data = np.zeros((20, 3), np.float32)
    with pytest.raises(
        QuantizeError, match=r"no INT8 for what it does \(Sin, Softmax\); INT8 is for Conv, Gemm and MatMul"
    ):
        harness.quantize(path, tmp_path / "b.onnx", data=data)
    harness.quantize(original, tmp_path / "int8.onnx", data=images(32))
    with pytest.raises(QuantizeError, match="is quantized already; give the float32 file"):
        harness.quantize(tmp_path / "int8.onnx", tmp_path / "again.onnx", data=images(32))
    with pytest.raises(QuantizeError, match="has no node 'conv_9' that could be quantized; it has 'conv_1', 'relu_1'"):
        harness.quantize(original, tmp_path / "c.onnx", data=images(32), keep=("conv_9",))
    with pytest.raises(SpecError, match="int8: needs images to calibrate by; give --data"):
        harness.quantize(original, tmp_path / "c.onnx")
    with pytest.raises(DataError, match="hold NaN or infinity"):
        harness.quantize(original, tmp_path / "c.onnx", data=np.full((20, 12, 12, 1), np.nan, np.float32))
    with pytest.raises(DataError, match="takes 12x12x1 for each example, and the data has 3"):
        harness.quantize(original, tmp_path / "c.onnx", data=data)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["int8.onnx", "sin.onnx"]


def test_two_seeds_have_one_architecture_and_another_arrangement_has_another(tmp_path: Path) -> None:
    """Scales, zero points and quantized biases are weights of a kind: they change no kernel."""
    digests = []
    for seed in (0, 7):
        path = network(tmp_path / f"{seed}.onnx", seed=seed)
        harness.quantize(path, tmp_path / f"{seed}-int8.onnx", data=images(32, seed))
        digests.append(architecture_digest(tmp_path / f"{seed}-int8.onnx"))
    harness.quantize(tmp_path / "0.onnx", tmp_path / "kept.onnx", data=images(32), keep=("conv_2",))
    assert digests[0] == digests[1]
    assert architecture_digest(tmp_path / "kept.onnx") != digests[0]
    assert architecture_digest(tmp_path / "0.onnx") != digests[0]
