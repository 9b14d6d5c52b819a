"""Diagnose many cases, and count what was named rightly: `python -m tests.diagnose.sweep planted [NAME ...]`."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import keras

from harness.base.progress import Progress, Silent
from harness.diagnose import Diagnosis
from tests.diagnose.cases.case import Case


@dataclass(frozen=True)
class Outcome:
    """What was said of one case; `error` is the exception where the diagnosis failed.

    `seconds` passed; `cpu_seconds` were spent on all cores together, and say more where others use the machine too.
    """

    name: str
    planted: str | None
    diagnosis: Diagnosis | None
    error: str
    seconds: float
    cpu_seconds: float

    @property
    def first(self) -> str:
        """The kind of the first finding."""
        if self.diagnosis is None:
            return self.error
        return next(iter(self.diagnosis.kinds()), "nothing")

    @property
    def named(self) -> bool:
        """Whether the planted fault is the first finding."""
        return self.diagnosis is not None and self.first == self.planted

    @property
    def false_alarm(self) -> bool:
        """Whether a healthy network was said not to learn, or could not be diagnosed at all."""
        return self.diagnosis is None or self.diagnosis.stops_learning

    @property
    def said(self) -> str:
        """All findings, worst first."""
        found = [] if self.diagnosis is None else self.diagnosis.findings
        return ", ".join(f"{f.kind} ({f.severity})" for f in found) or self.error or "nothing"

    @property
    def line(self) -> str:
        planted = f"; planted {self.planted}" if self.planted else ""
        return f"{self.seconds:5.1f} s ({self.cpu_seconds:5.1f} CPU)  {self.name}: {self.said}{planted}"

    def as_json(self) -> dict[str, Any]:
        diagnosis = None if self.diagnosis is None else self.diagnosis.model_dump(mode="json", exclude={"layers"})
        return {
            "name": self.name,
            "planted": self.planted,
            "error": self.error,
            "seconds": round(self.seconds, 2),
            "cpu_seconds": round(self.cpu_seconds, 2),
            "diagnosis": diagnosis,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Outcome:
        """What `as_json` wrote; the diagnosis has no picture of the layers."""
        diagnosis = values["diagnosis"] and Diagnosis.model_validate(values["diagnosis"])
        return cls(
            values["name"], values["planted"], diagnosis, values["error"], values["seconds"], values["cpu_seconds"]
        )


def sweep(cases: Iterable[Case], progress: Progress | None = None) -> list[Outcome]:
    """Diagnose each case in turn; seconds are those of the diagnosis, not of building or training the network."""
    outcomes = []
    shown = progress or Silent()
    for case in cases:
        with shown.task(case.name):
            outcomes.append(_outcome(case))
        keras.backend.clear_session()
        gc.collect()
    return outcomes


def _outcome(case: Case) -> Outcome:
    keras.utils.set_random_seed(1)
    asked = case.make()
    started, cpu_started = time.perf_counter(), time.process_time()
    diagnosis, error = None, ""
    try:
        diagnosis = asked.diagnose()
    except Exception as problem:
        error = f"{type(problem).__name__}: {str(problem).splitlines()[0]}"
    spent = time.perf_counter() - started, time.process_time() - cpu_started
    return Outcome(case.name, case.kind, diagnosis, error, *spent)


def main() -> None:
    """Show the outcomes of a table's cases, or of those named; those that are wrong are marked."""
    from bench.diagnose import PARTS

    table, names = PARTS[sys.argv[1]].cases, sys.argv[2:]
    for case in table:
        if not names or case.name in names:
            (outcome,) = sweep([case])
            wrong = not outcome.named if case.kind else outcome.false_alarm
            print("WRONG" if wrong else "     ", outcome.line, flush=True)  # noqa: T201
            if names and outcome.diagnosis is not None:
                for f in outcome.diagnosis.findings:
                    print("           ", f.kind, "|", f.where, "|", f.evidence.text)  # noqa: T201


if __name__ == "__main__":
    main()
