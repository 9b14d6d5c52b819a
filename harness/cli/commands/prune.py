"""`harness prune`: a smaller network, and the proof that it is the right one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.base.errors import SpecError, TooSlowError
from harness.base.keras_import import import_keras
from harness.cli.arguments import whole_numbers
from harness.cli.onnx import FileAsked, is_onnx, only_batch, prune_file, refuse_for_keras, refuse_for_onnx
from harness.cli.options import (
    ColorFlag,
    JsonFlag,
    LimitOption,
    OnnxInputs,
    QuietFlag,
    ResizeOption,
    ScaleOption,
    UnsafeFlag,
    check_seed,
    data_options,
    dataset,
    require_data,
)
from harness.cli.terminal import answers, print_json, print_lines, print_message, terminal

if TYPE_CHECKING:
    from harness.prune.job import Done
    from harness.prune.onnx.files import Done as OnnxDone
    from harness.spec import PruneSpec, SpeedSpec, TrainSpec


def prune(  # noqa: PLR0913, PLR0917 - one parameter an option
    model: Annotated[Path, typer.Argument(help="The model, a .keras or .onnx file. It is never changed.")],
    ratio: Annotated[float | None, typer.Option(help="Share of each layer's channels that goes, 0 to below 1.")] = None,
    filters: Annotated[
        int | None, typer.Option(help="Instead of a ratio: filters that each convolution loses.")
    ] = None,
    plan: Annotated[Path | None, typer.Option(help="Replay this .plan.json instead of choosing.")] = None,
    speedup: Annotated[
        float | None, typer.Option(help="Instead: as many times as fast, measured here; widths by latency.")
    ] = None,
    max_latency_us: Annotated[float | None, typer.Option(help="Instead: microseconds a run, measured here.")] = None,
    batch: Annotated[str | None, typer.Option(help="Batch sizes that the speed is for: 1,8. [default: 1]")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads that the speed is for. [default: 1]")] = None,
    device: Annotated[str | None, typer.Option(help="Where the speed is for: auto, cpu, cuda. [default: auto]")] = None,
    importance: Annotated[
        str | None,
        typer.Option(
            help="l1, l2, bn_scale, fpgm, random; with --data taylor, activation, apoz, obd; of ONNX files also "
            "reconstruction. [default: l1; of ONNX with --reconstruct reconstruction]"
        ),
    ] = None,
    round_to: Annotated[int | None, typer.Option(help="Keep multiples of this many channels. [default: 1]")] = None,
    everywhere: Annotated[bool, typer.Option("--global", help="Rank the channels of all layers together.")] = False,
    keep: Annotated[list[str] | None, typer.Option(help="A layer that keeps its channels, repeatable.")] = None,
    inputs: OnnxInputs = None,
    data: Annotated[
        str | None,
        typer.Option(help="To rank, tune and test on: mnist5k ...; for ONNX npz: by input name, pb:DIR, too."),
    ] = None,
    scale: ScaleOption = None,
    color: ColorFlag = False,
    resize: ResizeOption = None,
    limit: LimitOption = None,
    recalibrate: Annotated[bool, typer.Option("--recalibrate", help="Measure BatchNormalization again.")] = False,
    reconstruct: Annotated[bool, typer.Option("--reconstruct", help="Solve kernels again; needs no labels.")] = False,
    reconstruct_images: Annotated[
        int | None, typer.Option(help="From so many of the data's training images. [default: 1500]")
    ] = None,
    finetune_epochs: Annotated[int, typer.Option(help="Recalibrate and fine-tune for so many epochs.")] = 0,
    finetune_schedule: Annotated[
        str | None, typer.Option(help="constant or cosine. [default: cosine after --reconstruct, else constant]")
    ] = None,
    optimizer: Annotated[str, typer.Option(help="Of the fine-tuning: adam, muon, sgd or rmsprop.")] = "adam",
    learning_rate: Annotated[float, typer.Option(help="Of the fine-tuning.")] = 1e-3,
    batch_size: Annotated[int, typer.Option(help="Of the fine-tuning.")] = 64,
    distill: Annotated[bool, typer.Option("--distill", help="Fine-tune on the original's answers too.")] = False,
    steps: Annotated[int, typer.Option(help="Prune in so many steps, fine-tuned after each.")] = 1,
    scratch_epochs: Annotated[int | None, typer.Option(help="Epochs of the baseline trained from new weights.")] = None,
    baselines: Annotated[bool, typer.Option(help="Train the three baselines for comparison.")] = True,
    seed: Annotated[int, typer.Option(help="Of random channels, training, and the proof.")] = 0,
    unsafe: UnsafeFlag = False,
    store: Annotated[str, typer.Option(help="For latency tables, as of `harness run`.")] = ".harness",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="[default: MODEL-pruned, of the same kind]")
    ] = None,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Prune a Keras model or an ONNX file, prove it, and win accuracy back."""
    amount = {"ratio": ratio, "filters": filters}
    choice = {"importance": importance, "round_to": round_to, "global_ranking": everywhere or None, "keep": keep}
    target = {
        "speedup": speedup,
        "max_latency_us": max_latency_us,
        "batch_sizes": None if batch is None else whole_numbers(batch, "--batch"),
        "threads": threads,
        "device": device,
    }
    reading = data_options(scale, color, resize, limit)
    require_data(data, reading)
    if is_onnx(model):
        refuse_for_onnx(
            {
                "--recalibrate": recalibrate,
                "--finetune-epochs": finetune_epochs,
                "--finetune-schedule": finetune_schedule,
                "--distill": distill,
                "--steps": steps if steps != 1 else None,
                "--scratch-epochs": scratch_epochs is not None,
                "--optimizer": optimizer != "adam",
                "--learning-rate": learning_rate != 1e-3,
                "--batch-size": batch_size != 64,
                "--no-baselines": not baselines,
                "--unsafe": unsafe,
            }
        )
        from harness.spec import usual_importance

        check_seed(seed)
        _check_replayed(plan, reconstruct)
        after = _recovery_options(reconstruct, reconstruct_images, 0, None)
        if importance is None and plan is None:
            choice["importance"] = usual_importance(model.name, reconstructed=reconstruct)
        if batch is None and (speedup is not None or max_latency_us is not None):
            target["batch_sizes"] = only_batch(model)
        speed = _speed({**target, **amount, **choice, "inputs": inputs}, plan)
        if speed is None and store != ".harness":
            raise SpecError("--store: is for --speedup and --max-latency-us; give one of them, or leave it out")
        spec = None if speed else _spec({**amount, **choice}, plan, after)
        asked = FileAsked(spec, plan, speed, _images(reconstruct, reconstruct_images))
        with _too_slow_is_no():
            run = seed, store, terminal(quiet)
            _answer_file(prune_file(model, output, asked, inputs or [], (data, reading), run), model, as_json)
        return
    refuse_for_keras(inputs)
    after = _recovery_options(reconstruct, reconstruct_images, finetune_epochs, finetune_schedule)
    speed = _speed({**target, **amount, **choice}, plan)
    spec = None if speed else _spec({**amount, **choice}, plan, after)
    training = _training(finetune_epochs, optimizer, learning_rate, batch_size)
    check_seed(seed)
    from harness.base.store import open_store

    kept = open_store(store)
    if speed is not None:
        kept.check()
    import_keras()
    from harness.prune.job import Job, run_job
    from harness.prune.recover.recovery import RecoverySpec

    job = Job(
        source=model,
        output=output or model.parent / f"{model.stem}-pruned.keras",
        spec=spec,
        plan=plan,
        steps=steps,
        examples=None if data is None else dataset(data, reading, not reconstruct),
        recovery=RecoverySpec(
            train=training,
            recalibrate=recalibrate or reconstruct or finetune_epochs > 0,
            reconstruct=_images(reconstruct, reconstruct_images),
            schedule=after.get("finetune_schedule", "constant"),
            distill=distill,
            scratch_epochs=scratch_epochs,
            baselines=baselines,
        ),
        unsafe=unsafe,
        seed=seed,
        speed=speed,
        store=kept,
    )
    with _too_slow_is_no():
        _answer(run_job(job, terminal(quiet)), as_json)


