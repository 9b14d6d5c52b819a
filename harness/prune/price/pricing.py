"""The latency table of a network on this machine: made once, then kept for the same architecture and conditions."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.crash import scratch
from harness.base.store import Store, using
from harness.measure.latency.conditions import conditions
from harness.measure.latency.designs import designs
from harness.measure.latency.profiling import Profiler
from harness.measure.latency.sizes import Sizes
from harness.measure.latency.stations import stations
from harness.measure.latency.table import LatencyTable
from harness.prune.price.network import Network

if TYPE_CHECKING:
    from harness.base.progress import Progress
    from harness.spec import MeasureSpec

VERSION = 3  # raised when a table comes out otherwise than before
DESIGNS = 40
TABLE = "table.json"
NO_STUDY = "harness-prune"  # what tables are referred to by that were made for no study


def key(network: Network, free: Sequence[int], under: Mapping[str, Any]) -> dict[str, Any]:
    """What a table is kept under: the architecture, which of it may shrink, and all conditions."""
    return {
        "version": VERSION,
        "architecture": network.kernels(),
        "free": list(free),
        "conditions": dict(under),
    }


@dataclass(frozen=True)
class Pricing:
    """Where tables are kept, and who is told what takes so long."""

    store: Store
    progress: Progress

    def table(
        self, network: Network, free: Sequence[int], spec: MeasureSpec, device: str, whole: Path | None = None
    ) -> LatencyTable:
        """The table of a network whose groups `free` may shrink; measured where this machine has none.

        `whole` is its ONNX file, where there is one already.

        Raises:
            MeasureError: the network's inputs can't be invented, or a size of it can't be run.
            ExportError: it can't be exported.
        """
        under = conditions(spec, device)

        def make(folder: Path) -> None:
            with self.progress.task("prepare the latency table"):
                sizes = network.sizes(free, whole)
            full = [len(group.channels) for group in network.channels.groups()]
            made = self._measured(sizes, full, free, spec, under)
            (folder / TABLE).write_text(made.model_dump_json(), encoding="utf-8")

        with self._referring(under) as store:
            return store.get("latency", key(network, free, under), make).record(TABLE, LatencyTable)

    @contextmanager
    def _referring(self, under: Mapping[str, Any]) -> Iterator[Store]:
        """The store, where upkeep sees that it is used, and by whom the table is needed.

        Where no study runs, that is `NO_STUDY`, in a version for all that is measured under the same conditions.
        """
        if self.store.references is not None:
            yield self.store
            return
        with using(self.store.place, NO_STUDY):
            yield self.store.referred_by(NO_STUDY, {"conditions": dict(under)})

    def _measured(
        self, sizes: Sizes, full: Sequence[int], free: Sequence[int], spec: MeasureSpec, under: Mapping[str, Any]
    ) -> LatencyTable:
        start = time.monotonic()
        with scratch() as folder:
            profiler = Profiler(sizes, full, spec, under["device"], folder)
            timed = tuple(profiler.time(designs(full, free, DESIGNS, spec.seed), self.progress))
            shapes = {
                name: [1 if size is None else size for size in described["shape"]]
                for name, described in zip(profiler.names, profiler.inputs, strict=True)
            }
        return LatencyTable(
            conditions=under,
            full=tuple(full),
            free=tuple(free),
            stations=stations(sizes, shapes),
            timed=timed,
            seconds=time.monotonic() - start,
        )
