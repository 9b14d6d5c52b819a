"""The other pruners, each run in their own environment, and what they made."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.peers.arms import Arm
from bench.peers.originals import Original, digest
from bench.peers.ours import BATCH_SIZE, RATES
from harness.base.errors import HarnessError
from harness.base.progress import Progress
from harness.base.store import Store, file_digest

THEIRS = Path(__file__).parent / "theirs"
RATIOS = (0.5, 0.75)
IMPORTANCES = ("l2", "taylor")


@dataclass(frozen=True)
class Others:
    """Where their environment is, what they are given, and where it is kept what they make."""

    python: Path
    images: Path
    store: Store
    progress: Progress

    def arms(self, original: Original) -> Iterator[Arm]:
        """All that they make of an original; what is in the store is not made again."""
        for ratio in RATIOS:
            for importance in IMPORTANCES:
                yield self._torch_pruning(original, importance, ratio)
            yield from self._onnxsim(original, ratio)

    def _torch_pruning(self, original: Original, importance: str, ratio: float) -> Arm:
        given = [
            original.weights, self.images, "--importance", importance, "--ratio", ratio, "--seed", original.seed,
            "--batch-size", BATCH_SIZE, "--adam", RATES["adam"], "--muon", RATES["muon"],
        ]  # fmt: skip
        name = f"Torch-Pruning {100 * ratio:g} %"
        files = self._made("with_torch_pruning.py", given, original, f"{name}, {importance}")
        return Arm(f"{name}, {importance}", name, original.seed, files)

    def _onnxsim(self, original: Original, ratio: float) -> Iterator[Arm]:
        """Calibrated, it cuts other layers, so that is another design."""
        given = [original.onnx, original.weights, self.images, "--ratio", ratio]
        name = f"onnxsim {100 * ratio:g} %"
        files = self._made("with_onnxsim.py", given, original, name)
        yield Arm(name, name, original.seed, {"untrained": files["uncalibrated"]})
        calibrated = {"untrained": files["calibrated"], "its own recovery": files["recovered"]}
        yield Arm(f"{name}, calibrated", f"{name}, calibrated", original.seed, calibrated)

    def _made(self, script: str, given: Sequence[Any], original: Original, name: str) -> dict[str, Path]:
        """The files that a script writes into a folder that is named behind what it is given."""
        own = [str(each) for each in given if not isinstance(each, Path)]
        code = [file_digest(path) for path in sorted(THEIRS.iterdir()) if path.is_file()]
        inputs = {"script": script, "options": own, "original": digest(original), "code": code}

        def make(folder: Path) -> None:
            command = [str(self.python), str(THEIRS / script), *map(str, given), "--folder", str(folder)]
            with self.progress.task(f"{name}, seed {original.seed}"):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                last = (done.stderr.strip() or "it says nothing").splitlines()[-1]
                raise HarnessError(f"{script} failed: {last}")

        artifact = self.store.get("peers-others", inputs, make)
        return {path.stem: path for path in sorted(artifact.folder.glob("*.onnx"))}
