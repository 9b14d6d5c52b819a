"""Page and text show the same."""

from __future__ import annotations

from pathlib import Path

from harness.compare import compared
from harness.compare.results import Results
from harness.report import ReportPaths, as_json, write
from harness.report.content import self_diagnosis
from harness.report.markdown import markdown_text
from harness.report.names import Names
from harness.spec import Study
from tests.report.findings.worlds import of_file
from tests.report.page import EVIL, Page
from tests.synthetic import World, results_of


def test_the_page_and_the_text_say_the_same(page: Page, written: ReportPaths) -> None:
    """The best buy, the mistake and a failure's place are in both."""
    text = " ".join(page.text)
    markdown = written.markdown.read_text()
    for words in (
        "none of the faster ones is shown to cost so little",
        "(h·W + w)·C + c",
        "one file stands for each graph",
    ):
        assert words in text
        assert words in markdown


def test_whatever_a_user_writes_is_text(study: Study, tmp_path: Path) -> None:
    """A question, an option and an error that look like markup stay what they are."""
    evil = study.networks[0].model_copy(update={"vary": {"padding": ["same", "</script><b>x"]}, "prune": ()})
    hostile = study.model_copy(update={"question": EVIL, "networks": (evil, study.networks[1])})
    world = World(failures={"single_conv seed=1 1 filter": EVIL}, measured=False)
    paths = write(results_of(hostile, world), tmp_path)
    seen = Page(paths.html.read_text())
    assert " ".join(seen.text).count(EVIL) == 2
    assert any("</script><b>x" in str(attrs.get("data-tip")) for _, attrs in seen.tags)
    assert not [tag for tag, _ in seen.tags if tag == "b"]
    markdown = paths.markdown.read_text()
    assert "<script" not in markdown.replace("\\<script", "")
    assert markdown_text(EVIL) in markdown


def test_the_measurement_names_networks_and_not_files(results: Results, names: Names) -> None:
    """A file's path in the store tells a reader nothing."""
    (measurement,) = results.measurements
    slow = measurement.models[0].model_copy(update={"findings": ("a convolution that CUDA runs slowly",)})
    models = (slow, *measurement.models[1:])
    measurement = measurement.model_copy(update={"models": models})
    changed = results.model_copy(update={"measurements": (measurement,)})
    told = self_diagnosis(changed, compared(changed), names)
    assert any(line.startswith("deepcaptcha same, unpruned: a convolution") for line in told), told
    assert not any(".onnx" in line for line in told)


def test_a_file_at_chance_is_told_in_every_form(tmp_path: Path) -> None:
    paths = write(of_file(0.25), tmp_path)
    page, markdown = Page(paths.html.read_text()), paths.markdown.read_text()
    told = " ".join(page.text)
    assert "At chance" in told
    assert "**At chance.**" in markdown
    assert "at chance" in [text.strip() for text in page.text], "a badge"
    assert as_json(of_file(0.25))["findings"][0]["title"] == "At chance"
    for text in (told, markdown):
        assert "came trained" not in text
        assert "Best buy" not in text
