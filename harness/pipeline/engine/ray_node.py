"""What runs in Ray's processes: each keeps a worker of ours, which stays warm from job to job, and dies alone.

Ray's own process computes nothing. So what a worker dies of is told as on one machine, and it is renewed as there.
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn

import harness
from harness.base.errors import HarnessError
from harness.base.store import digest, file_digest
from harness.measure.runtime.environment import usable_cpus, versions
from harness.pipeline.engine.engine import FailedError, Job, Site
from harness.pipeline.engine.telling import Message, Sent, SentLog
from harness.pipeline.engine.workers import Workers

COMPUTING = ("keras", "tensorflow", "tf2onnx", "onnx", "onnx-ir", "ray")  # beside those that a measurement depends on
SETTINGS = ("KERAS_", "TF_", "ONEDNN_", "OMP_", "OPENBLAS_", "MKL_", "XLA_", "JAX_")  # Ray sets OMP_NUM_THREADS itself
BUILD_LETTERS = 8


@dataclass(frozen=True)
class Facts:
    """What a node says of itself: its machine's name, the CPUs that its processes may use, and what it would run."""

    machine: str
    cpus: int
    versions: Mapping[str, str | None]


@dataclass(frozen=True)
class Terms:
    """How one run's jobs are done on a node.

    `run` tells it from others. `folder` is for files that go with it, and `started_in` where it was started, as far as
    the node has them. `settings` are the environment variables that say how is computed. So many jobs are done
    `side_by_side` there.
    """

    run: str
    folder: Path
    started_in: Path
    settings: Mapping[str, str]
    side_by_side: int


def facts() -> Facts:
    """Those of the machine that this is called on."""
    found = versions() | {name: _version(name) for name in COMPUTING}
    return Facts(socket.gethostname(), usable_cpus(), found | {"prune-harness's own files": _build()})


def settings() -> dict[str, str]:
    """What this process' environment says of how is computed."""
    return {name: value for name, value in os.environ.items() if name.startswith(SETTINGS)}


def do(terms: Terms, site: Site, job: Job) -> tuple[list[Message], Message]:
    """Do a job: what is to be shown of it, and what it gives or why it failed."""
    if terms.run not in _desks:
        _desks[terms.run] = Desk(terms, site)
    return _desks[terms.run].do(job)


class Desk:
    """One worker of ours for one run, and what it said of its job."""

    def __init__(self, terms: Terms, site: Site) -> None:
        _settle(terms)
        folder = Path(tempfile.mkdtemp(prefix="harness-", dir=terms.folder if terms.folder.is_dir() else None))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        self.said: list[Message] = []
        self.workers = Workers(site, folder, Sent(self._hear), terms.side_by_side)
        logger = logging.getLogger("harness")
        logger.addHandler(SentLog(self._hear))
        logger.propagate = False

    def do(self, job: Job) -> tuple[list[Message], Message]:
        """Have the worker do a job."""
        self.said.clear()
        try:
            answer = Message("done", self.workers.do(job, _nowhere))
        except HarnessError as error:
            answer = Message("failed", (error, ""))
        except FailedError as error:
            answer = Message("failed", (error, str(error.__cause__ or "").strip()))
        return list(self.said), answer

    def _hear(self, message: Message) -> None:
        """Tasks are not kept: when they are told they are over."""
        if message.kind in ("line", "log"):
            self.said.append(message)


_desks: dict[str, Desk] = {}


def _nowhere() -> NoReturn:
    raise AssertionError("a job is for the worker")


def _settle(terms: Terms) -> None:
    """Compute as the process that steers would, and in its folder where that is here too."""
    for name in settings().keys() - terms.settings.keys():
        del os.environ[name]
    os.environ.update(terms.settings)
    if terms.started_in.is_dir():
        os.chdir(terms.started_in)
    # Else each worker would run Ray's own script as far as its guard, and import Ray.
    vars(sys.modules["__main__"]).pop("__file__", None)


def _build() -> str:
    """What tells this code from other code of the same version."""
    root = Path(harness.__file__).parent
    files: dict[str, Any] = {str(file.relative_to(root)): file_digest(file) for file in root.rglob("*.py")}
    return digest(files)[:BUILD_LETTERS]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
