"""What an ONNX file, its data beside it and `--input` can be wrong in: one line, exit code 2, nothing changed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import harness
from harness.base.errors import PruneError, SpecError
from harness.prune.files import data_path, picture_path, plan_path, report_path
from tests.onnx_files import tensor
from tests.prune.command.running import Captured
from tests.prune.command.test_onnx import RATIO, asked, changed, two_layers
from tests.prune.onnx.graph.building import Net

pytestmark = pytest.mark.without_tensorflow
Make = Callable[[Path], Path]


def refused(capsys: Captured, folder: Path, *arguments: object) -> str:
    """The one line of a command that changes nothing in the folder."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    code, out, error = asked(capsys, "prune", *arguments, "-q")
    assert (code, out) == (2, ""), error
    assert error.startswith("harness: ")
    assert error.count("\n") == 1, error
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    return error


def with_data_in(path: Path, name: str) -> Path:
    onnx.save(onnx.load(two_layers(path)), path, save_as_external_data=True, location=name, size_threshold=0)
    return path


@pytest.mark.parametrize("beside", [Path, data_path, plan_path, report_path, picture_path])
def test_the_data_of_the_input_is_never_overwritten(
    capsys: Captured, tmp_path: Path, beside: Callable[[Path], Path]
) -> None:
    """Whatever the data is called: as the output is, or as any file that is written beside it."""
    output = tmp_path / "small.onnx"
    source = with_data_in(tmp_path / "net.onnx", beside(output).name)
    assert "would overwrite the input" in refused(capsys, tmp_path, source, *RATIO, "-o", output)


def test_the_data_of_the_input_is_not_overwritten_through_a_link(capsys: Captured, tmp_path: Path) -> None:
    source = with_data_in(tmp_path / "net.onnx", "net.data")
    (tmp_path / "small.onnx.data").symlink_to("net.data")
    assert "would overwrite the input" in refused(capsys, tmp_path, source, *RATIO, "-o", tmp_path / "small.onnx")


def test_a_folder_in_the_place_of_data_is_told_before_the_work(capsys: Captured, tmp_path: Path) -> None:
    source = with_data_in(tmp_path / "net.onnx", "net.data")
    (tmp_path / "small.onnx.data").mkdir()
    assert "is a folder" in refused(capsys, tmp_path, source, *RATIO, "-o", tmp_path / "small.onnx")


def test_what_is_no_file_is_told(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "loop.onnx").symlink_to("loop.onnx")
    assert "can't be read" in refused(capsys, tmp_path, tmp_path / "loop.onnx", *RATIO)
    os.mkfifo(tmp_path / "pipe.onnx")
    assert "is a pipe or a device" in refused(capsys, tmp_path, tmp_path / "pipe.onnx", *RATIO)


def _named(model: onnx.ModelProto) -> None:
    model.graph.node[0].name = "first\nof all"


def _call(model: onnx.ModelProto) -> None:
    """A function that is written for another opset."""
    inner = helper.make_node("Relu", ["x"], ["y"])
    model.functions.append(helper.make_function("mine", "Block", ["x"], ["y"], [inner], [helper.make_opsetid("", 11)]))
    model.graph.node[1].op_type, model.graph.node[1].domain = "Block", "mine"
    model.opset_import.append(helper.make_opsetid("mine", 1))


def _no_output(model: onnx.ModelProto) -> None:
    del model.graph.output[:]


