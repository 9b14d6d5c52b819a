"""Options that commands share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.base.errors import SpecError

if TYPE_CHECKING:
    import keras

    from harness.data import Dataset

JsonFlag = Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout.")]
QuietFlag = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
UnsafeFlag = Annotated[bool, typer.Option("--unsafe", help="Run code inside the file (Lambda layers).")]
PicturesFlag = Annotated[
    bool, typer.Option("--pictures/--no-pictures", help="Show test examples on which networks disagree.")
]
StoreOption = Annotated[
    str, typer.Option("--store", help="Where finished stages are kept: a folder, or an address such as s3://BUCKET/X.")
]
CacheOption = Annotated[
    Path | None, typer.Option("--cache", help="Where a store that is no folder is kept on this disk too.")
]
CacheGbOption = Annotated[float | None, typer.Option("--cache-gb", help="At most so much of it. [default: 10]")]
OnnxInputs = Annotated[
    list[str] | None,
    typer.Option("--input", help="For ONNX: name:shape:dtype or name=value, what an input takes; repeatable."),
]
# Every command that takes --data takes these, so that what is said about data can name them.
ScaleOption = Annotated[str | None, typer.Option(help="The data's pixels: unit (0 to 1) or raw. [default: unit]")]
ColorFlag = Annotated[bool, typer.Option("--color", help="Make grey images red, green or blue.")]
ResizeOption = Annotated[str | None, typer.Option(help="Images of another size: 64x64, height x width.")]
LimitOption = Annotated[int | None, typer.Option(help="Use this many of the data's examples. [default: all]")]
OnOption = Annotated[
    str, typer.Option("--on", help="Where the work is done: workers, workers:4, here, ray, ray://HOST:PORT.")
]


def data_options(scale: str | None, color: bool, resize: str | None, limit: int | None) -> dict[str, Any]:
    """The options that were given, as the fields of a DataSpec."""
    from harness.cli import arguments

    size = None if resize is None else arguments.size(resize, "--resize")
    asked = {"scale": scale, "color": color or None, "resize": size, "limit": limit}
    return {field: value for field, value in asked.items() if value is not None}


def require_data(data: str | None, options: Mapping[str, Any]) -> None:
    """Raise SpecError for options that say how to read a dataset where none is given."""
    if data is None and options:
        named = [f"--{field.replace('_', '-')}" for field in options]
        raise SpecError(f"{' and '.join(named)}: for --data, which is not given; give it, or leave {_them(named)} out")


def _them(named: Sequence[str]) -> str:
    return "it" if len(named) == 1 else "them"


def dataset(name: str, options: dict[str, Any], labels: bool = True) -> Dataset:
    """The dataset that --data names; without `labels` also one that has none."""
    from harness.data import load
    from harness.spec import DataSpec, checked

    return load(checked(DataSpec, {"name": name, **options}, "--data"), labels=labels)


def dataset_for(model: keras.Model, name: str, options: dict[str, Any]) -> Dataset:
    """The dataset in the shape that a model takes, where only axes of length 1 differ."""
    from harness.base.keras_file import example_shape

    return dataset(name, options).shaped_for(example_shape(model))


def check_seed(seed: int) -> None:
    """Raise SpecError for a --seed that NumPy or Keras would refuse."""
    from harness import spec

    spec.check_seed(seed, "--seed")
