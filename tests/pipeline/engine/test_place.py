"""What `--on` says, and what is wrong with it in one line."""

from __future__ import annotations

import re
import socket

import pytest

from harness.base.errors import EngineError, SpecError
from harness.pipeline.engine import ray_cluster
from harness.pipeline.engine.place import PLACES, Place, answering, read_place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("here", Place()),
        ("workers", Place(workers=1)),
        ("workers:4", Place(workers=4)),
        ("ray", Place(ray="local")),
        ("ray://10.0.0.1:10001", Place(ray="ray://10.0.0.1:10001")),
        ("ray:head:6379", Place(ray="head:6379")),
        ("ray:[::1]:6379", Place(ray="[::1]:6379")),
    ],
)
def test_places(text: str, place: Place) -> None:
    assert read_place(text) == place


@pytest.mark.parametrize("text", ["", "wrokers", "workers:", "workers:x", "workers:-1", "workers:1.5", "here:2", "rx"])
def test_no_such_place(text: str) -> None:
    with pytest.raises(SpecError, match=f"no such place; give {re.escape(PLACES)}$"):
        read_place(text)


@pytest.mark.parametrize("text", ["ray:", "ray:head", "ray://head", "ray://:10001", "ray://head:", "ray:head:port"])
def test_half_an_address(text: str) -> None:
    with pytest.raises(SpecError, match=r": names no host and port; give for example ray://HOST:10001$"):
        read_place(text)


def test_no_worker_is_none() -> None:
    with pytest.raises(SpecError, match=r"^--on workers:0: give at least one worker, or 'here' for none$"):
        read_place("workers:0")


@pytest.mark.parametrize("kind", ["ray://", "ray:"])
def test_where_nobody_answers(kind: str) -> None:
    pytest.importorskip("ray", reason="needs the development packages: ray[client]")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(EngineError) as refused:
        answering(read_place(f"{kind}127.0.0.1:{port}"))
    address = f"127.0.0.1:{port}" if kind == "ray:" else f"ray://127.0.0.1:{port}"
    assert str(refused.value) == (
        f"{address}: nobody answers (connection refused); start Ray there with `ray start --head`, or give --on workers"
    )


@pytest.mark.parametrize("address", ["no.such.host.invalid:6379", "127.0.0.1:99999"])
def test_no_such_host_or_port(address: str) -> None:
    pytest.importorskip("ray", reason="needs the development packages: ray[client]")
    with pytest.raises(EngineError, match=f"^{address}: nobody answers "):
        answering(read_place(f"ray:{address}"))


def test_where_something_else_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray itself would ask it again and again, for minutes."""
    pytest.importorskip("ray", reason="needs the development packages: ray[client]")
    monkeypatch.setattr(ray_cluster, "ANSWER_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(EngineError, match=f"^{address}: what answers there is not Ray; give the address that "):
            answering(read_place(f"ray:{address}"))
