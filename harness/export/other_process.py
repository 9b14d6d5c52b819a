"""Export where Keras runs on another backend than TensorFlow: in a process of its own, kept for the next export.

Keras trains on a GPU with JAX; ONNX export needs Keras on TensorFlow, and a process has one backend.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from harness.base import errors, garbage
from harness.base.crash import ended, scratch
from harness.records import Export, Metadata
from harness.spec import ExportSpec

Message = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Job:
    """A saved Keras model to export, and what `harness.export.export` takes; `unsafe` lets its Lambda layers run."""

    source: Path
    path: Path
    images: NDArray[Any]
    asked: ExportSpec = field(default_factory=ExportSpec)
    metadata: Metadata | None = None
    labels: NDArray[Any] | None = None
    unsafe: bool = False

    def written(self, folder: Path) -> Message:
        """As a line of JSON can hold it, with the arrays in a file of `folder`."""
        file = folder / "examples.npz"
        arrays = {"images": self.images, "labels": self.labels}
        np.savez(file, allow_pickle=False, **{name: array for name, array in arrays.items() if array is not None})
        return {
            "source": str(self.source),
            "path": str(self.path),
            "examples": str(file),
            "asked": self.asked.model_dump(mode="json"),
            "metadata": None if self.metadata is None else self.metadata.model_dump(mode="json"),
            "unsafe": self.unsafe,
        }

    @classmethod
    def read(cls, message: Message) -> Job:
        """The job that was written."""
        metadata = message["metadata"]
        with np.load(message["examples"]) as arrays:
            return cls(
                source=Path(message["source"]),
                path=Path(message["path"]),
                images=arrays["images"],
                asked=ExportSpec(**message["asked"]),
                metadata=None if metadata is None else Metadata.model_validate(metadata),
                labels=arrays.get("labels"),
                unsafe=message["unsafe"],
            )


class Exporter:
    """A process with Keras on TensorFlow. Its stdin stays open; it ends when that does."""

    def __init__(self) -> None:
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH")) if part)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "harness.export.other_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": path, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
        )

    def export(self, job: Job) -> Export:
        """Export a saved Keras model, as `harness.export.export` does.

        Raises:
            HarnessError: of the kind that the export raised.
            ExportError: the process ended.
        """
        with scratch() as folder:
            answer = self._ask(job.written(folder))
        if "error" in answer:
            raise getattr(errors, answer["kind"])(answer["error"])
        return Export.model_validate(answer["export"])

    def _ask(self, message: Message) -> Message:
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("the exporter's streams are pipes")
        with contextlib.suppress(BrokenPipeError):  # the missing answer tells it
            stdin.write(json.dumps(message) + "\n")
            stdin.flush()
        line = stdout.readline()
        if not line:
            raise errors.ExportError(f"{message['source']}: the export's process {ended(self.process.wait())}")
        answer: Message = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.wait()


@cache
def exporter() -> Exporter:
    """The process that this one uses, started at its first export and ended with it."""
    started = Exporter()
    atexit.register(started.close)
    return started


def export_file(job: Job) -> Export:
    """Export a saved Keras model to ONNX, whatever the backend of this process.

    Raises:
        ExportError, ParityError, DataError, StoreError: as `harness.export.export`.
        ExportError: the export's process ended.
    """
    return exporter().export(job)


def serve(jobs: IO[str], answers: IO[str]) -> None:
    """Do one job a line until the jobs end; what the user can mend goes back as an error's kind and text."""
    from harness.base.keras_import import import_keras
    from harness.export.exporting import export

    keras = import_keras()
    for line in jobs:
        job = Job.read(json.loads(line))
        keras.backend.clear_session()
        try:
            model = keras.models.load_model(job.source, compile=False, safe_mode=not job.unsafe)
            found = export(model, job.path, job.images, job.asked, metadata=job.metadata, labels=job.labels)
            answer: Message = {"export": found.model_dump(mode="json")}
        except errors.HarnessError as error:
            answer = {"kind": type(error).__name__, "error": str(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    """Serve on stdin and stdout; what libraries print on stdout goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    garbage.own_process()
    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
