"""NumPy archives: both layouts, and everything that can be wrong with one."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data import load
from harness.spec import DataSpec

Save = Callable[..., str]
Refusal = Callable[..., str]

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 4, 6, 3)).astype(np.uint8)
LABELS = np.arange(30) % 3


def test_one_part_is_split(npz: Save) -> None:
    data = load(DataSpec(name=npz(images=IMAGES, labels=LABELS), test_fraction=0.3))
    assert data.train_images.shape == (21, 4, 6, 3)
    assert np.bincount(data.test_labels).tolist() == [3, 3, 3]
    assert data.class_names == ("0", "1", "2")


KEYS = [("train_images", "train_labels", "test_images", "test_labels"), ("x_train", "y_train", "x_test", "y_test")]


@pytest.mark.parametrize("keys", KEYS)
def test_two_parts_are_kept(keys: tuple[str, ...], npz: Save) -> None:
    """The second spelling is that of Keras's own mnist.npz."""
    arrays = (IMAGES[:24], LABELS[:24], IMAGES[24:], LABELS[24:])
    data = load(DataSpec(name=npz(**dict(zip(keys, arrays, strict=True))), scale="raw"))
    assert len(data.train_labels) == 24
    got = {image.tobytes() for image in data.test_images}
    assert got == {image.astype(np.float32).tobytes() for image in IMAGES[24:]}


def test_class_names_grey_images_column_labels_and_other_numbers(npz: Save) -> None:
    """(N, H, W) gains a channel, (N, 1) labels lose a dimension, int64 pixels are 8-bit ones."""
    name = npz(images=IMAGES[..., 0].astype(np.int64), labels=LABELS[:, None], class_names=["a", "b", "c"])
    data = load(DataSpec(name=name))
    assert data.image_shape == (4, 6, 1)
    assert data.class_names == ("a", "b", "c")
    assert data.train_images.max() == pytest.approx(1, abs=0.05)


def test_float_images_are_taken_as_they_are(npz: Save) -> None:
    """Floats in 0 to 1 are not divided again; raw leaves standardised images alone."""
    unit = load(DataSpec(name=npz(images=IMAGES / 255, labels=LABELS)))
    assert 0.9 < unit.train_images.max() <= 1
    standardised = load(DataSpec(name=npz(images=IMAGES / 64 - 2, labels=LABELS), scale="raw"))
    assert standardised.train_images.min() < -1.9


RANKS = [(5,), (10, 4, 2, 3), (4, 6, 3)]


@pytest.mark.parametrize("shape", RANKS)
def test_vectors_volumes_and_images_keep_their_shape(shape: tuple[int, ...], npz: Save) -> None:
    """Numbers below 0 and above 255 too, as they are stored."""
    values = np.random.default_rng(1).normal(0, 300, (30, *shape))
    data = load(DataSpec(name=npz(images=values, labels=LABELS), scale="raw", test_fraction=0.3))
    assert data.image_shape == shape
    stored = {example.tobytes() for example in values.astype(np.float32)}
    assert {example.tobytes() for example in (*data.train_images, *data.test_images)} == stored


SHAPED = [
    ((10, 4), (10, 4, 1), (10, 4, 1)),  # grey images, as the loader takes them
    ((10, 4), (10, 4), (10, 4)),  # sequences
    ((10, 4), (None, 4), (10, 4)),
    ((10, 4), (1, 10, 4), (1, 10, 4)),  # channels first
    ((10, 1), (10, 1), (10, 1)),
    ((10, 1), (10,), (10,)),
    ((5,), (5,), (5,)),
    ((5,), (5, 1), (5, 1)),
    ((5,), (1, 5), (1, 5)),
    ((6, 6, 6), (6, 6, 6, 1), (6, 6, 6, 1)),  # volumes of one channel
    ((4, 6, 1), (4, 6), (4, 6)),
    ((4, 6, 1), (None, None, 1), (4, 6, 1)),
    ((10, 3), (None, None, 3), (10, 3, 1)),  # what follows does not fit, and stays as it was
    ((10, 4), (4, 10), (10, 4, 1)),
    ((5,), (28, 28, 1), (5,)),
    ((5,), None, (5,)),
]


