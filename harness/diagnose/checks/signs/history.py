"""What a training that is over says about itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding, Number
from harness.stats.learned import above_chance, chance_level


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
    history, classes = evidence.question.history, evidence.labels.classes
    if classes is None or not history:
        return
    chance, examples = chance_level(classes), len(classes)
    accuracies = _accuracies(history)
    if accuracies:
        if above_chance(accuracies[-1], chance, examples):
            return
        text = f"the accuracy after {len(accuracies)} epochs is {accuracies[-1]:.1%}, and guessing gives {chance:.1%}"
        value = accuracies[-1]
    else:
        losses = [loss for loss in history.get("loss", ()) if math.isfinite(loss)]
        entropy = _entropy([int((classes == k).sum()) for k in set(classes.tolist())])
        if not losses or min(losses) < 0.98 * entropy or not evidence.question.loss.is_crossentropy:
            return
        text = f"the loss never fell below {min(losses):.3f}, and guessing gives {entropy:.3f}"
        value = min(losses)
    yield Finding(
        kind="chance-plateau",
        severity="stops learning",
        certainty="likely",
        what="The training ended where it began: no better than guessing",
        evidence=Number(value=value, unit="accuracy" if accuracies else "loss", text=text),
        why="Something else that was found keeps it from learning; or it stopped too soon, since a deep network "
        "without normalization can stay at chance for epochs before it begins; or the labels have nothing to do with "
        "the images.",
        cure="Mend the other findings first; with none, train twice as long or at three times the learning rate, and "
        "look at some images beside their labels",
    )


def _accuracies(history: object) -> Sequence[float]:
    assert isinstance(history, dict)
    for name, values in history.items():
        if "acc" in name and not name.startswith("val_"):
            return tuple(values)
    return ()


def _entropy(counts: Sequence[int]) -> float:
    total = sum(counts)
    return -sum(count / total * math.log(count / total) for count in counts if count)
