"""What a model has to keep to be shipped, and how that is measured: options of a command, or a file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from harness.base.errors import SpecError
from harness.spec.checked import PositiveFloat, PositiveInt, Spec, checked
from harness.spec.measuring import AFew, Device, MeasureSpec

Accuracy = Annotated[float, Field(ge=0, le=1)]


class Gates(Spec):
    """Bounds that a model must keep; None is no gate.

    Accuracy and its drop are shares of the examples, latency in microseconds, memory and size in megabytes of 10**6
    bytes. Latency and speed-up must keep their bound at each of `batch_sizes`, by default 1 or the only one that the
    model takes. Measuring goes on until every gate is decided, for `spend_s` seconds at most.
    """

    min_accuracy: Accuracy | None = None
    max_accuracy_drop: Accuracy | None = None
    max_latency_us: PositiveFloat | None = None
    min_speedup: PositiveFloat | None = None
    max_memory_mb: PositiveFloat | None = None
    max_size_mb: PositiveFloat | None = None
    device: Device = "auto"
    batch_sizes: tuple[PositiveInt, ...] | None = None
    threads: AFew = 1
    spend_s: PositiveFloat = 30.0

    @model_validator(mode="after")
    def _batches_once(self) -> Gates:
        sizes = self.batch_sizes
        if sizes is not None and (not sizes or len(set(sizes)) != len(sizes)):
            raise ValueError("batch_sizes needs at least one value, each once")
        return self

    @property
    def bounds(self) -> dict[str, float]:
        """The gates that were asked for, with their bounds."""
        return {name: bound for name in BOUNDS if (bound := getattr(self, name)) is not None}

    def measuring(self, device: Device, batch_sizes: tuple[int, ...]) -> MeasureSpec:
        """How latency is measured for these gates on a device."""
        return MeasureSpec(device=device, batch_sizes=batch_sizes, threads=self.threads, budget_s=self.spend_s)


BOUNDS = tuple(name for name in Gates.model_fields if name.startswith(("min_", "max_")))


def gates_of(file: Path | None, options: Mapping[str, Any]) -> Gates:
    """The gates of a file and those of a command line; how to measure is as the command line says, then the file.

    Raises:
        SpecError: the file can't be used, an option has a value that can't be used, or both give a gate other bounds.
    """
    written = {} if file is None else _read(file)
    for name in BOUNDS:
        if name in written and name in options and options[name] != written[name]:
            raise SpecError(
                f"{file}: {name} = {written[name]!r} contradicts {options[name]!r} on the command line; leave one out"
            )
    if file is not None:
        checked(Gates, written, str(file))
    return checked(Gates, {**written, **options}, "gates")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(f"{path}: no such gates; give the path of a TOML file") from None
    except OSError as error:
        raise SpecError(f"{path}: can't be read ({error.strerror}); give the path of a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SpecError(f"{path}: not TOML: {str(error).splitlines()[0]}; mend the file") from None
