"""A network that learned under mixed_float16 (keras-team/keras#20710): nothing stops what is all right."""

from __future__ import annotations

from tests.field.conftest import Command

CASE = "mixed_float16"


def test_small_gradients_of_a_network_at_100_percent_are_no_finding(harness: Command) -> None:
    ran = harness("diagnose", "model.keras", "--data", "npz:data.npz", "--json")
    assert (ran.code, ran.json["findings"], ran.json["learning_rate"]) == (0, [], 0.01)
