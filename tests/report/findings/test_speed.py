"""What is pruned and no faster, in words."""

from __future__ import annotations

from harness.report.findings import Finding
from harness.spec import Study
from tests.report.findings.worlds import world


def test_what_is_pruned_and_not_faster_is_named(usual: dict[str, Finding]) -> None:
    items = usual["Pruned but not faster"].items
    slower = next(item for item in items if "slower" in item)
    assert slower.startswith("Batch 32, slower than the original: 25")
    assert "deepcaptcha same (0.8" in slower
    assert any("single_conv" in item and "no difference beyond ±2 %" in item for item in items)


def test_a_batch_that_was_never_timed_undisturbed_is_not_called_faster(study: Study) -> None:
    """Every block of batch 32 lost its core: nothing is said of its speed, and that is said."""
    found = world(study, busy=(32,), latency_us=lambda case, prune, batch: 50.0 if prune else 100.0)
    assert found["Pruned but not faster"].text == "None was shown to be; batch 32 was not timed for all."
    assert "Speed at batch 32 is not known for" in found["Too thin to say"].items[0]
    assert all("not timed" in item for item in found["What pruning costs and buys"].items)


def test_what_failed_is_not_called_faster() -> None:
    study = Study.model_validate(
        {"name": "x", "networks": [{"model": "deepcaptcha", "prune": [{"ratio": [0.25, 0.5]}]}]}
    )
    found = world(
        study,
        failures={"deepcaptcha seed=0 50 %": "crashed"},
        latency_us=lambda case, prune, batch: 50 if prune else 100,
    )
    assert found["Pruned but not faster"].text == (
        "None: every pruned variant that was made (1 failed) is faster than its original."
    )
