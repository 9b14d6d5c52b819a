"""`harness frontier`: how much accuracy a trained network keeps at which measured speed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.base.errors import SpecError
from harness.cli.arguments import numbers, whole_numbers
from harness.cli.onnx import is_onnx, only_batch, refuse_for_onnx
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
from harness.cli.terminal import answers, print_failures, print_json, print_lines, terminal

if TYPE_CHECKING:
    from harness.spec import FrontierSpec


def frontier(  # noqa: PLR0913, PLR0917 - one parameter an option
    model: Annotated[Path, typer.Argument(help="A trained network, a .keras or .onnx file. It is never changed.")],
    data: Annotated[str | None, typer.Option(help="Its data: mnist5k, images:DIR, npz:FILE ...")] = None,
    targets: Annotated[str | None, typer.Option(help="Speed-ups to choose widths for. [default: 1.5,2,3]")] = None,
    batch: Annotated[str | None, typer.Option(help="Batch sizes that hold together. [default: 1,32]")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads that it runs on. [default: 1]")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda. [default: auto]")] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Of fine-tuning, after reconstruction. [default: 1; of ONNX none]")
    ] = None,
    scratch_epochs: Annotated[int | None, typer.Option(help="Of the new weights. [default: as many]")] = None,
    importance: Annotated[
        str | None, typer.Option(help="As of `harness prune`. [default: taylor; of ONNX reconstruction]")
    ] = None,
    uniform: Annotated[
        str | None, typer.Option(help="Ratios of uniform pruning, beside what is as fast as each target.")
    ] = None,
    budget: Annotated[float | None, typer.Option(help="Seconds of measuring at most. [default: 120]")] = None,
    scale: ScaleOption = None,
    color: ColorFlag = False,
    resize: ResizeOption = None,
    limit: LimitOption = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the runs.")] = Path("runs"),
    store: StoreOption = ".harness",
    cache: CacheOption = None,
    cache_gb: CacheGbOption = None,
    on: OnOption = "workers",
    pictures: PicturesFlag = True,
    unsafe: UnsafeFlag = False,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Walk speed targets: measured speed-up against accuracy, beside uniform, random and newly trained networks.

    Exit 1 where a target can't be reached, or where the network is at chance.
    """
    from harness.base.store import open_store
    from harness.pipeline.run import run_study
    from harness.report.terminal import dots, terminal_table
    from harness.spec import DataSpec, checked, frontier_study, is_file

    kept = open_store(store, cache, cache_gb)
    if not is_file(model.name):
        raise SpecError(f"{model}: neither a .keras nor an .onnx file; give a trained network")
    if is_onnx(model):
        refuse_for_onnx({"--epochs": epochs, "--scratch-epochs": scratch_epochs, "--unsafe": unsafe})
    if data is None:
        raise SpecError(f"{model}: what is it trained on? give --data mnist5k, images:DIR or npz:FILE")
    asked = _asked(
        model,
        {
            "targets": None if targets is None else numbers(targets, "--targets"),
            "uniform": None if uniform is None else numbers(uniform, "--uniform") if uniform else (),
            "batch_sizes": only_batch(model) if batch is None else whole_numbers(batch, "--batch"),
            "threads": threads,
            "device": device,
            "epochs": epochs,
            "scratch_epochs": scratch_epochs,
            "importance": importance,
            "budget_s": budget,
        },
    )
    found = checked(DataSpec, {"name": data, **data_options(scale, color, resize, limit)}, "--data")
    study = frontier_study(model, found, asked).model_copy(update={"pictures": pictures})
    finished = run_study(study, runs=output, store=kept, progress=terminal(quiet), unsafe=unsafe, on=on)
    if as_json:
        told = [finding.as_json() for finding in finished.written.findings]
        shown = dots(finished.results, finished.written.answers)
        print_json(finished.results.model_dump(mode="json") | {"findings": told, "dots": shown})
    else:
        answers.print(terminal_table(finished.results, finished.written.answers))
        print_lines(*finished.written.summary, f"Report: {finished.report}")
    failed = [row for row in finished.results.rows if row.error]
    print_failures({row.variant: row.error or "" for row in failed})
    raise typer.Exit(1 if failed or finished.written.answers.unanswered else 0)


def _asked(model: Path, options: dict[str, Any]) -> FrontierSpec:
    """What is walked: what was said, else what is usual for such a network."""
    from harness.spec import FrontierSpec, checked, usual_walk

    said = {name: value for name, value in options.items() if value is not None}
    return checked(FrontierSpec, {**usual_walk(model.name).model_dump(), **said}, "harness frontier")
