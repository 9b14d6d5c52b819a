"""Ray's nodes as an engine: a job is a task on one of them, done there by a worker like those of one machine.

What is measured is measured on the machine that steers, with nothing of ours beside it there: a run has one machine's
latencies, whatever its nodes are.
"""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from socket import gethostname
from typing import Any

from harness.base.errors import EngineError, LostError, first_line
from harness.base.progress import Progress
from harness.pipeline.engine.engine import Job, Site, StoppedError
from harness.pipeline.engine.ray_cluster import CPUS, MEMORY_BYTES, Node
from harness.pipeline.engine.ray_node import Terms, do, settings
from harness.pipeline.engine.telling import Message, Shown, given
from harness.pipeline.engine.turns import Turns
from harness.pipeline.engine.workers import ALONE, Workers


class RayEngine:
    """An engine of a cluster's `nodes`: each thread that asks has one of them for as long as that is there.

    `site` is what the nodes are told of the study. `beside` measures where this machine is none of the nodes. A job
    whose process or machine dies is not tried again in this run.
    """

    def __init__(
        self, nodes: Sequence[Node], site: Site, beside: Workers, folder: Path, progress: Progress, *, shares_disk: bool
    ) -> None:
        import ray

        on_gpu = bool(site.on_gpu) and any(node.gpus >= 1 for node in nodes)
        counts = {node: node.at_once(on_gpu) for node in nodes if node.gpus >= 1 or not on_gpu}
        most = max(counts.values(), default=0)
        self._places = [node for place in range(most) for node, count in counts.items() if place < count]
        if not self._places:
            raise EngineError("no node of the cluster has a CPU for us; start one with `ray start --num-cpus`")
        self.at_once = len(self._places)
        self.shares_disk = shares_disk
        self._own = next((node for node in nodes if node.machine == gethostname()), None)
        self._site, self._beside, self._progress = site, beside, progress
        run, here = uuid.uuid4().hex, Path.cwd()
        self._terms = {node: Terms(run, folder, here, settings(), max(1, counts.get(node, 1))) for node in nodes}
        self._do, self._told = ray.remote(do), ray.put(site)
        self._turns: dict[str, Turns] = defaultdict(Turns)  # of each machine
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._given = 0
        self._gone: set[Node] = set()
        self._running: list[Any] = []
        self._lost: dict[str, LostError] = {}
        self._stopped = False

    def do(self, job: Job, here: Callable[[], Any]) -> Any:
        """What the job gives, from this thread's node; of one that measures, from this machine.

        Raises:
            LostError: the process or the machine that did it died, now or when it was done before.
            EngineError: no node is left, or one can't do our work.
            StoppedError: the run is being stopped.
        """
        if job.key in self._lost:
            raise LostError(str(self._lost[job.key]))
        alone = job.name in ALONE
        node = self._own if alone else self._node()
        if node is None:
            return self._beside.do(job, here)
        with self._turns_of(node).taken(alone):
            try:
                with self._progress.task(f"{job.of}: {job.name} on {node.machine}"):
                    said, answer = self._asked(job, node, alone)
                with Shown(self._progress, job.of) as shown:
                    for message in said:
                        shown.show(message)
                return given(answer)
            except LostError as error:
                self._lost[job.key] = error
                raise

    def stop(self) -> None:
        """End all tasks, and start no more."""
        import ray

        with self._lock:
            self._stopped = True
            running = list(self._running)
        for task in running:
            with suppress(Exception):  # it has just ended, or the cluster has
                ray.cancel(task, force=True)
        self._beside.stop()

    def _turns_of(self, node: Node) -> Turns:
        with self._lock:
            return self._turns[node.machine]

    def _node(self) -> Node:
        """The node of this thread, or another where that is gone."""
        node: Node | None = getattr(self._mine, "node", None)
        with self._lock:
            if node is None or node in self._gone:
                left = [each for each in self._places if each not in self._gone]
                if not left:
                    raise EngineError("no node of the cluster is left; `harness run` goes on where it stopped")
                node = left[self._given % len(left)]
                self._given += 1
                self._mine.node = node
        return node

    def _asked(self, job: Job, node: Node, alone: bool) -> tuple[list[Message], Message]:
        """What a node says to a job, which has the node's CPUs to itself where it is alone."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        needs = {
            "num_cpus": node.cpus if alone else min(CPUS, node.cpus),
            "num_gpus": min(1, node.gpus) if job.name in self._site.on_gpu else 0,
            "memory": int(min(MEMORY_BYTES, node.memory_bytes)),
        }
        pinned = NodeAffinitySchedulingStrategy(node.id, soft=False)
        with self._lock:
            if self._stopped:
                raise StoppedError
            task = self._do.options(**needs, max_retries=0, scheduling_strategy=pinned, name=job.name).remote(
                self._terms[node], self._told, job
            )
            self._running.append(task)
        try:
            answer: tuple[list[Message], Message] = ray.get(task)
            return answer
        except (ray.exceptions.RayError, ConnectionError) as error:
            if self._stopped:
                raise StoppedError from None
            raise self._why(error, node) from None
        finally:
            with self._lock:
                self._running.remove(task)

    def _why(self, error: Exception, node: Node) -> LostError | EngineError:
        """What it means that Ray has no answer."""
        from ray import exceptions as rays

        if isinstance(error, rays.OutOfMemoryError):
            why = f"its process was ended by Ray, since {node.machine} was out of memory"
            return LostError(f"{why}; give it more memory, or a smaller network or batch")
        if isinstance(error, rays.NodeDiedError | rays.TaskUnschedulableError | rays.LocalRayletDiedError):
            with self._lock:
                self._gone.add(node)
            return LostError(f"{node.machine}, which did it, is gone; run the study again for this row")
        if isinstance(error, rays.WorkerCrashedError):
            return LostError(f"Ray's process on {node.machine} was killed; run the study again for this row")
        return EngineError(f"{node.machine} can't do our work: {first_line(error)}")
