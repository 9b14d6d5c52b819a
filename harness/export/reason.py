"""What Keras, TensorFlow or tf2onnx say went wrong, in one line."""

from __future__ import annotations

import re

CALLING = re.compile(r"Exception encountered when calling (.+?)\.?$")
NOISE = re.compile(r"\x1b\[[0-9;]*m|\{\{.*?\}\}|\[Op:\w+\]( name:)?")


def reason(error: BaseException) -> str:
    """The error's first sentence with its kind; where Keras wraps another's message, the layer's class and that."""
    lines = [line for line in (NOISE.sub("", line).strip() for line in str(error).splitlines()) if line]
    if not lines:
        return type(error).__name__
    calling = CALLING.match(lines[0])
    if calling and len(lines) > 1:
        return f"{calling[1]}: {_sentence(lines[1])}"
    return f"{type(error).__name__}: {_sentence(lines[0])}"


def _sentence(line: str) -> str:
    return line.split(". ", maxsplit=1)[0].rstrip(".")
