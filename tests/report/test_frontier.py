"""What a report says of a walk along the frontier: dots with widths and commands, losses that are real, baselines."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from harness.compare import compare
from harness.report.charts.gains import CHOSEN, LONGER, ORIGINAL, RANDOM, SCRATCH, UNIFORM, gains_figure
from harness.report.commands import commands_of
from harness.report.findings import findings
from harness.report.names import Names
from harness.report.tables.recipes import recipe_table
from harness.report.terminal import dots
from harness.spec import Case, DataSpec, FrontierSpec, PruneSpec, frontier_study
from tests.synthetic import World, original_accuracy, results_of

NET = Path("nets/my net.keras")
ASKED = FrontierSpec(targets=(1.5, 3.0), uniform=(0.5,), scratch_epochs=4, device="cpu")


def kept(case: Case, prune: PruneSpec | None) -> float:
    """Widths by latency for 1.5 lose nothing that could be seen, those for 3 four points; baselines two more."""
    base = original_accuracy(case)
    if prune is None:
        return base
    lost = 0.0 if prune.speedup == 1.5 else 0.04
    return base - lost - (0.02 if prune.baseline in ("random", "uniform") else 0)


RESULTS = results_of(
    frontier_study(NET, DataSpec(name="fashion_mnist"), ASKED),
    World(accuracy=kept, longer=0.0, failures={"my net seed=0 50 %, taylor, reconstructed, tuned 1 by cosine": "no"}),
)
WHOLE = results_of(frontier_study(NET, DataSpec(name="fashion_mnist"), ASKED), World(accuracy=kept, longer=0.0))


def command_of(row: dict[str, str]) -> str:
    return row["tip"].rpartition("Command: ")[2]


@pytest.fixture(scope="module")
def told() -> Names:
    return Names(compare(WHOLE), commands_of(WHOLE))


def test_mcnemars_test_says_which_losses_are_real(told: Names) -> None:
    by_title = {each.title: each for each in findings(told.answers, told)}
    lost, open_ = by_title["Which losses are real"].items
    assert lost.startswith("Lost for certain: latency-chosen for 3× (−4.0 points, p")
    assert open_.startswith("Not shown to differ: latency-chosen for 1.5×")
    assert "corrected for 9 tests" in by_title["Which losses are real"].text
    choices = by_title["What the choice was worth"].items
    assert len(choices) == 2
    assert "; uniform at 3.04× and 3.02× 9" in choices[1]
    assert "; random channels 9" in choices[1]
    assert "; new weights, 4 epochs 9" in choices[1]


def test_the_best_buy_is_no_baseline(told: Names) -> None:
    best = next(each for each in findings(told.answers, told) if each.title == "Best buy")
    assert all("latency-chosen for 1.5×: 1.5" in item for item in best.items)


def test_every_dot_has_intervals_its_widths_and_the_command_that_makes_it(told: Names) -> None:
    figure = gains_figure(told.answers, told)
    assert figure is not None
    assert len(figure.panels) == 2
    (rows,) = [data for name, data in figure.panels[0].datasets.items() if name.endswith(" 0")]
    kinds = [row["kind"] for row in rows]
    assert sorted(kinds) == sorted([ORIGINAL, LONGER, UNIFORM, *2 * [CHOSEN, UNIFORM, RANDOM, SCRATCH]])
    for row in rows:
        assert row["low"] < row["accuracy"] < row["high"]
        if row["kind"] not in {ORIGINAL, LONGER}:
            assert row["speedup_low"] < row["speedup"] < row["speedup_high"]
            assert "Channels kept: conv1\u00a02" in row["tip"]
            assert shlex.split(command_of(row))[:3] == ["harness", "prune", "nets/my net.keras"]
    assert "--speedup 3 --batch 1,32 --device cpu --importance taylor --data fashion_mnist --reconstruct" in next(
        command_of(row) for row in rows if row["kind"] == CHOSEN and "3×" in row["variant"]
    )
    uniform = next(command_of(row) for row in rows if row["variant"] == "uniform, as fast as for 3×")
    assert " --ratio 0.4 --importance taylor --data fashion_mnist --reconstruct" in uniform
    assert command_of(next(row for row in rows if row["kind"] == SCRATCH)).endswith("--scratch-epochs 4")
    assert "Command" not in next(row for row in rows if row["kind"] == ORIGINAL)["tip"]
    assert {column.title for column in recipe_table(told.answers, told).columns} >= {"Channels kept", "Command"}
    assert [dot["command"] is None for dot in dots(WHOLE)] == [True, True, *[False] * 9]


def test_a_dot_that_failed_is_left_out_and_the_others_stay() -> None:
    answers = compare(RESULTS)
    figure = gains_figure(answers, Names(answers))
    assert figure is not None
    variants = {row["variant"] for data in figure.panels[0].datasets.values() for row in data}
    assert "uniform, as fast as for 3×" in variants
    assert not any(variant.startswith("50") for variant in variants)


@pytest.mark.parametrize(("importance", "said"), [("reconstruction", False), ("l1", True)])
def test_the_command_of_a_file_s_variant_says_what_is_not_usual_for_it(importance: str, said: bool) -> None:
    walk = FrontierSpec(targets=(1.5,), importance=importance, epochs=0)
    made = results_of(frontier_study(Path("net.onnx"), DataSpec(name="fashion_mnist"), walk), World(accuracy=kept))
    commands = list(commands_of(made).values())
    assert commands
    assert all(("--importance l1" in each) == said == ("--importance" in each) for each in commands)
