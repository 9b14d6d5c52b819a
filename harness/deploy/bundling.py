"""Evidence becomes a bundle: the model, its manifest, test vectors, a page to read. The same gives the same bytes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.base.errors import BundleError
from harness.base.progress import Progress, Silent
from harness.base.store import file_digest, replaced_folder
from harness.deploy import layout
from harness.deploy.manifest import (
    MOST_ROUNDING,
    PROVIDERS,
    Contents,
    File,
    Manifest,
    Network,
    Output,
    Tensor,
    TestData,
    Vectors,
    sealed,
    text_of,
)
from harness.deploy.readme import readme
from harness.deploy.source.evidence import Evidence, with_interval
from harness.deploy.vectors import MOST_EXAMPLES, Array, distance, spread_of, write_vectors
from harness.measure.answers import Answers, answers
from harness.measure.files.model_file import ModelFile, read_model
from harness.spec import Device

if TYPE_CHECKING:
    import onnx

CHANNELS = (1, 2, 3, 4)  # of an image


def write_bundle(evidence: Evidence, folder: Path, progress: Progress | None = None) -> Manifest:
    """Write a bundle, which takes the place of an older one in `folder` whole.

    Raises:
        BundleError: the model can't be bundled, or `folder` holds something that is no bundle.
        MeasureError: the model can't be run.
        StoreError: the folder can't be written.
    """
    check_target(folder, evidence.onnx)
    file = read_model(evidence.onnx)
    fed = _examples(evidence, file)
    with (progress or Silent()).task("test vectors"):
        found, rounding = _answered(evidence, file, fed)
    with replaced_folder(folder) as new:
        _copy_model(file, new)
        names = [value.name for value in file.proto.graph.output]
        write_vectors(new, [(file.inputs[0].name, fed)], list(zip(names, found.outputs, strict=True)))
        contents = _contents(evidence, file, (fed, found), rounding)
        (new / layout.README).write_text(readme(contents), encoding="utf-8")
        manifest = sealed(contents.model_copy(update={"files": _files(new)}))
        (new / layout.MANIFEST).write_text(text_of(manifest), encoding="utf-8")
    return manifest


def check_target(folder: Path, *inputs: Path) -> None:
    """Refuse to take the place of anything but an older bundle, or an empty folder.

    Raises:
        BundleError: something else is there.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise BundleError(f"{folder}: is no folder; give another with -o")
    if folder.exists() and any(folder.iterdir()) and not _is_bundle(folder):
        raise BundleError(f"{folder}: holds something that is no bundle; give another folder with -o")
    for path in inputs:
        if folder.exists() and path.resolve().is_relative_to(folder.resolve()):
            raise BundleError(f"{folder}: holds the model {path.name} itself; give another folder with -o")


def _is_bundle(folder: Path) -> bool:
    """Whether a folder holds a bundle, of whatever version, and nothing beside it."""
    try:
        manifest = json.loads((folder / layout.MANIFEST).read_text(encoding="utf-8"))
        known = (
            {layout.MANIFEST, *manifest["files"]} if manifest["schema_version"].startswith("harness-bundle/") else {}
        )
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return False
    return all(path.is_dir() or path.relative_to(folder).as_posix() in known for path in folder.rglob("*"))


def _examples(evidence: Evidence, file: ModelFile) -> Array:
    """The first test examples, as the model takes them: as many as its batch where that is fixed."""
    wanted = file.inputs[0]
    images = evidence.dataset.test_images
    count = (wanted.shape or (None,))[0] or min(MOST_EXAMPLES, len(images))
    if not len(images):
        raise BundleError(f"{evidence.data.name}: no test examples for the test vectors; give data that has some")
    return np.ascontiguousarray(np.resize(images, (count, *images.shape[1:])), dtype=wanted.dtype)


