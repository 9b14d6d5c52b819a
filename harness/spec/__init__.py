"""What a user asks for: a Study, its Cases and their parts; frozen, checked when built, read from TOML.

A study's tables have a file each: `data`, `training` (the table `train`), `measuring` (`measure`), `exporting`
(`export`), `network` (`[[networks]]`), `pruning` (`[[networks.prune]]`) and `quantizing` (a network's `quantize`). A
`case` is one network with one seed. `speed` asks for widths by latency, `frontier` for a walk along them. `checked`
tells what is wrong in one line; `names` is how all of it stands in names. From outside, import from `harness.spec`
itself.
"""

from harness.spec.case import Case, is_file, is_onnx, usual_importance
from harness.spec.checked import check_seed, checked
from harness.spec.data import DataSpec
from harness.spec.exporting import OPSETS, ExportSpec
from harness.spec.frontier import FrontierSpec, frontier_study, usual_walk
from harness.spec.gates import BOUNDS, Gates, gates_of
from harness.spec.measuring import Device, MeasureSpec, Mode
from harness.spec.names import short, without
from harness.spec.pruning import AMOUNTS, RECONSTRUCT_IMAGES, Importance, PruneSpec, Schedule
from harness.spec.quantizing import PRECISION_LABELS, Calibrator, Precision, QuantizeSpec
from harness.spec.speed import MOST_ROUNDS, SpeedSpec
from harness.spec.study import Study, read_study, study_of
from harness.spec.training import TrainSpec

__all__ = [
    "AMOUNTS",
    "BOUNDS",
    "MOST_ROUNDS",
    "OPSETS",
    "PRECISION_LABELS",
    "RECONSTRUCT_IMAGES",
    "Calibrator",
    "Case",
    "DataSpec",
    "Device",
    "ExportSpec",
    "FrontierSpec",
    "Gates",
    "Importance",
    "MeasureSpec",
    "Mode",
    "Precision",
    "PruneSpec",
    "QuantizeSpec",
    "Schedule",
    "SpeedSpec",
    "Study",
    "TrainSpec",
    "check_seed",
    "checked",
    "frontier_study",
    "gates_of",
    "is_file",
    "is_onnx",
    "read_study",
    "short",
    "study_of",
    "usual_importance",
    "usual_walk",
    "without",
]
