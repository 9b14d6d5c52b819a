"""What a look at the machine found, one subject at a time."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from harness.records import Record


class State(StrEnum):
    """How bad it is: `note` is good to know, `wrong` takes something away, with `broken` nothing can be measured."""

    GOOD = "good"
    NOTE = "note"
    WRONG = "wrong"
    BROKEN = "broken"


class Check(Record):
    """One subject: what was found, and what to do about it, where there is something to do."""

    subject: str
    state: State
    found: str
    cure: str = ""


class Checkup(Record):
    """The machine's facts; the devices on which onnxruntime was seen to run a model; and all checks."""

    schema_version: Literal["harness-doctor/1"] = "harness-doctor/1"
    environment: Mapping[str, Any]
    devices: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def worst(self) -> State:
        """The state of the worst check."""
        order = list(State)
        return max((check.state for check in self.checks), key=order.index, default=State.GOOD)
