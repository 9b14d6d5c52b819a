"""Which variants a report shows of a run that has more than anybody looks through."""

from __future__ import annotations

from harness.compare import Answers, Standing, Variant
from harness.report import format as fmt

MOST = 500  # a page of so many still opens and sorts at once: bench/results/page.md
MOST_DRAWN = 120  # where not all are shown
STANDINGS = list(Standing)


def worth_showing(answers: Answers, most: int | None = None) -> Answers:
    """The answers as they are, or with the variants alone that matter most, at least `most`, in the study's order.

    What is chosen and what it would replace comes first, then what is on a frontier, near it, or behind it, and of
    those that are alike in that the most accurate; each brings its original.
    """
    if len(answers.variants) <= MOST:
        return answers
    chosen = {key for choice in answers.choices for key in (choice.variant, choice.reference)}
    originals = {variant.network: variant.key for variant in answers.variants if variant.original}
    kept: set[str] = set()
    for variant in sorted(answers.variants, key=lambda each: (each.key not in chosen, *_rank(each))):
        if len(kept) >= (MOST if most is None else most):
            break
        kept.update((variant.key, originals.get(variant.network, variant.key)))
    return answers.model_copy(update={"variants": tuple(each for each in answers.variants if each.key in kept)})


def left_out(answers: Answers, shown: Answers) -> str:
    """What is not shown, and where it is; empty where all is."""
    if shown is answers:
        return ""
    return (
        f"{fmt.count(len(shown.variants))} of {fmt.count(len(answers.variants))} variants are shown, fewer in the "
        "charts: what is chosen, what is on a frontier or nearest to it, and their originals. `harness results RUN "
        "--format csv` has all."
    )


def _rank(variant: Variant) -> tuple[int, float]:
    best = min((STANDINGS.index(place.standing) for place in variant.places.values()), default=len(STANDINGS))
    return best, -variant.accuracy.value if variant.accuracy else 0.0
