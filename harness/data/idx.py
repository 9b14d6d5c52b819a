"""Reading IDX, the file format of MNIST and its relatives, as described on the MNIST page by LeCun, Cortes and Burges.

A file is four bytes (0, 0, element type, number of dimensions), each dimension as a big-endian 32-bit number, and
the elements, last dimension fastest. Only unsigned bytes (type 8) are read here.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DataError

UNSIGNED_BYTE = 8


def read_idx(path: Path) -> NDArray[Any]:
    """Read an IDX file of unsigned bytes, compressed where its name ends in .gz.

    Returns:
        uint8, of the shape that the file states.

    Raises:
        DataError: the file can't be read, is not IDX, holds another type, or is cut short.
    """
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: can't be read ({error}); download it again") from None
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != UNSIGNED_BYTE:
        raise DataError(f"{path}: not an IDX file of unsigned bytes; give the files that MNIST comes in")
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise DataError(f"{path}: cut short in its header; download it again")
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    expected = int(np.prod(shape, dtype=np.uint64))
    if len(content) - start != expected:
        raise DataError(f"{path}: has {len(content) - start} elements instead of {expected}; download it again")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def find_idx(folder: Path, part: str) -> tuple[Path, Path] | None:
    """The images and labels of `part` ("train" or "t10k") in `folder`, or None where one is missing."""
    images = _first(folder, f"{part}-images", "idx3-ubyte")
    labels = _first(folder, f"{part}-labels", "idx1-ubyte")
    return (images, labels) if images and labels else None


def _first(folder: Path, stem: str, ending: str) -> Path | None:
    """The file under any of its usual names."""
    names = [f"{stem}{joint}{ending}{compressed}" for joint in "-." for compressed in ("", ".gz")]
    return next((folder / name for name in names if (folder / name).is_file()), None)
