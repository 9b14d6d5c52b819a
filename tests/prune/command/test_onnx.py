"""`harness prune` and `harness verify` on ONNX files: what is written, and what can't work."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import harness
from harness.prune.files import read_plan
from tests.cli.test_app import in_process
from tests.onnx_files import tensor
from tests.prune.command.running import Captured
from tests.prune.onnx.graph.building import Net

pytestmark = pytest.mark.without_tensorflow


def asked(capsys: Captured, *arguments: object) -> tuple[int, str, str]:
    """A command, run in this process: exit code, stdout and stderr."""
    return in_process(capsys, *map(str, arguments))


def two_layers(path: Path) -> Path:
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 8, name="first"))
    return net.save(path, [net.conv(x, 8, 2, name="last")])


def test_a_file_is_pruned_proved_and_verified(capsys: Captured, tmp_path: Path) -> None:
    """The same command and the same JSON as for a Keras model; the input is not touched."""
    source = two_layers(tmp_path / "net.onnx")
    before = hashlib.sha256(source.read_bytes()).hexdigest()
    code, out, _ = asked(capsys, "prune", source, "--ratio", 0.5, "--json")
    told = json.loads(out)
    assert code == 0
    assert [Path(name).name for name in told["files"]][:2] == ["net-pruned.onnx", "net-pruned.plan.json"]
    assert told["proof"]["trials"]["weights carried over"] == 0
    assert [layer["channels_after"] for layer in told["report"]["layers"]] == [4, 2]
    assert told["report"]["layers"][0]["macs_after"] * 2 == told["report"]["layers"][0]["macs_before"]
    assert told["report"]["pinned"] == {"last": "the model's output"}
    assert hashlib.sha256(source.read_bytes()).hexdigest() == before
    code, out, _ = asked(capsys, "verify", source, tmp_path / "net-pruned.onnx")
    assert code == 0
    assert "computes what the masked original computes" in out
    code, out, _ = asked(capsys, "verify", source, source, "--plan", tmp_path / "net-pruned.plan.json")
    assert code == 1
    plan = read_plan(tmp_path / "net-pruned.plan.json")
    assert harness.verify(source, tmp_path / "net-pruned.onnx", plan).holds


def test_inputs_outputs_metadata_and_names_stay(capsys: Captured, tmp_path: Path) -> None:
    source = two_layers(tmp_path / "net.onnx")
    model = onnx.load(source)
    model.metadata_props.add(key="author", value="somebody")
    model.graph.value_info.append(tensor(model.graph.node[0].output[0], ("N", 8, 6, 6)))
    model.graph.output[0].CopyFrom(tensor(model.graph.output[0].name, ("N", 2, 6, 6)))
    onnx.save(model, source)
    assert asked(capsys, "prune", source, "--ratio", 0.5)[0] == 0
    pruned = onnx.load(tmp_path / "net-pruned.onnx")
    assert pruned.graph.input == model.graph.input
    assert pruned.metadata_props[:1] == model.metadata_props[:]
    added = {entry.key for entry in pruned.metadata_props[1:]}
    assert added == {"harness.source", "harness.plan", "harness.versions"}
    assert [node.name for node in pruned.graph.node] == [node.name for node in model.graph.node]
    stated = {value.name: value for value in pruned.graph.value_info}
    sizes = stated[model.graph.node[0].output[0]].type.tensor_type.shape.dim
    assert [size.dim_param or size.dim_value for size in sizes] == ["N", 4, 6, 6]
    onnx.checker.check_model(pruned, full_check=True)


def test_external_data_goes_beside_the_file(capsys: Captured, tmp_path: Path) -> None:
    source = two_layers(tmp_path / "net.onnx")
    onnx.save(onnx.load(source), source, save_as_external_data=True, location="net.data", size_threshold=0)
    code, out, _ = asked(capsys, "prune", source, "--ratio", 0.5, "--json")
    assert code == 0
    assert Path(json.loads(out)["files"][-1]).name == "net-pruned.onnx.data"
    (tmp_path / "elsewhere").mkdir()
    for name in ("net-pruned.onnx", "net-pruned.onnx.data"):
        shutil.move(tmp_path / name, tmp_path / "elsewhere" / name)
    onnx.load(tmp_path / "elsewhere" / "net-pruned.onnx")


def test_a_plan_is_replayed(capsys: Captured, tmp_path: Path) -> None:
    source = two_layers(tmp_path / "net.onnx")
    asked(capsys, "prune", source, "--ratio", 0.5, "--importance", "random", "--seed", 4)
    plan = tmp_path / "net-pruned.plan.json"
    assert asked(capsys, "prune", source, "--plan", plan, "-o", tmp_path / "again.onnx")[0] == 0
    assert (tmp_path / "again.onnx").read_bytes() == (tmp_path / "net-pruned.onnx").read_bytes()
    code, _, error = asked(capsys, "prune", tmp_path / "again.onnx", "--plan", plan)
    assert code == 2
    assert "another architecture" in error


def test_channels_that_do_nothing_on_data_go_first(tmp_path: Path) -> None:
    """Four filters have a bias that keeps them below zero; images come with channels last."""
    source = two_layers(tmp_path / "net.onnx")
    model = onnx.load(source)
    bias = next(each for each in model.graph.initializer if each.name == model.graph.node[0].input[2])
    bias.CopyFrom(numpy_helper.from_array(np.array([-99, 1] * 4, np.float32), bias.name))
    onnx.save(model, source)
    images = np.random.default_rng(0).random((20, 6, 6, 3)).astype(np.float32)
    for importance in ("activation", "apoz"):
        result = harness.prune(source, ratio=0.5, importance=importance, data=images)
        assert result.plan.kept["first"] == (1, 3, 5, 7)


def changed(change: Callable[[onnx.ModelProto], object]) -> Callable[[Path], Path]:
    """A file of two layers in which something was changed."""

    def make(path: Path) -> Path:
        model = onnx.load(two_layers(path))
        change(model)
        onnx.save(model, path)
        return path

    return make


def in_training(path: Path) -> Path:
    net = Net()
    x = net.conv("image", 3, 8)
    norm = [net.positive(8), net.random(8), net.random(8), net.positive(8)]
    x = net.op("BatchNormalization", x, *norm, outputs=3, training_mode=1, name="norm")[0]
    return net.save(path, [net.conv(x, 8, 2)])


def of_odd_sizes(path: Path) -> Path:
    net = Net()
    rows = net.op("Reshape", net.conv("image", 3, 8), net.integers(-1, 8 * 37 * 41))
    return net.save(path, [net.dense(rows, 8 * 37 * 41, 2)], [tensor("image", ("N", 3, "h", "w"))])


def with_data_at(location: str) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        onnx.save(onnx.load(two_layers(path)), path, save_as_external_data=True, location="data", size_threshold=0)
        model = onnx.load(path, load_external_data=False)
        for each in model.graph.initializer:
            next(entry for entry in each.external_data if entry.key == "location").value = location
        onnx.save(model, path)
        return path

    return make


def written(content: bytes) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return make


def _custom(model: onnx.ModelProto) -> None:
    model.graph.node[1].domain = "my.own"
    model.opset_import.append(helper.make_opsetid("my.own", 1))


def _twice(model: onnx.ModelProto) -> None:
    model.graph.node[2].name = model.graph.node[0].name


def _nan(model: onnx.ModelProto) -> None:
    kernel = model.graph.initializer[0]
    kernel.CopyFrom(numpy_helper.from_array(np.full((8, 3, 3, 3), np.nan, np.float32), kernel.name))


def _made_twice(model: onnx.ModelProto) -> None:
    model.graph.node[1].output[0] = model.graph.node[0].output[0]


def _held_twice(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(model.graph.initializer[0])


def too_large(path: Path) -> Path:
    """A file with a hole, which takes no place on the disk."""
    with path.open("wb") as stream:
        stream.truncate(2**31 + 1)
    return path


def dropping(path: Path) -> Path:
    net = Net()
    x = net.op("Dropout", net.conv("image", 3, 8), net.constant(0.5), net.constant(True, "bool"), name="dropping")
    return net.save(path, [net.conv(x, 8, 2)])


def idle(path: Path) -> Path:
    """No output depends on what is computed before it."""
    net = Net()
    x = net.op("Mul", net.conv("image", 3, 8, name="first"), net.constant(0.0))
    return net.save(path, [net.conv(x, 8, 2)])


def _single(model: onnx.ModelProto) -> None:
    del model.graph.node[1:]
    model.graph.output[0].name = model.graph.node[0].output[0]


RATIO = ("--ratio", 0.5)
REFUSED = [
    (written(b"hello"), RATIO, "not an ONNX file"),
    (written(b""), RATIO, "not an ONNX file with a graph"),
    (in_training, RATIO, r"'norm' \(BatchNormalization\) is in training mode; export the model for inference"),
    (dropping, RATIO, r"'dropping' \(Dropout\) is in training mode; export the model for inference"),
    (too_large, RATIO, "has 2.1 GB in one file, and an ONNX file holds 2 at most"),
    (idle, RATIO, "removing the channels does not show in the outputs"),
    (of_odd_sizes, RATIO, "say what it takes: --input image:Nx3x224x224:float32"),
    (with_data_at("gone"), RATIO, "external data 'gone' is missing"),
    (with_data_at("../data"), RATIO, "outside its folder"),
    (changed(_custom), RATIO, "onnxruntime can't load it .*my.own:Relu"),
    (changed(_twice), RATIO, "onnxruntime can't load it .*same node name"),
    (changed(_made_twice), RATIO, "onnxruntime can't load it"),
    (changed(_held_twice), RATIO, "holds two constants named 'c0'; export the model again"),
    (
        changed(lambda model: setattr(model.opset_import[0], "version", 6)),
        RATIO,
        "has opset 6; convert it to 7 or newer",
    ),
    (changed(lambda model: setattr(model, "ir_version", 99)), RATIO, "IR version 99"),
    (changed(lambda model: setattr(model.opset_import[0], "version", 99)), RATIO, "opset 99"),
    (changed(_nan), RATIO, "holds NaN or infinity"),
    (changed(_single), RATIO, r"nothing can be pruned: first \(the model's output\)"),
    (two_layers, ("--ratio", 0.01), "removes no channel at all"),
    (two_layers, (*RATIO, "--keep", "frist"), "there is no node 'frist'; did you mean first?"),
    (two_layers, (*RATIO, "--importance", "taylor"), "needs gradients"),
    (two_layers, (*RATIO, "--importance", "apoz"), "looks at data; give it"),
    (two_layers, (*RATIO, "--input", "x:1x3x6x6:float32"), "there is no such input; the model has image"),
    (two_layers, (*RATIO, "--input", "image:1x3x9x9:float32"), "say what it takes: --input image:Nx3x6x6:float32"),
    (two_layers, (*RATIO, "--output", "small.keras"), "give a file name that ends in .onnx"),
    (two_layers, (*RATIO, "--limit", 9), "--limit: for --data, which is not given; give it, or leave it out"),
    (two_layers, (*RATIO, "--reconstruct"), "reconstruction: needs examples"),
    (two_layers, (*RATIO, "--finetune-epochs", 1), "--finetune-epochs: for Keras models alone"),
    (two_layers, (), "how much should go"),
]


@pytest.mark.parametrize(("make", "arguments", "message"), REFUSED)
def test_what_can_not_work_is_one_line_and_leaves_nothing(
    capsys: Captured, tmp_path: Path, make: Callable[[Path], Path], arguments: tuple[object, ...], message: str
) -> None:
    source = make(tmp_path / "net.onnx")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    code, out, error = asked(capsys, "prune", source, *arguments, "-q")
    assert code == 2
    assert out == ""
    assert len(error.strip().splitlines()) == 1
    assert re.search(message, error), error
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


@pytest.mark.slow
def test_more_than_two_gigabytes_beside_the_file_are_refused(capsys: Captured, tmp_path: Path) -> None:
    """They are hashed first, which takes seconds."""
    source = with_data_at("large")(tmp_path / "net.onnx")
    shutil.copy(tmp_path / "data", tmp_path / "large")
    with (tmp_path / "large").open("r+b") as stream:
        stream.truncate(2**31 + 1)
    code, _, error = asked(capsys, "prune", source, *RATIO, "-q")
    assert code == 2
    assert "has 2.1 GB; networks of up to 2 GB can be pruned" in error


def test_an_operator_of_one_s_own_is_pinned_and_named(capsys: Captured, tmp_path: Path) -> None:
    """Where onnxruntime runs it and no rule speaks of it."""
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 8, name="first"))
    x = net.op("Inverse", net.conv(x, 8, 8, name="read"), domain="com.microsoft", name="mine")
    source = net.save(tmp_path / "net.onnx", [net.conv(x, 8, 2)])
    code, out, _ = asked(capsys, "prune", source, *RATIO, "--json")
    told = json.loads(out)["report"]
    assert code == 0
    assert told["pinned"]["read"] == "'mine' (com.microsoft.Inverse) has no rule"
    assert told["pinned"]["mine"] == "Inverse has no rule"


def test_sizes_that_are_said_are_used(capsys: Captured, tmp_path: Path) -> None:
    source = of_odd_sizes(tmp_path / "net.onnx")
    assert asked(capsys, "prune", source, *RATIO, "--input", "image:Nx3x37x41:float32")[0] == 0


def test_two_of_a_kind_are_verified(capsys: Captured, tmp_path: Path) -> None:
    source = two_layers(tmp_path / "net.onnx")
    asked(capsys, "prune", source, *RATIO)
    code, _, error = asked(capsys, "verify", source, "net.keras", "--plan", tmp_path / "net-pruned.plan.json")
    assert code == 2
    assert "give two of a kind" in error
