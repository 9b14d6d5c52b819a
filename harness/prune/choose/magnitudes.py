"""The weights of a Keras network by channel, for importances that look at them alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np

from harness.channels.allocate import Scores
from harness.channels.channels import Channels
from harness.channels.names import Names
from harness.prune.choose.from_weights import Rows
from harness.prune.keras_graph.graph import weights_of
from harness.prune.keras_graph.trace import Trace


@dataclass(frozen=True)
class KerasWeights:
    """The weights of a traced network."""

    trace: Trace

    @property
    def channels(self) -> Channels:
        """The channels that they are about."""
        return self.trace.channels

    def kernels(self) -> Iterator[tuple[Names, Rows]]:
        """Every weight that computes channels, such as a convolution's kernel."""
        for path, layer in self.trace.layers.items():
            weights = weights_of(self.trace.graph.layers[path])
            for index, names in layer.weights.items():
                if names.makes is not None:
                    value = np.asarray(keras.ops.convert_to_numpy(weights[index].value), np.float64)
                    rows = np.moveaxis(value, names.makes, 0)
                    yield self.channels.find(names.axes[names.makes]), rows.reshape(len(rows), -1)

    def scales(self) -> Iterator[tuple[Names, Scores]]:
        """The scale of every BatchNormalization."""
        for path, layer in self.trace.layers.items():
            op = self.trace.graph.layers[path]
            if isinstance(op, keras.layers.BatchNormalization):
                for index, names in layer.weights.items():
                    if weights_of(op)[index].name == "gamma":
                        gamma = np.asarray(keras.ops.convert_to_numpy(op.gamma.value), np.float64)
                        yield self.channels.find(names.axes[0]), gamma
