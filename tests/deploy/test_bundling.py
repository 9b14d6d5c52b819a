"""What a bundle holds, that it is the same each time, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import onnx
import pytest

import harness
from harness.base.errors import BundleError
from harness.base.store import file_digest
from harness.deploy.bundling import write_bundle
from harness.deploy.manifest import PROVIDERS, Manifest, schema_text
from harness.deploy.readme import readme
from harness.deploy.received import receive
from harness.measure.inputs.given import read_arrays
from harness.measure.runtime.session import SessionSettings, open_session
from tests.deploy.bundles import bundled, evidence
from tests.onnx_files import cnn, constant, save, tensor

SCHEMA = Path(harness.__file__).parents[1] / "docs" / "bundle.schema.json"


def manifest_of(bundle: Path) -> Manifest:
    return Manifest.model_validate_json((bundle / "manifest.json").read_bytes())


def test_the_same_evidence_gives_the_same_bytes(tmp_path: Path) -> None:
    known = evidence(tmp_path)
    for name in ("one", "other"):
        write_bundle(known, tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*"))
    assert [str(path) for path in files] == [
        "README.md",
        "manifest.json",
        "model.onnx",
        "test_data_set_0",
        "test_data_set_0/input_0.pb",
        "test_data_set_0/output_0.pb",
    ]
    for path in files:
        if (tmp_path / "one" / path).is_file():
            assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "other" / path).read_bytes(), path


def test_the_manifest_has_every_files_hash_and_what_was_measured(shared_bundle: Path) -> None:
    manifest = manifest_of(shared_bundle)
    for name, file in manifest.files.items():
        assert file_digest(shared_bundle / name) == file.sha256
    assert manifest.inputs[0].shape == (None, 1, 8, 8)
    assert manifest.outputs[0].axes == ("batch", "classes")
    assert manifest.accuracy is not None
    assert manifest.accuracy.low < manifest.accuracy.value < manifest.accuracy.high
    assert manifest.labels == tuple("0123456789")


def test_test_vectors_are_onnx_test_data_that_the_model_answers(shared_bundle: Path) -> None:
    """They are read by what reads anybody's test data, and are what a plain session gives."""
    arrays = read_arrays(shared_bundle, ["image"])
    expected = onnx.numpy_helper.to_array(onnx.load_tensor(shared_bundle / "test_data_set_0" / "output_0.pb"))
    found = open_session(shared_bundle / "model.onnx", SessionSettings()).run(None, arrays)[0]
    assert arrays["image"].shape == (16, 1, 8, 8)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_where_sizes_are_open_the_readme_runs_it_on_a_test_vector(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Zeros of size 1 would fit the input, and run in hardly any network."""
    manifest = manifest_of(bundle)
    one = manifest.inputs[0]
    opened = one.model_copy(update={"shape": (None, one.shape[1], None, None)})
    text = readme(manifest.model_copy(update={"inputs": (opened,)}))
    code = text.split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(bundle)
    known: dict[str, Any] = {}
    exec(code, known)
    assert known["batch"].shape == (16, 1, 8, 8)
    assert len(known["answers"][0]) == 16


def test_the_readme_says_how_to_run_it_and_how_good_it_is(shared_bundle: Path) -> None:
    text = (shared_bundle / "README.md").read_text()
    manifest = manifest_of(shared_bundle)
    assert manifest.accuracy is not None
    assert f"{manifest.accuracy.value:.2%}" in text
    code = text.split("```python\n")[1].split("```")[0]
    compile(code, "README.md", "exec")
    assert "divided by 255" in text
    assert 'providers=["CPUExecutionProvider"]' in code


def test_the_readme_of_a_bundle_for_cuda_opens_it_there(shared_bundle: Path) -> None:
    """On CUDA some shapes are computed on the CPU, so the session gets both."""
    manifest = manifest_of(shared_bundle)
    assert manifest.providers == ("CPUExecutionProvider",)
    elsewhere = manifest.model_copy(update={"device": "cuda", "providers": PROVIDERS["cuda"]})
    assert 'providers=["CUDAExecutionProvider", "CPUExecutionProvider"]' in readme(elsewhere)


def test_the_published_schema_is_that_of_the_code_and_fits_a_manifest(shared_bundle: Path) -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "make schema renews it"
    schema = json.loads(schema_text())
    said = set(json.loads((shared_bundle / "manifest.json").read_text()))
    assert said == set(schema["properties"]) - {"source", "quantization"}  # which there is nothing of here
    assert schema["additionalProperties"] is False


def test_the_published_schema_takes_every_manifest_and_refuses_what_is_wrong(shared_bundle: Path) -> None:
    """By a validator of JSON Schema, which knows nothing of this project."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    values = json.loads((shared_bundle / "manifest.json").read_text())
    validator.validate(values)
    validator.validate({**values, "source": "ab" * 32})
    spoilt = [{key: value for key, value in values.items() if key != field} for field in values]
    spoilt += [{**values, field: ["no such thing"]} for field in ("files", "model", "inputs", "vectors", "sha256")]
    spoilt += [{**values, "surprise": 1}, {**values, "schema_version": "harness-bundle/2"}, {**values, "device": "tpu"}]
    assert [each for each in spoilt if validator.is_valid(each)] == []


def test_external_data_comes_along(tmp_path: Path) -> None:
    inner = cnn(tmp_path / "inner.onnx")
    path = tmp_path / "outer.onnx"
    (tmp_path / "weights").mkdir()
    onnx.save(onnx.load(inner), path, save_as_external_data=True, location="weights/all.bin", size_threshold=0)
    bundle = bundled(tmp_path, path)
    (tmp_path / "copy").mkdir()
    received = receive(bundle, tmp_path / "copy")
    assert (received.folder / "weights" / "all.bin").read_bytes() == (tmp_path / "weights" / "all.bin").read_bytes()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "thesis.tex").write_text("years of work")
    with pytest.raises(BundleError, match="no bundle; give another folder"):
        bundled(tmp_path)
    (tmp_path / "bundle" / "manifest.json").write_text('{"name": "of something else"}')
    with pytest.raises(BundleError, match="no bundle; give another folder"):
        bundled(tmp_path)
    assert (tmp_path / "bundle" / "thesis.tex").read_text() == "years of work"


