"""What changed between two runs, or two measurements: their speeds, through a model that is in both; their accuracies,
on the same examples.

From outside: `changes_between`, and the records that it gives.
"""

from harness.compare.between.accuracies import AccuracyChange
from harness.compare.between.changes import Changes, changes_between
from harness.compare.between.speeds import Change

__all__ = ["AccuracyChange", "Change", "Changes", "changes_between"]
