"""IDX files: found, read, and refused when damaged; and the message when there is neither file nor network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.base.errors import DataError
from harness.data import load
from harness.data.idx import read_idx
from harness.data.mnist import CLASS_NAMES, SYSTEM_FOLDERS
from harness.spec import DataSpec

MakeFolder = Callable[..., Path]


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("joint", ["-", "."])
def test_idx_files_are_read_under_their_usual_names(ending: str, joint: str, idx_folder: MakeFolder) -> None:
    """The official test set stays the test set, and pixels and labels come through unchanged."""
    data = load(DataSpec(name="mnist", folder=str(idx_folder(ending, joint)), scale="raw"))
    assert data.train_images.shape == (40, 6, 5, 1)
    assert data.test_images.shape == (20, 6, 5, 1)
    rng = np.random.default_rng(0)
    first = rng.integers(0, 256, (40, 6, 5))
    (index,) = np.flatnonzero((data.train_images[..., 0] == first[7]).all(axis=(1, 2)))
    assert data.train_labels[index] == 7


def test_fashion_mnist_is_found_where_debian_puts_it(idx_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SYSTEM_FOLDERS, "fashion_mnist", idx_folder(".gz"))
    data = load(DataSpec(name="fashion_mnist"))
    assert data.class_names == CLASS_NAMES["fashion_mnist"]
    assert len(data.test_labels) == 20


def test_limit_takes_from_both_parts_in_proportion(idx_folder: MakeFolder) -> None:
    data = load(DataSpec(name="mnist", folder=str(idx_folder()), limit=30))
    assert (len(data.train_labels), len(data.test_labels)) == (20, 10)
    assert np.bincount(data.train_labels).tolist() == [2] * 10


def test_limit_too_small_for_the_classes(idx_folder: MakeFolder, refusal: Callable[..., str]) -> None:
    message = refusal(name="mnist", folder=str(idx_folder()), limit=12)
    assert message.startswith("data.limit = 12 is too small for mnist; use at least 20")


def test_missing_folder_and_missing_files(tmp_path: Path, refusal: Callable[..., str]) -> None:
    assert "is not a folder" in refusal(name="mnist", folder=str(tmp_path / "nowhere"))
    assert "lacks IDX files; it needs train-images-idx3-ubyte" in refusal(name="mnist", folder=str(tmp_path))


def test_labels_of_another_dataset(idx_folder: MakeFolder, refusal: Callable[..., str]) -> None:
    """A label that the dataset does not have is named."""
    message = refusal(name="mnist", folder=str(idx_folder(high=12)))
    assert "label 10 is outside 0 to 9" in message


def test_images_and_labels_swapped(idx_folder: MakeFolder, refusal: Callable[..., str]) -> None:
    folder = idx_folder()
    images, labels = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
    images.rename(folder / "kept")
    labels.rename(images)
    (folder / "kept").rename(labels)
    assert "images of shape (40,) can't be used" in refusal(name="mnist", folder=str(folder))


DAMAGE = [
    ("a", b"", "not an IDX file"),
    ("a", b"P6 28 28", "not an IDX file"),
    ("a", bytes([0, 0, 13, 1, 0, 0, 0, 1]), "not an IDX file of unsigned bytes"),
    ("a", bytes([0, 0, 8, 3, 0, 0]), "cut short in its header"),
    ("a", bytes([0, 0, 8, 1, 0, 0, 0, 9, 1, 2]), "has 2 elements instead of 9"),
    ("a.gz", b"no gzip at all", "can't be read"),
    ("a.gz", bytes.fromhex("1f8b08000000000000ff63"), "can't be read"),
]


@pytest.mark.parametrize(("name", "content", "message"), DAMAGE)
def test_damaged_idx_files_are_named(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_idx(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


def test_no_files_and_no_network_says_what_to_do(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    refusal: Callable[..., str],
) -> None:
    """Keras really tries to download, into an empty cache, through a proxy that does not exist."""
    import keras.src.backend.config as keras_config

    monkeypatch.setitem(SYSTEM_FOLDERS, "mnist", tmp_path)
    monkeypatch.setattr(keras_config, "_KERAS_DIR", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    message = refusal(name="mnist")
    assert message.startswith("mnist: not on this machine, and the download failed (URL fetch failure")
    assert message.endswith(
        f"put its IDX files into {tmp_path}, or set data.folder in a study; or use mnist5k, which needs no network"
    )
    assert not capsys.readouterr().out, "stdout is for answers"