@pytest.mark.parametrize(("stored", "wanted", "shape"), SHAPED)
def test_axes_of_length_1_are_added_and_left_out_as_a_network_asks(
    stored: tuple[int, ...], wanted: tuple[int | None, ...] | None, shape: tuple[int, ...], npz: Save
) -> None:
    """The values and their order stay; what fits already is the very same dataset, under the same digest."""
    values = np.random.default_rng(2).random((30, *stored))
    data = load(DataSpec(name=npz(images=values, labels=LABELS)))
    shaped = data.shaped_for(wanted)
    assert shaped.image_shape == shape
    assert shaped.test_images.shape[1:] == shape
    np.testing.assert_array_equal(shaped.train_images.ravel(), data.train_images.ravel())
    assert (shaped is data) == (shape == data.image_shape) == (shaped.digest == data.digest)


@pytest.mark.parametrize(("transform", "value"), [("resize", (4, 4)), ("color", True)])
def test_what_is_done_to_images_is_refused_for_others(transform: str, value: Any, npz: Save, refusal: Refusal) -> None:
    name = npz(images=np.zeros((30, 5)), labels=LABELS)
    message = f"data.{transform} is for images (N, height, width, channels), and these examples have shape (5,); remove"
    assert refusal(name=name, **{transform: value}).startswith(message)


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.float32, np.float64])
def test_labels_may_have_gaps(kind: Any, npz: Save) -> None:
    """Numbers up to 24 without 9, as those of hand signs: 25 names, and each class that there is in both parts."""
    letters = np.array([letter for letter in range(25) if letter != 9])
    labels = np.repeat(letters, 10)
    images = np.random.default_rng(3).integers(0, 256, (240, 2, 2)).astype(np.uint8)
    spec = DataSpec(name=npz(images=images, labels=labels.astype(kind)), limit=200, label_noise=0.5)
    data = load(spec)
    assert (data.n_class, data.class_names[-1]) == (25, "24")
    for part in (data.train_labels, data.test_labels):
        assert part.dtype == np.int64
        assert np.unique(part).tolist() == letters.tolist()
    assert len(data.train_labels) + len(data.test_labels) == 200


def test_true_and_false_are_0_and_1_and_a_name_may_have_no_examples(npz: Save) -> None:
    data = load(DataSpec(name=npz(images=IMAGES, labels=LABELS > 0, class_names=["no", "yes", "perhaps"])))
    assert np.unique(data.train_labels).tolist() == [0, 1]
    assert data.class_names == ("no", "yes", "perhaps")


def test_digests_are_those_of_earlier_versions(npz: Save) -> None:
    """What was trained on data that could be used before is found in the store again."""
    data = load(DataSpec(name=npz(images=IMAGES[..., 0], labels=LABELS, class_names=["a", "b", "c"]), label_noise=0.5))
    assert data.digest == "6d4ba1eeff4ce681347dac122caf0e8e05c0cd35e9c2471631ba47a96c9e991e"


def with_pixel(value: float) -> Any:
    images = IMAGES / 255
    images[5, 0, 0, 0] = value
    return images


