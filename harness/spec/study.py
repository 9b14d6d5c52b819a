"""What a user asks for: a Study and the Cases it expands to. Frozen, checked when built, read from TOML."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from numbers import Integral
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from harness.base.errors import SpecError
from harness.spec.checked import Fraction, PositiveFloat, PositiveInt, Share, Spec
from harness.spec.checked import checked as checked  # noqa: PLC0414 - what others import from here
from harness.spec.training import DataSpec as DataSpec  # noqa: PLC0414
from harness.spec.training import TrainSpec as TrainSpec  # noqa: PLC0414

Device = Literal["auto", "cpu", "cuda"]
Padding = Literal["same", "valid"]
Importance = Literal["l1", "l2", "bn_scale", "fpgm", "taylor", "activation", "apoz", "obd", "random"]
Mode = Literal["end_to_end", "device", "cuda_graph"]
AFew = Annotated[int, Field(ge=1, le=1024)]  # more threads or inputs would choke the machine, whatever the budget
Channels = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]


class PruneSpec(Spec):
    """How many channels each layer loses, which ones, and what follows.

    Exactly one of `ratio` (share of each layer's channels, in [0, 1)), `filters` (channels removed from each
    convolution) and `remove` (a layer's name → the channels that go, counted from 0) is given. `rows = "first"`
    repeats a common mistake, as a control: the kernel after Flatten keeps its first rows instead of those of the
    channels that remain. `keep` names layers that keep all channels. What is left of each layer is rounded up to a
    multiple of `round_to`. `global_ranking` removes the `ratio` least important of all channels, instead of that share
    of every layer. `finetune_epochs` recalibrates BatchNormalization and trains on, as in `harness prune`.
    """

    ratio: Share | None = None
    filters: PositiveInt | None = None
    remove: Annotated[Mapping[str, Channels], Field(min_length=1)] | None = None
    importance: Importance = "l1"
    keep: tuple[str, ...] = ()
    round_to: PositiveInt = 1
    global_ranking: bool = False
    finetune_epochs: Annotated[int, Field(ge=0)] = 0
    rows: Literal["provenance", "first"] = "provenance"

    @model_validator(mode="after")
    def _one_amount(self) -> PruneSpec:
        if sum(amount is not None for amount in (self.ratio, self.filters, self.remove)) != 1:
            raise ValueError("give exactly one of ratio, filters and remove")
        if self.global_ranking and self.ratio is None:
            raise ValueError("global_ranking needs a ratio; leave out filters and remove")
        if self.remove is not None and (self.round_to > 1 or self.importance != "l1"):
            raise ValueError("remove says which channels go; leave out importance and round_to")
        return self

    @property
    def label(self) -> str:
        """A short name such as `50 %`, `1 filter, first rows` or `conv_1 without 7`."""
        if self.ratio is not None:
            amount = f"{100 * self.ratio:g} %"
        elif self.remove is not None:
            amount = without(self.remove)
        else:
            amount = f"{self.filters} filter" + ("s" if self.filters != 1 else "")
        parts = [amount] if self.importance == "l1" else [amount, self.importance]
        if self.global_ranking:
            parts.append("global")
        if self.round_to > 1:
            parts.append(f"multiples of {self.round_to}")
        if self.keep:
            parts.append(f"keep {' '.join(self.keep)}")
        if self.rows == "first":
            parts.append("first rows")
        if self.finetune_epochs:
            parts.append(f"tuned {self.finetune_epochs}")
        return ", ".join(parts)


class MeasureSpec(Spec):
    """How latency is measured: see docs/measuring.md.

    `precision` is the half-width wanted for each speed-up's 95 % interval and `margin` the difference that does not
    matter, both as fractions; `budget_s` ends the measurement even where `precision` was not reached. Networks of a
    study that take other inputs are measured apart, and share it.
    `modes` are what is timed, each on its own: `end_to_end` (host arrays in and out), `device` (inputs and outputs
    stay on the device), `cuda_graph`. `inputs` describe inputs that can't be invented, as `name:shape:dtype`, where
    the shape may hold N for the batch, or as `name=value`. `input_data` holds real ones: an `.npz` of arrays by input
    name, or a folder of ONNX test data. `input_copies` inputs are used in turn, so that one need not stay in a cache.
    A worker that says nothing for `timeout_s` is killed.
    """

    device: Device = "auto"
    batch_sizes: tuple[PositiveInt, ...] = (1, 32)
    modes: tuple[Mode, ...] = ("end_to_end",)
    threads: AFew = 1
    inter_op_threads: AFew = 1
    spinning: bool = True
    optimization: Literal["none", "basic", "extended", "all"] = "all"
    provider_options: Mapping[str, str] = {}
    inputs: tuple[str, ...] = ()
    input_data: Path | None = None
    input_copies: AFew = 1
    precision: Fraction = 0.015
    margin: Fraction = 0.02
    budget_s: PositiveFloat = 60.0
    timeout_s: PositiveFloat = 120.0
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _each_once(self) -> MeasureSpec:
        for name, values in {"batch_sizes": self.batch_sizes, "modes": self.modes}.items():
            if not values or len(set(values)) != len(values):
                raise ValueError(f"{name} needs at least one value, each once")
        return self


class Case(Spec):
    """One network to train with one seed, and the ways to prune it.

    `factors` are the options in which the study's networks differ, such as `{"padding": "same"}`. `deploy` is whether
    it goes on to ONNX: see Network. A `model` that is a file is trained already.
    """

    model: str
    options: Mapping[str, Any]
    factors: Mapping[str, Any]
    data: DataSpec
    train: TrainSpec
    seed: int
    prune: tuple[PruneSpec, ...]
    deploy: bool = True

    @property
    def file(self) -> Path | None:
        """The file of a network that is trained already; None for one that the study trains."""
        return Path(self.model) if is_file(self.model) else None

    @property
    def model_name(self) -> str:
        """What the model is called: a file by its name alone."""
        return self.model if self.file is None else self.file.stem

    @property
    def longer_epochs(self) -> tuple[int, ...]:
        """For how many epochs its pruned variants are fine-tuned, each number once: so long the original is, too."""
        return tuple(sorted({spec.finetune_epochs for spec in self.prune if spec.finetune_epochs}))

    @property
    def network(self) -> str:
        """The case's name without its seed: the same for all its repetitions."""
        return " ".join([self.model_name, *(f"{key}={short(value)}" for key, value in self.factors.items())])

    @property
    def name(self) -> str:
        return f"{self.network} seed={self.seed}"


class PruneGrid(Spec):
    """A `[[networks.prune]]` table: a PruneSpec, in which every list of values is an axis of a grid.

    `keep` is a list itself, and none of the axes.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    def specs(self, where: str) -> tuple[PruneSpec, ...]:
        fields = dict(self.model_extra or {})
        axes = {key: values for key, values in fields.items() if isinstance(values, list) and key != "keep"}
        for key, values in axes.items():
            if not values:
                raise SpecError(f"{where}: {key} is empty; give at least one value")
        points = itertools.product(*axes.values())
        return tuple(checked(PruneSpec, {**fields, **dict(zip(axes, point, strict=True))}, where) for point in points)


class Network(Spec):
    """A `[[networks]]` table: one architecture, what varies, and how it is pruned.

    `model` is one of the architectures in models/, or a `.keras` file, which is taken as trained: it is pruned and
    fine-tuned on the data, exported and measured. `vary` maps an option of the model to its values; `data.KEY` and
    `train.KEY` vary the data and the training.
    With `deploy = false` it and what it is pruned to are judged in Keras, on the same test examples, and neither
    exported nor measured: enough where the question is only whether something learns.
    """

    model: str
    options: dict[str, Any] = {}
    vary: dict[str, list[Any]] = {}
    data: dict[str, Any] = {}
    train: dict[str, Any] = {}
    seeds: tuple[int, ...] | None = None
    prune: tuple[PruneGrid, ...] = ()
    deploy: bool = True

    @model_validator(mode="after")
    def _something_to_vary(self) -> Network:
        for key, values in self.vary.items():
            if not values:
                raise ValueError(f"vary.{key} is empty; give at least one value")
        return self


class Study(Spec):
    """A question, and the grid of networks that answers it."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    question: str = ""
    seeds: Annotated[tuple[int, ...], Field(min_length=1)] = (0,)
    data: DataSpec = DataSpec()
    train: TrainSpec = TrainSpec()
    measure: MeasureSpec = MeasureSpec()
    networks: Annotated[tuple[Network, ...], Field(min_length=1)]

    def cases(self) -> tuple[Case, ...]:
        """Expand the grid, in the order of the file: networks, then what varies, then seeds."""
        cases = [case for index, network in enumerate(self.networks) for case in self._expand(network, index)]
        names = [case.name for case in cases]
        for name in names:
            if names.count(name) > 1:
                files = {case.file for case in cases if case.name == name}
                cure = "rename one of the files" if len(files) > 1 else "vary something or remove one"
                raise SpecError(f"networks: two cases are both called '{name}'; {cure}")
        return tuple(cases)

    def on(self, data: str) -> Study:
        """The same study on other data, by its name; so the run's is another, such as `same-padding-fashion_mnist`."""
        found = checked(DataSpec, {**self.data.model_dump(), "name": data, "folder": None}, "data")
        return self.model_copy(update={"data": found, "name": f"{self.name}-{lowercase(data)}"})

    def _expand(self, network: Network, index: int) -> Iterable[Case]:
        where = f"networks[{index}]"
        prune = tuple(spec for i, grid in enumerate(network.prune) for spec in grid.specs(f"{where}.prune[{i}]"))
        for label, count in Counter(spec.label for spec in prune).items():
            if count > 1:
                raise SpecError(f"{where}.prune: {count} prunings are called '{label}'; change or remove all but one")
        for values in itertools.product(*network.vary.values()):
            factors = dict(zip(network.vary, values, strict=True))
            options, data, train = dict(network.options), dict(network.data), dict(network.train)
            for key, value in factors.items():
                part, _, name = key.rpartition(".")
                target = {"": options, "data": data, "train": train}.get(part)
                if target is None:
                    raise SpecError(f"{where}.vary: '{key}' is unknown; use an option, data.KEY or train.KEY")
                target[name] = value
            for seed in network.seeds or self.seeds:
                yield Case(
                    model=network.model,
                    options=options,
                    factors=factors,
                    data=checked(DataSpec, {**self.data.model_dump(), **data}, f"{where}.data"),
                    train=self.train.changed(train, f"{where}.train"),
                    seed=seed,
                    prune=prune,
                    deploy=network.deploy,
                )


def read_study(path: Path) -> Study:
    """Read a study from TOML.

    Raises:
        SpecError: the file can't be read, is not TOML, or has an unknown key or a value that can't be used.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SpecError(f"{path}: no such study; give the path of a TOML file") from None
    except IsADirectoryError:
        raise SpecError(f"{path}: is a folder; give the path of a TOML file in it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: can't be read as text ({error}); give the path of a TOML file") from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{path}: not valid TOML: {error}") from None
    study = checked(Study, values, str(path))
    study.cases()
    return study


def check_seed(seed: int, where: str = "seed =") -> None:
    """Raise SpecError for a seed that NumPy or Keras would refuse."""
    if not isinstance(seed, Integral) or not 0 <= seed < 2**32:
        raise SpecError(f"{where} {seed}: give a whole number from 0 to {2**32 - 1}")


def without(remove: Mapping[str, Iterable[int]]) -> str:
    """Channels that go, in words: `conv_1 without 7`, `conv_1 without 7 and 9, conv_2 without 0`."""
    return ", ".join(f"{layer} without {' and '.join(map(str, channels))}" for layer, channels in remove.items())


def is_file(model: str) -> bool:
    """Whether a network is one that is saved, rather than an architecture."""
    return model.endswith(".keras")


def study_of(model: Path, data: DataSpec, ratios: Iterable[float], finetune_epochs: int) -> Study:
    """The study of one trained network: what does pruning it by these ratios cost and bring?

    Raises:
        SpecError: a ratio or the number of epochs is out of range.
    """
    prune = {"ratio": list(ratios), "finetune_epochs": finetune_epochs}
    network = Network(model=str(model), prune=(PruneGrid(**prune),))
    question = f"What does channel pruning cost {model.name} in accuracy, and what does it buy in latency?"
    study = Study(name=lowercase(model.stem) or "model", question=question, data=data, networks=(network,))
    study.cases()
    return study


def lowercase(text: str) -> str:
    """A text as a study's name may be written."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-_")


def short(value: Any) -> str:
    """A factor's value as it stands in a name: `[32, 48, 64]` is `32-48-64`."""
    if isinstance(value, list | tuple):
        return "-".join(short(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
