"""Networks' files that change while a run is at work: two versions of one would stand in the same results."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.base.errors import SpecError
from harness.base.store import file_digest
from harness.spec import Case


@contextmanager
def unchanged(cases: Iterable[Case]) -> Iterator[None]:
    """While the block runs, no network's file may change; whatever else goes wrong then comes of that.

    Raises:
        SpecError: one did.
    """
    files = {case.file for case in cases if case.file is not None and case.file.is_file()}
    before = {file: file_digest(file) for file in files}
    try:
        yield
    except Exception:
        _check(before)
        raise
    _check(before)


def copied(file: Path, to: Path, digest: str) -> None:
    """Copy the version of a file that has this SHA-256.

    Raises:
        SpecError: there is another by now.
    """
    shutil.copyfile(file, to)
    check_version(file, file_digest(to), digest)


def check_version(file: Path, found: str, expected: str) -> None:
    """Refuse another version of a file than that which was asked for, both by their SHA-256.

    Raises:
        SpecError: it is another.
    """
    if found != expected:
        raise SpecError(
            f"{file}: was changed while the run was at work, so no results are written; what came of either version is "
            "kept apart: run it again"
        )


def _check(before: dict[Path, str]) -> None:
    for file, digest in before.items():
        check_version(file, file_digest(file) if file.is_file() else "", digest)
