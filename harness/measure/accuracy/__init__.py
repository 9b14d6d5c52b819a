"""What ONNX classifiers get right: `predictions` of a file, which of them are right (`judging`), and one file or two
on a dataset (`evaluation`).

From outside: `evaluate`, `judged` and `right` from here, and `evaluation`.
"""

from harness.measure.accuracy.judging import evaluate, judged, right

__all__ = ["evaluate", "judged", "right"]
