"""L2 of 1 on every layer (Stack Overflow 53654360): the loss is nearly all penalty, and kernels shrink to zero."""

from __future__ import annotations

from typing import Any

import pytest

from tests.field.conftest import Command

CASE = "penalty_drowns_loss"
LOSS = ("--loss", "sparse_categorical_crossentropy")
HISTORY = ("--history", "history.json")


def found(harness: Command, model: str, *arguments: str) -> list[Any]:
    ran = harness("diagnose", model, "--data", "npz:data.npz", *arguments, "--json")
    assert ran.code == 1
    return list(ran.json["findings"])


@pytest.mark.parametrize(
    ("model", "arguments"),
    [
        ("model.keras", ()),
        ("model.keras", LOSS),
        ("model.keras", HISTORY),
        ("trained.keras", ()),
        ("trained.keras", HISTORY),
    ],
)
def test_the_penalty_is_the_first_finding(harness: Command, model: str, arguments: tuple[str, ...]) -> None:
    """Fresh, trained, with its history, and with a loss that is given anew; never patience, or another rate."""
    first = found(harness, model, *arguments)[0]
    assert (first["kind"], first["severity"]) == ("penalty-drowns-loss", "stops learning")
    assert first["cure"] == "Lower l2 from 1 to about 0.001"
    assert "the penalty is 75." in first["evidence"]["text"]


def test_a_lower_penalty_is_proven(harness: Command) -> None:
    proof = found(harness, "model.keras", "--prove")[0]["proof"]
    assert not any(trial["learned"] for trial in proof["without"])
    assert all(trial["accuracy"] > 0.9 for trial in proof["with_cure"])
