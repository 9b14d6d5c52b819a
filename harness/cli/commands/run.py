"""`harness run`: a study from training to report, or a trained network from pruning to report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.base.errors import SpecError
from harness.cli.onnx import only_batch, refuse_for_onnx
from harness.cli.options import (
    CacheGbOption,
    CacheOption,
    ColorFlag,
    JsonFlag,
    LimitOption,
    OnOption,
    PicturesFlag,
    QuietFlag,
    ResizeOption,
    ScaleOption,
    StoreOption,
    UnsafeFlag,
    data_options,
)
from harness.cli.terminal import print_failures, print_json, print_lines, print_message, terminal

if TYPE_CHECKING:
    from harness.pipeline.run import Run
    from harness.spec import Study


def run(  # noqa: PLR0913, PLR0917 - one parameter an option
    study: Annotated[Path, typer.Argument(help="A study (TOML), or a trained network (.keras, .onnx).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the runs.")] = Path("runs"),
    store: StoreOption = ".harness",
    cache: CacheOption = None,
    cache_gb: CacheGbOption = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda; overrides the study's.")] = None,
    data: Annotated[str | None, typer.Option(help="The network's data; or the study on other data.")] = None,
    scale: ScaleOption = None,
    color: ColorFlag = False,
    resize: ResizeOption = None,
    limit: LimitOption = None,
    ratio: Annotated[str | None, typer.Option(help="Of a network: prune by these. [default: 0.25,0.5,0.75]")] = None,
    finetune_epochs: Annotated[
        int | None, typer.Option(help="Of a network: tune what is pruned. [default: 1; ONNX is reconstructed]")
    ] = None,
    on: OnOption = "workers",
    pictures: PicturesFlag = True,
    unsafe: UnsafeFlag = False,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Train, prune, export, measure and report a study.

    Exit 1 where a row failed, or where a network is at chance or never learned, so that nothing can be concluded; 2
    where the study or a network was changed meanwhile.
    """
    from harness.base.store import open_store
    from harness.pipeline.run import run_study
    from harness.spec import MeasureSpec, checked, is_file, read_study

    kept = open_store(store, cache, cache_gb)
    options, read = data_options(scale, color, resize, limit), None
    if is_file(study.name):
        asked = _study_of(study, data, options, ratio, finetune_epochs)
    elif options or ratio is not None or finetune_epochs is not None:
        named = [f"--{field}" for field in options]
        named += ["--ratio"] * (ratio is not None) + ["--finetune-epochs"] * (finetune_epochs is not None)
        raise SpecError(f"{', '.join(named)}: for a network's file; a study says that itself")
    else:
        read = read_study(study)
        asked = read if data is None else read.on(data)
    if device is not None:
        measure = checked(MeasureSpec, {**asked.measure.model_dump(), "device": device}, "--device")
        asked = asked.model_copy(update={"measure": measure})
    if not pictures:
        asked = asked.model_copy(update={"pictures": False})
    finished = run_study(asked, runs=output, store=kept, progress=terminal(quiet), unsafe=unsafe, on=on)
    good = _told(finished, as_json)
    if read is not None and _edited(study, read):
        print_message(f"harness: {study}: was changed while it ran: {finished.folder} is of what it said; run it again")
        raise typer.Exit(2)
    raise typer.Exit(0 if good else 1)


def _told(finished: Run, as_json: bool) -> bool:
    """Print what a run found; whether every row was made and something can be concluded."""
    from harness.report.names import Names

    if as_json:
        told = [finding.as_json() for finding in finished.written.findings]
        print_json(finished.results.model_dump(mode="json") | {"findings": told})
    else:
        print_lines(*finished.written.summary, f"Report: {finished.report}")
    failed = [row for row in finished.results.rows if row.error]
    print_failures({row.name: row.error or "" for row in failed})
    answers = finished.written.answers
    for variant in answers.unanswered:
        why = "no better than chance" if variant.at_chance else "never learned"
        print_message(f"{Names(answers).network(variant)}: {why}, so nothing is concluded about pruning it")
    return not failed and not answers.unanswered


def _edited(path: Path, read: Study) -> bool:
    """Whether a study's file says something else by now than what was read."""
    from harness.spec import read_study

    try:
        return read_study(path) != read
    except SpecError:
        return True


def _study_of(
    model: Path, data: str | None, options: dict[str, Any], ratios: str | None, finetune_epochs: int | None
) -> Study:
    """The study of one trained network."""
    from harness.cli.arguments import fraction
    from harness.spec import DataSpec, checked, is_onnx, study_of

    if data is None:
        raise SpecError(f"{model}: what is it trained on? give --data mnist5k, images:DIR or npz:FILE")
    shares = [fraction(text, "--ratio") for text in ("0.25,0.5,0.75" if ratios is None else ratios).split(",")]
    if is_onnx(model.name):
        refuse_for_onnx({"--finetune-epochs": finetune_epochs})
    found = checked(DataSpec, {"name": data, **options}, "--data")
    usual = 0 if is_onnx(model.name) else 1
    asked = study_of(model, found, shares, usual if finetune_epochs is None else finetune_epochs)
    batch = only_batch(model)
    if batch is None:
        return asked
    return asked.model_copy(update={"measure": asked.measure.model_copy(update={"batch_sizes": batch})})
