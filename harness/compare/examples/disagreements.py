"""The test examples that what is shipped would answer otherwise than what it replaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.base.predicted import NO_ANSWER
from harness.compare.answers import Disagreement, Disagreements
from harness.compare.examples.labelled import Labelled
from harness.records import Accuracy, ExampleSet

# How many of each kind are shown; where one has fewer, others take their places.
SHOWN = {"lost": 6, "won": 4, "neither": 2}


def disagreements(labelled: Labelled, variant: str, reference: str) -> Disagreements | None:
    """Those of a variant and what it would replace, by their keys, with the first seed that counts for both.

    None where they were not asked the same, or labels or answers were not recorded.
    """
    examples = labelled.same(variant, reference)
    ours, theirs = labelled.accuracies(variant), labelled.accuracies(reference)
    pairs = {seed: (theirs[seed], ours[seed]) for seed in ours if seed in theirs}
    if examples is None or not pairs:
        return None
    seed = next(iter(pairs))
    before, after = (each.answers(examples.numbers) for each in pairs[seed])
    if before is None or after is None:
        return None
    found = list(_found(examples, before, after))
    counts = {kind: sum(each.kind == kind for each in found) for kind in SHOWN}
    return Disagreements(
        variant=variant,
        reference=reference,
        seed=seed,
        digest=labelled.digest(variant) or "",
        examples=len(examples.numbers),
        shown=_shown(found, _often(list(pairs.values()))),
        **counts,
    )


def _found(examples: ExampleSet, before: Sequence[int], after: Sequence[int]) -> Iterator[Disagreement]:
    for number, (truth, old, new) in enumerate(zip(examples.numbers, before, after, strict=True)):
        if old != new:
            names = ["no answer" if each == NO_ANSWER else examples.name(each) for each in (old, new)]
            yield Disagreement(
                number=number,
                truth=examples.name(truth),
                before=names[0],
                after=names[1],
                kind="lost" if old == truth else "won" if new == truth else "neither",
            )


def _often(pairs: Sequence[tuple[Accuracy, Accuracy]]) -> Mapping[int, int]:
    """With how many seeds each example changed between right and wrong, by its number."""
    changed = [[old != new for old, new in zip(before.correct, after.correct, strict=True)] for before, after in pairs]
    return dict(enumerate(map(sum, zip(*changed, strict=True))))


def _shown(found: Sequence[Disagreement], often: Mapping[int, int]) -> tuple[Disagreement, ...]:
    """A few of each kind, first those that change with the most seeds."""
    order = sorted(found, key=lambda each: (-often[each.number], each.number))
    kinds = {kind: [each for each in order if each.kind == kind] for kind in SHOWN}
    counts = {kind: min(most, len(kinds[kind])) for kind, most in SHOWN.items()}
    for kind in SHOWN:
        spare = sum(SHOWN.values()) - sum(counts.values())
        counts[kind] += min(spare, len(kinds[kind]) - counts[kind])
    return tuple(each for kind, count in counts.items() for each in kinds[kind][:count])
