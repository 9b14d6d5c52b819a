"""Does `harness validate` keep its promises? `make bench-gate`, on a machine that is otherwise idle.

A network is bundled and validated against itself; how long that takes without any measuring is timed first. With every
gate at the value that it measured itself, hardly any gate may be decided; with gates 5 % away, nearly all must be, and
rightly. Each try is kept in bench/results/gate-DEVICE.json as soon as it is done, so that an interrupted bench goes on
where it stopped; --again starts anew. The exit code is 0 when all promises hold, 1 when one does not.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from bench.selftest import RESULTS, say
from harness import stats
from harness.base.store import Store
from harness.deploy.bundling import write_bundle
from harness.deploy.question import Question
from harness.deploy.source.from_run import evidence_of_run
from harness.deploy.validating import validate
from harness.deploy.validation import Validation
from harness.measure.runtime.environment import describe
from harness.pipeline.run import run_study
from harness.spec import Device, Gates, Study, checked

DATA = "mnist5k"
APART = 0.05
TRIES = 40
LAST = 10  # a network's own latency and memory are what the last so many tries measured
MEASURED = ("max_latency_us", "min_speedup", "max_memory_mb")
FAR = 1000.0
HURRIED, MOST_SECONDS = 5, 5.0
OPEN = "can't tell"


@dataclass
class Bench:
    """The network's bundle, and what was tried so far: each try's values, decisions, and gates that were right."""

    run: Path
    bundle: Path
    device: Device
    spend_s: float
    path: Path
    tries: list[dict[str, Any]] = field(default_factory=list)

    def validate(self, bounds: Mapping[str, float]) -> Validation:
        """The bundle against itself."""
        gates = checked(Gates, {**bounds, "spend_s": self.spend_s, "device": self.device}, "bench")
        return validate(self.bundle, Question(gates, DATA, None, self.bundle))

    def own(self, name: str) -> float:
        """What a gate's value is for this network: the mean over the last tries, on a logarithmic scale."""
        if name == "max_accuracy_drop":
            return 0.0
        if name == "min_speedup":
            return 1.0
        values = [each["values"][name] for each in self.tries if name in each["values"]][-LAST:]
        return values[-1] if name == "min_accuracy" else math.exp(sum(map(math.log, values)) / len(values))

    def keep(self, what: str, bounds: Mapping[str, float], found: Validation, right: str) -> None:
        """Note what a try found, on disk."""
        gates = [finding for finding in found.findings if finding.bound is not None and finding.name in bounds]
        self.tries.append(
            {
                "what": what,
                "bounds": dict(bounds),
                "values": {each.name: each.value for each in gates if each.value is not None},
                "intervals": {each.name: [each.low, each.high] for each in gates},
                "decisions": {each.name: each.decision for each in gates},
                "right": right,
                "seconds": round(found.seconds, 1),
            }
        )
        self.save()
        say(f"{len(self.tries)}: {what} {', '.join(f'{each.name} {each.decision}' for each in gates)}")

    def save(self) -> None:
        """Write all tries, and what follows from them."""
        found = {"environment": describe(), "spend_s": self.spend_s, "tries": self.tries}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(found, indent=1) + "\n")
        self.path.with_suffix(".md").write_text(markdown(self.tries, self.device))


def hurry(bench: Bench, count: int) -> None:
    """The two commands as a user gives them, without gates: all their seconds are beside the measuring."""
    commands = (
        ["bundle", str(bench.run), "original", "-o", str(bench.bundle)],
        ["validate", str(bench.bundle), "--device", bench.device],
    )
    for _ in range(count - done(bench.tries, "beside measuring")):
        start = time.monotonic()
        for command in commands:
            subprocess.run([sys.executable, "-m", "harness", *command, "-q"], check=True, capture_output=True)
        seconds = round(time.monotonic() - start, 2)
        bench.tries.append({"what": "beside measuring", "values": {}, "decisions": {}, "right": "", "seconds": seconds})
        bench.save()
        say(f"{len(bench.tries)}: bundle and validate in {seconds} s")


def learn(bench: Bench, count: int) -> None:
    """The network's own values, from gates that are far away and so decided soon."""
    far = {"min_accuracy": 0.0, "max_latency_us": 1e9, "min_speedup": 1 / FAR, "max_memory_mb": 1e6}
    for _ in range(count - done(bench.tries, "own values")):
        bench.keep("own values", far, bench.validate(far), "pass")


def alternate(bench: Bench, count: int) -> None:
    """Gates at the own values, and gates 5 % away on either side, in turn, so that both see the same machine."""
    for number in range(count):
        if done(bench.tries, "at own values") <= number:
            bounds = {name: bench.own(name) for name in ("min_accuracy", "max_accuracy_drop", *MEASURED)}
            bench.keep("at own values", bounds, bench.validate(bounds), "can't tell")
        if done(bench.tries, "apart") <= number:
            right = "pass" if number % 2 == 0 else "fail"
            bounds = {name: bench.own(name) * _factor(name, right) for name in ("min_accuracy", *MEASURED)}
            bounds["min_accuracy"] = min(1.0, bounds["min_accuracy"])
            bench.keep("apart", bounds, bench.validate(bounds), right)


def _factor(name: str, right: str) -> float:
    """By what a gate is moved, so that it is passed or failed by 5 %."""
    return 1 - APART if (right == "pass") == name.startswith("min_") else 1 + APART


def done(tries: Sequence[Mapping[str, Any]], what: str) -> int:
    """How many tries of a kind there are."""
    return sum(each["what"] == what for each in tries)


