"""The text."""

from __future__ import annotations

import re
from pathlib import Path

from harness.report import ReportPaths, write
from harness.spec import Study
from tests.synthetic import World, results_of


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


def test_several_modes_have_a_table_each(study: Study, tmp_path: Path) -> None:
    measure = study.measure.model_copy(update={"modes": ("end_to_end", "device"), "batch_sizes": (4,)})
    small = study.model_copy(update={"measure": measure, "networks": study.networks[1:], "seeds": (0,)})
    markdown = write(results_of(small, World(launches=10)), tmp_path).markdown.read_text()
    assert "### Measured otherwise: inputs and outputs kept on the device" in markdown


def test_networks_that_were_measured_apart_share_a_report(tmp_path: Path) -> None:
    network = {"model": "net", "vary": {"data.resize": [[28, 28], [14, 14]]}, "prune": [{"ratio": 0.5}]}
    study = Study.model_validate({"name": "sizes", "networks": [network]})
    world = World(inputs=lambda case: (*(case.data.resize or ()), 1))
    markdown = write(results_of(study, world), tmp_path).markdown.read_text()
    assert "were measured apart, in 2 groups" in markdown
    assert "| 14×14×1 | 32 |" in markdown
    assert markdown.count("14-14, pruned by 50") > 1
