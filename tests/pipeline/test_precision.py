"""A study in other precisions, down the whole road."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest

from harness.pipeline.run import Run
from tests.pipeline.test_run import Place, study

SMALL: dict[str, Any] = {
    "name": "precisions",
    "data": {"limit": 300},
    "train": {"epochs": 1},
    "measure": {"batch_sizes": [1], "budget_s": 1, "device": "cpu"},
}
NETWORK = {"model": "single_conv", "options": {"filters": 8}, "prune": [{"ratio": 0.5}]}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    network = {**NETWORK, "quantize": ["int8", "fp16"]}
    return Place(tmp_path_factory.mktemp("precisions")).run(study(**SMALL, seeds=[0], networks=[network]))


def test_every_row_has_a_file_of_its_precision(finished: Run) -> None:
    rows = finished.results.rows
    assert [row.error for row in rows] == [None] * 6
    for row in rows:
        assert (row.quantization is None) == (row.quantize is None)
        if row.quantization is not None:
            assert row.quantization.agreement is not None
            assert row.quantization.agreement.examples == 60
            assert bool(row.quantization.blamed) == (row.quantize == "int8")
    own = {row.export.architecture for row in rows if row.export is not None}
    assert len(own) == 6


def test_files_keep_float32_inputs_and_outputs_and_are_in_the_run(finished: Run) -> None:
    files = sorted((finished.folder / "models").glob("*.onnx"))
    assert len(files) == 6
    for file in files:
        graph = onnx.load(file).graph
        kinds = [one.type.tensor_type.elem_type for one in (*graph.input, *graph.output)]
        assert kinds == [onnx.TensorProto.FLOAT] * 2


def test_all_are_measured_together_and_what_ran_is_known(finished: Run) -> None:
    (measurement,) = finished.results.measurements
    quantized = [model for model in measurement.models if model.placement and model.placement.conversions is not None]
    assert len(quantized) == 2
    assert all(model.placement and model.placement.in_8_bits for model in quantized)
    page = Path(finished.report).read_text(encoding="utf-8")
    assert "What INT8 and FP16 cost and bring" in page


@pytest.mark.slow
def test_seeds_share_their_graphs_and_what_auto_leaves_and_are_profiled_once(tmp_path: Path) -> None:
    """The scales and zero points of two seeds differ, and are no part of the architecture."""
    network = {**NETWORK, "quantize": ["int8", "auto"]}
    rows = Place(tmp_path).run(study(**SMALL, seeds=[0, 1], networks=[network])).results.rows
    assert [row.error for row in rows] == [None] * 12
    digests: dict[str, set[str]] = {}
    left: dict[str, set[tuple[str, ...]]] = {}
    profiled: dict[str, int] = {}
    for row in rows:
        assert row.export is not None
        digests.setdefault(row.variant, set()).add(row.export.architecture)
        if row.quantization is not None:
            left.setdefault(row.variant, set()).add(row.quantization.left)
            profiled[row.variant] = profiled.get(row.variant, 0) + bool(row.quantization.blamed)
    assert {len(found) for found in digests.values()} == {1}
    assert {len(found) for found in left.values()} == {1}
    assert (profiled["original, INT8"], profiled["50 %, INT8"]) == (1, 1)