def _answered(evidence: Evidence, file: ModelFile, fed: Array) -> tuple[Answers, tuple[float, ...]]:
    """What the model answers, and how far each output is from itself computed otherwise, as a share of its spread."""
    device: Device = "cpu" if evidence.device == "cpu" else "auto"
    name = file.inputs[0].name
    found = answers(file.path, [(name, fed)], device=device)
    others = [answers(file.path, [(name, fed)], device=device, optimization="none").outputs]
    if file.inputs[0].shape and file.inputs[0].shape[0] is None:
        alone = [answers(file.path, [(name, fed[:1])], device=device).outputs]
        others += [tuple(np.concatenate([one, whole[1:]]) for one, whole in zip(alone[0], found.outputs, strict=True))]
    rounding = []
    for number, output in enumerate(found.outputs):
        if output.dtype.kind not in "fiub" or not np.isfinite(output).all():
            raise BundleError(f"{file.path}: it does not answer test examples with finite numbers; mend the model")
        if not output.ndim or len(output) != len(fed):
            raise BundleError(f"{file.path}: an output of shape {output.shape} has no axis for the {len(fed)} examples")
        rounding.append(max(distance(output, other[number]) for other in others))
    if max(rounding) > MOST_ROUNDING:
        raise BundleError(
            f"{file.path}: its outputs change by {max(rounding):.1g} of their spread with how they are computed, so "
            "that test vectors would say nothing; look for random operators, or numbers near overflow"
        )
    return found, tuple(rounding)


def _copy_model(file: ModelFile, folder: Path) -> None:
    """The ONNX file under its name in a bundle, and its external data where the file says it is."""
    root = file.path.resolve().parent
    for source in file.external:
        name = source.relative_to(root).as_posix()
        if not layout.is_plain(name) or name.partition("/")[0] in (layout.MODEL, layout.MANIFEST, layout.VECTORS):
            raise BundleError(f"{file.path}: its external data is called '{name}'; save it under a plain other name")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / name)
    shutil.copyfile(file.path, folder / layout.MODEL)


def _contents(
    evidence: Evidence, file: ModelFile, vectors: tuple[Array, Answers], rounding: tuple[float, ...]
) -> Contents:
    fed, found = vectors
    return Contents(
        name=evidence.name,
        study=evidence.study,
        device=evidence.device,
        providers=PROVIDERS[evidence.device],
        versions=evidence.versions,
        files={},
        model=Network(
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            opset=file.opset,
            parameters=file.parameters,
            macs=evidence.macs,
            architecture=evidence.architecture,
        ),
        inputs=(_input(file, evidence.channels_first),),
        outputs=tuple(
            _output(value, array, share)
            for value, array, share in zip(file.proto.graph.output, found.outputs, rounding, strict=True)
        ),
        labels=evidence.labels or evidence.dataset.class_names,
        data=TestData(spec=evidence.data, sha256=evidence.dataset.digest, examples=len(evidence.dataset.test_labels)),
        vectors=Vectors(examples=len(fed), device=found.device),
        accuracy=None if evidence.accuracy is None else with_interval(evidence.accuracy),
        latency=evidence.latency,
        conditions=evidence.conditions or {},
        baseline=evidence.baseline,
        parity=evidence.parity,
        plan=evidence.plan,
        proof=evidence.proof,
        source=evidence.source,
        quantization=evidence.quantization,
    )


def _input(file: ModelFile, channels_first: bool) -> Tensor:
    one = file.inputs[0]
    shape = one.shape or ()
    names = ("batch", *("values",) * (len(shape) - 1))
    if len(shape) == 4:
        first = channels_first or (shape[1] in CHANNELS and shape[3] not in CHANNELS)
        names = ("batch", "channels", "height", "width") if first else ("batch", "height", "width", "channels")
    return Tensor(name=one.name, dtype=one.dtype, shape=shape, axes=names)


def _output(value: onnx.ValueInfoProto, array: Array, rounding: float) -> Output:
    """An output as the test vectors show it, its first axis being the batch, its last the classes."""
    batch = value.type.tensor_type.shape.dim[0] if value.type.tensor_type.shape.dim else None
    fixed = batch.dim_value if batch is not None and batch.HasField("dim_value") and batch.dim_value > 0 else None
    middle = ("values",) * (array.ndim - 2)
    return Output(
        name=value.name,
        dtype=str(array.dtype),
        shape=(fixed, *array.shape[1:]),
        axes=("batch", *middle, "classes")[: array.ndim],
        spread=spread_of(array),
        rounding=rounding,
    )


def _files(folder: Path) -> dict[str, File]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): File(sha256=file_digest(path), size_bytes=path.stat().st_size)
        for path in found
    }
