"""Pruned models and plans on disk: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pydantic import ValidationError

from harness.base.crash import unfinished
from harness.base.errors import PruneError, StoreError
from harness.base.store import disk_errors
from harness.prune.picture import picture
from harness.records import ChannelPlan, PruneFile, PruneReport

if TYPE_CHECKING:
    import keras


class Written(Protocol):
    """What a prune made, of any kind of model."""

    @property
    def plan(self) -> ChannelPlan:
        """What was decided."""

    @property
    def report(self) -> PruneReport:
        """What it removed."""

    def write(self, path: Path) -> None:
        """Write the model."""


def plan_path(model: Path) -> Path:
    """Where the plan of a pruned model stands: `NAME.plan.json` beside `NAME.keras`."""
    return model.with_suffix(".plan.json")


def report_path(model: Path) -> Path:
    """Where the report about a pruned model stands: `NAME.report.json` beside `NAME.keras`."""
    return model.with_suffix(".report.json")


def picture_path(model: Path) -> Path:
    """Where the picture of a pruned model's layers stands: `NAME.layers.svg` beside `NAME.keras`."""
    return model.with_suffix(".layers.svg")


def data_path(model: Path) -> Path:
    """Where the external data of a pruned ONNX file stands: `NAME.onnx.data` beside `NAME.onnx`."""
    return model.with_name(f"{model.name}.data")


def _beside(model: Path) -> tuple[Path, ...]:
    return plan_path(model), report_path(model), picture_path(model), data_path(model)


def read_plan(path: Path) -> ChannelPlan:
    """Read a plan.

    Raises:
        PruneError: there is no such file, or it is no plan.
    """
    try:
        return ChannelPlan.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PruneError(f"{path}: no such plan; give the .plan.json that `harness prune` wrote") from None
    except (OSError, UnicodeDecodeError, ValidationError):
        raise PruneError(f"{path}: not a plan; give the .plan.json that `harness prune` wrote") from None


def plan_beside(path: Path, model: keras.Model) -> ChannelPlan | None:
    """The plan beside a pruned model's file; None where none is, or one of other widths than the model has."""
    try:
        plan = ChannelPlan.model_validate_json(plan_path(path).read_bytes())
    except (OSError, ValidationError):
        return None
    widths = {layer.name: getattr(layer, "filters", getattr(layer, "units", None)) for layer in model.layers}
    known = {name: len(kept) for name, kept in plan.kept.items() if widths.get(name) is not None}
    return plan if known and all(widths[name] == width for name, width in known.items()) else None


def read_about(model: Path) -> PruneFile | None:
    """What was written down beside a pruned model; None where nothing was, or nothing that can be read."""
    try:
        return PruneFile.model_validate_json(report_path(model).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError):
        return None


def trained_on(about: PruneFile | None) -> bool:
    """Whether a pruned network's weights were changed after the proof, by what was written down about it."""
    if about is None:
        return False
    if about.recalibrated or about.reconstruction is not None:
        return True
    recovery = about.recovery
    changed = [] if recovery is None else [recovery.recalibrated, recovery.reconstructed, recovery.tuned]
    return any(accuracy is not None for accuracy in changed)


def check_output(output: Path, *inputs: Path, suffix: str = ".keras") -> None:
    """Refuse a place for the output that can't hold it, before any work is done.

    Raises:
        PruneError: its name does not end in `suffix`, or one of the files to be written is an input or a folder.
        StoreError: the folder can't be written to.
    """
    if output.suffix != suffix:
        raise PruneError(f"--output {output}: give a file name that ends in {suffix}")
    try:
        _check_names(output, inputs)
        above = next(folder for folder in output.absolute().parents if folder.exists())
        with tempfile.TemporaryFile(dir=above):
            pass
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StoreError(f"--output {output}: can't be written ({reason}); give another") from error


def _check_names(output: Path, inputs: tuple[Path, ...]) -> None:
    for made in (output, *_beside(output)):
        if made.is_dir():
            raise PruneError(f"--output {output}: {made} is a folder; give another file name")
        for path in inputs:
            if os.path.realpath(path) == os.path.realpath(made):  # says of a loop of links what it is, too
                raise PruneError(
                    f"--output {output} would overwrite the input {path}, which is never changed; give another name"
                )


def save(result: Written, output: Path, about: PruneFile) -> list[Path]:
    """Write the model with its plan, report and picture beside it; the model comes last.

    Returns:
        The files, the model first.

    Raises:
        StoreError: the folder can't be written to, or the disk is full.
    """
    texts = {
        plan_path(output): result.plan.model_dump_json(indent=1),
        report_path(output): about.model_dump_json(indent=1),
        picture_path(output): picture(result.report),
    }
    with disk_errors(output.parent):
        output.parent.mkdir(parents=True, exist_ok=True)
        with unfinished(output.parent / f".{output.stem}.{os.getpid()}") as made:
            made.mkdir()
            for path, text in texts.items():
                (made / path.name).write_text(text, encoding="utf-8")
            result.write(made / output.name)
            more = [output.parent / path.name for path in made.iterdir() if path.name not in _names(output, *texts)]
            for path in (*texts, *more, output):
                (made / path.name).replace(path)
    return [output, *texts, *more]


def _names(*paths: Path) -> set[str]:
    return {path.name for path in paths}
