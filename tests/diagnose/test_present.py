"""A diagnosis in a terminal: worst first, nothing cut off, a picture of every layer."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from harness.diagnose.findings import Diagnosis, Finding, LayerPicture, Number, Proof, Trial
from harness.diagnose.present import diagnosis_parts


def finding(kind: str, severity: str = "stops learning", certainty: str = "certain") -> Finding:
    number = Number(value=0.5, unit="of all", text="half of all " + "and so on " * 12)
    return Finding(  # type: ignore[call-arg] # the literals are checked when it is made
        kind=kind,
        severity=severity,
        certainty=certainty,
        what=f"{kind} is here",
        where="conv_1",
        evidence=number,
        why="because " * 20,
        cure="mend it",
    )


def layers(count: int) -> tuple[LayerPicture, ...]:
    made = []
    for i in range(count):
        name = f"conv_{i}"
        made.append(
            LayerPicture(layer=name, kind="Conv2D", shape=(28, 28, 32), spread=10.0**-i, dead=None, gradient=10.0**-i)
        )
        made.append(LayerPicture(layer=name, kind="relu", shape=(28, 28, 32), spread=0.5, dead=0.25, gradient=None))
    return tuple(made)


def shown(diagnosis: Diagnosis, width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    for part in diagnosis_parts(diagnosis):
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def diagnosis(*findings: Finding, **options: object) -> Diagnosis:
    values = {"loss": "mse", "backend": "jax", "examples": 128, "optimizer": "adam", "learning_rate": 0.001}
    return Diagnosis.model_validate({"model": "net", **values, "findings": findings, **options})


@pytest.mark.parametrize("width", [60, 80, 120, 240])
def test_nothing_is_wider_than_the_terminal_or_cut_off(width: int) -> None:
    text = shown(diagnosis(finding("dead-units"), layers=layers(3)), width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert text.count("because") == 20
    assert max(len(line) for line in text.splitlines() if "because" in line) <= 100


def test_a_layer_and_its_activation_are_one_line() -> None:
    text = shown(diagnosis(layers=layers(3)), 100)
    (line,) = [line for line in text.splitlines() if "conv_1" in line]
    assert "Conv2D relu" in line
    assert "25%" in line


def test_of_many_layers_some_are_left_out_but_none_that_has_a_finding() -> None:
    text = shown(diagnosis(finding("dead-units"), layers=layers(120)), 100)
    lines = [line for line in text.splitlines() if "Conv2D" in line]
    assert len(lines) <= 42
    assert any(line.strip().startswith("conv_1 ") for line in lines)
    assert "of 120; all with --json" in text


def test_numbers_that_are_not_finite_are_shown_as_such() -> None:
    picture = LayerPicture(layer="conv", kind="Conv2D", shape=(3,), spread=None, dead=None, gradient=0.0)
    assert "not finite" in shown(diagnosis(layers=(picture,)), 80)


def test_the_summary_counts() -> None:
    text = shown(diagnosis(finding("a"), finding("b"), finding("c", "slows learning"), finding("d", "note")), 80)
    assert text.startswith("net: 2 findings stop learning, 1 slows learning, 1 worth a note")
    assert shown(diagnosis(finding("c", "slows learning")), 80).startswith("net: 1 finding slows learning")
    assert shown(diagnosis(), 80).startswith("net: nothing found that keeps it from learning")


def test_why_a_cure_was_not_tried_stands_where_its_proof_would() -> None:
    text = shown(diagnosis(finding("a").model_copy(update={"untried": "not tried: it takes a person"})), 80)
    assert "proof not tried: it takes a person" in text


@pytest.mark.parametrize(
    ("without", "cured", "gains"),
    [
        ((0.9, 0.88, 0.92), (0.84, 0.78, 0.76), False),
        ((0.9, 0.88, 0.92), (0.93, 0.91, 0.99), False),  # one that is no better than one without
        ((0.9, 0.88, 0.92), (0.93, 0.94, 0.99), True),
        ((0.1, 0.1, 0.3), (0.4, 0.25, 0.28), True),  # where more of them learn
    ],
)
def test_a_proof_says_where_so_few_steps_show_no_gain(
    without: tuple[float, ...], cured: tuple[float, ...], gains: bool
) -> None:
    def trials(accuracies: tuple[float, ...]) -> tuple[Trial, ...]:
        return tuple(Trial(seed=i, accuracy=each, learned=each > 0.2) for i, each in enumerate(accuracies))

    terms = {"change": "with care", "examples": 90, "steps": 90, "learning_rate": 0.1}
    found = Proof.model_validate({**terms, "without": trials(without), "with_cure": trials(cured)})
    assert found.gains == gains
    assert found.text.endswith("show no gain") != gains
