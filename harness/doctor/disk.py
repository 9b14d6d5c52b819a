"""Where runs keep things: the store, be it a disk or elsewhere, and the disk of temporary files."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.base.errors import HarnessError
from harness.base.store import Folder, Store, open_store
from harness.doctor.check import Check, State

FEW_BYTES = 1_000_000_000  # ResNet50 and its ONNX file are 200 MB, and as much for each variant


def disk_checks(store: str | Path) -> Iterator[Check]:
    """Whether there is room, and whether it can be written."""
    cure = "give --store another folder, or remove what nobody needs there (harness store)"
    try:
        opened = open_store(store)
    except HarnessError as error:
        yield Check(subject="store", state=State.WRONG, found=str(error))
    else:
        if isinstance(opened.place, Folder):
            yield disk_check("store", opened.root, cure)
        else:
            yield _elsewhere(opened)
            yield disk_check("cache of the store", opened.root, "set HARNESS_CACHE to a folder on another disk")
    yield disk_check("temporary files", Path(tempfile.gettempdir()), "free some, or set TMPDIR to another folder")


def _elsewhere(store: Store) -> Check:
    """A store that is no folder: whether it answers, and can be written."""
    try:
        store.place.check()
    except HarnessError as error:
        return Check(subject="store", state=State.WRONG, found=str(error))
    return Check(subject="store", state=State.GOOD, found=f"{store.place.address} answers, and can be written")


def disk_check(subject: str, folder: Path, cure: str) -> Check:
    """One folder, which need not be there yet."""
    there = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(there).free
    found = f"{free / 1e9:.1f} GB free in {folder}"
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Check(subject=subject, state=State.WRONG, found=f"{there} can't be written", cure=cure)
    if free < FEW_BYTES:
        return Check(subject=subject, state=State.WRONG, found=found, cure=cure)
    return Check(subject=subject, state=State.GOOD, found=found)
