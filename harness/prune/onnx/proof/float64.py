"""A graph in float64, run by ONNX's own reference implementation: onnxruntime has no float64 convolutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from harness.base.errors import ModelError, first_line
from harness.prune.onnx.graph.graph import Array, inner_graphs

FLOATS = (ir.DataType.FLOAT, ir.DataType.FLOAT16)


class Float64Runner:
    """The model with every float as a float64.

    Raises:
        ModelError: it holds operators that the reference implementation does not have.
    """

    def __init__(self, model: ir.Model, outputs: Sequence[str]) -> None:
        import onnx
        from onnx.reference import ReferenceEvaluator

        wide = model.clone()
        _widen(wide.graph)
        proto = ir.to_proto(wide)
        del proto.graph.output[:]
        del proto.graph.value_info[:]
        proto.graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
        try:
            self._evaluator: Any = ReferenceEvaluator(proto, new_ops=_mended())
        except Exception as error:  # it raises several kinds
            raise ModelError(f"can't be computed in float64 ({first_line(error)})") from None

    def run(self, feeds: Mapping[str, Array]) -> list[Array]:
        """Run it once.

        Raises:
            ModelError: it can't be computed.
        """
        wide = {name: _wide(array) for name, array in feeds.items()}
        try:
            with np.errstate(all="ignore"):  # what is infinite is told, and need not be warned of
                return [np.asarray(each) for each in self._evaluator.run(None, wide)]
        except Exception as error:  # it raises several kinds
            raise ModelError(f"can't be computed in float64 ({first_line(error)})") from None


def _mended() -> list[Any]:
    """Operators that the reference implementation gives a wrong shape."""
    from onnx.reference.op_run import OpRun

    class GlobalMaxPool(OpRun):
        """The largest of each channel, with as many axes as before."""

        op_domain = ""

        def _run(self, x: Array, **_: Any) -> tuple[Array]:
            return (x.max(axis=tuple(range(2, x.ndim)), keepdims=True),)

    return [GlobalMaxPool]


def _wide(array: Array) -> Array:
    return array.astype(np.float64) if array.dtype in (np.float32, np.float16) else array


def _widen(graph: ir.Graph) -> None:
    """Constants, casts and constants of any shape become float64."""
    for value in (*graph.inputs, *graph.initializers.values()):
        if value.const_value is not None and value.const_value.dtype in FLOATS:
            value.const_value = ir.Tensor(value.const_value.numpy().astype(np.float64), name=value.name)
        if value.dtype in FLOATS:
            value.type = ir.TensorType(ir.DataType.DOUBLE)  # a new one: copies of a model share theirs
    for node in graph:
        for name, attribute in list(node.attributes.items()):
            if name in ("to", "dtype") and attribute.type == ir.AttributeType.INT and attribute.as_int() in FLOATS:
                node.attributes[name] = ir.AttrInt64(name, int(ir.DataType.DOUBLE))
            elif attribute.type == ir.AttributeType.TENSOR and attribute.as_tensor().dtype in FLOATS:
                node.attributes[name] = ir.AttrTensor(name, ir.Tensor(attribute.as_tensor().numpy().astype(np.float64)))
        for inner in inner_graphs(node):
            _widen(inner)
