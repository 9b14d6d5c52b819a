"""What a training that is over says about itself."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.evidence.history import ended_at_chance
from harness.diagnose.findings import Finding, Number


def loss_not_finite(evidence: Evidence) -> Iterator[Finding]:
    """The loss became NaN or infinite. Threshold: in one epoch."""
    losses = evidence.question.history.get("loss", ())
    bad = [epoch for epoch, loss in enumerate(losses, start=1) if not math.isfinite(loss)]
    if bad:
        yield Finding(
            kind="loss-not-finite",
            severity="stops learning",
            certainty="likely",
            what=f"The loss was no number from epoch {bad[0]} on",
            evidence=Number(value=bad[0], unit="epoch", text=f"{len(bad)} of {len(losses)} epochs"),
            why="Something overflowed, and every weight has been NaN since.",
            cure="Lower the learning rate ten times, and check the data for NaN",
        )


def chance_plateau(evidence: Evidence) -> Iterator[Finding]:
    """A training ended no better than guessing.

    Threshold: the last training accuracy is not significantly above the share of the commonest class (one-sided
    binomial test over the examples, p below 0.001: `harness.stats.learned`). Without an accuracy: the loss never
    fell more than 2 % below the entropy of the classes.
    """
    number = ended_at_chance(evidence)
    if number is None:
        return
    yield Finding(
        kind="chance-plateau",
        severity="stops learning",
        certainty="likely",
        what="The training ended where it began: no better than guessing",
        evidence=number,
        why="Something else that was found keeps it from learning; or it stopped too soon, since a deep network "
        "without normalization can stay at chance for epochs before it begins; or the labels have nothing to do with "
        "the images.",
        cure="Mend the other findings first; with none, train twice as long or at three times the learning rate, and "
        "look at some images beside their labels",
    )
