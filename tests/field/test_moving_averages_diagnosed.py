"""Right in `fit`, at chance in `evaluate` on the same images (keras-team/keras#6014): 40 steps at momentum 0.99."""

from __future__ import annotations

import pytest

from tests.field.conftest import Command

CASE = "moving_averages"


@pytest.mark.parametrize("arguments", [(), ("--history", "history.json")], ids=["alone", "history"])
def test_the_layer_both_figures_and_the_cure_are_named(harness: Command, arguments: tuple[str, ...]) -> None:
    ran = harness("diagnose", "model.keras", "--data", "npz:data.npz", *arguments, "--json")
    first = ran.json["findings"][0]
    assert (ran.code, first["kind"], first["where"]) == (1, "moving-statistics", "norm")
    assert first["evidence"]["value"] < 0.7
    assert first["evidence"]["better"] > 0.9
    assert "momentum=0.9 in norm" in first["cure"]
    assert "predictions-collapsed" not in [finding["kind"] for finding in ran.json["findings"]]
