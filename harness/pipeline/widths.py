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
from harness.records import ChannelPlan, ChosenWidths, Matched, Speed
from harness.spec import SpeedSpec

Choose = Callable[[Store, Progress], tuple[ChannelPlan, Speed]]
Like = Callable[[Speed, Store, Progress], tuple[ChannelPlan, Matched]]


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
        from harness.prune.recover.estimate import estimating
        from harness.prune.recover.judging import KerasJudge
        from harness.prune.speed.reach import choose_widths

        network = KerasNetwork.of(original, Data.given((dataset.train_images, dataset.train_labels), seed), asked.keep)
        with estimating(original, lambda: dataset, seed, progress):
            judge = KerasJudge.of(original, dataset.train_images, seed)
            return choose_widths(network, asked, Pricing(store, progress), judge)

    return choose


def of_onnx(file: Path, asked: SpeedSpec, dataset: Dataset, seed: int) -> Choose:
    """How the widths of an ONNX file are chosen, by what its training examples say without their labels."""

    def choose(store: Store, progress: Progress) -> tuple[ChannelPlan, Speed]:
        from harness.prune.onnx.api import Given, widths_for
        from harness.prune.price.pricing import Pricing

        given = Given(data=dataset.train_images, inputs=asked.inputs, seed=seed)
        return widths_for(file, asked, Pricing(store, progress), given)

    return choose


def uniform(like: Like, chosen: ChosenWidths, store: Store, progress: Progress) -> ChosenWidths:
    """The same share off every layer, as fast as the widths that were chosen; where there are none, why."""
    if chosen.speed is None:
        return chosen
    plan, matched = like(chosen.speed, store, progress)
    return ChosenWidths(plan=plan, speed=None, refused=None, matched=matched)


def like_keras(original: Any) -> Like:
    """How a Keras model is pruned uniformly, as fast as other widths of it."""

    def like(speed: Speed, store: Store, progress: Progress) -> tuple[ChannelPlan, Matched]:
        from harness.prune.data.given import Data
        from harness.prune.price.keras_network import KerasNetwork
        from harness.prune.price.pricing import Pricing
        from harness.prune.speed.uniform import uniform_as_fast

        network = KerasNetwork.of(original, Data.given(None, 0), speed.asked.keep)
        return uniform_as_fast(network, speed, Pricing(store, progress))

    return like


def like_onnx(file: Path) -> Like:
    """How an ONNX file is pruned uniformly, as fast as other widths of it."""

    def like(speed: Speed, store: Store, progress: Progress) -> tuple[ChannelPlan, Matched]:
        from harness.prune.onnx.api import Given, uniform_for
        from harness.prune.price.pricing import Pricing

        return uniform_for(file, speed, Pricing(store, progress), Given(inputs=speed.asked.inputs))

    return like


def plan_of(found: ChosenWidths) -> ChannelPlan:
    """The plan that makes the widths.

    Raises:
        TooSlowError: there are none.
    """
    if found.plan is None:
        raise TooSlowError(found.refused or "no widths were chosen")
    return found.plan
