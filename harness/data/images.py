"""A folder of images with one folder for each class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DataError
from harness.data.source import Examples, Source, check_memory, examples, source

ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
GREY_MODES = ("1", "L", "LA", "I", "I;16", "F")
BATCH_SIZE = 64

Size = tuple[int, int]


def read_images(folder: Path, resize: Size | None) -> Source:
    """Read every image under `folder`; a class is a folder in it, in alphabetical order, hidden ones left out.

    Images become 8-bit with one channel where all of them are grey, else three. Where `resize` (height, width) is
    given, Keras scales each one to it, bilinear.

    Raises:
        DataError: no such folder, fewer than two classes, a class without images, a file that is no image, or
            images of different sizes and no `resize`.
    """
    classes = _classes(folder)
    size, grey = _look(folder, [path for paths in classes.values() for path in paths], resize)
    images, labels = _decode(folder, list(classes), size, grey)
    return source(str(folder), examples(images, labels, str(folder)), class_names=list(classes))


def is_flat(folder: Path) -> bool:
    """Whether a folder that is there has no folders that could be classes, or only one."""
    return folder.is_dir() and len(_folders(folder)) < 2


def read_flat(folder: Path, resize: Size | None) -> Examples:
    """Read every image under `folder`, whose labels are all 0, as `read_images` reads them.

    Raises:
        DataError: no images, a file that is no image, or images of different sizes and no `resize`.
    """
    paths = _images(folder)
    if not paths:
        raise DataError(f"{folder}: no images ({', '.join(ENDINGS)}); add some, or give another folder")
    size, grey = _look(folder, paths, resize)
    images, labels = _decode(folder, None, size, grey)
    return examples(images, labels, str(folder))


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _images(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in ENDINGS)


def _classes(folder: Path) -> dict[str, list[Path]]:
    """The image files of each class."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; give one with a folder of images for each class after 'images:'")
    folders = _folders(folder)
    if len(folders) < 2:
        raise DataError(
            f"{folder}: has {len(folders)} class folders; it needs one folder for each of at least two classes, since "
            "accuracy is told by them; without any there is `harness prune --reconstruct`"
        )
    classes = {path.name: _images(path) for path in folders}
    for name, files in classes.items():
        if not files:
            raise DataError(f"{folder / name}: no images ({', '.join(ENDINGS)}); add some or remove the folder")
    return classes


def _look(folder: Path, paths: Sequence[Path], resize: Size | None) -> tuple[Size, bool]:
    """The size that images shall have, and whether all are grey, from the files' headers."""
    from PIL import Image

    sizes: dict[Size, Path] = {}
    grey = True
    for path in paths:
        try:
            with Image.open(path) as image:
                sizes.setdefault((image.height, image.width), path)
                grey = grey and image.mode in GREY_MODES
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise DataError(
                f"{path}: not an image that can be read ({type(error).__name__}); mend or remove it"
            ) from None
    if resize is None and len(sizes) > 1:
        some = [f"{path.relative_to(folder)} is {height}x{width}" for (height, width), path in sizes.items()]
        raise DataError(
            f"{folder}: images differ in size ({some[0]}, {some[1]}); make them equal with --resize 64x64, "
            "height x width, or data.resize = [64, 64] in a study"
        )
    return resize or next(iter(sizes)), grey


def _decode(folder: Path, classes: Sequence[str] | None, size: Size, grey: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    """All images, uint8 (N, H, W, C), and their labels: 0 where there are no classes."""
    from harness.base.keras_import import import_keras

    batches = import_keras().utils.image_dataset_from_directory(
        str(folder),
        labels=None if classes is None else "inferred",
        class_names=None if classes is None else list(classes),
        color_mode="grayscale" if grey else "rgb",
        batch_size=BATCH_SIZE,
        image_size=size,
        shuffle=False,
        data_format="channels_last",
        verbose=False,
    )
    count = len(batches.file_paths)
    shape = (count, *size, 1 if grey else 3)
    check_memory(shape, bytes_per_pixel=1)
    images = np.empty(shape, np.uint8)
    labels = np.zeros(count, np.int64)
    at = 0
    try:
        for found in batches.as_numpy_iterator():
            batch, batch_labels = (found, 0) if classes is None else found
            images[at : at + len(batch)] = np.rint(batch)
            labels[at : at + len(batch)] = batch_labels
            at += len(batch)
    # What a decoder raises depends on the backend that Keras reads with.
    except Exception as error:
        near, reason = Path(batches.file_paths[at]), str(error).splitlines()[0][:80]
        raise DataError(
            f"{near}, or one of the {BATCH_SIZE} images from it on, is damaged ({reason}); mend or remove it"
        ) from None
    return images, labels
