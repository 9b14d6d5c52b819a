"""What a disk refuses, as one line that names the folder; and folders that are replaced whole."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.base.crash import unfinished
from harness.base.errors import StoreError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
DISK_ERRORS = {*FULL, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into one line that says what to do, and names `folder`, or a file elsewhere."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        full = full_disk(error)
        if full is not None:
            reason = os.strerror(full).lower()
            raise StoreError(f"{folder}: {reason}; free some space, or give a folder on another disk") from error
        if not isinstance(error, OSError) or error.errno not in DISK_ERRORS:
            raise
        reason = (error.strerror or str(error)).lower()
        raise StoreError(f"{_refused(error, folder)}: {reason}; give a folder that can be written") from error


def _refused(error: OSError, folder: Path) -> Path:
    """What to name: the folder, where the error is about it or something in it that is not in the way."""
    if error.filename is None:
        return folder
    named = Path(os.fsdecode(error.filename))
    in_the_way = error.errno in {errno.EEXIST, errno.ENOTDIR}
    return folder if not in_the_way and folder.absolute() in named.absolute().parents else named


def full_disk(error: BaseException) -> int | None:
    """The number of a full disk's error that an error is, or was made of by a package between; or None."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in FULL:
            return cause.errno
        if os.strerror(errno.ENOSPC) in str(cause):
            return errno.ENOSPC
        cause = cause.__cause__ or cause.__context__
    return None


def check_writable(folder: Path, *, inside: bool = False) -> None:
    """Fail early, before hours of training, where a folder can't be made or written; nothing is left behind.

    Args:
        folder: it need not be there yet.
        inside: whether files will be added to the folder; else it is replaced whole.

    Raises:
        StoreError: it can't be written.
    """
    try:
        with disk_errors(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            place = folder if inside and folder.exists() else folder.parent
            probe = place / f".{folder.name}.probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
    except FileNotFoundError:
        raise StoreError(f"{folder}: can't be made; give a folder that can be written") from None


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, which takes `folder`'s place when the block ends without an error.

    Raises:
        StoreError: the disk is full or can't be written, or `folder` is a file.
    """
    new, old = (folder.with_name(f".{folder.name}.{state}") for state in ("unfinished", "old"))
    with disk_errors(folder), unfinished(new), unfinished(old):
        for leftover in (new, old):
            shutil.rmtree(leftover, ignore_errors=True)
        new.mkdir(parents=True)
        yield new
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
