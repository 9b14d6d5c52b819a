"""A study's jobs done by worker processes as they are, but each stage writes invented records, without Keras.

What is left is the road itself: the engine, the store, the rows. A stage can be made to die, once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from harness.base.crash import step
from harness.base.progress import Progress
from harness.base.store import file_digest
from harness.pipeline.engine.engine import Here, Job
from harness.pipeline.shared import shared
from harness.pipeline.site import FIT, Desk, StudySite
from harness.pipeline.stages import Stages, save
from harness.records import Accuracy, Export, Row
from tests.onnx_files import cnn
from tests.pipeline.dying import marked
from tests.pipeline.engine.sites import die
from tests.synthetic import make_export, make_pruning, make_training

SHAPE = (28, 28, 1)


@dataclass(frozen=True)
class Plant:
    """The first job of this name for a case of this seed dies; `marks` is a folder that remembers that it did."""

    job: str
    seed: int
    how: str
    marks: Path

    def strike(self, job: Job) -> None:
        """Die of it, where it is the job's turn."""
        mark = self.marks / f"{self.job}-{self.seed}"
        if (job.name, job.arguments[0].seed) == (self.job, self.seed) and not mark.exists():
            mark.touch()
            die(self.how)


@dataclass(frozen=True)
class PlantedSite(StudySite):
    """A study whose stages cost nothing but `pace_s` seconds of waiting; its ONNX files are real where `measurable`."""

    plants: tuple[Plant, ...] = ()
    pace_s: float = 0.0
    measurable: bool = False

    def open(self, progress: Progress) -> Callable[[Job], Any]:
        engine = Inventing(self.plants, self.pace_s, self.measurable)
        stages = Stages(self.store, self.device, progress, {}, self.unsafe, self.measuring, self.cases, engine=engine)
        desk = Desk(stages, shared(self.data))

        def do(job: Job) -> Any:
            if job.name != FIT:
                return desk.do(job)
            with step("check"):
                engine.strike(job)
            return SHAPE

        return do


class Inventing(Here):
    """Has every artifact made as the stages ask for it, but for what is in it."""

    def __init__(self, plants: Iterable[Plant] = (), pace_s: float = 0.0, measurable: bool = False) -> None:
        self.plants, self.pace_s, self.measurable = tuple(plants), pace_s, measurable

    def strike(self, job: Job) -> None:
        for plant in self.plants:
            plant.strike(job)

    def do(self, job: Job, here: Callable[[], Any]) -> Any:
        assert isinstance(here, partial)
        stage, inputs, _ = here.args
        return here.func(stage, inputs, partial(self.invent, job))

    def invent(self, job: Job, folder: Path) -> None:
        """The files of a stage, as `job` would leave them; dead half-way where that is planted."""
        (folder / "model.keras").write_bytes(b"weights")
        time.sleep(self.pace_s)
        self.strike(job)
        if job.name == "train":
            save(make_training(1000, 2), folder / "training.json")
        if job.name == "train_on":
            save(make_training(1000, 1), folder / "tuning.json")
        if job.name in ("prune", "try_out"):
            save(make_pruning(job.arguments[1], 500), folder / "pruning.json")
        if job.name == "export":
            save(self.exported(job, folder / "model.onnx"), folder / "export.json")
        save(Accuracy(correct="10" * 40, device="cpu", chance=0.1), folder / "accuracy.json")

    def exported(self, job: Job, path: Path) -> Export:
        """A file, and what is told of it: of a measurable one what is so, and where it dies when it is measured."""
        case, source = job.arguments
        told = make_export(Row(case=case, prune=None), 500)
        if not self.measurable:
            path.write_bytes(b"graph")
            return told
        cnn(path, seed=int(source.key[:6], 16))
        for plant in self.plants:
            if (plant.job, plant.seed) == ("measure", case.seed) and source.folder.parent.name == "prune":
                marked(path, plant.how)
        return told.model_copy(update={"sha256": file_digest(path), "architecture": source.key})


def planted(plants: Iterable[Plant] = (), measurable: bool = False) -> Callable[..., PlantedSite]:
    """What takes the place of `StudySite`."""
    return partial(PlantedSite, plants=tuple(plants), measurable=measurable)


def cheap(stages: Stages) -> Stages:
    """Stages that invent in this process."""
    return replace(stages, engine=Inventing())
