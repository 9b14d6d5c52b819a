"""The documents name what is there: links, files and folders, and the page of each decision."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MODULES = {path.name for part in ("harness", "models", "bench", "tests") for path in (ROOT / part).rglob("*.py")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if "://" not in target and not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_are_named_are_there(page: Path) -> None:
    """`harness/stats/learned.py` from the root, `learned.py` anywhere."""
    named = re.findall(r"`((?:harness|models|bench|tests|docs)/[\w/.-]*|\w+\.py)`", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists() and name not in MODULES] == []


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"^\| \[([\w-]+)\]\(\1\.md\) \|", (folder / "README.md").read_text(encoding="utf-8"), re.M)
    assert listed == sorted(path.stem for path in folder.glob("*.md") if path.name != "README.md")
    for name in listed:
        assert "\n**Decided.** " in (folder / f"{name}.md").read_text(encoding="utf-8"), name
