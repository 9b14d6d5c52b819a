"""A study: a question and the grid of networks that answers it, as it is read from TOML."""

from __future__ import annotations

import itertools
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import Field

from harness.base.errors import SpecError
from harness.spec.case import Case, is_onnx, usual_importance
from harness.spec.checked import Spec, checked
from harness.spec.data import DataSpec
from harness.spec.exporting import ExportSpec
from harness.spec.measuring import MeasureSpec
from harness.spec.names import lowercase
from harness.spec.network import Network, PruneGrid
from harness.spec.pruning import PruneSpec
from harness.spec.training import TrainSpec

# Of [measure], what widths by latency are chosen without.
NOT_FOR_WIDTHS = ("modes", "inter_op_threads", "spinning", "optimization", "provider_options")
GRADIENTS = ("taylor", "obd")


class Study(Spec):
    """A question, and the grid of networks that answers it.

    With `pictures` the report shows a few test examples on which networks disagree; they then are in results.json, too.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    question: str = ""
    seeds: Annotated[tuple[int, ...], Field(min_length=1)] = (0,)
    data: DataSpec = DataSpec()
    train: TrainSpec = TrainSpec()
    measure: MeasureSpec = MeasureSpec()
    export: ExportSpec = ExportSpec()
    networks: Annotated[tuple[Network, ...], Field(min_length=1)]
    pictures: bool = True

    def cases(self) -> tuple[Case, ...]:
        """Expand the grid, in the order of the file: networks, then what varies, then seeds."""
        self._check_batch()
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
        self._check_speed(prune, network, where)
        if is_onnx(network.model):
            _check_onnx(prune, network, where)
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
                    quantize=network.quantize,
                )

    def _check_batch(self) -> None:
        """Refuse files of one batch size that would be measured at others."""
        batch, measured = self.export.batch, self.measure.batch_sizes
        if batch is not None and measured != (batch,):
            sizes = " and ".join(map(str, measured))
            cure = f"set measure.batch_sizes = [{batch}]"
            raise SpecError(f"export.batch = {batch}: can't be measured at {sizes}; {cure}")

    def _check_speed(self, prune: Iterable[PruneSpec], network: Network, where: str) -> None:
        """Refuse widths by latency where nothing is measured, or in a way in which widths are not chosen."""
        asked = next((spec for spec in prune if spec.by_latency), None)
        if asked is None:
            return
        if not network.deploy:
            raise SpecError(f"{where}.prune: '{asked.label}' is measured; leave out deploy = false")
        defaults = MeasureSpec()
        other = [name for name in NOT_FOR_WIDTHS if getattr(self.measure, name) != getattr(defaults, name)]
        if other:
            raise SpecError(f"{where}.prune: '{asked.label}' is chosen without measure.{other[0]}; leave that out")
        if self.export.options:
            changed = self.export.options[0]
            raise SpecError(f"{where}.prune: '{asked.label}' is chosen without export.{changed}; leave that out")


def _check_onnx(prune: Iterable[PruneSpec], network: Network, where: str) -> None:
    """Refuse what takes training, gradients or Keras where there is an ONNX file alone."""
    if not network.deploy:
        raise SpecError(f"{where}: {network.model} is judged in onnxruntime; leave out deploy = false")
    for spec in prune:
        asked = {
            "finetune_epochs": spec.finetune_epochs > 0,
            "baseline = 'scratch'": spec.baseline == "scratch",
            "rows = 'first'": spec.rows == "first",
            f"importance = '{spec.importance}'": spec.importance in GRADIENTS,
        }
        found = next((name for name, given in asked.items() if given), None)
        if found is not None:
            raise SpecError(
                f"{where}.prune: '{spec.label}' trains, or needs gradients, which an ONNX file does not have; leave "
                f"out {found}"
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


def study_of(model: Path, data: DataSpec, ratios: Iterable[float], finetune_epochs: int) -> Study:
    """The study of one trained network: what does pruning it by these ratios cost and bring?

    What is pruned is fine-tuned, or, of an ONNX file, reconstructed.

    Raises:
        SpecError: a ratio or the number of epochs is out of range.
    """
    solved = is_onnx(model.name)
    recovery = {"recover": "reconstruct"} if solved else {}
    importance = usual_importance(model.name, reconstructed=solved)
    prune = {"ratio": list(ratios), "importance": importance, "finetune_epochs": finetune_epochs, **recovery}
    network = Network(model=str(model), prune=(PruneGrid(**prune),))
    question = f"What does channel pruning cost {model.name} in accuracy, and what does it buy in latency?"
    study = Study(name=lowercase(model.stem) or "model", question=question, data=data, networks=(network,))
    study.cases()
    return study
