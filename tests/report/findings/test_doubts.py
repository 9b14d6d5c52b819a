"""What a run can't answer, and what makes its answers doubtful, in words."""

from __future__ import annotations

from harness.compare import compare
from harness.compare.results import Results
from harness.report.conditions import conditions
from harness.report.findings import Finding
from harness.report.names import Names
from harness.spec import Case, PruneSpec, Study
from tests.report.findings.worlds import SPACE, said, world
from tests.synthetic import World, accuracy_of, latency_us, make_measured, results_of


def test_seeds_are_told_apart(usual: dict[str, Finding]) -> None:
    """The builder's two seeds lie half a point apart."""
    assert "at most 0.5 (deepcaptcha same, unpruned)" in usual["How the seeds spread"].text


def test_noise_is_called_too_thin_and_not_a_result(study: Study) -> None:
    told = world(study, noise=0.3, latency_us=lambda case, prune, batch: 100.0)
    assert told["Pruned but not faster"].text == "None was shown to be, but 10 of 10 comparisons are inconclusive."
    assert "A larger measure.budget_s narrows the interval" in told["Too thin to say"].items[0]


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


def test_two_files_are_told_in_the_plural() -> None:
    networks = [{"model": name} for name in ("a.keras", "b.keras", "single_conv")]
    study = Study.model_validate({"name": "files", "networks": networks})
    results = results_of(study, World(accuracy=lambda case, prune: 0.7, chance=0.25))
    (item,) = (each for each in said(results)["Too thin to say"].items if "not known here" in each)
    assert item.startswith("How a.keras and b.keras were trained is not known here")
    answers = compare(results)
    told = dict(conditions(results, answers, Names(answers)))["Training"]
    assert told.endswith("Not trained here but taken as they are: a.keras and b.keras.")
