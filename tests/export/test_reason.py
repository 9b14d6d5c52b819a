"""What other packages say, in one line."""

from __future__ import annotations

import logging

import pytest

from harness.export.conversion.convert import quiet
from harness.export.reason import reason


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("\n  wrong shape.\nmore"), "ValueError: wrong shape"),
        (KeyError(), "KeyError"),
        (
            RuntimeError(
                "Exception encountered when calling Conv2DTranspose.call().\n\n"
                "\x1b[1m{{function_node __w__}} Dilation is not supported. [Op:Conv2DBackpropInput] name: \x1b[0m\n"
                "\nArguments received by"
            ),
            "Conv2DTranspose.call(): Dilation is not supported",
        ),
    ],
)
def test_reason(error: Exception, line: str) -> None:
    """Its kind and first line, or, where Keras wraps a layer's error, the layer and that."""
    assert reason(error) == line


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Not by the root logger either, by which tf2onnx warns; afterwards all is as it was."""
    with quiet():
        logging.getLogger().warning("For now, onnxruntime only support float32")
        logging.getLogger("tf2onnx.tfonnx").error("failed")
    logging.getLogger().warning("heard")
    assert caplog.messages == ["heard"]
