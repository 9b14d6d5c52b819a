"""The answer in one sentence."""

from __future__ import annotations

import re

import pytest

from harness.compare import compare
from harness.compare.answers import Interval
from harness.compare.results import Results
from harness.report.findings import findings
from harness.report.headline import headline
from harness.report.names import Names
from harness.spec import Study
from tests.report.findings.worlds import SPACE, of_file
from tests.synthetic import World, results_of

BESIDE_LONGER = "against the original given the same extra training"


def said(results: Results) -> str:
    answers = compare(results)
    names = Names(answers)
    return "".join(text for text, _ in headline(answers, names, findings(answers, names)))


def test_what_is_shown_to_lose_little_is_shipped(study: Study) -> None:
    alone = study.model_copy(update={"networks": study.networks[:1]})
    told = said(results_of(alone, World(accuracy=lambda case, prune: 0.99)))
    assert told.startswith(f"Ship deepcaptcha valid, pruned by 50{SPACE}%: 2.7")
    assert f" at batch 1, accuracy{SPACE}99." in told
    assert told.endswith(f"{SPACE}%, shown to lose less than 1 point {BESIDE_LONGER}.")


def test_what_is_not_shown_to_is_only_a_candidate(results: Results) -> None:
    told = said(results)
    assert told.startswith("Best candidate: ")
    assert re.search(rf"; a loss of \d\.\d points {BESIDE_LONGER} can’t be ruled out\.$", told)


@pytest.mark.parametrize("safe", [True, False])
def test_the_headline_says_against_what_the_loss_is(results: Results, safe: bool) -> None:
    """Readers wondered how 90.6 to 91.6 % could be a loss: it is one against the original, trained on."""
    answers = compare(results)
    gain, loss = Interval(value=0.01, low=0.006, high=0.014), Interval(value=-0.003, low=-0.017, high=0.0)
    told = []
    for change, equal in ((gain, loss), (loss, gain), (loss, None)):
        changed = {"safe": safe, "change": change, "equal_change": equal}
        choices = (answers.choices[0].model_copy(update=changed),)
        names = Names(answers)
        parts = headline(answers.model_copy(update={"choices": choices}), names, [])
        told.append("".join(text for text, _ in parts))
    end = "shown to lose less than 1 point{}." if safe else "; a loss of 1.7 points{} can’t be ruled out."
    assert told[0].endswith(end.format(f" {BESIDE_LONGER}"))
    assert all(each.endswith(end.format("")) for each in told[1:])


def test_what_is_faster_but_clearly_worse_leaves_the_original(study: Study) -> None:
    alone = study.model_copy(update={"networks": study.networks[:1]})
    world = World(accuracy=lambda case, prune: 0.8 if prune or case.options.get("padding") == "valid" else 0.95)
    told = said(results_of(alone, world))
    assert told.startswith("Keep deepcaptcha same, unpruned: the nearest that is faster, ")
    assert re.search(r" at batch 1, but accuracy\s9\d\.\d → \d\d\.\d\s%\.$", told)


def test_what_was_not_measured_is_not_said_to_be_no_faster(study: Study) -> None:
    answers = compare(results_of(study, World(latency_us=lambda case, prune, batch: 100.0)))
    pruned = [each.key for each in answers.pruned][:2]
    unmeasured = {"latencies": {}, "speedups": {}}
    variants = [each.model_copy(update=unmeasured) if each.key in pruned else each for each in answers.variants]
    changed = answers.model_copy(update={"variants": tuple(variants)})
    told = "".join(text for text, _ in headline(changed, Names(changed), []))
    assert told.endswith(" at batch 1, and of 2 variants the speed is not known.")


def test_where_nothing_is_faster_the_original_stays(study: Study) -> None:
    told = said(results_of(study, World(latency_us=lambda case, prune, batch: 100.0)))
    assert told == "Keep deepcaptcha same, unpruned: none of the 9 others is shown to be faster at batch 1."


def test_a_network_at_chance_answers_nothing() -> None:
    assert said(of_file(0.25)) == "Nothing is concluded: trained.keras, unpruned is no better than chance."


def test_without_latencies_the_first_finding_is_the_answer(study: Study) -> None:
    told = said(results_of(study, World(measured=False)))
    assert told.startswith("What pruning costs and buys: deepcaptcha same (")


def test_an_empty_run_says_so() -> None:
    network = {"model": "single_conv"}
    study = Study.model_validate({"name": "none", "networks": [network]})
    world = World(failures={"single_conv seed=0 original": "it broke"}, measured=False)
    assert said(results_of(study, world)).startswith(("Failed: ", "Too thin to say: "))
