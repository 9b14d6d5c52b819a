"""What was judged is said of what was judged."""

from __future__ import annotations

import pytest

from harness.report.conditions.accuracy import accuracy_part
from harness.spec import Study
from tests.synthetic import World, results_of

TRIED = {"model": "lenet", "deploy": False}
DEPLOYED = {"model": "single_conv"}


@pytest.mark.parametrize(
    ("networks", "judged"),
    [
        ([DEPLOYED], "Of the ONNX file, on test examples"),
        ([TRIED], "Of the network in Keras, since the study deploys none, on test examples"),
        (
            [TRIED, DEPLOYED],
            "Of the ONNX file, or of the network in Keras where the study does not deploy it, on test examples",
        ),
    ],
)
def test_accuracies_are_of_the_onnx_file_where_there_is_one(networks: list[dict[str, object]], judged: str) -> None:
    results = results_of(Study.model_validate({"name": "x", "networks": networks}), World(measured=False))
    told = accuracy_part(results)
    assert told is not None
    assert told[1].startswith(f"{judged} that no training here saw")


def test_where_nothing_was_judged_nothing_is_said() -> None:
    study = Study.model_validate({"name": "x", "networks": [TRIED]})
    assert accuracy_part(results_of(study, World(failures={"lenet seed=0 original": "no"}))) is None
