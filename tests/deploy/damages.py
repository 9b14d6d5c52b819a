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

from tests.deploy.bundles import reseal
from tests.deploy.damages_within import FILES, HUGE, Damage, models, vectors, written
from tests.onnx_files import cnn

OUTSIDE = (
    "../outside/secret.txt",
    "/etc/passwd",
    "..",
    "a/../../outside/secret.txt",
    "C:\\secret",
    "\\\\host\\secret",
    "",
)


def damages(seed: int = 0) -> Iterator[tuple[str, Damage]]:
    """All of them, in order; the same seed gives the same."""
    rng = np.random.default_rng(seed)
    for group in (_flips(rng), _cuts(rng), _files(), _links(), _manifests(), models(rng), vectors(rng)):
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
            yield f"cut {name} at {share:.3f}", written(name, lambda old, share=share: old[: int(share * len(old))])
        yield f"longer {name}", written(name, lambda old: old + b"\0")
        yield f"missing {name}", lambda bundle, outside, name=name: (bundle / name).unlink()


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
    yield "lists an absolute path", _absolute
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
        written("manifest.json", lambda old: old.replace(b'"spread": ', b'"spread": NaN, "x": ')),
    )
    yield "is nested without end", written("manifest.json", lambda old: b"[" * 1_000_000)
    yield "is nested in a field", written("manifest.json", lambda old: b'{"files":' * 100_000)
    yield "is no text", written("manifest.json", lambda old: b"\xff\xfe" + old)
    yield "is written otherwise", written("manifest.json", lambda old: json.dumps(json.loads(old)).encode())
    yield "is nothing but a number", written("manifest.json", lambda old: b"1" * 10_000)
    yield "has a name as long as a book", _sealed(lambda values: _also(values, "x" * 1_000_000))


def _absolute(bundle: Path, outside: Path) -> None:
    reseal(bundle, lambda values: _also(values, str(outside / "secret.txt")))


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
