"""A plugin for pytest: a real S3 API on the loopback, and a way to it that can be made faulty."""

from __future__ import annotations

import http.client
import os
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

import pytest

HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive", "server", "date"}
REFUSAL = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
FAILURE = b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"
_settled: list[tuple[tuple[str, str], ...]] = [()]  # the settings that connections were made with


@dataclass
class Fault:
    """What happens to requests: `slow`, `broken` (500), `truncated` or `expired` (403), as often as `times`."""

    kind: str
    times: int = 1_000_000
    methods: tuple[str, ...] = ("GET", "PUT", "HEAD", "POST", "DELETE")
    seconds: float = 0.2
    lock: Any = field(default_factory=Lock)

    def hits(self, method: str) -> bool:
        """Whether it is this request's turn."""
        with self.lock:
            hit = method in self.methods and self.times > 0
            self.times -= hit
            return hit


class Proxy(ThreadingHTTPServer):
    """Passes requests on to a server, but for what its fault does to them."""

    daemon_threads = True
    fault: Fault | None = None
    requests = 0

    def __init__(self, upstream: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.upstream = upstream


class Passing(BaseHTTPRequestHandler):
    """One connection through the proxy."""

    protocol_version = "HTTP/1.1"
    server: Proxy

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests += 1
        fault = self.server.fault
        kind = fault.kind if fault is not None and fault.hits(self.command) else None
        if kind == "slow":
            assert fault is not None
            time.sleep(fault.seconds)
        if kind == "broken":
            self._answer(500, {"Content-Type": "application/xml"}, FAILURE)
        elif kind == "expired":
            self._answer(403, {"Content-Type": "application/xml"}, REFUSAL)
        else:
            self._answer(*self._upstream(body), cut=kind == "truncated")

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _pass  # noqa: N815 - as http.server calls them

    def _upstream(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(*self.server.upstream, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "expect"}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), content

    def _answer(self, status: int, headers: dict[str, str], content: bytes, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in {*HOP_BY_HOP, "content-length"}:
                self.send_header(name, value)
        length = headers.get("Content-Length", len(content)) if self.command == "HEAD" else len(content)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        self.close_connection = self.close_connection or cut

    def log_message(self, *args: object) -> None:
        """Nothing."""


@dataclass(frozen=True)
class S3:
    """A bucket of the server's, reached through the proxy."""

    proxy: Proxy
    endpoint: str
    bucket: str

    @property
    def address(self) -> str:
        """Of a store in the bucket."""
        return f"s3://{self.bucket}/store"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[tuple[str, int]]:
    """The server, on a port of its own."""
    pytest.importorskip("s3fs", reason="needs the development packages: s3fs")
    moto = pytest.importorskip("moto.server", reason="needs the development packages: moto[server]")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield host, port
    server.stop()


@pytest.fixture(scope="session")
def s3_proxy(s3_server: tuple[str, int]) -> Iterator[Proxy]:
    """The way to the server."""
    proxy = Proxy(s3_server)
    Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield proxy
    proxy.shutdown()
    proxy.server_close()


@pytest.fixture
def s3(s3_proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> S3:
    """An empty bucket; boto is told of it by its environment, as a user would."""
    endpoint = f"http://127.0.0.1:{s3_proxy.server_address[1]}"
    s3_proxy.fault = None
    settle_aws(monkeypatch, AWS_ENDPOINT_URL=endpoint, AWS_ACCESS_KEY_ID="someone", AWS_SECRET_ACCESS_KEY="something")
    bucket = f"b{uuid.uuid4().hex[:12]}"
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{bucket}", method="PUT")).close()
    return S3(s3_proxy, endpoint, bucket)


def settle_aws(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    """These settings of boto's count, and nothing of this machine's own, nor of connections that are there already."""
    from s3fs import S3FileSystem

    from harness.base.store import remote

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    ours = {
        "AWS_SHARED_CREDENTIALS_FILE": "/no/such/file",
        "AWS_CONFIG_FILE": "/no/such/file",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in {**ours, **settings}.items():
        monkeypatch.setenv(name, value)
    now = tuple(sorted(settings.items()))
    if now != _settled[-1]:
        _settled.append(now)
        S3FileSystem.clear_instance_cache()
        remote.shared.clear()