def _no_examples(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 0


def _far(model: onnx.ModelProto) -> None:
    kernel = model.graph.initializer[0]
    kernel.ClearField("raw_data")
    kernel.data_location = onnx.TensorProto.EXTERNAL
    kernel.external_data.add(key="location", value="far" * 1000)


def measuring(path: Path) -> Path:
    """As opset 9 says that a BatchNormalization trains: by its outputs."""
    net = Net(opset=9)
    norm = [net.positive(8), net.random(8), net.random(8), net.positive(8)]
    x = net.op("BatchNormalization", net.conv("image", 3, 8), *norm, outputs=5, name="norm")[0]
    return net.save(path, [net.conv(x, 8, 2)])


def of_no_filters(path: Path) -> Path:
    net = Net()
    return net.save(path, [net.conv(net.conv("image", 3, 0, name="none"), 0, 2)])


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (changed(_named), ("--keep", "last one"), "there is no node 'last one'"),
        (changed(_call), (), "Opset mismatch when inlining function 'mine::Block'"),
        (changed(_no_output), (), "has no output"),
        (changed(_no_examples), (), "input image:0x3x6x6:float32 holds nothing"),
        (changed(_far), (), "is missing; put it beside the model"),
        (measuring, (), "'norm' (BatchNormalization) is in training mode"),
        (of_no_filters, (), "'none' (Conv) reads a constant that is empty"),
        (two_layers, ("--input", "image=text"), "--input image=text does not fit image:?x3x6x6:float32"),
        (two_layers, ("--input", "image=[1, 2]"), "give one number, or a list of its shape"),
        (two_layers, ("--input", "image={}"), "does not fit"),
        (two_layers, ("--input", "image:Nx3x6x6:int64"), "does not fit image:?x3x6x6:float32; say what it takes"),
        (two_layers, ("--input", "image:0x3x6x6:float32"), "does not fit"),
        (two_layers, ("--input", f"image:{10**11}x3x6x6:float32"), "there is no memory for image of 100000000000x3"),
    ],
)
def test_what_can_not_work_is_one_line(
    capsys: Captured, tmp_path: Path, make: Make, arguments: tuple[str, ...], message: str
) -> None:
    assert message in refused(capsys, tmp_path, make(tmp_path / "net.onnx"), *RATIO, *arguments)


def test_data_that_does_not_vary_is_told(capsys: Captured, tmp_path: Path) -> None:
    source = two_layers(tmp_path / "net.onnx")
    np.savez(tmp_path / "zeros.npz", image=np.zeros((20, 3, 6, 6), np.float32))
    data = f"npz:{tmp_path / 'zeros.npz'}"
    assert "give examples that differ" in refused(capsys, tmp_path, source, *RATIO, "--data", data, "--reconstruct")


def _backwards(model: onnx.ModelProto) -> None:
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(reversed(nodes))


def _sparse(model: onnx.ModelProto, flat: bool = True) -> None:
    kernel = model.graph.initializer[0]
    dense = numpy_helper.to_array(kernel).copy()
    dense[np.abs(dense) < 0.3] = 0
    places = (np.flatnonzero(dense) if flat else np.argwhere(dense)).astype(np.int64)
    values = numpy_helper.from_array(dense[dense != 0], kernel.name)
    sparse = helper.make_sparse_tensor(values, numpy_helper.from_array(places, "places"), list(dense.shape))
    model.graph.initializer.remove(kernel)
    model.graph.sparse_initializer.append(sparse)


def _sparse_by_axes(model: onnx.ModelProto) -> None:
    _sparse(model, flat=False)


def empty_output(path: Path) -> Path:
    net = Net()
    x = net.conv(net.op("Relu", net.conv("image", 3, 8, name="first")), 8, 2, name="last")
    none = net.op("Slice", x, net.integers(0), net.integers(0), net.integers(1))
    return net.save(path, [x, tensor(none, None)])


@pytest.mark.parametrize("make", [changed(_backwards), changed(_sparse), changed(_sparse_by_axes), empty_output])
def test_what_onnxruntime_takes_is_pruned_and_proved(tmp_path: Path, make: Make) -> None:
    """Nodes in any order, sparse constants, tensors that are empty."""
    source = make(tmp_path / "net.onnx")
    result = harness.prune(source, ratio=0.5)
    result.write(tmp_path / "small.onnx")
    assert len(result.plan.kept["first"]) == 4
    assert harness.verify(source, tmp_path / "small.onnx", result.plan).holds


def test_a_list_given_for_an_input_is_fed(tmp_path: Path) -> None:
    """Also where it says the size of an axis that is open."""
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 8, name="first"))
    scaled = net.op("Mul", net.conv(x, 8, 2), net.op("ReduceMax", "sizes", keepdims=0))
    source = net.save(tmp_path / "net.onnx", [scaled], [tensor("image", ("N", 3, 6, 6)), tensor("sizes", ("k",))])
    assert harness.prune(source, ratio=0.5, inputs=["sizes=[1, 2, 3]"]).proof.holds


def _swapped(model: onnx.ModelProto) -> None:
    first, second = model.graph.output
    before = first.name, second.name
    second.name, first.name = before


def _one_output(model: onnx.ModelProto) -> None:
    del model.graph.output[1]


