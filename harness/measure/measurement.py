"""What a measurement found: every raw sample, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

from harness.base.errors import MeasureError
from harness.measure.comparison import Comparison, judge
from harness.measure.launch import Process
from harness.measure.model import Fed, MeasuredModel
from harness.measure.row import MeasuredRow
from harness.records import Record
from harness.spec import MeasureSpec, Mode


class Measurement(Record):
    """One measurement of a group of models, all interleaved in the same processes.

    `models` are in the order they were given; `control` holds the rows of a copy of the model `control_of`,
    measured as if it were a candidate.
    """

    schema_version: Literal["harness-measurement/1"] = "harness-measurement/1"
    spec: MeasureSpec
    environment: Mapping[str, Any]
    models: tuple[MeasuredModel, ...]
    rows: tuple[MeasuredRow, ...]
    control: tuple[MeasuredRow, ...]
    control_of: int
    inputs: tuple[Fed, ...]
    processes: tuple[Process, ...]
    stopped: Literal["precision", "budget", "decided"]
    seconds: float

    @property
    def launches(self) -> int:
        """How many fresh processes measured."""
        return len(self.processes)

    def row(self, model: int, batch: int, mode: Mode = "end_to_end") -> MeasuredRow:
        """The row of a model, a batch size and a mode.

        Raises:
            MeasureError: it was not measured.
        """
        found = self._by_name.get((model, batch, mode))
        if found is not None:
            return found
        raise MeasureError(f"model {model} was not measured at batch {batch} in mode {mode}")

    @cached_property
    def _by_name(self) -> Mapping[tuple[int, int, Mode], MeasuredRow]:
        return {(row.model, row.batch, row.mode): row for row in reversed(self.rows)}

    def compare(self, baseline: int, candidate: int, batch: int, mode: Mode = "end_to_end") -> Comparison:
        """One comparison on its own; use `compare_all` for several, which are corrected together."""
        return judge([(self.row(baseline, batch, mode), self.row(candidate, batch, mode))], self.spec.margin)[0]

    def compare_all(self, pairs: Sequence[tuple[int, int]] | None = None) -> tuple[Comparison, ...]:
        """Compare (baseline, candidate) pairs at every batch size and mode, corrected together.

        Without pairs, every model is compared with the first.
        """
        if pairs is None:
            pairs = [(0, index) for index in range(1, len(self.models))]
        rows = [
            (self.row(baseline, batch, mode), self.row(candidate, batch, mode))
            for mode in self.spec.modes
            for batch in self.spec.batch_sizes
            for baseline, candidate in pairs
        ]
        return judge(rows, self.spec.margin)

    def compare_control(self) -> tuple[Comparison, ...]:
        """The baseline's copy against the baseline: `faster` or `slower` is a false alarm."""
        return judge([(self.row(row.model, row.batch, row.mode), row) for row in self.control], self.spec.margin)
