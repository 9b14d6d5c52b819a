"""A training says of itself whether it learned."""

from __future__ import annotations

from harness.records import Training


def training(**values: object) -> Training:
    told = {"history": {"accuracy": (0.5, 0.9), "loss": (1.0, 0.4)}, "examples": 1000, "chance": 0.1}
    common = {"parameters": 1, "seconds": 1.0, "backend": "tensorflow", "device": "cpu:0", "keras_version": "3"}
    return Training.model_validate({**common, **told, **values})


def test_a_training_knows_whether_it_learned() -> None:
    assert training().learned is True
    assert training(history={"accuracy": (0.5, 0.9), "loss": (1.0, None)}).learned is False
    assert training(history={"accuracy": (0.5, None), "loss": (1.0, 0.4)}).learned is False


def test_what_older_versions_did_not_record_leaves_it_open() -> None:
    assert training(examples=None).learned is None
    assert training(chance=None).learned is None
    assert training(history={"loss": (1.0, 0.4)}).learned is None
