"""Whether CUDA really runs here, tried on a small convolution: the list of available providers proves nothing."""

from __future__ import annotations

from pathlib import Path

from harness.base.crash import scratch
from harness.base.errors import DeviceError
from harness.measure.runtime.placement import open_placed
from harness.spec import Device


def usable_device(asked: Device) -> Device:
    """The device asked for; `cpu` in place of `auto` where CUDA does not run.

    Raises:
        DeviceError: `cuda` was asked for and does not run.
    """
    import numpy as np

    if asked == "cpu":
        return asked
    with scratch() as folder:
        path = small_convolution(folder / "convolution.onnx")
        feed = {"input": np.ones((1, 3, 8, 8), np.float32)}
        try:
            _, where = open_placed(path, asked, feed, threads=1)
        except DeviceError:
            raise DeviceError(
                "device = 'cuda', but CUDA runs nothing here; use 'cpu' or 'auto', or see `harness doctor`"
            ) from None
    return "cpu" if where == "cpu" else asked


def small_convolution(path: Path) -> Path:
    """An ONNX file of one convolution: `input`, float32 (1, 3, 8, 8), to `output`."""
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    kernel = numpy_helper.from_array(np.ones((4, 3, 3, 3), np.float32), "kernel")
    node = helper.make_node("Conv", ["input", "kernel"], ["output"], name="convolution")
    tensors = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("input", [1, 3, 8, 8]), ("output", [1, 4, 6, 6]))
    ]
    graph = helper.make_graph([node], "convolution", tensors[:1], tensors[1:], [kernel])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), path)
    return path
