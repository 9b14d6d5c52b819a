"""What the report says in words, in worlds where the truth is known."""

from __future__ import annotations

import pytest

from harness.compare import Answers, compare
from harness.compare.results import Results
from harness.report.conditions import conditions
from harness.report.findings import Finding, findings
from harness.report.names import Names
from harness.spec import Case, PruneSpec, Study
from tests.synthetic import World, accuracy_of, latency_us, make_measured, results_of

SPACE = "\u00a0"


def said(results: Results) -> dict[str, Finding]:
    answers = compare(results)
    return {finding.title: finding for finding in findings(answers, Names(answers))}


@pytest.fixture(scope="module")
def usual(answers: Answers, names: Names) -> dict[str, Finding]:
    return {finding.title: finding for finding in findings(answers, names)}


def world(study: Study, **changes: object) -> dict[str, Finding]:
    return said(results_of(study, World(**changes)))  # type: ignore[arg-type]


def test_a_usual_run_says_what_to_do_first_and_warns_of_nothing(usual: dict[str, Finding]) -> None:
    assert next(iter(usual)) == "Best buy"
    assert not any(finding.warning for finding in usual.values())


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


def test_what_is_pruned_and_not_faster_is_named(usual: dict[str, Finding]) -> None:
    items = usual["Pruned but not faster"].items
    slower = next(item for item in items if "slower" in item)
    assert slower.startswith("Batch 32, slower than the original: 25")
    assert "deepcaptcha same (0.8" in slower
    assert any("single_conv" in item and "no difference beyond ±2 %" in item for item in items)


def test_the_mistake_is_told_with_its_reason(usual: dict[str, Finding]) -> None:
    finding = usual["Which rows are kept decides"]
    assert "(h·W + w)·C + c" in finding.text
    assert f"1 filter (first rows) 17.8{SPACE}%" in finding.items[0]


def test_without_the_mistake_nothing_is_said_of_it(study: Study) -> None:
    titles = world(study.model_copy(update={"networks": study.networks[:1]}))
    assert "Which rows are kept decides" not in titles


def test_seeds_are_told_apart(usual: dict[str, Finding]) -> None:
    """The builder's two seeds lie half a point apart."""
    assert "at most 0.5 (deepcaptcha same, unpruned)" in usual["How the seeds spread"].text


def test_noise_is_called_too_thin_and_not_a_result(study: Study) -> None:
    told = world(study, noise=0.3, latency_us=lambda case, prune, batch: 100.0)
    assert told["Pruned but not faster"].text == "None was shown to be, but 10 of 10 comparisons are inconclusive."
    assert "A larger measure.budget_s narrows the interval" in told["Too thin to say"].items[0]


def test_a_batch_that_was_never_timed_undisturbed_is_not_called_faster(study: Study) -> None:
    """Every block of batch 32 lost its core: nothing is said of its speed, and that is said."""
    found = world(study, busy=(32,), latency_us=lambda case, prune, batch: 50.0 if prune else 100.0)
    assert found["Pruned but not faster"].text == "None was shown to be; batch 32 was not timed for all."
    assert "Speed at batch 32 is not known for" in found["Too thin to say"].items[0]
    assert all("not timed" in item for item in found["What pruning costs and buys"].items)


def test_nothing_measured_is_said_so(study: Study) -> None:
    told = world(study, measured=False)
    assert "No latency was measured" in str(told["Too thin to say"].items)
    assert "Pruned but not faster" not in told
    assert "Speed/accuracy frontier" not in told


def test_one_seed_is_said_to_be_one(study: Study) -> None:
    told = world(study.model_copy(update={"seeds": (3,)}))
    assert "one seed" in str(told["Too thin to say"].items)
    assert "How the seeds spread" not in told


def test_a_network_that_did_not_learn_is_warned_of_first(study: Study) -> None:
    def accuracy(case: Case, prune: PruneSpec | None) -> float:
        return 0.1 if case.seed == 1 and case.options.get("padding") == "same" else accuracy_of(case, prune)

    told = world(study, accuracy=accuracy)
    first = next(iter(told.values()))
    assert first.warning
    assert first.title == "Did not learn"
    assert first.items == (f"deepcaptcha same: 1 of 2 trainings, seed 1 (10.0{SPACE}%).",)


def test_failures_are_warned_of(study: Study) -> None:
    told = world(study, failures={"single_conv seed=0 original": "no"})
    assert told["Failed"].warning
    assert told["Failed"].text.startswith("1 result missing")


