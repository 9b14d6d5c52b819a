"""From a file to its graph: constants are found, and every tensor's shape is seen in a run."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import onnx_ir as ir

from harness.base.errors import ModelError
from harness.measure.files.model_file import LARGEST, ModelFile, read_model
from harness.measure.inputs.declared import ModelInput
from harness.measure.inputs.given import Given, gather
from harness.prune.onnx.graph.folding import constant_tensors, fold
from harness.prune.onnx.graph.graph import Array, Graph
from harness.prune.onnx.graph.inputs import as_taken, check_sizes, described, invented, layouts, suggested
from harness.prune.onnx.graph.loading import check_inference, loaded
from harness.prune.onnx.graph.running import Runner, Seen, look, with_outputs

SECOND_BATCH = 3
OLDEST = 7  # the opset from which tensors are lined up as NumPy does


def read_onnx(path: Path, inputs: Sequence[str] = ()) -> Graph:
    """Read an ONNX file to be pruned.

    Args:
        path: the file; it is only read.
        inputs: shapes or values of inputs, as `--input` has them, where they can't be invented.

    Raises:
        MeasureError: no such file, not ONNX, or external data that is missing or outside its folder.
        ModelError: it can't be run here, or was exported for training.
    """
    file = read_model(path)
    if file.size_bytes > LARGEST:
        raise ModelError(f"{path}: has {file.size_bytes / 1e9:.1f} GB; networks of up to 2 GB can be pruned")
    if 0 < file.opset < OLDEST:
        raise ModelError(
            f"{path}: has opset {file.opset}; convert it to {OLDEST} or newer, as onnx.version_converter does"
        )
    given = gather(inputs, None, {}, file.inputs)
    try:
        check_sizes(file.inputs)
        given = as_taken(given, file.inputs)
        model = loaded(path)
        check_inference(model)
        return _seen(model, file, given)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def load_onnx(path: Path) -> ir.Model:
    """A file as it is, but for its constants, which become initializers; that is how pruned ones are compared.

    Raises:
        MeasureError: no such file, not ONNX, or external data that is missing or outside its folder.
        ModelError: onnxruntime can't load it.
    """
    read_model(path)
    try:
        return loaded(path)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def _seen(model: ir.Model, file: ModelFile, given: Given) -> Graph:
    """Run the model on invented inputs; on others of other sizes too, where sizes may vary."""
    names = _tensors(model)
    runner = Runner(with_outputs(model, names))
    first = _first_run(runner, file, given, names, constant_tensors(model))
    second = _other_run(runner, file, given, names, first)
    fold(model, first, second)
    feeds = [first.feeds] if second is None else [first.feeds, second.feeds]
    return Graph(model, first.shapes, first.dtypes, feeds, file.inputs, given)


def _tensors(model: ir.Model) -> list[str]:
    """Every tensor that the nodes of the main graph make."""
    return [str(value.name) for node in model.graph for value in node.outputs if value.name]


def _first_run(runner: Runner, file: ModelFile, given: Given, names: Sequence[str], wanted: set[str]) -> Seen:
    """The first of the layouts worth trying on which the model runs, one example at a time."""
    problem, tried = "", {}
    for shapes in layouts(file.inputs, given, 1):
        tried = invented(file.inputs, shapes, given, 1)
        try:
            return look(runner, tried, names, wanted)
        except ModelError as error:
            problem = str(error)
    advice = f"say what it takes: {suggested(file.inputs)}"
    raise ModelError(f"{problem} on inputs that were invented, {described(tried)}; {advice}")


def _other_run(runner: Runner, file: ModelFile, given: Given, names: Sequence[str], first: Seen) -> Seen | None:
    """A run on several examples of other sizes, in every axis that may vary; None where it runs on one size alone.

    A size that was given for such an axis is one that the network runs on, and not the only one: it stays as open as
    the file has it.
    """
    for said in (_opened(given, file.inputs), given):
        for shapes in layouts(file.inputs, said, SECOND_BATCH):
            tried = invented(file.inputs, shapes, said, SECOND_BATCH)
            if any(_alike(tried, first.feeds, one.name, one.shape) for one in file.inputs):
                continue
            with contextlib.suppress(ModelError):
                return look(runner, tried, names)
        if not given.layouts:
            return None
    return None


def _opened(given: Given, inputs: Sequence[ModelInput]) -> Given:
    """What was given, less the shapes of inputs of which the file declares one."""
    declared = {one.name for one in inputs if one.shape is not None and one.name not in given.values}
    return replace(given, layouts={name: each for name, each in given.layouts.items() if name not in declared})


def _alike(tried: dict[str, Array], before: dict[str, Array], name: str, declared: Sequence[int | None] | None) -> bool:
    """Whether an input has on an axis that may vary, other than that of a batch, the size that it had before."""
    sizes = zip(tried[name].shape[1:], before[name].shape[1:], strict=True)
    free = [None] * 9 if declared is None else list(declared)[1:]
    return any(one == other and size is None for (one, other), size in zip(sizes, free, strict=False))
