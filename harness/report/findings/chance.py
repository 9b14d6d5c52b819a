"""Networks that know no more than chance: nothing can be concluded from pruning them."""

from __future__ import annotations

from collections.abc import Iterator

from harness.compare import Answers, Variant
from harness.report import format as fmt
from harness.report.findings.common import Finding, seeds_told
from harness.report.names import Names

TEXT = (
    "No better on the test examples than always giving one answer, as far as these can tell. So nothing is concluded "
    "about what pruning costs: no best buy, no place on the frontier, no change in accuracy."
)
OF_KERAS = (
    "Train the network first; if it was trained, harness diagnose looks for what is lost (pixels scaled otherwise, "
    "statistics of BatchNormalization, other class numbers)."
)
OF_ONNX = (
    "An ONNX file was trained elsewhere, so it is probably fed otherwise than there: try the other scale (`harness "
    "evaluate FILE.onnx --data DATA --scale raw` answers in seconds), an npz:FILE of arrays that are prepared as its "
    "makers do it (mean and spread, BGR or RGB), and look whether the classes have the same numbers."
)


def at_chance(answers: Answers, names: Names) -> Finding | None:
    """The originals whose answers on the test examples are no better than luck, whatever their training looked like.

    Left out are those of the study's own question about learning.
    """
    pruned = {variant.network for variant in answers.pruned}
    asked = {arm.network for arm in answers.learning.arms} - pruned if answers.learning else set()
    found = [
        each
        for each in answers.variants
        if each.original and each.network not in asked and any(seed.at_chance for seed in each.finished)
    ]
    items = [f"{names.network(each)}: {', '.join(_told(each, answers))}." for each in found]
    if not items:
        return None
    cures = dict.fromkeys(OF_ONNX if each.suffix == ".onnx" else OF_KERAS for each in found)
    return Finding("At chance", " ".join((TEXT, *cures)), tuple(items), warning=True, urgent=True)


def _told(original: Variant, answers: Answers) -> Iterator[str]:
    """How good it is, what luck would be, and what training on makes of it."""
    bad = [seed for seed in original.finished if seed.at_chance]
    values = [seed.accuracy.value for seed in bad if seed.accuracy]
    chance = original.chance or 0.0
    if len(original.finished) == 1 or not original.trained_here:
        yield f"{fmt.percent(values[0])} of {fmt.plural(original.examples or 0, 'test example')} right"
    else:
        yield f"{len(bad)} of {len(original.finished)} trainings, {seeds_told(bad)}"
    yield f"where one answer for all scores {fmt.percent(chance)}"
    for variant in answers.of(original.network):
        if variant.trained_on and variant.accuracy is not None and variant.learned is False:
            epochs = fmt.plural(variant.longer_epochs, "epoch")
            yield f"and {fmt.percent(variant.accuracy.value)} once trained on for {epochs}"
    if max(values) > chance:
        yield "and so few examples can't tell it from luck: give more"
