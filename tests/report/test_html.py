"""The page, as text; `browser/` opens it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.report import ReportPaths, write
from harness.spec import Study
from tests.report.page import Page
from tests.synthetic import results_of


def test_the_page_loads_nothing(page: Page) -> None:
    """No address of another file, and a policy that forbids it."""
    named = [str(attrs.get("src") or attrs.get("href")) for tag, attrs in page.tags if tag != "a"]
    assert {name for name in named if not name.startswith("data:image/png;base64,")} == {"None"}
    policy = next(attrs for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert str(policy["content"]).startswith("default-src 'none'")
    assert "eval" not in str(policy["content"])


def test_every_chart_is_a_picture_with_a_name(page: Page) -> None:
    """Two overviews for two screens each, and ten panels."""
    names = [attrs["aria-label"] for tag, attrs in page.tags if tag == "svg"]
    assert len(names) == 14
    assert names[0] == "Accuracy against latency, Batch 1: 10 variants"
    assert "part 2 of 2" in str(names[5])


def test_question_answer_frontier_and_command_come_before_all_else(written: ReportPaths) -> None:
    text = written.html.read_text()
    order = ("<h1>", 'class="answer"', 'class="view"', 'class="command"', "<nav", 'id="variants"', 'id="conditions"')
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_one_variant_more_costs_little(study: Study, tmp_path: Path) -> None:
    """What fifty variants would need stays far below three megabytes."""
    network = study.networks[0]
    prune = (network.prune[0].model_copy(update={"ratio": 0.6}), *network.prune)
    larger = study.model_copy(update={"networks": (network.model_copy(update={"prune": prune}),)})
    smaller = study.model_copy(update={"networks": (network,)})
    sizes = []
    for number, asked in enumerate((smaller, larger)):
        sizes.append(write(results_of(asked), tmp_path / str(number)).html.stat().st_size)
    each = (sizes[1] - sizes[0]) / 2
    assert sizes[0] + 50 * each < 1_500_000


@pytest.mark.slow
def test_fifty_variants_fit_in_three_megabytes(tmp_path: Path) -> None:
    prune = [{"ratio": [round(0.05 + 0.08 * step, 2) for step in range(11)], "finetune_epochs": 1}]
    vary = {"padding": ["same", "valid"], "filters": [[32, 48, 64], [16, 24, 32]]}
    networks = [{"model": "deepcaptcha", "vary": vary, "prune": prune}]
    study = Study.model_validate({"name": "fifty", "seeds": [0, 1, 2], "networks": networks})
    assert write(results_of(study), tmp_path).html.stat().st_size < 3_000_000