BAD_ARRAYS = [
    ({"pictures": IMAGES}, "has pictures; it needs images and labels, or train_images"),
    ({"images": IMAGES[:, 0, 0, 0], "labels": LABELS}, "images of shape (30,) can't be used"),
    ({"images": IMAGES[:0], "labels": LABELS[:0]}, "images of shape (0, 4, 6, 3) hold nothing"),
    ({"images": IMAGES[:9], "labels": LABELS}, "9 images but 30 labels"),
    ({"images": IMAGES, "labels": np.eye(3)[LABELS]}, "labels are float64 of shape (30, 3); store one whole number"),
    ({"images": IMAGES, "labels": LABELS - 1}, "label -1 is outside 0 to 999999; number the classes from 0"),
    ({"images": IMAGES, "labels": LABELS * 10**9}, "label 1e+09 is outside 0 to 999999; number the classes from 0"),
    ({"images": IMAGES, "labels": LABELS - 1.0}, "label -1 is outside 0 to 999999"),
    ({"images": IMAGES, "labels": LABELS + 0.5}, "label 0.5 is no whole number; store the number of each example's"),
    ({"images": IMAGES, "labels": np.where(LABELS, LABELS, np.nan)}, "label nan is no whole number"),
    ({"images": IMAGES, "labels": LABELS.astype(str)}, "labels are <U21 of shape (30,); store one whole number"),
    ({"images": IMAGES, "labels": LABELS * 0}, "there is only one class"),
    (
        {"images": IMAGES, "labels": LABELS, "class_names": list("ab")},
        "label 2 is outside 0 to 1, the classes that have a name",
    ),
    ({"images": IMAGES, "labels": LABELS, "class_names": list("aab")}, "class_names must be an array of different"),
    ({"images": with_pixel(np.nan), "labels": LABELS}, "image 5 has a NaN or infinite pixel; mend or remove it"),
    ({"images": with_pixel(np.inf), "labels": LABELS}, "image 5 has a NaN or infinite pixel"),
    (
        {"images": IMAGES * 300.0, "labels": LABELS},
        "data.scale = 'unit' needs whole numbers from 0 to 255 or floats from 0 to 1, and these go from 0 to 76500; "
        "take them as they are with --scale raw, or data.scale = 'raw' in a study",
    ),
    (
        {"images": IMAGES.astype(int) * 2, "labels": LABELS},
        "these go from 0 to 510; take them as they are with --scale",
    ),
    ({"images": IMAGES / 64 - 2, "labels": LABELS}, "these go from -2 to 1.98438; take them as they are with --scale"),
    ({"images": IMAGES > 9, "labels": LABELS}, "images are bool; store whole numbers"),
    ({"images": IMAGES[:4], "labels": [0, 0, 0, 1]}, "leaves 1 examples of class '1'; use at least 2"),
    (
        {"train_images": IMAGES, "train_labels": LABELS, "test_images": IMAGES[:, 1:], "test_labels": LABELS},
        "training images are (4, 6, 3) and test images (3, 6, 3)",
    ),
    (
        {"train_images": IMAGES, "train_labels": LABELS, "test_images": IMAGES, "test_labels": LABELS + 1},
        "label 3 is in the test set alone; give training examples of that class too",
    ),
]


@pytest.mark.parametrize(("arrays", "message"), BAD_ARRAYS)
def test_unusable_arrays_are_refused_in_one_line(
    arrays: dict[str, Any], message: str, npz: Save, refusal: Refusal
) -> None:
    assert message in refusal(name=npz(**arrays))


def test_missing_file(tmp_path: Path, refusal: Refusal) -> None:
    assert "no such file; give the path of an .npz file after 'npz:'" in refusal(name=f"npz:{tmp_path / 'no.npz'}")


def test_pickled_objects_are_never_loaded(npz: Save, tmp_path: Path, refusal: Refusal) -> None:
    """Loading a pickle runs its code; this one would leave a file behind."""
    trace = tmp_path / "trace"

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (trace,))

    name = npz(images=np.array([Trap()], dtype=object), labels=LABELS)
    assert "holds pickled objects" in refusal(name=name)
    assert not trace.exists()


def test_files_that_are_no_archives(tmp_path: Path, refusal: Refusal) -> None:
    path = tmp_path / "data.npz"
    path.write_bytes(b"not an archive")
    assert "no NumPy file at all" in refusal(name=f"npz:{path}")
    with path.open("wb") as file:
        np.save(file, IMAGES)
    assert "holds a single array; save images and labels with numpy.savez_compressed" in refusal(name=f"npz:{path}")


@pytest.mark.parametrize("cut", [0, 10, 1000, -30])
def test_archives_cut_short(cut: int, npz: Save, refusal: Refusal) -> None:
    name = npz(images=IMAGES, labels=LABELS)
    path = Path(name.removeprefix("npz:"))
    path.write_bytes(path.read_bytes()[:cut])
    assert "save plain arrays with numpy.savez_compressed" in refusal(name=name)


def test_archive_with_changed_bytes(npz: Save, refusal: Refusal) -> None:
    """The archive's checksums notice."""
    name = npz(images=IMAGES, labels=LABELS)
    path = Path(name.removeprefix("npz:"))
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("images.npy").header_offset + 200
    content = bytearray(path.read_bytes())
    content[start : start + 50] = bytes(50)
    path.write_bytes(content)
    assert "can't be read" in refusal(name=name)


def test_a_network_of_single_numbers_takes_no_images(npz: Save) -> None:
    """Nor is there a size of it to look at."""
    data = load(DataSpec(name=npz(images=np.zeros((30, 4, 4, 3), np.uint8), labels=LABELS)))
    assert data.shaped_for(()) is data
