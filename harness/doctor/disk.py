"""The disks that runs need: the store's, and that of temporary files."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.doctor.check import Check, State

FEW_BYTES = 1_000_000_000  # ResNet50 and its ONNX file are 200 MB, and as much for each variant


def disk_checks(store: Path) -> Iterator[Check]:
    """Whether there is room, and whether it can be written."""
    yield disk_check("store", store, "give --store another folder, or delete what nobody needs there")
    yield disk_check("temporary files", Path(tempfile.gettempdir()), "free some, or set TMPDIR to another folder")


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