def test_a_bundle_with_something_beside_it_is_left_alone(bundle: Path) -> None:
    (bundle / "notes.txt").write_text("mine")
    with pytest.raises(BundleError, match="no bundle; give another folder"):
        bundled(bundle.parent)
    assert (bundle / "notes.txt").read_text() == "mine"


def test_an_older_bundle_is_replaced(tmp_path: Path) -> None:
    first = (bundled(tmp_path) / "manifest.json").read_bytes()
    assert (bundled(tmp_path, name="other") / "manifest.json").read_bytes() != first


def test_a_model_that_answers_at_random_or_with_nan_is_not_bundled(tmp_path: Path) -> None:
    nodes = [
        onnx.helper.make_node("Flatten", ["image"], ["flat"], name="flat"),
        onnx.helper.make_node("RandomNormalLike", ["flat"], ["noise"], name="noise"),
        onnx.helper.make_node("Add", ["flat", "noise"], ["scores"], name="sum"),
    ]
    random = save(tmp_path / "random.onnx", nodes, [tensor("image", ["N", 1, 8, 8])], [tensor("scores", ["N", 64])])
    with pytest.raises(BundleError, match="random operators"):
        bundled(tmp_path, random)
    nodes[1:] = [onnx.helper.make_node("Mul", ["flat", "nothing"], ["scores"], name="product")]
    weights = [constant("nothing", float("nan"), "float32")]
    image, scores = tensor("image", ["N", 1, 8, 8]), tensor("scores", ["N", 64])
    with pytest.raises(BundleError, match="finite numbers"):
        bundled(tmp_path, save(tmp_path / "nan.onnx", nodes, [image], [scores], weights))
    assert not (tmp_path / "bundle").exists()


def test_data_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    wide = save(
        tmp_path / "wide.onnx",
        [onnx.helper.make_node("Flatten", ["image"], ["scores"], name="flat")],
        [tensor("image", ["N", 3, 9, 9])],
        [tensor("scores", ["N", 243])],
    )
    with pytest.raises(BundleError, match="takes image:"):
        bundled(tmp_path, wide)
