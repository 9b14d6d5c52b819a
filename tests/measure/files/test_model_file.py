"""What an ONNX file says about itself, and files that are wrong."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnx
import pytest

from harness.base.errors import MeasureError
from harness.measure.files.model_file import read_model
from harness.measure.inputs.declared import ModelInput
from tests.onnx_files import classifier, cnn, save, tensor, weight


def with_external_data(folder: Path, location: str) -> Path:
    """The network of `cnn` with its weights in another file."""
    path = cnn(folder / "inline.onnx")
    model = onnx.load(path)
    path = folder / "model.onnx"
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    if location != "weights.bin":
        changed = onnx.load(path, load_external_data=False)
        for initializer in changed.graph.initializer:
            for entry in initializer.external_data:
                if entry.key == "location":
                    entry.value = location
        path.write_bytes(changed.SerializeToString())
    return path


def test_facts_of_a_file(tmp_path: Path) -> None:
    path = cnn(tmp_path / "a.onnx", filters=8)
    file = read_model(path)
    assert file.parameters == 8 * 9 + 8 * 64 * 10
    assert file.inputs == (ModelInput("image", "float32", (None, 1, 8, 8), ("N", "", "", "")),)
    assert (file.opset, file.size_bytes) == (18, path.stat().st_size)
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert file.external == ()


def test_external_data_counts_in_size_and_hash(tmp_path: Path) -> None:
    path = with_external_data(tmp_path, "weights.bin")
    before = read_model(path)
    data = tmp_path / "weights.bin"
    assert before.size_bytes == path.stat().st_size + data.stat().st_size
    assert before.external == (data,)
    data.write_bytes(b"\1" + data.read_bytes()[1:])
    assert read_model(path).sha256 != before.sha256


@pytest.mark.parametrize("location", ["../weights.bin", "/etc/hostname"])
def test_external_data_outside_the_folder_is_refused(tmp_path: Path, location: str) -> None:
    (tmp_path / "inside").mkdir()
    path = with_external_data(tmp_path / "inside", location)
    with pytest.raises(MeasureError, match="is outside its folder; move it beside the model"):
        read_model(path)


def test_a_link_to_data_outside_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    path = with_external_data(tmp_path / "inside", "weights.bin")
    (tmp_path / "inside" / "weights.bin").rename(tmp_path / "weights.bin")
    (tmp_path / "inside" / "weights.bin").symlink_to(tmp_path / "weights.bin")
    with pytest.raises(MeasureError, match="is outside its folder"):
        read_model(path)


def test_missing_external_data_is_named(tmp_path: Path) -> None:
    path = with_external_data(tmp_path, "weights.bin")
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(MeasureError, match=r"'weights.bin' is missing; put it beside the model"):
        read_model(path)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x89PNG\r\n\x1a\n" + bytes(100), b'{"json": true}'])
def test_what_is_not_onnx_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(MeasureError, match="not an ONNX file") as refused:
        read_model(path)
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match=r"nowhere.onnx: can't be read \(No such file"):
        read_model(tmp_path / "nowhere.onnx")


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match="can't be read"):
        read_model(tmp_path)


def test_weights_among_the_inputs_are_not_fed(tmp_path: Path) -> None:
    """Old exporters list every weight as an input too."""
    node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"])
    inputs = [tensor("x", ["N", 3]), tensor("w", [3, 2])]
    path = save(tmp_path / "old.onnx", [node], inputs, [tensor("y", ["N", 2])], [weight("w", (3, 2))])
    assert [one.name for one in read_model(path).inputs] == ["x"]


def test_sizes_that_are_negative_named_or_empty_are_unknown(tmp_path: Path) -> None:
    """As Paddle, PyTorch and others write them; no shape at all is another thing than a scalar's."""
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    inputs = [tensor("x", [-1, 3, "height", None]), tensor("scalar", []), tensor("any", None)]
    x, scalar, any_shape = read_model(save(tmp_path / "m.onnx", [node], inputs, [tensor("y", None)])).inputs
    assert (x.shape, x.symbols) == ((None, 3, None, None), ("", "", "height", ""))
    assert (scalar.shape, any_shape.shape) == ((), None)


def test_types_are_named_as_numpy_does_where_it_has_them(tmp_path: Path) -> None:
    node = onnx.helper.make_node("Identity", ["t"], ["y"])
    kinds = {"t": onnx.TensorProto.STRING, "b": onnx.TensorProto.BFLOAT16, "i": onnx.TensorProto.INT16}
    path = save(
        tmp_path / "m.onnx", [node], [tensor(name, [1], kind) for name, kind in kinds.items()], [tensor("y", None)]
    )
    assert [one.dtype for one in read_model(path).inputs] == ["string", "bfloat16", "int16"]


def test_weights_in_subgraphs_and_functions_count(tmp_path: Path) -> None:
    """3 in the body of an If's branches, twice; 4 in a function."""
    branch = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["w"], ["out"])], "b", [], [tensor("out", [3])],
                                    [weight("w", (3,))])  # fmt: skip
    node = onnx.helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    path = save(tmp_path / "m.onnx", [node], [tensor("c", [], onnx.TensorProto.BOOL)], [tensor("y", [3])])
    model = onnx.load(path)
    constant = onnx.helper.make_node("Constant", [], ["k"], value=weight("k", (4,)))
    opset = [onnx.helper.make_opsetid("", 18)]
    model.functions.append(onnx.helper.make_function("own", "f", [], ["k"], [constant], opset))
    onnx.save(model, path)
    assert read_model(path).parameters == 3 + 3 + 4


def test_an_estimator_s_weights_are_unknown_not_none(tmp_path: Path) -> None:
    assert read_model(classifier(tmp_path / "c.onnx")).parameters is None
