"""Which of the widths that were measured to be as fast as asked it is: those that keep the most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.base.progress import Progress
from harness.prune.speed.search import Search
from harness.prune.speed.trial import Try
from harness.records import Round

MOST_JUDGED = 4


def chosen(search: Search, tries: Sequence[Try], progress: Progress) -> tuple[list[Try], int | None]:
    """The tries, with what the judge says of some, and the place of the best; None where none is as fast as asked.

    One that is a little short of the target is taken only where none is beyond it. The judge is asked about the few
    that lose the least by the importance; where there is none, or it can't tell, the importance decides.
    """
    met = [place for place, each in enumerate(tries) if each.round.met]
    beyond = [place for place in met if used(search, tries[place].round) <= 1]
    among = sorted(beyond or met, key=lambda place: tries[place].spent.loss)
    if not among:
        return list(tries), None
    missed = _missed(search, [tries[place] for place in among[:MOST_JUDGED]], progress)
    if missed is None:
        return list(tries), among[0]
    told = dict(zip(among, missed, strict=False))
    found = [
        replace(each, round=each.round.model_copy(update={"missed": told.get(place)}))
        for place, each in enumerate(tries)
    ]
    return found, min(told, key=lambda place: told[place])


def used(search: Search, made: Round) -> float:
    """The share of what is allowed that was measured, at the batch size that uses the most."""
    return max(share / target for share, target in zip(search.shares(made.reached), search.targets, strict=True))


def _missed(search: Search, tries: Sequence[Try], progress: Progress) -> list[float] | None:
    """What the judge says of each; None where there is nothing to tell apart, or it can't tell of one."""
    if search.judge is None or len(tries) < 2:
        return None
    found = list[float]()
    with progress.task(f"reconstruct {len(tries)} choices of widths that are as fast"):
        for each in tries:
            missed = search.judge.missed(each.plan)
            if missed is None:
                return None
            found.append(missed)
    return found
