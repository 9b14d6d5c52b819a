"""A file off the shelf, made as fast as asked, and solved again from what was rendered; kept when done."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

import harness
from harness.base.errors import TooSlowError
from harness.base.progress import Progress
from harness.base.store import Store, digest
from harness.measure.comparison import Comparison
from harness.measure.files.model_file import read_model
from harness.measure.protocol import measure
from harness.prune.onnx.api import replay_onnx
from harness.records import Record
from harness.spec import MeasureSpec, PruneSpec

Array = npt.NDArray[Any]
RECORD, CUT, SOLVED = "about.json", "cut.onnx", "solved.onnx"


class About(Record):
    """What became of a target: shares of weights and multiply-accumulates that are left, or why it was not reached."""

    target: float
    weights: float = 1.0
    macs: float | None = None
    proof: float = 0.0
    solved: int = 0
    kept: tuple[str, ...] = ()
    why: str | None = None


@dataclass(frozen=True)
class Pruned:
    """A target, and its files as cut and with kernels solved again."""

    about: About
    folder: Path

    @property
    def files(self) -> tuple[Path, Path]:
        """As cut, and solved again."""
        return self.folder / CUT, self.folder / SOLVED


@dataclass(frozen=True)
class Shelf:
    """A file, what it is fed, (N, ...), of which `judged` is kept apart, and how it is to be pruned."""

    path: Path
    feed: str  # as --input says it, one example
    examples: Array
    importance: str
    store: Store
    progress: Progress

    def pruned(self, target: float) -> Pruned:
        """Made so many times as fast; from the store where that was done before."""
        inputs = {
            "file": read_model(self.path).sha256,
            "feed": self.feed,
            "examples": hashlib.sha256(self.examples.tobytes()).hexdigest(),
            "importance": self.importance,
            "target": target,
            "code": code(),
        }

        def make(folder: Path) -> None:
            with self.progress.task(f"{self.path.stem}, {target:g}x"):
                (folder / RECORD).write_text(self._made(target, folder).model_dump_json(), encoding="utf-8")

        made = self.store.get("bench-text-lines", inputs, make)
        return Pruned(made.record(RECORD, About), made.folder)

    def _made(self, target: float, folder: Path) -> About:
        spec = PruneSpec(
            speedup=target, importance=self.importance, recover="reconstruct", reconstruct_images=len(self.examples)
        )
        try:
            result = harness.prune(self.path, spec, data=self.examples, inputs=(self.feed,), store=self.store.root)
        except TooSlowError as error:
            return About(target=target, why=str(error))
        result.write(folder / SOLVED)
        replay_onnx(self.path, result.plan, inputs=(self.feed,)).write(folder / CUT)
        told, solved = result.report, result.reconstruction
        return About(
            target=target,
            weights=told.parameters_after / told.parameters_before,
            macs=told.macs_after / told.macs_before if told.macs_after and told.macs_before else None,
            proof=result.proof.largest_difference,
            solved=len(solved.solved),
            kept=tuple(f"{node}: {why}" for node, why in solved.kept.items()),
        )

    def speeds(self, found: Sequence[Pruned], seconds: float) -> Sequence[Comparison]:
        """The measured speed-up of each over the original, all in one paired run."""
        if not found:
            return []
        spec = MeasureSpec(device="cpu", batch_sizes=(1,), threads=1, inputs=(self.feed,), budget_s=seconds)
        files = [self.path, *(each.files[1] for each in found)]
        return measure(files, spec, progress=self.progress).compare_all()


def code() -> str:
    """What the files depend on beside their inputs: the pruner's source."""
    folder = Path(harness.__file__).parent
    parts = [path for wing in ("prune", "channels") for path in sorted((folder / wing).rglob("*.py"))]
    return digest([path.read_text(encoding="utf-8") for path in parts])
