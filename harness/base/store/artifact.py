"""An artifact: a finished folder, what its manifest says of its files, and whether that is true."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from pydantic import BaseModel

MANIFEST = "manifest.json"
NAME_LETTERS = 24  # of a key, in the artifact's name
SHA256 = re.compile(r"[0-9a-f]{64}")
R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True)
class Artifact:
    """A finished folder in the store; `key` is the SHA-256 of what it was made from."""

    key: str
    folder: Path

    @classmethod
    def of(cls, root: Path, stage: str, inputs: Mapping[str, Any]) -> Artifact:
        """The artifact that these inputs make, below `root`, whether it is there or not."""
        key = digest({"stage": stage, "inputs": inputs})
        return cls(key, root / stage / key[:NAME_LETTERS])

    @property
    def name(self) -> str:
        """Where it is in any store: `train/0f3c...`."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def root(self) -> Path:
        """The folder of the store, or of its cache."""
        return self.folder.parents[1]

    def path(self, name: str) -> Path:
        """One of its files."""
        return self.folder / name

    def record(self, name: str, kind: type[R]) -> R:
        """Read one of the artifact's JSON files."""
        return kind.model_validate_json(self.path(name).read_bytes())


def digest(value: Any) -> str:
    """SHA-256 of a JSON value, the same whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, allow_nan=False).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path, stage: str, inputs: Mapping[str, Any]) -> None:
    """Write what the folder was made from, and the SHA-256 of each of its files."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): file_digest(path) for path in paths}
    manifest = {"stage": stage, "inputs": inputs, "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))


def files_in(manifest: bytes) -> dict[str, str]:
    """Each file that a manifest names, with its SHA-256.

    Raises:
        ValueError: it is no manifest, or names a file outside its folder.
    """
    try:
        files = dict(json.loads(manifest)["files"])
        good = all(SHA256.fullmatch(expected) and _is_below(name) for name, expected in files.items())
    except (KeyError, TypeError) as error:
        raise ValueError("no manifest") from error
    if not good:
        raise ValueError("a manifest with files that can't be")
    return files


def _is_below(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\\" not in name


def damage(folder: Path) -> str | None:
    """What is wrong with an artifact's files, or None."""
    try:
        files = files_in((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return "its manifest is missing or damaged"
    for name, expected in files.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if file_digest(path) != expected:
            return f"{name} is damaged"
    return None


def put_in_place(folder: Path, artifact: Artifact) -> None:
    """A finished folder becomes the artifact, instead of what was there."""
    shutil.rmtree(artifact.folder, ignore_errors=True)
    folder.rename(artifact.folder)
