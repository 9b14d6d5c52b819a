"""What pruning did, as words, a table and a picture."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from harness.channels.reasons import by_reason
from harness.prune.picture import picture
from harness.prune.present import (
    files_line,
    layer_table,
    proof_line,
    reconstruction_lines,
    recovery_lines,
    speed_lines,
    summary_line,
)
from harness.records import (
    LayerCost,
    Proof,
    PruneReport,
    Reached,
    Reconstruction,
    Recovery,
    Round,
    SolvedLayer,
    Speed,
)
from harness.spec import SpeedSpec


def layer(name: str, channels: tuple[int, int] | None, macs: tuple[int, int] | None = (400, 100)) -> LayerCost:
    before, after = channels or (None, None)
    return LayerCost(
        layer=name, kind="Conv2D" if channels else "BatchNormalization", channels_before=before, channels_after=after,
        parameters_before=1000, parameters_after=250, macs_before=macs and macs[0], macs_after=macs and macs[1],
    )  # fmt: skip


def report(**changed: object) -> PruneReport:
    layers = (layer("conv", (32, 16)), layer("bn", None, (0, 0)), layer("bn_2", None, (0, 0)), layer("out", (10, 10)))
    return PruneReport(**{"layers": layers, "pinned": {"out": "the model's output"}, **changed})


def shown(found: PruneReport) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(layer_table(found))
    return capture.get()


def test_of_many_layers_those_with_the_most_work_stand_in_the_table() -> None:
    layers = tuple(layer(f"conv_{index}", (32, 16), (100 * index, 50 * index)) for index in range(40))
    lines = [" ".join(line.split()) for line in shown(report(layers=layers)).splitlines()]
    named = [line.split()[0] for line in lines if line.startswith("conv_")]
    assert named == [f"conv_{index}" for index in range(24, 40)]
    assert "24 more Conv2D 24,000 → 6,000 27,600 → 13,800" in lines
    assert "all 40,000 → 10,000 78,000 → 39,000" in lines


def test_the_table_adds_up() -> None:
    """Layers that neither make channels nor multiply stand in one line, so that the columns give the sums below."""
    lines = [" ".join(line.split()) for line in shown(report()).splitlines()]
    assert "conv Conv2D 32 → 16 1,000 → 250 400 → 100" in lines
    assert "2 more BatchNormalization 2,000 → 500" in lines
    assert "out Conv2D 10 1,000 → 250 400 → 100" in lines
    assert "all 4,000 → 1,000 800 → 200" in lines


def test_an_input_without_a_size_has_no_known_cost() -> None:
    found = report(layers=(layer("conv", (32, 16), None),))
    assert "unknown" in shown(found)
    assert summary_line(found) == "kept 250 of 1,000 parameters (25 %), MACs unknown: those of conv can't be counted"
    assert "multiply-accumulates" not in picture(found)


def test_the_picture_has_every_layer_that_makes_channels() -> None:
    drawn = picture(report())
    for text in ("16 of 32", "25 % of the parameters, 25 % of the multiply-accumulates", ">conv<", ">out<"):
        assert text in drawn
    assert "bn_2" not in drawn


def test_pinned_layers_of_one_reason_stand_together() -> None:
    pinned = {**{f"conv_{number}": "why" for number in range(6)}, "out": "the output"}
    assert by_reason(pinned) == ["conv_0, conv_1, conv_2, conv_3 and 2 more (why)", "out (the output)"]


def test_a_proof_is_one_line() -> None:
    proof = Proof(trials={"weights carried over": 0.0, "random weights, float64": 2e-14}, examples=4, tolerance=1e-5)
    assert proof_line(proof) == (
        "proved: 2.0e-14 of the logits' spread from the masked original at most, 1e-05 allowed "
        "(weights carried over 0, random weights in float64 2e-14; 4 random examples)"
    )
    assert proof_line(proof.model_copy(update={"tolerance": 1e-15})).startswith("NOT proved: ")


def test_accuracies_that_were_not_measured_are_left_out() -> None:
    lines = recovery_lines(Recovery(examples=40, epochs=1, distilled=False, original=0.9, pruned=0.25, tuned=0.8))
    assert lines == [
        "accuracy on 40 test examples:", " 90.0 %  original", " 25.0 %  pruned", " 80.0 %  fine-tuned for 1 epoch",
    ]  # fmt: skip


def test_the_steps_of_a_recovery_stand_in_their_order_beside_what_random_channels_come_to() -> None:
    recovery = Recovery(
        examples=40, epochs=2, distilled=False, original=0.9, original_recalibrated=0.91, pruned=0.25, recalibrated=0.5,
        reconstructed=0.85, random_reconstructed=0.8, tuned=0.88, random_channels=0.86, schedule="cosine",
    )  # fmt: skip
    assert recovery_lines(recovery)[1:] == [
        " 90.0 %  original",
        " 91.0 %  original, recalibrated",
        " 25.0 %  pruned",
        " 50.0 %  pruned, recalibrated",
        " 85.0 %  pruned, reconstructed",
        " 88.0 %  reconstructed and fine-tuned for 2 epochs by cosine decay",
        " 80.0 %  baseline: random channels of the same widths, reconstructed",
        " 86.0 %  baseline: random channels of the same widths, "
        "reconstructed and fine-tuned for 2 epochs by cosine decay",
    ]


def solved(layer: str, ridge: float | None = 0.01, rows: int = 900, columns: int = 90) -> SolvedLayer:
    return SolvedLayer(layer=layer, before=0.4, after=0.1, ridge=ridge, rows=rows, columns=columns)


def test_what_was_reconstructed_is_told_with_what_was_not() -> None:
    found = Reconstruction(
        images=1500, before=0.283, after=0.0131, undone=False,
        solved=(solved("a"), solved("b"), solved("c", ridge=None), solved("d", rows=100, columns=450)),
        kept={"lstm": "LSTM has no closed form here"},
    )  # fmt: skip
    assert reconstruction_lines(found) == [
        "reconstructed from 1,500 images: 3 layers solved; of the original's outputs 28.3 % missed before, 1.3 % after",
        "kept the cut kernel, than which nothing did better: c",
        "kept the cut kernel: lstm (LSTM has no closed form here)",
        "few images: d has 100 equations for 450 unknowns; 6,750 images would give as many",
    ]


def test_what_was_undone_is_told() -> None:
    found = Reconstruction(images=3, before=0.1, after=0.2, undone=True, solved=(solved("a"),), kept={})
    assert reconstruction_lines(found) == [
        "not reconstructed: 3 images bring the outputs no nearer to the original's (10.0 % missed before, 20.0 % "
        "after); give more, or others"
    ]


def credit(**values: float) -> str:
    recovery = Recovery(**{"examples": 40, "epochs": 1, "distilled": False, "pruned": 0.46, **values})  # type: ignore[arg-type]
    *_, last = recovery_lines(recovery)
    return last


def test_what_recalibration_wins_is_not_credited_to_pruning() -> None:
    """46 % → 46 % → 85 %: the original, recalibrated, is as good."""
    assert credit(original=0.46, original_recalibrated=0.86, recalibrated=0.85) == (
        "the gain over the original is not pruning's: recalibration alone takes the original from 46.0 to 86.0 %; "
        "compare with that"
    )
    assert credit(original=0.46, original_recalibrated=0.7, recalibrated=0.85).startswith(
        "not all of the gain is pruning's: recalibration alone takes the original from 46.0 to 70.0 %"
    )


def test_what_more_training_wins_is_not_credited_to_pruning() -> None:
    values = {"original": 0.8, "original_recalibrated": 0.79, "recalibrated": 0.7, "tuned": 0.84}
    assert "1 epoch more of training alone takes the original from 80.0 to 86.0 %" in credit(
        **values, original_longer=0.86
    )


def test_where_nothing_was_won_nothing_is_credited() -> None:
    """A loss, though the original gains; and a gain that the original does not make."""
    assert "compare" not in credit(original=0.8, original_recalibrated=0.86, recalibrated=0.75)
    assert "compare" not in credit(original=0.8, original_recalibrated=0.8, recalibrated=0.82)


def test_where_the_files_are() -> None:

    files = [Path("a b/net.keras"), Path("a b/net.plan.json"), Path("a b/net.layers.svg")]
    assert files_line(files) == "written: a b/net.keras, and beside it net.plan.json, net.layers.svg"


def test_it_is_said_by_what_widths_that_are_as_fast_were_told_apart() -> None:
    """And nothing of it where the importance did."""
    reached = Reached(
        batch=1, predicted=1.9, speedup=2.1, ci_low=2.0, ci_high=2.2, verdict="faster", original_us=84, pruned_us=40
    )
    rounds = [
        Round(widths={"conv": 16}, reached=(reached,), met=True, missed=missed) for missed in (0.02, 0.0081, None)
    ]
    speed = Speed(
        asked=SpeedSpec(speedup=2.0), device="cpu", conditions={"onnxruntime": "1.31", "cpu": "a CPU"},
        rounds=tuple(rounds), chosen=1, loss=0.2, least=0.1, table_seconds=10,
    )  # fmt: skip
    told = (
        "of 2 choices of widths that are as fast, the one that misses the least of the original's outputs, "
        "reconstructed: 0.81 % (others 2 %)"
    )
    assert told in speed_lines(speed)
    unjudged = speed.model_copy(update={"rounds": (rounds[2],), "chosen": 0})
    assert [line for line in speed_lines(speed) if line != told][1:] == speed_lines(unjudged)[1:]
    assert "missed" not in unjudged.model_dump()["rounds"][0]
    assert speed.model_dump()["rounds"][1]["missed"] == 0.0081
