"""Least squares from sums and from rows: the same, and NumPy's."""

from __future__ import annotations

from contextlib import AbstractContextManager

import numpy as np
import pytest

from harness.base import blas
from harness.prune.recover.reconstruct.fit import Fit
from harness.prune.recover.reconstruct.least_squares import Equations, Stack, Sums

SHAPE = (2, 6, 3)


def filled(kind: type[Equations], rows: int = 50, seed: int = 0, noise: float = 0.1) -> tuple[Equations, ...]:
    """Equations of rows that come in parts, the rows, and what should come of them."""
    generator = np.random.default_rng(seed)
    design = generator.normal(1.0, 2.0, (rows, *SHAPE[:2])).astype(np.float32)
    truth = np.random.default_rng(9).normal(size=SHAPE)
    wanted = np.einsum("rbc,bco->rbo", design, truth) + 5.0 + noise * generator.normal(size=(rows, SHAPE[0], SHAPE[2]))
    equations = kind(*SHAPE)
    for part in np.array_split(np.arange(rows), 4):
        equations.add(design[part], wanted[part].astype(np.float32))
    return equations, design.astype(np.float64), wanted.astype(np.float32).astype(np.float64)


def near() -> np.ndarray:
    return np.random.default_rng(3).normal(size=(SHAPE[0], SHAPE[1] + 1, SHAPE[2]))


@pytest.mark.parametrize("kind", [Sums, Stack])
def test_without_a_ridge_it_is_numpys_least_squares(kind: type[Equations]) -> None:
    equations, design, wanted = filled(kind)
    found = equations.solver(near(), bias=True)(1e-10)
    for block in range(SHAPE[0]):
        columns = np.concatenate([design[:, block], np.ones((50, 1))], axis=1)
        expected = np.linalg.lstsq(columns, wanted[:, block])[0]
        np.testing.assert_allclose(found[block], expected, atol=1e-5)
        missed = np.square(columns @ expected - wanted[:, block]).sum()
        assert missed < np.square(columns @ near()[block] - wanted[:, block]).sum()


@pytest.mark.parametrize("kind", [Sums, Stack])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("ridge", [1e-3, 1.0, 100.0])
def test_the_ridge_draws_to_what_was_there(kind: type[Equations], bias: bool, ridge: float) -> None:
    """The gradient of the penalised sum of squares is zero; the bias is outside of the ridge, or stays."""
    equations, design, wanted = filled(kind)
    start = near()
    found = equations.solver(start, bias=bias)(ridge)
    for block in range(SHAPE[0]):
        columns = design[:, block]
        missed = wanted[:, block] - columns @ found[block, :-1] - found[block, -1]
        centred = columns - columns.mean(axis=0) if bias else columns
        scale = np.square(centred).sum() / SHAPE[1]
        gradient = centred.T @ missed - ridge * scale * (found[block, :-1] - start[block, :-1])
        np.testing.assert_allclose(gradient, 0.0, atol=1e-6 * scale)
        np.testing.assert_allclose(missed.mean(axis=0) if bias else found[block, -1] - start[block, -1], 0, atol=1e-9)


