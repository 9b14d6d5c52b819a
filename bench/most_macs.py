"""How many multiply-accumulates a ResNet50 that is 1.8 times as fast can keep: `make bench-macs`.

The widths are chosen by the latency model alone, to lose the fewest MACs in the place of the least importance. What a
channel costs depends on how many are left around it, so that its price is renewed around what was chosen. What keeps
the most is measured beside the whole network.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import onnx

from bench.costs import conditions
from harness.base.crash import scratch
from harness.base.keras_import import import_keras
from harness.base.progress import Progress
from harness.base.store import Store
from harness.cli.terminal import print_lines, terminal
from harness.measure import measure
from harness.measure.files.macs import count_macs
from harness.measure.latency.model import LatencyModel
from harness.measure.latency.template import Template
from harness.prune.data.given import Data
from harness.prune.price.keras_network import KerasNetwork
from harness.prune.price.offers import Offers, offers
from harness.prune.price.pricing import Pricing
from harness.prune.price.shopping import choose
from harness.spec import MeasureSpec

RESULT = Path(__file__).parent / "results" / "most-macs.md"
SPEEDUP, WANTED = 1.8, 0.6
SIDE = 224
PASSES = 6
LIMITS = (1.0, 0.99, 1.01)  # of the latency that is allowed: the prediction of what is chosen differs a little
SHORT = 0.995  # of the speed-up, where what is predicted still counts as it
SPEC = MeasureSpec(device="cpu", batch_sizes=(1,), budget_s=60)


@dataclass(frozen=True)
class Priced:
    """A network's sizes, what they cost by the latency model, and the widths on offer."""

    sizes: Template
    model: LatencyModel
    on_offer: Offers

    @cached_property
    def whole(self) -> int:
        """Its multiply-accumulates."""
        return self.macs(self.on_offer.full)

    def macs(self, widths: Sequence[int]) -> int:
        """Those that are left at these widths."""
        proto = self.sizes.sized(widths)
        total = count_macs(proto, {proto.graph.input[0].name: (1, SIDE, SIDE, 3)}).total
        assert total is not None  # ResNet50 has nothing that can't be counted
        return total

    def speedup(self, widths: Sequence[int]) -> float:
        """As predicted."""
        return 1 / float(self.model.ratios(widths)[0])

    def losing_macs(self, around: Sequence[int]) -> Offers:
        """What is on offer, each width with the share of the MACs that it loses where the others are `around`."""
        full, found = self.on_offer.full, {}
        for group, widths in self.on_offer.widths.items():
            many, few = list(around), list(around)
            many[group], few[group] = full[group], max(1, full[group] // 2)
            each = (self.macs(many) - self.macs(few)) / (many[group] - few[group]) / self.whole
            found[group] = each * (full[group] - widths.astype(np.float64))
        return replace(self.on_offer, losses=found)

    def most(self, progress: Progress) -> list[int]:
        """The widths that are predicted to be so fast and keep the most."""
        around, best = list(self.on_offer.full), list[int]()
        for number in range(PASSES):
            with progress.task(f"choose widths, pass {number + 1} of {PASSES}"):
                made = [choose((self.model,), self.losing_macs(around), [limit / SPEEDUP]) for limit in LIMITS]
            found = [self.on_offer.chosen(each.choice) for each in made if each is not None]
            fast = [each for each in (*found, best) if each and self.speedup(each) >= SHORT * SPEEDUP]
            best = max(fast, key=self.macs, default=best)
            halfway = [(before + after) / 2 for before, after in zip(around, found[0], strict=True)]
            around = [round(each) for each in halfway] if number < PASSES // 2 else found[0]
        return best


def priced(progress: Progress, store: Store) -> Priced:
    """ResNet50, with random weights."""
    keras = import_keras()
    network = KerasNetwork.of(keras.applications.ResNet50(weights=None), Data.given(None, 0))
    free, groups = network.free(), network.channels.groups()
    model = LatencyModel(Pricing(store, progress).table(network, tuple(free), SPEC, "cpu"), 1)
    same = {group: np.ones(len(each.channels)) for group, each in free.items()}
    return Priced(network.sizes(tuple(free)), model, offers((model,), groups, same))


def main() -> None:
    """Choose, measure, and write the page."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    progress, written_by = terminal(quiet=False), conditions("make bench-macs")
    with scratch() as folder:
        found = priced(progress, Store(folder / "store"))
        widths = found.most(progress)
        files = [folder / "whole.onnx", folder / "cut.onnx"]
        for path, size in zip(files, (found.on_offer.full, widths), strict=True):
            onnx.save(found.sizes.sized(size), path)
        speed = measure(files, SPEC, progress=progress).compare(0, 1, 1)
    lines = [
        "# The most MACs of a ResNet50 that is 1.8 times as fast",
        "",
        written_by,
        "",
        f"ResNet50 at {SIDE}x{SIDE}, one thread of CPU, batch 1. Widths chosen to lose the fewest MACs, by the latency "
        f"model; what kept the most at a predicted {found.speedup(widths):.2f}x, measured beside the whole network.",
        "",
        "| MACs kept, % | wanted, % | predicted | measured |",
        "|---|---|---|---|",
        f"| {100 * found.macs(widths) / found.whole:.1f} | {100 * WANTED:.0f} | {found.speedup(widths):.2f}x | "
        f"{speed.speedup:.2f}x [{speed.ci_low:.2f}, {speed.ci_high:.2f}] |",
        "",
        f"Channels of each group: {', '.join(map(str, widths))}.",
    ]
    RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print_lines(f"Figures: {RESULT}")


if __name__ == "__main__":
    main()
