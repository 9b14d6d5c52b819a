"""What enters the first layer with weights, what scales it on the way there, and the change that puts it right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from harness.diagnose.evidence.change import Change, evidence_with
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.network.calls import Call, Network
from harness.diagnose.network.copy import Edit
from harness.diagnose.network.layers import NORMALIZING

# Digits of 0 to 64 have a root mean square of 21, and train as well as those of 0 to 1; from 0 to 128 on, the first
# epoch's loss is higher; of 0 to 255 (84) several times so (docs/diagnose.md).
LARGE = 30.0
SMALL = 0.01
# Three networks on digits brightened until they differ by so much of their size: at 0.09 they reach 15 to 50 % in three
# epochs, not 70 to 80, at 0.03 12 to 16 %, and from 0.008 on nothing (bench/results/diagnose-thresholds.md).
ALIKE = 0.05

_SCALING = frozenset({"Rescaling", "Normalization", "Lambda", "Divide", "TrueDivide", "Multiply", "Subtract", "Add"})


@dataclass(frozen=True)
class Entering:
    """What enters a layer over a batch: its extremes, size, and how much of that differs between examples."""

    low: float
    high: float
    rms: float
    differs: float

    @property
    def is_usable(self) -> bool:
        """Whether a layer with Keras's initial weights can learn from it."""
        return SMALL <= self.rms <= LARGE and self.differs >= ALIKE


@dataclass(frozen=True)
class Cure:
    """What to do in words, and the change that does it."""

    text: str
    change: Change


def first_layer(network: Network) -> Call | None:
    """The first call with weights that mix numbers, a kernel of any layer; None where it looks rows up instead."""
    found = next((call for call in network.calls if _mixes(call)), None)
    return None if found is None or isinstance(found.layer, keras.layers.Embedding) else found


def entering(network: Network, call: Call, images: NDArray[np.float32]) -> Entering:
    """What goes into a call in training mode, of images (B, ...)."""
    given, taken = network.model.inputs[0], call.inputs[0]
    values = images if taken is given else keras.Model(given, taken)(images, training=True)
    return _measured(np.asarray(keras.ops.convert_to_numpy(values), dtype=np.float64))


def effaced_by(network: Network, first: Call, images: NDArray[np.float32]) -> Call | None:
    """The call before the first layer that makes one number of all images, (B, ...), if there is one."""
    found, tensor = None, first.inputs[0]
    while (call := network.producer(tensor)) is not None and len(call.inputs) == 1:
        values = np.asarray(keras.ops.convert_to_numpy(keras.Model(network.model.inputs[0], tensor)(images)))
        if values.min() != values.max():
            break
        found, tensor = call, call.inputs[0]
    return found


def scalings(network: Network, first: Call) -> tuple[Call, ...]:
    """The calls before the first layer that do nothing but scale and shift."""
    found = []
    call = network.producer(first.inputs[0])
    while call is not None and len(call.inputs) == 1 and not _mixes(call):
        if type(call.layer).__name__ in _SCALING:
            found.append(call)
        call = network.producer(call.inputs[0])
    return tuple(reversed(found))


def cure(evidence: Evidence) -> Cure:
    """The first cure with which what enters the first layer is usable; tried on the batch, not guessed."""
    cures = list(_cures(evidence))
    return next((found for found in cures if _is_enough(evidence, found.change)), cures[-1])


def _is_enough(evidence: Evidence, change: Change) -> bool:
    network = evidence.network if change.edit is None else evidence_with(evidence, change).network
    first = first_layer(network)
    return first is not None and entering(network, first, change.on(evidence.batch.images)).is_usable


def _cures(evidence: Evidence) -> Iterator[Cure]:
    images = evidence.batch.images
    low, high = float(images.min()), float(images.max())
    first = first_layer(evidence.network)
    own = () if first is None else scalings(evidence.network, first)
    if own:
        yield from _of_scalings(own, images)
    if low >= 0 and 1 < high <= 255:
        text = "Divide the images by 255, or begin the network with keras.layers.Rescaling(1/255)"
        yield Cure(text, Change("the images divided by 255", scale=255.0))
    if not own and low >= 0 and 0 < high <= 1 / 254:
        text = "Scale the images once only: pixels divided by 255 lie between 0 and 1"
        yield Cure(text, Change("the images divided by 255 once only", scale=1 / 255))
    text = "Begin the network with keras.layers.Normalization, adapted to the training images"
    yield Cure(text, standardized(images))


def standardized(images: NDArray[np.float32], text: str = "") -> Change:
    """The images less their mean, divided by their standard deviation."""
    shift, scale = float(images.mean()), float(images.std()) or 1.0
    return Change(text or f"the images less {shift:.3g}, divided by {scale:.3g}", shift=shift, scale=scale)


def _of_scalings(own: tuple[Call, ...], images: NDArray[np.float32]) -> Iterator[Cure]:
    """Cures of a network that scales what it gets by itself."""
    low, high = float(images.min()), float(images.max())
    names = " and ".join(dict.fromkeys(call.name for call in own))
    without = f"leave {names} out"
    pixels = f"Give {names} raw pixels, from 0 to 255: the images are scaled already, and it scales them again; or "
    if high <= 1 and low >= -1:
        shift, scale = (0.0, 1 / 255) if low >= 0 else (-1.0, 1 / 127.5)
        yield Cure(pixels + without, Change("raw pixels, from 0 to 255", shift=shift, scale=scale))
    dropped = Edit(drop=frozenset(call.name for call in own))
    yield Cure(f"{without.capitalize()}: the images are scaled already", Change(f"no {names}", edit=dropped))
    fresh = next((call for call in own if _never_adapted(call)), None)
    if fresh is not None:
        text = f"Adapt {fresh.name} to the training images before training: {fresh.name}.adapt(images)"
        yield Cure(text, standardized(images, f"{fresh.name} adapted to the images"))


def _never_adapted(call: Call) -> bool:
    """Whether a Normalization still has the mean of 0 and the variance of 1 that it begins with."""
    if not isinstance(call.layer, keras.layers.Normalization):
        return False
    mean, variance = (keras.ops.convert_to_numpy(x) for x in (call.layer.mean, call.layer.variance))
    return bool((mean == 0).all() and (variance == 1).all())


def _mixes(call: Call) -> bool:
    """Whether a call has a kernel, of whatever layer."""
    if isinstance(call.layer, (*NORMALIZING, keras.layers.Normalization, keras.layers.PReLU)):
        return False
    return any(len(weight.shape) >= 2 for weight in getattr(call.layer, "weights", ()))


def _measured(values: NDArray[np.float64]) -> Entering:
    rms = float(np.sqrt(np.mean(values**2)))
    differs = float(np.sqrt(np.mean(values.var(axis=0)))) / rms if rms else 0.0
    return Entering(float(values.min()), float(values.max()), rms, differs)
