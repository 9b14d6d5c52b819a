"""Read a saved Keras model."""

from __future__ import annotations

import contextlib
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import ModelError
from harness.base.keras_import import import_keras
from harness.base.shapes import Wanted

if TYPE_CHECKING:
    import keras

_HDF5 = (".h5", ".hdf5")  # Keras's older format, which it still reads


def load_model(path: Path, *, unsafe: bool = False, compiled: bool = False) -> keras.Model:
    """The model in a `.keras` file, not compiled unless that is asked for.

    Args:
        path: as `model.save` wrote it.
        unsafe: whether code inside the file (a Lambda layer) may run.
        compiled: with the loss and optimizer in the file, if it holds some that Keras knows.

    Raises:
        ModelError: there is no such file, or it can't be loaded.
    """
    if path.is_dir():
        raise ModelError(f"{path}: is a folder; give the path of a .keras file")
    if not path.is_file():
        raise ModelError(f"{path}: no such file; give the path of a .keras file")
    if path.suffix not in (".keras", *_HDF5) or (path.suffix == ".keras" and not zipfile.is_zipfile(path)):
        raise ModelError(f"{path}: is no .keras file, or is cut off; give one that model.save('name.keras') wrote")
    loader = import_keras().models
    if compiled:
        # A loss that Keras doesn't know is no reason to refuse a model whose layers it knows.
        with contextlib.suppress(Exception):
            return loader.load_model(path, safe_mode=not unsafe)
    try:
        return loader.load_model(path, compile=False, safe_mode=not unsafe)
    except Exception as error:
        raise ModelError(f"{path}: {_problem(str(error))}") from error


def example_shape(model: keras.Model) -> Wanted | None:
    """The shape of one example as a model takes it; None for a model that is not built, or has several inputs."""
    shape = getattr(model, "input_shape", None) if model.built else None
    if isinstance(shape, tuple) and all(size is None or isinstance(size, int) for size in shape):
        return shape[1:]
    return None


def _problem(message: str) -> str:
    """What Keras says, in one line that says what to do."""
    if "safe_mode" in message or "unsafe" in message:
        return "holds a Lambda layer, whose code would run; use --unsafe if you trust the file"
    unknown = re.search(r"Could not locate (?:class|function) '(\w+)'", message)
    if unknown:
        return (
            f"uses {unknown[1]}, which Keras doesn't know; register it with "
            "keras.saving.register_keras_serializable, and call harness from Python"
        )
    first_line = (message.strip().splitlines() or ["no reason given"])[0].rstrip(".")
    return f"can't be loaded ({first_line}); give a file that model.save('name.keras') wrote"
