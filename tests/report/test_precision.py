"""INT8 and FP16 in the report: named, told, and called slower where they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.compare import compare
from harness.compare.results import Results
from harness.report import write
from harness.report.conditions.precision import precision_part
from harness.report.findings.precision import other_precisions
from harness.report.names import Names
from harness.spec import Study
from tests.synthetic import World, results_of

STUDY = Study.model_validate(
    {
        "name": "precisions",
        "networks": [{"model": "deepcaptcha", "quantize": ["int8", "fp16"], "prune": [{"ratio": 0.5}]}],
    }
)


@pytest.fixture(scope="module")
def results() -> Results:
    return results_of(STUDY, World(noise=0.002))


def test_variants_are_named_for_their_precision(results: Results) -> None:
    names = Names(compare(results))
    found = {variant.label: (names.label(variant), names.full(variant)) for variant in names.answers.quantized}
    assert found["original, INT8"] == ("original, INT8", "deepcaptcha, unpruned, INT8")
    assert found["50 %, FP16"] == ("50\u00a0%, FP16", "deepcaptcha, pruned by 50\u00a0%, FP16")


def test_what_int8_where_faster_means_is_said_where_it_is_named(results: Results) -> None:
    auto = Study.model_validate({"name": "auto", "networks": [{"model": "deepcaptcha", "quantize": ["auto"]}]})
    told = Names(compare(results_of(auto, World()))).tuning_note()
    assert told == "INT8 where faster: only the nodes that are measured to be faster so are in INT8."
    assert "INT8" not in Names(compare(results)).tuning_note()


def test_int8_that_makes_a_pruned_network_slower_is_called_so_first(results: Results) -> None:
    answers = compare(results)
    found = other_precisions(answers, Names(answers))
    assert found is not None
    assert "3 became slower than in float32" in found.text
    assert "1 of 4 variants gained speed by it" in found.text
    assert any("pruned by 50\u00a0%, INT8" in item and "slower) itself in float32" in item for item in found.items[:3])


def test_the_nodes_to_blame_are_named(results: Results) -> None:
    answers = compare(results)
    found = other_precisions(answers, Names(answers))
    assert found is not None
    (line,) = [item for item in found.items if "pruned by 50\u00a0%, INT8" in item]
    assert "to blame at batch 1, by the profiler: conv1 takes 18.0" in line
    assert "instead of 4.00 (32 filters of 1 channel" in line
    assert "3 conversions beside MaxPool (2) and Reshape (1) take 12.0 of 80.0\u00a0µs" in line
    assert not any("to blame" in item for item in found.items if "unpruned, INT8" in item)


def test_a_run_without_precisions_says_nothing_of_them() -> None:
    network = STUDY.networks[0].model_copy(update={"quantize": ()})
    plain = results_of(STUDY.model_copy(update={"networks": (network,)}))
    answers = compare(plain)
    assert other_precisions(answers, Names(answers)) is None
    assert precision_part(plain, Names(answers)) is None


def test_how_the_files_were_made_is_told(results: Results) -> None:
    part = precision_part(results, Names(compare(results)))
    assert part is not None
    assert "activations uint8 with ranges by minmax from 256 training images" in part[1]
    assert "FP16 stores weights" in part[1]


def test_the_page_and_the_text_hold_all_of_it(results: Results, tmp_path: Path) -> None:
    written = write(results, tmp_path)
    for path in (written.html, written.markdown):
        text = path.read_text(encoding="utf-8")
        assert "What INT8 and FP16 cost and bring" in text
        assert "original, INT8" in text
