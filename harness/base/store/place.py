"""Where a store's files are: a folder here, or whatever `remote.py` reaches. Names are relative, with `/`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from harness.base.errors import StoreError
from harness.base.store.artifact import file_digest
from harness.base.store.disk import check_writable, disk_errors


@dataclass(frozen=True)
class Entry:
    """A file of a store: its name, its size, and when it was written, in seconds since 1970."""

    name: str
    size_bytes: int
    written_s: float


class Place(Protocol):
    """Files by name. Every method raises StoreError where the place can't be read or written."""

    @property
    def address(self) -> str:
        """As messages name it."""
        ...

    def answer(self) -> None:
        """Fail soon where it can't be read."""

    def check(self) -> None:
        """Fail soon where it can't be written."""

    def entries(self, below: str = "") -> Iterator[Entry]:
        """The files below a folder, in any order."""
        ...

    def read(self, name: str) -> bytes | None:
        """A small file's bytes; None where it isn't there."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Write a small file, whole or not at all, instead of the one that is there."""

    def remove(self, names: Sequence[str]) -> None:
        """Remove files, in this order; those that aren't there are no error."""

    def problem(self, artifact: str, file: str, expected: str) -> str | None:
        """What is wrong with a file of an artifact, whose SHA-256 is expected to be this; or None."""
        ...


@dataclass(frozen=True)
class Folder:
    """A store on this disk."""

    root: Path

    @property
    def address(self) -> str:
        """The folder, as it was given."""
        return str(self.root)

    def answer(self) -> None:
        """Fail soon where there is no such folder."""
        if not self.root.is_dir():
            raise StoreError(f"{self.root}: no such folder; give the one where `harness run` keeps finished stages")

    def check(self) -> None:
        """Fail soon where it can't be made or written."""
        check_writable(self.root, inside=True)

    def entries(self, below: str = "") -> Iterator[Entry]:
        """The files below a folder, in any order; what others remove meanwhile is left out."""
        for folder, _, names in os.walk(self.root / below, onerror=self._unread):
            for name in names:
                path = Path(folder, name)
                try:
                    found = path.stat()
                except FileNotFoundError:
                    continue
                yield Entry(path.relative_to(self.root).as_posix(), found.st_size, found.st_mtime)

    def _unread(self, error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise StoreError(
                f"{self.root}: can't be read ({(error.strerror or str(error)).lower()}); give another store"
            )

    def read(self, name: str) -> bytes | None:
        """A small file's bytes; None where it isn't there."""
        with disk_errors(self.root):
            try:
                return (self.root / name).read_bytes()
            except FileNotFoundError:
                return None

    def write(self, name: str, content: bytes) -> None:
        """Write a small file, whole or not at all, instead of the one that is there."""
        path = self.root / name
        made = path.with_name(f".{path.name}.{os.getpid()}")
        with disk_errors(self.root):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                made.write_bytes(content)
                made.replace(path)
            finally:
                made.unlink(missing_ok=True)

    def remove(self, names: Sequence[str]) -> None:
        """Remove files, in this order, and the folders that are empty without them, but for those of stages."""
        with disk_errors(self.root):
            for name in names:
                (self.root / name).unlink(missing_ok=True)
            folders = {parent for name in names for parent in PurePosixPath(name).parents if len(parent.parts) > 1}
            for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
                try:
                    (self.root / folder).rmdir()
                except OSError:  # it isn't empty, or gone already
                    continue

    def problem(self, artifact: str, file: str, expected: str) -> str | None:
        """What is wrong with a file of an artifact, whose SHA-256 is expected to be this; or None."""
        path = self.root / artifact / file
        if not path.is_file():
            return "is missing"
        return None if file_digest(path) == expected else "is damaged"
