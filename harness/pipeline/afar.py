"""A study on machines that share nothing with this one but the store: its data and files are there, too."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.base.progress import Progress
from harness.base.store import Artifact, Folder, Store, digest, file_digest, open_store
from harness.pipeline.engine.engine import Job
from harness.pipeline.made_by import made_by
from harness.pipeline.shared import share, shared
from harness.pipeline.site import StudySite
from harness.spec import Case

NAME_LETTERS = 12


@dataclass(frozen=True)
class Afar:
    """A study's site as another machine opens it: in its own cache of the store, where it finds what was `carried`."""

    site: StudySite
    carried: Artifact

    @property
    def on_gpu(self) -> frozenset[str]:
        """The jobs that compute on a GPU, where there is one."""
        return self.site.on_gpu

    def open(self, progress: Progress) -> Callable[[Job], Any]:
        """What does a job of the study in this process, with the artifacts and files of this machine."""
        store = _reopened(self.site.store)
        data = store.bring(self.carried).folder
        cases = {case.name: _moved(case, data) for case in self.site.cases}
        do = replace(self.site, store=store, data=data, cases=tuple(cases.values())).open(progress)

        def here(argument: Any) -> Any:
            if isinstance(argument, Artifact):
                return store.bring(argument)
            return cases[argument.name] if isinstance(argument, Case) else argument

        return lambda job: do(replace(job, arguments=tuple(map(here, job.arguments))))


def afar(site: StudySite) -> Afar:
    """The site for other machines: what it is made of goes into the store.

    Raises:
        StoreError: the store is full, or can't be reached or written.
    """
    site = replace(site, store=_absolute(site.store))
    loaded = shared(site.data)
    files = {_place(case): case.file for case in site.cases if case.file is not None and case.file.is_file()}

    def make(folder: Path) -> None:
        share(loaded, folder)
        for place, file in files.items():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / place)

    inputs = {
        "datasets": sorted([digest(spec.model_dump(mode="json")), each.digest] for spec, each in loaded.items()),
        "networks": {str(place): file_digest(file) for place, file in files.items()},
        **made_by("carried"),
    }
    return Afar(site, site.store.get("carried", inputs, make))


def _place(case: Case) -> Path:
    """Where a network's file is among what is carried; its name stays, since the case is called after it."""
    return Path("networks", digest(case.model)[:NAME_LETTERS], Path(case.model).name)


def _moved(case: Case, folder: Path) -> Case:
    """The case with its network's file as it was carried."""
    there = folder / _place(case)
    return case.model_copy(update={"model": str(there)}) if case.file is not None and there.is_file() else case


def _absolute(store: Store) -> Store:
    """The same store, wherever a process works; each machine finds its own cache."""
    if store.behind is not None:
        return store
    root, references = store.root.absolute(), store.references
    if references is not None and isinstance(references.place, Folder):
        references = replace(references, place=Folder(references.place.root.absolute()))
    return replace(store, root=root, references=references)


def _reopened(store: Store) -> Store:
    """A store as this machine reaches it: one that is no folder has a cache here."""
    if store.behind is None:
        return store
    return replace(open_store(store.behind.place.url), references=store.references)
