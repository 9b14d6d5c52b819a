"""Networks and data from elsewhere, of any shape: sequences, vectors, volumes, one output, and labels with gaps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from harness.base.errors import DataError, HarnessError
from harness.data import load
from harness.pipeline.fitting import fitting_data
from harness.pipeline.run import run_study
from harness.pipeline.scaling import better_scale
from harness.spec import DataSpec, Study, checked
from tests.cli.test_app import in_process

L = keras.layers
COUNT = 240


def saved_data(folder: Path, images: NDArray[Any], labels: NDArray[Any]) -> str:
    np.savez(folder / "data.npz", images=images, labels=labels)
    return f"npz:{folder / 'data.npz'}"


def trained(  # noqa: PLR0913, PLR0917 - each is one thing about the network
    folder: Path,
    name: str,
    images: NDArray[Any],
    labels: NDArray[Any],
    layers: Sequence[Any],
    loss: Any,
    shape: tuple[int | None, ...] | None = None,
) -> Path:
    """A small network that has learned, as a file."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(shape or images.shape[1:]), *layers])
    model.compile(keras.optimizers.Adam(0.02), loss)
    model.fit(images, labels, epochs=6, verbose=0)
    model.save(folder / f"{name}.keras")
    return folder / f"{name}.keras"


def study(data: str, scale: str, *files: Path) -> Study:
    values = {
        "name": "own",
        "data": {"name": data, "scale": scale},
        "measure": {"batch_sizes": [1], "budget_s": 1, "device": "cpu"},
        "networks": [{"model": str(file), "prune": [{"ratio": 0.5, "finetune_epochs": 2}]} for file in files],
    }
    return checked(Study, values, "study")


def bright(count: int = COUNT) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """8-bit images (N, 6, 6) of two classes: dark, and with a bright row."""
    labels = np.arange(count) % 2
    images = np.random.default_rng(0).integers(0, 120, (count, 6, 6)).astype(np.uint8)
    images[labels == 1, 2] += 120
    return images, labels


def test_one_output_says_class_1_beyond_a_half_or_as_a_logit_beyond_0(tmp_path: Path) -> None:
    """From a file's training to the ONNX file's accuracy; a column of true and false as labels."""
    images, labels = bright()
    data = saved_data(tmp_path, images, labels[:, None] > 0)
    pixels = images[..., None] / 255.0
    body = [L.Conv2D(4, 3, activation="relu"), L.Flatten()]
    squashed = trained(tmp_path, "sigmoid", pixels, labels, [*body, L.Dense(1), L.Activation("sigmoid")], "bce")
    from_logits = keras.losses.BinaryCrossentropy(from_logits=True)
    body = [L.Conv2D(4, 3, activation="relu"), L.Flatten()]
    logit = trained(tmp_path, "logit", pixels, labels, [*body, L.Dense(1)], from_logits)
    done = run_study(study(data, "unit", squashed, logit), runs=tmp_path / "runs", store=tmp_path / "store")
    test = load(DataSpec(name=data))
    for file, threshold in ((squashed, 0.5), (logit, 0.0)):
        rows = [row for row in done.results.rows if row.case.file == file]
        assert [row.error for row in rows] == [None] * len(rows)
        outputs = keras.models.load_model(file, compile=False).predict(test.test_images, verbose=0)
        assert rows[0].accuracy is not None
        assert rows[0].accuracy.hits == ((outputs[:, 0] > threshold) == test.test_labels).sum()
        assert all(row.accuracy is not None and row.accuracy.value > 0.9 for row in rows)
        assert {row.examples for row in rows} == {test.test_digest}


