"""Content-addressed artifacts: a folder a key, written whole or not at all, locked while made, checked when read."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock
from pydantic import BaseModel

from harness.base.crash import unfinished
from harness.base.errors import StoreError

MANIFEST = "manifest.json"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
DISK_ERRORS = {*FULL, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True)
class Artifact:
    """A finished folder in the store; `key` is the SHA-256 of what it was made from."""

    key: str
    folder: Path

    def path(self, name: str) -> Path:
        """One of its files."""
        return self.folder / name

    def record(self, name: str, kind: type[R]) -> R:
        """Read one of the artifact's JSON files."""
        return kind.model_validate_json(self.path(name).read_bytes())


@dataclass(frozen=True)
class Store:
    """Finished stages under `root`, found again by what they were made from.

    `notice` is told, in one line, when a damaged artifact is thrown away.
    """

    root: Path
    notice: Callable[[str], None] = lambda line: None

    def find(self, stage: str, inputs: Mapping[str, Any]) -> Artifact | None:
        """The artifact made from these inputs, or None where it is missing or damaged."""
        artifact = self._artifact(stage, inputs)
        if not artifact.folder.exists():
            return None
        damage = _damage(artifact.folder)
        if damage is None:
            return artifact
        self.notice(f"{artifact.folder}: {damage}; made again")
        return None

    def get(self, stage: str, inputs: Mapping[str, Any], make: Callable[[Path], None]) -> Artifact:
        """The artifact made from these inputs; `make(folder)` fills an empty folder where it isn't there yet.

        Args:
            stage: what kind of artifact, such as `train`.
            inputs: JSON values that determine the artifact; equal inputs give the same artifact.
            make: writes the artifact's files. Another process that wants the same artifact waits.

        Raises:
            StoreError: the disk is full or the store can't be written.
        """
        artifact = self._artifact(stage, inputs)
        with disk_errors(self.root), self._lock(artifact):
            found = self.find(stage, inputs)
            if found is not None:
                return found
            with unfinished(artifact.folder.with_suffix(".unfinished")) as folder:
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                make(folder)
                files = {path.relative_to(folder).as_posix(): file_digest(path) for path in _files(folder)}
                manifest = {"stage": stage, "inputs": inputs, "files": files}
                (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))
                shutil.rmtree(artifact.folder, ignore_errors=True)
                folder.rename(artifact.folder)
        return artifact

    def _artifact(self, stage: str, inputs: Mapping[str, Any]) -> Artifact:
        key = digest({"stage": stage, "inputs": inputs})
        return Artifact(key, self.root / stage / key[:24])

    @contextmanager
    def _lock(self, artifact: Artifact) -> Iterator[None]:
        path = artifact.folder.with_suffix(".lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path):
            yield


def digest(value: Any) -> str:
    """SHA-256 of a JSON value, the same whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, allow_nan=False).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into one line that says what to do. Where it is full, that line names `folder`."""
    try:
        yield
    except Exception as error:
        full = _full_disk(error)
        if full is not None:
            reason = os.strerror(full).lower()
            raise StoreError(f"{folder}: {reason}; free some space, or give a folder on another disk") from error
        if not isinstance(error, OSError) or error.errno not in DISK_ERRORS:
            raise
        name = error.filename or folder
        raise StoreError(
            f"{name}: {(error.strerror or str(error)).lower()}; give a folder that can be written"
        ) from error


def _full_disk(error: BaseException) -> int | None:
    """The number of a full disk's error that an error is, or was made of by a package between; or None."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in FULL:
            return cause.errno
        if os.strerror(errno.ENOSPC) in str(cause):
            return errno.ENOSPC
        cause = cause.__cause__ or cause.__context__
    return None


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, which takes `folder`'s place when the block ends without an error.

    Raises:
        StoreError: the disk is full or can't be written, or `folder` is a file.
    """
    new, old = (folder.with_name(f".{folder.name}.{state}") for state in ("unfinished", "old"))
    with disk_errors(folder), unfinished(new), unfinished(old):
        for leftover in (new, old):
            shutil.rmtree(leftover, ignore_errors=True)
        new.mkdir(parents=True)
        yield new
        if folder.exists():
            folder.rename(old)
        new.rename(folder)


def _damage(folder: Path) -> str | None:
    """What is wrong with an artifact's files, or None."""
    try:
        files = json.loads((folder / MANIFEST).read_text())["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return "its manifest is missing or damaged"
    for name, expected in files.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if file_digest(path) != expected:
            return f"{name} is damaged"
    return None


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
