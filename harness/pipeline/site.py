"""What another process is told of a study, and how it does the study's jobs: by the same stages."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.base.crash import step
from harness.base.progress import Progress
from harness.base.shapes import Sizes
from harness.base.store import Store
from harness.data import Dataset
from harness.pipeline.engine.engine import Job
from harness.pipeline.fitting import fitting_data
from harness.pipeline.shared import shared
from harness.pipeline.stages import Stages
from harness.spec import Case, DataSpec, Device, ExportSpec, MeasureSpec

log = logging.getLogger("harness")

FIT = "fit"  # the job that finds the shape in which a network takes its data
TRAINING = frozenset({"train", "train_on", "prune", "try_out"})
RUNNING = frozenset({"evaluate", "quantize", "widths", "uniform"})


@dataclass(frozen=True)
class StudySite:
    """A study as another process does it: its cases, and the folder in which its datasets are shared."""

    cases: tuple[Case, ...]
    store: Store
    device: Device
    measuring: MeasureSpec
    exporting: ExportSpec
    unsafe: bool
    data: Path

    @property
    def on_gpu(self) -> frozenset[str]:
        """The jobs that compute on a GPU: training, unless by TensorFlow, and ONNX files if the study says so."""
        trained = os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow"
        return (TRAINING if trained else frozenset()) | (RUNNING if self.device == "cuda" else frozenset())

    def open(self, progress: Progress) -> Callable[[Job], Any]:
        """What does a job of the study in this process."""
        store = replace(self.store, notice=log.warning)
        stages = Stages(store, self.device, progress, {}, self.unsafe, self.measuring, self.cases, self.exporting)
        return Desk(stages, shared(self.data)).do


class Desk:
    """Does jobs with `stages`, whose datasets are those of `loaded` in the shape that each job names."""

    def __init__(self, stages: Stages, loaded: Mapping[DataSpec, Dataset]) -> None:
        self.stages = stages
        self.loaded = loaded
        self.specs = {case.name: case.data for case in stages.cases}
        self.shapes: dict[Sizes, Shaped] = {}

    def do(self, job: Job) -> Any:
        """What a stage's method gives; or the shape in which a case's network takes its data."""
        if job.name == FIT:
            (case,) = job.arguments
            with step(f"check {case.name}"):
                return fitting_data(case, self.loaded[case.data], unsafe=self.stages.unsafe).image_shape
        datasets = self.shapes.setdefault(job.shape, Shaped(self.loaded, self.specs, job.shape))
        return getattr(replace(self.stages, datasets=datasets), job.name)(*job.arguments)


class Shaped(Mapping[str, Dataset]):
    """The dataset of each case, by the case's name, in one shape; made when it is asked for."""

    def __init__(self, loaded: Mapping[DataSpec, Dataset], specs: Mapping[str, DataSpec], shape: Sizes) -> None:
        self.loaded, self.specs, self.shape = loaded, specs, shape
        self.made: dict[DataSpec, Dataset] = {}

    def __getitem__(self, name: str) -> Dataset:
        spec = self.specs[name]
        if spec not in self.made:
            self.made[spec] = self.loaded[spec].shaped_for(self.shape)
        return self.made[spec]

    def __iter__(self) -> Iterator[str]:
        return iter(self.specs)

    def __len__(self) -> int:
        return len(self.specs)
