"""A network and a pruned one, with answers that are written out."""

from __future__ import annotations

from collections.abc import Sequence

from harness.compare import Labelled, compare
from harness.compare.results import Results
from harness.records import Accuracy, ExampleSet
from harness.spec import Study
from tests.synthetic import World, results_of

HALF = {"name": "half", "networks": [{"model": "single_conv", "prune": [{"ratio": 0.5}]}]}
ORIGINAL, PRUNED = "single_conv, original", "single_conv, 50 %"
NAMES = ("cat", "dog", "fox")


def answering(labels: Sequence[int], *seeds: tuple[Sequence[int], Sequence[int]]) -> Results:
    """The classes that the original and the pruned network give, with each seed."""
    study = Study.model_validate({**HALF, "seeds": list(range(len(seeds)))})
    results = results_of(study, World(chance=None))
    rows = [
        row.model_copy(
            update={"accuracy": judged(labels, seeds[row.case.seed][row.prune is not None]), "examples": "these"}
        )
        for row in results.rows
    ]
    known = ExampleSet(class_names=NAMES, labels=" ".join(map(str, labels)))
    return results.model_copy(update={"rows": tuple(rows), "example_sets": {"these": known}})


def judged(labels: Sequence[int], given: Sequence[int]) -> Accuracy:
    pairs = list(zip(labels, given, strict=True))
    wrong = " ".join(str(answer) for label, answer in pairs if answer != label)
    return Accuracy(correct="".join("01"[label == answer] for label, answer in pairs), device="cpu", wrong=wrong)


def labelled(results: Results) -> Labelled:
    return Labelled.of(results, compare(results))
