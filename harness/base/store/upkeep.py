"""The upkeep of a store: what is in it, whether that is whole, and what nobody needs."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from harness.base.errors import SpecError, StoreError
from harness.base.progress import Progress
from harness.base.store.alive import RUNS, User, users
from harness.base.store.artifact import MANIFEST, NAME_LETTERS, files_in
from harness.base.store.place import Entry, Place
from harness.base.store.studies import STUDIES, Referred, referred

NAME = re.compile(rf"[^./][^/]*/[0-9a-f]{{{NAME_LETTERS}}}")
LEFTOVER_S = 3600.0  # what isn't whole and is younger may be on its way up
EARLIER = "earlier"
AT_ONCE = 250  # artifacts removed by one request or two


@dataclass
class Kept:
    """An artifact as it is found in a store, by its name: its files, and when the last of them was written."""

    name: str
    files: list[str] = field(default_factory=list)
    size_bytes: int = 0
    written_s: float = 0.0

    @property
    def stage(self) -> str:
        """What kind of artifact."""
        return self.name.partition("/")[0]

    @property
    def manifest(self) -> str:
        """The file that comes last, and without which it is none."""
        return f"{self.name}/{MANIFEST}"

    @property
    def is_whole(self) -> bool:
        """Whether it was finished."""
        return self.manifest in self.files

    def add(self, entry: Entry) -> None:
        """Another of its files."""
        self.files.append(entry.name)
        self.size_bytes += entry.size_bytes
        self.written_s = max(self.written_s, entry.written_s)


@dataclass(frozen=True)
class Contents:
    """All that is in a store: its artifacts by their names, what was left unfinished, and what studies refer to."""

    address: str
    artifacts: dict[str, Kept]
    leftovers: tuple[Kept, ...]
    studies: tuple[Referred, ...]
    users: tuple[User, ...]

    @cached_property
    def needed(self) -> Counter[str]:
        """How many versions of studies refer to each artifact."""
        return Counter(name for each in self.studies for name in each.artifacts)

    @property
    def unreferenced(self) -> list[Kept]:
        """The artifacts that no study refers to."""
        return [kept for name, kept in self.artifacts.items() if name not in self.needed]

    def of(self, study: Referred) -> list[Kept]:
        """The artifacts that a study refers to, as far as they are there."""
        return [self.artifacts[name] for name in study.artifacts if name in self.artifacts]

    def alone_of(self, study: Referred) -> list[Kept]:
        """Those of them that no other study, and no other version of it, refers to."""
        return [kept for kept in self.of(study) if self.needed[kept.name] == 1]


def contents(place: Place) -> Contents:
    """Look through a store. Files that are no artifact's are not touched by anything here.

    Raises:
        StoreError: it can't be read.
    """
    artifacts: dict[str, Kept] = {}
    leftovers: dict[str, Kept] = {}
    own: list[Entry] = []
    for entry in place.entries():
        first, _, rest = entry.name.partition("/")
        name = f"{first}/{rest.partition('/')[0]}"
        if first == STUDIES:
            own.append(entry)
        elif NAME.fullmatch(name) and rest.count("/"):
            artifacts.setdefault(name, Kept(name)).add(entry)
        elif ".unfinished" in name and NAME.fullmatch(name.partition(".unfinished")[0]):
            leftovers.setdefault(name, Kept(name)).add(entry)
    unfinished = [artifacts.pop(name) for name, kept in list(artifacts.items()) if not kept.is_whole]
    return Contents(
        address=place.address,
        artifacts=artifacts,
        leftovers=(*leftovers.values(), *unfinished),
        studies=tuple(referred(iter(own))),
        users=tuple(users(place)),
    )


def verify(place: Place, found: Contents, progress: Progress) -> list[str]:
    """Read every artifact, and say in a line each which are damaged.

    Raises:
        StoreError: the store does not answer.
    """
    with progress.task(f"verify {found.address}", total=len(found.artifacts)) as task:
        damaged = []
        for name, kept in sorted(found.artifacts.items()):
            problem = _problem(place, kept)
            if problem is not None:
                damaged.append(f"{name}: {problem}")
            task.advance()
    return damaged


def _problem(place: Place, kept: Kept) -> str | None:
    try:
        files = files_in(place.read(kept.manifest) or b"")
    except ValueError:
        return "its manifest is damaged"
    problems = ((name, place.problem(kept.name, name, expected)) for name, expected in files.items())
    return next((f"{name} {problem}" for name, problem in problems if problem is not None), None)


def without(found: Contents, forgotten: Iterable[str]) -> tuple[Contents, list[Referred]]:
    """The contents as they would be if studies were forgotten, and these: `NAME`, `NAME@VERSION` or `NAME@earlier`.

    Raises:
        SpecError: there is no such study.
    """
    gone = [each for name in forgotten for each in _named(found, name)]
    left = tuple(each for each in found.studies if each not in gone)
    return Contents(found.address, found.artifacts, found.leftovers, left, found.users), gone


def _named(found: Contents, name: str) -> Sequence[Referred]:
    study, _, version = name.partition("@")
    of_study = [each for each in found.studies if each.study == study]
    if not of_study:
        known = ", ".join(sorted({each.study for each in found.studies})) or "none"
        raise SpecError(f"{found.address}: no study '{study}' refers to anything here; those that do: {known}")
    if version == EARLIER:
        return of_study[1:]
    chosen = [each for each in of_study if version in ("", each.version)]
    if not chosen:
        known = ", ".join(each.version for each in of_study)
        raise SpecError(f"{found.address}: study '{study}' has no version '{version}' here; use {known} or {EARLIER}")
    return chosen


def removable(found: Contents, now_s: float | None = None) -> list[Kept]:
    """What no study refers to, and what was left unfinished long enough ago."""
    now = time.time() if now_s is None else now_s
    return [*found.unreferenced, *(each for each in found.leftovers if now - each.written_s > LEFTOVER_S)]


def remove(place: Place, found: Contents, gone: Sequence[Referred], kept: Sequence[Kept], progress: Progress) -> None:
    """Forget studies and remove artifacts: manifests first, so that none is ever there by half.

    Raises:
        StoreError: a run uses the store, or no study says what it needs, or it can't be written.
    """
    if found.users:
        told = " and ".join(f"study {each.study} (process {each.pid} on {each.host})" for each in found.users)
        raise StoreError(f"{found.address}: is used by {told}, so nothing is removed; wait until that ends")
    if kept and not found.studies:
        raise StoreError(
            f"{found.address}: no study has said yet what it refers to; run those that you need first (what is there "
            "is not made again), or delete the whole store"
        )
    with progress.task(f"remove from {found.address}", total=len(kept)) as task:
        place.remove([file for each in gone for file in each.files])
        for start in range(0, len(kept), AT_ONCE):
            some = kept[start : start + AT_ONCE]
            place.remove([each.manifest for each in some if each.is_whole])
            rest = [file for each in some for file in each.files if file != each.manifest]
            place.remove(rest + [_lock(each) for each in some])
            task.advance(len(some))
        place.remove([entry.name for entry in place.entries(RUNS)])  # of runs that died


def _lock(kept: Kept) -> str:
    return f"{kept.name.removesuffix('.unfinished')}.lock"
