"""What a file alone shows to be slow on a device, as lines a person can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.measure.files.shapes import Shape, infer_shapes
from harness.measure.runtime.environment import cpu_flags

if TYPE_CHECKING:
    import onnx


def findings(proto: onnx.ModelProto, inputs: Mapping[str, Sequence[int]], device: str) -> tuple[str, ...]:
    """Lines about the convolutions of a graph; `inputs` are shapes by name, `device` is `cpu` or `cuda`."""
    shapes = infer_shapes(proto, inputs)
    convolutions = [node for node in proto.graph.node if node.op_type == "Conv"]
    lines = [_off_step(convolutions, shapes, channel_step(device))]
    if device == "cuda":
        lines.append(_asymmetric(convolutions, shapes))
    return tuple(line for line in lines if line)


def some(names: Sequence[str], most: int = 3) -> str:
    """The first of a list, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def channel_step(device: str, flags: Sequence[str] | None = None) -> int:
    """The channels that the device computes together.

    On the CPU the block of onnxruntime's NCHWc layout, 16 with AVX-512 and 8 without; on CUDA 8, to which tensor
    cores want channels aligned.
    """
    if device == "cuda":
        return 8
    return 16 if "avx512f" in (cpu_flags() if flags is None else flags) else 8


def _off_step(convolutions: Sequence[onnx.NodeProto], shapes: Mapping[str, Shape], step: int) -> str | None:
    found = []
    for node in convolutions:
        channels = (shapes.get(node.input[1]) or (None,))[0]
        if channels is not None and channels % step:
            found.append(f"'{node.name or node.output[0]}' has {channels}")
    if not found:
        return None
    return f"channels off the hardware's step of {step}: {some(found)}; the next multiple may cost nothing more"


def _asymmetric(convolutions: Sequence[onnx.NodeProto], shapes: Mapping[str, Shape]) -> str | None:
    found = [f"'{node.name or node.output[0]}'" for node in convolutions if pads_differ(node, shapes)]
    if not found:
        return None
    return (
        f"padding differs between the sides of {some(found)} (a strided 'same' convolution of TensorFlow), which "
        "CUDA runs slower; pad explicitly and use 'valid', or pick sizes that pad evenly"
    )


def pads_differ(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> bool:
    """Whether a convolution pads the beginning of an axis by another amount than its end."""
    attributes = {attribute.name: attribute for attribute in node.attribute}
    if "pads" in attributes:
        pads = list(attributes["pads"].ints)
        return pads[: len(pads) // 2] != pads[len(pads) // 2 :]
    if "auto_pad" not in attributes or not attributes["auto_pad"].s.startswith(b"SAME"):
        return False
    before, after = shapes.get(node.input[0]), shapes.get(node.output[0])
    weight = shapes.get(node.input[1])
    if not before or not after or not weight or None in (*before[2:], *after[2:], *weight[2:]):
        return False
    rank = len(weight) - 2
    strides = list(attributes["strides"].ints) if "strides" in attributes else [1] * rank
    dilations = list(attributes["dilations"].ints) if "dilations" in attributes else [1] * rank
    sizes = zip(before[2:], after[2:], weight[2:], strides, dilations, strict=True)
    return any(
        max(0, ((out or 0) - 1) * stride + ((kernel or 0) - 1) * dilation + 1 - (size or 0)) % 2
        for size, out, kernel, stride, dilation in sizes
    )
