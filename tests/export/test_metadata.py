"""What a file says of itself: given, found out, and the same bytes each time."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import onnx
from typer.testing import CliRunner

import harness
import models
from harness.base.store import file_digest
from harness.cli.app import app
from harness.export import export, onnx_from_keras
from harness.measure.accuracy import evaluate
from harness.records import Metadata
from tests.export.nets import L, chain, examples, randomized, small


def said(path: Path) -> Metadata:
    return Metadata.of({entry.key: entry.value for entry in onnx.load(path).metadata_props})


def test_nothing_by_default(tmp_path: Path) -> None:
    """The file depends on the network alone."""
    model = small()
    onnx_from_keras(model, tmp_path / "a.onnx")
    export(model, tmp_path / "b.onnx", examples(model))
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    assert not onnx.load(tmp_path / "a.onnx").metadata_props


def test_accuracy_is_that_of_the_file(tmp_path: Path) -> None:
    """As onnxruntime finds it, on the examples of the proof; the graph is the same as without metadata."""
    model = small()
    (images,) = examples(model, 60)
    labels = np.arange(60) % 5
    path = tmp_path / "net.onnx"
    found = export(model, path, images, metadata=Metadata(labels=tuple("abcde")), labels=labels)
    assert found.accuracy is not None
    assert found.accuracy.hits == evaluate(path, images, labels, device="cpu").hits
    assert said(path).accuracy == found.accuracy
    assert said(path).labels == tuple("abcde")
    assert set(said(path).versions) == {"prune-harness", "keras", "tensorflow", "tf2onnx", "onnx"}
    assert (found.size_bytes, found.sha256) == (path.stat().st_size, file_digest(path))
    plain = export(model, tmp_path / "plain.onnx", images)
    assert found.architecture == plain.architecture


def test_the_same_bytes_again(tmp_path: Path) -> None:
    for index in (0, 1):
        model = small()
        given = {"metadata": Metadata(labels=("a", "b")), "labels": np.zeros(40, int)}
        export(model, tmp_path / f"{index}.onnx", examples(model), **given)
    assert (tmp_path / "0.onnx").read_bytes() == (tmp_path / "1.onnx").read_bytes()


def test_a_float32_twin_says_so(tmp_path: Path) -> None:
    model = chain(L.Dense(3, dtype="mixed_float16"), shape=(4,))
    export(model, tmp_path / "net.onnx", examples(model), metadata=Metadata())
    assert said(tmp_path / "net.onnx").twin_of == "mixed_float16"


def test_the_command_says_where_it_comes_from_and_what_it_is_for(tmp_path: Path) -> None:
    """The hash of the Keras file, the classes, the preprocessing and the accuracy; and it tells the accuracy."""
    model = tmp_path / "net.keras"
    randomized(models.build("single_conv", filters=4)).save(model)
    done = CliRunner().invoke(app, ["export", str(model), "--data", "mnist5k", "--limit", "500", "--scale", "raw"])
    assert done.exit_code == 0, done.exception
    found = said(tmp_path / "net.onnx")
    assert found.source == file_digest(model)
    assert found.labels == tuple("0123456789")
    assert found.preprocessing is not None
    assert found.preprocessing.scale == "raw"
    assert found.accuracy is not None
    assert f"; {found.accuracy.hits / found.accuracy.examples:.2%} of them are right" in done.stdout


def test_a_pruned_network_s_plan_stands_beside_it(tmp_path: Path) -> None:
    """It goes into the file; one that does not fit the network's widths is another network's."""
    small().save(tmp_path / "net.keras")
    pruned = tmp_path / "net-pruned.keras"
    assert CliRunner().invoke(app, ["prune", str(tmp_path / "net.keras"), "--ratio", "0.5"]).exit_code == 0
    assert CliRunner().invoke(app, ["export", str(pruned)]).exit_code == 0
    plan = said(tmp_path / "net-pruned.onnx").plan
    assert plan is not None
    assert plan.model_dump(mode="json") == json.loads((tmp_path / "net-pruned.plan.json").read_text())
    small(filters=6).save(pruned)
    assert CliRunner().invoke(app, ["export", str(pruned)]).exit_code == 0
    assert said(tmp_path / "net-pruned.onnx").plan is None


def test_an_onnx_file_that_is_pruned_keeps_what_still_holds(tmp_path: Path) -> None:
    """Labels and preprocessing stay, the accuracy goes; source and plan are those of the prune."""
    model = small()
    (images,) = examples(model)
    source = tmp_path / "net.onnx"
    export(model, source, images, metadata=Metadata(labels=tuple("abcde")), labels=np.arange(40) % 5)
    result = harness.prune(source, ratio=0.5)
    result.write(tmp_path / "pruned.onnx")
    found = said(tmp_path / "pruned.onnx")
    assert found.labels == tuple("abcde")
    assert found.accuracy is None
    assert found.source == file_digest(source)
    assert found.plan == result.plan
    assert keras.__version__ not in found.versions.values()
