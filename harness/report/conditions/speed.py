"""How a run was made and what its numbers mean: the part of the report that lets a reader trust it or not."""

from __future__ import annotations

from collections.abc import Iterable

from harness.compare import Answers
from harness.compare.results import Results
from harness.measure.measurement import Measurement
from harness.records import Row
from harness.report import format as fmt
from harness.report.names import file_name
from harness.stats.learned import NEAR_ZERO, SIGNIFICANCE

Part = tuple[str, str]


def conditions(results: Results, answers: Answers) -> tuple[Part, ...]:
    """Each a heading and a few sentences."""
    parts = [
        _training(results),
        _learned(results),
        _accuracy(results),
        _pruning(),
        _latency(results),
        _verdicts(answers),
        _frontier(),
    ]
    return tuple(part for part in parts if part is not None)


def _training(results: Results) -> Part | None:
    done = [row for row in results.rows if row.training is not None and (row.case.file is None or _epochs(row))]
    if not done:
        return None
    recipes = _distinct(_recipe(row) for row in done)
    where = _distinct(
        f"Keras {row.training.keras_version} on {row.training.backend} ({row.training.device})"
        for row in done
        if row.training
    )
    seeds = sorted({row.case.seed for row in results.rows})
    text = f"{fmt.listed(recipes)}; {fmt.listed(where)}. Seeds: {', '.join(map(str, seeds))}."
    if any(_epochs(row) for row in results.rows):
        text += (
            " Fine-tuning measures the statistics of BatchNormalization again on the training examples and trains on "
            "with the same settings, for pruned variants and, as 'original, trained on', for their original."
        )
    taken_over = _distinct(file_name(row.case.file.name) for row in results.rows if row.case.file is not None)
    if taken_over:
        they = ("it is", "it was") if len(taken_over) == 1 else ("they are", "they were")
        text += f" Not trained here but taken as {they[0]}: {fmt.listed(taken_over)}"
        text += f"; what is told is how {they[1]} fine-tuned." if any(_epochs(row) for row in results.rows) else "."
    return "Training", text


def _recipe(row: Row) -> str:
    """How a network was trained; one that came in a file, how it was fine-tuned."""
    spec = row.case.train
    if row.case.file is None and spec.steps is not None:
        length = fmt.plural(spec.steps, "step")
    else:
        length = fmt.plural(spec.epochs if row.case.file is None else _epochs(row), "epoch")
    return f"{length} of {spec.optimizer}, learning rate {spec.learning_rate:g}, batch {spec.batch_size}"


def _epochs(row: Row) -> int:
    """For how many epochs it was fine-tuned."""
    if row.prune is None:
        return row.longer_epochs if row.tuning is not None else 0
    return row.prune.finetune_epochs if row.pruning is not None and row.pruning.finetune is not None else 0


def _accuracy(results: Results) -> Part | None:
    done = [row for row in results.rows if row.accuracy is not None]
    if not done:
        return None
    sets = _distinct(f"{fmt.count(row.accuracy.examples)} of {row.case.data.name}" for row in done if row.accuracy)
    text = (
        f"Of the ONNX file, on test examples that no training here saw ({fmt.listed(sets)}), the same for every "
        "variant. "
        "Means are over seeds. With one seed the interval is Wilson's; with more it is Wilson's at the sample size "
        "that the spread over examples and seeds is worth. Changes compare a variant with its own original example "
        "by example and seed by seed; with one seed the interval is Newcombe's for paired proportions, with more it "
        "is Student's from the variances over examples and over seeds."
    )
    if any(row.export is None for row in done):
        text += " Networks that the study does not deploy were judged by Keras itself, on the same examples."
    return "Accuracy", text


def _learned(results: Results) -> Part:
    luck = f"what always giving the commonest class would score (binomial test, one-sided, p below {SIGNIFICANCE:g})"
    here = (
        "A training has learned when its accuracy on the training examples in the last epoch (or, trained in steps, up "
        f"to the last record) is above {luck}, and its loss still fell, or was near zero (below {NEAR_ZERO:g})."
    )
    parts = [here] if any(row.case.file is None for row in results.rows) else []
    more = "Before anything is concluded, the accuracy of the original on the test examples must be above that, too."
    file = f"Nothing is concluded from a network unless its accuracy on the test examples is above {luck}."
    return "Learned", " ".join([*parts, more if parts else file])


def _pruning() -> Part:
    text = (
        "Proof: the largest difference between the pruned network and the original with the same channels masked, as "
        "a share of the logits' spread. Parity: the largest difference between Keras and the ONNX file on the whole "
        "test set, likewise. Where top-1 answers differ, the number of examples is given."
    )
    return "Proof and parity", text


def _latency(results: Results) -> Part | None:
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
    devices = fmt.listed([fmt.device(name) for name in _distinct(model.device for model in models)])
    return (
        f"Device: {devices} (asked for: {spec.device}). {fmt.MODES[spec.modes[0]].capitalize()}. "
        f"{fmt.plural(spec.threads, 'thread')}, graph optimisation {spec.optimization}."
    )


def _ending(measurement: Measurement) -> str:
    if measurement.stopped == "precision":
        return f"when every interval was within ±{100 * measurement.spec.precision:g} %"
    return "when its budget was spent, before every interval was as narrow as wanted"


def _verdicts(answers: Answers) -> Part | None:
    if not any(variant.speedups for variant in answers.variants):
        return None
    margin = f"±{100 * answers.margin:g} %"
    text = (
        f"Equivalent: the whole 95 % interval lies within {margin}. Faster, slower: the speed-up differs from 1, with "
        "p at most 5 % after Holm's correction for all comparisons with an original. Inconclusive: anything else."
    )
    return "Verdicts", text


def _frontier() -> Part:
    text = (
        "On it: no variant of the same task that was measured with it has a latency at most as long and an accuracy at "
        "least as high, one of them better. Narrowly: another is clearly better in one, while its own lead in the "
        "other is not clear. Close behind: beaten, but by nothing that is clearly better in either. Clearly means a "
        "95 % interval of the difference, or the measured verdict, each pair on its own."
    )
    return "Frontier", text


def reproduce(results: Results) -> tuple[str, ...]:
    """The commands, as lines of a shell."""
    return (
        f"harness run {results.study}.toml    # train, prune, export, measure; finished stages are not run again",
        "harness report RUN    # this report again, from the run's results.json alone",
    )


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
