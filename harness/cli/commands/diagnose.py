"""`harness diagnose`: why a network does not learn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.base.crash import step
from harness.cli.options import (
    ColorFlag,
    JsonFlag,
    LimitOption,
    QuietFlag,
    ResizeOption,
    ScaleOption,
    UnsafeFlag,
    data_options,
    dataset_for,
)
from harness.cli.terminal import answers, print_json, terminal

if TYPE_CHECKING:
    import keras


def diagnose(  # noqa: PLR0913, PLR0917 - one parameter an option
    model: Annotated[str, typer.Argument(help="A .keras file, or the name of a network of harness: deepcaptcha.")],
    data: Annotated[str, typer.Option(help="What it is trained on: mnist5k, images:DIR, npz:FILE, ...")],
    scale: ScaleOption = None,
    color: ColorFlag = False,
    resize: ResizeOption = None,
    limit: LimitOption = None,
    loss: Annotated[str | None, typer.Option(help="As for model.compile. [default: the file's]")] = None,
    from_logits: Annotated[bool, typer.Option("--from-logits", help="The loss takes logits.")] = False,
    optimizer: Annotated[str | None, typer.Option(help="As for model.compile. [default: the file's, or adam]")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="[default: the optimizer's]")] = None,
    history: Annotated[Path | None, typer.Option(help="JSON of what fit() returned: {metric: [values]}.")] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="Of a network of harness, such as padding=valid; repeatable.")
    ] = None,
    prove: Annotated[bool, typer.Option("--prove", help="Train shortly without and with each cure.")] = False,
    unsafe: UnsafeFlag = False,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Say why a network does not learn, or would not; exit 1 if something stops it."""
    options = data_options(scale, color, resize, limit)
    past = None if history is None else _history(history)
    with step(f"load {Path(model).name}"):
        network = _network(model, option or [], unsafe)
    examples = dataset_for(network, data, options)
    from harness import diagnose as diagnosing
    from harness.diagnose.present import diagnosis_parts

    found = diagnosing.diagnose(
        network,
        examples.train_images,
        examples.train_labels,
        loss=_loss(network, loss, from_logits),
        history=past,
        prove=prove,
        optimizer=optimizer,
        learning_rate=learning_rate,
        progress=terminal(quiet),
    )
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        for part in diagnosis_parts(found):
            answers.print(part)
    raise typer.Exit(1 if found.stops_learning else 0)


def _history(path: Path) -> Any:
    import json

    from harness.base.errors import DataError

    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; give the JSON of what fit() returned as its history") from None
    except (OSError, ValueError):
        raise DataError(
            f'{path}: is no history; give a JSON file such as {{"loss": [2.3, 2.1], "accuracy": [0.1, 0.2]}}'
        ) from None


def _network(model: str, options: list[str], unsafe: bool) -> keras.Model:
    """The model in a file, or a network of `models`, compiled as a study would."""
    import models
    from harness.base.errors import SpecError
    from harness.base.keras_file import load_model
    from harness.base.keras_import import import_keras
    from harness.cli import arguments

    if model not in models.names():
        if options:
            raise SpecError(f"--option is for the networks {', '.join(models.names())}; leave it out for a file")
        return load_model(Path(model), unsafe=unsafe, compiled=True)
    import_keras()
    try:
        network = models.build(model, **arguments.values(options, "--option"))
    except ValueError as error:
        raise SpecError(f"{model}: {error}") from None
    network.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return network


def _loss(network: keras.Model, name: str | None, from_logits: bool) -> Any:
    """The loss that was asked for; None for the model's own."""
    if not from_logits:
        return name
    from harness.diagnose.question.losses import crossentropy, read_loss

    asked = name if name is not None else network.loss if network.compiled else None
    return None if asked is None else crossentropy(read_loss(asked).kind, from_logits=True)
