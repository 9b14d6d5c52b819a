"""How right each variant is class by class, and which classes changed.

A class has few examples, and a study few seeds: intervals and tests are about these trainings on other examples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress
from operator import itemgetter, ne

from harness import stats
from harness.base.predicted import NO_ANSWER
from harness.compare.answers import ClassAccuracy, ClassChange, Interval
from harness.compare.examples.labelled import Labelled
from harness.compare.pooling import accuracy_over_seeds, tested_difference
from harness.records import Accuracy, ExampleSet


def class_accuracies(labelled: Labelled, variant: str) -> tuple[ClassAccuracy, ...]:
    """Of every class that has examples, in order, for a variant by its key; none where labels were not recorded."""
    if variant not in labelled.classes:
        examples = labelled.examples(variant)
        judged = list(labelled.accuracies(variant).values())
        labelled.classes[variant] = () if examples is None else _accuracies(judged, examples)
    return labelled.classes[variant]


def class_changes(labelled: Labelled, variant: str, reference: str) -> tuple[ClassChange, ...]:
    """A variant against another, class by class and tested together; none where they were not asked the same."""
    examples = labelled.same(variant, reference)
    if examples is None:
        return ()
    ours, theirs = labelled.accuracies(variant), labelled.accuracies(reference)
    after, before = (list(each.values()) for each in (ours, theirs))
    found = [
        tested_difference(
            _of(after, places), _of(before, places), paired_seeds=list(ours) == list(theirs), these_seeds=True
        )
        for places in examples.places.values()
    ]
    adjusted = stats.holm([each.p_value for each in found])
    sides = zip(class_accuracies(labelled, reference), class_accuracies(labelled, variant), strict=True)
    return tuple(
        ClassChange(
            before=old,
            after=new,
            change=Interval(value=each.estimate, low=each.low, high=each.high),
            p_adjusted=p,
            verdict=stats.preference(each.estimate, p),
        )
        for (old, new), each, p in zip(sides, found, adjusted, strict=True)
    )


def _of(judged: Iterable[Accuracy], places: Sequence[int]) -> list[str]:
    """Right and wrong answers to some of the examples, a text a seed."""
    at = itemgetter(*places)
    return ["".join(at(each.correct)) for each in judged]


def _accuracies(judged: Sequence[Accuracy], examples: ExampleSet) -> tuple[ClassAccuracy, ...]:
    given = [answers for each in judged if (answers := each.answers(examples.numbers)) is not None]
    wrong = Counter(pair for answers in given for pair in _differing(examples.numbers, answers))
    return tuple(
        _accuracy(examples, number, _of(judged, places), _mistakes(number, wrong))
        for number, places in examples.places.items()
    )


def _differing(truths: Sequence[int], answers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """What an example is, and what it was taken for, where these are not the same."""
    return compress(zip(truths, answers, strict=True), map(ne, truths, answers))


def _mistakes(number: int, wrong: Mapping[tuple[int, int], int]) -> Mapping[int, int]:
    """The wrong classes that the examples of a class were taken for, and how often."""
    return {other: count for (truth, other), count in wrong.items() if truth == number and other != NO_ANSWER}


def _accuracy(examples: ExampleSet, number: int, corrects: Sequence[str], mistakes: Mapping[int, int]) -> ClassAccuracy:
    most = min(mistakes, key=lambda other: (-mistakes[other], other), default=None)
    return ClassAccuracy(
        name=examples.name(number),
        examples=len(corrects[0]),
        seeds=len(corrects),
        right=sum(correct.count("1") for correct in corrects),
        accuracy=accuracy_over_seeds(corrects, these_seeds=True),
        taken_for=None if most is None else examples.name(most),
        mistaken=0 if most is None else mistakes[most],
    )