def _check_replayed(plan: Path | None, reconstruct: bool) -> None:
    if plan is not None and reconstruct:
        raise SpecError("--reconstruct: a plan is replayed on an ONNX file as it was; give --ratio instead of --plan")


@contextmanager
def _too_slow_is_no() -> Iterator[None]:
    """Where no widths are as fast as asked: exit code 1, and one line that says what was reached."""
    try:
        yield
    except TooSlowError as error:
        print_message(f"harness: {error}; nothing is written")
        raise typer.Exit(1) from None


def _images(reconstruct: bool, images: int | None) -> int | None:
    """From how many images kernels are solved again; None where they are not."""
    from harness.spec import RECONSTRUCT_IMAGES

    return (images or RECONSTRUCT_IMAGES) if reconstruct else None


def _answer_file(done: OnnxDone, file: Path, as_json: bool) -> None:
    """Tell what was done, and what to do next."""
    from harness.prune.present import next_lines

    _answer(done, as_json)
    if not as_json:
        print_lines(*next_lines(done.about, file, done.files[0], done.inputs))


def _answer(done: Done | OnnxDone, as_json: bool) -> None:
    if as_json:
        untold = {} if done.no_accuracy is None else {"no_accuracy": done.no_accuracy}
        print_json({"files": [str(path) for path in done.files], **done.about.model_dump(mode="json"), **untold})
    else:
        _show(done)


