"""Widths by latency in a study: chosen once for all seeds of a network, under the conditions that it is measured under.

Keras is imported only where a Keras network's are chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.base.errors import TooSlowError
from harness.base.progress import Progress
from harness.base.store import Store
from harness.data import Dataset
from harness.records import ChannelPlan, ChosenWidths, Speed
from harness.spec import SpeedSpec

Choose = Callable[[Store, Progress], tuple[ChannelPlan, Speed]]


def chosen(choose: Choose, asked: SpeedSpec, store: Store, progress: Progress) -> ChosenWidths:
    """The widths of a network that are measured to be as fast as asked; where there are none, why.

    Its latency table is kept in the store, for other targets and other seeds.
    """
    try:
        with progress.task(f"widths for {asked.label}"):
            plan, speed = choose(store, progress)
    except TooSlowError as error:
        return ChosenWidths(plan=None, speed=None, refused=str(error))
    return ChosenWidths(plan=plan, speed=speed, refused=None)


def of_keras(original: Any, asked: SpeedSpec, dataset: Dataset, seed: int) -> Choose:
    """How the widths of a Keras model are chosen, by what its labelled training examples say."""

    def choose(store: Store, progress: Progress) -> tuple[ChannelPlan, Speed]:
        from harness.prune.data.given import Data
        from harness.prune.price.keras_network import KerasNetwork
        from harness.prune.price.pricing import Pricing
        from harness.prune.speed.reach import choose_widths

        data = Data.given((dataset.train_images, dataset.train_labels), seed)
        return choose_widths(KerasNetwork.of(original, data, asked.keep), asked, Pricing(store, progress))

    return choose


def of_onnx(file: Path, asked: SpeedSpec, dataset: Dataset, seed: int) -> Choose:
    """How the widths of an ONNX file are chosen, by what its training examples say without their labels."""

    def choose(store: Store, progress: Progress) -> tuple[ChannelPlan, Speed]:
        from harness.prune.onnx.api import Given, widths_for
        from harness.prune.price.pricing import Pricing

        given = Given(data=dataset.train_images, inputs=asked.inputs, seed=seed)
        return widths_for(file, asked, Pricing(store, progress), given)

    return choose


def reached(found: ChosenWidths) -> tuple[ChannelPlan, Speed]:
    """The plan that makes the widths, and what they reached.

    Raises:
        TooSlowError: there are none.
    """
    if found.plan is None or found.speed is None:
        raise TooSlowError(found.refused or "no widths were chosen")
    return found.plan, found.speed
