"""The table of the machine."""

from __future__ import annotations

from harness.report.tables.environment import environment_table


def test_the_environment_is_flattened_and_long_values_are_cut() -> None:
    table = environment_table(
        {"cpu": "X", "versions": {"onnx": "1"}, "flags": ["a"] * 200, "gpus": [], "governor": None}
    )
    told = {row[0].text: row[1].text for row in table.rows}
    assert told["versions.onnx"] == "1"
    assert told["flags"].endswith("… (whole in results.json)")
    assert (told["gpus"], told["governor"]) == ("none", "unknown")
