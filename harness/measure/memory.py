"""How much memory a model takes: the peak of processes that run it alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from harness.base.crash import scratch
from harness.base.errors import MeasureError
from harness.measure.files.model_file import read_model
from harness.measure.group import Group, Member
from harness.measure.inputs.feed import describe_inputs
from harness.measure.inputs.given import gather
from harness.spec import MeasureSpec


def peak_memory(path: Path, spec: MeasureSpec, inputs: Mapping[str, NDArray[Any]], processes: int) -> tuple[int, ...]:
    """The peak resident bytes of so many fresh processes, each running the model at all of `spec`'s batch sizes.

    Raises:
        MeasureError: it can't be run, or the system does not say how much memory a process took.
    """
    file = read_model(path)
    with scratch() as folder:
        fed = describe_inputs([(path, file.inputs)], gather((), None, inputs, file.inputs), folder)
        group = Group([Member(file, path) for _ in range(processes)], fed, spec)
        group.probe()
    failed = [row.error for row in group.rows.values() if row.error is not None]
    if failed:
        raise MeasureError(f"{path}: can't be run: {failed[0]}")
    peaks: dict[int, int] = {}
    for (member, _, _), row in group.rows.items():
        if row.peak_bytes is None:
            raise MeasureError("this system does not say how much memory a process took; leave max_memory_mb out")
        peaks[member] = max(peaks.get(member, 0), row.peak_bytes)
    return tuple(peaks.values())
