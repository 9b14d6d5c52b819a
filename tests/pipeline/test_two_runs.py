"""Two runs on one store at once: both end with the same results, nothing is damaged, and no training is done twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.base.progress import Silent
from harness.base.store import Folder
from harness.base.store.upkeep import contents, verify
from tests.pipeline.test_elsewhere import without_seconds
from tests.pipeline.test_kills import INVENTED, REAL, Road, Started, artifacts, trainings


@pytest.mark.parametrize("road", [INVENTED, pytest.param(REAL, marks=pytest.mark.slow)], ids=["invented", "real"])
def test_both_end_with_the_same_results(road: Road, tmp_path: Path) -> None:
    """The same study, started twice in the same folder, whose run they both write in the end."""
    both = [Started(road, tmp_path) for _ in range(2)]
    ended = [each.end() for each in both]
    assert [each.code for each in ended] == [0, 0], ended[0].err + ended[1].err
    first, second = (without_seconds(each.rows) for each in ended)
    assert first == second
    assert [row["error"] for row in first] == [None] * 6
    assert len(trainings(artifacts(tmp_path))) == 4
    place = Folder(tmp_path / ".harness")
    found = contents(place)
    assert verify(place, found, Silent()) == []
    assert (found.leftovers, found.users, len(found.studies)) == ((), (), 1)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["small"]
    assert without_seconds(json.loads((tmp_path / "runs" / "small" / "results.json").read_text())["rows"]) == first
