"""Worker processes of this machine: each thread that asks has its own, which stays warm from job to job."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.base.errors import LostError
from harness.base.progress import Progress
from harness.measure.runtime.environment import cgroup_memory_bytes
from harness.pipeline.engine.engine import Job, Site, StoppedError
from harness.pipeline.engine.process import Worker
from harness.pipeline.engine.turns import Turns

ALONE = {"widths", "uniform", "quantize"}  # they measure
MOST_GROWTH = 1 / 8  # of the memory there is, shared by the workers; one that has grown more is renewed


class Workers:
    """An engine of `at_once` processes, started when they are first needed; `prepare` is called before the first.

    A process that dies costs the job that it was doing. The same job is not tried again in this run.
    """

    shares_disk = True

    def __init__(
        self, site: Site, folder: Path, progress: Progress, at_once: int = 1, prepare: Callable[[], None] | None = None
    ) -> None:
        self.at_once = at_once
        self.growth_bytes = int(MOST_GROWTH * memory_bytes() / at_once)
        self._site, self._folder, self._progress, self._prepare = site, folder, progress, prepare
        self._turns = Turns()
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._workers: list[Worker] = []
        self._started = 0
        self._lost: dict[str, LostError] = {}
        self._stopped = False

    def do(self, job: Job, here: Callable[[], Any]) -> Any:
        """What the job gives, from this thread's process.

        Raises:
            LostError: the process died, now or when the job was done before.
            EngineError: no process can be started.
            StoppedError: the run is being stopped.
        """
        if job.key in self._lost:
            raise LostError(str(self._lost[job.key]))
        with self._turns.taken(alone=job.name in ALONE):
            worker = self._worker()
            try:
                return worker.ask(job, self._progress)
            except LostError as error:
                if self._stopped:
                    raise StoppedError from None
                self._lost[job.key] = error
                raise
            finally:
                if not worker.alive or worker.growth_bytes > self.growth_bytes:
                    self._end(worker)

    def stop(self) -> None:
        """Kill all processes, and start no more."""
        self._stopped = True
        with self._lock:
            for worker in self._workers:
                worker.end()

    def _worker(self) -> Worker:
        """The process of this thread, started where it has none."""
        worker: Worker | None = getattr(self._mine, "worker", None)
        if worker is not None:
            return worker
        with self._lock:
            if self._stopped:
                raise StoppedError
            if self._prepare is not None:
                self._prepare()
                self._prepare = None
            self._started += 1
            worker = Worker(self._site, self._folder / f"worker-{self._started}.log")
            self._workers.append(worker)
        self._mine.worker = worker
        return worker

    def _end(self, worker: Worker) -> None:
        self._mine.worker = None
        worker.end()
        with self._lock:
            self._workers.remove(worker)


def memory_bytes() -> int:
    """The memory that the processes may take: the container's limit, or the machine's."""
    import psutil

    return cgroup_memory_bytes() or int(psutil.virtual_memory().total)
