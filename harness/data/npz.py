"""Images and labels in a NumPy archive."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DataError
from harness.data.source import Source, examples, source

# What zipfile, zlib and NumPy raise on files that are not theirs or were cut, changed or encrypted.
DAMAGED = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)

ONE_PART = ("images", "labels")
# The second is what Keras's own mnist.npz has.
TWO_PARTS = (
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("x_train", "y_train", "x_test", "y_test"),
)


def read_npz(path: Path) -> Source:
    """Read `images` and `labels`, or `train_images`, `train_labels`, `test_images` and `test_labels`.

    Raises:
        DataError: the file is missing, is not an archive of plain arrays, or has other keys or unusable arrays.
    """
    arrays = _arrays(path)
    names = _class_names(path, arrays)
    if all(key in arrays for key in ONE_PART):
        return source(str(path), examples(arrays["images"], arrays["labels"], str(path)), class_names=names)
    for keys in TWO_PARTS:
        if all(key in arrays for key in keys):
            x_train, y_train, x_test, y_test = (arrays[key] for key in keys)
            train = examples(x_train, y_train, f"{path}, {keys[0]}")
            return source(str(path), train, examples(x_test, y_test, f"{path}, {keys[2]}"), names)
    raise DataError(
        f"{path}: has {', '.join(sorted(arrays)) or 'no arrays'}; it needs {' and '.join(ONE_PART)}, "
        f"or {', '.join(TWO_PARTS[0])}"
    )


def _arrays(path: Path) -> Mapping[str, NDArray[Any]]:
    if not path.is_file():
        raise DataError(f"{path}: no such file; give the path of an .npz file after 'npz:'")
    try:
        # Unpickling runs code from the file, so it is never allowed.
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise DataError(f"{path}: holds a single array; save images and labels with numpy.savez_compressed")
        with archive:
            return {key: archive[key] for key in archive.files}
    except DAMAGED as error:
        if "pickle" in str(error):
            reason = "holds pickled objects, or is no NumPy file at all"
        else:
            reason = f"can't be read ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
        raise DataError(f"{path}: {reason}; save plain arrays with numpy.savez_compressed") from None


def _class_names(path: Path, arrays: Mapping[str, NDArray[Any]]) -> tuple[str, ...] | None:
    if "class_names" not in arrays:
        return None
    names = arrays["class_names"]
    if names.ndim != 1 or names.dtype.kind != "U" or len(set(names.tolist())) != len(names):
        raise DataError(f"{path}: class_names must be an array of different strings, one for each class")
    return tuple(names.tolist())
