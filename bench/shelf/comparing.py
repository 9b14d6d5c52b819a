"""One file by both pruners: what each leaves, how fast that is in paired runs, and what it still answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.shelf.arms import RATIO, THEIRS, Arm, Pruners, kept_by
from bench.shelf.subjects import TEST, Subject, answers
from harness.measure.protocol import measure
from harness.records import Record
from harness.spec import MeasureSpec

AS_FAST = 0.99  # of their speed: so much is no difference
JUDGED = 300  # pictures that answers are compared on
LEAST = 1.02  # times as fast: less is not worth asking for
MARGINS = (1.0, 1.03, 1.06)  # what is asked for over their speed, in turn, until ours is as fast
OURS = "ours"
DESIGNS = {
    "uncalibrated": "uncalibrated",
    "calibrated": "calibrated",
    "recovered": "calibrated",
}  # weights differ alone


class Speed(Record):
    """A speed-up over the original with its 95 % interval, None where there were too few launches."""

    ratio: float
    low: float | None = None
    high: float | None = None


class Told(Record):
    """An arm: the share of its weights, its speed-up, and what it keeps of the answers by seed.

    `cut` is what it kept before its kernels were solved again; `why` says why there is none.
    """

    left: float = 1.0
    why: str = ""
    speedup: Speed | None = None
    kept: tuple[float, ...] = ()
    cut: float | None = None

    @property
    def pruned(self) -> bool:
        """Whether it made something that was measured."""
        return self.speedup is not None


class Beside(Record):
    """An arm of theirs and ours that was asked to be as fast, from one paired run; of our seeds the slowest."""

    theirs: Speed
    ours: Told

    @property
    def as_fast(self) -> bool:
        """Whether ours is, within what is no difference."""
        return self.ours.speedup is not None and self.ours.speedup.ratio >= AS_FAST * self.theirs.ratio


class Found(Record):
    """One file: onnxsim's arms and ours, asked for the same share; and ours at the speed of each of theirs."""

    subject: str
    theirs: Mapping[str, Told]
    ours: Told
    beside: Mapping[str, Beside] = {}


def compare(subject: Subject, pruners: Pruners, seeds: Sequence[int], seconds: float) -> Found:
    """Prune both by the same share, measure, then prune ours to each speed of theirs; answers are looked at last."""
    theirs = {arm: pruners.theirs(subject, arm, seeds[0]) for arm in THEIRS}
    cut = pruners.ours(subject, RATIO)
    files = {arm: made for arm, made in theirs.items() if arm == DESIGNS[arm] and made.pruned} | {OURS: cut}
    speeds = _speeds(subject, files, seconds, pruners)
    fast = {
        design: as_fast_as(subject, pruners, (theirs[design], speeds[design]), seeds, seconds)
        for design in speeds
        if design != OURS
    }
    pictures = subject.pictures(TEST, JUDGED)
    wanted = answers(subject.path, subject.input_name, pictures)

    def by_seed(arms: Sequence[Arm]) -> tuple[float, ...]:
        found = (kept_by(subject, each, pictures, wanted) for each in arms)
        return tuple(each for each in found if each is not None)

    told, beside = {}, {}
    for arm, made in theirs.items():
        every = [made] if arm == "uncalibrated" else [pruners.theirs(subject, arm, seed) for seed in seeds]
        speed = speeds.get(DESIGNS[arm]) if made.pruned else None
        told[arm] = Told(left=made.left, why=made.why, speedup=speed, kept=by_seed(every))
        if speed is not None:
            measured, slowest, arms = fast[DESIGNS[arm]]
            left = sum(each.left for each in arms) / len(arms)
            why = next((each.why for each in arms if each.why), "")
            ours = Told(left=left, why=why, speedup=slowest, kept=by_seed(arms))
            beside[arm] = Beside(theirs=measured, ours=ours)
    solved = by_seed([pruners.ours(subject, RATIO, seed) for seed in seeds])
    untouched = kept_by(subject, cut, pictures, wanted)
    same = Told(left=cut.left, why=cut.why, speedup=speeds.get(OURS), kept=solved, cut=untouched)
    return Found(subject=subject.name, theirs=told, ours=same, beside=beside)


def as_fast_as(
    subject: Subject, pruners: Pruners, theirs: tuple[Arm, Speed], seeds: Sequence[int], seconds: float
) -> tuple[Speed, Speed | None, list[Arm]]:
    """Their speed and the slowest of ours by seed in one paired run, and ours: asked for more until it is as fast."""
    file, speed = theirs
    arms: list[Arm] = []
    for margin in MARGINS:
        arms = [pruners.to_speed(subject, max(LEAST, margin * speed.ratio), seed) for seed in seeds]
        if any(each.path is None for each in arms):
            break
        names = {str(number): arm for number, arm in enumerate(arms)}
        found = _speeds(subject, {"theirs": file, **names}, seconds, pruners)
        slowest = min((found[name] for name in names), key=lambda each: each.ratio)
        if margin == MARGINS[-1] or slowest.ratio >= AS_FAST * found["theirs"].ratio:
            return found["theirs"], slowest, arms
    return speed, None, arms


def _speeds(subject: Subject, arms: Mapping[str, Arm], seconds: float, pruners: Pruners) -> dict[str, Speed]:
    """Speed-ups over the original, all in one paired run."""
    files: dict[str, Path] = {name: made.path for name, made in arms.items() if made.path is not None}
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
        found[name] = Speed(ratio=each.speedup, low=each.ci_low, high=each.ci_high)
    return found
