"""The figures as a page."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterable, Sequence

from bench.shelf.arms import RATIO, THEIRS
from bench.shelf.comparing import JUDGED, Beside, Found, Speed, Told
from harness.measure.runtime.environment import describe


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
            f"kept* is on {JUDGED} others, in %, the mean and each seed's: of the angle and of `deepcaptcha` the class "
            "that is the same, of readers the character at each step where either tells one, of detectors the median "
            "cosine of their scores. Pictures are lines and pages of drawn text, parts of two photographs for "
            "`nudenet`, and pieces of clothing for `deepcaptcha`. Speed-ups at batch 1 on one thread with 95 % "
            "intervals, of a file in one paired run for each table. Files are fetched by `make fetch-onnx`.",
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
    yield f"- harness: {sum(one.ours.pruned for one in found)}"


def _amounts(found: Sequence[Found]) -> Iterable[str]:
    yield f"## Asked for {100 * RATIO:g} %"
    yield ""
    yield "| file | by | weights left | speed-up | answers kept |"
    yield "|---|---|---|---|---|"
    for one in found:
        for arm in THEIRS:
            yield _line(one.subject, f"onnxsim, {arm}", one.theirs[arm])
        cut = one.ours.model_copy(update={"kept": () if one.ours.cut is None else (one.ours.cut,)})
        yield _line(one.subject, "harness, as cut", cut)
        yield _line(one.subject, "harness, reconstructed", one.ours)


def _line(subject: str, by: str, each: Told) -> str:
    if not each.pruned:
        why = each.why or f"{100 * each.left:.0f} % left: nothing was cut"
        return f"| {subject} | {by} | – | – | {why.replace('|', '/')} |"
    return f"| {subject} | {by} | {100 * each.left:.1f} % | {_speed(each.speedup)} | {_kept(each.kept)} |"


def _speeds(found: Sequence[Found]) -> Iterable[str]:
    both = [one for one in found if one.beside]
    more = [one.subject for one in both if all(map(keeps_more, one.theirs.values(), _ours_beside(one)))]
    yield "## As fast as onnxsim's"
    yield ""
    yield (
        f"Of the {len(both)} files that both can prune, ours keeps more answers at the speed of every one of theirs on "
        f"{len(more)}: {', '.join(more) or 'none'}. Ours is asked for their measured speed (`--speedup`, for 1.02 at "
        "least), by widths of measured latency, reconstructed from the pictures of each seed; its speed-up is that of "
        "the slowest seed, in one paired run with theirs. More is on average over seeds; where classes are compared, "
        f"one picture is {100 / JUDGED:.1f} points, so less than that is no difference."
    )
    yield ""
    yield "| file | onnxsim | speed-up | answers kept | harness: weights left | speed-up | answers kept |"
    yield "|---|---|---|---|---|---|---|"
    for one in both:
        for arm, beside in one.beside.items():
            mine = (
                "| none is as fast | – | – |"
                if not beside.as_fast
                else (f"| {100 * beside.ours.left:.1f} % | {_speed(beside.ours.speedup)} | {_kept(beside.ours.kept)} |")
            )
            yield f"| {one.subject} | {arm} | {_speed(beside.theirs)} | {_kept(one.theirs[arm].kept)} {mine}"


def _ours_beside(one: Found) -> list[Beside | None]:
    return [one.beside.get(arm) for arm in one.theirs]


def keeps_more(theirs: Told, beside: Beside | None) -> bool:
    """Whether ours is as fast and keeps more, on average over seeds; of an arm that made nothing, too."""
    if beside is None:
        return True
    return beside.as_fast and statistics.fmean(beside.ours.kept) > statistics.fmean(theirs.kept)


def _speed(speed: Speed | None) -> str:
    if speed is None:
        return "–"
    if speed.low is None or speed.high is None:
        return f"{speed.ratio:.2f}, too few launches to judge"
    return f"{speed.ratio:.2f} [{speed.low:.2f}, {speed.high:.2f}]"


def _kept(values: Sequence[float]) -> str:
    if not values:
        return "–"
    each = f" ({', '.join(f'{value:.1f}' for value in values)})" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.1f}{each}"
