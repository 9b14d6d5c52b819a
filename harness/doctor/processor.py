"""The CPU: how many there really are for this process, and what makes latencies noisy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.doctor.check import Check, State


def processor_checks(environment: Mapping[str, Any]) -> Iterator[Check]:
    """All of them, from the environment's facts."""
    allowed, quota = len(environment["affinity"]), environment["cgroup_cpus"]
    if quota is not None and quota < allowed:
        fewer = max(1, int(quota))
        cure = f"give `harness measure --threads {fewer}` or fewer; more threads wait for each other"
        found = f"the container may use {quota:g} of the {allowed} CPUs it sees"
        yield Check(subject="CPUs", state=State.NOTE, found=found, cure=cure)
    else:
        within = "" if quota is None else f", and the container's limit of {quota:g} allows all of them"
        yield Check(subject="CPUs", state=State.GOOD, found=f"{environment['cpu']}, {allowed} allowed{within}")
    if environment["load_1_min"] > 0.5 * allowed:
        found = f"the machine is busy (load {environment['load_1_min']:.1f} on {allowed} CPUs)"
        yield Check(subject="CPUs", state=State.NOTE, found=found, cure="measure when it is quiet")
    if environment["governor"] not in (None, "performance"):
        found = f"the clock follows the load (governor {environment['governor']})"
        yield Check(subject="CPUs", state=State.NOTE, found=found, cure="'performance' measures steadier")
