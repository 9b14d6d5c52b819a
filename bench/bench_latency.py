"""The latency of exported models, as pytest-benchmark sees it: one process, one model after the other.

Enough to watch a model over time. It is no way to compare two models, which `harness measure` is made for; the
speed-ups in `extra_info` are from there.
"""

from __future__ import annotations

from typing import Any

import pytest

from bench.exported import Exported
from harness.measure.files.model_file import read_model
from harness.measure.inputs.declared import fixed_batch
from harness.measure.inputs.feed import describe_inputs
from harness.measure.runtime.placement import open_placed
from harness.measure.runtime.runs import Plan, end_to_end, make_feed


@pytest.mark.parametrize("batch", [1, 32])
def test_latency(benchmark: Any, exported: Exported, batch: int, request: pytest.FixtureRequest) -> None:
    """One run end to end, on one thread."""
    file = read_model(exported.path)
    if fixed_batch(file.inputs) not in (None, batch):
        pytest.skip(f"its batch is fixed at {fixed_batch(file.inputs)}")
    plan = Plan(
        path=str(exported.path),
        names=[one.name for one in file.inputs],
        inputs=describe_inputs([(exported.path, file.inputs)]),
        batch=batch,
        mode="end_to_end",
        seed=0,
        copies=1,
    )
    feed = make_feed(plan)
    session, device = open_placed(exported.path, request.config.getoption("--device"), feed, threads=1)
    benchmark.group = f"latency, batch {batch}"
    benchmark.extra_info.update(exported.known)
    benchmark.extra_info["device"] = device
    run = end_to_end(session, [feed])
    run()
    answers = benchmark.pedantic(run, rounds=30, iterations=3, warmup_rounds=3)
    assert all(len(answer) == batch for answer in answers)