def _other_input(model: onnx.ModelProto) -> None:
    model.graph.input.append(tensor("more", ("N",)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_swapped, "outputs are b.0, a.0, the original's a.0, b.0"),
        (_one_output, "outputs are a.0, the original's a.0, b.0"),
        (_other_input, "inputs are image (FLOAT), more (FLOAT), the original's image (FLOAT)"),
    ],
)
def test_a_file_of_other_inputs_or_outputs_is_not_the_pruned_one(
    capsys: Captured, tmp_path: Path, change: Callable[[onnx.ModelProto], None], message: str
) -> None:
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 8, name="first"))
    source = net.save(tmp_path / "net.onnx", [net.conv(x, 8, 2, name="a"), net.conv(x, 8, 2, name="b")])
    pruned = tmp_path / "net-pruned.onnx"
    assert asked(capsys, "prune", source, *RATIO)[0] == 0
    assert asked(capsys, "verify", source, pruned)[0] == 0
    model = onnx.load(pruned)
    change(model)
    onnx.save(model, pruned)
    code, out, _ = asked(capsys, "verify", source, pruned)
    assert code == 1
    assert message in out


def test_a_plan_is_not_replayed_on_nan(capsys: Captured, tmp_path: Path) -> None:
    source = two_layers(tmp_path / "net.onnx")
    assert asked(capsys, "prune", source, *RATIO)[0] == 0
    model = onnx.load(source)
    kernel = model.graph.initializer[0]
    kernel.CopyFrom(numpy_helper.from_array(np.full((8, 3, 3, 3), np.nan, np.float32), kernel.name))
    onnx.save(model, source)
    plan = tmp_path / "net-pruned.plan.json"
    error = refused(capsys, tmp_path, source, "--plan", plan, "-o", tmp_path / "again.onnx")
    assert "holds NaN or infinity" in error
    code, _, error = asked(capsys, "verify", source, tmp_path / "net-pruned.onnx")
    assert code == 2
    assert "holds NaN or infinity" in error


def test_a_replayed_plan_is_judged_on_data(capsys: Captured, tmp_path: Path) -> None:
    """What --data is given for is done, not passed over."""
    source = two_layers(tmp_path / "net.onnx")
    assert asked(capsys, "prune", source, *RATIO)[0] == 0
    np.savez(tmp_path / "d.npz", image=np.random.default_rng(0).random((20, 3, 6, 6)).astype(np.float32))
    plan, data = tmp_path / "net-pruned.plan.json", f"npz:{tmp_path / 'd.npz'}"
    code, out, _ = asked(
        capsys, "prune", source, "--plan", plan, "--data", data, "-o", tmp_path / "again.onnx", "--json"
    )
    assert code == 0
    assert json.loads(out)["agreement"]["examples"] == 4


@pytest.mark.parametrize(
    "option",
    [
        ("--optimizer", "sgd"),
        ("--learning-rate", "5"),
        ("--batch-size", "3"),
        ("--no-baselines",),
        ("--scratch-epochs", "0"),
        ("--store", "elsewhere"),
    ],
)
def test_no_option_is_passed_over(capsys: Captured, tmp_path: Path, option: tuple[str, ...]) -> None:
    error = refused(capsys, tmp_path, two_layers(tmp_path / "net.onnx"), *RATIO, *option)
    assert error.startswith(f"harness: {option[0]}: ")


def test_a_store_that_can_not_be_written_is_told_before_the_work(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    source, store = two_layers(tmp_path / "net.onnx"), tmp_path / "file" / "store"
    assert "store" in refused(capsys, tmp_path, source, "--speedup", 2, "--store", store)


@pytest.mark.parametrize(
    "data",
    [
        np.full((4, 3, 6, 6), "text"),
        np.ones((4, 3, 6, 6), complex),
        np.ones((0, 3, 6, 6), np.float32),
        {"image": np.float32(1)},
    ],
)
def test_examples_are_numbers_and_at_least_one(tmp_path: Path, data: Any) -> None:
    source = two_layers(tmp_path / "net.onnx")
    with pytest.raises(PruneError, match="give numbers"):
        harness.prune(source, ratio=0.5, importance="activation", data=data)
    with pytest.raises(PruneError, match="give numbers"):
        harness.prune(source, ratio=0.5, judge_by=data)


def test_what_is_no_spec_or_no_path_is_told(tmp_path: Path) -> None:
    source = two_layers(tmp_path / "net.onnx")
    with pytest.raises(SpecError, match="expected a PruneSpec"):
        harness.prune(source, 0.5)
    result = harness.prune(source, ratio=0.5)
    with pytest.raises(SpecError, match="expected the path of the pruned file, not OnnxResult"):
        harness.verify(source, result, result.plan)
    with pytest.raises(SpecError, match="seed = -1"):
        harness.verify(source, source, result.plan, seed=-1)
