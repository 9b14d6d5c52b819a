"""Operator sets beyond those that tf2onnx writes, by ONNX's own version converter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.base.errors import ExportError, first_line

if TYPE_CHECKING:
    import onnx


def raised(converted: onnx.ModelProto, opset: int, name: str) -> onnx.ModelProto:
    """The model in a newer operator set; as it is where it is in that already.

    Raises:
        ExportError: an operation of it has no way there.
    """
    from onnx import helper, version_converter

    (now,) = (each.version for each in converted.opset_import if each.domain in ("", "ai.onnx"))
    if opset <= now:
        return converted
    try:
        newer = version_converter.convert_version(converted, opset)
    except Exception as error:
        raise ExportError(
            f"model '{name}' can't be brought to opset {opset} ({first_line(error)[-120:]}); use {now} or less"
        ) from error
    newer.ir_version = max(newer.ir_version, helper.find_min_ir_version_for(newer.opset_import))
    return newer
