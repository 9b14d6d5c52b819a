"""What pruning and the study's other choices cost and buy, in words."""

from __future__ import annotations

from harness.report.findings import Finding
from harness.spec import Case, PruneSpec, Study
from tests.report.findings.worlds import SPACE, said, world
from tests.synthetic import results_of


def test_the_best_buy_is_the_fastest_whose_loss_is_shown_to_be_small(study: Study) -> None:
    def accuracy(case: Case, prune: PruneSpec | None) -> float:
        lost = 0.05 if prune is not None and prune.ratio == 0.5 else 0.0
        return 0.97 - lost

    def latency(case: Case, prune: PruneSpec | None, batch: int) -> float:
        gain = {0.25: 1.5, 0.5: 2.0}.get(prune.ratio or 0, 1.0) if prune else 1.0
        return 100.0 * batch / gain

    items = world(study, accuracy=accuracy, latency_us=latency)["Best buy"].items
    assert all(f"pruned by 25{SPACE}%: 1.5" in item for item in items), items


def test_a_loss_that_may_be_large_is_no_best_buy(usual: dict[str, Finding]) -> None:
    """Half off costs 0.6 points, but the interval reaches beyond 1: it is told as the nearest."""
    assert all("none of the faster ones is shown to cost so little; nearest is" in i for i in usual["Best buy"].items)


def test_costs_and_gains_are_told_for_every_network(usual: dict[str, Finding]) -> None:
    items = usual["What pruning costs and buys"].items
    assert [item.split(" (")[0] for item in items] == ["deepcaptcha same", "deepcaptcha valid", "single_conv"]
    assert f"(97.5{SPACE}% unpruned, 97.5{SPACE}% trained on)" in items[0]
    assert f"50{SPACE}%: −0.6 points (−0.7), 2.0" in items[0]
    assert "first rows" not in items[2], "what is wrong on purpose is no way to prune"


def test_padding_is_told_apart_from_pruning(usual: dict[str, Finding]) -> None:
    (item,) = usual["What the other choices cost and buy"].items
    assert item.startswith("deepcaptcha, padding valid instead of same: −0.6 points")


def test_many_networks_are_told_briefly() -> None:
    network = {"model": "lenet", "vary": {"dense": list(range(1, 13))}, "prune": [{"ratio": 0.25}]}
    study = Study.model_validate({"name": "many", "measure": {"batch_sizes": [32]}, "networks": [network]})
    told = said(results_of(study))
    assert told["Pruned but not faster"].items[0].startswith("Batch 32, slower than the original: 25")
    assert "off 12 networks (0.8" in told["Pruned but not faster"].items[0]
    assert told["What pruning costs and buys"].items[-1] == "And 4 more networks in the table."
    assert all(len(item) < 600 for finding in told.values() for item in finding.items)


def test_a_gain_is_told_beside_what_more_training_alone_gains(study: Study) -> None:
    """All that is pruned is as good as its original, which gains two points by being trained on."""
    told = world(study, accuracy=lambda case, prune: 0.95, longer=0.02)
    assert f"25{SPACE}%: 0.0 points (−2.0)" in told["What pruning costs and buys"].items[0]
    assert all("and −2.0 (" in item for item in told["Best buy"].items if "deepcaptcha" in item)
    assert "also against the original trained on" in told["Best buy"].text
