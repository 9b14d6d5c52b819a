"""How often a diagnosis is right, and how long it takes: `make bench-diagnose`, about half an hour on 2 cores.

The four networks as they were asked about, every planted fault, every healthy network, and both again for cases that no
threshold was chosen on. The figures go to bench/results/diagnose.md and .json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

import models
from harness.cli.terminal import terminal
from harness.measure.runtime.environment import describe
from tests.diagnose.cases import healthy, held_out, held_out_again, planted
from tests.diagnose.cases.case import Case, ask, digits
from tests.diagnose.cases.weights import first_rows, impatient
from tests.diagnose.sweep import Outcome, sweep

RESULTS = Path(__file__).parent / "results"


def eight(side: int, **options: Any) -> keras.Model:
    """The study's network for so many pixels a side."""
    return models.build("eight_class", input_shape=[side, side, 3], n_class=10, **options)


ASKED: tuple[Case, ...] = (
    Case("deepcaptcha, padding same, 0 to 255", lambda: ask(models.build("deepcaptcha"), digits("raw", limit=5000))),
    Case("colored", lambda: ask(models.build("colored"), digits(color=True, limit=5000))),
    Case("single_conv, one filter removed, first rows", lambda: ask(first_rows(32, 1), digits(limit=5000))),
    Case("eight_class, constant 16, 48x48, with its history at chance", impatient),
    Case("eight_class, constant 256, 104x104", lambda: ask(eight(104), digits(color=True, side=104, limit=1000))),
    Case("eight_class, constant 256, 200x200", lambda: ask(eight(200), digits(color=True, side=200, limit=300))),
    Case(
        "eight_class, funnel, 200x200",
        lambda: ask(eight(200, design="funnel"), digits(color=True, side=200, limit=300)),
    ),
)


@dataclass(frozen=True)
class Part:
    """A table of cases, and what must come of it."""

    title: str
    cases: tuple[Case, ...]
    wanted: str


PARTS: Mapping[str, Part] = {
    "asked": Part("The four networks as they were asked about", ASKED, "under 20 s each"),
    "planted": Part("Planted faults", planted.PLANTED, "the fault is the first finding in 95 %"),
    "healthy": Part("Healthy networks", healthy.HEALTHY, "at most one is said not to learn"),
    "applications": Part("keras.applications, untrained", healthy.APPLICATIONS, "as above, together"),
    "held-out-planted": Part("Planted faults, held out", held_out.PLANTED, "the fault is the first finding in 95 %"),
    "held-out-healthy": Part("Healthy networks, held out", held_out.HEALTHY, "at most one is said not to learn"),
    "held-out-again-planted": Part(
        "Planted faults of the newer kinds, held out", held_out_again.PLANTED, "the fault is the first finding in 95 %"
    ),
    "held-out-again-healthy": Part(
        "Healthy networks near the newer kinds, held out", held_out_again.HEALTHY, "at most one is said not to learn"
    ),
}


def counted(outcomes: Sequence[Outcome]) -> str:
    """How many are right."""
    if any(outcome.planted for outcome in outcomes):
        named = sum(outcome.named for outcome in outcomes)
        return f"{named} of {len(outcomes)} named ({named / len(outcomes):.1%})"
    return f"{sum(outcome.false_alarm for outcome in outcomes)} of {len(outcomes)} said not to learn"


def markdown(outcomes: Mapping[str, list[Outcome]], environment: Mapping[str, Any]) -> str:
    """The report: totals, then what was wrong, then every case."""
    lines = [
        "# Diagnosis: how often it is right, and how long it takes",
        "",
        f"{environment['cpu']}; {len(environment['affinity'])} CPUs; Keras {keras.__version__} on "
        f"{keras.backend.backend()}. Made by `python -m bench.diagnose` (`make bench-diagnose`).",
        "Seconds are those of one diagnosis, without importing Keras, building or training the network; CPU seconds "
        "are those of all cores together, and say more where a machine is busy with other things.",
        "",
        "| what | wanted | found | median s | longest s | longest CPU s |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in outcomes.items():
        seconds = sorted(outcome.seconds for outcome in found)
        found_text = counted(found) if name != "asked" else "see below"
        lines.append(
            f"| {PARTS[name].title} | {PARTS[name].wanted} | {found_text} | {seconds[len(seconds) // 2]:.1f} | "
            f"{seconds[-1]:.1f} | {max(outcome.cpu_seconds for outcome in found):.1f} |"
        )
    for name, found in outcomes.items():
        lines += ["", f"## {PARTS[name].title}", "", "| case | planted | found, worst first | s | CPU s |"]
        lines.append("|---|---|---|---|---|")
        lines += [_row(outcome, judged=name != "asked") for outcome in found]
    return "\n".join(lines) + "\n"


def _row(outcome: Outcome, *, judged: bool) -> str:
    wrong = judged and (not outcome.named if outcome.planted else outcome.false_alarm)
    name = f"**{outcome.name} (wrong)**" if wrong else outcome.name
    return f"| {name} | {outcome.planted or ''} | {outcome.said} | {outcome.seconds:.1f} | {outcome.cpu_seconds:.1f} |"


def earlier(path: Path) -> dict[str, list[Outcome]]:
    """The outcomes in a file that this wrote before; none where there is no such file."""
    if not path.is_file():
        return {}
    parts = json.loads(path.read_text())["parts"]
    return {name: [Outcome.from_json(values) for values in parts[name]] for name in parts if name in PARTS}


def main() -> None:
    """Diagnose what is asked for, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--parts", nargs="+", choices=list(PARTS), default=list(PARTS), help="others keep their results"
    )
    parser.add_argument("--out", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    progress = terminal(quiet=False)
    outcomes = earlier(chosen.out / "diagnose.json")
    outcomes |= {name: sweep(PARTS[name].cases, progress) for name in chosen.parts}
    outcomes = {name: outcomes[name] for name in PARTS if name in outcomes}
    for name, found in outcomes.items():
        sys.stderr.write(f"{name}: {counted(found)}\n")
    environment = describe()
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "diagnose.md").write_text(markdown(outcomes, environment))
    answer = {
        "environment": environment,
        "parts": {name: [outcome.as_json() for outcome in found] for name, found in outcomes.items()},
    }
    (chosen.out / "diagnose.json").write_text(json.dumps(answer, indent=1) + "\n")


if __name__ == "__main__":
    main()