def test_sequences_with_a_gap_in_their_labels_and_a_lambda_go_down_the_whole_road(tmp_path: Path) -> None:
    """(N, 10, 4) for a network of (any, 4), whose output 2 has no label. Its Lambda runs because that was asked for."""
    labels = np.array([0, 1, 3])[np.arange(COUNT) % 3]
    steps = np.random.default_rng(1).normal(0, 1, (COUNT, 10, 4)).astype(np.float32)
    steps[np.arange(COUNT), :, labels] += 2
    data = saved_data(tmp_path, steps, labels)
    layers = [
        L.Lambda(lambda x: 1.0 * x),
        L.Conv1D(8, 3, activation="relu"),
        L.BatchNormalization(),
        L.GlobalAveragePooling1D(),
        L.Dense(4, activation="softmax"),
    ]
    loss = "sparse_categorical_crossentropy"
    file = trained(tmp_path, "steps", steps, labels, layers, loss, shape=(None, 4))
    places = {"runs": tmp_path / "runs", "store": tmp_path / "store"}
    with pytest.raises(HarnessError, match="holds a Lambda layer, whose code would run; use --unsafe"):
        run_study(study(data, "raw", file), **places)
    done = run_study(study(data, "raw", file), **places, unsafe=True)
    for row in done.results.rows:
        assert row.error is None
        assert row.accuracy is not None
        assert row.accuracy.value > 0.8
    assert "What pruning costs" in done.report.with_suffix(".md").read_text()


SHAPES = {
    "vectors": ((8,), (8,), lambda: [L.Dense(16, activation="relu"), L.Dense(3, activation="softmax")]),
    "volumes": (
        (4, 4, 4),
        (4, 4, 4, 1),
        lambda: [L.Conv3D(8, 3, activation="relu"), L.Flatten(), L.Dense(3, activation="softmax")],
    ),
}


