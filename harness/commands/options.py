"""Options that commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from harness.data import Dataset

JsonFlag = Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout.")]
QuietFlag = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


def dataset(name: str, scale: str) -> Dataset:
    """The dataset that an option names."""
    from harness.data import load
    from harness.spec import DataSpec, checked

    return load(checked(DataSpec, {"name": name, "scale": scale}, "--data"))


def check_seed(seed: int) -> None:
    """Raise SpecError for a --seed that NumPy or Keras would refuse."""
    from harness import spec

    spec.check_seed(seed, "--seed")
