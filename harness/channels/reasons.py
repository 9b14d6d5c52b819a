"""Why layers had to keep channels, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.channels.channels import Channels


def reasons_of(channels: Channels) -> dict[str, str]:
    """The reason by the layer's name, for every layer that makes channels which can't go."""
    reasons: dict[str, str] = {}
    for group in channels.groups():
        together = "its channels stand or fall together" if len(group.channels) == 1 else None
        reason = group.pinned or together
        if reason is not None:
            for maker in group.makers:
                reasons.setdefault(maker, reason)
    return reasons


def by_reason(reasons: Mapping[str, str]) -> list[str]:
    """The layers that had to keep channels, those of one reason together: `a, b and 3 more (the model's output)`."""
    layers: dict[str, list[str]] = {}
    for layer, reason in reasons.items():
        layers.setdefault(reason, []).append(layer)
    return [f"{listed(those)} ({reason})" for reason, those in layers.items()]


def listed(layers: Sequence[str]) -> str:
    """The first four layers, and how many more there are."""
    return ", ".join(layers[:4]) + (f" and {len(layers) - 4} more" if len(layers) > 4 else "")
