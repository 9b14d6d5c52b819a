"""Content-addressed artifacts: a folder a key, written whole or not at all, locked while made, checked when read."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from harness.base.crash import unfinished
from harness.base.errors import StoreError
from harness.base.store.artifact import Artifact, damage, put_in_place, write_manifest
from harness.base.store.behind import Behind
from harness.base.store.disk import check_writable, disk_errors
from harness.base.store.making import maker_of, said_to_be_making
from harness.base.store.place import Folder, Place
from harness.base.store.studies import References

TOLD_AFTER_S = 5.0


def unheard(line: str) -> None:
    """A notice that nobody reads."""


@dataclass(frozen=True)
class Store:
    """Finished stages under `root`, found again by what they were made from.

    `notice` is told, in one line, when a damaged artifact is thrown away. `behind` is a distant store, of which `root`
    is then a cache. `references` keep what the study that runs refers to. `waiting` is told, once a wait, in one
    line, when what is wanted is not there after some seconds since another process makes it.
    """

    root: Path
    notice: Callable[[str], None] = unheard
    behind: Behind | None = None
    references: References | None = None
    waiting: Callable[[str], None] = unheard

    @property
    def place(self) -> Place:
        """Where the artifacts are for good."""
        return Folder(self.root) if self.behind is None else self.behind.place

    def check(self) -> None:
        """Fail soon where the store can't be reached or written.

        Raises:
            StoreError: it can't.
        """
        self.place.check()
        if self.behind is not None:
            check_writable(self.root, inside=True)

    def referred_by(self, study: str, spec: Mapping[str, Any]) -> Store:
        """The same store, where what is used from now on is referred to by a study; `spec` is all that it says."""
        with disk_errors(self.root):
            return replace(self, references=References.of(self.place, study, spec))

    def find(self, stage: str, inputs: Mapping[str, Any]) -> Artifact | None:
        """The artifact made from these inputs, or None where it is missing or damaged."""
        return self._found(Artifact.of(self.root, stage, inputs))

    def bring(self, artifact: Artifact) -> Artifact:
        """An artifact that another machine has from the same store, as it is here.

        Raises:
            StoreError: it isn't there, or the store does not answer.
        """
        found = self._found(Artifact(artifact.key, self.root / artifact.name))
        if found is None:
            raise StoreError(
                f"{self.place.address}: has no {artifact.name} on this machine; give every machine the same store, "
                "such as s3://BUCKET/FOLDER"
            )
        return found

    def _found(self, artifact: Artifact) -> Artifact | None:
        with disk_errors(self.root):
            if self.behind is None:
                there = self._is_whole(artifact)
            else:
                with self._lock(artifact):
                    there = self.behind.bring(artifact, self.notice)
            if there:
                self._refer(artifact)
        return artifact if there else None

    def get(self, stage: str, inputs: Mapping[str, Any], make: Callable[[Path], None]) -> Artifact:
        """The artifact made from these inputs; `make(folder)` fills an empty folder where it isn't there yet.

        Args:
            stage: what kind of artifact, such as `train`.
            inputs: JSON values that determine the artifact; equal inputs give the same artifact.
            make: writes the artifact's files. Another process on this machine that wants the same artifact waits.

        Raises:
            StoreError: the disk is full, or the store can't be written or does not answer.
        """
        artifact = Artifact.of(self.root, stage, inputs)
        with disk_errors(self.root), self._lock(artifact):
            if not self._is_there(artifact):
                if self.behind is not None:
                    self.behind.begin(artifact)
                self._make(artifact, stage, inputs, make)
                if self.behind is not None:
                    self.behind.keep(artifact)
            self._refer(artifact)
        return artifact

    def _refer(self, artifact: Artifact) -> None:
        if self.references is not None:
            self.references.note(artifact.name)

    def _is_there(self, artifact: Artifact) -> bool:
        return self._is_whole(artifact) if self.behind is None else self.behind.bring(artifact, self.notice)

    def _is_whole(self, artifact: Artifact) -> bool:
        if not artifact.folder.exists():
            return False
        problem = damage(artifact.folder)
        if problem is not None:
            self.notice(f"{artifact.folder}: {problem}; made again")
        return problem is None

    def _make(self, artifact: Artifact, stage: str, inputs: Mapping[str, Any], make: Callable[[Path], None]) -> None:
        study = "" if self.references is None else self.references.study
        with said_to_be_making(artifact, study), unfinished(artifact.folder.with_suffix(".unfinished")) as folder:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            make(folder)
            write_manifest(folder, stage, inputs)
            put_in_place(folder, artifact)

    @contextmanager
    def _lock(self, artifact: Artifact) -> Iterator[None]:
        path = artifact.folder.with_suffix(".lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=TOLD_AFTER_S)
        except Timeout:
            self.waiting(f"waits for {artifact.name}, which {maker_of(artifact)}")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()
