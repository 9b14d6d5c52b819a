"""The files of a report."""

from __future__ import annotations

import html.parser
import json
import re
from pathlib import Path

import pytest

from harness.base.errors import StoreError
from harness.compare import compared
from harness.compare.results import Results
from harness.report import ReportPaths, as_json, write
from harness.report.content import self_diagnosis
from harness.report.html import script_json
from harness.report.markdown import markdown_text
from harness.report.names import Names
from harness.report.writing import put
from harness.spec import Study
from tests.report.findings.test_doubts import of_file
from tests.synthetic import World, results_of

EVIL = "<script>alert('x')</script> & | *bold* `code` \\"


class Page(html.parser.HTMLParser):
    """What a browser would see: the tags with their attributes, and the text outside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.specs: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open:
            self.text.append(data)
        elif self.tags[-1] == ("script", {"type": "application/json", "class": "spec"}):
            self.specs.append(data)


@pytest.fixture(scope="module")
def page(written: ReportPaths) -> Page:
    return Page(written.html.read_text())


def test_a_report_is_a_page_a_text_and_each_chart_twice(written: ReportPaths) -> None:
    names = sorted(path.name for path in written.charts)
    stems = ("frontier", "rows", "seeds", "speedup")
    assert names == [f"{stem}.{kind}" for stem in stems for kind in ("png", "svg")]
    for path in (written.html, written.markdown, *written.charts):
        assert path.stat().st_size > 1000
    assert not list(written.html.parent.rglob("*.unfinished"))


def test_pictures_are_pictures(written: ReportPaths) -> None:
    for path in written.charts:
        start = path.read_bytes()[:8]
        assert start == b"\x89PNG\r\n\x1a\n" if path.suffix == ".png" else start.startswith(b"<svg")


def test_the_page_loads_nothing(page: Page) -> None:
    """No address of another file, and a policy that forbids it."""
    outside = [(tag, attrs) for tag, attrs in page.tags if attrs.get("src") or (attrs.get("href") and tag != "a")]
    assert outside == []
    policy = next(attrs for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert str(policy["content"]).startswith("default-src 'none'")


def test_every_chart_on_the_page_is_whole_json(page: Page) -> None:
    assert len(page.specs) == 10
    for text in page.specs:
        spec = json.loads(text)
        assert spec["datasets"]
        assert spec["config"]["background"] == "#ffffff"


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


def test_tables_of_the_text_have_as_many_cells_as_columns(written: ReportPaths) -> None:
    blocks = re.findall(r"(?:^\|.*\n)+", written.markdown.read_text(), flags=re.MULTILINE)
    assert len(blocks) >= 5
    for block in blocks:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block


def test_the_text_shows_each_chart(written: ReportPaths) -> None:
    shown = re.findall(r"!\[[^]]*\]\(([^)]+)\)", written.markdown.read_text())
    assert len(shown) == 4
    assert all((written.markdown.parent / path).is_file() for path in shown)


def test_whatever_a_user_writes_is_text(study: Study, tmp_path: Path) -> None:
    """A question, an option and an error that look like markup stay what they are."""
    evil = study.networks[0].model_copy(update={"vary": {"padding": ["same", "</script><b>x"]}, "prune": ()})
    hostile = study.model_copy(update={"question": EVIL, "networks": (evil, study.networks[1])})
    world = World(failures={"single_conv seed=1 1 filter": EVIL}, measured=False)
    paths = write(results_of(hostile, world), tmp_path)
    seen = Page(paths.html.read_text())
    assert " ".join(seen.text).count(EVIL) == 2
    assert not [tag for tag, _ in seen.tags if tag == "b"]
    assert any("</script><b>x" in json.dumps(json.loads(spec), ensure_ascii=False) for spec in seen.specs)
    markdown = paths.markdown.read_text()
    assert "<script" not in markdown.replace("\\<script", "")
    assert markdown_text(EVIL) in markdown


def test_json_in_a_script_can_not_end_it() -> None:
    text = script_json({"name": "</script><!--&\u2028"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"name": "</script><!--&\u2028"}


def test_a_file_that_can_not_be_written_is_one_line_and_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("old")
    (tmp_path / "charts").write_text("a file where a folder must be")
    with pytest.raises(StoreError, match="charts"):
        put(tmp_path, {"charts/x.svg": b"new", "report.html": b"new"})
    assert (tmp_path / "report.html").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["charts", "report.html"]


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


def test_several_modes_have_a_table_each(study: Study, tmp_path: Path) -> None:
    measure = study.measure.model_copy(update={"modes": ("end_to_end", "device"), "batch_sizes": (4,)})
    small = study.model_copy(update={"measure": measure, "networks": study.networks[1:], "seeds": (0,)})
    markdown = write(results_of(small, World(launches=10)), tmp_path).markdown.read_text()
    assert "### Measured otherwise: inputs and outputs kept on the device" in markdown


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


def test_networks_that_were_measured_apart_share_a_report(tmp_path: Path) -> None:
    network = {"model": "net", "vary": {"data.resize": [[28, 28], [14, 14]]}, "prune": [{"ratio": 0.5}]}
    study = Study.model_validate({"name": "sizes", "networks": [network]})
    world = World(inputs=lambda case: (*(case.data.resize or ()), 1))
    markdown = write(results_of(study, world), tmp_path).markdown.read_text()
    assert "were measured apart, in 2 groups" in markdown
    assert "| 14×14×1 | 32 |" in markdown
    assert markdown.count("14-14, pruned by 50") > 1
