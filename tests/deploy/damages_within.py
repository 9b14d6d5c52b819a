"""Bundles whose hashes are right, and that are wrong in themselves: their models, and their test vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.deploy.bundles import reseal
from tests.onnx_files import cnn, constant, runs_forever, save, tensor

Damage = Callable[[Path, Path], None]
FILES = ("model.onnx", "manifest.json", "README.md", "test_data_set_0/input_0.pb", "test_data_set_0/output_0.pb")
HUGE = 2**50


def written(name: str, change: Callable[[bytes], bytes]) -> Damage:
    """A file with other bytes."""

    def damage(bundle: Path, outside: Path) -> None:
        (bundle / name).write_bytes(change((bundle / name).read_bytes()))

    return damage


def models(rng: np.random.Generator) -> Iterator[tuple[str, Damage]]:
    """Models that are wrong in themselves; some would have something outside be read."""
    for location in ("../outside/weights.bin", "/etc/passwd", "outside/../../outside/weights.bin", "missing.bin"):
        yield f"external data at {location}", _model(lambda proto, location=location: _external(proto, location))
    yield "external data at an absolute path", _absolute_weights
    yield "external data by a link", _linked_weights
    yield "external data beyond the end", _model(lambda proto: _external(proto, "README.md", offset=HUGE))
    yield "external data in the manifest", _model(lambda proto: _external(proto, "manifest.json"))
    for number, at in enumerate(rng.random(6)):
        yield f"NaN weight {number}", _model(lambda proto, at=float(at): _nan(proto, at))
    yield "an opset too new", _model(lambda proto: proto.opset_import[0].__setattr__("version", 999))
    yield "an IR version too new", _model(lambda proto: proto.__setattr__("ir_version", 999))
    yield "an unknown operator", _model(lambda proto: proto.graph.node[0].__setattr__("op_type", "Teleport"))
    yield "an unknown domain", _model(lambda proto: proto.graph.node[0].__setattr__("domain", "evil.example"))
    yield "weights of a gigantic size", _model(lambda proto: proto.graph.initializer[0].dims.__setitem__(0, HUGE))
    yield "weights that are too few", _model(lambda proto: proto.graph.initializer[0].dims.__setitem__(0, 9))
    yield "no graph", _model(lambda proto: proto.graph.ClearField("node"))
    yield "a graph in a circle", _model(lambda proto: proto.graph.node[0].input.__setitem__(0, "scores"))
    yield "graphs in graphs in graphs", lambda bundle, outside: _replaced_model(bundle, _nested)
    yield "a loop without end", lambda bundle, outside: _replaced_model(bundle, runs_forever)
    yield "an output beyond all memory", lambda bundle, outside: _replaced_model(bundle, _gigantic)
    yield "other weights", lambda bundle, outside: _replaced_model(bundle, lambda path: cnn(path, seed=9))
    yield "no model but text", _resealed(written("model.onnx", lambda old: b"import os; os.system('true')"))
    yield "an empty model", _resealed(written("model.onnx", lambda old: b""))


def _resealed(damage: Damage) -> Damage:
    def both(bundle: Path, outside: Path) -> None:
        damage(bundle, outside)
        reseal(bundle)

    return both


def _model(change: Callable[[onnx.ModelProto], Any]) -> Damage:
    def damage(bundle: Path, outside: Path) -> None:
        proto = onnx.load(bundle / "model.onnx", load_external_data=False)
        change(proto)
        (bundle / "model.onnx").write_bytes(proto.SerializeToString())
        reseal(bundle)

    return damage


def _external(proto: onnx.ModelProto, location: str, offset: int = 0) -> None:
    weight = proto.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    del weight.external_data[:]
    for key, value in {"location": location, "offset": str(offset)}.items():
        entry = weight.external_data.add()
        entry.key, entry.value = key, value


def _absolute_weights(bundle: Path, outside: Path) -> None:
    _model(lambda proto: _external(proto, str(outside / "weights.bin")))(bundle, outside)


def _linked_weights(bundle: Path, outside: Path) -> None:
    (bundle / "weights.bin").symlink_to(outside / "weights.bin")
    _model(lambda proto: _external(proto, "weights.bin"))(bundle, outside)
    reseal(bundle, lambda values: values["files"].update({"weights.bin": {"sha256": "0" * 64, "size_bytes": 288}}))


def _nan(proto: onnx.ModelProto, at: float) -> None:
    weight = proto.graph.initializer[int(at * len(proto.graph.initializer))]
    values = numpy_helper.to_array(weight).copy()
    values.reshape(-1)[int(at * values.size)] = np.nan
    weight.raw_data = values.tobytes()


def _replaced_model(bundle: Path, make: Callable[[Path], Path]) -> None:
    make(bundle / "model.onnx")
    reseal(bundle)


def _nested(path: Path) -> Path:
    """An If inside an If, as deep as onnx writes it."""
    inside = helper.make_graph([helper.make_node("Identity", ["image"], ["out"])], "inner", [], [tensor("out", None)])
    for _ in range(21):
        branches = (
            {"then_branch": inside, "else_branch": inside} if inside.ByteSize() < 1e6 else {"then_branch": inside}
        )
        inside = helper.make_graph(
            [helper.make_node("If", ["yes"], ["out"], **branches)], "g", [], [tensor("out", None)]
        )
    nodes = [helper.make_node("If", ["yes"], ["scores"], then_branch=inside, else_branch=inside)]
    image, scores = tensor("image", ["N", 1, 8, 8]), tensor("scores", ["N", 10])
    return save(path, nodes, [image], [scores], [constant("yes", True, "bool")])


def _gigantic(path: Path) -> Path:
    """Four thousand billion numbers, out of one."""
    nodes = [
        helper.make_node("ReduceMax", ["image"], ["largest"], name="largest", keepdims=0),
        helper.make_node("Expand", ["largest", "sizes"], ["scores"], name="huge"),
    ]
    weights = [constant("sizes", [2**21, 2**21])]
    return save(path, nodes, [tensor("image", ["N", 1, 8, 8])], [tensor("scores", ["N", "M"])], weights)


def vectors(rng: np.random.Generator) -> Iterator[tuple[str, Damage]]:
    """Test vectors that are others."""
    for name in FILES[3:]:
        for shape in ((16, 1, 8, 9), (4, 1, 8, 8), (16, 64), (), (0, 1, 8, 8)):
            yield f"{name} of shape {shape}", _vector(name, np.zeros(shape, np.float32))
        yield f"{name} of another type", _vector(name, np.zeros((16, 1, 8, 8), np.int64))
        yield f"{name} with NaN", _changed(name, lambda values: np.full_like(values, np.nan))
        yield f"{name} claims to be huge", _proto(name, lambda proto: proto.dims.__setitem__(0, HUGE))
        yield f"{name} by another name", _proto(name, lambda proto: proto.__setattr__("name", "other"))
        yield f"{name} outside", _proto(name, _outside)
        yield f"{name} is text", _resealed(written(name, lambda old: b"not a tensor"))
    for number in range(4):
        yield f"other answers {number}", _changed(FILES[4], lambda values: values + rng.normal(0, 1, values.shape))


def _vector(name: str, array: np.ndarray) -> Damage:
    return _proto(name, lambda proto: proto.CopyFrom(numpy_helper.from_array(array, proto.name)))


def _changed(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Damage:
    def other(proto: TensorProto) -> None:
        values = change(numpy_helper.to_array(proto)).astype(np.float32)
        proto.CopyFrom(numpy_helper.from_array(values, proto.name))

    return _proto(name, other)


def _proto(name: str, change: Callable[[TensorProto], Any]) -> Damage:
    def damage(bundle: Path, outside: Path) -> None:
        proto = onnx.load_tensor(bundle / name)
        change(proto)
        (bundle / name).write_bytes(proto.SerializeToString())
        reseal(bundle)

    return damage


def _outside(proto: TensorProto) -> None:
    proto.ClearField("raw_data")
    proto.data_location = TensorProto.EXTERNAL
    entry = proto.external_data.add()
    entry.key, entry.value = "location", "../../outside/weights.bin"
