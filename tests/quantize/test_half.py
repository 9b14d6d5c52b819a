"""Files in float16: what they hold, what they take and give, and what is refused."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import helper

import harness
from harness.base.errors import QuantizeError, SpecError
from harness.base.store import file_digest
from harness.records import Metadata
from harness.records.metadata import TestAccuracy
from tests.onnx_files import constant, save, tensor
from tests.quantize.nets import answers, images, network

HALF, FLOAT = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT


def kinds(path: Path) -> list[int]:
    graph = onnx.load(path).graph
    return [one.type.tensor_type.elem_type for one in (*graph.input, *graph.output)]


def test_weights_are_float16_and_inputs_and_outputs_stay_float32(tmp_path: Path) -> None:
    original, path = network(tmp_path / "a.onnx"), tmp_path / "half.onnx"
    found = harness.quantize(original, path, "fp16", judge_by=images(100))
    assert kinds(path) == [FLOAT, FLOAT]
    assert {each.data_type for each in onnx.load(path).graph.initializer} == {HALF}
    onnx.checker.check_model(str(path))
    assert (answers(path, images(100)) == answers(original, images(100))).mean() > 0.98
    assert found.agreement is not None
    assert (found.images, found.activations, found.nodes) == (None, None, ())


def test_inputs_and_outputs_are_float16_where_that_is_asked_for(tmp_path: Path) -> None:
    original, path = network(tmp_path / "a.onnx"), tmp_path / "half.onnx"
    found = harness.quantize(original, path, "fp16", half_io=True, judge_by=images(50))
    assert kinds(path) == [HALF, HALF]
    assert found.agreement is not None
    assert (found.agreement.outputs["scores"].top1 or 0) > 0.98


def test_numbers_beyond_float16_are_refused_and_named(tmp_path: Path) -> None:
    node = helper.make_node("Add", ["x", "large"], ["y"])
    weights = [constant("large", [1.0, 1e5], "float32")]
    path = save(tmp_path / "a.onnx", [node], [tensor("x", ["N", 2])], [tensor("y", ["N", 2])], weights)
    with pytest.raises(QuantizeError, match=r"'large' holds 1e\+05, and float16 ends at 65,504; give --int8"):
        harness.quantize(path, tmp_path / "b.onnx", "fp16")
    assert not (tmp_path / "b.onnx").exists()


def test_a_file_without_float32_is_refused(tmp_path: Path) -> None:
    original = network(tmp_path / "a.onnx")
    harness.quantize(original, tmp_path / "half.onnx", "fp16")
    with pytest.raises(QuantizeError, match="has no float32 weights, so float16 would change nothing"):
        harness.quantize(tmp_path / "half.onnx", tmp_path / "again.onnx", "fp16")


def test_options_of_the_other_precision_are_refused(tmp_path: Path) -> None:
    original = network(tmp_path / "a.onnx")
    with pytest.raises(SpecError, match="half_io is for fp16, not for int8"):
        harness.quantize(original, tmp_path / "b.onnx", "int8", half_io=True, data=images(20))
    with pytest.raises(SpecError, match="keep is for int8 and auto, not for fp16"):
        harness.quantize(original, tmp_path / "b.onnx", "fp16", keep=("conv_1",))
    with pytest.raises(SpecError, match="precision = 'int4'"):
        harness.quantize(original, tmp_path / "b.onnx", "int4", data=images(20))


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_what_the_original_says_of_itself_stays_but_for_its_accuracy(tmp_path: Path, precision: str) -> None:
    original, path = network(tmp_path / "a.onnx"), tmp_path / "other.onnx"
    model = onnx.load(original)
    said = Metadata(source="0" * 64, labels=("a", "b", "c", "d"), accuracy=TestAccuracy(hits=9, examples=10))
    props = {"author": "somebody"}
    said.write_into(props)
    helper.set_model_props(model, props)
    onnx.save(model, original)
    harness.quantize(original, path, precision, data=images(40))
    found = {each.key: each.value for each in onnx.load(path).metadata_props}
    now = Metadata.of(found)
    assert (now.source, now.labels, now.accuracy) == (file_digest(original), said.labels, None)
    assert "onnx" in now.versions
    assert found["author"] == "somebody"
