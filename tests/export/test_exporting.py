"""A Keras model as an ONNX file that computes the same, at any batch size."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

import harness
from harness.base.errors import DataError, ExportError, ParityError, SpecError, StoreError
from harness.base.store import file_digest
from harness.export import export, onnx_from_keras, parity
from tests.export.nets import NETS, L, chain, examples, run, small

pytestmark = pytest.mark.filterwarnings("ignore:The structure of `inputs`")


@pytest.mark.parametrize("name", NETS)
def test_agrees_with_keras_at_any_batch_size(name: str, tmp_path: Path) -> None:
    """Every output within 1e-4 of its spread, top-1 equal, at batch 1, 8 and 32."""
    model = NETS[name]()
    images = examples(model, 40)
    path = tmp_path / "net.onnx"
    found = export(model, path, images)
    assert found.parity.examples == 40
    assert found.parity.ties < 40
    expected = keras.tree.flatten(model(images[0], training=False))
    for batch in (1, 8, 32):
        for reference, output in zip(expected, run(path, images[0][:batch]), strict=True):
            assert output.shape == (batch, *reference.shape[1:])
            np.testing.assert_allclose(output, reference[:batch], atol=1e-4 * float(np.std(reference)))


def test_record_describes_the_file(tmp_path: Path) -> None:
    """Size, digest and opset are those of the file that was written; `harness.export` is the same function."""
    path = tmp_path / "net.onnx"
    model = small()
    found = harness.export(model, path, examples(model), opset=17)
    assert (found.opset, found.size_bytes, found.sha256) == (17, path.stat().st_size, file_digest(path))
    assert [opset.version for opset in onnx.load(path).opset_import] == [17]


def test_only_the_file_is_left(tmp_path: Path) -> None:
    """What was written on the way is gone."""
    onnx_from_keras(small(), tmp_path / "folder" / "net.onnx")
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "net.onnx"]


def test_model_is_not_changed(tmp_path: Path) -> None:
    """Zeros are marked in the conversion, not in the model."""
    model = small()
    model.layers[0].bias.assign(np.zeros(8))
    before = model.get_weights()
    onnx_from_keras(model, tmp_path / "net.onnx")
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_zeros_come_out_as_zeros(tmp_path: Path) -> None:
    """A bias of zeros is in the file, as zeros."""
    model = small()
    model.layers[0].bias.assign(np.zeros(8))
    onnx_from_keras(model, tmp_path / "net.onnx")
    graph = onnx.load(tmp_path / "net.onnx").graph
    biases = {weight.name: onnx.numpy_helper.to_array(weight) for weight in graph.initializer}
    np.testing.assert_array_equal(biases["Conv_1.B"], np.zeros(8))


def test_failed_parity_leaves_the_old_file(tmp_path: Path) -> None:
    """A model with NaN weights proves nothing; what was there stays."""
    path = tmp_path / "net.onnx"
    path.write_bytes(b"old")
    model = small()
    model.layers[0].bias.assign(np.full(8, np.nan))
    with pytest.raises(ParityError, match="what Keras itself computes are not all finite numbers, so nothing"):
        export(model, path, examples(model))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((4, 28, 28, 3), r"examples of shape \(4, 28, 28, 3\) don't fit the model's input \('batch', 12, 12, 3\)"),
        ((4, 12, 12), "don't fit"),
        ((0, 12, 12, 3), "at least one"),
    ],
)
def test_examples_that_do_not_fit(shape: tuple[int, ...], message: str, tmp_path: Path) -> None:
    """The examples' shape and the model's are both named, and nothing is written."""
    with pytest.raises(DataError, match=message):
        export(small(), tmp_path / "net.onnx", np.zeros(shape, np.float32))
    assert not list(tmp_path.iterdir())


def test_number_of_inputs(tmp_path: Path) -> None:
    """One array for each input."""
    model = small()
    with pytest.raises(DataError, match="the model has 1 inputs and 2 arrays were given"):
        parity(model, tmp_path / "net.onnx", [*examples(model), *examples(model)])


def test_model_without_inputs(tmp_path: Path) -> None:
    """A Sequential that was never told its input is refused with the cure."""
    model = keras.Sequential([L.Dense(3)])
    with pytest.raises(ExportError, match=r"has no defined inputs; make it a Sequential that starts with keras\.Input"):
        onnx_from_keras(model, tmp_path / "net.onnx")


class Subclassed(keras.Model):
    """Computes in Python, so it has no graph."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = L.Dense(2)

    def call(self, x: object) -> object:
        return self.dense(x)


def test_subclassed_model(tmp_path: Path) -> None:
    """A subclassed model is refused even when it is built."""
    model = Subclassed()
    model(np.zeros((1, 3)))
    with pytest.raises(ExportError, match="has no defined inputs"):
        onnx_from_keras(model, tmp_path / "net.onnx")


def test_sequential_built_by_its_first_batch(tmp_path: Path) -> None:
    """The size of the batch that built a model is not the exported one."""
    model = keras.Sequential([L.Flatten(), L.Dense(2)])
    model(np.zeros((3, 4, 4, 2)))
    export(model, tmp_path / "net.onnx", np.random.default_rng(0).random((7, 4, 4, 2)))
    assert run(tmp_path / "net.onnx", np.zeros((5, 4, 4, 2), np.float32))[0].shape == (5, 2)


def test_operation_without_equivalent(tmp_path: Path) -> None:
    """What tf2onnx can't convert is named, and nothing is written."""
    import tensorflow as tf

    model = chain(L.Lambda(tf.math.lgamma, name="odd"), shape=(3,))
    with pytest.raises(
        ExportError,
        match=r"this project has no conversion to ONNX of the operation Lgamma, which layer 'odd' uses; replace it",
    ):
        onnx_from_keras(model, tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("opset", [12, 99])
def test_opset_out_of_range(opset: int, tmp_path: Path) -> None:
    """What is tried in every opset that can be asked for is in `test_as_asked.py`."""
    with pytest.raises(SpecError, match=rf"opset = {opset}: can't be exported; use 13 to \d\d"):
        onnx_from_keras(small(), tmp_path / "net.onnx", opset=opset)


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    """A place that can't be written is one line."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="give a folder that can be written"):
        onnx_from_keras(small(), tmp_path / "file" / "net.onnx")


def test_too_large_for_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More weights than an ONNX file holds are refused before anything is converted."""
    monkeypatch.setattr("harness.export.conversion.supported.LARGEST_FILE_BYTES", 1000)
    with pytest.raises(ExportError, match=r"GB of weights, and an ONNX file holds 2 GB"):
        onnx_from_keras(small(), tmp_path / "net.onnx")
