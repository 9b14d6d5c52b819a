"""A run's variant becomes a bundle with all that the run knows of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.base.errors import BundleError
from harness.base.store import file_digest
from harness.compare.results import Results, read_results
from harness.deploy.bundling import write_bundle
from harness.deploy.source.from_run import evidence_of_run
from harness.records import Accuracy, Agreement, OutputKept, Quantization
from harness.spec import QuantizeSpec, Study, checked
from harness.spec.names import file_name
from tests.cli.test_app import in_process
from tests.onnx_files import FLOAT, constant, helper, save, tensor, weight
from tests.synthetic import results_of

STUDY: dict[str, Any] = {
    "name": "shipped",
    "data": {"limit": 5000},
    "measure": {"batch_sizes": [1], "device": "cpu"},
    "networks": [{"model": "single_conv", "prune": [{"ratio": [0.25, 0.5]}]}],
}


def network(path: Path, classes: int) -> Path:
    """A linear classifier of 28x28x1 images."""
    nodes = [
        helper.make_node("Reshape", ["image", "shape"], ["flat"], name="flat"),
        helper.make_node("MatMul", ["flat", "rows"], ["scores"], name="dense"),
    ]
    weights = [constant("shape", [-1, 784]), weight("rows", (784, 10), classes)]
    return save(path, nodes, [tensor("image", ["N", 28, 28, 1], FLOAT)], [tensor("scores", ["N", 10])], weights)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run's folder: results that no machine measured, of ONNX files that are there."""
    folder = tmp_path / "shipped"
    (folder / "models").mkdir(parents=True)
    results = results_of(checked(Study, STUDY, "test"))
    rows, hashes = [], {}
    for number, row in enumerate(results.rows):
        path = network(folder / "models" / f"{file_name(row.name)}.onnx", number)
        assert row.export is not None
        hashes[row.export.sha256] = file_digest(path)
        rows.append(row.model_copy(update={"export": row.export.model_copy(update={"sha256": file_digest(path)})}))
    measurements = [
        each.model_copy(
            update={"models": tuple(model.model_copy(update={"sha256": hashes[model.sha256]}) for model in each.models)}
        )
        for each in results.measurements
    ]
    found = results.model_copy(update={"rows": tuple(rows), "measurements": tuple(measurements)})
    (folder / "results.json").write_text(Results.model_dump_json(found))
    return folder


def test_a_pruned_variant_has_its_plan_proof_parity_and_what_it_gained(run: Path, tmp_path: Path) -> None:
    known = evidence_of_run(run, "50 %")
    manifest = write_bundle(known, tmp_path / "bundle")
    assert manifest.study == "shipped"
    assert manifest.plan is not None
    assert manifest.proof is not None
    assert manifest.proof.holds
    assert manifest.parity is not None
    (latency,) = manifest.latency
    assert latency.low_us is not None
    assert latency.low_us < latency.median_us
    assert manifest.baseline is not None
    assert manifest.baseline.sha256 == file_digest(run / "models" / "single-conv-seed-0-original.onnx")
    (speedup,) = manifest.baseline.speedups
    assert speedup.low is not None
    assert 1.9 < speedup.low < speedup.speedup < 2.3
    assert manifest.labels == tuple("0123456789")
    assert manifest.data.spec.name == "mnist5k"
    assert manifest.inputs[0].axes == ("batch", "height", "width", "channels")


def test_the_same_run_gives_the_same_bytes(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the command, each time from the run itself."""
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        code, out, err = in_process(capsys, "bundle", str(run), "50 %", "-o", str(folder), "--quiet")
        assert (code, err) == (0, "")
        assert out.startswith(f"{folder}: single_conv seed=0 50 %, ")
    files = [{path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()} for folder in folders]
    assert files[0] == files[1]
    assert len(files[0]) == 5
    assert in_process(capsys, "validate", str(folders[0]), "--quiet")[0] == 0


def test_the_original_has_no_baseline_and_is_named_in_any_way(run: Path) -> None:
    names = ("original", "single_conv seed=0 original", "single-conv-seed-0-original.onnx")
    found = [evidence_of_run(run, name) for name in names]
    assert {one.onnx for one in found} == {run / "models" / "single-conv-seed-0-original.onnx"}
    assert found[0].baseline is None


def test_an_unknown_variant_is_told_with_those_that_there_are(run: Path) -> None:
    with pytest.raises(BundleError, match="has no variant '99 %'; give one of 'single_conv seed=0 original'"):
        evidence_of_run(run, "99 %")


def test_of_what_a_name_begins_to_say_those_that_go_on_are_told(run: Path) -> None:
    with pytest.raises(BundleError, match=r"has no variant 'seed=0 original'; give one of '[^']*original'$"):
        evidence_of_run(run, "seed=0 original")


def test_a_model_that_was_changed_since_or_is_gone_is_not_bundled(run: Path) -> None:
    path = run / "models" / "single-conv-seed-0-original.onnx"
    network(path, 99)
    with pytest.raises(BundleError, match="was changed since the run measured it"):
        evidence_of_run(run, "original")
    path.unlink()
    with pytest.raises(BundleError, match="is missing; run the study again"):
        evidence_of_run(run, "original")


def test_data_that_is_not_what_the_run_saw_is_told(run: Path) -> None:
    results = read_results(run)
    rows = [
        row.model_copy(update={"accuracy": Accuracy(correct="10" * 50, device="cpu")}) if row.original else row
        for row in results.rows
    ]
    (run / "results.json").write_text(results.model_copy(update={"rows": tuple(rows)}).model_dump_json())
    with pytest.raises(BundleError, match="has 1000 test examples, the run saw 100"):
        evidence_of_run(run, "original")


def test_a_variant_in_int8_says_so_and_that_its_parity_is_of_the_float32_file(run: Path, tmp_path: Path) -> None:
    results = read_results(run)
    kept = OutputKept(top1=0.985, cosine={}, relative_error={})
    quantization = Quantization(
        spec=QuantizeSpec(),
        nodes=("conv", "dense"),
        left=(),
        others={},
        images=256,
        activations="uint8",
        agreement=Agreement(examples=500, outputs={"scores": kept}),
    )
    changed = {"quantize": "int8", "quantization": quantization}
    rows = [row.model_copy(update=changed) if row.prune is not None else row for row in results.rows]
    names = {row.name: new.name for row, new in zip(results.rows, rows, strict=True)}
    for old, new in names.items():
        (run / "models" / f"{file_name(old)}.onnx").rename(run / "models" / f"{file_name(new)}.onnx")
    (run / "results.json").write_text(results.model_copy(update={"rows": tuple(rows)}).model_dump_json())
    manifest = write_bundle(evidence_of_run(run, "50 %, INT8"), tmp_path / "bundle")
    assert manifest.quantization == quantization
    text = (tmp_path / "bundle" / "README.md").read_text(encoding="utf-8")
    assert "- Pruned right, before INT8: " in text
    assert "- Exported right, before INT8: " in text
    assert "- In INT8: 2 nodes, ranges from 256 images" in text
    assert "- `scores` is the same answer as in float32 on 98.5 % of 500 examples" in text
    plain = write_bundle(evidence_of_run(run, "original"), tmp_path / "plain")
    assert "quantization" not in plain.model_dump()
    assert "before" not in (tmp_path / "plain" / "README.md").read_text(encoding="utf-8")
