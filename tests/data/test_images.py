"""Folders of images, read through Keras's own loader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from harness.data import load
from harness.spec import DataSpec

Refusal = Callable[..., str]


def save(path: Path, mode: str = "RGB", size: tuple[int, int] = (8, 6), shade: int = 100) -> None:
    """One image of (width, height) with a gradient, so that a flipped or transposed image would be noticed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plane = np.add.outer(np.arange(size[1]), 10 * np.arange(size[0])) + shade
    Image.fromarray(plane.astype(np.uint8)).convert(mode).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of five images of 6x8 pixels, and a hidden folder that is none."""
    for shade in range(5):
        save(tmp_path / "cat" / f"{shade}.png", shade=shade)
        save(tmp_path / "dog" / f"{shade}.png", shade=100 + shade)
    (tmp_path / ".cache").mkdir()
    return tmp_path


def test_a_folder_is_a_class(folder: Path) -> None:
    """Every pixel arrives, with the label of its folder; labels follow the alphabet."""
    data = load(DataSpec(name=f"images:{folder}", scale="raw", test_fraction=0.4))
    assert data.class_names == ("cat", "dog")
    assert (data.train_images.shape, data.test_images.shape) == ((6, 6, 8, 3), (4, 6, 8, 3))
    images = np.concatenate([data.train_images, data.test_images])
    labels = np.concatenate([data.train_labels, data.test_labels])
    np.testing.assert_array_equal(labels, images[:, 0, 0, 0] >= 100)
    assert sorted(images[:, 0, 0, 0]) == [0, 1, 2, 3, 4, 100, 101, 102, 103, 104]
    np.testing.assert_array_equal(images[:, 5, 7, 0] - images[:, 0, 0, 0], 75)


def test_grey_images_have_one_channel_and_can_be_colored(tmp_path: Path) -> None:
    for index in range(4):
        save(tmp_path / "a" / f"{index}.png", mode="L")
        save(tmp_path / "b" / f"{index}.png", mode="1")
    name = f"images:{tmp_path}"
    assert load(DataSpec(name=name, test_fraction=0.5)).image_shape == (6, 8, 1)
    assert load(DataSpec(name=name, test_fraction=0.5, color=True)).image_shape == (6, 8, 3)


def test_one_image_in_color_makes_all_three_channels(folder: Path) -> None:
    for index in range(4):
        save(folder / "grey" / f"{index}.jpg", mode="L")
    assert load(DataSpec(name=f"images:{folder}", test_fraction=0.5)).image_shape == (6, 8, 3)


def test_images_of_any_size_are_resized(folder: Path) -> None:
    """Also those in folders within a class, and with other endings."""
    save(folder / "cat" / "more" / "wide.JPG", size=(40, 10))
    data = load(DataSpec(name=f"images:{folder}", resize=(12, 10), test_fraction=0.4))
    assert data.image_shape == (12, 10, 3)
    assert len(data.train_labels) + len(data.test_labels) == 11


def test_different_sizes_without_resize(folder: Path, refusal: Refusal) -> None:
    save(folder / "dog" / "wide.png", size=(40, 10))
    message = refusal(name=f"images:{folder}")
    assert message.endswith(
        "images differ in size (cat/0.png is 6x8, dog/wide.png is 10x40); make them equal with --resize 64x64, "
        "height x width, or data.resize = [64, 64] in a study"
    )


def test_coloring_images_that_have_color(folder: Path, refusal: Refusal) -> None:
    message = refusal(name=f"images:{folder}", color=True, test_fraction=0.4)
    assert message == "data.color needs grey images, and these have 3 channels; remove color"


def test_missing_folder(tmp_path: Path, refusal: Refusal) -> None:
    assert "no such folder; give one with a folder of images for each class" in refusal(name=f"images:{tmp_path}/no")


def test_one_class_and_none(tmp_path: Path, refusal: Refusal) -> None:
    assert "has 0 class folders" in refusal(name=f"images:{tmp_path}")
    save(tmp_path / "only" / "1.png")
    assert "has 1 class folders; it needs one folder for each of at least two" in refusal(name=f"images:{tmp_path}")


def test_empty_class(folder: Path, refusal: Refusal) -> None:
    """Keras's loader would count it as a class that never occurs."""
    (folder / "bird").mkdir()
    (folder / "bird" / "notes.txt").write_text("to do")
    message = refusal(name=f"images:{folder}")
    assert message.startswith(f"{folder / 'bird'}: no images (.bmp, .gif, .jpeg, .jpg, .png)")


def test_text_named_like_an_image(folder: Path, refusal: Refusal) -> None:
    (folder / "dog" / "x.png").write_text("no image")
    assert refusal(name=f"images:{folder}").startswith(f"{folder / 'dog' / 'x.png'}: not an image that can be read")


def test_image_cut_short(folder: Path, refusal: Refusal) -> None:
    """Its header is whole, so that only decoding notices."""
    path = folder / "cat" / "0.png"
    path.write_bytes(path.read_bytes()[:60])
    message = refusal(name=f"images:{folder}")
    assert message.startswith(f"{path}, or one of the 64 images from it on, is damaged")


def test_resized_to_more_than_memory_holds(folder: Path, refusal: Refusal) -> None:
    spec: dict[str, Any] = {"name": f"images:{folder}", "resize": (900_000, 900_000)}
    assert refusal(**spec).startswith("10 images of 900000x900000x3 need 24300.0 GB of memory")


def test_without_labels_a_folder_needs_no_classes(tmp_path: Path) -> None:
    """All are training examples, in an order drawn by the split's seed; hidden folders and other files don't count."""
    for shade in range(7):
        save(tmp_path / f"{shade}.png", shade=shade)
    (tmp_path / ".cache").mkdir()
    (tmp_path / "notes.txt").touch()
    spec = DataSpec(name=f"images:{tmp_path}", scale="raw")
    data = load(spec, labels=False)
    assert not data.labelled
    assert (data.n_class, data.class_names) == (0, ())
    assert (data.train_images.shape, data.test_images.shape) == ((7, 6, 8, 3), (0, 6, 8, 3))
    assert sorted(data.train_images[:, 0, 0, 0]) == list(range(7))
    np.testing.assert_array_equal(data.train_images, load(spec, labels=False).train_images)
    few = load(spec.model_copy(update={"limit": 3, "resize": (4, 4)}), labels=False)
    assert few.train_images.shape == (3, 4, 4, 3)


def test_without_labels_classes_are_read_where_there_are_some(folder: Path) -> None:
    spec = DataSpec(name=f"images:{folder}", test_fraction=0.4)
    data = load(spec, labels=False)
    assert data.labelled
    assert data.digest == load(spec).digest


def test_one_folder_alone_is_no_class(tmp_path: Path, refusal: Refusal) -> None:
    save(tmp_path / "all" / "1.png")
    save(tmp_path / "2.png")
    spec = DataSpec(name=f"images:{tmp_path}")
    assert len(load(spec, labels=False).train_images) == 2
    assert "has 1 class folders" in refusal(name=f"images:{tmp_path}")
