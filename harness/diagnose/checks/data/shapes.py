"""Images that the network can't take: another shape than its input's, or too small for its layers."""

from __future__ import annotations

from collections.abc import Iterator

import keras

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding, Number
from harness.diagnose.network.copy import CallFailedError

Shape = tuple[int | None, ...]


def input_shape(evidence: Evidence) -> Iterator[Finding]:
    """The images' shape is not the model's input shape. Threshold: any difference, but a last axis of 1.

    Keras adds or takes away such an axis by itself, and so does `diagnose`.
    """
    wanted: Shape = tuple(evidence.question.model.input_shape[1:])
    given: Shape = evidence.question.image_shape
    if _fits(wanted, given):
        return
    what, cure = _explained(wanted, given)
    yield Finding(
        kind="input-shape",
        severity="stops learning",
        what=what,
        where=evidence.question.model.layers[0].name,
        evidence=Number(
            value=None, unit="", text=f"the model takes {_shown(wanted)}, and each image is {_shown(given)}"
        ),
        why="Keras refuses such images.",
        cure=cure,
    )


def feature_map_eaten(evidence: Evidence) -> Iterator[Finding]:
    """A layer gets a feature map smaller than its window. Threshold: none is left; the layer itself refuses."""
    try:
        calls = evidence.network.calls
    except CallFailedError as failed:
        eaten = "negative" in failed.reason or "zero" in failed.reason
        yield _eaten(evidence, failed.name, failed.shape, failed.reason) if eaten else _refused(failed)
        return
    for call in calls:
        empty = next((tuple(made.shape[1:]) for made in call.outputs if 0 in made.shape[1:]), None)
        if empty:
            yield _eaten(evidence, call.name, tuple(call.inputs[0].shape[1:]), f"it makes {_shown(empty)} of it")
            return


def index_out_of_range(evidence: Evidence) -> Iterator[Finding]:
    """An Embedding gets numbers that it has no row for. Threshold: any, below 0 or from `input_dim` on."""
    images = evidence.question.images
    for call in evidence.network.calls:
        direct = any(taken is evidence.network.model.inputs[0] for taken in call.inputs)
        if not direct or not isinstance(call.layer, keras.layers.Embedding):
            continue
        rows, low, high = call.layer.input_dim, int(images.min()), int(images.max())
        if low >= 0 and high < rows:
            continue
        yield Finding(
            kind="index-out-of-range",
            severity="stops learning",
            what=f"{call.name} has no row for some of the numbers",
            where=call.name,
            evidence=Number(
                value=int(((images < 0) | (images >= rows)).sum()),
                unit="numbers",
                text=f"they go from {low} to {high}, and its input_dim is {rows}: enough for 0 to {rows - 1}",
            ),
            why="Depending on the device, Keras refuses them, or gives zeros or NaN for them.",
            cure=f"Use input_dim={high + 1}, the largest number and 1"
            if low >= 0
            else "Number what is embedded from 0",
        )


def _eaten(evidence: Evidence, name: str, shape: Shape, reason: str) -> Finding:
    image = _shown(evidence.question.image_shape)
    return Finding(
        kind="feature-map-eaten",
        severity="stops learning",
        what=f"Nothing is left of the feature map at {name}",
        where=name,
        evidence=Number(
            value=float(min(length or 0 for length in shape[:2])),
            unit="pixels wide",
            text=f"images of {image} have become {_shown(shape)} when they reach {name}",
        ),
        why=f"Every valid convolution takes its kernel's size less one off the map, every pooling halves it: {reason}.",
        cure="Use larger images, padding='same', or fewer poolings",
    )


def _refused(failed: CallFailedError) -> Finding:
    return Finding(
        kind="input-shape",
        severity="stops learning",
        what=f"{failed.name} can't take what reaches it from such images",
        where=failed.name,
        evidence=Number(value=None, unit="", text=f"it gets {_shown(failed.shape)}: {failed.reason}"),
        why="The network can't run on these images at all.",
        cure="Resize the images to what the network was built for",
    )


def _fits(wanted: Shape, given: Shape) -> bool:
    return len(wanted) == len(given) and all(w in (None, g) for w, g in zip(wanted, given, strict=True))


def _explained(wanted: Shape, given: Shape) -> tuple[str, str]:
    """What is wrong with the shape in words, and the cure."""
    if len(given) != len(wanted):
        return "The images have another number of axes than the model's input", "Reshape the images"
    if len(given) == 3 and _fits(wanted, (given[1], given[2], given[0])):
        return "The images have their channels first", "Move them: numpy.moveaxis(images, 1, -1)"
    if len(given) == 3 and _fits(wanted[:2], given[:2]):
        what = f"The images have {given[2]} channels and the model takes {wanted[2]}"
        return what, f"Build the model with {given[2]} input channels, or convert the images (grey to color or back)"
    return "The images have another size than the model's input", "Resize the images, or build the model for their size"


def _shown(shape: Shape) -> str:
    return "x".join("any" if length is None else str(length) for length in shape)
