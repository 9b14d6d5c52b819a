"""Pruned models and plans on disk: whole or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pydantic import ValidationError

from harness.errors import PruneError
from harness.prune.api import PruneResult
from harness.prune.picture import picture
from harness.records import ChannelPlan, PruneFile
from harness.store import disk_errors


def plan_path(model: Path) -> Path:
    """Where the plan of a pruned model stands: `NAME.plan.json` beside `NAME.keras`."""
    return model.with_suffix(".plan.json")


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


def check_output(source: Path, output: Path) -> None:
    """Refuse a place for the output that can't hold it.

    Raises:
        PruneError: it is the input, or no .keras file.
    """
    if output.suffix != ".keras":
        raise PruneError(f"--output {output}: give a file name that ends in .keras")
    if output.resolve() == source.resolve():
        raise PruneError(f"--output {output} is the input, which is never changed; give another name")


def save(result: PruneResult, output: Path, about: PruneFile) -> list[Path]:
    """Write NAME.keras with its plan, report and picture beside it; the model comes last.

    Returns:
        The files, the model first.

    Raises:
        StoreError: the folder can't be written to, or the disk is full.
    """
    texts = {
        plan_path(output): result.plan.model_dump_json(indent=1),
        output.with_suffix(".report.json"): about.model_dump_json(indent=1),
        output.with_suffix(".layers.svg"): picture(result.report),
    }
    with disk_errors(output.parent):
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output.parent, prefix=".pruning-") as folder:
            made = Path(folder)
            for path, text in texts.items():
                (made / path.name).write_text(text, encoding="utf-8")
            result.model.save(made / output.name)
            for path in (*texts, output):
                (made / path.name).replace(path)
    return [output, *texts]
