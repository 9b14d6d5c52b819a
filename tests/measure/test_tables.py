"""The tables that a person reads."""

from __future__ import annotations

from rich.console import Console

from harness.measure.tables import measurement_tables, short_names
from tests.measurements import measurement


def shown(one: object) -> str:
    console = Console(width=100, record=True)
    with console.capture() as text:
        for table in measurement_tables(one, one.compare_all()):  # type: ignore[attr-defined, arg-type]
            console.print(table)
    return text.get()


def test_tables_show_latency_speed_up_interval_verdict_and_control() -> None:
    text = shown(measurement())
    for part in ("model0.onnx", "median", "speed-up", "95 % interval", "faster", "control (a copy)", "5,000"):
        assert part in text


def test_a_failed_row_is_marked_and_not_a_number() -> None:
    one = measurement()
    failed = one.rows[1].model_copy(update={"launches": (), "error": "hung"})
    text = shown(one.model_copy(update={"rows": (one.rows[0], failed)}))
    assert text.count("invalid") == 2  # in its row, and as the verdict
    assert "inconclusive" not in text


def test_what_is_unknown_is_said_in_its_cell() -> None:
    one = measurement()
    model = one.models[1].model_copy(update={"macs": None, "parameters": None})
    assert shown(one.model_copy(update={"models": (one.models[0], model)})).count("unknown") == 2


def test_a_percentile_that_is_left_out_says_why() -> None:
    assert "p99 needs 662 independent calls, these are worth" in shown(measurement(noise=0.2))


def test_files_of_one_name_are_told_apart_by_their_folders() -> None:
    one = measurement()
    models = tuple(
        model.model_copy(update={"path": f"runs/{folder}/model.onnx"})
        for model, folder in zip(one.models, ("a", "b"), strict=True)
    )
    assert short_names(one.model_copy(update={"models": models})) == ["a/model.onnx", "b/model.onnx"]
    same = tuple(model.model_copy(update={"path": "x/m.onnx"}) for model in one.models)
    assert short_names(one.model_copy(update={"models": same})) == ["m.onnx", "m.onnx"]
