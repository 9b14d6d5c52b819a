"""A distant store behind a folder here: what is fetched from it, and what goes up.

The distant manifest decides. What is here counts where it is the same; what only is here, since the store did not
answer when it was made, goes up.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.base.crash import unfinished
from harness.base.store.artifact import MANIFEST, Artifact, damage, files_in, put_in_place
from harness.base.store.cache import Cache, unsent
from harness.base.store.remote import Remote


@dataclass(frozen=True)
class Behind:
    """The distant store that holds the artifacts, and the cache in front of it."""

    place: Remote
    cache: Cache

    def begin(self, artifact: Artifact) -> None:
        """The artifact is made here now: until it is in the store, it stays in the cache."""
        unsent(artifact.folder).touch()

    def bring(self, artifact: Artifact, notice: Callable[[str], None]) -> bool:
        """Whether the artifact's folder is here now, as the store has it; the caller holds the artifact's lock.

        Raises:
            StoreError: the store does not answer.
        """
        self.cache.lease(artifact)
        here = damage(artifact.folder) is None
        manifest = self.place.read(_manifest(artifact))
        if manifest is None:
            if here:
                self.keep(artifact)
            return here
        problem = self._same(artifact, manifest, here)
        if problem is None:
            unsent(artifact.folder).unlink(missing_ok=True)
            return True
        name = f"{self.place.address}/{artifact.name}: {problem}"
        self.place.remove([_manifest(artifact)])
        if here:
            notice(f"{name}; put right from {artifact.folder}")
            self.keep(artifact)
        else:
            notice(f"{name}; made again")
        return here

    def _same(self, artifact: Artifact, manifest: bytes, here: bool) -> str | None:
        """Make the folder here that which the store has; what is wrong with the store's, or None."""
        try:
            files = files_in(manifest)
        except ValueError:
            return "its manifest is damaged"
        if here and files_in(artifact.path(MANIFEST).read_bytes()) == files:
            return None
        return self._fetch(artifact, manifest, files)

    def _fetch(self, artifact: Artifact, manifest: bytes, files: Mapping[str, str]) -> str | None:
        with unfinished(artifact.folder.with_suffix(".unfinished")) as folder:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for name, expected in files.items():
                problem = self.place.fetch(folder / name, artifact.name, expected, artifact.root)
                if problem is not None:
                    return f"{name} {problem}"
            (folder / MANIFEST).write_bytes(manifest)
            put_in_place(folder, artifact)
        self.cache.tidy(_size_bytes(artifact.folder))
        return None

    def keep(self, artifact: Artifact) -> None:
        """Put a finished artifact into the store. Where another was there first, that one stays, and is fetched.

        Raises:
            StoreError: the store does not take it; it is kept here, and goes up when it is asked for again.
        """
        self.cache.lease(artifact)
        ours = artifact.path(MANIFEST).read_bytes()
        for name, expected in files_in(ours).items():
            self.place.send(artifact.path(name), artifact.name, expected)
        if not self.place.write_first(_manifest(artifact), ours):
            theirs = self.place.read(_manifest(artifact))
            if theirs is None or self._same(artifact, theirs, here=True) is not None:
                self.place.write(_manifest(artifact), ours)
        unsent(artifact.folder).unlink(missing_ok=True)
        self.cache.tidy(_size_bytes(artifact.folder))


def _manifest(artifact: Artifact) -> str:
    return f"{artifact.name}/{MANIFEST}"


def _size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*"))
