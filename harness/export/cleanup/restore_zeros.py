"""Put zeros back where the conversion marked them."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from harness.export.conversion.markers import MARKED_TYPES, without_marks


class RestoreZeros(ir.passes.InPlacePass):
    """Replace every marked number in the weights by zero.

    Requires: constants are initializers.
    Ensures: no initializer holds a number in the marked range.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Put the zeros back; modified where a mark was found."""
        modified = False
        for value in model.graph.initializers.values():
            tensor = value.const_value
            if tensor is None or str(tensor.dtype.numpy()) not in MARKED_TYPES or isinstance(tensor, ir.LazyTensor):
                continue  # what is read from the model later was never marked
            found = tensor.numpy()
            restored = without_marks(found)
            if not np.array_equal(found, restored, equal_nan=True):
                value.const_value = ir.tensor(restored, name=value.name)
                modified = True
        return ir.passes.PassResult(model, modified)
