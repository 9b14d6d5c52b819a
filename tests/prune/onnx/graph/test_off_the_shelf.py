"""Files that others made (`make fetch-onnx`): each is proved, or says why nothing can be pruned."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.onnx_files import RATIOS, SIX, files, once

FOLDER = Path(__file__).parents[4] / "runs" / "onnx-files"
FILES = {f"{path.parent.name}/{path.stem}": path for path in files(FOLDER)}


@pytest.mark.slow
@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("name", FILES or ["none"])
def test_it_is_proved_or_says_why_not(name: str, ratio: float) -> None:
    """Of the six that have most of their work in convolutions, little is left where half of every group goes."""
    if not FILES:
        pytest.skip("no files: run make fetch-onnx")
    row = once(FILES[name], ratio)
    if row.weights is None:
        assert "nothing can be pruned: " in row.why
        return
    assert row.difference is not None
    assert row.difference <= 1e-5
    assert row.weights < 1
    if ratio == 0.5 and FILES[name].stem in SIX:
        assert row.weights <= (0.41 if FILES[name].stem == "common_old" else 0.4)  # its 8,210 classes alone are 31 %
        assert row.macs is not None
        assert row.macs <= 0.45
