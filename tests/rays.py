"""A Ray cluster of two nodes on the loopback, as `ray start` makes it, which is gone after the test for certain."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
START_S = 120
RAY = [sys.executable, "-c", "import sys; from ray.scripts.scripts import main; sys.exit(main())"]
LOOPBACK = ("127.0.0.2", "127.0.0.3")  # Ray takes the first address of all for one outside
os.environ.setdefault("RAY_AUTH_MODE", "token")  # for all clusters of a run of tests, since Ray looks once
os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))


@dataclass
class TwoNodes:
    """A cluster that is reached at `client` by Ray's client, and at `head` by who works on one of its machines."""

    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._port, self._client_port = free_ports(2)

    @property
    def client(self) -> str:
        return f"ray://{LOOPBACK[0]}:{self._client_port}"

    @property
    def head(self) -> str:
        return f"ray:{LOOPBACK[0]}:{self._port}"

    def start(self, environment: Mapping[str, str], second: Mapping[str, str]) -> None:
        """Start both; `environment` is that of their processes, and `second` what else is set for the second one's."""
        head = ["--head", f"--port={self._port}", f"--ray-client-server-port={self._client_port}"]
        head += [f"--temp-dir={self.folder}", "--include-dashboard=false"]
        self._node(head, environment)
        answers(self._client_port)
        self._node([f"--address={LOOPBACK[0]}:{self._port}"], {**environment, **second})

    def _node(self, words: list[str], environment: Mapping[str, str]) -> None:
        own = [
            f"--node-ip-address={LOOPBACK[len(self.started)]}",
            "--num-cpus=2",
            "--object-store-memory=100000000",
            "--block",
        ]
        said = self.folder / f"node-{len(self.started)}.log"
        with said.open("wb") as log:
            self.started.append(
                subprocess.Popen(
                    [*RAY, "start", *words, *own],
                    env=os.environ | {"PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0"} | environment,
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                    start_new_session=True,
                )
            )
        until = time.monotonic() + START_S
        while "Ray runtime started" not in said.read_text():
            assert self.started[-1].poll() is None, said.read_text()
            assert time.monotonic() < until, said.read_text()
            time.sleep(0.1)

    def kill(self, node: int) -> None:
        """Kill a node at once, with all its processes."""
        end(self.started[node].pid)

    def stop(self) -> None:
        """Kill all that was started."""
        for node in reversed(range(len(self.started))):
            self.kill(node)
            self.started[node].wait()


@contextmanager
def two_nodes() -> Iterator[TwoNodes]:
    """A cluster that isn't started yet; its folder's name is short, as sockets need it."""
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    cluster = TwoNodes(folder)
    try:
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def end(pid: int) -> None:
    """Kill a process and all below it."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=30)


def free_ports(count: int) -> list[int]:
    servers = [socket.create_server((LOOPBACK[0], 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in servers]
    for server in servers:
        server.close()
    return ports


def answers(port: int) -> None:
    """Wait until somebody answers."""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        try:
            socket.create_connection((LOOPBACK[0], port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"nobody ever answered at port {port}")
