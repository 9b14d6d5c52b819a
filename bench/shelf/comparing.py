"""One file by both pruners: what each leaves, how fast that is in one paired run, and what it still answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.shelf.arms import LADDER, RATIO, THEIRS, Arm, Pruners, kept_by
from bench.shelf.subjects import TEST, Subject, answers
from harness.measure.protocol import measure
from harness.spec import MeasureSpec

AS_FAST = 0.99  # of their speed: so much is no difference
DESIGNS = {
    "uncalibrated": "uncalibrated",
    "calibrated": "calibrated",
    "recovered": "calibrated",
}  # weights differ alone


@dataclass(frozen=True)
class Told:
    """An arm: the share of its weights, its speed-up with the interval, and what it keeps of the answers by seed.

    `cut` is what it kept before its kernels were solved again; `why` says why there is none.
    """

    left: float = 1.0
    why: str = ""
    speedup: tuple[float, float, float] | None = None
    kept: list[float] = field(default_factory=list)
    cut: float | None = None

    @property
    def pruned(self) -> bool:
        """Whether it made something that was measured."""
        return self.speedup is not None


@dataclass(frozen=True)
class Found:
    """One file: onnxsim's arms, ours by ratio, and for each of theirs our ratio that is as fast; None where none is."""

    subject: str
    theirs: Mapping[str, Told]
    ours: Mapping[str, Told]
    chosen: Mapping[str, str | None]


def compare(subject: Subject, pruners: Pruners, seeds: Sequence[int], seconds: float) -> Found:
    """Prune, measure, choose ours by speed, and only then solve kernels again and look at answers."""
    theirs = {arm: pruners.theirs(subject, arm, seeds[0]) for arm in THEIRS}
    cut = {ratio: pruners.ours(subject, ratio) for ratio in LADDER}
    speeds = _speeds(subject, theirs, cut, seconds, pruners)
    chosen = {arm: as_fast(speeds, arm) for arm in THEIRS if theirs[arm].pruned}
    pictures = subject.pictures(TEST, pruners.count)
    wanted = answers(subject.path, subject.input_name, pictures)

    def by_seed(arms: Sequence[Arm]) -> list[float]:
        found = (kept_by(subject, each, pictures, wanted) for each in arms)
        return [each for each in found if each is not None]

    told = {}
    for arm, made in theirs.items():
        every = [made] if arm == "uncalibrated" else [pruners.theirs(subject, arm, seed) for seed in seeds]
        told[arm] = Told(made.left, made.why, speeds.get(DESIGNS[arm]) if made.pruned else None, by_seed(every))
    ours = {}
    for ratio in sorted({RATIO, *(each for each in chosen.values() if each is not None)}):
        solved = by_seed([pruners.ours(subject, ratio, seed) for seed in seeds])
        made, untouched = cut[ratio], kept_by(subject, cut[ratio], pictures, wanted)
        ours[_name(ratio)] = Told(made.left, made.why, speeds.get(_name(ratio)), solved, untouched)
    return Found(subject.name, told, ours, {arm: None if at is None else _name(at) for arm, at in chosen.items()})


def _name(ratio: float) -> str:
    return f"{100 * ratio:g} %"


def _speeds(
    subject: Subject, theirs: Mapping[str, Arm], cut: Mapping[float, Arm], seconds: float, pruners: Pruners
) -> dict[str, tuple[float, float, float]]:
    """Speed-ups over the original with their 95 % intervals, by design, all in one paired run."""
    files: dict[str, Path] = {
        arm: made.path for arm, made in theirs.items() if arm == DESIGNS[arm] and made.pruned and made.path is not None
    }
    files |= {_name(ratio): made.path for ratio, made in cut.items() if made.path is not None}
    spec = MeasureSpec(
        device="cpu", batch_sizes=(1,), threads=1, inputs=(subject.input_shape,), budget_s=seconds, timeout_s=300
    )
    measured = measure([subject.path, *files.values()], spec, progress=pruners.progress)
    found = {}
    for name, each in zip(files, measured.compare_all(), strict=True):
        if each.speedup is None:
            raise SystemExit(
                f"{subject.name}, {name}: could not be measured; run it again on an idle machine, or longer"
            )
        found[name] = (each.speedup, each.ci_low or 0.0, each.ci_high or float("inf"))
    return found


def as_fast(speeds: Mapping[str, tuple[float, float, float]], arm: str) -> float | None:
    """Our least ratio that is measured to be as fast as an arm of theirs."""
    if DESIGNS[arm] not in speeds:
        return None
    wanted = AS_FAST * speeds[DESIGNS[arm]][0]
    return next((ratio for ratio in LADDER if _name(ratio) in speeds and speeds[_name(ratio)][0] >= wanted), None)
