"""Networks of some widths timed side by side with the one of full widths, in fresh processes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.base.progress import Progress
from harness.measure.files.model_file import read_model
from harness.measure.inputs.feed import describe_inputs
from harness.measure.inputs.given import gather
from harness.measure.latency.side_by_side import has_one_thread, profiled
from harness.measure.latency.sizes import Sizes, Widths
from harness.measure.latency.table import Kernel, Timed
from harness.measure.launch import FEWEST_ROUNDS, UNDISTURBED
from harness.measure.runtime.alone import alone
from harness.spec import MeasureSpec

Array = npt.NDArray[np.float64]

TOGETHER = 5  # networks in one process, beside the one of full widths
FEWEST_DESIGNS = 20
BUDGET_S = 40.0  # in which networks are begun: more of them predict better than longer times of fewer
TIMED = 0.65  # of that is for the timing itself; starting, opening and warming up take the rest


class Profiler:
    """Times networks of any widths; all of `spec` but its modes, precision and budget counts."""

    def __init__(self, sizes: Sizes, full: Widths, spec: MeasureSpec, device: str, folder: Path) -> None:
        self.sizes, self.full, self.spec, self.device, self.folder = sizes, full, spec, device, folder
        self.path = self._written("full", full)
        file = read_model(self.path)
        self.names = [one.name for one in file.inputs]
        given = gather(spec.inputs, spec.input_data, {}, file.inputs)
        self.inputs = describe_inputs([(self.path, file.inputs)], given, folder)

    def time(self, designs: Sequence[Widths], progress: Progress, fewest: int | None = None) -> Iterator[Timed]:
        """The designs at each batch size, in turn, until there are enough (`fewest`) and the time for them is spent.

        Raises:
            MeasureError: a network can't be run.
        """
        parts = [designs[start : start + TOGETHER] for start in range(0, len(designs), TOGETHER)]
        enough = FEWEST_DESIGNS if fewest is None else fewest
        with alone(progress), progress.task("measure for the latency table", total=len(parts)) as task:
            end = time.monotonic() + BUDGET_S
            for number, part in enumerate(parts):
                if number * TOGETHER >= enough and time.monotonic() > end:
                    return
                paths = [self.path, *(self._written(str(place), widths) for place, widths in enumerate(part))]
                for batch in self.spec.batch_sizes:
                    answer = self._profiled(paths, batch, int(1e9 * TIMED * BUDGET_S / len(parts)), number)
                    yield from self._timed(answer, part, batch, number)
                task.advance(1, f"{(number + 1) * TOGETHER} networks")

    def _timed(self, answer: Mapping[str, Any], part: Sequence[Widths], batch: int, number: int) -> Iterator[Timed]:
        kernels = [tuple(Kernel(*each) for each in nodes) for nodes in answer["nodes"]]
        blocks = self._latencies(answer)
        for place, widths in enumerate(part, start=1):
            yield Timed(
                process=number,
                batch=batch,
                widths=tuple(widths),
                full_us=float(np.median(blocks[0])) / 1000,
                log_ratio=float(np.median(np.log(blocks[place] / blocks[0]))),
                full_kernels=kernels[0],
                kernels=kernels[place],
            )

    def _latencies(self, answer: Mapping[str, Any]) -> Array:
        """Nanoseconds a call: (networks, rounds).

        Where one thread does all of the work and was interrupted in most rounds, its CPU time stands for the latency.
        """
        blocks, shares = np.asarray(answer["blocks_ns"]), np.asarray(answer["shares"])
        if not has_one_thread(self.spec, self.device):
            return blocks
        clean = (shares >= UNDISTURBED).all(axis=0)
        return blocks[:, clean] if clean.sum() >= FEWEST_ROUNDS else np.asarray(answer["cpu_ns"])

    def _written(self, name: str, widths: Widths) -> Path:
        path = self.folder / f"{name}.onnx"
        path.write_bytes(self.sizes.sized(widths).SerializeToString())
        return path

    def _profiled(self, paths: Sequence[Path], batch: int, budget_ns: int, seed: int) -> Mapping[str, Any]:
        models = [{"path": str(path), "names": self.names} for path in paths]
        share = budget_ns // (2 * len(self.spec.batch_sizes))
        return profiled(models, self.inputs, self.spec, self.device, (batch, share, seed))