def test_a_control_that_comes_out_different_is_warned_of(results: Results) -> None:
    """The copy is measured as if it were 10 % slower than what it is a copy of."""
    (measurement,) = results.measurements

    def slower(case: Case, prune: PruneSpec | None, batch: int) -> float:
        return 1.1 * latency_us(case, prune, batch)

    copies = tuple(
        make_measured(World(latency_us=slower), results.rows[0], (row.model, row.batch, row.mode), "copy ")
        for row in measurement.control
    )
    measurement = measurement.model_copy(update={"control": copies})
    told = said(results.model_copy(update={"measurements": (measurement,)}))
    assert told["The control failed"].warning
    assert "0.91× (" in told["The control failed"].text


def test_a_study_without_pruning_speaks_of_its_networks_only(study: Study) -> None:
    network = {"model": "lenet", "vary": {"dense": [64, 128]}}
    told = said(results_of(Study.model_validate({"name": "plain", "networks": [network]})))
    assert set(told) == {"What the other choices cost and buy", "Speed/accuracy frontier", "Too thin to say"}


def test_many_networks_are_told_briefly() -> None:
    network = {"model": "lenet", "vary": {"dense": list(range(1, 13))}, "prune": [{"ratio": 0.25}]}
    study = Study.model_validate({"name": "many", "measure": {"batch_sizes": [32]}, "networks": [network]})
    told = said(results_of(study))
    assert told["Pruned but not faster"].items[0].startswith("Batch 32, slower than the original: 25")
    assert "off 12 networks (0.8" in told["Pruned but not faster"].items[0]
    assert told["What pruning costs and buys"].items[-1] == "And 4 more networks in the table."
    assert all(len(item) < 600 for finding in told.values() for item in finding.items)


def of_file(accuracy: float, chance: float = 0.25) -> Results:
    """What a run of `trained.keras` leaves, which is as accurate when it is pruned, and better when trained on."""
    network = {"model": "some/trained.keras", "prune": [{"ratio": [0.25, 0.75], "finetune_epochs": 1}]}
    study = Study.model_validate({"name": "file", "networks": [network]})
    return results_of(study, World(accuracy=lambda case, prune: accuracy, chance=chance, longer=0.2))


def test_a_file_at_chance_is_told_before_anything_and_nothing_is_concluded() -> None:
    told = said(of_file(0.25))
    assert set(told) == {"At chance"}
    assert told["At chance"].warning
    (item,) = told["At chance"].items
    assert item.replace(SPACE, " ") == (
        "trained.keras: 25.0 % of 1,000 test examples right, where one answer for all scores 25.0 %, and 45.0 % once "
        "trained on for 1 epoch."
    )


def test_where_examples_are_too_few_to_tell_it_says_so() -> None:
    """27 % of 1,000 where chance is 25 % is luck once in 13 times."""
    (item,) = said(of_file(0.27))["At chance"].items
    assert item.endswith("once trained on for 1 epoch, and so few examples can't tell it from luck: give more.")


def test_a_file_that_learned_is_judged_and_called_by_its_file_name() -> None:
    told = said(of_file(0.7))
    assert "At chance" not in told
    assert "Best buy" in told
    texts = [text for finding in told.values() for text in (finding.text, *finding.items)]
    assert any("How trained.keras was trained is not known here" in text for text in texts)
    assert not any("came trained" in text for text in texts)
    assert not any("More seeds" in text for text in texts), "no seed changes a file"


def test_a_file_is_no_training_and_alone_on_no_frontier() -> None:
    study = Study.model_validate({"name": "file", "seeds": [0, 1], "networks": [{"model": "a.keras"}]})
    told = said(results_of(study, World(accuracy=lambda case, prune: 0.25, chance=0.25)))
    (item,) = told["At chance"].items
    assert "of 1,000 test examples right" in item
    assert "Speed/accuracy frontier" not in said(
        results_of(study, World(accuracy=lambda case, prune: 0.7, chance=0.25))
    )


def test_two_files_are_told_in_the_plural() -> None:
    networks = [{"model": name} for name in ("a.keras", "b.keras", "single_conv")]
    study = Study.model_validate({"name": "files", "networks": networks})
    results = results_of(study, World(accuracy=lambda case, prune: 0.7, chance=0.25))
    (item,) = (each for each in said(results)["Too thin to say"].items if "not known here" in each)
    assert item.startswith("How a.keras and b.keras were trained is not known here")
    answers = compare(results)
    told = dict(conditions(results, answers, Names(answers)))["Training"]
    assert told.endswith("Not trained here but taken as they are: a.keras and b.keras.")


def test_a_gain_is_told_beside_what_more_training_alone_gains(study: Study) -> None:
    """All that is pruned is as good as its original, which gains two points by being trained on."""
    told = world(study, accuracy=lambda case, prune: 0.95, longer=0.02)
    assert f"25{SPACE}%: 0.0 points (−2.0)" in told["What pruning costs and buys"].items[0]
    assert all("and −2.0 (" in item for item in told["Best buy"].items if "deepcaptcha" in item)
    assert "also against the original trained on" in told["Best buy"].text
