"""What `--on` says, and what is wrong with it in one line."""

from __future__ import annotations

import pytest

from harness.base.errors import SpecError
from harness.pipeline.engine.place import Place, read_place


@pytest.mark.parametrize(("text", "workers"), [("here", 0), ("workers", 1), ("workers:4", 4)])
def test_places(text: str, workers: int) -> None:
    assert read_place(text) == Place(workers)


@pytest.mark.parametrize("text", ["", "wrokers", "workers:", "workers:x", "workers:-1", "workers:1.5", "here:2"])
def test_no_such_place(text: str) -> None:
    with pytest.raises(SpecError, match=r"no such place; give 'workers', 'workers:4' or 'here'$"):
        read_place(text)


def test_no_worker_is_none() -> None:
    with pytest.raises(SpecError, match=r"^--on workers:0: give at least one worker, or 'here' for none$"):
        read_place("workers:0")
