"""The smallest study, with anything changed."""

from __future__ import annotations

from harness.spec import Study, checked

NETWORK = {"model": "single_conv"}


def study(**values: object) -> Study:
    return checked(Study, {"name": "x", "networks": [NETWORK], **values}, "study.toml")
