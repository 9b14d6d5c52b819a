"""What a diagnosis says: findings, each with its number, and a picture of every layer."""

from __future__ import annotations

from typing import Literal

from harness.records import Record

Severity = Literal["stops learning", "slows learning", "note"]
Certainty = Literal["certain", "likely"]


class Number(Record):
    """A number and its unit, and the sentence that says what it means here.

    `better` is the value to use instead, where one was found.
    """

    value: float | None
    unit: str
    text: str
    better: float | None = None


class Trial(Record):
    """One seed's short training: accuracy on its own examples, and whether that is learning (see `learned`)."""

    seed: int
    accuracy: float
    learned: bool


class Proof(Record):
    """Short trainings without and with the cure; a fresh start for each seed, on equal terms."""

    change: str
    examples: int
    steps: int
    learning_rate: float
    without: tuple[Trial, ...]
    with_cure: tuple[Trial, ...]

    @property
    def gains(self) -> bool:
        """Whether more seeds learn with the cure, or as many, each of them better than every one without."""
        before, after = (sum(trial.learned for trial in trials) for trials in (self.without, self.with_cure))
        best, worst = max(trial.accuracy for trial in self.without), min(trial.accuracy for trial in self.with_cure)
        return after > before or (after == before and worst > best)

    @property
    def text(self) -> str:
        """The outcome in one sentence."""
        without, with_cure = _outcome(self.without), _outcome(self.with_cure)
        told = f"{self.steps} training steps, {self.change}: {without} without, {with_cure} with"
        return told if self.gains else f"{told}; so few steps show no gain"


class Finding(Record):
    """One thing that is wrong, or worth knowing.

    Attributes:
        kind: a stable name, such as `softmax-hidden`; docs/diagnose.md has a section for each.
        severity: `stops learning`: as it stands the network learns nothing, never learns most of the examples or whole
            classes, or has lost what it learned. `slows learning`: it learns, but slower or to a lower accuracy than
            with the cure. `note`: worth knowing, harmless as things are.
        certainty: `certain` where it was seen as such, `likely` where it is a sign that may have another cause.
        what: one sentence.
        where: the layer's name; None where it is no layer.
        evidence: the number it rests on.
        why: how this keeps the network from learning.
        cure: the change to make.
        proof: trainings with and without that change, where they were asked for and the change can be made.
        untried: why there is no proof, where one was asked for.
    """

    kind: str
    severity: Severity
    what: str
    evidence: Number
    why: str
    cure: str
    where: str | None = None
    certainty: Certainty = "certain"
    proof: Proof | None = None
    untried: str | None = None


class LayerPicture(Record):
    """One layer on the examples looked at, in training mode, before any step.

    `spread` is the standard deviation of its output, `dead` the share of its units that are zero on every example
    (None: no ReLU), `gradient` the norm of its weights' gradient (None: no trainable weights). None also where a
    number is not finite.
    """

    layer: str
    kind: str
    shape: tuple[int, ...]
    spread: float | None
    dead: float | None
    gradient: float | None


class Diagnosis(Record):
    """What was found, worst first; `unchecked` says what could not be looked at, and why.

    `losses` are those of a rehearsal: optimizer steps on a copy, always on the same examples, at `learning_rate`. They
    are of the predictions alone; `penalties` is what regularizers and `add_loss` add to each, where there are any.
    """

    schema_version: Literal["harness-diagnosis/1"] = "harness-diagnosis/1"
    model: str
    loss: str
    backend: str
    examples: int
    optimizer: str
    learning_rate: float
    findings: tuple[Finding, ...]
    layers: tuple[LayerPicture, ...] = ()
    losses: tuple[float | None, ...] = ()
    penalties: tuple[float | None, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def stops_learning(self) -> bool:
        """Whether anything found keeps the network from learning."""
        return any(finding.severity == "stops learning" for finding in self.findings)

    def kinds(self) -> tuple[str, ...]:
        """The kinds found, worst first."""
        return tuple(finding.kind for finding in self.findings)


def _outcome(trials: tuple[Trial, ...]) -> str:
    learned = sum(trial.learned for trial in trials)
    accuracies = ", ".join(f"{100 * trial.accuracy:.0f} %" for trial in trials)
    return f"{learned} of {len(trials)} seeds learn ({accuracies})"
