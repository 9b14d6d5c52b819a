"""From results to answers: what pruning cost in accuracy, what it bought in speed, and which variants are worth having.

Pure: it reads records, and needs no model, no Keras and no onnxruntime.
"""

from harness.compare.answers.interval import Interval
from harness.compare.answers.learning import Arm, Change, Effect, Learning, LearningTest
from harness.compare.answers.variant import (
    Answers,
    Contrast,
    Control,
    Latency,
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
    "Answers",
    "Arm",
    "Change",
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