def decisions(tries: Sequence[Mapping[str, Any]], what: str) -> list[tuple[str, str, str]]:
    """Each gate of the tries of a kind: its name, what it came to, and what is right."""
    return [
        (name, decision, each["right"])
        for each in tries
        if each["what"] == what
        for name, decision in each["decisions"].items()
    ]


def promises(tries: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, bool]]:
    """What is promised, wanted and found, and whether it holds."""
    own, apart = decisions(tries, "at own values"), decisions(tries, "apart")
    decided = sum(decision != "can't tell" for _, decision, _ in own)
    wholly = sum(
        any(decision != "can't tell" for decision in each["decisions"].values())
        for each in tries
        if each["what"] == "at own values"
    )
    right = sum(decision == wanted for _, decision, wanted in apart)
    wrong = sum(decision not in (wanted, "can't tell") for _, decision, wanted in apart)
    seconds = [each["seconds"] for each in tries if each["what"] == "beside measuring"]
    return [
        (
            "a deepcaptcha is bundled and validated, beside the measuring",
            f"at most {MOST_SECONDS:g} s",
            f"{stats.median(seconds):.1f} s, the median of {len(seconds)}",
            bool(seconds) and stats.median(seconds) <= MOST_SECONDS,
        ),
        (
            "gates at the network's own values are not decided",
            "at most 5 % decided",
            f"{decided} of {len(own)} gates; a gate in {wholly} of {done(tries, 'at own values')} validations",
            bool(own) and decided <= 0.05 * len(own),
        ),
        (
            "gates 5 % apart are decided rightly",
            "at least 90 % right",
            f"{right} of {len(apart)} gates right, {wrong} wrong",
            bool(apart) and right >= 0.9 * len(apart),
        ),
    ]


def markdown(tries: Sequence[Mapping[str, Any]], device: str) -> str:
    """The page of results."""
    environment = describe()
    versions = ", ".join(f"{name} {version}" for name, version in environment["versions"].items() if version)
    lines = [
        "# The gates' self-test",
        "",
        f"{environment['cpu']}; {len(environment['affinity'])} CPUs; {versions}.",
        f"Made by `python -m bench.gate --device {device}`.",
        "",
        "| promise | wanted | found | holds |",
        "|---|---|---|---|",
        *(
            f"| {what} | {wanted} | {found} | {'yes' if holds else 'no'} |"
            for what, wanted, found, holds in promises(tries)
        ),
        "",
        "| gate | at its own value: decided | 5 % apart: right | wrong | can't tell |",
        "|---|---|---|---|---|",
    ]
    own, apart = decisions(tries, "at own values"), decisions(tries, "apart")
    for name in dict.fromkeys(name for name, _, _ in (*own, *apart)):
        mine = [decision for gate, decision, _ in own if gate == name]
        theirs = [(decision, right) for gate, decision, right in apart if gate == name]
        counts = (
            sum(decision == right for decision, right in theirs),
            sum(decision not in (right, "can't tell") for decision, right in theirs),
            sum(decision == "can't tell" for decision, _ in theirs),
        )
        lines.append(
            f"| {name} | {sum(each != OPEN for each in mine)} of {len(mine)} "
            f"| {counts[0]} of {len(theirs)} | {counts[1]} | {counts[2]} |"
        )
    return "\n".join(lines) + "\n"


def bundled(folder: Path, device: Device) -> tuple[Path, Path]:
    """A small trained network: the run of a study, and a bundle of it."""
    study = checked(
        Study,
        {
            "name": "gate",
            "data": {"name": DATA},
            "train": {"epochs": 2},
            "measure": {"device": device, "batch_sizes": [1], "budget_s": 10},
            "networks": [{"model": "deepcaptcha", "options": {"padding": "same", "reshape": "before_softmax"}}],
        },
        "bench",
    )
    finished = run_study(study, runs=folder / "runs", store=Store(folder / "store").root)
    write_bundle(evidence_of_run(finished.folder, "original"), folder / "bundle")
    return finished.folder, folder / "bundle"


def earlier(path: Path) -> list[dict[str, Any]]:
    """What was tried before with the same versions on the same CPU; nothing where there is none."""
    if not path.is_file():
        return []
    before, now = json.loads(path.read_text()), describe()
    same = all(before["environment"][fact] == now[fact] for fact in ("versions", "cpu", "gpus"))
    return list(before["tries"]) if same else []


def main() -> None:
    """Go on with the bench, or start it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=get_args(Device), default="cpu")
    parser.add_argument("--tries", type=int, default=TRIES)
    parser.add_argument("--spend", type=float, default=30.0, help="seconds a validation may measure")
    parser.add_argument("--again", action="store_true", help="forget what was tried before")
    parser.add_argument("--out", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    path = chosen.out / f"gate-{chosen.device}.json"
    known = [] if chosen.again else earlier(path)
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gate-") as folder:
        bench = Bench(*bundled(Path(folder), chosen.device), chosen.device, chosen.spend, path, known)
        hurry(bench, HURRIED)
        learn(bench, min(LAST, chosen.tries))
        alternate(bench, chosen.tries)
    for what, wanted, found, holds in promises(bench.tries):
        say(f"{what}: {found}, wanted {wanted}: {'holds' if holds else 'DOES NOT HOLD'}")
    say(f"{(time.monotonic() - start) / 60:.0f} minutes")
    sys.exit(0 if all(holds for *_, holds in promises(bench.tries)) else 1)


if __name__ == "__main__":
    main()
