"""What stages produce: frozen, versioned, written as JSON. Raw values are fields; what follows from them is derived.

A file for each stage: `training`, `pruning`, `quantization`, `export`, `accuracy`; `metadata` is what an ONNX file says
of itself, a `row` of a run's results holds one of each, and `examples` tells what rows were judged on. From outside,
import from `harness.records` itself.
"""

from harness.records.accuracy import Accuracy
from harness.records.examples import ExampleSet
from harness.records.export import Export, Parity
from harness.records.metadata import Metadata, Preprocessing, TestAccuracy
from harness.records.pruning import (
    Agreement,
    ChannelPlan,
    ChosenWidths,
    LayerCost,
    Matched,
    OutputKept,
    Proof,
    PruneFile,
    PruneReport,
    Pruning,
    Reached,
    Round,
    Speed,
    Verdict,
    total,
)
from harness.records.quantization import Arrangement, Blame, Gain, Quantization, SlowerLayer
from harness.records.record import GrownRecord, Record
from harness.records.row import Row
from harness.records.training import Answered, Reconstruction, Recovery, SolvedLayer, Training

__all__ = [
    "Accuracy",
    "Agreement",
    "Answered",
    "Arrangement",
    "Blame",
    "ChannelPlan",
    "ChosenWidths",
    "ExampleSet",
    "Export",
    "Gain",
    "GrownRecord",
    "LayerCost",
    "Matched",
    "Metadata",
    "OutputKept",
    "Parity",
    "Preprocessing",
    "Proof",
    "PruneFile",
    "PruneReport",
    "Pruning",
    "Quantization",
    "Reached",
    "Reconstruction",
    "Record",
    "Recovery",
    "Round",
    "Row",
    "SlowerLayer",
    "SolvedLayer",
    "Speed",
    "TestAccuracy",
    "Training",
    "Verdict",
    "total",
]
