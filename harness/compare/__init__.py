"""From results to answers: what pruning cost in accuracy, what it bought in speed, and which variants are worth having.

Pure: it reads records, and needs no model, no Keras and no onnxruntime. `comparing` puts together what the others find:
rows become `variants` over their seeds (`pooling`), get their speed from the `timings` (`speed`), and stand somewhere
with regard to the `frontier` (`standings`); `choices` say which to ship; `contrasts` are between unpruned networks,
`learning` is about which trainings learned, `examples` about single classes and test examples. What is found is data,
in `answers`. `between` compares two runs.
"""

from harness.compare.answers import (
    TOLERATED_LOSS,
    Answers,
    Arm,
    Change,
    Choice,
    ClassAccuracy,
    ClassChange,
    Contrast,
    Control,
    Disagreement,
    Disagreements,
    Effect,
    Interval,
    Latency,
    Learning,
    LearningTest,
    PassedOver,
    Place,
    SeedOutcome,
    SpeedUp,
    Standing,
    Variant,
    Verdict,
)
from harness.compare.comparing import Compared, compare, compared
from harness.compare.examples import Labelled, class_accuracies, class_changes, disagreements
from harness.compare.pooling import accuracy_over_seeds, difference

__all__ = [
    "TOLERATED_LOSS",
    "Answers",
    "Arm",
    "Change",
    "Choice",
    "ClassAccuracy",
    "ClassChange",
    "Compared",
    "Contrast",
    "Control",
    "Disagreement",
    "Disagreements",
    "Effect",
    "Interval",
    "Labelled",
    "Latency",
    "Learning",
    "LearningTest",
    "PassedOver",
    "Place",
    "SeedOutcome",
    "SpeedUp",
    "Standing",
    "Variant",
    "Verdict",
    "accuracy_over_seeds",
    "class_accuracies",
    "class_changes",
    "compare",
    "compared",
    "difference",
    "disagreements",
]
