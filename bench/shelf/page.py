"""The figures as a page."""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Iterable, Sequence

from bench.shelf.arms import RATIO, THEIRS
from bench.shelf.comparing import Found, Told
from harness.measure.runtime.environment import describe

SAME = f"{100 * RATIO:g} %"


def markdown(found: Sequence[Found], command: str, seeds: int, count: int) -> str:
    """The whole page."""
    machine = describe()
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items() if version)
    return "\n".join(
        [
            "# Beside onnxsim's pruner, on files off the shelf",
            "",
            f"`{command}` on {machine['cpu']}, {len(machine['affinity'])} CPUs, load {os.getloadavg()[0]:.1f}; "
            f"{versions}; theirs: [requirements.lock](../peers/theirs/requirements.lock).",
            "",
            f"Both are asked for half, and may look at the same {count} pictures, drawn by {seeds} seeds; *answers "
            f"kept* is on {count} others, in %, the mean and each seed's: of the angle and of `deepcaptcha` the class "
            "that is the same, of readers the character at each step where either tells one, of detectors the median "
            "cosine of their scores. Pictures are lines and pages of drawn text, parts of two photographs for "
            "`nudenet`, and pieces of clothing for `deepcaptcha`. Speed-ups at batch 1 on one thread with 95 % "
            "intervals, all of a file in one "
            "paired run. Files are fetched by `make fetch-onnx`.",
            "",
            *_counts(found),
            "",
            *_amounts(found),
            "",
            *_speeds(found),
        ]
    )


def _counts(found: Sequence[Found]) -> Iterable[str]:
    yield f"How many of the {len(found)} files each can prune:"
    yield ""
    for arm in THEIRS:
        yield f"- onnxsim, {arm}: {sum(one.theirs[arm].pruned for one in found)}"
    yield f"- harness: {sum(one.ours[SAME].pruned for one in found)}"


def _amounts(found: Sequence[Found]) -> Iterable[str]:
    yield f"## Asked for {SAME}"
    yield ""
    yield "| file | by | weights left | speed-up | answers kept |"
    yield "|---|---|---|---|---|"
    for one in found:
        for arm in THEIRS:
            yield _line(one.subject, f"onnxsim, {arm}", one.theirs[arm])
        ours = one.ours[SAME]
        yield _line(one.subject, "harness, as cut", Told(ours.left, ours.why, ours.speedup, _one(ours.cut)))
        yield _line(one.subject, "harness, reconstructed", ours)


def _line(subject: str, by: str, each: Told) -> str:
    if not each.pruned:
        why = each.why or f"{100 * each.left:.0f} % left: nothing was cut"
        return f"| {subject} | {by} | – | – | {why.replace('|', '/')} |"
    return f"| {subject} | {by} | {100 * each.left:.1f} % | {_speed(each)} | {_kept(each.kept)} |"


def _speeds(found: Sequence[Found]) -> Iterable[str]:
    more = [one.subject for one in found if one.chosen and all(_more(one, arm) for arm in one.chosen)]
    both = [one.subject for one in found if one.chosen]
    yield "## As fast as onnxsim's"
    yield ""
    yield (
        f"Of the {len(both)} files that both can prune, ours keeps more answers at the speed of every one of theirs on "
        f"{len(more)}: {', '.join(more) or 'none'}. Ours is the least share off every group (in steps of 5 or 10 %) "
        "that is measured to be as fast, within 1 %, reconstructed."
    )
    yield ""
    yield "| file | onnxsim | speed-up | answers kept | harness | speed-up | answers kept |"
    yield "|---|---|---|---|---|---|---|"
    for one in found:
        for arm, ratio in one.chosen.items():
            theirs = one.theirs[arm]
            ours = None if ratio is None else one.ours[ratio]
            mine = (
                "| none is as fast | – | – |" if ours is None else f"| {ratio} | {_speed(ours)} | {_kept(ours.kept)} |"
            )
            yield f"| {one.subject} | {arm} | {_speed(theirs)} | {_kept(theirs.kept)} {mine}"


def _more(one: Found, arm: str) -> bool:
    ratio = one.chosen[arm]
    ours = [] if ratio is None else one.ours[ratio].kept
    return bool(ours) and statistics.fmean(ours) > statistics.fmean(one.theirs[arm].kept or [0.0])


def _speed(each: Told) -> str:
    if each.speedup is None:
        return "–"
    speedup, low, high = each.speedup
    if math.isinf(high):
        return f"{speedup:.2f}, too few launches to judge"
    return f"{speedup:.2f} [{low:.2f}, {high:.2f}]"


def _kept(values: Sequence[float]) -> str:
    if not values:
        return "–"
    each = f" ({', '.join(f'{value:.1f}' for value in values)})" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.1f}{each}"


def _one(value: float | None) -> list[float]:
    return [] if value is None else [value]
