"""What is measured of a study's files: each architecture once, beside those that take the same inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from harness.measure.files.model_file import read_model
from harness.measure.inputs.declared import kind_of
from harness.measure.measurement import Measurement
from harness.pipeline.rows import Outcome
from harness.pipeline.stages import Stages
from harness.spec import Study


def measured(stages: Stages, study: Study, outcomes: Sequence[Outcome]) -> Iterator[Measurement]:
    """The latency of every architecture among the outcomes: a measurement for those that take the same inputs.

    The budget is shared out by the number of architectures.
    """
    files = representatives(outcomes)
    pairs = set(architecture_pairs(outcomes))
    for group in alike(files):
        order = {architecture: index for index, architecture in enumerate(group)}
        own = sorted({(order[a], order[b]) for a, b in pairs if a in order and b in order})
        share = study.measure.budget_s * len(group) / len(files)
        spec = study.measure.model_copy(update={"budget_s": share})
        yield stages.measure(spec, list(group.values()), own)


def alike(files: Mapping[str, Path]) -> list[dict[str, Path]]:
    """The files in groups that can be fed the same arrays, in whichever precision, by architecture and in order."""
    groups: dict[tuple[object, ...], dict[str, Path]] = {}
    for architecture, path in files.items():
        taken = tuple((kind_of(one.dtype), one.shape and one.shape[1:]) for one in read_model(path).inputs)
        groups.setdefault(taken, {})[architecture] = path
    return list(groups.values())


def representatives(outcomes: Iterable[Outcome]) -> dict[str, Path]:
    """One ONNX file for each architecture: files that differ only in their weights run the same kernels."""
    files: dict[str, Path] = {}
    for outcome in outcomes:
        if outcome.onnx is not None and outcome.row.export is not None:
            files.setdefault(outcome.row.export.architecture, outcome.onnx)
    return files


def architecture_pairs(outcomes: Sequence[Outcome]) -> Iterable[tuple[str, str]]:
    """The architectures whose latencies are compared: each variant's with its own original's.

    What is quantized is compared with itself in float32, too.
    """
    known = {
        (outcome.row.case.name, outcome.row.variant): outcome.row.export.architecture
        for outcome in outcomes
        if outcome.row.export is not None
    }
    for outcome in (each for each in outcomes if each.row.derived and each.row.export is not None):
        row = outcome.row
        for baseline in ("original", row.in_float32) if row.quantize is not None else ("original",):
            before, after = known.get((row.case.name, baseline)), known[row.case.name, row.variant]
            if before is not None and before != after:
                yield before, after
