"""What a run says, as data: all of it can be written as JSON. What fills it in stands beside this folder."""

from harness.compare.answers.answers import Answers, Contrast, Control
from harness.compare.answers.choice import TOLERATED_LOSS, Choice, PassedOver
from harness.compare.answers.examples import ClassAccuracy, ClassChange, Disagreement, Disagreements
from harness.compare.answers.interval import Interval
from harness.compare.answers.learning import Arm, Change, Effect, Learning, LearningTest
from harness.compare.answers.speed import Latency, SpeedUp, Verdict
from harness.compare.answers.variant import Place, SeedOutcome, Standing, Variant

__all__ = [
    "TOLERATED_LOSS",
    "Answers",
    "Arm",
    "Change",
    "Choice",
    "ClassAccuracy",
    "ClassChange",
    "Contrast",
    "Control",
    "Disagreement",
    "Disagreements",
    "Effect",
    "Interval",
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
]
