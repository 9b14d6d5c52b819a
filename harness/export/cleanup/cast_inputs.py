"""Take numbers of half precision, and compute in float32 all the same."""

from __future__ import annotations

import onnx_ir as ir


class CastInputs(ir.passes.InPlacePass):
    """Make each float32 input float16, with a Cast behind it.

    Requires: inputs have types.
    Ensures: no input of the graph is float32, and each that was is read by one Cast alone.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Cast each float32 input; modified where there was one."""
        found = [value for value in model.graph.inputs if value.dtype == ir.DataType.FLOAT]
        for value in found:
            uses = list(value.uses())
            cast = ir.node("Cast", [value], {"to": ir.DataType.FLOAT})
            wide = cast.outputs[0]
            wide.name, wide.shape, wide.type = f"{value.name}_float32", value.shape, value.type
            for user, index in uses:
                user.replace_input_with(index, wide)
            model.graph.insert_before(model.graph[0], cast)
            value.type = ir.TensorType(ir.DataType.FLOAT16)
        return ir.passes.PassResult(model, bool(found))

    def ensures(self, model: ir.Model) -> None:
        """Raise PostconditionError where an input is float32 still."""
        for value in model.graph.inputs:
            if value.dtype == ir.DataType.FLOAT:
                raise ir.passes.PostconditionError(f"{value.name} is float32 still")