def _recovery_options(
    reconstruct: bool, images: int | None, finetune_epochs: int, schedule: str | None
) -> dict[str, Any]:
    """How accuracy is won back, as the fields of a PruneSpec."""
    from harness.spec import PruneSpec, checked

    if images is not None and not reconstruct:
        raise SpecError("--reconstruct-images: for --reconstruct, which is missing")
    if images is not None and images < 2:
        raise SpecError(f"--reconstruct-images {images}: give 2 or more; some are for judging")
    if schedule is not None and finetune_epochs == 0:
        raise SpecError("--finetune-schedule: for fine-tuning; give --finetune-epochs")
    if schedule is None and reconstruct and finetune_epochs:
        schedule = "cosine"
    asked = {
        "finetune_epochs": finetune_epochs,
        "recover": "reconstruct" if reconstruct else None,
        "reconstruct_images": images,
        "finetune_schedule": schedule,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    checked(PruneSpec, {"ratio": 0.5, **given}, "harness prune")  # also where a plan is replayed: a slip is told
    return given


def _speed(options: dict[str, Any], plan: Path | None) -> SpeedSpec | None:
    """What is asked of the speed; None where widths are chosen otherwise."""
    given = {name: value for name, value in options.items() if value not in (None, [])}
    asked = [name for name in ("speedup", "max_latency_us") if name in given]
    if not asked:
        conditions = [_option(name) for name in ("batch_sizes", "threads", "device") if name in given]
        if conditions:
            raise SpecError(f"{' and '.join(conditions)}: is for --speedup and --max-latency-us; give one of them")
        return None
    amounts = ("ratio", "filters", "round_to", "global_ranking", "plan")
    others = [name for name in amounts if name in given or (name == "plan" and plan is not None)]
    if others or len(asked) > 1:
        doubled = " and ".join(map(_option, [*asked[1:], *others]))
        raise SpecError(f"{_option(asked[0])} says how much goes; leave out {doubled}")
    from harness.spec import SpeedSpec, checked

    return checked(SpeedSpec, given, "harness prune")


def _spec(options: dict[str, Any], plan: Path | None, after: dict[str, Any]) -> PruneSpec | None:
    """What the options ask for; None where a plan says it."""
    from harness.spec import PruneSpec, checked

    given = {name: value for name, value in options.items() if value not in (None, [])}
    if plan is None and not {"ratio", "filters"} & given.keys():
        raise SpecError("harness prune: how much should go? give --ratio, --filters or --plan")
    if plan is None:
        return checked(PruneSpec, {**given, **after}, "harness prune")
    if given:
        raise SpecError(f"--plan says which channels go; leave out {' and '.join(map(_option, given))}")
    return None


def _option(name: str) -> str:
    return {"global_ranking": "--global", "batch_sizes": "--batch"}.get(name, "--" + name.replace("_", "-"))


def _training(epochs: int, optimizer: str, learning_rate: float, batch_size: int) -> TrainSpec | None:
    """How to fine-tune; None for not at all."""
    from harness.spec import TrainSpec, checked

    values = {"optimizer": optimizer, "learning_rate": learning_rate, "batch_size": batch_size}
    checked(TrainSpec, values, "harness prune")  # also where they are not used: a slip is told
    return None if epochs == 0 else checked(TrainSpec, {**values, "epochs": epochs}, "harness prune")


def _show(done: Done | OnnxDone) -> None:
    from harness.channels.reasons import by_reason
    from harness.prune.present import (
        agreement_lines,
        files_line,
        layer_table,
        proof_line,
        reconstruction_lines,
        recovery_lines,
        speed_lines,
        summary_line,
    )

    answers.print(layer_table(done.about.report))
    print_lines(*(f"pinned: {line}" for line in by_reason(done.about.report.pinned)))
    print_lines(summary_line(done.about.report), proof_line(done.about.proof))
    if done.about.speed is not None:
        print_lines(*speed_lines(done.about.speed))
    reconstruction = done.about.reconstruction
    if done.about.recovery is not None:
        reconstruction = done.about.recovery.reconstruction
    if reconstruction is not None:
        print_lines(*reconstruction_lines(reconstruction))
    if done.about.recovery is not None:
        print_lines(*recovery_lines(done.about.recovery))
    if done.about.agreement is not None:
        print_lines(*agreement_lines(done.about.agreement))
    if done.no_accuracy is not None:
        print_lines(f"no accuracy told: {done.no_accuracy}")
    print_lines(files_line(done.files))
