"""Widths by latency in a study: chosen once for all seeds of a network, under the conditions that it is measured under.

Keras is imported only where they are chosen.
"""

from __future__ import annotations

from typing import Any

from harness.base.errors import TooSlowError
from harness.base.progress import Progress
from harness.base.store import Store
from harness.data import Dataset
from harness.records import ChannelPlan, ChosenWidths
from harness.spec import SpeedSpec


def chosen(
    original: Any, asked: SpeedSpec, dataset: Dataset, seed: int, store: Store, progress: Progress
) -> ChosenWidths:
    """The widths of a network that are measured to be as fast as asked; where there are none, why.

    Its latency table is kept in the store, for other targets and other seeds.
    """
    from harness.prune.data.given import Data
    from harness.prune.price.pricing import Pricing
    from harness.prune.recover.estimate import estimating
    from harness.prune.speed.reach import choose_widths

    data = Data.given((dataset.train_images, dataset.train_labels), seed)
    try:
        with progress.task(f"widths for {asked.label}"), estimating(original, lambda: dataset, seed, progress):
            plan, speed = choose_widths(original, asked, Pricing(store, progress), data=data)
    except TooSlowError as error:
        return ChosenWidths(plan=None, speed=None, refused=str(error))
    return ChosenWidths(plan=plan, speed=speed, refused=None)


def uniform(original: Any, chosen: ChosenWidths, store: Store, progress: Progress) -> ChosenWidths:
    """The same share off every layer, as fast as the widths that were chosen; where there are none, why."""
    from harness.prune.price.pricing import Pricing
    from harness.prune.speed.uniform import uniform_as_fast

    if chosen.speed is None:
        return chosen
    plan, matched = uniform_as_fast(original, chosen.speed, Pricing(store, progress))
    return ChosenWidths(plan=plan, speed=None, refused=None, matched=matched)


def plan_of(found: ChosenWidths) -> ChannelPlan:
    """The plan that makes the widths.

    Raises:
        TooSlowError: there are none.
    """
    if found.plan is None:
        raise TooSlowError(found.refused or "no widths were chosen")
    return found.plan
