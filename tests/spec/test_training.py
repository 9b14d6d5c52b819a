"""A training takes epochs or steps."""

from __future__ import annotations

from harness.spec import TrainSpec
from tests.spec.studies import study


def test_epochs_take_the_place_of_steps_and_steps_that_of_epochs() -> None:
    """In a network of a study of the other; and what was stored of epochs keeps its key."""
    networks = [{"model": "m", "vary": {"train.epochs": [2]}}, {"model": "m", "vary": {"train.steps": [30]}}]
    asked = study(train={"steps": 20, "batch_size": 16}, networks=[{"model": "m"}, *networks])
    trainings = [case.train.model_dump() for case in asked.cases()]
    assert [("epochs" in each, each.get("steps")) for each in trainings] == [(False, 20), (True, None), (False, 30)]
    assert all(each["batch_size"] == 16 for each in trainings)
    plain = {"epochs": 5, "batch_size": 64, "optimizer": "adam", "learning_rate": 0.001}
    assert TrainSpec().model_dump() == plain
    for spec in (TrainSpec(), TrainSpec(steps=20)):
        assert TrainSpec.model_validate_json(spec.model_dump_json()) == spec
    assert study(networks=networks).cases()[1].train.steps == 30
