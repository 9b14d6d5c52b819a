"""Gates, from a file and from a command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.base.errors import SpecError
from harness.spec import Gates, gates_of


def written(folder: Path, text: str) -> Path:
    path = folder / "gates.toml"
    path.write_text(text)
    return path


def test_a_file_and_options_go_together(tmp_path: Path) -> None:
    """How to measure is as the options say; a gate in both must be the same."""
    file = written(tmp_path, "max_latency_us = 200\nspend_s = 60\nthreads = 2\n")
    found = gates_of(file, {"min_accuracy": 0.9, "spend_s": 90.0, "max_latency_us": 200.0})
    assert found.bounds == {"min_accuracy": 0.9, "max_latency_us": 200.0}
    assert (found.spend_s, found.threads) == (90.0, 2)
    assert gates_of(None, {}) == Gates()


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("max_latency_us = 200", {"max_latency_us": 100.0}, "contradicts 100.0 on the command line; leave one out"),
        ("max_latency = 200", {}, "'max_latency' is unknown; known here: min_accuracy"),
        ("min_accuracy = 90", {}, "min_accuracy = 90: input should be less than or equal to 1"),
        ("max_size_mb = -1", {}, "max_size_mb = -1"),
        ("max_latency_us = nan", {}, "max_latency_us = nan"),
        ("batch_sizes = [1, 1]", {}, "each once"),
        ("device = 'tpu'", {}, "device = 'tpu'"),
        ("max_latency_us = ", {}, "not TOML"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(tmp_path: Path, text: str, options: dict[str, float], message: str) -> None:
    with pytest.raises(SpecError) as told:
        gates_of(written(tmp_path, text), options)
    assert message in str(told.value)
    assert "gates.toml" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no such gates; give the path of a TOML file"):
        gates_of(tmp_path / "none.toml", {})
    with pytest.raises(SpecError, match="can't be read"):
        gates_of(tmp_path, {})
