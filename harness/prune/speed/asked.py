"""What is asked of the speed, from options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.base.errors import SpecError
from harness.spec import SpeedSpec, checked


def speed_spec(options: Mapping[str, Any], where: str) -> SpeedSpec:
    """What is asked of a prune by latency.

    Raises:
        SpecError: an option is unknown or out of range, or says in another way how much goes.
    """
    target = "speedup" if options.get("speedup") is not None else "max_latency_us"
    others = [name for name in ("ratio", "filters", "remove", "round_to", "global_ranking") if options.get(name)]
    if others:
        raise SpecError(f"{where}: {target} says how much goes; leave out {' and '.join(others)}")
    return checked(SpeedSpec, options, where)
