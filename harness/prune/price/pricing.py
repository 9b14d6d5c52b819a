"""The latency table of a network on this machine: made once, then kept for the same architecture and conditions."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.crash import scratch
from harness.base.errors import MeasureError
from harness.base.store import Store, digest
from harness.measure.latency.conditions import conditions
from harness.measure.latency.designs import designs
from harness.measure.latency.profiling import Profiler
from harness.measure.latency.stations import stations
from harness.measure.latency.table import LatencyTable
from harness.measure.latency.template import Template, template
from harness.prune.keras_graph.surgery import remove
from harness.prune.keras_graph.trace import Trace
from harness.prune.price.axes import axes, telling_widths

if TYPE_CHECKING:
    import keras
    import onnx

    from harness.base.progress import Progress
    from harness.spec import MeasureSpec

VERSION = 1  # raised when a table comes out otherwise than before
DESIGNS = 40
ATTEMPTS = 3
TABLE = "table.json"


def key(found: Trace, free: Sequence[int], under: Mapping[str, Any]) -> dict[str, Any]:
    """What a table is kept under: the architecture, which of it may shrink, and all conditions."""
    layers = [
        [type(op).__name__, {name: value for name, value in _config(op).items() if name not in ("name", "trainable")}]
        for op in found.graph.layers.values()
    ]
    return {
        "version": VERSION,
        "architecture": digest([found.graph.digest(), json.dumps(layers, default=str, sort_keys=True)]),
        "free": list(free),
        "conditions": dict(under),
    }


def _config(op: Any) -> Mapping[str, Any]:
    """A layer's configuration; empty where it has none, as an operation of `keras.ops`."""
    try:
        found: Mapping[str, Any] = op.get_config()
    except (AttributeError, NotImplementedError, TypeError):
        return {}
    return {name: value for name, value in found.items() if "initializer" not in name}


@dataclass(frozen=True)
class Pricing:
    """Where tables are kept, and who is told what takes so long."""

    store: Store
    progress: Progress

    def table(
        self,
        model: keras.Model,
        found: Trace,
        free: Sequence[int],
        spec: MeasureSpec,
        device: str,
        exported: Path | None = None,
    ) -> LatencyTable:
        """The table of a network whose groups `free` may shrink; measured where this machine has none.

        Raises:
            MeasureError: the network's inputs can't be invented, or a size of it can't be run.
            ExportError: it can't be exported.
        """
        under = conditions(spec, device)

        def make(folder: Path) -> None:
            with scratch() as files, self.progress.task("export for the latency table"):
                sizes = template_of(model, found, free, files, exported)
            made = self._measured(sizes, found, free, spec, under)
            (folder / TABLE).write_text(made.model_dump_json(), encoding="utf-8")

        return self.store.get("latency", key(found, free, under), make).record(TABLE, LatencyTable)

    def _measured(
        self, sizes: Template, found: Trace, free: Sequence[int], spec: MeasureSpec, under: Mapping[str, Any]
    ) -> LatencyTable:
        start = time.monotonic()
        full = [len(group.channels) for group in found.channels.groups()]
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


def template_of(
    model: keras.Model, found: Trace, free: Sequence[int], folder: Path, exported: Path | None = None
) -> Template:
    """The network's ONNX file as a template of its sizes: exported whole, unless it is, and with some channels fewer.

    Raises:
        ExportError: it can't be exported.
        MeasureError: the file's lengths don't follow the widths.
    """
    full = [len(group.channels) for group in found.channels.groups()]
    known = axes(found)
    others = telling_widths(known, full, free)
    for again in reversed(range(ATTEMPTS)):
        whole = _sized(model, found, full, folder, exported)
        tries = [(widths, _sized(model, found, widths, folder)) for widths in others]
        try:
            return template(whole, full, tries, known)
        except MeasureError:
            if not again:
                raise
        exported = None  # now and then, tf2onnx puts together the same network in another order
    raise AssertionError("the last attempt raises")


def _sized(
    model: keras.Model, found: Trace, widths: Sequence[int], folder: Path, exported: Path | None = None
) -> onnx.ModelProto:
    """The network's graph at these widths, from its own file where that is there."""
    import onnx

    from harness.export.exporting import onnx_from_keras

    groups = found.channels.groups()
    gone = [root for group, width in zip(groups, widths, strict=True) for root in group.channels[width:]]
    path = exported or folder / "sized.onnx"
    if exported is None:
        onnx_from_keras(remove(model, found, found.channels.removed(gone)) if gone else model, path)
    return onnx.load(path)
