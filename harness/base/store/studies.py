"""What studies refer to: a folder for each version of a study, with an empty file for each artifact that it used.

A file for each, so that any number of runs can write them at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.base.store.artifact import digest
from harness.base.store.place import Entry, Place

STUDIES = ".studies"
SPEC = "study.json"
VERSION_LETTERS = 8


@dataclass(frozen=True)
class References:
    """What one version of a study refers to, in the place where its artifacts are."""

    place: Place
    folder: str
    known: set[str] = field(default_factory=set, compare=False)

    @classmethod
    def of(cls, place: Place, study: str, spec: Mapping[str, Any]) -> References:
        """Those of a study that runs now; its version is the digest of all that it says."""
        folder = f"{STUDIES}/{study}@{digest(spec)[:VERSION_LETTERS]}"
        known = {name for entry in place.entries(folder) if (name := _artifact(entry.name)) is not None}
        place.write(f"{folder}/{SPEC}", json.dumps(spec, indent=1).encode())
        return cls(place, folder, known)

    @property
    def study(self) -> str:
        """Its name."""
        return self.folder.removeprefix(f"{STUDIES}/").rpartition("@")[0]

    def note(self, artifact: str) -> None:
        """It refers to an artifact, by its name."""
        if artifact not in self.known:
            self.place.write(f"{self.folder}/{artifact.replace('/', '.')}", b"")
            self.known.add(artifact)


@dataclass
class Referred:
    """A version of a study as it is found in a store: the artifacts that it refers to, and when it was last run.

    `files` are those that say so.
    """

    study: str
    version: str
    run_s: float = 0.0
    artifacts: set[str] = field(default_factory=set)
    files: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """As it is asked for: `default@3fa2c1d0`."""
        return f"{self.study}@{self.version}"


def referred(entries: Iterator[Entry]) -> list[Referred]:
    """Every version of every study among a store's files, the latest run first."""
    found: dict[str, Referred] = {}
    for entry in entries:
        folder, _, file = entry.name.removeprefix(f"{STUDIES}/").partition("/")
        study, at, version = folder.partition("@")
        if not (at and file):
            continue
        each = found.setdefault(folder, Referred(study, version))
        each.files.append(entry.name)
        if file == SPEC:
            each.run_s = entry.written_s
        elif (artifact := _artifact(entry.name)) is not None:
            each.artifacts.add(artifact)
    return sorted(found.values(), key=lambda each: (-each.run_s, each.name))


def _artifact(file: str) -> str | None:
    """The name of the artifact that a file refers to."""
    stage, dot, key = file.rpartition("/")[2].rpartition(".")
    return f"{stage}/{key}" if dot and file.rpartition("/")[2] != SPEC else None
