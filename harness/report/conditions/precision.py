"""How files in INT8 and FP16 were made, and what of them really computed with 8-bit numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from harness.compare.results import Results
from harness.measure.model import CONVERTING, Placement, operators_told
from harness.records import Quantization
from harness.report import format as fmt
from harness.report.conditions.part import Part, distinct
from harness.report.names import Names


def precision_part(results: Results, names: Names) -> Part | None:
    """From how many images, with which numbers, and where the conversions are; None where all is float32."""
    found = [row.quantization for row in results.rows if row.quantization is not None]
    if not found:
        return None
    return "INT8 and FP16", " ".join([*_made(found), *_ran(results, names)])


def _made(found: list[Quantization]) -> Iterator[str]:
    ints = [each for each in found if each.spec.precision != "fp16"]
    if ints:
        images = fmt.listed(distinct(f"{each.images:,}" for each in ints if each.images is not None))
        kinds = fmt.listed(distinct(each.activations or "" for each in ints))
        bits = "7 bits, since the processor has no VNNI" if any(each.seven_bits for each in ints) else "8 bits"
        yield (
            f"INT8 is static: QDQ by onnxruntime's tools, a scale for each channel of weights ({bits}), activations "
            f"{kinds} with ranges by {fmt.listed(distinct(each.spec.calibrator for each in ints))} from {images} "
            "training images; the answers' last product writes floats."
        )
    if any(each.spec.precision == "auto" for each in found):
        yield (
            "'Where faster' keeps a node in INT8 only if that was measured to be faster here, chosen by the first seed "
            "that learned for all."
        )
    if any(each.spec.precision == "fp16" for each in found):
        yield "FP16 stores weights and what goes between nodes in float16; inputs and outputs stay float32."
    yield "Parity is that of the float32 file that each was made from."


def _ran(results: Results, names: Names) -> Iterator[str]:
    """Of each network's quantized files, which kernels computed with 8-bit numbers, and what only converted."""
    placed = {
        model.sha256: model.placement
        for measurement in results.measurements
        for model in measurement.models
        if model.placement is not None and model.placement.conversions is not None
    }
    told: dict[str, None] = {}
    for row in results.rows:
        if row.quantize is not None and row.export is not None and row.export.sha256 in placed:
            told.setdefault(f"{names.networks[row.case.network]}, {row.variant}: {_placed(placed[row.export.sha256])}")
    if told:
        yield f"By the runtime's own profile: {'; '.join(told)}."
    floats = [
        model
        for measurement in results.measurements
        for model in measurement.models
        if model.placement is not None and model.placement.widened
    ]
    if floats:
        yield "This device computes float16 in float32, with casts in between: FP16 can't be faster here."


def _placed(placed: Placement) -> str:
    which = f" ({operators_told(placed.in_8_bits)})" if placed.in_8_bits else ""
    told = f"{len(placed.in_8_bits)} of {len(placed.ran)} kernels with 8-bit numbers{which}"
    beside = Counter(name for name in placed.beside if name not in CONVERTING)
    if placed.conversions:
        around = fmt.listed([f"{name} ({count})" for name, count in beside.most_common()]) if beside else ""
        told += f", {len(placed.conversions)} only convert" + (f", beside {around}" if around else "")
    if placed.left_over:
        told += f", {len(placed.left_over)} pairs left over"
    return told
