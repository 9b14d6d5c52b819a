"""What is said where the answer is no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.prune.speed.search import Search
from harness.records import Round

LISTED = 6


def unreachable(search: Search) -> str:
    """Where no widths are predicted to do: the fastest that there are."""
    widths = search.fastest()
    predicted = ", ".join(
        f"{speedup:.2f}x ({model.full_us / speedup:.0f} us) at batch {batch}"
        for speedup, model, batch in zip(
            search.predicted(widths), search.models, search.asked.measuring.batch_sizes, strict=True
        )
    )
    kept = {layer: len(left) for layer, left in search.plan(widths).kept.items()}
    return (
        f"{search.asked.label} is not reachable by fewer channels: the fastest would be {predicted}, predicted, with "
        f"{_listed(kept)}"
    )


def too_slow(search: Search, rounds: Sequence[Round]) -> str:
    """Where the measurement says no: the best that was measured."""
    best = max(rounds, key=lambda each: min(reached.speedup for reached in each.reached))
    found = ", ".join(
        f"{each.interval} ({each.pruned_us:.0f} us, {each.verdict}) at batch {each.batch}" for each in best.reached
    )
    tries = f", the best of {len(rounds)} tries" if len(rounds) > 1 else ""
    return f"{search.asked.label} was not reached: measured {found}, with {_listed(best.widths)}{tries}"


def _listed(widths: Mapping[str, int]) -> str:
    """The widths of the layers, the first few of many."""
    parts = [f"{layer} {width}" for layer, width in widths.items()]
    return ", ".join(parts[:LISTED]) + (f" and {len(parts) - LISTED} more" if len(parts) > LISTED else "")
