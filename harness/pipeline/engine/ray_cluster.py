"""A Ray cluster: one that is started on this machine for a run and stopped after it, or one that is there."""

from __future__ import annotations

import importlib.util
import os
import secrets
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.base.errors import EngineError, first_line
from harness.measure.runtime.environment import usable_cpus
from harness.pipeline.engine.ray_node import Facts, facts

LOCAL = "local"
CLIENT = "ray://"
CPUS = 2  # of a job
MEMORY_BYTES = 2 << 30  # of a job: Keras, its data and a network
OBJECTS_BYTES = 100 << 20  # Ray's own store holds jobs and answers; what is made goes into ours
ANSWER_S, START_S = 5, 120
LONGEST_FOLDER = 32  # letters: a socket's path below it may have no more than 107
LOOPBACK = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"  # Ray takes the first for an address outside
SETTLED = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_kill_child_processes_on_worker_exit": "0",  # they end by themselves, and leave nothing half-made
}


@dataclass(frozen=True)
class Node:
    """A node of a cluster, as far as a run may use it."""

    id: str
    machine: str
    cpus: float
    gpus: float
    memory_bytes: float

    def at_once(self, on_gpu: bool) -> int:
        """How many jobs it does side by side; none where it has no CPU for them."""
        room = [self.cpus // CPUS, self.memory_bytes // MEMORY_BYTES, *([self.gpus] if on_gpu else [])]
        return max(1, int(min(room))) if self.cpus >= 1 else 0


def check(address: str) -> None:
    """Fail soon where Ray isn't installed, or where nobody answers.

    Raises:
        EngineError: so it is.
    """
    if importlib.util.find_spec("ray") is None:
        raise EngineError("--on ray: Ray is not installed; install prune-harness[cluster]")
    if address == LOCAL:
        return
    host, _, port = address.removeprefix(CLIENT).rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_S).close()
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or first_line(error)
        raise EngineError(
            f"{address}: nobody answers ({why.lower()}); start Ray there with `ray start --head`, or give --on workers"
        ) from None
    if not _speaks(address.removeprefix(CLIENT)):
        raise EngineError(
            f"{address}: what answers there is not Ray; give the port of `ray start --head`, or --on workers"
        )


def _speaks(address: str) -> bool:
    """Whether somebody speaks as Ray does, which itself asks for minutes; taken for granted where it is ciphered."""
    import grpc

    if os.environ.get("RAY_USE_TLS", "0") != "0":
        return True
    with grpc.insecure_channel(address) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=ANSWER_S)
        except grpc.FutureTimeoutError:
            return False
    return True


@contextmanager
def connected(address: str, folder: Path) -> Iterator[tuple[Node, ...]]:
    """The nodes of a cluster, as long as the block runs; `folder` is for the files of one that is started.

    Raises:
        EngineError: there is none, or its nodes don't run what this process runs.
    """
    _settle(address)
    import ray

    if ray.is_initialized():
        raise EngineError("this process has a connection to Ray already; end it with ray.shutdown() first")
    try:
        _connect(address, folder)
        yield _nodes(address)
    finally:
        ray.shutdown()


def _settle(address: str) -> None:
    """Set for Ray what has to be in the environment before it is imported, unless the user has set it."""
    for name, value in SETTLED.items():
        os.environ.setdefault(name, value)
    if "RAY_AUTH_MODE" in os.environ:
        return
    if address == LOCAL:  # nobody else on this machine may use it, and no token is left in the user's folder
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    elif "RAY_AUTH_TOKEN" in os.environ or Path.home().joinpath(".ray", "auth_token").is_file():
        os.environ["RAY_AUTH_MODE"] = "token"


def _connect(address: str, folder: Path) -> None:
    import ray

    own: dict[str, Any] = {}
    if address == LOCAL:
        own = {"num_cpus": usable_cpus(), "object_store_memory": OBJECTS_BYTES, "include_dashboard": False}
        own |= {"_node_ip_address": LOOPBACK}
        own |= {"_temp_dir": str(folder / "ray")} if len(str(folder)) <= LONGEST_FOLDER else {}
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", **own)
    except Exception as error:  # of a dozen kinds
        why = " ".join(str(error).split())
        if address == LOCAL:
            raise EngineError(f"Ray can't be started: {why}; mend that, or give --on workers") from None
        raise EngineError(
            f"{address}: Ray can't be used: {why}; its version, Python's and RAY_AUTH_MODE must be the same there"
        ) from None


def _nodes(address: str) -> tuple[Node, ...]:
    """Those that are there, each of the same packages as this process."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    there = [node for node in ray.nodes() if node["Alive"]]
    asked = ray.remote(facts)
    told = []
    for node in there:
        pinned = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        told.append(asked.options(num_cpus=0, max_retries=0, scheduling_strategy=pinned).remote())
    ours, found = facts(), []
    for node, ref in zip(there, told, strict=True):
        name = node["NodeManagerHostname"]
        try:
            theirs: Facts = ray.get(ref, timeout=START_S)
        except ray.exceptions.RayError as error:
            last = (str(error).strip().splitlines() or [type(error).__name__])[-1]
            raise EngineError(f"{address}: {name} can't do our work: {last}; install prune-harness there too") from None
        if (difference := differing(ours.versions, theirs.versions)) is not None:
            raise EngineError(f"{address}: {name} has {difference}; install the same on every node")
        has = node["Resources"]
        cpus = min(has.get("CPU", 0.0), theirs.cpus)  # in a container Ray counts the host's
        found.append(Node(node["NodeID"], theirs.machine, cpus, has.get("GPU", 0.0), has.get("memory", 0.0)))
    return tuple(found)


def differing(ours: Mapping[str, str | None], theirs: Mapping[str, str | None]) -> str | None:
    """The first package that is not the same there: `keras 3.14.0, where this process has 3.15.1`."""
    for name in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(name) or "none", theirs.get(name) or "none"
        if mine != other:
            return f"{name} {other}, where this process has {mine}"
    return None
