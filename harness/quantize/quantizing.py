"""An ONNX file in another precision: `harness.quantize("net.onnx", "net-int8.onnx", data=images)`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.base.crash import scratch
from harness.base.errors import ModelError, SpecError
from harness.base.progress import Progress, Silent
from harness.base.store import disk_errors, file_digest
from harness.export.files import written_whole
from harness.measure.accuracy.kept import agreement_of
from harness.measure.files.model_file import read_model
from harness.measure.runtime.usable import usable_device
from harness.quantize.auto import Search
from harness.quantize.blame import slower_nodes
from harness.quantize.calibration import Array, batches, only_input
from harness.quantize.fed import fed
from harness.quantize.half import write_half
from harness.quantize.int8 import Int8, numbers_for
from harness.quantize.operators import nodes_of
from harness.quantize.prepared import name_nodes, prepare
from harness.records import Agreement, Arrangement, Metadata, Quantization
from harness.spec import Device, MeasureSpec, QuantizeSpec, checked

WRITERS = ("prune-harness", "onnx")
MOST_JUDGED = 500  # examples that answers are compared on


@dataclass(frozen=True)
class Examples:
    """Images (N, ...) to calibrate by, and others to compare answers on; each None where there are none."""

    calibrate: Array | None = None
    judge: Array | None = None


@dataclass(frozen=True)
class Conditions:
    """Where the file is to run, and how `auto` measures that; `progress` is told what is being done."""

    measuring: MeasureSpec = field(default_factory=MeasureSpec)
    progress: Progress = field(default_factory=Silent)


def quantize(
    path: Path | str,
    output: Path | str,
    precision: str = "int8",
    *,
    data: NDArray[Any] | None = None,
    judge_by: NDArray[Any] | None = None,
    measuring: MeasureSpec | None = None,
    **options: Any,
) -> Quantization:
    """Write an ONNX file in another precision; the original is only read.

    Args:
        path: the float32 file.
        output: where to write; it appears whole or not at all.
        precision: `int8`, `fp16`, or `auto` for INT8 where it is measured to be faster.
        data: images (N, ...) to find ranges by, for `int8` and `auto`.
        judge_by: other images, on which it is told how much of the original's answers is kept.
        measuring: on which device, at which batch sizes and for how long `auto` measures.
        **options: fields of a QuantizeSpec.

    Raises:
        SpecError: an option is unknown or out of range, or there are no images to calibrate by.
        MeasureError: the file can't be read.
        QuantizeError: it can't be quantized as asked.
        DataError: the images don't fit it.
        StoreError: the output can't be written.
    """
    spec = checked(QuantizeSpec, {"precision": precision, **options}, "quantize")
    examples = Examples(data, judge_by)
    conditions = Conditions(fed(MeasureSpec() if measuring is None else measuring, read_model(Path(path)), data))
    with written_whole(Path(output)) as unfinished:
        return write_quantized(Path(path), unfinished, spec, examples, conditions)


def write_quantized(
    path: Path, output: Path, spec: QuantizeSpec, examples: Examples, conditions: Conditions
) -> Quantization:
    """Write the file and say what became of it. What it raises is said of `quantize`."""
    if spec.precision == "fp16":
        found = _half(path, output, spec)
    elif examples.calibrate is None:
        raise SpecError(f"{spec.precision}: needs images to calibrate by; give --data, such as images:DIR")
    else:
        with scratch() as folder, disk_errors(folder):
            found = _int8(path, output, spec, (examples.calibrate, conditions, folder))
    if not found.unchanged:
        with disk_errors(output.parent):
            _describe(path, output)
    if examples.judge is None or not len(examples.judge):
        return found
    return found.model_copy(update={"agreement": _agreement(path, output, examples.judge)})


def _describe(path: Path, output: Path) -> None:
    """Say in the file what it was made from; of what that said of itself all holds still but its accuracy."""
    import onnx

    known = {each.key: each.value for each in onnx.load(path, load_external_data=False).metadata_props}
    try:
        before = Metadata.of(known)
    except ModelError:
        before = Metadata()
    made = {"source": file_digest(path), "versions": {name: version(name) for name in WRITERS}, "accuracy": None}
    before.model_copy(update=made).write_into(known)
    model = onnx.load(output)
    onnx.helper.set_model_props(model, known)
    onnx.save(model, output)


def _half(path: Path, output: Path, spec: QuantizeSpec) -> Quantization:
    import onnx

    with disk_errors(output.parent):
        write_half(path, output, half_io=spec.half_io)
    graph = onnx.load(path, load_external_data=False).graph
    name_nodes(graph)
    return Quantization(spec=spec, nodes=(), left=(), others=nodes_of(graph).others)


def _int8(path: Path, output: Path, spec: QuantizeSpec, how: tuple[Array, Conditions, Path]) -> Quantization:
    images, conditions, folder = how
    device = usable_device(conditions.measuring.device)
    numbers = numbers_for(_kind(device))
    prepared = prepare(path, folder, spec.keep)
    maker = Int8(prepared, images, spec, numbers, folder / "ranges.json")
    with conditions.progress.task("calibrate and quantize"):
        maker.write(folder / "int8.onnx")
    found = Quantization(
        spec=spec,
        nodes=tuple(name for name in prepared.nodes.quantizable if name not in spec.keep),
        left=spec.keep,
        others=prepared.nodes.others,
        images=min(spec.images, len(images)),
        activations=numbers.activations,
        seven_bits=numbers.seven_bits,
    )
    if spec.precision == "auto":
        search = Search(path, maker.write, conditions.measuring, folder, conditions.progress)
        suspects = slower_nodes(
            prepared.path, folder / "int8.onnx", conditions.measuring, _kind(device), conditions.progress
        )
        tried = search.arrange(prepared.nodes, suspects)
        found = _arranged(found, tried, maker, folder / "int8.onnx")
    source = path if found.unchanged else folder / "int8.onnx"
    with disk_errors(output.parent):
        _copy(source, output)
    return found


def _copy(source: Path, output: Path) -> None:
    """Copy a file, with the weights that it keeps outside in it."""
    import onnx

    if read_model(source).external:
        onnx.save(onnx.load(source), output)
    else:
        shutil.copyfile(source, output)


def _kind(device: Device) -> str:
    return "cpu" if device == "cpu" else "cuda"


def _arranged(found: Quantization, tried: tuple[Arrangement, ...], maker: Int8, file: Path) -> Quantization:
    """What is chosen of the arrangements that were measured; its file is written again."""
    chosen = next((each for each in tried if each.chosen), None)
    quantizable = found.nodes
    left = quantizable if chosen is None else tuple(name for name in quantizable if name in set(chosen.left))
    if chosen is not None:
        maker.write(file, chosen.left)
    return found.model_copy(
        update={
            "nodes": tuple(name for name in quantizable if name not in set(left)),
            "left": (*found.left, *left),
            "arrangements": tried,
        }
    )


def _agreement(path: Path, output: Path, images: Array) -> Agreement:
    return agreement_of(path, output, _feeds(path, output, images))


def _feeds(path: Path, output: Path, images: Array) -> Iterator[tuple[Mapping[str, Array], Mapping[str, Array]]]:
    """The same batches for both files, each in its own type."""
    wanted = only_input(read_model(output))
    for feed in batches(read_model(path), images, MOST_JUDGED):
        (array,) = feed.values()
        yield feed, {wanted.name: array.astype(np.dtype(wanted.dtype))}