@pytest.mark.parametrize("kind", [Sums, Stack])
def test_errors_and_moments_are_those_of_the_rows(kind: type[Equations]) -> None:
    equations, design, wanted = filled(kind)
    matrix = near()
    made = np.einsum("rbc,bco->rbo", design, matrix[:, :-1]) + matrix[:, -1]
    assert equations.error(matrix) == pytest.approx(np.square(made - wanted).sum())
    assert equations.energy == pytest.approx(np.square(wanted).sum())
    for found, expected in zip(equations.moments(matrix), (made.mean(axis=0), made.var(axis=0)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9)
    for found, expected in zip(equations.wanted_moments(), (wanted.mean(axis=0), wanted.var(axis=0)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("kind", [Sums, Stack])
def test_all_rows_are_those_of_two_parts(kind: type[Equations]) -> None:
    (one, design, wanted), (other, more, others) = filled(kind), filled(kind, 30, seed=5)
    both = kind(*SHAPE)
    both.add(np.concatenate([design, more]), np.concatenate([wanted, others]))
    together = one.with_all(other)
    assert together.rows == 80
    np.testing.assert_allclose(together.solver(near(), bias=True)(0.1), both.solver(near(), bias=True)(0.1), rtol=1e-9)


@pytest.mark.parametrize("rows", [4, 7, 40])
def test_few_rows_constant_and_dead_columns_do_not_explode(rows: int) -> None:
    """Sums and rows come to the same also where there are fewer equations than unknowns."""
    generator = np.random.default_rng(0)
    design = generator.normal(size=(rows, 1, 8)).astype(np.float32)
    design[:, :, 2] = 0.0
    design[:, :, 3] = 1e4
    design[:, :, 5] = design[:, :, 4]
    wanted = generator.normal(size=(rows, 1, 2)).astype(np.float32)
    start = generator.normal(size=(1, 9, 2))
    found = []
    for kind in (Sums, Stack):
        equations = kind(1, 8, 2)
        equations.add(design, wanted)
        found.append(equations.solver(start, bias=True)(1e-3))
        np.testing.assert_allclose(found[-1][:, 2:4], start[:, 2:4], atol=1e-6)
    np.testing.assert_allclose(*found, rtol=1e-6, atol=1e-4)
    assert np.abs(found[0][:, :-1]).max() < 100


def test_what_does_no_better_on_images_for_judging_is_not_written() -> None:
    """Noise alone: every solution errs more there than the matrix that is right already."""
    truth = near()
    fit = Fit(SHAPE, 1000)
    generator = np.random.default_rng(0)
    for part, rows in ((fit.most, 12), (fit.few, 400)):
        design = generator.normal(size=(rows, *SHAPE[:2]))
        noise = generator.normal(size=(rows, SHAPE[0], SHAPE[2]))
        part.add(design, np.einsum("rbc,bco->rbo", design, truth[:, :-1]) + truth[:, -1] + noise)
    choice = fit.choose(truth, bias=True)
    assert choice.ridge is None
    assert choice.matrix is truth
    assert choice.before == choice.after > 0


def test_the_ridge_is_the_one_that_errs_least_on_images_for_judging() -> None:
    fit = Fit(SHAPE, 1000)
    for part, seed in ((fit.most, 1), (fit.few, 2)):
        _, design, wanted = filled(Sums, 60, seed, noise=3.0)
        part.add(design, wanted)
    choice = fit.choose(near(), bias=True)
    assert choice.ridge is not None
    solved = fit.most.solver(near(), bias=True)
    assert choice.after == pytest.approx(fit.few.error(solved(choice.ridge)) / fit.few.energy)
    assert choice.after <= min(fit.few.error(solved(ridge)) for ridge in (1e-8, 1e-3, 0.1, 1.0)) / fit.few.energy
    assert choice.before == pytest.approx(fit.few.error(near()) / fit.few.energy)
    np.testing.assert_allclose(choice.matrix, fit.all.solver(near(), bias=True)(choice.ridge))


def test_rows_are_kept_where_their_sums_would_be_larger() -> None:
    assert isinstance(Fit((1, 2000, 8), 1500).most, Stack)
    assert isinstance(Fit((1, 1000, 8), 1500).most, Sums)
    assert isinstance(Fit((1, 25_000, 8), 50_000).most, Stack)
    assert Fit.most_rows((1, 25_000, 8)) * 25_000 * 4 <= 2**28
    assert Fit.most_rows((1, 2000, 8)) == 40_000


@pytest.mark.parametrize("kind", [Sums, Stack])
@pytest.mark.parametrize(("blocks", "expected"), [(2, False), (64, True)])
def test_many_small_products_are_left_to_one_thread(
    kind: type[Equations], blocks: int, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a depthwise kernel's: two threads meet after each, a hundred times as long where other processes run."""
    limited, limit = list[bool](), blas.one_thread

    def watched() -> AbstractContextManager[None]:
        limited.append(True)
        return limit()

    monkeypatch.setattr(blas, "one_thread", watched)
    equations = kind(blocks, 3, 1)
    equations.add(np.ones((5, blocks, 3), np.float32), np.ones((5, blocks, 1), np.float32))
    equations.error(np.zeros((blocks, 4, 1)))
    assert bool(limited) == expected
