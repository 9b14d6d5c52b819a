"""Artifacts of distant stores, kept on this disk: the least recently used go when they are more than a limit.

What a process that lives was given stays, whatever the limit: it may read it at any moment. So does what is only here,
since the store did not take it yet.
"""

from __future__ import annotations

import os
import shutil
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from harness.base.store.alive import is_alive
from harness.base.store.artifact import MANIFEST, Artifact

LEASES = ".leases"
LOW = 0.9  # of the limit: as far as it is emptied when it is full, so that it isn't full again at once
QUIET_S = 7 * 86400.0  # of a process on another machine that shares this folder, until what it was given may go


@dataclass(frozen=True)
class _Cached:
    used_s: float
    size_bytes: int
    folder: Path


def unsent(folder: Path) -> Path:
    """The file beside an artifact's folder that says that it is only here."""
    return folder.with_suffix(".unsent")


class Cache:
    """A folder of artifacts, of at most so many bytes beside what living processes use.

    `notice` is told, in one line, where what is used alone is more.
    """

    def __init__(self, folder: Path, most_bytes: int, notice: Callable[[str], None]) -> None:
        self.folder, self.most_bytes, self.notice = folder, most_bytes, notice
        self._forget()

    def _forget(self) -> None:
        self._process = os.getpid()
        self._lease: Path | None = None
        self._leased: set[str] = set()
        self._room_bytes = -1  # not known yet
        self._told = False

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "most_bytes": self.most_bytes, "notice": self.notice}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    def lease(self, artifact: Artifact) -> None:
        """Give an artifact to this process, which holds its lock: it stays for as long as the process lives."""
        if self._process != os.getpid():
            self._forget()
        name = artifact.folder.relative_to(self.folder).as_posix()
        if name not in self._leased:
            with self._lease_file().open("a") as file:
                file.write(f"{name}\n")
            self._leased.add(name)
        if (artifact.folder / MANIFEST).exists():
            os.utime(artifact.folder / MANIFEST)

    def _lease_file(self) -> Path:
        if self._lease is None:
            name = f"{socket.gethostname()}@{os.getpid()}@{uuid.uuid4().hex[:8]}"
            self._in_use()  # which removes those of the dead
            self._lease = self.folder / LEASES / name
            self._lease.parent.mkdir(parents=True, exist_ok=True)
        return self._lease

    def tidy(self, added_bytes: int) -> None:
        """So much has come: remove the least recently used where that is more than the limit."""
        self._room_bytes -= added_bytes
        if self._room_bytes >= 0:
            return
        cached = sorted(self._cached(), key=lambda each: each.used_s)
        total = sum(each.size_bytes for each in cached)
        if total > self.most_bytes:
            for each in cached:
                if total <= LOW * self.most_bytes:
                    break
                if self._remove(each.folder):
                    total -= each.size_bytes
        self._room_bytes = max(self.most_bytes - total, int((1 - LOW) * self.most_bytes))
        if total > self.most_bytes and not self._told:
            self._told = True
            self.notice(
                f"{self.folder}: {total / 1e9:.3g} GB, of at most {self.most_bytes / 1e9:.3g}: all of it is in use"
            )

    def _cached(self) -> Iterator[_Cached]:
        for manifest in self.folder.glob(f"*/*/*/{MANIFEST}"):
            try:
                size = sum(path.stat().st_size for path in manifest.parent.rglob("*"))
                yield _Cached(manifest.stat().st_mtime, size, manifest.parent)
            except FileNotFoundError:  # another process has just removed it
                continue

    def _remove(self, folder: Path) -> bool:
        """Remove an artifact that nobody makes or uses now."""
        name = folder.relative_to(self.folder).as_posix()
        if name in self._leased:
            return False
        try:
            with FileLock(folder.with_suffix(".lock"), timeout=0):
                if unsent(folder).exists() or name in self._in_use():
                    return False
                (folder / MANIFEST).unlink(missing_ok=True)
                shutil.rmtree(folder, ignore_errors=True)
                return True
        except Timeout:
            return False

    def _in_use(self) -> set[str]:
        """What living processes were given; the leases of dead ones are removed."""
        found: set[str] = set()
        for lease in (self.folder / LEASES).glob("*@*@*"):
            host, pid, _ = lease.name.rsplit("@", 2)
            try:
                if is_alive(host, int(pid), time.time() - lease.stat().st_mtime, QUIET_S):
                    found.update(lease.read_text().splitlines())
                else:
                    lease.unlink(missing_ok=True)
            except FileNotFoundError:
                continue
        return found
