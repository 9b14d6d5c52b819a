"""What a user asks for: a Study, its Cases and their parts; frozen, checked when built, read from TOML.

From outside, import from `harness.spec` itself.
"""

from harness.spec.checked import checked
from harness.spec.study import (
    Case,
    Device,
    Importance,
    MeasureSpec,
    Mode,
    PruneSpec,
    Study,
    check_seed,
    is_file,
    read_study,
    short,
    study_of,
    without,
)
from harness.spec.training import DataSpec, TrainSpec

__all__ = [
    "Case",
    "DataSpec",
    "Device",
    "Importance",
    "MeasureSpec",
    "Mode",
    "PruneSpec",
    "Study",
    "TrainSpec",
    "check_seed",
    "checked",
    "is_file",
    "read_study",
    "short",
    "study_of",
    "without",
]
