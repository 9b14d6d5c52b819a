"""What is asked of the speed, from options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.base.errors import SpecError
from harness.spec import PruneSpec, SpeedSpec, checked

RECOVERY = ("recover", "reconstruct_images")


def speed_spec(options: Mapping[str, Any], where: str) -> tuple[SpeedSpec, int | None]:
    """What is asked of a prune by latency, and from how many images kernels are solved again, None where they are not.

    Raises:
        SpecError: an option is unknown or out of range, or says in another way how much goes.
    """
    target = "speedup" if options.get("speedup") is not None else "max_latency_us"
    others = [name for name in ("ratio", "filters", "remove", "round_to", "global_ranking") if options.get(name)]
    if others:
        raise SpecError(f"{where}: {target} says how much goes; leave out {' and '.join(others)}")
    again = {name: options[name] for name in RECOVERY if name in options}
    images = checked(PruneSpec, {target: options.get(target), **again}, where).images
    return checked(SpeedSpec, {name: value for name, value in options.items() if name not in again}, where), images
