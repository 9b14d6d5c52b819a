"""Results that no machine measured: any study, with chosen accuracies and latencies, random but always the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness.compare.results import Results
from harness.measure.launch import Launch, Process
from harness.measure.measurement import Measurement
from harness.measure.model import Fed, MeasuredModel
from harness.measure.row import MeasuredRow
from harness.pipeline.rows import planned
from harness.records import (
    Accuracy,
    Blame,
    ChannelPlan,
    Export,
    Parity,
    Proof,
    Pruning,
    Quantization,
    Row,
    SlowerLayer,
    Training,
)
from harness.spec import Case, MeasureSpec, PruneSpec, QuantizeSpec, Study

EXAMPLES = 1000
ENVIRONMENT = {
    "cpu": "Imaginary CPU <8 cores>",
    "versions": {"onnxruntime": "1.31.1", "python": "3.11"},
    "usable_cpus": 2,
}


def original_accuracy(case: Case) -> float:
    """About what the networks of the default study reach, with some luck of the seed."""
    base = 0.934 if case.model == "single_conv" else 0.972
    if case.options.get("padding") == "valid":
        base -= 0.006
    if case.options.get("filters") == [16, 24, 32]:
        base -= 0.008
    return base + 0.003 * np.random.default_rng(case.seed + 12).standard_normal()


def accuracy_of(case: Case, prune: PruneSpec | None) -> float:
    base = original_accuracy(case)
    if prune is None:
        return base
    if prune.rows == "first":
        return 0.178
    lost = 0.004 if prune.ratio is None else {0.25: 0.002, 0.5: 0.006, 0.75: 0.03}.get(prune.ratio, 0.01)
    return base - lost * (0.3 if prune.finetune_epochs and prune.ratio is None else 1)


def latency_us(case: Case, prune: PruneSpec | None, batch: int) -> float:
    """A staircase in width, as measured: a quarter off buys nothing at batch 1 and costs at batch 32."""
    base = 25.0 if case.model == "single_conv" else 120.0
    if case.options.get("padding") == "valid":
        base *= 0.75
    if case.options.get("filters") == [16, 24, 32]:
        base *= 0.47
    gain = 1.01 if prune is None or prune.ratio is None else {0.25: 1.01, 0.5: 2.1, 0.75: 3.6}.get(prune.ratio, 1.5)
    if prune is not None and prune.speedup is not None:
        gain = 1.02 * prune.speedup
    if batch > 1 and prune is not None and prune.ratio == 0.25:
        gain = 0.83
    return base / gain * (1 if batch == 1 else 0.75 * batch)


BLAME = Blame(
    batch=1,
    float_us=50.0,
    int8_us=80.0,
    converting_us=12.0,
    conversions=3,
    around={"MaxPool": 2, "Reshape": 1},
    slower=(SlowerLayer(node="conv1", operator="QLinearConv", float_us=4.0, int8_us=18.0, filters=32, channels=1),),
    step=16,
)


def precision_factor(row: Row) -> float:
    """INT8 makes an original faster and a pruned network slower, as measured of small ones; FP16 is slower on a CPU."""
    if row.quantize is None:
        return 1.0
    return 1.15 if row.quantize == "fp16" else 0.7 if row.prune is None else 1.6


@dataclass(frozen=True)
class World:
    """What is true of the networks, and how the measurement sees it: never undisturbed at the batch sizes `busy`.

    `longer` is what an original gains by being trained on; `inputs` the shape that each case takes.
    """

    accuracy: Callable[[Case, PruneSpec | None], float] = accuracy_of
    latency_us: Callable[[Case, PruneSpec | None, int], float] = latency_us
    longer: float = 0.001
    inputs: Callable[[Case], tuple[int, ...]] = lambda case: (28, 28, 1)
    chance: float | None = 0.104
    noise: float = 0.01
    launches: int = 12
    measured: bool = True
    busy: tuple[int, ...] = ()
    failures: dict[str, str] = field(default_factory=dict)
    unmeasured: dict[str, str] = field(default_factory=dict)


def results_of(study: Study, world: World | None = None) -> Results:
    """What a run of `study` would leave in this world. `failures` are keyed by row name, `unmeasured` by variant."""
    world = world or World()
    rows = [make_row(world, row) for case in study.cases() for row in planned(case)]
    return Results(
        study=study.name,
        question=study.question,
        spec=study.measure,
        environment=ENVIRONMENT,
        rows=tuple(rows),
        measurements=tuple(make_measurements(world, study.measure, rows)) if world.measured else (),
    )


def make_row(world: World, row: Row) -> Row:
    case, prune = row.case, row.prune
    if row.quantize is not None:
        row = row.model_copy(update={"quantization": make_quantization(row)})
    if row.name in world.failures:
        return row.model_copy(update={"error": world.failures[row.name]})
    width = 1.0 if prune is None else 1 - (prune.ratio or 0.03)
    parameters = int(342_458 * width**2)
    return row.model_copy(
        update={
            "training": (
                make_training(342_458, case.train.epochs, world, world.accuracy(case, None))
                if case.file is None
                else make_training(342_458, 0).model_copy(update={"examples": None})
            ),
            "tuning": make_training(342_458, row.longer_epochs) if row.longer_epochs else None,
            "pruning": None if prune is None else make_pruning(prune, parameters),
            "export": make_export(row, parameters) if case.deploy else None,
            "accuracy": Accuracy(
                correct=correct(row, world.accuracy(case, prune) + (world.longer if row.longer_epochs else 0)),
                device="cpu" if case.deploy else "keras",
                chance=world.chance,
            ),
        }
    )


def make_training(parameters: int, epochs: int, world: World | None = None, accuracy: float = 1.0) -> Training:
    """A loss that falls, with an accuracy on the training examples that did not move."""
    history = {"loss": tuple(1 / (epoch + 1) for epoch in range(epochs)), "accuracy": (accuracy,) * epochs}
    return Training(
        history=history,
        parameters=parameters,
        seconds=4.2,
        backend="tensorflow",
        device="cpu",
        keras_version="3.15.0",
        examples=EXAMPLES,
        chance=world.chance if world is not None else None,
    )


def make_pruning(prune: PruneSpec, parameters: int) -> Pruning:
    proof = Proof(trials={"own weights": 3e-7, "random weights": 8e-7}, examples=64, tolerance=1e-5)
    return Pruning(
        plan=ChannelPlan(architecture="a", kept={"conv1": (0, 1)}, channels={"conv1": 4}),
        proof=None if prune.rows == "first" else proof,
        pinned={},
        parameters_before=342_458,
        parameters_after=parameters,
        finetune=make_training(parameters, prune.finetune_epochs) if prune.finetune_epochs else None,
    )


def make_quantization(row: Row) -> Quantization:
    assert row.quantize is not None
    half = row.quantize == "fp16"
    return Quantization(
        spec=QuantizeSpec(precision=row.quantize),
        nodes=() if half else ("conv1", "dense"),
        left=(),
        others={"Softmax": 1},
        images=None if half else 256,
        activations=None if half else "uint8",
        blamed=() if half else (BLAME,),
    )


def make_export(row: Row, parameters: int) -> Export:
    amount = "original" if row.prune is None else f"{row.prune.ratio} {row.prune.filters} {row.prune.speedup or ''}"
    return Export(
        opset=18,
        size_bytes=4 * parameters + 2_345,
        sha256=digest(row.name),
        architecture=digest(f"{row.case.network} {amount}{f' {row.quantize}' if row.quantize else ''}"),
        parity=Parity(examples=EXAMPLES, largest_difference=4e-7, top1_disagreements=0, ties=1),
    )


def correct(row: Row, accuracy: float) -> str:
    """Right on the easiest examples: what is hard is hard for all, but for a little luck."""
    hardness = np.random.default_rng(0).standard_normal(EXAMPLES)
    luck = 0.4 * np.random.default_rng(number(row.name)).standard_normal(EXAMPLES)
    easiest = np.argsort(hardness + luck)[: round(accuracy * EXAMPLES)]
    answers = np.full(EXAMPLES, "0")
    answers[easiest] = "1"
    return "".join(answers)


def make_measurements(world: World, spec: MeasureSpec, rows: Sequence[Row]) -> Iterable[Measurement]:
    groups: dict[tuple[int, ...], dict[str, Row]] = {}
    for row in rows:
        if row.export is not None:
            groups.setdefault(world.inputs(row.case), {}).setdefault(row.export.architecture, row)
    for shape, files in groups.items():
        yield make_measurement(world, spec, list(files.values()), shape)


def make_measurement(
    world: World, spec: MeasureSpec, representatives: Sequence[Row], shape: tuple[int, ...]
) -> Measurement:
    keys = [
        (index, batch, mode)
        for index in range(len(representatives))
        for batch in spec.batch_sizes
        for mode in spec.modes
    ]
    return Measurement(
        spec=spec,
        environment=ENVIRONMENT,
        models=tuple(make_model(row, world) for row in representatives),
        rows=tuple(make_measured(world, representatives[key[0]], key) for key in keys),
        control=tuple(make_measured(world, representatives[0], key, "copy ") for key in keys if key[0] == 0),
        control_of=0,
        inputs=(Fed(shape=shape, dtype="float32", batched=True, invented=True),),
        processes=tuple(
            Process(number=launch, startup_ns=9_000_000, cpu_share=0.99, seconds=3.0)
            for launch in range(world.launches)
        ),
        stopped="precision",
        seconds=42.0,
    )


def make_model(row: Row, world: World) -> MeasuredModel:
    assert row.export is not None
    return MeasuredModel(
        path=f"models/{row.name}.onnx",
        sha256=row.export.sha256,
        size_bytes=row.export.size_bytes,
        parameters=row.export.size_bytes // 4,
        macs=1_234_567,
        uncounted=(),
        opset=18,
        device="cpu",
        placement=None,
        provider_options={},
        runtime_bytes=60_000_000,
        session_ns=tuple(8_000_000 + 1000 * launch for launch in range(world.launches)),
        findings=(),
    )


def make_measured(world: World, row: Row, key: tuple[int, int, Any], copy: str = "") -> MeasuredRow:
    index, batch, mode = key
    error = world.unmeasured.get(f"{row.case.network}, {row.variant}, {batch}")
    usual_ns = 1000 * world.latency_us(row.case, row.prune, batch) * precision_factor(row)
    return MeasuredRow(
        model=index,
        batch=batch,
        mode=mode,
        device="cpu",
        peak_bytes=80_000_000 + 1_000_000 * batch,
        error=error,
        launches=() if error else tuple(make_launches(world, f"{copy}{row.name} {batch} {mode}", usual_ns, batch)),
    )


def make_launches(world: World, name: str, usual_ns: float, batch: int) -> Iterable[Launch]:
    """Every launch has its own speed, shared by all that runs in it, and its own small luck with each model."""
    rng = np.random.default_rng(number(name))
    for launch in range(world.launches):
        shared = np.random.default_rng(launch).uniform(0.9, 1.5)
        level = usual_ns * shared * np.exp(world.noise * rng.standard_normal())
        blocks = level * (1 + 0.002 * rng.standard_normal((4, 3)))
        yield Launch(
            number=launch,
            first_ns=int(5 * level),
            warmup_ns=(int(2 * level), int(level)),
            settled=True,
            blocks_ns=tuple(tuple(int(call) for call in block) for block in blocks),
            cpu_shares=(0.5 if batch in world.busy else 1.0,) * len(blocks),
        )


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def number(text: str) -> int:
    return int(digest(text)[:8], 16)
