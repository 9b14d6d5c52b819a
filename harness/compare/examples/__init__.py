"""The test examples themselves: how right a variant is class by class, and which of them two variants answer otherwise.

What they really are stands beside what was answered (`labelled`). From outside, import from `harness.compare`.
"""

from harness.compare.examples.by_class import class_accuracies, class_changes
from harness.compare.examples.disagreements import disagreements
from harness.compare.examples.labelled import Labelled

__all__ = ["Labelled", "class_accuracies", "class_changes", "disagreements"]
