"""What the history of a training says of where it ended."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Number
from harness.stats.learned import above_chance, chance_level

BELOW_ENTROPY = 0.98  # of the entropy of the classes, which guessing by their shares costs


def ended_at_chance(evidence: Evidence) -> Number | None:
    """The accuracy, or else the loss, of a training that ended no better than guessing; None where it did, or may have.

    An accuracy is compared with the share of the commonest class, the lowest loss with the entropy of the classes.
    """
    history, classes = evidence.question.history, evidence.labels.classes
    if classes is None or not history:
        return None
    if accuracies := _accuracies(history):
        chance = chance_level(classes)
        if above_chance(accuracies[-1], chance, len(classes)):
            return None
        text = f"the accuracy after {len(accuracies)} epochs is {accuracies[-1]:.1%}, and guessing gives {chance:.1%}"
        return Number(value=accuracies[-1], unit="accuracy", text=text)
    losses = [loss for loss in history.get("loss", ()) if math.isfinite(loss)]
    entropy = _entropy([int((classes == k).sum()) for k in set(classes.tolist())])
    if not losses or min(losses) < BELOW_ENTROPY * entropy or not evidence.question.loss.is_crossentropy:
        return None
    text = f"the loss never fell below {min(losses):.3f}, and guessing gives {entropy:.3f}"
    return Number(value=min(losses), unit="loss", text=text)


def _accuracies(history: Mapping[str, tuple[float, ...]]) -> Sequence[float]:
    """Of the training examples, after each epoch; none where the history has none."""
    return next((values for name, values in history.items() if "acc" in name and not name.startswith("val_")), ())


def _entropy(counts: Sequence[int]) -> float:
    total = sum(counts)
    return -sum(count / total * math.log(count / total) for count in counts if count)
