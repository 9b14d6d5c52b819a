"""What to ship, beside the network at hand."""

from __future__ import annotations

import shlex

import pytest

from harness.compare import Answers, compare
from harness.compare.results import Results
from harness.report import format as fmt
from harness.report.conditions.commands import making
from harness.report.headline import Recommended, recommended
from harness.report.names import Names
from harness.report.tables.variants import page_table
from harness.spec import Study
from tests.report.findings.worlds import SPACE
from tests.synthetic import World, results_of


def first(results: Results) -> Recommended:
    answers = compare(results)
    return recommended(results, answers, Names(answers))[0]


def test_there_is_one_for_each_batch_size(results: Results, answers: Answers, names: Names) -> None:
    found = recommended(results, answers, names)
    assert [each.advice for each in found] == [f"Nearest; not shown to be safe, batch {n}" for n in (1, 32)]
    rows = page_table(answers, names).rows
    for each in found:
        network, variant = rows[each.row - 1][:2]
        assert each.name == f"{network.text}, pruned by {variant.text}"


def test_numbers_stand_beside_what_they_were(results: Results) -> None:
    facts = {fact.name: fact for fact in first(results).facts}
    assert list(facts)[:3] == ["Speed-up, batch 1", "Speed-up, batch 32", "Accuracy, points"]
    assert list(facts)[-1] == "Smaller file"
    assert f"{SPACE}µs → " in facts["Speed-up, batch 1"].before
    assert f"{SPACE}% → " in facts["Accuracy, points"].before
    assert " to " in facts["Accuracy, points"].reach


def test_of_many_batch_sizes_each_has_its_own_speed_up(study: Study) -> None:
    """So that command and gates stay on the first screen."""
    many = study.model_copy(update={"measure": study.measure.model_copy(update={"batch_sizes": (1, 4, 8, 32)})})
    results = results_of(many)
    answers = compare(results)
    found = recommended(results, answers, Names(answers))
    speedups = [[fact.name for fact in each.facts if fact.name.startswith("Speed-up")] for each in found]
    assert speedups == [[f"Speed-up, batch {batch}"] for batch in (1, 4, 8, 32)]


def test_what_is_not_shown_is_no_pass(results: Results) -> None:
    gates = {gate.name: gate for gate in first(results).gates}
    assert gates["Faster at batch 1"].state == "holds"
    assert gates["Loses less than 1 point"].state == "not shown"
    assert gates["ONNX = Keras"].state == "holds"
    assert gates["Control is no different"].state == "holds"


def test_the_evidence_of_a_gate_is_what_decides_it(results: Results) -> None:
    """Of the losses against the original and against it trained on, that which may be larger."""
    answers = compare(results)
    choice, found = answers.choices[0], first(results)
    evidence = {gate.name: gate.evidence for gate in found.gates}["Loses less than 1 point"]
    assert choice.equal_change is not None
    assert choice.lowest == choice.equal_change.low < (choice.change or choice.equal_change).low
    assert f"({fmt.points(choice.lowest)} to " in evidence
    assert evidence.endswith(", equal training)")


def test_a_loss_that_is_clear_fails(study: Study) -> None:
    """Whatever is faster is ten points worse."""
    alone = study.model_copy(update={"networks": study.networks[:1]})
    world = World(accuracy=lambda case, prune: 0.8 if prune or case.options.get("padding") == "valid" else 0.95)
    found = first(results_of(alone, world))
    assert {gate.name: gate for gate in found.gates}["Loses less than 1 point"].state == "fails"
    assert found.advice == "Not recommended, but nearest, batch 1"
    ((what, command),) = found.commands
    assert what == "Keep deepcaptcha same, unpruned"
    assert "'deepcaptcha padding=same seed=0 original'" in command
    assert command.endswith("harness validate BUNDLE"), "nothing that it would have to beat"


def test_where_nothing_is_faster_what_there_is_is_recommended(study: Study) -> None:
    """With its own numbers, what holds of it, and the command that bundles it."""
    found = first(results_of(study, World(latency_us=lambda case, prune, batch: 100.0)))
    assert (found.advice, found.name) == ("Recommended, batch 1: what there is", "deepcaptcha same, unpruned")
    assert found.beside == "of 9 others none is shown to be faster"
    assert [fact.name for fact in found.facts] == ["Latency, batch 1", "Latency, batch 32", "Accuracy"]
    assert [gate.name for gate in found.gates] == ["ONNX = Keras", "Control is no different"]
    assert "'deepcaptcha padding=same seed=0 original'" in found.commands[0][1]
    assert found.row == 1


def test_a_trained_network_is_pruned_by_a_command_of_its_own() -> None:
    prune = {"ratio": [0.5], "importance": "l2", "recover": "reconstruct", "finetune_epochs": 1, "keep": ["a b"]}
    network = {"model": "my nets/trained.keras", "prune": [prune]}
    data = {"name": "npz:digits.npz", "scale": "raw"}
    study = Study.model_validate({"name": "file", "data": data, "networks": [network]})
    results = results_of(study, World(accuracy=lambda case, prune: 0.9))
    what, command = making(results, compare(results).pruned[0])
    assert what == "Make it"
    words = shlex.split(command)
    assert words[:6] == ["harness", "prune", "my nets/trained.keras", "--ratio", "0.5", "--importance"]
    for pair in (["--keep", "a b"], ["--data", "npz:digits.npz"], ["--scale", "raw"], ["--finetune-epochs", "1"]):
        assert words[words.index(pair[0]) + 1] == pair[1]
    assert "--reconstruct" in words


def test_widths_by_latency_are_asked_for_under_the_conditions_of_the_run() -> None:
    network = {"model": "trained.keras", "prune": [{"speedup": 2}]}
    measure = {"batch_sizes": [1, 8], "threads": 2, "device": "cpu"}
    study = Study.model_validate({"name": "file", "measure": measure, "networks": [network]})
    results = results_of(study, World(measured=False))
    words = shlex.split(making(results, compare(results).pruned[0])[1])
    assert words[3:11] == ["--speedup", "2", "--batch", "1,8", "--threads", "2", "--device", "cpu"]


def test_what_the_study_trains_is_made_by_running_it(results: Results, answers: Answers) -> None:
    assert making(results, answers.pruned[0])[1] == "harness run small.toml"


def test_what_is_exported_is_bundled_and_then_validated(results: Results) -> None:
    """The bundle is of one training, by the name that `harness bundle` asks for."""
    ((_, command),) = first(results).commands
    words = shlex.split(command)
    assert words[:3] == ["harness", "bundle", "runs/small"]
    assert words[3] in {row.name for row in results.rows}
    assert words[4:10] == ["--output", "BUNDLE", "&&", "harness", "validate", "BUNDLE"]


def test_what_is_shipped_has_to_beat_what_it_replaces(results: Results, answers: Answers, names: Names) -> None:
    """By the latency of that at the batch size of the choice, which is an option of `harness validate`."""
    for each, choice in zip(recommended(results, answers, names), answers.choices, strict=True):
        ((_, command),) = each.commands
        words = shlex.split(command)
        bound = float(words[words.index("--max-latency-us") + 1])
        latencies = (answers.variant(key or "").latencies[choice.batch] for key in (choice.variant, choice.reference))
        ours, theirs = (latency.typical_us for latency in latencies)
        assert bound == pytest.approx(theirs, rel=0.01)
        assert ours < bound
        assert ("--batch" in words) == (choice.batch != 1)
        assert "--threads" not in words