@pytest.mark.parametrize("kind", SHAPES)
def test_vectors_and_volumes_are_pruned_tuned_diagnosed_and_exported(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored, wanted, layers = SHAPES[kind]
    values = np.random.default_rng(2).normal(0, 1, (COUNT, *stored)).astype(np.float32)
    labels = np.arange(COUNT) % 3
    values[np.arange(COUNT), labels] += 2
    data = saved_data(tmp_path, values, labels)
    shaped = values.reshape(COUNT, *wanted)
    file = trained(tmp_path, kind, shaped, labels, layers(), "sparse_categorical_crossentropy")
    words = [str(file), "--data", data, "--scale", "raw"]
    tuned = ["--ratio", "0.5", "--finetune-epochs", "1", "--no-baselines", "--importance", "taylor", "--quiet"]
    said = {"prune": "accuracy on 48 test examples", "diagnose": "examples, 10 steps", "export": "on 48 test examples"}
    for command, options in (("prune", tuned), ("diagnose", []), ("export", [])):
        code, stdout, stderr = in_process(capsys, command, *words, *options)
        assert code == 0 or command == "diagnose", f"{command}: {stdout} {stderr}"
        assert said[command] in stdout
        assert "input-shape" not in stdout


def classifier(shape: tuple[int | None, ...], outputs: int) -> keras.Model:
    inputs = keras.Input(shape)
    return keras.Model(inputs, L.Dense(outputs, name="last")(L.Flatten()(inputs)), name="net")


WRONG = [
    ((6, 6), 1, (8, 8, 1), {}, "takes examples of shape (8, 8, 1), the data has (6, 6, 1); give --resize 8x8, or data"),
    ((6, 6), 1, (6, 6, 3), {}, "takes examples of shape (6, 6, 3), the data has (6, 6, 1); give data of the shape"),
    ((8,), 1, (6, 6, 1), {}, "takes examples of shape (6, 6, 1), the data has (8,); give data of the shape that it"),
    ((8,), 3, (8,), {}, "has 1 output, enough for 2 classes, and the labels go up to 2; give its last layer 3 outputs"),
    ((8,), 25, (8,), {}, "has 1 output, enough for 2 classes, and the labels go up to 24; give its last layer 25"),
    ((8,), 2, "single_conv", {}, "takes images (height, width, channels), and npz:"),
    ((28, 28), 2, "single_conv", {"input_shape": [8, 8, 1]}, "input_shape = [8, 8, 1], but npz:"),
    ((28, 28), 2, "deepcaptcha", {"n_prediction": 4}, "n_prediction = 4, but npz:"),
]


@pytest.mark.parametrize(("stored", "classes", "wanted", "options", "message"), WRONG)
def test_what_does_not_fit_is_one_line_that_fits_the_network(
    stored: tuple[int, ...], classes: int, wanted: Any, options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    """A file has no options that could be set; a network of harness has them, and the line names them."""
    labels = np.arange(200) % max(classes, 2)
    data = saved_data(tmp_path, np.zeros((200, *stored), np.float32), labels)
    model = wanted
    if not isinstance(wanted, str):
        model = str(tmp_path / "net.keras")
        classifier(wanted, 1).save(model)
    asked = {"name": "x", "data": {"name": data}, "networks": [{"model": model, "options": options}]}
    (case,) = checked(Study, asked, "study").cases()
    with pytest.raises(DataError) as refused:
        fitting_data(case, load(case.data))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert ("n_class" in str(refused.value)) is False


def test_a_network_trained_on_pixels_of_another_scale_is_told_by_its_answers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In a warning, on either scale; not one that fits, and not one that was never trained, which answers neither."""
    images, labels = bright()
    data = saved_data(tmp_path, images, labels)
    body = [L.Flatten(), L.Rescaling(1.0, offset=-90.0), L.Dense(2, activation="softmax")]
    file = trained(tmp_path, "raw", images[..., None], labels, body, "sparse_categorical_crossentropy")
    for scale, line in (("unit", "; give --scale raw, or data.scale = 'raw' in a study"), ("raw", None)):
        (case,) = study(data, scale, file).cases()
        caplog.clear()
        fitting_data(case, load(case.data))
        assert (line is None) == (caplog.text == "")
        assert line is None or f"{file}: with values from 0 to 255 it gets" in caplog.text
        assert line is None or line in caplog.text
    model = keras.models.load_model(file, compile=False)
    small, large = load(DataSpec(name=data)), load(DataSpec(name=data, scale="raw"))
    assert better_scale(keras.models.clone_model(model), small, "unit") is None
    body = [L.Flatten(), L.Rescaling(1.0, offset=-0.35), L.Dense(2, activation="softmax")]
    file = trained(tmp_path, "unit", images[..., None] / 255, labels, body, "sparse_categorical_crossentropy")
    model = keras.models.load_model(file, compile=False)
    assert better_scale(model, small, "unit") is None
    assert better_scale(model, large, "raw") is None or "give --scale unit" in str(better_scale(model, large, "raw"))


OWN_SCALING = [
    L.Rescaling(1 / 255, name="own"),
    L.Rescaling(1 / 127.5, offset=-1, name="own"),
    L.Normalization(mean=127.0, variance=60.0**2, name="own"),
]


@pytest.mark.parametrize("own", OWN_SCALING)
def test_values_that_were_scaled_before_a_network_scales_them_are_told_trained_or_not(
    own: keras.layers.Layer, tmp_path: Path
) -> None:
    """EfficientNet has such a layer, and says nothing of pixels that were divided by 255 before."""
    images, labels = bright()
    data = saved_data(tmp_path, images, labels)
    model = keras.Sequential([keras.Input((6, 6, 1)), own, L.Flatten(), L.Dense(2, activation="softmax")])
    advice = str(better_scale(model, load(DataSpec(name=data)), "unit"))
    assert advice.startswith(
        "its layer own scales its inputs itself, and leaves these, from 0 to 0.937, a spread of 0.00"
    )
    assert advice.endswith("; give --scale raw, or data.scale = 'raw' in a study")
    assert better_scale(model, load(DataSpec(name=data, scale="raw")), "raw") is None
    stored_small = load(DataSpec(name=saved_data(tmp_path, images / 255, labels), scale="raw"))
    assert str(better_scale(model, stored_small, "raw")).endswith("; store pixels from 0 to 255")
