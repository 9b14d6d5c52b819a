"""A control, wrong on purpose: the Dense kernel after Flatten keeps its first rows, whichever channels are gone.

It repeats a mistake that people make by hand, so that a study can show what it costs. Nothing else may use it.
"""

from __future__ import annotations

import keras

from harness.prune.keras_graph.graph import Graph
from harness.prune.keras_graph.reading import read_graph


def spoil(original: keras.Model, pruned: keras.Model) -> None:
    """Overwrite the Dense kernels after Flatten in `pruned`, in place, with the first rows of the original's.

    The columns, which are the units that stay, are left as they are when no unit was removed; otherwise the first
    ones are taken as well.
    """
    before, after = read_graph(original), read_graph(pruned)
    for path in _dense_after_flatten(before):
        rows, columns = after.layers[path].kernel.shape
        kernel = keras.ops.convert_to_numpy(before.layers[path].kernel)
        after.layers[path].kernel.assign(kernel[:rows, :columns])


def _dense_after_flatten(graph: Graph) -> list[str]:
    flat = {index for call in graph.calls if isinstance(call.op, keras.layers.Flatten) for index in call.outputs}
    passing = (keras.layers.Dropout, keras.layers.Activation)
    for call in graph.calls:
        if isinstance(call.op, passing) and call.inputs[0] in flat:
            flat |= set(call.outputs)
    return [call.path for call in graph.calls if isinstance(call.op, keras.layers.Dense) and call.inputs[0] in flat]
