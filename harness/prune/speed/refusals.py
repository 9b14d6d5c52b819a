"""What is refused beforehand, and what is said where the answer is no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras

from harness.base.errors import PruneError
from harness.prune.speed.search import Search
from harness.records import Round

INVENTED = ("uint8", "bool")
LISTED = 6


def check_inputs(model: keras.Model) -> None:
    """Refuse a network that can't be fed with invented numbers.

    Raises:
        PruneError: an input's size is not fixed, or it takes integers that mean something.
    """
    for tensor in model.inputs:
        if None in tensor.shape[1:]:
            raise PruneError(f"the size of input '{tensor.name}' varies, so its latency can't be told; give --ratio")
        if not (tensor.dtype.startswith(("float", "bfloat")) or tensor.dtype in INVENTED):
            raise PruneError(
                f"input '{tensor.name}' takes {tensor.dtype}, which can't be invented, so its latency can't be "
                "measured; give --ratio"
            )


def unreachable(search: Search, widths: Sequence[int]) -> str:
    """Where no widths are predicted to do: the fastest that there are."""
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
