"""A file for one batch size or any, channels last or first, of float16 inputs, in any of the operator sets."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import onnxruntime
import pytest

from harness.base.errors import DataError, ExportError, SpecError
from harness.export import export, onnx_from_keras, parity, require_parity
from harness.spec import OPSETS, ExportSpec
from tests.export.nets import (
    L,
    chain,
    examples,
    flat_used_twice,
    normalized_after_bias,
    normalized_depthwise,
    randomized,
    run,
    small,
    squeeze_excite,
    strided_same,
)

NETS = [small, strided_same, normalized_depthwise, normalized_after_bias, squeeze_excite, flat_used_twice]
GREY = chain(L.Conv2D(4, 3), L.Flatten(), L.Dense(3), shape=(9, 9, 1))
WAYS: dict[str, dict[str, Any]] = {
    "batch 1": {"batch": 1},
    "batch 8": {"batch": 8},
    "channels first": {"layout": "nchw"},
    "float16": {"float16_inputs": True},
    "all of it": {"batch": 3, "layout": "nchw", "float16_inputs": True, "opset": 21},
}


def taken(path: Path) -> list[tuple[str, list[Any], str]]:
    """Name, sizes and type of each input."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return [(value.name, value.shape, value.type) for value in session.get_inputs()]


def operators(path: Path) -> Counter[str]:
    return Counter(node.op_type for node in onnx.load(path).graph.node)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("build", NETS)
def test_agrees_with_keras(build: Any, way: str, tmp_path: Path) -> None:
    """Eleven examples, so that the last batch of a fixed size is not full."""
    model = build()
    found = export(model, tmp_path / "net.onnx", examples(model, 11), **WAYS[way])
    assert found.asked == ExportSpec(**WAYS[way])
    assert found.parity.examples == 11
    onnx.checker.check_model(tmp_path / "net.onnx", full_check=True)


def test_what_the_file_takes(tmp_path: Path) -> None:
    onnx_from_keras(small(), tmp_path / "net.onnx", batch=8, layout="nchw", float16_inputs=True)
    assert taken(tmp_path / "net.onnx") == [("input", [8, 3, 12, 12], "tensor(float16)")]
    (output,) = onnx.load(tmp_path / "net.onnx").graph.output
    assert [size.dim_value for size in output.type.tensor_type.shape.dim] == [8, 5]
    assert output.type.tensor_type.elem_type == onnx.TensorProto.FLOAT


