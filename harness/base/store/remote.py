"""A store that isn't this disk, by fsspec: S3, Google Cloud Storage, SSH and whatever else it has a package for.

A file of an artifact is named by its SHA-256 there, and the manifest comes last and only once: two that upload the
same artifact at once can't spoil each other's files, and the first manifest stays. So no lock is needed.
"""

from __future__ import annotations

import errno
import os
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from harness.base.crash import scratch
from harness.base.errors import StoreError
from harness.base.store.artifact import file_digest
from harness.base.store.asking import asked, asked_soon
from harness.base.store.disk import disk_errors
from harness.base.store.place import Entry

LOOKS = 3  # at a file that is not what it should be
AT_ONCE = 1000  # files removed by one request
WRITTEN = ("LastModified", "mtime", "updated", "last_modified", "modified", "created")  # as packages call it
PASSWORD = re.compile(r"(//[^/@:]*:)[^/@]*@")
# Short answers: our own patience comes on top. A user's configuration of fsspec goes before.
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "s3": {"config_kwargs": {"connect_timeout": 5, "read_timeout": 20, "retries": {"max_attempts": 1}}},
}
shared: dict[tuple[str, int], tuple[Any, str]] = {}
T = TypeVar("T")


@dataclass(frozen=True)
class Remote:
    """A store at an address that fsspec understands, such as `s3://bucket/folder`.

    It holds no connection, so it can be given to other processes.
    """

    url: str

    @property
    def address(self) -> str:
        """As messages name it: without a password."""
        return PASSWORD.sub(r"\1***@", self.url)

    def answer(self) -> None:
        """Fail soon where nobody answers, or we are not let in."""
        with suppress(FileNotFoundError):
            asked_soon(self.address, lambda: self._read(".runs/none"))

    def check(self) -> None:
        """Fail soon where nobody answers, or nothing can be written."""
        probe = f".runs/probe-{uuid.uuid4().hex}"

        def tried() -> None:
            self._write(probe, b"", replace=True)
            filesystem, path = self._at(probe)
            filesystem.rm_file(path)

        with self._there():
            asked_soon(self.address, tried)

    def entries(self, below: str = "") -> Iterator[Entry]:
        """The files below a folder, in any order."""

        def listed() -> Mapping[str, Mapping[str, Any]]:
            filesystem, path = self._at(below)
            filesystem.invalidate_cache()
            found: Mapping[str, Mapping[str, Any]] = filesystem.find(path, detail=True)
            return found

        try:
            found = asked(self.address, listed)
        except FileNotFoundError:
            return
        root = self._at("")[1].rstrip("/") + "/"
        for path, info in found.items():
            yield Entry(path.removeprefix(root), int(info["size"] or 0), _written_s(info))

    def read(self, name: str) -> bytes | None:
        """A small file's bytes; None where it isn't there."""
        try:
            return asked(self.address, lambda: self._read(name))
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Write a small file, instead of the one that is there."""
        with self._there():
            asked(self.address, lambda: self._write(name, content, replace=True))

    def write_first(self, name: str, content: bytes) -> bool:
        """Write a small file that others may write now too; False where it is there already."""
        try:
            with self._there():
                asked(self.address, lambda: self._write(name, content, replace=False))
        except FileExistsError:
            return False
        return True

    def remove(self, names: Sequence[str]) -> None:
        """Remove files; those that aren't there are no error."""
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]

            def gone(some: Sequence[str] = some) -> None:
                filesystem, _ = self._at("")
                paths = [self._at(name)[1] for name in some]
                try:
                    filesystem.rm(paths)
                except FileNotFoundError:
                    for path in paths:
                        with suppress(FileNotFoundError):
                            filesystem.rm_file(path)

            asked(self.address, gone)

    def send(self, path: Path, artifact: str, expected: str) -> None:
        """Upload a file of an artifact, whose SHA-256 this is."""
        size = path.stat().st_size

        def sent() -> None:
            filesystem, there = self._at(f"{artifact}/{expected}")
            self._below(there, lambda: filesystem.put_file(str(path), there))
            filesystem.invalidate_cache()
            arrived = filesystem.size(there)
            if arrived != size:
                raise OSError(f"{arrived} of {size} bytes arrived")

        with self._there():
            asked(self.address, sent)

    def fetch(self, path: Path, artifact: str, expected: str, disk: Path) -> str | None:
        """Download a file of an artifact, whose SHA-256 is expected to be this; say what is wrong with it, or None.

        `disk` is the folder to name where this disk is full.

        Raises:
            StoreError: what comes is not what is there, however often it is asked for.
        """
        filesystem, there = self._at(f"{artifact}/{expected}")
        path.parent.mkdir(parents=True, exist_ok=True)

        def fetched() -> None:
            with disk_errors(disk):
                filesystem.get_file(there, str(path))

        size = 0
        for _ in range(LOOKS):
            try:
                asked(self.address, fetched)
                if file_digest(path) == expected:
                    return None
                filesystem.invalidate_cache()
                size = asked(self.address, lambda: filesystem.size(there))
            except FileNotFoundError:
                return "is missing"
        if path.stat().st_size == size:
            return "is damaged"
        raise StoreError(f"{self.address}: its answers are cut short; check the network, and try again")

    def problem(self, artifact: str, file: str, expected: str) -> str | None:
        """What is wrong with a file of an artifact, whose SHA-256 is expected to be this; or None."""
        with scratch() as folder:
            return self.fetch(folder / "file", artifact, expected, folder)

    def _at(self, name: str) -> tuple[Any, str]:
        """The file system, and a file's path in it."""
        filesystem, root = filesystem_at(self.url)
        return filesystem, f"{root.rstrip('/')}/{name}" if name else root

    def _read(self, name: str) -> bytes:
        filesystem, path = self._at(name)
        try:
            content: bytes = filesystem.cat_file(path, start=0)  # S3's package asks for the size first, without a start
        except OSError as error:
            if error.errno != errno.EINVAL:  # as of an empty file, which has no such range
                raise
            content = filesystem.cat_file(path)
        return content

    def _write(self, name: str, content: bytes, replace: bool) -> None:
        filesystem, path = self._at(name)
        if replace:
            self._below(path, lambda: filesystem.pipe_file(path, content))
            return
        try:
            self._below(path, lambda: filesystem.pipe_file(path, content, mode="create"))
        except (NotImplementedError, TypeError, ValueError):  # a package that can't write on a condition
            filesystem.invalidate_cache()
            if filesystem.exists(path):
                raise FileExistsError(path) from None
            filesystem.pipe_file(path, content)

    def _below(self, path: str, action: Callable[[], T]) -> T:
        """Write to a path; where there are real folders, in one that is made for it. A bucket is never made."""
        try:
            return action()
        except FileNotFoundError:
            filesystem, root = self._at("")
            if not filesystem.isdir(root):
                raise
            filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
            return action()

    @contextmanager
    def _there(self) -> Iterator[None]:
        """Where nothing can be written since there is no such bucket or folder, this is one line."""
        try:
            yield
        except FileNotFoundError as error:
            raise StoreError(f"{self.address}: is not there; make that bucket or folder, or give another") from error


def filesystem_at(url: str) -> tuple[Any, str]:
    """The file system for an address, and the path there.

    fsspec keeps one for each process and thread. Those that work in a thread of their own are shared by all threads:
    that for S3 takes a second to make.
    """
    from fsspec.core import url_to_fs

    here = url, os.getpid()
    if here not in shared:
        found: tuple[Any, str] = url_to_fs(url, **options(url))
        if not found[0].async_impl:
            return found
        shared[here] = found
    return shared[here]


def options(url: str) -> dict[str, Any]:
    """How a package is asked, unless the user's configuration of fsspec says that."""
    from fsspec.config import conf

    protocol = url.partition("://")[0]
    return {name: value for name, value in OPTIONS.get(protocol, {}).items() if name not in conf.get(protocol, {})}


def _written_s(info: Mapping[str, Any]) -> float:
    """When a file was written, in seconds since 1970; 0 where its package does not say."""
    value = next((info[name] for name in WRITTEN if info.get(name) is not None), 0.0)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return 0.0
    return value.timestamp() if isinstance(value, datetime) else float(value)
