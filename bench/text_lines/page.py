"""The figures as a page."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bench.text_lines.finding import Kept
from bench.text_lines.pruning import About
from bench.text_lines.reading import Judged
from harness.measure.comparison import Comparison
from harness.measure.runtime.environment import describe
from harness.prune.speed.trial import SHORT
from harness.stats.intervals import Interval

WANTED_SPEED, WANTED_LOSS = 1.3, 2.0  # times as fast, points of character accuracy


T = TypeVar("T")


@dataclass(frozen=True)
class Dot(Generic[T]):
    """A target that was reached, its measured speed-up, and what is kept as cut and with kernels solved again."""

    about: About
    speed: Comparison
    cut: T
    solved: T


@dataclass(frozen=True)
class Found:
    """All that was found: of the recogniser and the detector, how it was done, and targets that were not reached."""

    original: Judged
    lines: Sequence[Dot[Judged]]
    pages: Sequence[Dot[Kept]]
    unreached: Sequence[str]
    importance: str
    solved_from: tuple[int, int]  # lines, pages
    command: str


def page(found: Found, picture: str) -> str:
    """The whole page; `picture` is the name of the file beside it that shows the recogniser."""
    machine = describe()
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items() if version)
    return "\n".join(
        [
            "# Text lines, read by a pruned recogniser and found by a pruned detector",
            "",
            f"`{found.command}` (`make bench-text-lines`) on {machine['cpu']}, {len(machine['affinity'])} CPUs, load "
            f"{os.getloadavg()[0]:.1f} (what else ran at the time; 0 to 2 is calm); {versions}.",
            "",
            "The recogniser and the detector of `rapidocr-onnxruntime` (PP-OCRv4), on text rendered in DejaVu and "
            "Liberation, in any colours, a little blurred and noisy. Widths by measured latency (one thread, batch 1), "
            f"importance `{found.importance}`, kernels solved again from {_solved_from(found)}, without labels and "
            "without training; judged on others. Latin letters alone: what becomes of the 6,000 others that the "
            "recogniser knows was not asked, and is not known. "
            "Intervals are of 95 %.",
            "",
            *_recogniser(found),
            "",
            f"![Character accuracy against measured speed-up]({picture})",
            "",
            *_detector(found),
            *(f"\nNot reached: {why}" for why in found.unreached),
            "",
        ]
    )


def _solved_from(found: Found) -> str:
    lines, pages = (f"{count:,}" for count in found.solved_from)
    return f"{lines} lines and {pages} pages" if found.pages else f"{lines} lines"


def _recogniser(found: Found) -> Iterator[str]:
    count, letters = len(found.original.lengths), sum(found.original.lengths)
    yield (
        f"**Recogniser**, lines of 48 x 320 pixels: {count:,} lines with {letters:,} characters. Accuracy is one less "
        "the share of characters that must be put in, left out or changed; what is lost is on the same lines."
    )
    yield ""
    yield (
        "| asked | measured | weights left | MACs left | character accuracy, % | lost, points | whole lines, % "
        "| lost as cut, points |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    before = found.original
    yield f"| original | 1 | 100 % | 100 % | {_interval(before.accuracy)} | | {before.whole_lines:.1f} | |"
    for dot in found.lines:
        lost, cut = dot.solved.lost_to(found.original), dot.cut.lost_to(found.original)
        yield (
            f"| {_start(dot)} | {_interval(dot.solved.accuracy)} | {_interval(lost)} | {dot.solved.whole_lines:.1f} "
            f"| {cut.estimate:.1f} |"
        )
    yield ""
    yield _verdict(found)


def _verdict(found: Found) -> str:
    """Whether it is as fast as wanted with as little lost as wanted."""
    wanted = f"{WANTED_SPEED:g}x for at most {WANTED_LOSS:g} points"
    dots = [dot for dot in found.lines if dot.about.target == WANTED_SPEED]
    if not dots:
        return f"Wanted: {wanted}; not reached."
    lost = dots[0].solved.lost_to(found.original)
    fast = dots[0].speed.verdict == "faster" and (dots[0].speed.speedup or 0) >= WANTED_SPEED * (1 - SHORT)
    said = "reached" if fast and lost.estimate <= WANTED_LOSS else "missed"
    return f"Wanted: {wanted}; {said}: {_speed(dots[0].speed)} for {_interval(lost)} points."


def _detector(found: Found) -> Iterator[str]:
    if not found.pages:
        return
    count = len(found.pages[0].solved.errors)
    yield (
        f"**Detector**, {count:,} pages of 320 x 320 pixels, against the original's own map of probabilities: relative "
        "error of the map, and overlap (intersection over union) of what is text from 0.3 on; means over pages."
    )
    yield ""
    yield "| asked | measured | weights left | MACs left | relative error, % | overlap, % | overlap as cut, % |"
    yield "|---|---|---|---|---|---|---|"
    for dot in found.pages:
        yield (
            f"| {_start(dot)} | {_interval(dot.solved.error)} | {_interval(dot.solved.overlap)} "
            f"| {dot.cut.overlap.estimate:.1f} |"
        )


def _start(dot: Dot[Judged] | Dot[Kept]) -> str:
    about = dot.about
    macs = "not counted" if about.macs is None else f"{100 * about.macs:.0f} %"
    return f"{about.target:g}x | {_speed(dot.speed)} | {100 * about.weights:.0f} % | {macs}"


def _speed(found: Comparison) -> str:
    if found.speedup is None or found.ci_low is None or found.ci_high is None:
        return found.verdict
    return f"{found.speedup:.2f} ({found.ci_low:.2f} to {found.ci_high:.2f}), {found.verdict}"


def _interval(found: Interval) -> str:
    return f"{found.estimate:.2f} ({found.low:.2f} to {found.high:.2f})"
