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
        ({"filters": 1, "recover": "reconstruct"}, "1 filter (reconstructed)"),
        ({"filters": 1, "finetune_epochs": 1, "finetune_schedule": "cosine"}, "1 filter (cosine decay)"),
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
    assert names.tuning_note() == (
        "Fine-tuned for 2 epochs after pruning: net. Each original, trained on for as long, stands beside."
    )
    assert {names.full(variant) for variant in names.answers.longer} == {
        "net same, unpruned, trained on",
        "net valid, unpruned, trained on",
    }


def test_fine_tuning_that_differs_is_part_of_the_label() -> None:
    names = names_of({"model": "net", "prune": [{"filters": 1}, {"filters": 1, "finetune_epochs": 1}]})
    assert [names.label(variant) for variant in names.answers.pruned] == ["1 filter", "1 filter (1 epoch tuned)"]
    assert [names.label(variant) for variant in names.answers.longer] == ["original, trained on for 1 epoch"]
    assert names.tuning_note() == ""


@pytest.mark.parametrize(("file", "name"), [("trained.keras", "trained.keras"), ("my net.keras", "'my net.keras'")])
def test_a_file_is_never_taken_for_words(file: str, name: str) -> None:
    """`trained` is what a user may call a file: 'every pruned trained was fine-tuned' says nothing."""
    names = names_of({"model": f"folder/{file}", "prune": [{"ratio": [0.2, 0.4], "finetune_epochs": 1}]})
    assert names.tuning_note().startswith(f"Fine-tuned for 1 epoch after pruning: {name}. ")
    assert next(names.full(variant) for variant in names.answers.pruned) == f"{name}, pruned by 20\u00a0%"


def test_a_line_joins_amounts_and_nothing_else() -> None:
    names = names_of(
        {"model": "net", "prune": [{"ratio": [0.2, 0.4]}, {"ratio": 0.2, "importance": "random"}, {"filters": 1}]}
    )
    series = [series_of(variant) for variant in names.answers.pruned]
    assert series[0] == series[1]
    assert len(set(series)) == 3
    assert names.answers.pruned[0].prune == PruneSpec(ratio=0.2)


def test_in_a_chart_widths_by_latency_are_named_by_their_target_where_that_is_enough() -> None:
    way = {"importance": "taylor", "recover": "reconstruct"}
    names = names_of({"model": "net", "prune": [{"speedup": [1.5, 2.0], **way}, {"speedup": 2.0}, {"ratio": 0.5}]})
    assert [names.brief(variant) for variant in names.answers.pruned] == [
        "1.5× by latency",
        "latency-chosen for 2× (taylor, reconstructed)",
        "latency-chosen for 2×",
        "50\u00a0%",
    ]
