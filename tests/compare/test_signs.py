"""Many pairs of variants at once come out as each of them alone."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.compare import Answers, difference
from harness.compare import signs as many
from harness.compare.results import Results
from harness.compare.signs import Answered, Timed
from harness.compare.speed import speed_sign
from harness.compare.timings import timings_of


@st.composite
def crowds(draw: st.DrawFn) -> tuple[list[list[str]], list[str]]:
    """The answers of a few variants to the same examples, of one seed or several, and the networks that they are of."""
    examples = draw(st.integers(2, 130))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    seeds = draw(st.lists(st.integers(1, 3), min_size=1, max_size=6))
    shares = [draw(st.sampled_from((0.0, 0.1, 0.5, 0.9, 1.0))) for _ in seeds]
    corrects = [
        ["".join(np.where(rng.random(examples) < share, "1", "0")) for _ in range(count)]
        for count, share in zip(seeds, shares, strict=True)
    ]
    return corrects, [draw(st.sampled_from("ab")) for _ in seeds]


@given(crowds())
def test_accuracies_differ_clearly_where_the_interval_of_the_pair_says_so(
    crowd: tuple[list[list[str]], list[str]],
) -> None:
    corrects, networks = crowd
    pairs = list(product(range(len(corrects)), repeat=2))
    alone = []
    for a, b in pairs:
        together = networks[a] == networks[b] and len(corrects[a]) == len(corrects[b])
        found = difference(corrects[a], corrects[b], paired_seeds=together)
        alone.append(int(found.clearly_above) - int(found.clearly_below))
    ours, theirs = np.array(pairs).T
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many, "BLOCK_BYTES", 100)
        assert Answered(corrects, networks).signs(ours, theirs).tolist() == alone


def test_speeds_differ_clearly_where_the_measurement_of_the_pair_says_so(results: Results, answers: Answers) -> None:
    timings = timings_of(results, "end_to_end")
    assert timings is not None
    variants = [variant for variant in answers.variants if variant.architectures]
    pairs = list(product(range(len(variants)), repeat=2))
    alone = [speed_sign(variants[a], variants[b], timings, 1) for a, b in pairs]
    assert set(alone) == {-1, 0, 1}
    ours, theirs = np.array(pairs).T
    assert Timed(variants, timings, 1).signs(ours, theirs).tolist() == alone
