"""What either pruner makes of a file, kept in the store."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.peers.ours import code
from bench.shelf.subjects import Array, Subject, answers, kept
from harness.base.errors import HarnessError
from harness.base.progress import Progress
from harness.base.store import Store, file_digest
from harness.measure.files.model_file import read_model

SCRIPT = Path(__file__).parents[1] / "peers" / "theirs" / "onnxsim_arm.py"
THEIRS = ("uncalibrated", "calibrated", "recovered")
RATIO = 0.5
CUT = 0.99  # of the weights: what keeps more was not pruned


@dataclass(frozen=True)
class Arm:
    """A file that a pruner made, None where it made none, and then why; `left` is the share of the weights."""

    path: Path | None
    left: float = 1.0
    why: str = ""

    @property
    def pruned(self) -> bool:
        """Whether there is a file that runs, with fewer weights."""
        return self.path is not None and self.left < CUT


@dataclass(frozen=True)
class Pruners:
    """Where onnxsim's environment is, where what is made is kept, and how many pictures either may look at."""

    python: Path
    store: Store
    progress: Progress
    count: int

    def theirs(self, subject: Subject, arm: str, seed: int) -> Arm:
        """What onnxsim makes, in a process of its own, and whether that runs."""

        def make(folder: Path) -> None:
            np.savez(folder / "pictures.npz", **{subject.input_name: subject.pictures(seed, self.count)})
            command = [
                str(self.python), str(SCRIPT), str(subject.path), str(folder / "pictures.npz"),
                str(folder / "pruned.onnx"), "--arm", arm, "--ratio", str(RATIO),
            ]  # fmt: skip
            with self.progress.task(f"{subject.name}: onnxsim, {arm}, seed {seed}"):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
            (folder / "pictures.npz").unlink()
            said = (done.stderr.strip() or f"ended by {done.returncode}").splitlines()[-1]
            (folder / "why.txt").write_text("" if done.returncode == 0 else said, encoding="utf-8")

        own = {"arm": arm, "seed": 0 if arm == "uncalibrated" else seed, "script": file_digest(SCRIPT)}
        return self._made("shelf-onnxsim", {**self._of(subject), **own}, make, subject)

    def ours(self, subject: Subject, ratio: float, seed: int | None = None) -> Arm:
        """What harness makes: as cut, or with the kernels solved again from the pictures of a seed."""
        import harness

        def make(folder: Path) -> None:
            recovery = {} if seed is None else {"recover": "reconstruct", "data": subject.pictures(seed, self.count)}
            how = "as cut" if seed is None else f"reconstructed, seed {seed}"
            try:
                with self.progress.task(f"{subject.name}: harness {100 * ratio:g} %, {how}"):
                    result = harness.prune(subject.path, ratio=ratio, inputs=[subject.input_shape], **recovery)
                result.write(folder / "pruned.onnx")
                why = ""
            except HarnessError as error:
                why = str(error)
            (folder / "why.txt").write_text(why, encoding="utf-8")

        inputs = {**self._of(subject), "ratio": ratio, "seed": seed, "code": code()}
        return self._made("shelf-ours", inputs, make, subject)

    def to_speed(self, subject: Subject, speedup: float, seed: int) -> Arm:
        """What harness makes of widths by measured latency, to be so many times as fast, reconstructed."""
        import harness
        from harness.spec import PruneSpec

        spec = PruneSpec(
            speedup=speedup, importance="reconstruction", recover="reconstruct", reconstruct_images=self.count
        )

        def make(folder: Path) -> None:
            try:
                with self.progress.task(f"{subject.name}: harness {speedup:.2f}x, seed {seed}"):
                    result = harness.prune(
                        subject.path, spec, inputs=[subject.input_shape], seed=seed,
                        data=subject.pictures(seed, self.count), store=self.store.root,
                    )  # fmt: skip
                result.write(folder / "pruned.onnx")
                why = ""
            except HarnessError as error:
                why = str(error)
            (folder / "why.txt").write_text(why, encoding="utf-8")

        inputs = {**self._of(subject), "speedup": f"{speedup:.3f}", "seed": seed, "code": code()}
        return self._made("shelf-to-speed", inputs, make, subject)

    def _made(self, kind: str, inputs: dict[str, object], make: Callable[[Path], None], subject: Subject) -> Arm:
        made = self.store.get(kind, inputs, make)
        why = made.path("why.txt").read_text(encoding="utf-8")
        return Arm(None, why=why) if why else self._looked_at(subject, made.folder / "pruned.onnx")

    def _of(self, subject: Subject) -> dict[str, object]:
        return {"file": file_digest(subject.path), "name": subject.name, "count": self.count}

    def _looked_at(self, subject: Subject, path: Path) -> Arm:
        """With what is left of the weights; a file that does not run as the original does is none."""
        before, after = (read_model(each).parameters for each in (subject.path, path))
        picture = subject.pictures(0, 1)
        try:
            one, other = (answers(each, subject.input_name, picture) for each in (subject.path, path))
        except Exception as error:  # onnxruntime raises several kinds
            return Arm(None, why=f"its file does not run: {str(error).splitlines()[0]}")
        if one.shape != other.shape:
            return Arm(None, why=f"its file gives {other.shape[1:]} in the place of {one.shape[1:]}")
        return Arm(path, (after or 0) / (before or 1))


def kept_by(subject: Subject, arm: Arm, pictures: Array, wanted: Array) -> float | None:
    """How much of the original's answers to these pictures an arm keeps, in percent."""
    if arm.path is None:
        return None
    return kept(subject.measure, wanted, answers(arm.path, subject.input_name, pictures))
