"""A quantization in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.measure.accuracy.present import sentences as accuracy_sentences
from harness.measure.files.slowness import some
from harness.measure.model import operators_told
from harness.quantize.job import QuantizeFile
from harness.quantize.operators import told
from harness.records import Agreement, Blame, Quantization, SlowerLayer

TYPICAL = "50"
FAR = "99"


def lines(about: QuantizeFile, output: Path) -> tuple[str, ...]:
    """What was done, what it costs and brings, and what is to blame, a line each."""
    return (
        *_done(about, output),
        *_agreement(about.quantization.agreement),
        *(accuracy_sentences(about.evaluation) if about.evaluation is not None else ()),
        *_arrangements(about.quantization),
        *_speed(about),
        *_placement(about),
        *(line for each in about.blamed for line in _blame(each)),
    )


def _done(about: QuantizeFile, output: Path) -> Iterator[str]:
    found = about.quantization
    if found.unchanged:
        yield f"nothing of {about.source} is shown to be faster in INT8 here; keep it as it is: nothing is written"
        return
    sizes = f"{about.original_bytes / 1e6:.2f} MB → {about.size_bytes / 1e6:.2f} MB"
    if found.spec.precision == "fp16":
        yield f"{output}: weights in float16, {sizes}"
        return
    bits = "7 bits for weights, since this CPU has no VNNI" if found.seven_bits else "8 bits"
    yield (
        f"{output}: {len(found.nodes)} nodes in INT8, {sizes}; {bits}, activations {found.activations}, ranges by "
        f"{found.spec.calibrator} from {found.images:,} images"
    )
    if found.left:
        yield f"left in float32 by choice: {names(found.left)}"
    if found.others:
        yield f"no INT8 for: {told(found.others)}"


def _agreement(found: Agreement | None) -> Iterator[str]:
    for name, kept in (found.outputs if found is not None else {}).items():
        assert found is not None
        same = "" if kept.top1 is None else f"top-1 the same in {100 * kept.top1:.1f} %, "
        typical, far = (100 * kept.relative_error[share] for share in (TYPICAL, FAR))
        yield (
            f"kept of the original's '{name}', on {found.examples} examples: {same}relative error {typical:.2g} % "
            f"(median), {far:.2g} % (99th percentile)"
        )


def _arrangements(found: Quantization) -> Iterator[str]:
    for each in found.arrangements:
        gains = "; ".join(f"batch {gain.batch} {gain.told}" for gain in each.gains)
        yield f"{'chosen' if each.chosen else 'tried'}: {each.name}: {gains}"


def _speed(about: QuantizeFile) -> Iterator[str]:
    for gain in about.gains:
        yield (
            f"batch {gain.batch}: {gain.told} than the original"
            if gain.verdict in ("faster", "slower")
            else (f"batch {gain.batch}: {gain.told}")
        )


def _placement(about: QuantizeFile) -> Iterator[str]:
    if about.in_float32:
        yield (
            f"this device ({about.device}) computes float16 in float32, with casts in between: nothing is gained here "
            "but a smaller file; measure it where it is to run"
        )
    if about.kernels is not None and about.quantization.spec.precision != "fp16":
        which = f" ({operators_told(about.in_8_bits)})" if about.in_8_bits else ""
        converting = f", {about.converting} only convert" if about.converting else ""
        yield (
            f"ran on {about.device}: {len(about.in_8_bits)} of {about.kernels} kernels with 8-bit numbers{which}"
            f"{converting}"
        )
    if about.left_over:
        yield (
            f"{len(about.left_over)} pairs of Quantize and Dequantize are left over and only round, between "
            f"{some(about.left_over)}; --keep leaves a node in float32"
        )


def _blame(found: Blame) -> Iterator[str]:
    beside = "" if not found.around else f", beside {told(found.around)}"
    count = f"{found.conversions} conversion{'s' * (found.conversions != 1)}"
    yield (
        f"batch {found.batch}, by the profiler: {found.int8_us:.0f} us in INT8, {found.float_us:.0f} in float32; "
        f"{found.converting_us:.0f} of them go into {count}{beside}"
    )
    if found.slower:
        yield f"to blame at batch {found.batch}: {some([_layer(each, found.step) for each in found.slower])}"


def _layer(found: SlowerLayer, step: int) -> str:
    if found.filters is None or found.channels is None:
        return f"'{found.node}' {found.int8_us:.0f} us instead of {found.float_us:.0f}"
    few = found.filters < step or found.channels < step
    size = f"{found.filters} filters of {found.channels} channel{'s' * (found.channels != 1)}"
    why = f", few for kernels that take {step} together" if few else ""
    return f"'{found.node}' {found.int8_us:.0f} us instead of {found.float_us:.0f} ({size}{why})"


def names(found: Sequence[str]) -> str:
    """A few names in quotes."""
    return some([f"'{name}'" for name in found])
