"""What networks and variants are called."""

from __future__ import annotations

from typing import Any

import pytest

from harness.compare import compare
from harness.report.names import Names, series_of
from harness.spec import PruneSpec, Study
from tests.synthetic import World, results_of


def names_of(*networks: dict[str, Any]) -> Names:
    study = Study.model_validate({"name": "x", "networks": networks})
    return Names(compare(results_of(study, World(measured=False))))


def test_values_that_speak_for_themselves_stand_alone_and_numbers_keep_their_key() -> None:
    vary = {"padding": ["same"], "filters": [[32, 48]], "dense": [64], "data.color": [True]}
    names = names_of({"model": "deepcaptcha", "vary": vary})
    assert list(names.networks.values()) == ["deepcaptcha same 32-48 dense 64 data.color True"]


def test_names_that_would_be_the_same_keep_all_keys() -> None:
    names = names_of(
        {"model": "net", "vary": {"head_activation": ["relu"]}},
        {"model": "net", "vary": {"conv_activation": ["relu"]}},
    )
    assert list(names.networks.values()) == ["net head_activation relu", "net conv_activation relu"]


@pytest.mark.parametrize(
    ("spec", "label"),
    [
        ({"ratio": 0.25}, "25\u00a0%"),
        ({"filters": 1}, "1 filter"),
        ({"filters": 2, "importance": "random"}, "2 filters (random)"),
        ({"filters": 1, "rows": "first"}, "1 filter (first rows)"),
    ],
)
def test_a_variant_is_named_for_what_was_done_to_it(spec: dict[str, Any], label: str) -> None:
    names = names_of({"model": "net", "prune": [spec]})
    (variant,) = names.answers.pruned
    assert names.label(variant) == label
    assert names.full(variant) == f"net, pruned by {label}"


def test_fine_tuning_that_all_variants_had_is_said_once() -> None:
    names = names_of(
        {"model": "net", "vary": {"padding": ["same", "valid"]}, "prune": [{"ratio": [0.2, 0.4], "finetune_epochs": 2}]}
    )
    assert {names.label(variant) for variant in names.answers.pruned} == {"20\u00a0%", "40\u00a0%"}
    assert names.tuning_note() == "Every pruned net was fine-tuned for 2 epochs, which its original was not."


def test_fine_tuning_that_differs_is_part_of_the_label() -> None:
    names = names_of({"model": "net", "prune": [{"filters": 1}, {"filters": 1, "finetune_epochs": 1}]})
    assert [names.label(variant) for variant in names.answers.pruned] == ["1 filter", "1 filter (1 epoch tuned)"]
    assert names.tuning_note() == ""


def test_a_line_joins_amounts_and_nothing_else() -> None:
    names = names_of(
        {"model": "net", "prune": [{"ratio": [0.2, 0.4]}, {"ratio": 0.2, "importance": "random"}, {"filters": 1}]}
    )
    series = [series_of(variant) for variant in names.answers.pruned]
    assert series[0] == series[1]
    assert len(set(series)) == 3
    assert names.answers.pruned[0].prune == PruneSpec(ratio=0.2)
