"""The answer in one sentence."""

from __future__ import annotations

import re

from harness.compare import compare
from harness.compare.results import Results
from harness.report.findings import findings
from harness.report.headline import headline
from harness.report.names import Names
from harness.spec import Study
from tests.report.findings.worlds import SPACE, of_file
from tests.synthetic import World, results_of


def said(results: Results) -> str:
    answers = compare(results)
    names = Names(answers)
    return "".join(text for text, _ in headline(answers, names, findings(answers, names)))


def test_what_is_shown_to_lose_little_is_shipped(study: Study) -> None:
    alone = study.model_copy(update={"networks": study.networks[:1]})
    told = said(results_of(alone, World(accuracy=lambda case, prune: 0.99)))
    assert told.startswith(f"Ship deepcaptcha valid, pruned by 50{SPACE}%: 2.7")
    assert f" at batch 1, accuracy{SPACE}99." in told
    assert told.endswith(f"{SPACE}%, shown to lose less than 1 point.")


def test_what_is_not_shown_to_is_only_a_candidate(results: Results) -> None:
    told = said(results)
    assert told.startswith("Best candidate: ")
    assert re.search(r"; a loss of \d\.\d points can’t be ruled out\.$", told)


def test_what_is_faster_but_clearly_worse_leaves_the_original(study: Study) -> None:
    alone = study.model_copy(update={"networks": study.networks[:1]})
    world = World(accuracy=lambda case, prune: 0.8 if prune or case.options.get("padding") == "valid" else 0.95)
    told = said(results_of(alone, world))
    assert told.startswith("Keep deepcaptcha same, unpruned: the nearest that is faster, ")
    assert re.search(r" at batch 1, but accuracy\s9\d\.\d → \d\d\.\d\s%\.$", told)


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
