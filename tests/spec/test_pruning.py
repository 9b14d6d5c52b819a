"""Every list of a pruning is an axis, and each point of the grid has a name of its own."""

from __future__ import annotations

from typing import Any

import pytest

from harness.base.errors import SpecError
from harness.spec import PruneSpec, checked
from tests.spec.studies import study


def test_a_list_of_ratios_is_a_prune_for_each() -> None:
    network = {"model": "single_conv", "prune": [{"ratio": [0.25, 0.5], "finetune_epochs": 1}, {"filters": 1}]}
    (case,) = study(networks=[network]).cases()
    assert [spec.label for spec in case.prune] == ["25 %, tuned 1", "50 %, tuned 1", "1 filter"]


def test_every_list_of_a_pruning_is_an_axis_of_its_grid_but_keep() -> None:
    grid = {"filters": [1, 2], "importance": ["l1", "taylor"], "rows": "first", "keep": ["a", "b"]}
    (case,) = study(networks=[{"model": "single_conv", "prune": [grid]}]).cases()
    assert [spec.label for spec in case.prune] == [
        "1 filter, keep a b, first rows",
        "1 filter, taylor, keep a b, first rows",
        "2 filters, keep a b, first rows",
        "2 filters, taylor, keep a b, first rows",
    ]


def test_channels_can_be_named_one_table_for_each_pruning() -> None:
    grid = {"remove": [{"conv_1": [7]}, {"conv_1": [7, 9], "conv_2": [0]}], "finetune_epochs": [0, 1]}
    (case,) = study(networks=[{"model": "deepcaptcha", "prune": [grid]}]).cases()
    assert [spec.label for spec in case.prune] == [
        "conv_1 without 7",
        "conv_1 without 7, tuned 1",
        "conv_1 without 7 and 9, conv_2 without 0",
        "conv_1 without 7 and 9, conv_2 without 0, tuned 1",
    ]


def test_what_came_later_is_in_no_key_unless_it_is_asked_for() -> None:
    """What was stored by older code is found by the same inputs."""
    before = [
        "ratio", "filters", "remove", "importance", "keep", "round_to", "global_ranking", "finetune_epochs", "rows",
    ]  # fmt: skip
    assert list(PruneSpec(ratio=0.5, finetune_epochs=1).model_dump(mode="json")) == before
    asked = PruneSpec(ratio=0.5, recover="reconstruct", finetune_epochs=1, finetune_schedule="cosine")
    assert list(asked.model_dump(mode="json")) == [*before, "recover", "finetune_schedule"]
    assert PruneSpec.model_validate(asked.model_dump(mode="json")) == asked


def test_reconstruction_and_schedules_are_axes_too() -> None:
    grid = {"ratio": 0.5, "recover": "reconstruct", "finetune_epochs": 2, "finetune_schedule": ["constant", "cosine"]}
    (case,) = study(networks=[{"model": "single_conv", "prune": [grid]}]).cases()
    assert [spec.label for spec in case.prune] == [
        "50 %, reconstructed, tuned 2",
        "50 %, reconstructed, tuned 2 by cosine",
    ]
    assert [spec.images for spec in case.prune] == [1500, 1500]
    assert case.longer_schedule(2) == "constant"
    (alike,) = study(networks=[{"model": "single_conv", "prune": [{**grid, "finetune_schedule": "cosine"}]}]).cases()
    assert alike.longer_schedule(2) == "cosine"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"recover": "pray"}, "recover = 'pray': input should be 'reconstruct'"),
        ({"reconstruct_images": 100}, "reconstruct_images is for recover = 'reconstruct'"),
        ({"recover": "reconstruct", "reconstruct_images": 1}, "reconstruct_images = 1: input should be greater"),
        ({"recover": "reconstruct", "rows": "first"}, "leave out recover"),
        ({"finetune_schedule": "cosine"}, "finetune_schedule is for fine-tuning; give finetune_epochs"),
    ],
)
def test_what_follows_must_fit_together(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        checked(PruneSpec, {"ratio": 0.5, **fields}, "prune")
    assert message in str(caught.value)
