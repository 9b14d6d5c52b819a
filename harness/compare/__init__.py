"""From results to answers: what pruning cost in accuracy, what it bought in speed, and which variants are worth having.

Pure: it reads records, and needs no model, no Keras and no onnxruntime. `comparing` puts together what the others find:
rows become `variants` over their seeds (`pooling`), get their speed from the `timings` (`speed`), and stand somewhere
with regard to the `frontier` (`standings`); `choices` say which to ship; `contrasts` are between unpruned networks,
`learning` is about which trainings learned. What is found is data, in `answers`. `between` compares two runs.
"""

from harness.compare.answers import (
    TOLERATED_LOSS,
    Answers,
    Arm,
    Change,
    Choice,
    Contrast,
    Control,
    Effect,
    Interval,
    Latency,
    Learning,
    LearningTest,
    Place,
    SeedOutcome,
    SpeedUp,
    Standing,
    Variant,
    Verdict,
)
from harness.compare.comparing import Compared, compare, compared
from harness.compare.pooling import accuracy_over_seeds, difference

__all__ = [
    "TOLERATED_LOSS",
    "Answers",
    "Arm",
    "Change",
    "Choice",
    "Compared",
    "Contrast",
    "Control",
    "Effect",
    "Interval",
    "Latency",
    "Learning",
    "LearningTest",
    "Place",
    "SeedOutcome",
    "SpeedUp",
    "Standing",
    "Variant",
    "Verdict",
    "accuracy_over_seeds",
    "compare",
    "compared",
    "difference",
]
