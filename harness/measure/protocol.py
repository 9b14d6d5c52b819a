"""The paired protocol: models interleaved in fresh processes, until their speed-ups are known well enough.

docs/measuring.md says why each step is as it is.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from harness import stats
from harness.base.crash import scratch
from harness.base.errors import MeasureError
from harness.base.progress import Progress, Silent
from harness.base.verbs import make_verb
from harness.measure.files.denormals import denormal_weights
from harness.measure.files.macs import count_macs
from harness.measure.files.model_file import ModelFile, read_model
from harness.measure.files.slowness import findings
from harness.measure.group import Group, Key, Member
from harness.measure.inputs.feed import describe_inputs
from harness.measure.inputs.given import gather
from harness.measure.inputs.wanted import in_one_order
from harness.measure.measurement import Measurement
from harness.measure.model import Fed, MeasuredModel
from harness.measure.row import MeasuredRow
from harness.measure.runtime.alone import alone
from harness.measure.runtime.environment import describe
from harness.spec import MeasureSpec

# A launch times its models for half of what it may take, so that the budget holds about this many launches. Fewer
# would leave the interval few degrees of freedom; more would spend the budget on starting processes.
LAUNCHES_WANTED = 20
MEASURING_SHARE = 0.5

# Where it is known when enough is known, launches are as short as that, since their number is what counts.
SHORT_LAUNCH_NS = 250_000_000

Stopped = Literal["precision", "budget", "decided"]
Until = Callable[[Sequence[MeasuredRow]], bool]


def measure(
    paths: Sequence[Path],
    spec: MeasureSpec,
    *,
    pairs: Sequence[tuple[int, int]] | None = None,
    inputs: Mapping[str, NDArray[Any]] | None = None,
    until: Until | None = None,
    progress: Progress | None = None,
) -> Measurement:
    """Measure ONNX files against each other.

    `pairs` are the (baseline, candidate) positions in `paths` whose intervals must become narrow enough; by default
    each against the first. Any other pair can be compared afterwards. `inputs` are examples by input name, the batch
    being the first axis unless `spec.inputs` gives that input's shape; like `spec.input_data`, they are fed in place of
    invented ones. A copy of the first baseline is measured as a control. With `until` it goes on until that says yes to
    the rows so far, asked after each launch, in place of until all intervals are narrow enough. Another measurement of
    ours that goes on here already is waited for, and that does not count as budget.

    Raises:
        MeasureError: a file can't be measured, the files' inputs differ, or another measurement does not end.
        DeviceError: the device is `cuda` and a part of a model falls to the CPU.
        SpecError: an entry of `spec.inputs` can't be used.
    """
    files = [read_model(Path(path)) for path in paths]
    if not files:
        raise MeasureError("no model to measure; give at least one ONNX file")
    files = [replace(file, inputs=in_one_order(files[0].inputs, file.inputs)) for file in files]
    wanted = _pairs(pairs, len(files))
    control_of = wanted[0][0] if wanted else 0
    shown = progress or Silent()
    with scratch() as folder:
        copy = _copy(files[control_of], folder)
        members = [*(Member(file, file.path) for file in files), Member(files[control_of], copy)]
        group = Group(members, _inputs(files, spec, inputs, folder), spec)
        with alone(shown):
            start, environment = time.monotonic(), describe()
            group.probe()
            watched = _watched(group, wanted or [(control_of, len(files))])
            stopped = _launch(group, watched, until, start + spec.budget_s, shown)
            return _measurement(group, control_of, environment, stopped, time.monotonic() - start)


def _pairs(pairs: Sequence[tuple[int, int]] | None, count: int) -> list[tuple[int, int]]:
    if pairs is None:
        return [(0, index) for index in range(1, count)]
    for pair in pairs:
        if not all(0 <= index < count for index in pair):
            raise MeasureError(f"pair {pair} names a model that is not there; there are {count}, counted from 0")
    return list(pairs)


def _copy(file: ModelFile, folder: Path) -> Path:
    """Copy a model, and the external data it needs, into a folder."""
    for source in (file.path, *file.external):
        target = folder / source.resolve().relative_to(file.path.resolve().parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return folder / file.path.resolve().name


def _inputs(
    files: Sequence[ModelFile], spec: MeasureSpec, arrays: Mapping[str, NDArray[Any]] | None, folder: Path
) -> list[dict[str, Any]]:
    """What all models are fed.

    Raises:
        MeasureError: the models' inputs differ, can't be invented, or what was given does not fit.
        SpecError: an entry of `spec.inputs` can't be read.
    """
    given = gather(spec.inputs, spec.input_data, arrays or {}, files[0].inputs)
    return describe_inputs([(file.path, file.inputs) for file in files], given, folder)


def _watched(group: Group, pairs: Sequence[tuple[int, int]]) -> list[tuple[Key, Key]]:
    """The pairs of rows whose intervals decide when to stop."""
    return [
        ((baseline, batch, mode), (candidate, batch, mode))
        for baseline, candidate in pairs
        for batch in group.spec.batch_sizes
        for mode in group.spec.modes
    ]


def _launch(
    group: Group, watched: Sequence[tuple[Key, Key]], until: Until | None, deadline: float, progress: Progress
) -> Stopped:
    """Launch processes until every watched interval is narrow enough, or the next would end after the deadline.

    With `until`, that is asked instead of the intervals' widths.
    """
    remaining = max(0.0, deadline - time.monotonic())
    rounds_ns = int(1e9 * MEASURING_SHARE * remaining / LAUNCHES_WANTED)
    rounds_ns = rounds_ns if until is None else min(rounds_ns, SHORT_LAUNCH_NS)
    number = 0
    with progress.task("measure", total=math.ceil(remaining)) as task:
        while group.valid:
            start = time.monotonic()
            group.launch(number, rounds_ns)
            number += 1
            spent = time.monotonic() - start
            width = _widest(group, watched)
            task.advance(spent, f"{number} launches, ±{100 * math.expm1(width):.1f} %" if math.isfinite(width) else "")
            if until is None and math.expm1(width) <= group.spec.precision:
                return "precision"
            if until is not None and until([_measured(group, key) for key in group.rows]):
                return "decided"
            if time.monotonic() + spent > deadline:
                break
    return "budget"


def _widest(group: Group, watched: Sequence[tuple[Key, Key]]) -> float:
    """The widest half-width of a watched interval, as a logarithm; infinite while one rests on too few launches.

    Rows that failed are not waited for.
    """
    ratios = [
        _measured(group, first).log_ratios(_measured(group, second))
        for first, second in watched
        if group.rows[first].error is None and group.rows[second].error is None
    ]
    if min(map(len, ratios), default=0) < stats.MINIMUM_LAUNCHES:
        return math.inf
    return max(stats.sequential_interval(each).half_width for each in ratios)


def _measured(group: Group, key: Key) -> MeasuredRow:
    row, member = group.rows[key], group.members[key[0]]
    return MeasuredRow(
        model=key[0],
        batch=key[1],
        mode=key[2],
        device=member.device,
        peak_bytes=row.peak_bytes,
        gpu_bytes=row.gpu_bytes,
        error=row.error,
        launches=tuple(row.launches),
    )


def _measurement(
    group: Group, control_of: int, environment: Mapping[str, Any], stopped: Stopped, seconds: float
) -> Measurement:
    last = len(group.members) - 1
    rows = [_measured(group, key) for key in group.rows]
    return Measurement(
        spec=group.spec,
        environment=environment,
        models=tuple(_model(group, member) for member in group.members[:last]),
        rows=tuple(row for row in rows if row.model != last),
        control=tuple(row.model_copy(update={"model": control_of}) for row in rows if row.model == last),
        control_of=control_of,
        inputs=tuple(_fed(description) for description in group.inputs),
        processes=tuple(group.processes),
        stopped=stopped,
        seconds=seconds,
    )


def _fed(description: Mapping[str, Any]) -> Fed:
    shape = description["shape"]
    return Fed(
        shape=tuple(size for size in shape if size is not None),
        dtype=description["dtype"],
        batched=None in shape,
        batch_axis=shape.index(None) if None in shape else 0,
        invented="file" not in description,
        sha256=description.get("sha256"),
    )


def _model(group: Group, member: Member) -> MeasuredModel:
    shapes = {
        one.name: tuple(1 if size is None else size for size in fed["shape"])
        for one, fed in zip(member.file.inputs, group.inputs, strict=True)
    }
    macs = count_macs(member.file.proto, shapes)
    denormal = denormal_weights(member.file.path, member.file.proto) if group.device == "cpu" else None
    return MeasuredModel(
        path=str(member.file.path),
        sha256=member.file.sha256,
        size_bytes=member.file.size_bytes,
        parameters=member.file.parameters,
        macs=macs.total,
        uncounted=macs.uncounted,
        opset=member.file.opset,
        device=member.device,
        placement=member.placement,
        provider_options=member.provider_options,
        runtime_bytes=member.runtime_bytes,
        session_ns=tuple(member.session_ns),
        findings=(*findings(member.file.proto, shapes, group.device), *([denormal] if denormal else [])),
    )


make_verb(__name__)
