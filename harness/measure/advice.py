"""What a measurement says about itself: lines that a person can act on."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness import stats
from harness.measure.comparison import Comparison
from harness.measure.files.slowness import some
from harness.measure.measurement import Measurement
from harness.measure.model import INSERTED_CAST, operators_told
from harness.measure.row import MeasuredRow
from harness.measure.runtime.placement import fallen

DRIFT_THAT_MATTERS = 0.05
BUSY_BELOW = 0.95
BUDGET = "--budget (measure.budget_s in a study)"


def advice(measurement: Measurement, comparisons: tuple[Comparison, ...]) -> tuple[str, ...]:
    """All lines for a measurement; `comparisons` are those that were asked for."""
    return (
        *_failed(measurement),
        *_control(measurement),
        *_threads(measurement),
        *_busy(measurement),
        *_drift(measurement),
        *_unsettled(measurement),
        *_wide(measurement, comparisons),
        *_cached(measurement),
        *_copies(measurement),
        *_placed(measurement),
        *_half(measurement),
        *_quantized(measurement),
        *_uncounted(measurement),
        *_graphs(measurement),
    )


def _failed(measurement: Measurement) -> Iterator[str]:
    for row in measurement.rows:
        if row.error is not None:
            yield f"{_name(measurement, row)} is invalid: {row.error}"


def _control(measurement: Measurement) -> Iterator[str]:
    for found in measurement.compare_control():
        if found.verdict in ("faster", "slower") and found.speedup is not None:
            yield (
                f"the control, a copy of the baseline, came out {found.verdict} at batch {found.batch} "
                f"({found.speedup:.3f}x): don't trust verdicts closer to 1 than that; measure again on a "
                "quieter machine"
            )


def _threads(measurement: Measurement) -> Iterator[str]:
    environment, threads = measurement.environment, measurement.spec.threads
    allowed = [len(environment.get("affinity") or ()), environment.get("cgroup_cpus")]
    limit = min((count for count in allowed if count), default=None)
    if limit is not None and threads > limit:
        fewer = max(1, int(limit))
        cure = f"use --threads {fewer} or fewer (measure.threads in a study)"
        yield f"{threads} threads share {limit:g} CPUs and wait for each other; {cure}"


def _busy(measurement: Measurement) -> Iterator[str]:
    shares = [process.cpu_share for process in measurement.processes if process.cpu_share is not None]
    if shares and stats.median(shares) < BUSY_BELOW:
        lost = 100 * (1 - stats.median(shares))
        yield (
            f"other processes had the core for {lost:.0f} % of the timed blocks, which hits long runs more than short "
            "ones; stop them, or leave a core free"
        )


def _drift(measurement: Measurement) -> Iterator[str]:
    """Whether the machine itself got slower or faster from launch to launch, seen on the baseline."""
    for row in measurement.rows:
        medians = [launch.usual_us for launch in row.launches]
        if row.model != measurement.control_of or len(medians) < stats.MINIMUM_LAUNCHES:
            continue
        third = len(medians) // 3
        change = stats.median(medians[-third:]) / stats.median(medians[:third]) - 1
        if abs(change) > DRIFT_THAT_MATTERS and stats.trend(medians) <= 0.01:
            direction = "slower" if change > 0 else "faster"
            yield (
                f"the machine drifts: {_name(measurement, row)} got {100 * abs(change):.0f} % {direction} from the "
                "first to the last launches; ratios stand, absolute times don't (heat, clocks or other work?)"
            )


def _unsettled(measurement: Measurement) -> Iterator[str]:
    for row in measurement.rows:
        drift = row.drift() if row.launches else None
        moving = drift is not None and (drift.low > 0 or drift.high < 0)
        if drift is not None and moving and abs(math.expm1(drift.estimate)) > measurement.spec.margin:
            change = f"{100 * math.expm1(drift.estimate):+.1f} %"
            yield f"{_name(measurement, row)} is not steady: {change} from the first to the second half of a launch"
        elif row.launches and not row.settled:
            yield f"{_name(measurement, row)} still got faster when its warm-up ended in at least one launch"


def _wide(measurement: Measurement, comparisons: tuple[Comparison, ...]) -> Iterator[str]:
    comparisons = tuple(found for found in comparisons if found.verdict != "invalid")
    wide = [found for found in comparisons if _half_width(found) > measurement.spec.precision]
    if not wide:
        return
    worst = max(wide, key=_half_width)
    width, count = _half_width(worst), measurement.launches
    what = f"{len(wide)} of {len(comparisons)} intervals are wider than ±{100 * measurement.spec.precision:g} %"
    busy = count - worst.launches
    if busy > count / 2:
        yield f"{what}: in {busy} of {count} launches the machine was too busy to time batch {worst.batch}"
        return
    if not math.isfinite(width):
        yield f"{what}: the budget held {count} launches, too few for an interval; give more {BUDGET}"
        return
    needed = measurement.seconds * (width / measurement.spec.precision) ** 2
    why = _spread(measurement, worst)
    yield f"{what} (±{100 * width:.1f} % at worst) after {count} launches: {why}; {needed:.0f} s of {BUDGET} should do"


def _spread(measurement: Measurement, found: Comparison) -> str:
    """Where the width comes from: noise within launches, or launches that differ from each other."""
    baseline = measurement.row(found.baseline, found.batch, found.mode)
    candidate = measurement.row(found.candidate, found.batch, found.mode)
    between = stats.deviation(baseline.log_ratios(candidate))
    within = stats.median(baseline.round_errors(candidate))
    if within > 0.7 * between:
        return f"single rounds are noisy (±{100 * within:.1f} % a launch), as on a busy machine"
    return f"launches differ by ±{100 * between:.1f} %, more than their own noise of ±{100 * within:.1f} %"


def _half_width(found: Comparison) -> float:
    if found.ci_low is None or found.ci_high is None:
        return math.inf
    return math.sqrt(found.ci_high / found.ci_low) - 1


def _cached(measurement: Measurement) -> Iterator[str]:
    """Inputs that stay in the last cache between runs, but are too large for a core's own."""
    caches = measurement.environment.get("caches_bytes") or {}
    near, far = caches.get("L2"), caches.get("L3")
    if near is None or far is None or any(model.device != "cpu" for model in measurement.models):
        return
    for batch in measurement.spec.batch_sizes:
        size = sum(one.size_bytes(batch) for one in measurement.inputs)
        if near < size <= far and size * measurement.spec.input_copies <= far:
            copies = math.ceil(2 * far / size)
            yield (
                f"batch {batch}: the same {size / 1e6:.1f} MB of input stays in the {far / 1e6:.0f} MB cache from run "
                f"to run, where production's comes from memory; --input-copies {copies} (measure.input_copies in a "
                "study) uses as many inputs in turn"
            )


