"""Two hundred ways in which a bundle can be wrong, by accident or on purpose. Each has a name and changes a copy.

`outside` is a folder beside the bundle, with a model, a text and a tensor that nothing may touch.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
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
OUTSIDE = (
    "../outside/secret.txt",
    "/etc/passwd",
    "..",
    "a/../../outside/secret.txt",
    "C:\\secret",
    "\\\\host\\secret",
    "",
)
HUGE = 2**50


def damages(seed: int = 0) -> Iterator[tuple[str, Damage]]:
    """All of them, in order; the same seed gives the same."""
    rng = np.random.default_rng(seed)
    for group in (_flips(rng), _cuts(rng), _files(), _links(), _manifests(), _models(rng), _vectors(rng)):
        yield from group


def _flips(rng: np.random.Generator) -> Iterator[tuple[str, Damage]]:
    for name in FILES:
        for number in range(14):
            yield f"flip {name} {number}", _flip(name, float(rng.random()), int(rng.integers(8)))


def _flip(name: str, place: float, bit: int) -> Damage:
    def damage(bundle: Path, outside: Path) -> None:
        content = bytearray((bundle / name).read_bytes())
        content[int(place * len(content))] ^= 1 << bit
        (bundle / name).write_bytes(content)

    return damage


def _cuts(rng: np.random.Generator) -> Iterator[tuple[str, Damage]]:
    for name in FILES:
        for share in (0.0, float(rng.random()), 0.999):
            yield f"cut {name} at {share:.3f}", _written(name, lambda old, share=share: old[: int(share * len(old))])
        yield f"longer {name}", _written(name, lambda old: old + b"\0")
        yield f"missing {name}", lambda bundle, outside, name=name: (bundle / name).unlink()


def _written(name: str, change: Callable[[bytes], bytes]) -> Damage:
    def damage(bundle: Path, outside: Path) -> None:
        (bundle / name).write_bytes(change((bundle / name).read_bytes()))

    return damage


def _files() -> Iterator[tuple[str, Damage]]:
    """Swapped files, files that are too much, and what is no file."""
    for number, first in enumerate(FILES):
        for second in FILES[number + 1 :]:
            yield f"swapped {first} and {second}", _swap(first, second)
    for name in FILES:
        yield f"a folder for {name}", _replaced(name, lambda path, outside: path.mkdir())
        yield f"a pipe for {name}", _replaced(name, lambda path, outside: os.mkfifo(path))
    yield "one file more", lambda bundle, outside: (bundle / "more.bin").write_bytes(b"more")
    yield "a hidden file", lambda bundle, outside: (bundle / ".hidden").write_bytes(b"more")
    yield "folders in folders", lambda bundle, outside: (bundle.joinpath(*"abcdefghijklmnopqrst")).mkdir(parents=True)
    yield "thousands of files", _thousands
    yield "another bundle's model", lambda bundle, outside: cnn(bundle / "model.onnx", seed=9) and None
    yield "another bundle's manifest", lambda bundle, outside: _foreign(bundle)
    yield "a zip for the model", lambda bundle, outside: _zipped(bundle)


def _swap(first: str, second: str) -> Damage:
    def damage(bundle: Path, outside: Path) -> None:
        one, other = (bundle / first).read_bytes(), (bundle / second).read_bytes()
        (bundle / first).write_bytes(other)
        (bundle / second).write_bytes(one)

    return damage


def _replaced(name: str, make: Callable[[Path, Path], None]) -> Damage:
    def damage(bundle: Path, outside: Path) -> None:
        (bundle / name).unlink()
        make(bundle / name, outside)

    return damage


def _thousands(bundle: Path, outside: Path) -> None:
    (bundle / "many").mkdir()
    for number in range(5000):
        (bundle / "many" / str(number)).touch()


def _foreign(bundle: Path) -> None:
    path = bundle / "manifest.json"
    cnn(bundle / "model.onnx", seed=9)
    kept = {name: (bundle / name).read_bytes() for name in FILES if name != "manifest.json"}
    old = kept.pop("model.onnx")
    reseal(bundle)
    text = path.read_text()
    (bundle / "model.onnx").write_bytes(old[:-1] + b"\1")
    path.write_text(text)


def _zipped(bundle: Path) -> None:
    content = (bundle / "model.onnx").read_bytes()
    with zipfile.ZipFile(bundle / "model.onnx", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("model.onnx", content)
        file.writestr("zeros", bytes(10_000_000))
    reseal(bundle)


def _links() -> Iterator[tuple[str, Damage]]:
    for name in FILES:
        yield f"a link out for {name}", _replaced(name, lambda path, outside: path.symlink_to(outside / "secret.txt"))
        yield f"a link to nothing for {name}", _replaced(name, lambda path, outside: path.symlink_to("nowhere"))
        yield f"a link inside for {name}", _replaced(name, lambda path, outside: path.symlink_to("README.md"))
    yield "the same model by a link", lambda bundle, outside: _moved(bundle / "model.onnx", outside)
    yield "the test vectors by a link", lambda bundle, outside: _moved(bundle / "test_data_set_0", outside)
    yield "a link in a circle", lambda bundle, outside: (bundle / "test_data_set_0" / "again").symlink_to(bundle)
    yield "a link to a device", _replaced("model.onnx", lambda path, outside: path.symlink_to("/dev/zero"))


def _moved(path: Path, outside: Path) -> None:
    shutil.move(path, outside / path.name)
    path.symlink_to(outside / path.name)


def _manifests() -> Iterator[tuple[str, Damage]]:
    """Manifests that are right about themselves, and wrong."""
    for number, name in enumerate(OUTSIDE):
        yield f"lists a path outside {number}", _sealed(lambda values, name=name: _also(values, name))
    for name in FILES[2:]:
        yield f"does not list {name}", _sealed(lambda values, name=name: values["files"].pop(name))
        yield f"claims {name} to be huge", _sealed(lambda values, name=name: _claim(values, name, HUGE))
        yield f"has a foreign hash for {name}", _sealed(lambda values, name=name: _foreign_hash(values, name))
    yield "claims the model to be huge", _sealed(lambda values: _claim(values, "model.onnx", HUGE))
    yield "has a foreign hash for the model", _sealed(lambda values: _foreign_hash(values, "model.onnx"))
    yield "speaks of another model", _sealed(lambda values: values["model"].update(sha256="0" * 64))
    for field in ("inputs", "outputs", "files", "model", "vectors", "device", "data", "sha256"):
        yield f"lacks {field}", _raw(lambda values, field=field: values.pop(field))
        yield f"has text for {field}", _raw(lambda values, field=field: values.update({field: "text"}))
    for version in ("harness-bundle/2", "harness-results/2", 1, None):
        yield f"is of version {version}", _raw(lambda values, version=version: values.update(schema_version=version))
    yield "has one field more", _sealed(lambda values: values.update(surprise=1))
    yield "claims another accuracy", _raw(lambda values: values["accuracy"].update(value=0.99))
    yield "allows any difference", _sealed(lambda values: values["outputs"][0].update(rounding=1e9))
    yield "has other inputs", _sealed(lambda values: values["inputs"][0].update(name="picture"))
    yield "has an input of another type", _sealed(lambda values: values["inputs"][0].update(dtype="float64"))
    yield "has a shape below zero", _sealed(lambda values: values["inputs"][0].update(shape=[-1, 1, 8, 8]))
    yield "has a shape beyond all memory", _sealed(lambda values: values["outputs"][0].update(shape=[None, HUGE]))
    yield (
        "has NaN for a spread",
        _written("manifest.json", lambda old: old.replace(b'"spread": ', b'"spread": NaN, "x": ')),
    )
    yield "is nested without end", _written("manifest.json", lambda old: b"[" * 1_000_000)
    yield "is nested in a field", _written("manifest.json", lambda old: b'{"files":' * 100_000)
    yield "is no text", _written("manifest.json", lambda old: b"\xff\xfe" + old)
    yield "is written otherwise", _written("manifest.json", lambda old: json.dumps(json.loads(old)).encode())
    yield "is nothing but a number", _written("manifest.json", lambda old: b"1" * 10_000)
    yield "has a name as long as a book", _sealed(lambda values: _also(values, "x" * 1_000_000))


def _sealed(change: Callable[[dict[str, Any]], Any]) -> Damage:
    return lambda bundle, outside: reseal(bundle, change)


def _raw(change: Callable[[dict[str, Any]], Any]) -> Damage:
    """A change of the manifest that leaves its own hash as it was."""

    def damage(bundle: Path, outside: Path) -> None:
        path = bundle / "manifest.json"
        values = json.loads(path.read_text())
        change(values)
        path.write_text(json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False) + "\n")

    return damage


def _also(values: dict[str, Any], name: str) -> None:
    values["files"][name] = values["files"]["README.md"]


def _claim(values: dict[str, Any], name: str, size: int) -> None:
    values["files"][name]["size_bytes"] = size


def _foreign_hash(values: dict[str, Any], name: str) -> None:
    values["files"][name]["sha256"] = "0123456789abcdef" * 4


def _models(rng: np.random.Generator) -> Iterator[tuple[str, Damage]]:
    """Models whose hashes are right and that are wrong in themselves."""
    for location in ("../outside/weights.bin", "/etc/passwd", "outside/../../outside/weights.bin", "missing.bin"):
        yield f"external data at {location}", _model(lambda proto, location=location: _external(proto, location))
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
    yield "no model but text", _resealed(_written("model.onnx", lambda old: b"import os; os.system('true')"))
    yield "an empty model", _resealed(_written("model.onnx", lambda old: b""))


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


def _vectors(rng: np.random.Generator) -> Iterator[tuple[str, Damage]]:
    """Test vectors whose hashes are right and that are others."""
    for name in FILES[3:]:
        for shape in ((16, 1, 8, 9), (4, 1, 8, 8), (16, 64), (), (0, 1, 8, 8)):
            yield f"{name} of shape {shape}", _vector(name, np.zeros(shape, np.float32))
        yield f"{name} of another type", _vector(name, np.zeros((16, 1, 8, 8), np.int64))
        yield f"{name} with NaN", _changed(name, lambda values: np.full_like(values, np.nan))
        yield f"{name} claims to be huge", _proto(name, lambda proto: proto.dims.__setitem__(0, HUGE))
        yield f"{name} by another name", _proto(name, lambda proto: proto.__setattr__("name", "other"))
        yield f"{name} outside", _proto(name, _outside)
        yield f"{name} is text", _resealed(_written(name, lambda old: b"not a tensor"))
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
