"""Is the latency model right, and does a request for speed get it? `make bench-latency`, on an otherwise idle machine.

For each network: seconds to make its table and to read it from the store; predicted against measured latency of plans
that the table does not hold; and requests for speed-ups, with what was asked, predicted and measured. The figures go to
bench/results/latency.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.base.crash import scratch
from harness.base.errors import TooSlowError
from harness.base.keras_import import import_keras
from harness.base.progress import Progress
from harness.base.store import Store
from harness.cli.terminal import print_lines, terminal
from harness.measure.latency.designs import designs
from harness.measure.latency.model import LatencyModel
from harness.measure.latency.profiling import Profiler
from harness.measure.runtime.environment import describe
from harness.spec import MeasureSpec, SpeedSpec

keras = import_keras()

from harness.prune.api import prune_to_speed  # noqa: E402 - Keras comes first, quietly
from harness.prune.data.given import Data  # noqa: E402
from harness.prune.price.keras_network import KerasNetwork  # noqa: E402
from harness.prune.price.pricing import Pricing  # noqa: E402
from models.deepcaptcha import DeepCaptcha  # noqa: E402

RESULT = Path(__file__).parent / "results" / "latency.md"
BATCHES = (1, 8)
SEED = 1000  # of the plans: another than that of the table's


@dataclass(frozen=True)
class Network:
    """A network, how many plans of it are predicted, and the speed-ups asked for at batch sizes."""

    build: Callable[[], keras.Model]
    plans: int
    requests: tuple[tuple[float, tuple[int, ...]], ...]


NETWORKS = {
    "deepcaptcha": Network(
        DeepCaptcha().build,
        30,
        ((1.25, (1,)), (1.5, (1,)), (2, (1,)), (2.5, (1,)), (3, (1,)), (4, (1,)), (2, (8,)), (3, (1, 8)), (20, (1,))),
    ),
    "MobileNetV2 96x96": Network(
        lambda: keras.applications.MobileNetV2(input_shape=(96, 96, 3), weights=None),
        15,
        ((1.25, (1,)), (1.5, (1,)), (2, (1,)), (3, (1,)), (1.5, (8,)), (2, (1, 8))),
    ),
    "ResNet50 224x224": Network(
        lambda: keras.applications.ResNet50(weights=None),
        15,
        ((1.8, (1,)), (1.95, (1,)), (2.5, (1,)), (3.5, (1,)), (2, (8,))),
    ),
}


def tables(name: str, network: Network, store: Store, plans: int, progress: Progress) -> Iterator[str]:
    """Rows of the first table: one a batch size."""
    model = network.build()
    found = KerasNetwork.of(model, Data.given(None, 0))
    free, spec = tuple(found.free()), MeasureSpec(device="cpu", batch_sizes=BATCHES)
    start = time.monotonic()
    Pricing(store, progress).table(found, free, spec, "cpu")
    made, start = time.monotonic() - start, time.monotonic()
    table = Pricing(store, progress).table(found, free, spec, "cpu")
    models = [LatencyModel(table, batch) for batch in BATCHES]
    read = time.monotonic() - start
    full = [len(group.channels) for group in found.channels.groups()]
    with scratch() as folder:
        profiler = Profiler(found.sizes(free), full, spec, "cpu", folder)
        timed = list(profiler.time(designs(full, free, plans, SEED), progress, plans))
    for batch, latencies in zip(BATCHES, models, strict=True):
        rows = [each for each in timed if each.batch == batch]
        measured = np.exp([each.log_ratio for each in rows])
        errors = 100 * np.abs(latencies.ratios([each.widths for each in rows]) / measured - 1)
        yield (
            f"| {name} | {batch} | {latencies.full_us:,.0f} | {len(rows)} | {np.median(errors):.1f} | "
            f"{np.quantile(errors, 0.95):.1f} | {made:.0f} | {read:.2f} |"
        )
    keras.backend.clear_session(free_memory=False)


def requests(name: str, network: Network, store: Store, most: int, progress: Progress) -> Iterator[str]:
    """Rows of the second table: one a request."""
    model = network.build()
    for target, batches in network.requests[:most]:
        asked = SpeedSpec(speedup=target, batch_sizes=batches, device="cpu")
        at = ", ".join(map(str, batches))
        try:
            result = prune_to_speed(model, asked, Pricing(store, progress), data=Data.given(None, 0))
        except TooSlowError as error:
            yield f"| {name} | {at} | {target:g} | no: {str(error).replace('|', '/')} | | | |"
            continue
        assert result.speed is not None
        reached, report = result.speed.reached, result.report
        predicted = ", ".join(f"{each.predicted:.2f}" for each in reached)
        measured = ", ".join(each.interval for each in reached)
        macs = f"{100 * (report.macs_after or 0) / (report.macs_before or 1):.0f}"
        tries = len(result.speed.rounds)
        yield f"| {name} | {at} | {target:g} | {measured} | {predicted} | {tries} | {macs} |"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="*", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--plans", type=int, help="predict so many plans of each network")
    parser.add_argument("--requests", type=int, default=100, help="make so many requests of each network")
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    environment = describe()
    versions = ", ".join(f"{name} {version}" for name, version in environment["versions"].items() if version)
    lines = [
        "# Widths by measured latency",
        "",
        f"`make bench-latency` on {environment['cpu']}, {environment['cpus']} CPUs, one thread; {versions}. Load "
        f"before: {environment['load_1_min']:.1f}. The networks have random weights. The plans are drawn as those of "
        "the table are (some widths multiples of 16, 8 or 4, some any), by another seed, and measured beside the "
        "original in the same process.",
        "",
        "| network | batch | original, us | plans | median error, % | 95th percentile, % | table made, s | read, s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    asked = [
        "",
        "| network | batch | asked | measured | predicted | tries | MACs kept, % |",
        "|---|---|---|---|---|---|---|",
    ]
    progress = terminal(quiet=False)
    with scratch() as folder:
        store = Store(folder)
        for name in given.networks:
            network = NETWORKS[name]
            rows = [(lines, tables(name, network, store, given.plans or network.plans, progress))]
            rows.append((asked, requests(name, network, store, given.requests, progress)))
            for page, made in rows:
                for row in made:
                    page.append(row)
                    given.output.write_text("\n".join([*lines, *asked]) + "\n", encoding="utf-8")
    print_lines(f"Figures: {given.output}")


if __name__ == "__main__":
    main()
