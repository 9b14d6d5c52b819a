"""What onnxruntime says went wrong, in plain words: without its codes, source files and C++ signatures."""

from __future__ import annotations

import re

WORKER = "the worker"  # how every line begins about a measuring process that died, hung or ran out of memory

_CODE = re.compile(r"\[ONNXRuntimeError\] : \d+ : \w+ : ")
_PLACE = re.compile(r"(?:\S+[/\\])?[\w.-]+\.(?:cc|cpp|cuh|cu|hpp|h|inc):\d+ ")
_GPU_PLACE = re.compile(r" ; file=\S+ ; line=\d+(?: ; expr=[^;]*;?)?")
_CONDITION = re.compile(r"^.{1,200}? was false\. (?=\S)")
_IR = re.compile(r"Unsupported model IR version: (\d+), max supported IR version: (\d+)")
_OPSET = re.compile(r"Opset (\d+) is under development.* for domain (\S+) is till opset (\d+)")


def plain(text: str) -> str:
    """A message of onnxruntime on one line, such as `IR version 99; this onnxruntime takes up to 13; ...`."""
    text = " ".join(text.split())
    if found := _IR.search(text):
        return (
            f"IR version {found[1]}; this onnxruntime takes up to {found[2]}; save the file with an older onnx "
            "package, or install a newer onnxruntime"
        )
    if found := _OPSET.search(text):
        return (
            f"opset {found[1]} of {found[2]}; this onnxruntime takes up to {found[3]}; export the model with an older "
            "opset, or install a newer onnxruntime"
        )
    text = _GPU_PLACE.sub("", _CODE.sub("", text))
    while place := _PLACE.search(text):
        text = text[: place.start()] + _CONDITION.sub("", _without_function(text[place.end() :]))
    return text.strip()


def _without_function(text: str) -> str:
    """What follows a function's name, or its whole signature: up to the bracket that closes its parameters."""
    end = _end_of_parameters(text) if "::" in text.partition("(")[0] else None
    if end is None:
        return text.partition(" ")[2] or text
    rest = re.sub(r"^(?: (?:const|noexcept|volatile|&&?)\b)*", "", text[end:])
    return re.sub(r"^ \[with .*?\](?= |$)", "", rest).lstrip()


def _end_of_parameters(text: str) -> int | None:
    """Behind the closing bracket that a space or the end follows: `Run(int)::<lambda()>::operator()() const `."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        closed = re.match(r">*(?= |$)", text[position + 1 :]) if character == ")" and depth == 0 else None
        if closed:
            return position + 1 + closed.end()
    return None
