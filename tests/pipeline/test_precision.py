"""A study in other precisions, down the whole road."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from harness.pipeline.run import Run
from tests.pipeline.test_run import Place, study

NETWORK = {
    "model": "single_conv",
    "options": {"filters": 8},
    "quantize": ["int8", "fp16", "auto"],
    "prune": [{"ratio": 0.5}],
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    asked = study(name="precisions", networks=[NETWORK], data={"limit": 300}, train={"epochs": 1})
    return Place(tmp_path_factory.mktemp("precisions")).run(asked)


def test_every_row_has_a_file_of_its_precision(finished: Run) -> None:
    rows = finished.results.rows
    assert [row.error for row in rows] == [None] * 16
    assert len([row for row in rows if row.quantize is not None]) == 12
    for row in rows:
        assert (row.quantization is None) == (row.quantize is None)
        if row.quantization is not None:
            assert row.quantization.agreement is not None
            assert row.quantization.agreement.examples == 60


def test_seeds_share_their_graphs_and_precisions_do_not(finished: Run) -> None:
    """The scales and zero points of two seeds differ, and are no part of the architecture."""
    digests: dict[str, set[str]] = {}
    for row in finished.results.rows:
        assert row.export is not None
        digests.setdefault(row.variant, set()).add(row.export.architecture)
    assert {len(found) for found in digests.values()} == {1}
    own = {label: found.pop() for label, found in digests.items()}
    assert len({own["original"], own["original, INT8"], own["original, FP16"], own["50 %, INT8"]}) == 4


def test_files_keep_float32_inputs_and_outputs_and_are_in_the_run(finished: Run) -> None:
    files = sorted((finished.folder / "models").glob("*.onnx"))
    assert len(files) == 16
    for file in files:
        graph = onnx.load(file).graph
        kinds = [one.type.tensor_type.elem_type for one in (*graph.input, *graph.output)]
        assert kinds == [onnx.TensorProto.FLOAT] * 2


def test_all_are_measured_together_and_what_ran_is_known(finished: Run) -> None:
    (measurement,) = finished.results.measurements
    quantized = [model for model in measurement.models if model.placement and model.placement.conversions is not None]
    assert quantized
    assert all(model.placement and model.placement.in_8_bits for model in quantized)
    page = Path(finished.report).read_text(encoding="utf-8")
    assert "INT8" in page


def test_auto_leaves_the_same_nodes_for_all_seeds(finished: Run) -> None:
    auto = [row for row in finished.results.rows if row.quantize == "auto" and row.prune is None]
    left = {row.quantization.left for row in auto if row.quantization is not None}
    assert len(auto) == 2
    assert len(left) == 1
