"""A weight penalty that drowns the loss (Stack Overflow 53654360): l2(1) on each layer, and one class for all."""

from __future__ import annotations

import json

import pytest

from tests.field.conftest import Command
from tests.field.diagnosing import first

CASE = "penalty_drowns_loss"
DATA = ("--data", "npz:data.npz", "--json")


@pytest.mark.parametrize(
    "more",
    [
        ("model.keras",),
        ("model.keras", "--history", "history.json"),
        ("model.keras", "--loss", "sparse_categorical_crossentropy"),
        ("trained.keras",),
        ("trained.keras", "--history", "history.json"),
    ],
)
def test_the_penalty_is_named_first(harness: Command, more: tuple[str, ...]) -> None:
    ran = harness("diagnose", *more, *DATA)
    assert ran.code == 1
    assert first(ran)["kind"] == "penalty-drowns-loss"


def test_the_cure_is_proved(harness: Command) -> None:
    found = first(harness("diagnose", "model.keras", *DATA, "--prove"))
    trials = json.loads(json.dumps(found["proof"]))
    assert not any(trial["learned"] for trial in trials["without"])
    assert all(trial["learned"] for trial in trials["with_cure"])
