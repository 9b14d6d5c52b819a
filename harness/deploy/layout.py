"""The files of a bundle, and how large each may be."""

from __future__ import annotations

import re

MANIFEST, MODEL, README = "manifest.json", "model.onnx", "README.md"
VECTORS = "test_data_set_0"
MOST_DEPTH, MOST_FILES = 8, 4096
MOST_MANIFEST_BYTES = 64_000_000
# Protobuf's own limit for a file; what is larger keeps its weights beside it, as external data.
MOST_MODEL_BYTES = MOST_VECTOR_BYTES = 2**31
MOST_README_BYTES = 1_000_000
_NAME = re.compile(r"[^/\\\0:]{1,255}(/[^/\\\0:]{1,255})*")


def is_plain(name: str) -> bool:
    """Whether a name is a path inside a folder, however one reads it: relative, without `..`, drives or backslashes."""
    parts = name.split("/")
    return bool(_NAME.fullmatch(name)) and not {".", ".."} & set(parts) and len(parts) <= MOST_DEPTH


def most_bytes(name: str) -> int | None:
    """How large a file of the bundle may be; None for external data, which is as large as it is."""
    if name == README:
        return MOST_README_BYTES
    return MOST_MODEL_BYTES if name == MODEL else MOST_VECTOR_BYTES if name.startswith(f"{VECTORS}/") else None


def vector_files(inputs: int, outputs: int) -> tuple[str, ...]:
    """The files of the test vectors of a model with so many inputs and outputs, in ONNX's own layout."""
    return tuple(
        f"{VECTORS}/{kind}_{number}.pb"
        for kind, count in (("input", inputs), ("output", outputs))
        for number in range(count)
    )
