"""A Keras model as a network of which widths are chosen by latency: its ONNX files are exported."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.crash import scratch
from harness.base.errors import MeasureError, PruneError
from harness.base.store import digest
from harness.channels.allocate import Scores
from harness.channels.channels import Channels, Group
from harness.channels.names import Names, along, varying_axes
from harness.channels.removal import Removal
from harness.measure.latency.template import Template, template
from harness.prune.choose.decide import free_groups, scores_of
from harness.prune.data.given import Data
from harness.prune.keras_graph.surgery import remove
from harness.prune.keras_graph.trace import Trace, trace
from harness.prune.price.axes import axes, telling_widths
from harness.spec import Importance

if TYPE_CHECKING:
    import keras
    import onnx

ATTEMPTS = 3
INVENTED = ("uint8", "bool")


@dataclass(frozen=True)
class KerasNetwork:
    """A Keras model with names on its channels, and what there is to rank them by."""

    model: keras.Model
    found: Trace
    data: Data

    @classmethod
    def of(cls, model: keras.Model, data: Data, keep: tuple[str, ...] = ()) -> KerasNetwork:
        """Name its channels; the model is only read.

        Raises:
            ModelError: the model is not built, or is subclassed.
            PruneError: `keep` names no layer, or the model can't be fed with invented numbers.
        """
        found = trace(model, keep)
        _check_inputs(model)
        return cls(model, found, data)

    @property
    def channels(self) -> Channels:
        """Its channels."""
        return self.found.channels

    @property
    def architecture(self) -> str:
        """Its digest."""
        return self.found.architecture

    def kernels(self) -> str:
        """Identifies the graph and what its layers are set to."""
        layers = [
            [
                type(op).__name__,
                {name: value for name, value in _config(op).items() if name not in ("name", "trainable")},
            ]
            for op in self.found.graph.layers.values()
        ]
        return digest([self.found.graph.digest(), json.dumps(layers, default=str, sort_keys=True)])

    def free(self) -> dict[int, Group]:
        """The groups that can lose channels, by their number."""
        return free_groups(self.found)

    def scores(self, free: Mapping[int, Group], importance: Importance) -> dict[int, Scores]:
        """The importance of the channels of each of these groups: float64 (channels,)."""
        return scores_of(self.model, self.found, free, importance, self.data)

    def whole(self, folder: Path) -> Path:
        """The network exported, in agreement with Keras."""
        exported(self.model, folder / "original.onnx")
        return folder / "original.onnx"

    def write(self, removal: Removal, path: Path) -> None:
        """What is left of it exported, in agreement with Keras."""
        exported(remove(self.model, self.found, removal), path)

    def sizes(self, free: Sequence[int], whole: Path | None = None) -> Template:
        """Its file as a template: exported whole, unless it is, and with some channels fewer."""
        groups = self.channels.groups()
        full = [len(group.channels) for group in groups]
        known = axes(self.channels, lines(self.found))
        others = telling_widths(known, full, free)
        with scratch() as folder:
            for again in reversed(range(ATTEMPTS)):
                entire = self._sized(full, folder, whole)
                tries = [(widths, self._sized(widths, folder)) for widths in others]
                try:
                    return template(entire, full, tries, known)
                except MeasureError:
                    if not again:
                        raise
                whole = None  # now and then, tf2onnx puts together the same network in another order
        raise AssertionError("the last attempt raises")

    def _sized(self, widths: Sequence[int], folder: Path, exported: Path | None = None) -> onnx.ModelProto:
        """The network's graph at these widths, from its own file where that is there."""
        import onnx

        from harness.export.exporting import onnx_from_keras

        groups = self.channels.groups()
        gone = [root for group, width in zip(groups, widths, strict=True) for root in group.channels[width:]]
        path = exported or folder / "sized.onnx"
        if exported is None:
            model = remove(self.model, self.found, self.channels.removed(gone)) if gone else self.model
            onnx_from_keras(model, path)
        return onnx.load(path)


def lines(found: Trace) -> Iterator[Names]:
    """The ids along each axis of each weight and tensor."""
    for layer in found.layers.values():
        for weight in layer.weights.values():
            yield from weight.axes.values()
    for names in found.tensors.values():
        for axis in varying_axes(names):
            yield along(names, axis)


def exported(model: keras.Model, path: Path) -> None:
    """Write the network's ONNX file, which agrees with it on a few random examples."""
    from harness.export.exporting import export
    from harness.export.proof.examples import random_examples

    export(model, path, random_examples(model, count=2))


def _config(op: Any) -> Mapping[str, Any]:
    """A layer's configuration; empty where it has none, as an operation of `keras.ops`."""
    try:
        found: Mapping[str, Any] = op.get_config()
    except (AttributeError, NotImplementedError, TypeError):
        return {}
    return {name: value for name, value in found.items() if "initializer" not in name}


def _check_inputs(model: keras.Model) -> None:
    """Refuse a network that can't be fed with invented numbers."""
    for tensor in model.inputs:
        if None in tensor.shape[1:]:
            raise PruneError(
                f"the size of input '{tensor.name}' varies, so its latency can't be told; prune by a ratio"
            )
        if not (tensor.dtype.startswith(("float", "bfloat")) or tensor.dtype in INVENTED):
            raise PruneError(
                f"input '{tensor.name}' takes {tensor.dtype}, which can't be invented, so its latency can't be "
                "measured; prune by a ratio"
            )