def _copies(measurement: Measurement) -> Iterator[str]:
    """Host-to-device copies that cost more than the model: end to end against device-resident."""
    if not {"end_to_end", "device"} <= set(measurement.spec.modes):
        return
    for row in measurement.rows:
        if row.mode != "device" or row.device == "cpu" or row.median_us is None:
            continue
        whole = measurement.row(row.model, row.batch).median_us
        if whole is not None and whole - row.median_us > row.median_us:
            copies = whole - row.median_us
            yield (
                f"{_name(measurement, row)}: copies between host and device take {copies:.0f} us, the model "
                f"{row.median_us:.0f} us; keep data on the device (IOBinding) or send smaller types"
            )


def _placed(measurement: Measurement) -> Iterator[str]:
    """On a GPU: the nodes whose work falls to the CPU, and the copies and shape computations on the way."""
    for model in measurement.models:
        if model.placement is None or model.device == "cpu":
            continue
        nodes = fallen({"ran": model.placement.ran})
        if nodes:
            yield f"{model.path}: {len(nodes)} nodes fall to the CPU: {some(nodes)}"
        if model.placement.on_the_way:
            yield f"{model.path}: copies and shape computations on the way: {some(model.placement.on_the_way)}"


def _half(measurement: Measurement) -> Iterator[str]:
    """Where float16 is no saving: onnxruntime has no kernel for it on the CPU, and casts before and after."""
    for model in measurement.models:
        ran = model.placement.ran if model.placement else ()
        casts = {node for _, node, operator, _ in ran if operator == "Cast" and node.startswith(INSERTED_CAST)}
        if casts:
            yield (
                f"{model.path}: float16 is computed in float32 on this device, with {len(casts)} casts that "
                "onnxruntime put in between; a float32 file has none of them"
            )


def _quantized(measurement: Measurement) -> Iterator[str]:
    """Of a file with quantizations: what of it really computes with 8-bit numbers, and what only converts."""
    for model in measurement.models:
        placed = model.placement
        if placed is None or placed.conversions is None:
            continue
        yield (
            f"{model.path}: {len(placed.in_8_bits)} of {len(placed.ran)} kernels compute with 8-bit numbers"
            + (f", and {len(placed.conversions)} only convert" if placed.conversions else "")
            + (f"; with 8 bits: {operators_told(placed.in_8_bits)}" if placed.in_8_bits else "")
        )
        if placed.left_over:
            yield (
                f"{model.path}: {len(placed.left_over)} pairs of Quantize and Dequantize are left over and only round, "
                f"between {some(placed.left_over)}; keep one of both nodes in float32 (`harness quantize --keep NODE`)"
            )


def _uncounted(measurement: Measurement) -> Iterator[str]:
    for model in measurement.models:
        if model.uncounted:
            what = "MACs" if model.parameters is not None else "MACs and weights"
            yield f"{model.path}: {what} unknown: {some(model.uncounted)} can't be counted"


def _graphs(measurement: Measurement) -> Iterator[str]:
    for model in measurement.models:
        for finding in model.findings:
            yield f"{model.path}: {finding}"


def _name(measurement: Measurement, row: MeasuredRow) -> str:
    return f"{measurement.models[row.model].path} at batch {row.batch}, {row.mode.replace('_', ' ')}"