def test_channels_first_is_the_same_network(tmp_path: Path) -> None:
    """What the file gives for turned images is what the other gives for those that are not."""
    model = squeeze_excite()
    (images,) = examples(model, 6)
    for name, layout in (("last", "nhwc"), ("first", "nchw")):
        onnx_from_keras(model, tmp_path / f"{name}.onnx", layout=layout)
    (last,), (first,) = run(tmp_path / "last.onnx", images), run(tmp_path / "first.onnx", images.transpose(0, 3, 1, 2))
    np.testing.assert_allclose(first, last, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("build", [small, strided_same, normalized_depthwise, normalized_after_bias, lambda: GREY])
def test_channels_first_needs_no_turning(build: Any, tmp_path: Path) -> None:
    """A convolution takes its images as they come: no Transpose reads them, and there is none more elsewhere."""
    onnx_from_keras(build(), tmp_path / "net.onnx", layout="nchw")
    graph = onnx.load(tmp_path / "net.onnx").graph
    assert not [node for node in graph.node if node.op_type == "Transpose" and node.input[0] == "input"]
    onnx_from_keras(build(), tmp_path / "plain.onnx")
    assert operators(tmp_path / "net.onnx")["Transpose"] <= operators(tmp_path / "plain.onnx")["Transpose"]


def test_a_fixed_batch_leaves_nothing_to_compute_but_the_network(tmp_path: Path) -> None:
    """The Transpose before the Dense layer goes into its kernel, as with any batch; another batch is refused."""
    onnx_from_keras(small(), tmp_path / "net.onnx", batch=4, layout="nchw")
    assert set(operators(tmp_path / "net.onnx")) <= {"Conv", "Relu", "Reshape", "MatMul", "Gemm", "Add", "Softmax"}
    with pytest.raises(Exception, match=r"(?i)got invalid dimensions"):
        run(tmp_path / "net.onnx", np.zeros((5, 3, 12, 12), np.float32))


def test_float16_is_cast_and_no_more(tmp_path: Path) -> None:
    """One Cast for each input of floats; weights and outputs are float32, and integers stay integers."""
    image, tokens = keras.Input((6, 6, 2)), keras.Input((4,), dtype="int32")
    x = L.Concatenate()([L.Flatten()(L.Conv2D(3, 3)(image)), L.Flatten()(L.Embedding(9, 2)(tokens))])
    model = randomized(keras.Model([image, tokens], L.Dense(3)(x)))
    given = [*examples(keras.Model(image, image), 5), np.arange(20).reshape(5, 4) % 9]
    export(model, tmp_path / "net.onnx", given, float16_inputs=True)
    assert [kind for _, _, kind in taken(tmp_path / "net.onnx")] == ["tensor(float16)", "tensor(int32)"]
    onnx_from_keras(model, tmp_path / "plain.onnx")
    more = operators(tmp_path / "net.onnx") - operators(tmp_path / "plain.onnx")
    assert more == Counter({"Cast": 1})


def test_of_several_inputs_images_are_turned(tmp_path: Path) -> None:
    image, vector = keras.Input((8, 8, 3)), keras.Input((5,))
    x = L.Concatenate()([L.GlobalAveragePooling2D()(L.Conv2D(4, 3)(image)), vector])
    model = randomized(keras.Model({"image": image, "vector": vector}, L.Dense(2)(x)))
    export(model, tmp_path / "net.onnx", examples(model, 4), layout="nchw")
    assert [sizes for _, sizes, _ in taken(tmp_path / "net.onnx")] == [["batch", 3, 8, 8], ["batch", 5]]


@pytest.mark.parametrize("opset", OPSETS)
def test_every_operator_set(opset: int, tmp_path: Path) -> None:
    """Convolutions, normalization, attention and a loop; valid, and the same numbers."""
    inputs = keras.Input((8, 8, 3))
    x = L.Reshape((9, 16))(L.BatchNormalization()(L.Conv2D(4, 3, strides=1, activation="gelu")(inputs)))
    x = L.LayerNormalization()(L.MultiHeadAttention(2, 4)(x, x))
    x = L.Concatenate()([L.GRU(4)(x), L.LSTM(3)(x), L.Flatten()(L.UpSampling1D(2)(x))])
    model = randomized(keras.Model(inputs, L.Dense(4, activation="softmax")(x)))
    found = export(model, tmp_path / "net.onnx", examples(model, 5), opset=opset)
    proto = onnx.load(tmp_path / "net.onnx")
    assert [each.version for each in proto.opset_import if each.domain == ""] == [opset] == [found.opset]
    onnx.checker.check_model(proto, full_check=True)


@pytest.mark.parametrize("way", WAYS)
def test_the_same_bytes_again(way: str, tmp_path: Path) -> None:
    """Layer counters and what was converted before do not show."""
    for index in (0, 1):
        onnx_from_keras(squeeze_excite(), tmp_path / f"{index}.onnx", **WAYS[way])
    assert (tmp_path / "0.onnx").read_bytes() == (tmp_path / "1.onnx").read_bytes()


def vectors() -> keras.Model:
    return chain(L.Dense(3), shape=(7,))


def tokens() -> keras.Model:
    inputs = keras.Input((7,), dtype="int32")
    return keras.Model(inputs, L.Embedding(5, 2)(inputs))


@pytest.mark.parametrize(
    ("build", "asked", "told"),
    [
        (small, {"batch": 0}, "export: batch = 0: input should be greater than or equal to 1"),
        (small, {"opset": 99}, "export: opset = 99: can't be exported; use 13 to "),
        (vectors, {"layout": "nchw"}, r"layout = 'nchw': is for images, and model '\w+' takes input \(batch, 7\); "),
        (tokens, {"float16_inputs": True}, r"float16_inputs: model '\w+' takes int32 alone; leave it out"),
    ],
)
def test_what_does_not_fit_the_model(build: Any, asked: dict[str, Any], told: str, tmp_path: Path) -> None:
    """One line, and nothing is written."""
    model = build()
    with pytest.raises((SpecError, ExportError), match=told):
        export(model, tmp_path / "net.onnx", [np.zeros((2, *each.shape[1:])) for each in model.inputs], **asked)
    assert not list(tmp_path.iterdir())


def test_numbers_beyond_float16(tmp_path: Path) -> None:
    model = vectors()
    with pytest.raises(DataError, match=r"numbers as large as 1e\+05, and float16 ends at 65504; leave it out"):
        export(model, tmp_path / "net.onnx", np.full((2, 7), 1e5, np.float32), float16_inputs=True)
    assert not list(tmp_path.iterdir())


def test_parity_with_a_file_that_was_written_otherwise(tmp_path: Path) -> None:
    """It is asked in the way that the file was."""
    model = small()
    asked = ExportSpec(layout="nchw", batch=2)
    onnx_from_keras(model, tmp_path / "net.onnx", asked)
    require_parity(parity(model, tmp_path / "net.onnx", examples(model, 5), asked), "net.onnx")
