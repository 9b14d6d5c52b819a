"""How latency was measured, and what verdicts and the frontier mean."""

from __future__ import annotations

from harness.compare import Answers
from harness.compare.results import Results
from harness.measure.measurement import Measurement
from harness.report import format as fmt
from harness.report.conditions.part import Part, distinct


def latency_part(results: Results) -> Part | None:
    """How each measurement went and what its latencies are; None where nothing was measured."""
    if not results.measurements:
        return None
    exported = [row.export.architecture for row in results.rows if row.export is not None]
    apart = (
        f"Networks whose inputs differ in shape were measured apart, in {len(results.measurements)} groups, and are "
        "only compared within these. "
        if len(results.measurements) > 1
        else ""
    )
    text = (
        f"{apart}{' '.join(_course(each) for each in results.measurements)} {_settings(results)} "
        f"Variants and seeds whose ONNX files differ only in their weights' values run the same kernels, so one file "
        f"stands for each graph: {len(set(exported))} graphs for {len(exported)} files. Speed-ups are paired within "
        "processes, so that what slows a process down cancels. Latencies follow from them: the first network's median, "
        "divided by paired speed-ups; they hold for this machine at that time. Each file's plain median is below."
    )
    return "Latency", text


def _course(measurement: Measurement) -> str:
    return (
        f"{'One' if measurement.launches == 1 else f'Each of {measurement.launches}'} "
        f"fresh process{'es' * (measurement.launches != 1)} held all {len(measurement.models)} ONNX graphs at "
        "once and timed them in short blocks in random order; the process is the unit of the statistics. "
        f"The measurement ended after {measurement.seconds:.0f} s, {_ending(measurement)}."
    )


def _settings(results: Results) -> str:
    spec = results.spec
    models = [model for measurement in results.measurements for model in measurement.models]
    devices = fmt.listed([fmt.device(name) for name in distinct(model.device for model in models)])
    return (
        f"Device: {devices} (asked for: {spec.device}). {fmt.MODES[spec.modes[0]].capitalize()}. "
        f"{fmt.plural(spec.threads, 'thread')}, graph optimisation {spec.optimization}."
    )


def _ending(measurement: Measurement) -> str:
    if measurement.stopped == "precision":
        return f"when every interval was within ±{100 * measurement.spec.precision:g} %"
    return "when its budget was spent, before every interval was as narrow as wanted"


def verdicts_part(answers: Answers) -> Part | None:
    """What each verdict takes; None where no speed-up is known."""
    if not any(variant.speedups for variant in answers.variants):
        return None
    margin = f"±{100 * answers.margin:g} %"
    text = (
        f"Equivalent: the whole 95 % interval lies within {margin}. Faster, slower: the speed-up differs from 1, with "
        "p at most 5 % after Holm's correction for all comparisons with an original. Inconclusive: anything else."
    )
    return "Verdicts", text


def frontier_part() -> Part:
    """What it takes to stand on the frontier, or near it."""
    text = (
        "On it: no variant of the same task that was measured with it has a latency at most as long and an accuracy at "
        "least as high, one of them better. Narrowly: another is clearly better in one, while its own lead in the "
        "other is not clear. Close behind: beaten, but by nothing that is clearly better in either. Clearly means a "
        "95 % interval of the difference, or the measured verdict, each pair on its own."
    )
    return "Frontier", text
