"""Does the measurement keep its promises on this machine? `make bench-selftest`, on a machine that is otherwise idle.

Each part tries one promise on networks whose truth is known, and the figures go to bench/results/selftest-DEVICE.json
and .md. The exit code is 0 when all hold, 1 when one does not.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from bench.networks import chain, classifier
from harness import stats
from harness.measure.accuracy import evaluate
from harness.measure.comparison import Comparison
from harness.measure.protocol import measure
from harness.measure.runtime.environment import describe, usable_cpus
from harness.measure.runtime.runs import end_to_end
from harness.measure.runtime.session import SessionSettings, open_session
from harness.measure.runtime.timing import time_block
from harness.spec import Device, MeasureSpec

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Plan:
    """How often each promise is tried."""

    device: Device
    false_alarms: int = 8
    power: int = 12
    precision: int = 3
    overhead_rounds: int = 300
    accuracy_rounds: int = 15


@dataclass(frozen=True)
class Found:
    """What a part has to say: `tries` are its single results."""

    promise: str
    wanted: str
    found: str
    holds: bool
    tries: list[dict[str, Any]]
    seconds: float = 0.0


def false_alarms(plan: Plan, folder: Path) -> Found:
    """Two copies of one network, three networks, batch 1 and 32: none of them differs."""
    networks = {
        "small classifier": classifier(folder / "small.onnx", (8, 16)),
        "classifier": classifier(folder / "classifier.onnx", (16, 32, 64)),
        "chain of 40": chain(folder / "chain.onnx", 40, channels=8, side=6),
    }
    tries = []
    for name, path in networks.items():
        copy = path.with_name(f"copy-{path.name}")
        copy.write_bytes(path.read_bytes())
        for number in range(plan.false_alarms):
            spec = MeasureSpec(device=plan.device, budget_s=20, seed=1000 * number)
            tries += [_told(found, name) for found in measure([path, copy], spec).compare_all()]
    wrong = sum(each["verdict"] in ("faster", "slower") for each in tries)
    return Found(
        "equal models are not called different",
        "at most 5 % of at least 40 comparisons over at least 3 models",
        f"{wrong} of {len(tries)} over {len(networks)} models",
        wrong <= 0.05 * len(tries),
        tries,
    )


def power(plan: Plan, folder: Path) -> Found:
    """105 blocks against 100 are 5 % slower; 101 are 1 % slower, which is not within ±0.5 %. Default budget."""
    paths = [chain(folder / f"chain{blocks}.onnx", blocks, channels=8, side=6) for blocks in (100, 105, 101)]
    tries = []
    for number in range(plan.power):
        found = measure(paths, MeasureSpec(device=plan.device, seed=1000 * number))
        tries += [_told(each, "5 % slower") for each in found.compare_all([(0, 1)])]
        narrow = found.model_copy(update={"spec": found.spec.model_copy(update={"margin": 0.005})})
        tries += [_told(each, "1 % slower, margin 0.5 %") for each in narrow.compare_all([(0, 2)])]
    large = [each["verdict"] for each in tries if each["what"] == "5 % slower"]
    small = [each["verdict"] for each in tries if each["what"] != "5 % slower"]
    return Found(
        "a planted slow-down is found",
        "5 % called slower in at least 90 % of at least 20 tries; 1 % never called equivalent within ±0.5 %",
        f"slower in {large.count('slower')} of {len(large)}; equivalent in {small.count('equivalent')} of {len(small)}",
        large.count("slower") >= 0.9 * len(large) and "equivalent" not in small,
        tries,
    )


def precision(plan: Plan, folder: Path) -> Found:
    """A pair of networks of about 100 us, batch 1, until ±1.5 %."""
    paths = [chain(folder / f"pair{blocks}.onnx", blocks, channels=16, side=10) for blocks in (10, 11)]
    tries = []
    for number in range(plan.precision):
        found = measure(paths, MeasureSpec(device=plan.device, batch_sizes=(1,), budget_s=60, seed=1000 * number))
        (compared,) = found.compare_all()
        reached = {"stopped": found.stopped, "seconds": round(found.seconds, 1), "median_us": found.row(0, 1).median_us}
        tries.append(_told(compared, "pair") | reached)
    slowest = max(each["seconds"] for each in tries)
    return Found(
        "a pair of 100 us models is known to ±1.5 % in a minute",
        "±1.5 % within 60 s",
        f"reached in {sum(each['stopped'] == 'precision' for each in tries)} of {len(tries)}, at most {slowest:.0f} s",
        all(each["stopped"] == "precision" for each in tries),
        tries,
    )


def overhead(plan: Plan, folder: Path) -> Found:
    """Our timing of a block against a bare loop around InferenceSession.run, interleaved in this process."""
    tries: list[dict[str, Any]] = []
    for name, path in {
        "small classifier": classifier(folder / "small.onnx", (8, 16)),
        "classifier": classifier(folder / "classifier.onnx", (16, 32, 64)),
    }.items():
        session = open_session(path, SessionSettings())
        feed = {"input": np.random.default_rng(0).random((1, 1, 28, 28), dtype=np.float32)}
        ours, bare = _interleaved(session, feed, plan.overhead_rounds)
        ratio = math.exp(stats.median(np.log(ours) - np.log(bare)))
        tries.append({"what": name, "bare_us": stats.median(bare) / 1000, "ratio": ratio})
    worst = max(abs(float(each["ratio"]) - 1) for each in tries)
    return Found(
        "timing adds nothing",
        "our steady-state median within 2 % of a bare loop's",
        f"within {100 * worst:.2f} %",
        worst <= 0.02,
        tries,
    )


def _interleaved(session: Any, feed: Mapping[str, Any], rounds: int) -> tuple[list[float], list[float]]:
    """The median call of each of our blocks and of each bare loop beside it, in ns: 20 calls each, in random order."""
    run, rng = end_to_end(session, [feed]), np.random.default_rng(0)
    seen: dict[str, list[float]] = {"ours": [], "bare": []}

    def bare(calls: int) -> list[int]:
        times = []
        for _ in range(calls):
            start = time.perf_counter_ns()
            session.run(None, feed)
            times.append(time.perf_counter_ns() - start)
        return times

    for _ in range(rounds):
        for which in rng.permutation(["ours", "bare"]):
            seen[str(which)].append(stats.median(time_block(run, 20) if which == "ours" else bare(20)))
    return seen["ours"], seen["bare"]


def accuracy(plan: Plan, folder: Path) -> Found:
    """`evaluate` against a bare loop over the same batches on the same threads, interleaved; session included."""
    path = classifier(folder / "classifier.onnx", (16, 32, 64))
    rng = np.random.default_rng(0)
    images, labels = rng.random((20_000, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, 20_000)

    def bare() -> int:
        session = open_session(path, SessionSettings(threads=usable_cpus()))
        hits = 0
        for start in range(0, len(images), 256):
            scores = session.run(None, {"input": images[start : start + 256]})[0]
            hits += int((scores.argmax(1) == labels[start : start + 256]).sum())
        return hits

    evaluate(path, images[:256], labels[:256], device="cpu")
    tries = []
    for _ in range(plan.accuracy_rounds):
        ours_s, ours = _timed(lambda: evaluate(path, images, labels, device="cpu").hits)
        bare_s, hits = _timed(bare)
        tries.append({"ours_per_s": len(images) / ours_s, "bare_per_s": len(images) / bare_s, "same": ours == hits})
    ratio = stats.median([each["ours_per_s"] / each["bare_per_s"] for each in tries])
    return Found(
        "evaluation runs as fast as a bare loop",
        "at least 95 % of its throughput",
        f"{100 * ratio:.1f} %",
        ratio >= 0.95 and all(each["same"] for each in tries),
        tries,
    )


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    start = time.perf_counter()
    answer = work()
    return time.perf_counter() - start, answer


def _told(found: Comparison, what: str) -> dict[str, Any]:
    kept = ("batch", "speedup", "ci_low", "ci_high", "p_adjusted", "launches", "verdict")
    return {"what": what} | {name: getattr(found, name) for name in kept}


PARTS: Mapping[str, Callable[[Plan, Path], Found]] = {
    "overhead": overhead,
    "accuracy": accuracy,
    "precision": precision,
    "false_alarms": false_alarms,
    "power": power,
}


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def run(plan: Plan, parts: tuple[str, ...]) -> dict[str, Found]:
    outcomes = {}
    for name in parts:
        say(f"{name} ...")
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="selftest-") as folder:
            found = PARTS[name](plan, Path(folder))
        outcomes[name] = replace(found, seconds=round(time.monotonic() - start, 1))
        holds = "holds" if found.holds else "DOES NOT HOLD"
        say(f"{name}: {found.found}, wanted {found.wanted}: {holds}")
    return outcomes


def markdown(parts: Mapping[str, Mapping[str, Any]], environment: Mapping[str, Any], device: Device) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in environment["versions"].items() if version)
    devices = [environment["cpu"], *(gpu["name"] for gpu in environment["gpus"])]
    lines = [
        "# The measurement's self-test",
        "",
        f"{', '.join(devices)}; {len(environment['affinity'])} CPUs; {versions}.",
        f"Made by `python -m bench.selftest --device {device}`.",
        "",
        "| promise | wanted | found | holds | s |",
        "|---|---|---|---|---|",
        *(
            f"| {each['promise']} | {each['wanted']} | {each['found']} | {'yes' if each['holds'] else 'no'} "
            f"| {each['seconds']:.0f} |"
            for each in parts.values()
        ),
    ]
    return "\n".join(lines) + "\n"


def earlier(path: Path, environment: Mapping[str, Any]) -> dict[str, Any]:
    """What an earlier run found with the same versions on the same CPU, part by part; nothing where there is none."""
    if not path.is_file():
        return {}
    before = json.loads(path.read_text())
    same = all(before["environment"][fact] == environment[fact] for fact in ("versions", "cpu", "gpus"))
    outcomes: dict[str, Any] = before["outcomes"] if same else {}
    return outcomes


def write(plan: Plan, parts: tuple[str, ...], folder: Path) -> int:
    """Try the promises and write what came out, beside parts that were tried before; 0 when these hold, else 1."""
    environment = describe()
    outcomes = {name: asdict(each) for name, each in run(plan, parts).items()}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"selftest-{plan.device}.json"
    known = earlier(path, environment) | outcomes
    ordered = {name: known[name] for name in PARTS if name in known}
    path.write_text(
        json.dumps({"environment": environment, "plan": asdict(plan), "outcomes": ordered}, indent=1) + "\n"
    )
    path.with_suffix(".md").write_text(markdown(ordered, environment, plan.device))
    return 0 if all(each["holds"] for each in outcomes.values()) else 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=get_args(Device), default="cpu")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--quick", action="store_true", help="one try of each, to see that it runs")
    parser.add_argument("--out", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    plan = Plan(chosen.device, 1, 1, 1, 20, 2) if chosen.quick else Plan(chosen.device)
    sys.exit(write(plan, tuple(chosen.parts), chosen.out))


if __name__ == "__main__":
    main()
